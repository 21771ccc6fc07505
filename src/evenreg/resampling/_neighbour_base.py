"""AbstractNeighbourSampler: rows made from a rare row and one of its neighbours."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenreg import _check
from evenreg.errors import InputError
from evenreg.resampling._distances import Distances
from evenreg.resampling._made import Made, deviations
from evenreg.resampling._region_base import AbstractRegionSampler
from evenreg.resampling._regions import Region
from evenreg.resampling._table import Table

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

_SCALES = ("range", "sd", "none")
_SMALL = ("raise", "keep")


class AbstractNeighbourSampler(AbstractRegionSampler):
    """Neighbours are sought among the rows of the seed's own region, in the columns or in an embedding."""

    k: int
    scale: str
    small_regions: str
    embed: Callable[[Any], Any] | None

    @abstractmethod
    def _paired(
        self, table: Table, y: Floats, pairs: "Pairs", region: Region, rng: np.random.Generator
    ) -> list[Made]:
        """One row from each pair of seed and neighbour."""

    def fit_resample(self, X: Any, y: Any, *, embedding: ArrayLike | None = None) -> tuple[Any, Any]:
        """The table and its labels, resampled.

        Args:
            X: ``(n, p)`` DataFrame or array of numbers, categories or both; missing values are fine. With an
                embedding arrays of any more dimensions too, such as images.
            y: ``(n,)`` labels.
            embedding: ``(n, d)`` where rows are near each other if they are alike, distances being Euclidean
                and not scaled; X is interpolated all the same. None for what ``embed`` makes of X, or for the
                distances of X itself.

        Returns:
            ``(n_new, p)`` and ``(n_new,)``, of the types of X and y.

        Raises:
            TargetError: NaN, infinite, text or no labels; no rare labels, or only such.
            ShapeError: X, y and the embedding of unequal lengths, a table without columns.
            InputError: Infinite, complex, dated or sparse X; arguments out of range; a rare region with fewer
                than k + 1 rows.
        """
        if embedding is None and self.embed is not None:
            if not callable(self.embed):
                raise InputError(
                    f"embed: expected a function of X, such as the transform of a fitted transformer, got "
                    f"{type(self.embed).__name__}; rows of an embedding go into fit_resample(X, y, embedding=)."
                )
            embedding = self.embed(X)
        return self._resampled(X, y, embedding)

    def _plan(self, y: Floats, relevance: Floats) -> None:
        _check.integer(self.k, "k", 1)
        _check.known(self.scale, _SCALES, "scale")
        _check.known(self.small_regions, _SMALL, "way with small_regions")
        super()._plan(y, relevance)

    def _can_grow(self, region: Region) -> bool:
        others = len(region.rows) - 1
        if int(self.k) <= others:
            return True
        if self.small_regions == "keep":
            return False
        fewer = f"k={others}, " if others else ""
        raise InputError(
            f"k: expected at most {others} neighbours, as {region.told()} {'have' if others else 'has'} no more "
            f"in their region, got {self.k}; take {fewer}a lower threshold than {self.threshold:g}, "
            "small_regions='keep', which leaves such rows as they are, or RandomOver, which needs no neighbours."
        )

    def _make(
        self, table: Table, y: Floats, embedding: Any, region: Region, seeds: Rows, rng: np.random.Generator
    ) -> list[Made]:
        rows = region.rows
        if embedding is None:
            scales = _scales(table.numeric, self.scale)
            distances = Distances(table.numeric[rows] / scales, table.codes[rows])
        else:
            scales, distances = None, Distances(embedding[rows], np.empty((len(rows), 0), dtype=np.int32))
        # Seeds come grouped: neighbours are sought once for each row, not for each row made of it.
        used, turn = np.unique(np.searchsorted(rows, seeds), return_inverse=True)
        near = distances.nearest(used, int(self.k))
        chosen = near[turn, rng.integers(int(self.k), size=len(seeds))]
        return self._paired(table, y, Pairs(rows, used, turn, chosen, distances, scales), region, rng)


class Pairs:
    """Seeds and neighbours, as places among the rows of their region.

    Args:
        rows: ``(m,)`` row numbers of the region.
        used: ``(r,)`` places of the rows that are seeds, ascending.
        turn: ``(s,)`` which of ``used`` the seed of each new row is.
        chosen: ``(s,)`` place of its neighbour.
        distances: Among the region's rows.
        scales: ``(p,)`` what numbers are divided by for distances; None where they are an embedding's.
    """

    def __init__(
        self,
        rows: Rows,
        used: Rows,
        turn: Rows,
        chosen: Rows,
        distances: Distances,
        scales: Floats | None,
    ) -> None:
        self.rows, self.used, self.turn, self.chosen = rows, used, turn, chosen
        self.distances, self.scales = distances, scales

    def parents(self) -> tuple[Rows, Rows]:
        """Row numbers of seeds and neighbours, ``(s,)`` each."""
        return self.rows[self.used[self.turn]], self.rows[self.chosen]


def _scales(numeric: Floats, scale: str) -> Floats:
    """What each column is divided by, ``(p,)``; 1 for a constant one, in which no two rows differ."""
    if scale == "none":
        return np.ones(numeric.shape[1])
    if scale == "sd":
        spread = deviations(numeric)
    else:
        low, high = np.fmin.reduce(numeric, axis=0), np.fmax.reduce(numeric, axis=0)
        with np.errstate(over="ignore"):
            spread = high - low
    if np.isinf(spread).any():
        raise InputError(
            f"X: expected numbers whose {scale} fits in 64 bits, got columns that reach 1e308; divide them first."
        )
    return np.where(spread > 0, spread, 1)
