"""The passcode: salted, slow to guess, and patient only so far."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from evenstride.store import Store, StoreError, passcode

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guessing is slow on purpose; the tests need not be."""
    assert passcode.COST["n"] >= 2**15
    monkeypatch.setitem(passcode.COST, "n", 2)


def test_right_wrong_changed_and_gone(store: Store):
    assert passcode.check(store, "anything") and not passcode.is_set(store)
    passcode.set_passcode(store, "ключ 🔑")
    assert passcode.is_set(store) and passcode.check(store, "ключ 🔑") and not passcode.check(store, "ключ")
    passcode.set_passcode(store, "other")
    assert passcode.check(store, "other") and not passcode.check(store, "ключ 🔑")
    passcode.set_passcode(store, "")
    assert not passcode.is_set(store)


def test_it_is_not_stored_itself(store: Store):
    passcode.set_passcode(store, "hunter22")
    first = store.setting(passcode.KEY)
    passcode.set_passcode(store, "hunter22")
    assert "hunter22" not in str(first) and store.setting(passcode.KEY)["hash"] != first["hash"], "salted"


def test_guessing_gets_slower_in_every_window(store: Store):
    passcode.set_passcode(store, "right")
    for _ in range(passcode.FREE_TRIES):
        assert not passcode.check(store, "wrong", NOW)
    other_window = Store(store.database)
    with pytest.raises(StoreError, match="too many wrong") as error:
        passcode.check(other_window, "right", NOW + timedelta(seconds=29))
    assert error.value.advice == "Wait 1 minute and try again."
    assert not passcode.check(store, "wrong", NOW + timedelta(seconds=31))
    with pytest.raises(StoreError):
        passcode.check(store, "right", NOW + timedelta(seconds=31 + 59))
    assert passcode.check(store, "right", NOW + timedelta(seconds=31 + 61))
    assert not passcode.check(store, "wrong", NOW) and passcode.check(store, "right", NOW), "and starts over"


def test_a_short_one_is_refused(store: Store):
    with pytest.raises(StoreError, match="shorter than 4"):
        passcode.set_passcode(store, "abc")
