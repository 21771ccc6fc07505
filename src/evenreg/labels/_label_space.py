"""LabelSpace: how many training labels there are near each value."""

from collections.abc import Callable, Mapping
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenreg import _check
from evenreg.errors import InputError, ShapeError, TargetError
from evenreg.labels._bins import Bins
from evenreg.labels._reservoir import Reservoir

Floats = NDArray[np.float64]
Coordinate = Callable[[Floats], Floats]

_BLOCK = 65536  # labels worked on at a time: the temporaries stay in cache
_SAMPLE = 100_000


@final
class LabelSpace:
    """Counts, moments and a sample of the training labels: what every part asks about the label distribution.

    Weights, priors, regions and splits are all functions of it, so it is fitted once, on training labels
    only. It can be fed in pieces (`update`) and in parallel (`merge`): counts and n are then exactly, moments
    up to rounding, those of one fit; so is the sample while it holds every label.

    Args:
        bins: Where labels are counted.
        coordinate: For ``(n, d)`` labels: a function from ``(n, d)`` to ``(n,)`` on which bins and regions
            are laid, for instance the distance to the mean.
        random_state: Seed of the sample.

    Attributes:
        bins: The bins.
        counts: ``(m,)`` int64 labels in each bin.
        n: Labels in all.
        low: Smallest label (coordinate) seen; labels outside the bins are counted in the edge bins.
        high: Largest label (coordinate) seen.

    Example:
        >>> space = LabelSpace.fit([1, 1, 2, 5], Bins.uniform(0.5, 5.5, 1))
        >>> space.counts.tolist(), space.n, space.mean.tolist()
        ([2, 1, 0, 0, 1], 4, [2.25])
        >>> LabelSpace.fit([1, 1], space.bins).merge(LabelSpace.fit([2, 5], space.bins)).counts.tolist()
        [2, 1, 0, 0, 1]

    Papers: papers/000 section 2.
    """

    def __init__(self, bins: Bins, *, coordinate: Coordinate | None = None, random_state: int = 0) -> None:
        if not isinstance(bins, Bins):
            raise InputError(f"bins: expected Bins, got {type(bins).__name__}; make them with Bins(edges).")
        self.bins, self.coordinate = bins, coordinate
        self.counts: NDArray[np.int64] = np.zeros(len(bins), dtype=np.int64)
        self.n = 0
        self.low, self.high = np.inf, -np.inf
        self._mean: Floats = np.empty(0)
        self._scatter: Floats = np.empty((0, 0))  # sum of (y - mean)(y - mean)ᵀ
        self._reservoir = Reservoir(_SAMPLE, _check.integer(random_state, "random_state", 0))

    @classmethod
    def fit(
        cls,
        y: ArrayLike,
        bins: Bins | None = None,
        *,
        coordinate: Coordinate | None = None,
        random_state: int = 0,
    ) -> "LabelSpace":
        """The space of labels ``y``.

        Args:
            y: ``(n,)`` or ``(n, d)`` training labels.
            bins: Where to count; None for `Bins.fit` on the labels (on their coordinate).
            coordinate: For ``(n, d)`` labels, from ``(n, d)`` to ``(n,)``.
            random_state: Seed of the sample.

        Raises:
            TargetError: NaN, infinite, text or no labels.
            ShapeError: Labels of several dimensions without a coordinate.
        """
        rows = _check.labels(y)
        _check.squares_fit(rows, "y", tiny=True)
        if bins is None:
            bins = Bins.fit(_scalars(rows, coordinate))
        return cls(bins, coordinate=coordinate, random_state=random_state).update(rows)

    def update(self, y: ArrayLike) -> "LabelSpace":
        """Counts more labels in place and returns the space; a billion in chunks are fine.

        Raises:
            TargetError: NaN, infinite or text labels.
            ShapeError: Labels of another dimension than before.
        """
        rows = _check.labels(y, empty=True)
        scalars = _scalars(rows, self.coordinate)
        rows = rows.reshape(len(rows), -1) if len(rows) else np.empty((0, self.dim))
        if self.n and rows.shape[1] != self.dim:
            raise ShapeError(f"y: expected labels of {self.dim} dimensions as before, got {rows.shape[1]}.")
        # Counting costs the number of bins: with a block no shorter, never more than the labels themselves.
        size = max(_BLOCK, len(self.bins))
        index = np.empty(min(size, len(rows)), dtype=np.int64)
        for start in range(0, len(rows), size):
            x, block = scalars[start : start + size], rows[start : start + size]
            self.bins.index_into(x, index[: len(x)])
            self.counts += np.bincount(index[: len(x)], minlength=len(self.bins))
            self.low, self.high = min(self.low, float(x.min())), max(self.high, float(x.max()))
            mean = block.mean(axis=0)
            self._add_moments(len(block), mean, _scatter(block - mean))
        if len(rows):
            self._reservoir.update(rows)
        return self

    def merge(self, other: "LabelSpace") -> "LabelSpace":
        """Takes in, in place, what another space has seen, and returns this one.

        Args:
            other: A space over equal bins.

        Raises:
            InputError: Unequal bins.
            ShapeError: Labels of another dimension.
        """
        if not isinstance(other, LabelSpace):
            raise InputError(
                f"other: expected a LabelSpace, got {type(other).__name__}; labels themselves go to update."
            )
        if self.bins != other.bins:
            raise InputError(
                f"other: expected a space over the same bins, {self.bins!r}, got "
                f"{_told(other.bins, self.bins)}; fit both with bins=."
            )
        if self.n and other.n and self.dim != other.dim:
            raise ShapeError(f"other: expected labels of {self.dim} dimensions, got {other.dim}.")
        self.counts += other.counts
        self.low, self.high = min(self.low, other.low), max(self.high, other.high)
        if other.n:
            self._add_moments(other.n, other._mean, other._scatter)
        self._reservoir.merge(other._reservoir)
        return self

    def _add_moments(self, n: int, mean: Floats, scatter: Floats) -> None:
        """Chan, Golub and LeVeque (1983): moments of a union from moments of its parts."""
        if self.n:
            total, shift = self.n + n, mean - self._mean
            mean = self._mean + shift * (n / total)
            scatter = self._scatter + scatter + np.outer(shift, shift) * (self.n / total * n)
        self.n, self._mean, self._scatter = self.n + n, mean, scatter

    @property
    def dim(self) -> int:
        """Dimension d of a label; 0 before the first one."""
        return len(self._mean)

    @property
    def mean(self) -> Floats:
        """Mean of all labels, ``(d,)``, label units."""
        return self._mean.copy()

    @property
    def covariance(self) -> Floats:
        """Covariance of all labels, ``(d, d)``, divisor n."""
        return self._scatter / max(self.n, 1)

    @property
    def std(self) -> Floats:
        """Standard deviation of all labels, ``(d,)``, divisor n."""
        return np.sqrt(np.diagonal(self.covariance))

    @property
    def sample(self) -> Floats:
        """Uniform sample of at most 100,000 raw labels, ``(k, d)``, sorted (by the last dimension first)."""
        rows = self._reservoir.rows.reshape(-1, self.dim)
        return rows[np.lexsort(rows.T)] if rows.size else rows

    def require_labels(self) -> None:
        """A `TargetError` unless labels were seen: nothing can be learned from an empty space."""
        if not self.n:
            raise TargetError("space: expected at least one training label, got none; call update first.")

    def index(self, y: ArrayLike) -> NDArray[np.int64]:
        """The bin of each label, ``(n,)``; out-of-range labels are clamped into the edge bins."""
        return self.bins.index(self.scalars(y))

    def scalars(self, y: ArrayLike) -> Floats:
        """What the bins are laid on: the labels themselves, or their coordinate, ``(n,)``."""
        return _scalars(_check.labels(y, empty=True), self.coordinate)

    def to_dict(self) -> dict[str, Any]:
        """Plain values that `from_dict` takes back, fit for JSON, the sample included.

        Raises:
            InputError: A space with a coordinate (a function cannot be written down).
            TargetError: A space without labels.
        """
        if self.coordinate is not None:
            raise InputError(
                "coordinate: expected a space without one to write down, got a function; pickle the space."
            )
        self.require_labels()
        return {
            "bins": self.bins.to_dict(),
            "counts": self.counts.tolist(),
            "n": self.n,
            "low": self.low,
            "high": self.high,
            "mean": self._mean.tolist(),
            "scatter": self._scatter.tolist(),
            "sample": self._reservoir.rows.tolist(),
            "keys": self._reservoir.keys.tolist(),
            "random_state": self._reservoir.seed,
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> "LabelSpace":
        """The space that `to_dict` described; it can be updated and merged on."""
        space = cls(Bins.from_dict(state["bins"]), random_state=state["random_state"])
        space.counts[:] = state["counts"]
        space.n, space.low, space.high = state["n"], state["low"], state["high"]
        space._mean, space._scatter = np.array(state["mean"]), np.array(state["scatter"])
        space._reservoir.seen = space.n
        space._reservoir.keys, space._reservoir.rows = np.array(state["keys"]), np.array(state["sample"])
        return space

    def __repr__(self) -> str:
        where = f"{self.n} labels from {self.low:g} to {self.high:g}" if self.n else "no labels yet"
        return f"LabelSpace({where}, {self.bins!r})"


def _told(bins: Bins, expected: Bins) -> str:
    """Other bins, or, where they look the same, the first edge that differs."""
    if repr(bins) != repr(expected):
        return repr(bins)
    i = int(np.flatnonzero(bins.edges != expected.edges)[0])
    return f"bins whose edge {i} is {float(bins.edges[i])!r} in place of {float(expected.edges[i])!r}"


def _scatter(centred: Floats) -> Floats:
    """Sum of the outer products of rows; one column by hand, since BLAS threads stall on a busy machine."""
    return np.square(centred).sum(keepdims=True) if centred.shape[1] == 1 else centred.T @ centred


def _scalars(rows: Floats, coordinate: Coordinate | None) -> Floats:
    """The scalar coordinate of checked labels, ``(n,)``."""
    if coordinate is None:
        if rows.ndim != 1:
            raise ShapeError(
                f"y: expected one label a row, got shape {rows.shape}; give coordinate=, a function "
                "from (n, d) to (n,)."
            )
        return rows
    result = _check.labels(coordinate(rows), "coordinate(y)", empty=True)
    if result.shape != (len(rows),):
        raise ShapeError(
            f"coordinate(y): expected one number a row, shape ({len(rows)},), got shape {result.shape}."
        )
    return result
