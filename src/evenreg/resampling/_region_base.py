"""AbstractRegionSampler: rare regions grow, frequent ones shrink."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenreg import _check
from evenreg.errors import InputError
from evenreg.resampling._base import AbstractSampler, Drawn
from evenreg.resampling._made import Made
from evenreg.resampling._regions import Region, regions_of
from evenreg.resampling._sizes import sizes
from evenreg.resampling._table import Table

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Progress = Callable[[int, int], None] | None


class AbstractRegionSampler(AbstractSampler):
    """Labels of a relevance of at least ``threshold`` are rare; each rare region gets rows made from its own.

    Rows, sorted by label, are cut into regions wherever the relevance crosses the threshold. Each region draws
    from a generator of its own, so that what one is given does not hang on the others.

    Attributes:
        regions_: The `Region` list, from the lowest labels to the highest.
        sizes_: Rows of each in the result.
    """

    threshold: float
    sampling: Any
    progress: Progress = None
    regions_: list[Region]
    sizes_: list[int]

    _grows, _shrinks = True, True

    @abstractmethod
    def _make(
        self,
        table: Table,
        y: Floats,
        embedding: Floats | None,
        region: Region,
        seeds: Rows,
        rng: np.random.Generator,
    ) -> list[Made]:
        """One row from each of the seeds, rows of the region."""

    def _can_grow(self, region: Region) -> bool:
        """Whether the region is to be given rows; an `InputError` where it cannot be."""
        return True

    def _plan(self, y: Floats, relevance: Floats) -> None:
        threshold = _check.in_range(self.threshold, "threshold", 0, 1)
        if self.progress is not None and not callable(self.progress):
            raise InputError(
                f"progress: expected a function of (rows made, rows to make) or None, got {self.progress!r}."
            )
        self._generator()
        self.regions_ = regions_of(y, relevance, threshold)
        under = self._shrinks and not getattr(self, "keep_originals", False)
        wanted = sizes(self.regions_, self.sampling, over=self._grows, under=under)
        self.sizes_ = [
            size if size <= len(region.rows) or self._can_grow(region) else len(region.rows)
            for size, region in zip(wanted, self.regions_, strict=True)
        ]

    def _draw(self, table: Table, y: Floats, relevance: Floats, embedding: Floats | None) -> Drawn:
        rng, kept, parts, done = self._generator(), [], [], 0
        total = sum(
            max(size - len(region.rows), 0) for size, region in zip(self.sizes_, self.regions_, strict=True)
        )
        streams = rng.integers(2**63, size=(len(self.regions_), 4))
        for region, size, stream in zip(self.regions_, self.sizes_, streams, strict=True):
            own, extra = np.random.default_rng(stream), size - len(region.rows)
            kept.append(region.rows if extra >= 0 else own.choice(region.rows, size, replace=False))
            if extra > 0:
                parts += self._make(table, y, embedding, region, _dealt(region.rows, extra, own), own)
                done += extra
                if self.progress is not None:
                    self.progress(done, total)
        return Drawn(np.sort(np.concatenate(kept)), parts)


def _dealt(rows: Rows, count: int, rng: np.random.Generator) -> Rows:
    """``count`` seeds, each row equally often to within one, grouped by row."""
    turns, left = divmod(count, len(rows))
    times = np.full(len(rows), turns)
    times[rng.choice(len(rows), left, replace=False)] += 1
    return np.repeat(rows, times)
