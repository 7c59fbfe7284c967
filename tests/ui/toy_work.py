"""Stand-ins for an analysis that a job's process runs; each is found by name in that process."""

from __future__ import annotations

import os
import shutil
import signal
import time

from evenstride.pipeline import Progress
from evenstride.ui.jobs import Somebody
from vision.errors import NoPerson


def write_result(film, options, ask_who, progress, cancel):
    """Works at once."""
    progress(Progress("follow", 1, 2, 0.5, 3.0))
    options.out.mkdir()
    (options.out / "person.txt").write_text(str(options.person))


def by_name(film, options, ask_who, progress, cancel):
    """Does what the film's name says."""
    work = {"dies": die, "fails": fail, "breaks": break_down, "waits": wait_for_cancel, "several": several_people}
    work["walks"] = take_result
    return work.get(film.stem, write_result)(film, options, ask_who, progress, cancel)


def take_result(film, options, *arguments):
    """The film holds the name of a folder with a result."""
    shutil.copytree(film.read_text(), options.out)


def draw_film(film, options, ask_who, progress, cancel):
    """Stands in for `evenstride.ui.redraw_job.work`; a file beside the film says what becomes of it."""
    if (film.parent / "broken").exists():
        fail(film)
    if (film.parent / "slow").exists():
        wait_for_cancel(film, options, ask_who, progress, cancel)
    options.out.mkdir()
    (options.out / "annotated.mp4").write_text(f"blurred: {options.blur_faces}")


def die(*arguments):
    os.kill(os.getpid(), signal.SIGKILL)


def fail(film, *arguments):
    raise NoPerson(f"Nobody was found in {film.name}.", "Film one person whole.")


def break_down(*arguments):
    raise RuntimeError("secret details")


def wait_for_cancel(film, options, ask_who, progress, cancel):
    while not cancel():
        progress(Progress("follow", 1, 4, 0.25, 30.0))
        time.sleep(0.02)


def never_listen(*arguments):
    time.sleep(600)


def several_people(film, options, ask_who, progress, cancel):
    if options.person is None and ask_who:
        return tuple(Somebody(number, film.parent / f"{number}.jpg", "legs swing") for number in (1, 2))
    return write_result(film, options, ask_who, progress, cancel)
