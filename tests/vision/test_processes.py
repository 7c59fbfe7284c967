"""Processes that belong to another: they never hear Ctrl-C, and do not outlive it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vision.processes import CONTEXT, ctrl_c_held_back

ROOT = Path(__file__).resolve().parents[2]

SCRIPT = """
import os
import time
from vision.processes import CONTEXT, belong_to_parent, ctrl_c_held_back


def child(sender):
    belong_to_parent()
    sender.send(os.getpid())
    time.sleep(600)


if __name__ == "__main__":
    receiver, sender = CONTEXT.Pipe(duplex=False)
    with ctrl_c_held_back():
        CONTEXT.Process(target=child, args=(sender,)).start()
    print(receiver.recv(), flush=True)
    time.sleep(600)
"""


def ended(pid):
    """Say whether a process, whoever's child it is by now, is gone or only waits to be buried."""
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for the process in /proc")
def test_a_process_ends_with_its_parent_and_not_by_ctrl_c(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    with subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as parent:
        child = int(parent.stdout.readline())
        os.kill(child, signal.SIGINT)
        time.sleep(0.1)
        assert not ended(child), "Ctrl-C is the parent's"
        parent.kill()
    deadline = time.monotonic() + 120
    while not ended(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert ended(child)


def tell_what_blocks(sender):
    with sender:
        sender.send(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ()))


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="no signal masks here")
def test_ctrl_c_is_held_back_before_a_process_has_begun():
    def blocked_in_child():
        receiver, sender = CONTEXT.Pipe(duplex=False)
        process = CONTEXT.Process(target=tell_what_blocks, args=(sender,))
        process.start()
        with receiver:
            blocked = receiver.recv()
        process.join()
        sender.close()
        return blocked

    with ctrl_c_held_back():
        assert blocked_in_child()
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
    assert not blocked_in_child()


def test_a_process_without_a_parent_goes_on():
    code = "from vision.processes import belong_to_parent as b; import time; b(); time.sleep(0.1); print('still here')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "still here"
