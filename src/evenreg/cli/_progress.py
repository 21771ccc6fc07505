"""How far a comparison is, on stderr: a bar for a person, a line a cell for a file."""

import math
import sys
import time
from abc import ABC, abstractmethod
from typing import final


class AbstractProgress(ABC):
    """Is told what happens; cells that were loaded from an earlier run are only finished, never started."""

    @abstractmethod
    def start(self, row: str, seed: int) -> None:
        """A cell begins to train."""

    @abstractmethod
    def epoch(self, row: str, seed: int, done: int, val_bmae: float) -> None:
        """An epoch of the cell is over."""

    @abstractmethod
    def finish(self, row: str, seed: int, val_bmae: float, seconds: float) -> None:
        """A cell is done."""

    @abstractmethod
    def close(self) -> None:
        """Nothing more will come."""


@final
class Silent(AbstractProgress):
    """Says nothing."""

    def start(self, row: str, seed: int) -> None: ...
    def epoch(self, row: str, seed: int, done: int, val_bmae: float) -> None: ...
    def finish(self, row: str, seed: int, val_bmae: float, seconds: float) -> None: ...
    def close(self) -> None: ...


@final
class Lines(AbstractProgress):
    """One line a cell, for logs."""

    def __init__(self, cells: int) -> None:
        self.cells, self.done = cells, 0

    def start(self, row: str, seed: int) -> None: ...
    def epoch(self, row: str, seed: int, done: int, val_bmae: float) -> None: ...

    def finish(self, row: str, seed: int, val_bmae: float, seconds: float) -> None:
        self.done += 1
        told = f"[{self.done}/{self.cells}] seed {seed}  {row}  val b-MAE {val_bmae:.4g}  {seconds:.1f} s"
        print(told, file=sys.stderr, flush=True)

    def close(self) -> None: ...


@final
class Bar(AbstractProgress):
    """A bar over all cells with the current one, its epoch and the time left."""

    def __init__(self, cells: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=16),
            MofNCompleteColumn(),
            TextColumn("{task.fields[left]}"),
            console=Console(stderr=True),
            transient=True,
        )
        self.task = self.progress.add_task("preparing", total=cells, left="")
        self.cells, self.done, self.trained, self.began = cells, 0, 0, time.monotonic()
        self.progress.start()

    def start(self, row: str, seed: int) -> None:
        self.trained += 1
        self.progress.update(self.task, description=self._label(row, seed))

    def epoch(self, row: str, seed: int, done: int, val_bmae: float) -> None:
        told = f"{self._label(row, seed)} epoch {done:>3}  b-MAE {val_bmae:<8.4g}"
        self.progress.update(self.task, description=told)

    def finish(self, row: str, seed: int, val_bmae: float, seconds: float) -> None:
        self.done += 1
        left = ""
        if self.trained:  # cells of an earlier run take no time and say nothing about the rest
            left = f"about {math.ceil(self._minutes_left())} min left"
        self.progress.update(self.task, completed=self.done, left=left)

    def _minutes_left(self) -> float:
        loaded = max(0, self.done - self.trained)
        rate = (self.done - loaded) / (time.monotonic() - self.began)
        return (self.cells - self.done) / max(rate, 1e-9) / 60 if self.done > loaded else math.inf

    @staticmethod
    def _label(row: str, seed: int) -> str:
        return f"seed {seed}  {row[:20]:<20}"

    def close(self) -> None:
        self.progress.stop()


def progress_for(cells: int, quiet: bool) -> AbstractProgress:
    """A bar on a terminal, lines elsewhere, nothing when quiet."""
    if quiet:
        return Silent()
    return Bar(cells) if sys.stderr.isatty() else Lines(cells)
