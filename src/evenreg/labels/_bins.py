"""Bins: where one label value ends and the next begins."""

from collections.abc import Mapping
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenreg import _check
from evenreg.errors import InputError, ShapeError
from evenreg.labels import _bin_rule

_BLOCK = 65536  # labels worked on at a time: the temporaries stay in cache
_CELLS = 2**22  # most cells of the table that finds a label's bin; very uneven bins are searched instead


@final
class Bins:
    """Intervals that cut the label axis, the one place where a label gets its bin.

    Sampler, weights, loss, regions and metrics must agree on which bin a label is in; they all ask the same
    object. Bin ``b`` is ``[edges[b], edges[b + 1])``, the last one closed. Labels outside are clamped into
    the edge bins (`contains` tells them apart). The answer equals
    ``np.searchsorted(edges, y, side="right") - 1``, with one addition: a label that is the float32 rounding
    of an edge counts as on that edge, so that float32 labels and the same labels read from text fall into
    the same bins.

    Args:
        edges: ``(m + 1,)`` ascending edges in label units.
        rule: How the edges came about, in label units; shown in reports.

    Raises:
        InputError: Edges that are not ascending finite numbers, or fewer than two.

    Example:
        >>> ages = Bins.fit([18, 20, 21, 21, 25])
        >>> len(ages), ages.rule, ages.centers[:3].tolist()
        (8, 'width 1: whole-number labels', [18.0, 19.0, 20.0])
        >>> Bins.uniform(0, 5, 0.1).index([0.0, 0.3, 4.95, 5.0, 7.0]).tolist()
        [0, 3, 49, 49, 49]

    Papers: papers/000 section 2 (equal bins); the released STS-B code bins float32 labels against float32
    edges, which gives the same bins.
    """

    def __init__(self, edges: ArrayLike, *, rule: str = "given") -> None:
        try:
            array = np.array(edges, dtype=np.float64)
        except (TypeError, ValueError):
            raise InputError(f"edges: expected ascending numbers, got {edges!r}.") from None
        if array.ndim != 1 or len(array) < 2:
            raise ShapeError(f"edges: expected at least two in one dimension, got shape {array.shape}.")
        with np.errstate(over="ignore", invalid="ignore"):
            widths = np.diff(array)
        if not (np.isfinite(array).all() and np.isfinite(widths).all() and (widths > 0).all()):
            raise InputError(
                "edges: expected finite, strictly ascending numbers; sort them and drop repeats."
            )
        array.flags.writeable = widths.flags.writeable = False
        self.edges, self.widths, self.rule = array, widths, str(rule)
        images = _float32_images(array, widths)
        self._outer = np.fmin(array[0], images[0]), np.fmax(array[-1], images[-1])
        # Inner edges only, so that labels outside are clamped; the last bin has no next edge.
        self._next = np.append(array[1:-1], np.inf)
        below = np.append(np.where(images < array, images, np.nan)[1:-1], np.nan)
        self._image = below if np.isfinite(below).any() else None
        with np.errstate(over="ignore"):
            self._density = 2 / widths.min()  # cells in a label unit: two in the narrowest bin
            cells = (array[-1] - array[0]) * self._density
        self._first = self._bin_of_cells() if cells <= _CELLS and self._density < np.inf else None

    def _bin_of_cells(self) -> NDArray[np.int32] | None:
        """The first bin that reaches into each of many equal cells; None where a cell holds several edges."""
        cell, last = self._cell(self._next[:-1]), int(self._cell(self.edges[-1:])[0])
        if (np.diff(cell) < 1).any():
            return None
        return np.searchsorted(cell, np.arange(last + 1)).astype(np.int32)

    def _cell(self, y: NDArray[np.float64]) -> NDArray[np.int64]:
        position = np.clip(y, self.edges[0], self.edges[-1])
        position -= self.edges[0]
        position *= self._density
        return position.astype(np.int64)

    @classmethod
    def uniform(cls, low: float, high: float, width: float) -> "Bins":
        """Equal bins from ``low`` to ``high``, or just above where the width does not divide the range.

        Args:
            low: Left end in label units.
            high: Right end in label units.
            width: Bin width in label units.

        Raises:
            InputError: ``high`` not above ``low``, a width not above 0, or more than ten million bins.
        """
        low, high = _check.number(low, "low"), _check.number(high, "high")
        width = _check.positive(width, "width")
        if not high > low:
            raise InputError(f"high: expected a number above low ({low:g}), got {high:g}.")
        if (high - low) / width > _bin_rule.LIMIT:
            raise InputError(
                f"width: expected at most {_bin_rule.LIMIT:,} bins, got {width!r} on "
                f"{_bin_rule.readable(low)} to {_bin_rule.readable(high)}."
            )
        # 1e-9: 0.3 / 0.1 is 2.9999999999999996, 0.7 / 0.1 is 6.999999999999999.
        count = max(1, int(np.ceil((high - low) / width - 1e-9)))
        grid = _bin_rule.Grid(low, width, count, f"width {_bin_rule.readable(width)}: given")
        return cls(grid.edges(), rule=grid.text)

    @classmethod
    def fit(cls, y: ArrayLike, width: float | None = None) -> "Bins":
        """Equal bins over the range of the labels, with a readable width: 1, 2 or 5 times a power of ten.

        There are at most 200 bins, and no more than a tenth of the rows (where that is below 20: than 20),
        so that a bin can hold fewer rows than others by more than chance.

        - Whole-number labels get the smallest whole-number width that gives no more; edges lie between the
          labels, so that bin centres are unbiased.
        - So do labels on any other grid of at most 200 places (half stars, tenths, percentages, averages of
          three ratings, float32 roundings of these): the width is the grid's step, or 2, 5, 10, ... steps,
          with a label at the centre of every bin of one step. Finer bins would be empty between the labels.
        - Other labels get the width nearest to the rule of Freedman and Diaconis, 2 · IQR · n^(-1/3), the
          commonest label (a spike at zero) counted once, that gives 20 bins or more, or, where the rows allow
          none of these, the most they allow; labels of few decimals get no finer bins than their decimals.
        - One value is one bin.

        Example:
            >>> Bins.fit([1.0, 1.5, 2.0, 2.5, 3.5, 4.0, 4.5]).centers.tolist()
            [1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5]
            >>> Bins.fit([1.0, 1.5, 2.0, 2.5, 3.5, 4.0, 4.5]).rule
            'width 0.5: labels in steps of 0.5'

        Args:
            y: ``(n,)`` labels.
            width: Bin width in label units; None for the rule above.

        Raises:
            TargetError: NaN, infinite or no labels.
            ShapeError: Labels of several dimensions; give one coordinate of them.
            InputError: A width that is not positive or gives more than ten million bins.
        """
        array = _check.labels(y)
        if array.ndim != 1:
            raise ShapeError(
                f"y: expected one label a row to lay bins on, got shape {array.shape}; give one coordinate."
            )
        if width is None:
            grid = _bin_rule.default(array)
        else:
            grid = _bin_rule.given_width(array, _check.positive(width, "width"))
        return cls(grid.edges(), rule=grid.text)

    @property
    def centers(self) -> NDArray[np.float64]:
        """Middle of each bin, ``(m,)``, label units."""
        return self.edges[:-1] + self.widths / 2

    def index(self, y: ArrayLike) -> NDArray[np.int64]:
        """The bin of each label, same shape, out-of-range labels clamped into the edge bins.

        Args:
            y: Labels of any shape.

        Raises:
            TargetError: NaN, infinite or non-numeric labels.
        """
        flat = _flat(y)
        result = np.empty(len(flat), dtype=np.int64)
        for start in range(0, len(flat), _BLOCK):
            self.index_into(flat[start : start + _BLOCK], result[start : start + _BLOCK])
        return result.reshape(np.shape(y))

    def lookup(self, table: NDArray[Any], y: ArrayLike) -> NDArray[Any]:
        """The entry of a per-bin table at each label, ``table[index(y)]`` without the index's memory.

        Args:
            table: ``(m,)`` anything a bin.
            y: Labels of any shape.
        """
        flat = _flat(y)
        result = np.empty(len(flat), dtype=table.dtype)
        index = np.empty(min(_BLOCK, len(flat)), dtype=np.int64)
        for start in range(0, len(flat), _BLOCK):
            out = result[start : start + _BLOCK]
            self.index_into(flat[start : start + _BLOCK], index[: len(out)])
            # Any mode but the default, which would buffer the output.
            np.take(table, index[: len(out)], out=out, mode="clip")
        return result.reshape(np.shape(y))

    def index_into(self, y: NDArray[np.float64], out: NDArray[np.int64]) -> None:
        """`index` without its checks, for callers with blocks of their own: finite labels to ``out``."""
        if self._first is None:
            out[...] = np.searchsorted(self._next[:-1], y, side="right")
        else:
            # Rounding is monotone: an edge in a lower cell than the label is below it, one in a higher cell
            # above it. Only the one edge that may share its cell has to be compared.
            first = self._first.take(self._cell(y))
            np.add(first, y >= self._next.take(first), out=out)
        if self._image is not None:
            out += y == self._image.take(out)

    def contains(self, y: ArrayLike) -> NDArray[np.bool_]:
        """Whether each label lies between the outer edges, both and their float32 roundings included."""
        array = _flat(y).reshape(np.shape(y))
        return (array >= self._outer[0]) & (array <= self._outer[1])

    def to_dict(self) -> dict[str, Any]:
        """Plain values that `from_dict` takes back, fit for JSON."""
        return {"edges": self.edges.tolist(), "rule": self.rule}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> "Bins":
        """The bins that `to_dict` described."""
        return cls(state["edges"], rule=state["rule"])

    def __len__(self) -> int:
        return len(self.widths)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Bins) and np.array_equal(self.edges, other.edges)

    def __hash__(self) -> int:
        return hash(self.edges.tobytes())

    def __repr__(self) -> str:
        low, high = map(_bin_rule.readable, self.edges[[0, -1]].tolist())
        return f"Bins({len(self):,} bins from {low} to {high}, {self.rule})"


def _flat(y: ArrayLike) -> NDArray[np.float64]:
    """Finite labels of any shape, flattened."""
    return _check.labels(np.reshape(np.asarray(y), -1), empty=True)


def _float32_images(edges: NDArray[np.float64], widths: NDArray[np.float64]) -> NDArray[np.float64]:
    """The float32 rounding of each edge; NaN where it is off by a thousandth of a bin, no longer a detail."""
    with np.errstate(over="ignore", under="ignore"):
        images = edges.astype(np.float32).astype(np.float64)
    narrowest = np.minimum(np.append(widths, np.inf), np.insert(widths, 0, np.inf))
    return np.where(np.abs(edges - images) < narrowest / 1000, images, np.nan)
