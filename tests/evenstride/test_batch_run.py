"""Batches that are killed, that crash, hang, resume, run elsewhere: made-up videos, real processes."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import active_children, get_context
from pathlib import Path

import fsspec
import pytest
from batch_fakes import MODEL, fake_analyze, fake_measure, film

from evenstride import pipeline
from evenstride.batch import work as work_module
from evenstride.batch.plan import BatchError, Item, make_plan
from evenstride.batch.run import available_memory, default_workers, only_one, run_plan
from evenstride.batch.tables import write_tables
from evenstride.batch.work import Job, measure, read_mark, stall_limit
from evenstride.pipeline import AnalyzeOptions

HERE = Path(__file__).parent
#: The most that a busy machine may take; nothing waits this long.
WAIT_S = 180
TABLES = ("summary.csv", "summary.parquet", "strides.parquet", "errors.csv", "index.html")


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch):
    """Make analyses up in this process too."""
    monkeypatch.setattr(pipeline, "analyze_video", fake_analyze)


@pytest.fixture
def threads():
    with ThreadPoolExecutor(2) as executor:
        yield executor


def run(folder, out, **settings):
    """Plan, run and write the tables of a folder, as the command does."""
    options = settings.pop("options", AnalyzeOptions())
    plan = make_plan([str(folder)], options, out=str(out))
    settings.setdefault("model_sha256", MODEL)
    outcome = run_plan(plan, str(out), **settings)
    write_tables(plan, outcome.marks, str(out))
    return plan, outcome


def status(plan, outcome) -> dict[str, str]:
    marks = {item.file: outcome.marks.get(item.id) for item in plan.items}
    return {file: (mark.error["code"] if mark.error else mark.status) for file, mark in marks.items() if mark}


def tables(out: Path) -> dict[str, bytes]:
    return {name: (out / name).read_bytes() for name in TABLES}


def measured_again(outcome) -> int:
    return outcome.progress.measured


# --------------------------------------------------------------------------------------------------------------------
# Finished work stays finished


def test_finished_work_is_not_done_again(here, threads, tmp_path: Path):
    for k in range(4):
        film(tmp_path / f"in/{k}.mp4", n=k)
    film(tmp_path / "in/nobody.mp4", "nobody")
    _, first = run(tmp_path / "in", tmp_path / "out", executor=threads)
    assert (first.progress.measured, first.progress.failed, first.progress.left) == (4, 1, 0)
    before = tables(tmp_path / "out")
    _, second = run(tmp_path / "in", tmp_path / "out", executor=threads)
    assert (second.progress.measured, second.progress.kept, second.progress.failed) == (0, 4, 1)
    assert tables(tmp_path / "out") == before


def test_a_changed_video_is_done_again_and_a_copied_one_is_not(here, threads, tmp_path: Path):
    one, two = film(tmp_path / "in/1.mp4"), film(tmp_path / "in/2.mp4", n=2)
    run(tmp_path / "in", tmp_path / "out", executor=threads)
    film(one, n=7)
    content = two.read_bytes()
    two.unlink()
    two.write_bytes(content)  # another file with other times, and the same film
    marks = {name: (tmp_path / "out/results").glob(f"{name}-*/done.json") for name in "12"}
    seconds = {name: json.loads(next(found).read_text()) for name, found in marks.items()}
    plan, again = run(tmp_path / "in", tmp_path / "out", executor=threads)
    mark = {item.file: again.marks[item.id] for item in plan.items}
    assert mark["1.mp4"].video_sha256 != seconds["1"]["video_sha256"]
    assert mark["2.mp4"].seconds == seconds["2"]["seconds"]
    assert mark["2.mp4"].seen != seconds["2"]["seen"]


@pytest.mark.parametrize(
    "change", [{"options": AnalyzeOptions(height_cm=170)}, {"model_sha256": "ef" * 32}, {"version": "9.9"}]
)
def test_other_settings_model_or_version_do_it_again(here, threads, tmp_path: Path, monkeypatch, change):
    film(tmp_path / "in/1.mp4", model="ef" * 32 if "model_sha256" in change else MODEL)
    film(tmp_path / "in/2.mp4", n=2)
    run(tmp_path / "in", tmp_path / "out", executor=threads)
    if version := change.pop("version", None):
        monkeypatch.setattr(work_module, "__version__", version)
    _, again = run(tmp_path / "in", tmp_path / "out", executor=threads, **change)
    assert again.progress.kept == 0


def test_failures_are_kept_unless_asked_or_passing(here, threads, tmp_path: Path):
    film(tmp_path / "in/nobody.mp4", "nobody")
    (tmp_path / "in/text.mp4").write_text("hello")
    film(tmp_path / "in/boom.mp4", "boom")
    film(tmp_path / "in/model.mp4", model="00" * 32)
    plan, first = run(tmp_path / "in", tmp_path / "out", executor=threads)
    codes = {"nobody": "no_person", "text": "unreadable_video", "boom": "unexpected", "model": "model_unavailable"}
    assert status(plan, first) == {f"{name}.mp4": code for name, code in codes.items()}
    tries = []

    def noted(item, job, retry_failed):
        tries.append(item.file)
        return measure(item, job, retry_failed)

    run(tmp_path / "in", tmp_path / "out", executor=threads, work=noted)
    assert tries == ["model.mp4"]  # another machine may have the model by now
    run(tmp_path / "in", tmp_path / "out", executor=threads, work=noted, retry_failed=True)
    assert sorted(tries[1:]) == sorted(f"{name}.mp4" for name in codes)


def test_what_an_interrupted_item_left_is_cleared(here, threads, tmp_path: Path):
    film(tmp_path / "in/1.mp4")
    plan, _ = run(tmp_path / "in", tmp_path / "out", executor=threads)
    folder = tmp_path / "out/results" / plan.items[0].id
    (folder / "done.json").unlink()
    (folder / ".evenstride-half").mkdir()
    (folder / ".evenstride-half/frames.csv").write_text("half")
    run(tmp_path / "in", tmp_path / "out", executor=threads)
    assert {p.name for p in folder.iterdir()} == {
        "done.json",
        "frames.csv",
        "report.html",
        "result.json",
        "strides.csv",
    }


def test_a_damaged_mark_counts_as_none(here, threads, tmp_path: Path):
    film(tmp_path / "in/1.mp4")
    plan, _ = run(tmp_path / "in", tmp_path / "out", executor=threads)
    mark = tmp_path / "out/results" / plan.items[0].id / "done.json"
    for text in ("", "{}", "[1]", mark.read_text().replace('"version": 1', '"version": 2')):
        mark.write_text(text)
        assert read_mark(str(tmp_path / "out"), plan.items[0].id) is None
    _, again = run(tmp_path / "in", tmp_path / "out", executor=threads)
    assert again.progress.measured == 1


def test_a_result_that_is_gone_is_said(here, threads, tmp_path: Path):
    film(tmp_path / "in/1.mp4")
    plan, _ = run(tmp_path / "in", tmp_path / "out", executor=threads)
    (tmp_path / "out/results" / plan.items[0].id / "result.json").unlink()
    run(tmp_path / "in", tmp_path / "out", executor=threads)
    assert "result_gone" in (tmp_path / "out/errors.csv").read_text()


def test_one_batch_at_a_time(tmp_path: Path):
    with only_one(str(tmp_path)), pytest.raises(BatchError, match="Another batch"), only_one(str(tmp_path)):
        pass
    with only_one(str(tmp_path)):
        pass


# --------------------------------------------------------------------------------------------------------------------
# Videos that kill or hang whoever measures them


def test_crashes_and_hangs_are_recorded_and_stop_nothing(tmp_path: Path):
    for k in range(3):
        film(tmp_path / f"in/{k}.mp4", n=k)
    film(tmp_path / "in/crash.mp4", "crash")
    film(tmp_path / "in/crash once.mp4", "crash once", flag=str(tmp_path / "flag"))
    film(tmp_path / "in/hang.mp4", "hang")
    film(tmp_path / "in/long.mp4", steps=600)  # 12 s of work in small steps: no hang
    told = []
    settings = {"work": fake_measure, "workers": 2, "stall_s": 10.0}
    plan, outcome = run(tmp_path / "in", tmp_path / "out", tell=told.append, **settings)
    assert status(plan, outcome) == {
        "0.mp4": "measured",
        "1.mp4": "measured",
        "2.mp4": "measured",
        "crash.mp4": "worker_died",
        "crash once.mp4": "measured",
        "hang.mp4": "timed_out",
        "long.mp4": "measured",
    }
    assert sum(event.kind == "warning" for event in told) == 2
    before = tables(tmp_path / "out")
    _, again = run(tmp_path / "in", tmp_path / "out", **settings)
    assert again.progress.measured == 0  # what crashes and hangs is not tried for ever
    assert tables(tmp_path / "out") == before
    assert b"worker_died" in before["errors.csv"] and b"timed_out" in before["errors.csv"]


def test_a_process_that_cannot_end_itself_is_ended(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("evenstride.batch.run.GRACE_S", 0.5)
    film(tmp_path / "in/stop.mp4", "stop")
    plan, outcome = run(tmp_path / "in", tmp_path / "out", work=fake_measure, workers=1, stall_s=3.0)
    assert status(plan, outcome) == {"stop.mp4": "timed_out"}


def test_large_files_are_given_more_time():
    item = Item("a", "a.mp4", "a.mp4", AnalyzeOptions(), size=10**9)
    assert stall_limit(item, Job("out", MODEL, 60)) == 260


def test_a_process_that_dies_between_two_videos_is_replaced(tmp_path: Path):
    film(tmp_path / "in/1.mp4")
    film(tmp_path / "in/2.mp4", n=2)

    def tell(event):
        if event.kind == "video" and event.progress.left:
            for child in active_children():
                child.kill()
                child.join()

    plan, outcome = run(tmp_path / "in", tmp_path / "out", work=fake_measure, workers=1, tell=tell)
    assert set(status(plan, outcome).values()) == {"measured"}


def test_a_pool_from_outside_that_breaks_is_replaced(tmp_path: Path):
    film(tmp_path / "in/crash.mp4", "crash")
    film(tmp_path / "in/good.mp4")
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        plan, outcome = run(tmp_path / "in", tmp_path / "out", work=fake_measure, executor=pool, workers=2)
    assert status(plan, outcome) == {"crash.mp4": "worker_died", "good.mp4": "measured"}


def test_a_lost_scheduler_ends_the_run_with_a_sentence(tmp_path: Path):
    film(tmp_path / "in/1.mp4")

    class Lost(ThreadPoolExecutor):
        def submit(self, *work):
            future = Future()
            future.cancel()
            future.set_running_or_notify_cancel()
            return future

    with Lost() as lost, pytest.raises(BatchError, match="lost"):
        run(tmp_path / "in", tmp_path / "out", executor=lost)


def test_a_worker_that_cannot_write_is_a_failure_without_a_mark(tmp_path: Path, threads):
    film(tmp_path / "in/1.mp4")

    def full(item, job, retry_failed):
        raise work_module.results.cannot_write(Path(job.out), OSError(28, "No space left on device"))

    plan, outcome = run(tmp_path / "in", tmp_path / "out", executor=threads, work=full)
    assert status(plan, outcome) == {"1.mp4": "output_error"}
    assert not (tmp_path / "out/results").exists()


def test_broken_pools_do_not_loop(tmp_path: Path, monkeypatch):
    """A machine on which every process dies at once ends with every video recorded."""
    monkeypatch.setattr("evenstride.batch.run.ProcessPoolExecutor", _Dead)
    for k in range(3):
        film(tmp_path / f"in/{k}.mp4")
    plan, outcome = run(tmp_path / "in", tmp_path / "out", workers=2)
    assert set(status(plan, outcome).values()) == {"worker_died"}


class _Dead:
    def __init__(self, *args, **settings): ...

    def submit(self, *work):
        future = Future()
        future.set_exception(BrokenProcessPool("dead"))
        return future

    def shutdown(self, **how): ...


# --------------------------------------------------------------------------------------------------------------------
# SIGKILL at any moment

BATCH = """
import sys
sys.path.insert(0, {here!r})
from batch_fakes import MODEL, fake_measure
from evenstride.batch.plan import make_plan
from evenstride.batch.run import run_plan, only_one
from evenstride.batch.tables import write_tables
from evenstride.pipeline import AnalyzeOptions
if __name__ == "__main__":
    out = sys.argv[2]
    with only_one(out):
        plan = make_plan([sys.argv[1]], AnalyzeOptions(), out=out)
        outcome = run_plan(plan, out, model_sha256=MODEL, workers=2, work=fake_measure)
        write_tables(plan, outcome.marks, out)
    print(outcome.progress.measured, outcome.progress.kept)
