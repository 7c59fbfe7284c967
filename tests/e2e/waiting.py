"""Waiting for what a page is going to show.

Streamlit draws a page in pieces, and again after every click: what is read at once may be of the page before, or half
drawn. So nothing here is read at once. `expect` and `eventually` wait until something is so; `settled` waits until the
page is complete, and stands before every statement that something is *not* there and before a click on what a run of
the page that still goes on would put in anew. A time limit is the most that a busy machine may take, never a wait.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is missing: pip install playwright")
expect = sync_api.expect

#: The most that a page may take for anything that computes little.
PATIENCE_MS = 90_000
#: The same for an analysis: a few seconds take about ten, and many times that on a busy machine.
ANALYSIS_MS = 400_000
LOOK_EVERY_MS = 100

expect.set_options(timeout=PATIENCE_MS)

_COMPLETE = """() => {
  const app = document.querySelector('[data-testid=stApp]');
  const unfinished = '[data-stale=true], [data-testid=stSkeleton], [data-testid=stAppSkeleton]';
  return app?.dataset.testScriptState === 'notRunning' && app.dataset.testConnectionState === 'CONNECTED'
    && !document.querySelector(unfinished);
}"""


def settled(page) -> None:
    """Wait until a run of the page is over and all of it is drawn, with nothing left of the run before."""
    true_in(page, _COMPLETE, within_ms=PATIENCE_MS)


def true_in(page, script: str, argument: object = None, *, within_ms: float = PATIENCE_MS) -> None:
    """Wait until a JavaScript function or expression is true in the page, also in one that lies behind another."""
    # A page behind another one gets no animation frames, which Playwright would wait for by default.
    page.wait_for_function(script, arg=argument, timeout=within_ms, polling=LOOK_EVERY_MS)


def eventually(page, true: Callable[[], bool], why: str, *, within_ms: float = PATIENCE_MS) -> None:
    """Wait until something that Python can tell is true."""
    for _ in range(int(within_ms / LOOK_EVERY_MS)):
        if true():
            return
        page.wait_for_timeout(LOOK_EVERY_MS)
    assert true(), why


def fits(page, width: int) -> None:
    """Wait until a complete page is no wider than the screen."""
    settled(page)
    true_in(page, "width => document.documentElement.scrollWidth <= width", width)


def pictures_have_words(page) -> None:
    """Wait until every picture of a complete page says in words what it shows, for those who can't see it."""
    settled(page)
    mute = """[...document.querySelectorAll('img')].filter(picture => !/[a-z]{3}/i.test(picture.alt))"""
    true_in(page, f"{mute}.length === 0")
