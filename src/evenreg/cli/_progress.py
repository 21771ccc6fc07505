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
    def epoch(self, done: int, val_bmae: float) -> None:
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
    def epoch(self, done: int, val_bmae: float) -> None: ...
    def finish(self, row: str, seed: int, val_bmae: float, seconds: float) -> None: ...
    def close(self) -> None: ...


@final
class Lines(AbstractProgress):
    """One line a cell, for logs."""

    def __init__(self, cells: int) -> None:
        self.cells, self.done = cells, 0

    def start(self, row: str, seed: int) -> None: ...
    def epoch(self, done: int, val_bmae: float) -> None: ...

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
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            console=Console(stderr=True),
            transient=True,
        )
        self.task = self.progress.add_task("preparing", total=cells, left="")
        self.done, self.trained, self.started, self.label = 0, 0, time.monotonic(), ""
        self.cells = cells
        self.progress.start()

    def start(self, row: str, seed: int) -> None:
        self.label = f"seed {seed}  {row[:28]:<28}"
        self.trained += 1
        self.progress.update(self.task, description=self.label)

    def epoch(self, done: int, val_bmae: float) -> None:
        self.progress.update(self.task, description=f"{self.label} epoch {done:>3}  {val_bmae:8.4g}")

    def finish(self, row: str, seed: int, val_bmae: float, seconds: float) -> None:
        self.done += 1
        left = ""
        if self.trained:
            per_cell = (time.monotonic() - self.started) / self.trained
            left = f"about {math.ceil(per_cell * (self.cells - self.done) / 60)} min left"
        self.progress.update(self.task, completed=self.done, left=left)

    def close(self) -> None:
        self.progress.stop()


def progress_for(cells: int, quiet: bool) -> AbstractProgress:
    """A bar on a terminal, lines elsewhere, nothing when quiet."""
    if quiet:
        return Silent()
    return Bar(cells) if sys.stderr.isatty() else Lines(cells)