"""


def batch_process(folder: Path, out: Path) -> subprocess.Popen:
    script = out.parent / "batch_script.py"
    script.write_text(BATCH.format(here=str(HERE)))
    return subprocess.Popen(
        [sys.executable, script, folder, out], stdout=subprocess.PIPE, text=True, cwd=HERE.parents[1],
        env=os.environ | {"PYTHONPATH": str(HERE.parents[1])},
    )  # fmt: skip


def children_of(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):  # gone by now
            found += [int(one) for one in task.read_text().split()]
    return [one for one in found if b"spawn_main" in command_of(one)]


def command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # gone by now
        return b""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds processes in /proc")
def test_killed_at_random_it_goes_on_and_ends_with_the_same_tables(here, threads, tmp_path: Path):
    # The last ones wait until all killing is done: however late a kill comes, the batch is not over.
    kills_are_over = tmp_path / "flag"
    for k in range(12):
        film(tmp_path / f"in/{k:02}.mp4", n=k, steps=3, **({"until": str(kills_are_over)} if k >= 8 else {}))
    film(tmp_path / "in/nobody.mp4", "nobody")
    kills_are_over.touch()
    run(tmp_path / "in", tmp_path / "whole", executor=threads)
    kills_are_over.unlink()
    chance = random.Random()
    out = tmp_path / "killed"
    out.mkdir()
    process = batch_process(tmp_path / "in", out)
    for victim in ("worker", "parent"):
        target = min(done_marks(out) + chance.randint(1, 3), 6)
        wait_for(lambda target=target: done_marks(out) >= target)
        time.sleep(chance.random() * 0.15)
        wait_for(lambda: children_of(process.pid))
        workers = children_of(process.pid)
        os.kill(chance.choice(workers) if victim == "worker" else process.pid, signal.SIGKILL)
    process.communicate()
    wait_gone(workers)  # no process outlives the one it works for
    kills_are_over.touch()
    process = batch_process(tmp_path / "in", out)
    said, _ = process.communicate(timeout=WAIT_S)
    assert process.returncode == 0
    measured, kept = map(int, said.split())
    assert measured + kept == 12
    assert kept > 0
    assert tables(out) == tables(tmp_path / "whole")
    assert not list(out.glob("results/*/.evenstride-*"))


def done_marks(out: Path) -> int:
    return len(list(out.glob("results/*/done.json")))


def wait_gone(pids: list[int]) -> None:
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))


def wait_for(true) -> None:
    deadline = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_stopping_keeps_what_is_done(tmp_path: Path):
    for k in range(6):
        film(tmp_path / f"in/{k}.mp4", n=k, steps=20)
    done = []
    settings = {"work": fake_measure, "workers": 1}
    tell = lambda event: done.append(event) if event.kind == "video" else None  # noqa: E731
    plan, outcome = run(tmp_path / "in", tmp_path / "out", tell=tell, stop=lambda: len(done) >= 2, **settings)
    assert outcome.stopped
    assert 2 <= len(outcome.marks) < 6
    assert (tmp_path / "out/summary.csv").read_text().count("waiting") == 6 - len(outcome.marks)


# --------------------------------------------------------------------------------------------------------------------
# Elsewhere


def test_inputs_and_outputs_on_another_file_system(here, threads, tmp_path: Path):
    store = fsspec.filesystem("memory")
    store.rm("/", recursive=True) if store.exists("/away") else None
    for k in range(3):
        film(tmp_path / f"{k}.mp4", n=k)
        store.put_file(str(tmp_path / f"{k}.mp4"), f"/away/in/{k}.mp4")
    film(tmp_path / "nobody.mp4", "nobody")
    store.put_file(str(tmp_path / "nobody.mp4"), "/away/in/nobody.mp4")
    before = set(Path(work_module.tempfile.gettempdir()).glob("evenstride-*"))
    plan, first = run("memory://away/in", "memory://away/out", executor=threads)
    assert list(status(plan, first).values()) == ["measured"] * 3 + ["no_person"]
    folder = f"/away/out/results/{plan.items[0].id}"
    names = {path.rpartition("/")[2] for path in store.ls(folder, detail=False)}
    assert names == {"done.json", "frames.csv", "report.html", "result.json", "strides.csv"}
    content = {name: store.cat_file(f"/away/out/{name}") for name in TABLES}
    _, again = run("memory://away/in", "memory://away/out", executor=threads)
    assert (again.progress.measured, again.progress.kept) == (0, 3)
    assert {name: store.cat_file(f"/away/out/{name}") for name in TABLES} == content
    # The same videos on this machine's disk give the same tables.
    for k in range(3):
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / f"{k}.mp4").rename(tmp_path / f"in/{k}.mp4")
    (tmp_path / "nobody.mp4").rename(tmp_path / "in/nobody.mp4")
    run(tmp_path / "in", tmp_path / "out", executor=threads)
    assert tables(tmp_path / "out") == content
    assert set(Path(work_module.tempfile.gettempdir()).glob("evenstride-*")) == before
    store.rm("/away", recursive=True)


def test_a_video_that_goes_away_is_a_passing_failure(here, threads, tmp_path: Path):
    plan = make_plan([str(film(tmp_path / "a.mp4"))], AnalyzeOptions())
    item = plan.items[0]
    gone = Job("memory://gone/out", MODEL, 60)
    mark = measure(item.__class__(item.id, item.file, "memory://gone/in/a.mp4", item.options), gone)
    assert mark.error["code"] == "unavailable"
    assert mark.passing


def test_a_local_dask_cluster_with_two_workers(tmp_path: Path):
    distributed = pytest.importorskip("distributed")
    for k in range(6):
        film(tmp_path / f"in/{k}.mp4", n=k, steps=10, pids=str(tmp_path / "pids"))
    film(tmp_path / "in/nobody.mp4", "nobody")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, local_directory=str(tmp_path)
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        plan, outcome = run(
            tmp_path / "in", f"file://{tmp_path}/out", executor=client.get_executor(), work=fake_measure
        )
    assert list(status(plan, outcome).values()) == ["measured"] * 6 + ["no_person"]
    assert len(list((tmp_path / "out/results").glob("*/done.json"))) == 7
    assert len(set((tmp_path / "pids").read_text().split())) == 2


# --------------------------------------------------------------------------------------------------------------------
# How many processes


def test_processes_fit_cores_and_memory(monkeypatch):
    monkeypatch.setattr("evenstride.batch.run.available_cores", lambda: 8)
    monkeypatch.setattr("evenstride.batch.run.available_memory", lambda: 2 << 30)
    assert default_workers() == 3
    monkeypatch.setattr("evenstride.batch.run.available_memory", lambda: 1 << 20)
    assert default_workers() == 1
    monkeypatch.setattr("evenstride.batch.run.available_memory", lambda: None)
    assert default_workers() == 8


def test_memory_is_a_number_or_unknown():
    memory = available_memory()
    assert memory is None or memory > 0
