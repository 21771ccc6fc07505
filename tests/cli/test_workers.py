"""Worker processes when something goes wrong: no hang, no orphan, one sentence."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evenreg.cli._progress import Silent
from evenreg.cli._workers import open_workers
from evenreg.errors import TrainingError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

TESTS = Path(__file__).parents[1]

RUN = """
import sys
sys.path.insert(0, {tests!r})
import reference.trainers as trainers
from evenreg.cli._progress import Silent
from evenreg.cli._workers import open_workers
if __name__ == "__main__":
    with open_workers(trainers.{trainer}, 2, Silent()) as workers:
        print("starting", flush=True)
        workers.submit({row!r}, 0, None, loaded=None).result()
"""


def started(tmp_path, trainer):
    """A process in a group of its own that trains with a stand-in on two workers."""
    script = tmp_path / "script.py"
    script.write_text(RUN.format(tests=str(TESTS), trainer=trainer, row=str(tmp_path / "pid")))
    process = subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "starting\n"
    return process


def gone(pid):
    """Whether a process has ended; one that nobody waits for counts."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def within(seconds, happened):
    end = time.monotonic() + seconds
    while not happened() and time.monotonic() < end:
        time.sleep(0.05)
    return happened()


def test_a_killed_worker_is_told_in_one_sentence():
    from reference.trainers import dies

    def train():
        with open_workers(dies, 2, Silent()) as workers:
            workers.submit("vanilla", 0, None, loaded=None).result(timeout=60)

    with pytest.raises(
        TrainingError, match="got one that was killed, by hand or because memory ran out; what was"
    ):
        train()


def test_other_processes_of_the_caller_are_left_alone():
    import multiprocessing

    from reference.trainers import dies

    bystander = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(60,))
    bystander.start()
    try:
        with pytest.raises(TrainingError), open_workers(dies, 2, Silent()) as workers:
            workers.submit("vanilla", 0, None, loaded=None).result(timeout=60)
        assert bystander.is_alive()
    finally:
        bystander.kill()
        bystander.join()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks processes up in /proc")
def test_workers_leave_with_a_parent_that_was_killed(tmp_path):
    process = started(tmp_path, "sleeps")
    assert within(60, (tmp_path / "pid").exists)
    process.kill()
    process.communicate()
    assert within(10, lambda: gone(int((tmp_path / "pid").read_text())))


def test_ctrl_c_while_workers_start_is_answered_by_the_parent_alone(tmp_path):
    process = started(tmp_path, "sleeps")
    time.sleep(
        1.5
    )  # the fork server imports torch now; a signal that comes earlier or later meets no traceback
    os.killpg(process.pid, signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    assert process.returncode != 0
    assert said.count("Traceback") == 1  # the script's own
