"""Worker processes of the command line: they never hear Ctrl-C themselves, and go when their parent does."""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.context import BaseContext
from threading import Thread
from typing import Any

from evenreg._cores import cores


def first_process() -> bool:
    """Whether this is the process a person started, or the first of a cluster's: it alone writes and prints."""
    for name in ("RANK", "SLURM_PROCID", "LOCAL_RANK"):
        if name in os.environ:
            return os.environ[name] == "0"
    return True


def jobs_on(device: str) -> int:
    """Trainings at a time unless somebody says otherwise: one a core, or one where they would share a GPU's memory."""
    return cores() if device == "cpu" else 1


def process_context() -> BaseContext:
    """How processes are begun: where it can be from a server that was forked before any thread ran."""
    return multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")


@contextmanager
def open_pool(
    jobs: int, context: BaseContext, begin: Callable[..., None], *args: Any
) -> Iterator[ProcessPoolExecutor]:
    """A pool for the time of a ``with`` block; after an error or Ctrl-C in it, processes are stopped where they are.

    Args:
        jobs: Processes.
        context: From `process_context`.
        begin: What a process does first.
        *args: Of ``begin``.
    """
    others = multiprocessing.active_children()
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_begin, initargs=(begin, *args))
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in multiprocessing.active_children():
            if process not in others:
                process.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _begin(begin: Callable[..., None], *args: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    Thread(target=_leave_with_parent, daemon=True).start()
    begin(*args)


def _leave_with_parent() -> None:
    """A parent that was killed cannot stop its workers, and a resumed run must not meet them in its folder."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
