"""Background jobs: whatever becomes of the process, there is an answer, and the next job works."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import toy_work

from evenstride.pipeline import AnalyzeOptions
from evenstride.ui import jobs, workspace
from evenstride.ui.jobs import Job, Runner
from evenstride.ui.workspace import Workspaces, kept_folder, safe_name

#: The most that a busy machine may take; nothing waits this long.
WAIT_S = 180


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Job]]:
    """Return a function that starts a job on a made-up film whose name says what becomes of it."""
    runners = {}

    def begin(name: str, *, at_once: int = 2, work=toy_work.by_name, **options) -> Job:
        runner = runners.setdefault((at_once, work), Runner(at_once, work))
        folder = tmp_path / f"{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        film = folder / f"{name}.mp4"
        film.write_bytes(b"film")
        return runner.start(film, AnalyzeOptions(**options))

    yield begin
    for runner in runners.values():
        runner.close()


def until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT_S
    while not what():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def test_a_job_leaves_its_result_beside_the_film(start):
    job = start("walk")
    job.join(WAIT_S)
    assert job.state == "done" and job.over and job.failure is None
    assert (job.folder / "person.txt").exists() and job.film.exists()


def test_progress_is_seen_while_it_runs(start):
    job = start("waits")
    until(lambda: job.progress is not None)
    assert (job.progress.stage, job.progress.fraction, job.progress.remaining_s) == ("follow", 0.25, 30.0)
    job.cancel()
    job.join(WAIT_S)
    assert job.state == "cancelled" and job.progress is None
    assert not job.film.parent.exists(), "a cancelled job leaves nothing behind"


def test_an_error_is_told_in_its_own_words(start):
    job = start("fails")
    job.join(WAIT_S)
    assert job.state == "failed"
    assert (job.failure.code, job.failure.message) == ("no_person", "Nobody was found in fails.mp4.")
    assert job.failure.advice == "Film one person whole."
    assert not job.film.parent.exists()


def test_a_fault_of_ours_shows_no_traceback(start):
    job = start("breaks")
    job.join(WAIT_S)
    assert job.failure.code == "unexpected"
    assert "secret" not in job.failure.message + job.failure.advice


def test_a_killed_process_takes_no_other_with_it(start):
    other, job = start("waits"), start("dies")
    job.join(WAIT_S)
    assert job.state == "failed" and job.failure.code == "worker_died"
    assert "ended unexpectedly" in job.failure.message
    until(lambda: other.state != "waiting")
    assert other.state == "running"
    after = start("walk")
    after.join(WAIT_S)
    assert after.state == "done"
    other.cancel()
    other.join(WAIT_S)
    assert other.state == "cancelled"


def test_jobs_wait_for_their_turn_and_can_be_cancelled_meanwhile(start):
    first, second, third = (start(name, at_once=1) for name in ("waits", "waits", "walk"))
    until(lambda: first.state == "running" or second.state == "running")
    running, waiting = (first, second) if first.state == "running" else (second, first)
    assert waiting.state == "waiting"
    waiting.cancel()
    waiting.join(WAIT_S)
    assert waiting.state == "cancelled" and running.state == "running"
    running.cancel()
    third.join(WAIT_S)
    assert third.state == "done"


def test_a_process_that_does_not_listen_is_ended_by_force(start, monkeypatch):
    monkeypatch.setattr(jobs, "STOP_PATIENCE_S", 0.3)
    job = start("walk", work=toy_work.never_listen)
    until(lambda: job.state == "running")
    job.cancel()
    job.join(WAIT_S)
    assert job.state == "cancelled"


def test_somebody_is_chosen_of_several(start):
    job = start("several")
    until(lambda: job.state == "asking")
    assert [one.id for one in job.people] == [1, 2]
    job.choose(2)
    until(lambda: job.over)
    assert job.state == "done" and (job.folder / "person.txt").read_text() == "2"


def test_nobody_is_chosen_of_several(start):
    job = start("several")
    until(lambda: job.state == "asking")
    job.cancel()
    assert job.state == "cancelled" and not job.film.parent.exists()


def test_nobody_is_asked_when_the_person_is_known(start):
    job = start("several", person=1)
    until(lambda: job.over)
    assert job.state == "done"


def test_the_core_knows_nothing_of_the_web_page():
    code = "import sys, evenstride.ui.jobs, evenstride.ui.workspace; print('streamlit' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"


# --------------------------------------------------------------------------------------------------------------------
# Workspaces


@pytest.fixture
def workspaces() -> Iterator[Workspaces]:
    all_of_them = Workspaces(Runner(2, toy_work.by_name), left_after_s=0.05)
    yield all_of_them
    all_of_them.close()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[Timer]:
    """Return the timers of workspaces; the test says when their time has come."""
    timers: list[Timer] = []

    def timer(*arguments) -> Timer:
        timers.append(Timer(*arguments))
        return timers[-1]

    monkeypatch.setattr(workspace.threading, "Timer", timer)
    return timers


class Timer:
    """Stand in for `threading.Timer`."""

    def __init__(self, seconds: float, then: Callable, arguments: list) -> None:
        self.comes = lambda: then(*arguments)

    def start(self) -> None:
        pass

    def cancel(self) -> None:
        """Come too late: a timer may be cancelled in the moment in which its time comes."""


def film_in(mine, name: str = "walk.mp4", **where) -> Path:
    return mine.save(name, io.BytesIO(b"x" * (3 << 20)), **where)


def test_two_visitors_share_nothing(workspaces):
    one, two = workspaces.enter(None), workspaces.enter(None)
    film = film_in(one)
    assert one.key != two.key and two.folder not in film.parents
    assert workspaces.enter(one.key) is one
    assert film.stat().st_size == 3 << 20


def test_a_key_that_nobody_gave_out_opens_nothing(workspaces):
    one = workspaces.enter(None)
    assert workspaces.enter("made up") is not one


def test_who_leaves_loses_films_and_jobs(workspaces):
    mine = workspaces.enter(None)
    job = workspaces.runner.start(film_in(mine, "waits.mp4"), AnalyzeOptions())
    mine.jobs.append(job)
    until(lambda: job.state == "running")
    workspaces.leave(mine.key)
    until(lambda: not mine.folder.exists())
    until(lambda: job.over)
    assert job.state == "cancelled"


def test_who_comes_back_in_time_keeps_everything(workspaces, clock):
    mine = workspaces.enter(None)
    film = film_in(mine)
    workspaces.leave(mine.key)
    assert workspaces.enter(mine.key) is mine
    clock[-1].comes()
    assert film.exists()


def test_a_page_that_is_open_again_but_asks_for_nothing_keeps_everything(workspaces, clock):
    mine = workspaces.enter(None)
    film, mine.present["1"] = film_in(mine), lambda: True
    workspaces.leave(mine.key)
    for _ in range(2):
        clock[-1].comes()
        assert film.exists()
    mine.present["1"] = lambda: False
    clock[-1].comes()
    assert not film.exists()


def test_a_tab_that_was_duplicated_keeps_everything_when_the_other_closes(workspaces, clock):
    mine = workspaces.enter(None)
    film = film_in(mine)
    mine.present |= {"first": lambda: True, "second": lambda: False}
    workspaces.leave(mine.key)
    clock[-1].comes()
    assert film.exists() and list(mine.present) == ["first"]
    mine.present["first"] = lambda: False
    clock[-1].comes()
    assert not film.exists()


def test_nobody_enters_what_is_of_somebody_who_logged_out(workspaces):
    before = workspaces.enter(None)
    mine = workspaces.enter(before.key, "a|1")
    assert mine is before, "what was filmed before logging in goes along"
    for other in (None, "a|2"):
        assert not workspaces.knows(mine.key, other) and workspaces.enter(mine.key, other) is not mine
    assert workspaces.knows(mine.key, "a|1") and workspaces.enter(mine.key, "a|1") is mine


def test_only_the_latest_film_and_result_stay(workspaces):
    mine = workspaces.enter(None)
    for name in ("walk.mp4", "walk.mp4", "fails.mp4"):
        mine.jobs.append(workspaces.runner.start(film_in(mine, name), AnalyzeOptions()))
        mine.jobs[-1].join(WAIT_S)
        mine.drop_old()
    assert [job.state for job in mine.jobs] == ["done", "failed"]
    assert len(list(mine.folder.iterdir())) == 1
    assert mine.latest_done is mine.jobs[0] and mine.job is mine.jobs[1]


def test_what_is_kept_stays(workspaces, tmp_path):
    mine = workspaces.enter(None)
    job = workspaces.runner.start(film_in(mine, keep_in=tmp_path), AnalyzeOptions())
    mine.jobs.append(job)
    job.join(WAIT_S)
    assert mine.is_kept(job)
    mine.close()
    assert job.film.exists() and (job.folder / "person.txt").exists() and not mine.folder.exists()


@pytest.mark.parametrize("name", ["fails", "breaks", "dies"])
def test_a_film_that_is_kept_outlives_its_analysis(workspaces, tmp_path, name):
    mine = workspaces.enter(None)
    job = workspaces.runner.start(film_in(mine, f"{name}.mp4", keep_in=tmp_path), AnalyzeOptions(), keep_film=True)
    job.join(WAIT_S)
    assert job.state == "failed"
    assert list(job.film.parent.iterdir()) == [job.film], "half a result goes"


@pytest.mark.parametrize("way", ["cancelled", "the page closed", "the server ended"])
def test_a_film_that_is_kept_outlives_whoever_stops_its_analysis(workspaces, tmp_path, way):
    mine = workspaces.enter(None)
    job = workspaces.runner.start(film_in(mine, "waits.mp4", keep_in=tmp_path), AnalyzeOptions(), keep_film=True)
    mine.jobs.append(job)
    until(lambda: job.progress is not None)
    (job.folder / "half").mkdir(parents=True)
    {"cancelled": job.cancel, "the page closed": mine.close, "the server ended": workspaces.close}[way]()
    job.join(WAIT_S)
    assert job.state == "cancelled"
    assert list(job.film.parent.iterdir()) == [job.film]


def test_a_film_that_is_kept_stays_when_nobody_in_it_is_chosen(workspaces, tmp_path):
    mine = workspaces.enter(None)
    job = workspaces.runner.start(film_in(mine, "several.mp4", keep_in=tmp_path), AnalyzeOptions(), keep_film=True)
    until(lambda: job.state == "asking")
    (job.film.parent / jobs.PEOPLE_FOLDER).mkdir()
    job.cancel()
    assert list(job.film.parent.iterdir()) == [job.film]


def test_a_full_disk_leaves_no_half_film(workspaces):
    class Full(io.BytesIO):
        def read(self, size=-1):
            raise OSError(28, "No space left on device")

    mine = workspaces.enter(None)
    with pytest.raises(OSError, match="No space"):
        mine.save("walk.mp4", Full())
    assert not list(mine.folder.iterdir())


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\films\\walk.mov", "walk.mov"),
        ("my walk (1).MP4", "my walk (1).MP4"),
        ("...", "film"),
        ('a<b>"c|d?.mp4', "a_b__c_d_.mp4"),
        ("x" * 300 + ".mp4", "x" * 80 + ".mp4"),
        ("\x00\n.mp4", "__.mp4"),
    ],
)
def test_file_names_are_made_safe(given, safe):
    assert safe_name(given) == safe


def test_kept_films_never_overwrite_each_other(tmp_path):
    one = kept_folder(tmp_path, "walk.mp4")
    one.mkdir(parents=True)
    assert kept_folder(tmp_path, "walk.mp4") != one
