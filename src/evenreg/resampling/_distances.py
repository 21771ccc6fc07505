"""Distances among the rows of a region: of mixed columns, or of embeddings."""

from typing import final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Codes = NDArray[np.int32]

_TREE_COLUMNS = (
    8  # beyond, a k-d tree visits most of its rows (25,000 normal ones of 10 columns: 5 s for 3 s)
)
_LEAF = 32  # rows in a leaf: two thirds of the time of 10
_PAIRS = 2**21  # distances at a time: 16 MB
_REFERENCES = 2001  # rows that a median distance is taken over


def heom(a: Floats, a_codes: Codes, b: Floats, b_codes: Codes) -> Floats:
    """The heterogeneous Euclidean-overlap distance of rows to rows, ``(s,)``.

        d² = Σ_numeric (a_j - b_j)² + Σ_categories [a_j ≠ b_j]

    Numbers are scaled before. A column in which either value is missing counts 1.

    Args:
        a: ``(s, p)`` scaled numbers, NaN where missing.
        a_codes: ``(s, q)`` categories, below 0 where missing.
        b: As ``a``.
        b_codes: As ``a_codes``.

    Wilson and Martinez 1997 (Improved heterogeneous distance functions, JAIR 6), section 2.3.
    """
    squared = np.square(a - b)
    squared[np.isnan(squared)] = 1
    differ = (a_codes != b_codes) | (a_codes < 0) | (b_codes < 0)
    return np.sqrt(squared.sum(axis=1) + differ.sum(axis=1))


@final
class Distances:
    """Distances among the m rows of a region, which are numbered from 0 here.

    Up to 8 complete numeric columns a k-d tree finds neighbours; otherwise all pairs are looked at, in blocks.

    Args:
        points: ``(m, p)`` scaled numbers, NaN where missing.
        codes: ``(m, q)`` categories, below 0 where missing.
    """

    def __init__(self, points: Floats, codes: Codes) -> None:
        self.points, self.codes = points, codes
        self.complete = not np.isnan(points).any()

    def nearest(self, seeds: Rows, k: int) -> Rows:
        """The k nearest other rows of each seed, nearest first, ``(s, k)``; k is below m."""
        if not self.complete or self.codes.shape[1]:
            return self._nearest_of_pairs(seeds, k)
        moving = self.points[:, np.ptp(self.points, axis=0) > 0]
        if not moving.shape[1]:  # rows all alike: the next ones, in a ring
            return (seeds[:, None] + np.arange(1, k + 1)) % len(self.points)
        moving = moving - moving.mean(axis=0)
        if moving.shape[1] <= _TREE_COLUMNS:
            found = _nearest_in_tree(moving, seeds, k + 1)
        else:
            from sklearn.neighbors import NearestNeighbors

            search = NearestNeighbors(n_neighbors=k + 1, algorithm="brute").fit(moving)
            found = search.kneighbors(moving[seeds], return_distance=False)
        # Among more than k rows like it the seed itself may not be found: then the last one goes.
        keep = found != seeds[:, None]
        keep[keep.all(axis=1), -1] = False
        return found[keep].reshape(len(seeds), k)

    def between(self, a: Rows, b: Rows) -> Floats:
        """The distance of each row of ``a`` to the one of ``b`` beside it, ``(s,)``."""
        return heom(self.points[a], self.codes[a], self.points[b], self.codes[b])

    def median(self, seeds: Rows, rng: np.random.Generator) -> Floats:
        """The median distance of each seed to the others, ``(s,)``; m is at least 2.

        Beyond 2,001 rows it is the median over 2,000 random others: its rank is then off by 1.1 % (one
        standard deviation), and the cost grows with the rows, not with their square.
        """
        m = len(self.points)
        others = np.sort(rng.choice(m, _REFERENCES, replace=False)) if m > _REFERENCES else np.arange(m)
        result = np.empty(len(seeds))
        for part, squared in self._blocks(seeds, others):
            place = np.minimum(np.searchsorted(others, seeds[part]), len(others) - 1)
            # A seed that was not drawn has one other too many: the last one goes.
            place[others[place] != seeds[part]] = len(others) - 1
            squared[np.arange(len(place)), place] = np.inf
            middle = [(len(others) - 2) // 2, (len(others) - 1) // 2]
            squared.partition(sorted(set(middle)), axis=1)
            result[part] = np.sqrt(squared[:, middle]).mean(axis=1)
        return result

    def _nearest_of_pairs(self, seeds: Rows, k: int) -> Rows:
        result = np.empty((len(seeds), k), dtype=np.int64)
        for part, squared in self._blocks(seeds, np.arange(len(self.points))):
            squared[np.arange(len(squared)), seeds[part]] = np.inf
            found = np.argpartition(squared, k - 1, axis=1)[:, :k]
            order = np.argsort(np.take_along_axis(squared, found, axis=1), axis=1, kind="stable")
            result[part] = np.take_along_axis(found, order, axis=1)
        return result

    def _blocks(self, seeds: Rows, others: Rows):  # noqa: ANN202
        """Slices of the seeds with their squared distances to the others, ``(block, o)``, up to rounding."""
        left, right = self._factors()
        right = right[others].T.copy()
        codes, mine_of = np.ascontiguousarray(self.codes[others].T), self.codes[seeds].T
        mine_of = np.where(mine_of < 0, -2, mine_of)  # what is missing, -1, differs from every other
        size = max(1, _PAIRS // len(others))
        for start in range(0, len(seeds), size):
            part = slice(start, min(start + size, len(seeds)))
            squared = left[seeds[part]] @ right
            if len(codes):
                differ = np.zeros(squared.shape, dtype=np.uint16)
                for column, mine in zip(codes, mine_of[:, part], strict=True):
                    differ += mine[:, None] != column
                squared += differ
            yield part, np.maximum(squared, 0, out=squared)

    def _factors(self) -> tuple[Floats, Floats]:
        """Two matrices whose product of row i and row j is the squared distance of their numbers.

        (a - b)² = a² - 2ab + b²; of columns with missing values each term counts where both are there, and
        where either is not, 1 does: 1 - [a there][b there].
        """
        gaps = np.isnan(self.points).any(axis=0)
        whole = self.points[:, ~gaps]
        whole = whole - whole.mean(axis=0)
        norm, one = np.square(whole).sum(axis=1, keepdims=True), np.ones((len(whole), 1))
        there = (~np.isnan(self.points[:, gaps])).astype(np.float64)
        value = np.nan_to_num(self.points[:, gaps] - _centre(self.points[:, gaps]))
        square = value * value
        return (
            np.hstack([-2 * whole, norm + gaps.sum(), one, square, there, -2 * value, -there]),
            np.hstack([whole, one, norm, there, square, value, there]),
        )


def _nearest_in_tree(points: Floats, seeds: Rows, k: int) -> Rows:
    """The k nearest rows of each seed, itself among them, ``(s, k)``.

    Rows that lie near each other are put near each other in memory and asked for one after the other, for
    which the tree is built twice: 40,000 rows of 8 columns take two thirds of the time.
    """
    from scipy.spatial import KDTree

    order = np.asarray(KDTree(points, leafsize=_LEAF).indices)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    turn = np.argsort(rank[seeds])
    found = np.empty((len(seeds), k), dtype=np.int64)
    found[turn] = order[KDTree(points[order], leafsize=_LEAF).query(points[seeds[turn]], k=k)[1]]
    return found


def _centre(values: Floats) -> Floats:
    """The mean of what is there, 0 where nothing is."""
    there = ~np.isnan(values)
    return np.where(there, values, 0).sum(axis=0) / np.maximum(there.sum(axis=0), 1)
