"""Cells on several processes, or in this one: the same calls, the same results."""

import multiprocessing
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING, Any, final

from evenreg.cli._progress import AbstractProgress

if TYPE_CHECKING:
    from evenreg.cli._compare_cells import Trained, Trainer

# What a worker process works with; set once, when it starts.
_trainer: "Trainer | None" = None
_progress: AbstractProgress | None = None


@final
class Workers:
    """Hands cells to a pool of processes, or trains them at once where there is no pool."""

    def __init__(
        self, trainer: "Trainer", pool: ProcessPoolExecutor | None, progress: AbstractProgress
    ) -> None:
        self.trainer, self.pool, self.progress = trainer, pool, progress

    def submit(
        self, row: str, seed: int, noise: float | None, *, loaded: "Trained | None"
    ) -> "Future[Trained]":
        """A future of the trained cell; one that an earlier run left is done already."""
        if loaded is None and self.pool is not None:
            return self.pool.submit(_work, row, seed, noise)
        future: Future[Trained] = Future()
        try:
            future.set_result(loaded or self.trainer(row, seed, noise, self.progress))
        except Exception as error:  # a pool would hand it over in the future as well
            future.set_exception(error)
        return future


@contextmanager
def open_workers(trainer: "Trainer", jobs: int, progress: AbstractProgress) -> Iterator[Workers]:
    """Workers for the time of a ``with`` block; after Ctrl-C they are stopped where they are.

    Args:
        trainer: What every worker calls.
        jobs: Processes; 1 trains in this one.
        progress: Is told of starts and epochs in all of them.
    """
    if jobs == 1:
        yield Workers(trainer, None, progress)
        return
    # A fork server imports torch once and before any thread runs; elsewhere every process imports it itself.
    context = multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")
    if sys.platform != "win32":
        context.set_forkserver_preload(["evenreg.cli._preload"])
    told = context.SimpleQueue()
    listener = Thread(target=_listen, args=(told, progress), daemon=True)
    listener.start()
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_begin, initargs=(trainer, told))
    try:
        yield Workers(trainer, pool, progress)
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in multiprocessing.active_children():
            process.terminate()  # checkpoints are written whole or not at all
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        told.put(None)
        listener.join()


def _begin(trainer: "Trainer", told: Any) -> None:
    global _trainer, _progress
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    _trainer, _progress = trainer, _Remote(told)


def _work(row: str, seed: int, noise: float | None) -> "Trained":
    assert _trainer is not None
    assert _progress is not None
    return _trainer(row, seed, noise, _progress)


@final
class _Remote(AbstractProgress):
    """Passes on what happens in a worker process."""

    def __init__(self, told: Any) -> None:
        self.told = told

    def start(self, row: str, seed: int) -> None:
        self.told.put(("start", row, seed))

    def epoch(self, row: str, seed: int, done: int, val_bmae: float) -> None:
        self.told.put(("epoch", row, seed, done, val_bmae))

    def finish(self, row: str, seed: int, val_bmae: float, seconds: float) -> None:
        self.told.put(("finish", row, seed, val_bmae, seconds))

    def close(self) -> None: ...


def _listen(told: Any, progress: AbstractProgress) -> None:
    while (event := told.get()) is not None:
        getattr(progress, event[0])(*event[1:])
