"""Cells on several processes, or in this one: the same calls, the same results."""

import signal
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING, Any, final

from evenreg.cli._processes import open_pool, process_context
from evenreg.cli._progress import AbstractProgress
from evenreg.errors import TrainingError

if TYPE_CHECKING:
    from evenreg.cli._trainer import Trained, Trainer

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
            with _ctrl_c_waits():
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

    Raises:
        TrainingError: A worker was killed.
    """
    if jobs == 1:
        yield Workers(trainer, None, progress)
        return
    context = process_context()  # a fork server imports torch once; elsewhere every process imports it itself
    if sys.platform != "win32":
        context.set_forkserver_preload(["evenreg.cli._preload"])
    # A pipe that ends with its last writer: a queue's lock could die with the worker that held it.
    hear, told = context.Pipe(duplex=False)
    listener = Thread(target=_listen, args=(hear, progress), daemon=True)
    listener.start()
    try:
        # Stopped anywhere, since checkpoints are written whole or not at all.
        with open_pool(jobs, context, _begin, trainer, told, context.Lock()) as pool:
            yield Workers(trainer, pool, progress)
    except BrokenProcessPool as error:
        raise TrainingError(
            "expected every training process to finish, got one that was killed, by hand or because memory "
            "ran out; what was trained is kept: go on with --resume, and with --jobs 1 where memory is short or "
            "where your own script calls compare outside of its 'if __name__ == \"__main__\":'."
        ) from error
    finally:
        told.close()
        listener.join(timeout=1)  # a half-started process (on Windows) may hold the other end


@contextmanager
def _ctrl_c_waits() -> Iterator[None]:
    """Half-started processes can be neither used nor stopped; those started here never hear Ctrl-C themselves."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(trainer: "Trainer", told: Any, lock: Any) -> None:
    global _trainer, _progress
    _trainer, _progress = trainer, _Remote(told, lock)


def _work(row: str, seed: int, noise: float | None) -> "Trained":
    assert _trainer is not None
    assert _progress is not None
    return _trainer(row, seed, noise, _progress)


@final
class _Remote(AbstractProgress):
    """Passes on what happens in a worker process."""

    def __init__(self, told: Any, lock: Any) -> None:
        self.told, self.lock = told, lock

    def _tell(self, *event: Any) -> None:
        with self.lock:
            self.told.send(event)

    def start(self, row: str, seed: int) -> None:
        self._tell("start", row, seed)

    def epoch(self, row: str, seed: int, done: int, val_bmae: float) -> None:
        self._tell("epoch", row, seed, done, val_bmae)

    def finish(self, row: str, seed: int, val_bmae: float, seconds: float) -> None:
        self._tell("finish", row, seed, val_bmae, seconds)

    def close(self) -> None: ...


def _listen(hear: Any, progress: AbstractProgress) -> None:
    while True:
        try:
            event = hear.recv()
        except (EOFError, OSError):  # the last writer is gone, perhaps in the middle of a word
            return
        getattr(progress, event[0])(*event[1:])
