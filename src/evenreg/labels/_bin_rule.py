"""How wide a bin should be when nobody says: pure functions from labels to equal-width edges."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evenreg.errors import InputError, TargetError
from evenreg.labels._lattice import Lattice, find_lattice, sample

Floats = NDArray[np.float64]

_MOST_BINS = 200
_FEWEST_BINS = 20
_ROWS = 10  # a bin holds at least this many rows on average, or no bin of a row-poor table could be few-shot
LIMIT = 10_000_000


def readable(value: float) -> str:
    """A number in label units: ``50,000``, ``0.25``, ``1e-09``.

    Example:
        >>> readable(1e7), readable(0.1), readable(1 / 3), readable(1e-9), readable(1234.5), readable(1e300)
        ('10,000,000', '0.1', '0.333333', '1e-09', '1,234.5', '1e+300')
    """
    return f"{value:,.6g}" if abs(value) < 1000 or abs(value) >= 1e15 else f"{value:,.15g}"


class Grid(NamedTuple):
    """Equal bins: edge ``k`` is at ``low + k * width``; ``text`` says how they came about, in label units."""

    low: float
    width: float
    bins: int
    text: str

    def edges(self) -> Floats:
        """The ``bins + 1`` edges, each the float a person gets by typing it.

        ``3 * 0.1`` is not ``0.3`` in floating point; whole multiples divided by a power of ten are. Labels
        that lie on an edge therefore fall on its right side whether they were computed or read from text.
        """
        steps = np.arange(self.bins + 1, dtype=np.float64)
        reach = abs(self.low) + self.width * self.bins
        for decimals in range(23):  # 10**22 is the largest power of ten that is exact in float64
            scale = 10.0**decimals
            if reach * scale >= 2**53:  # nor would the products be exact
                break
            low, width = round(self.low * scale), round(self.width * scale)
            near = math.isclose(low, self.low * scale, rel_tol=1e-12)
            if width and near and math.isclose(width, self.width * scale, rel_tol=1e-12):
                return (low + width * steps) / scale
        return self.low + self.width * steps


def given_width(y: Floats, width: float) -> Grid:
    """Bins of a chosen width over the range of ``y``, labels on a grid off the edges."""
    low, high = float(y.min()), float(y.max())
    if (high - low) / width > LIMIT:
        raise InputError(
            f"width: expected at most {LIMIT:,} bins, got {width!r} on labels from {readable(low)} to "
            f"{readable(high)}."
        )
    lattice = find_lattice(y)
    if lattice.whole:  # a person's own width of 2 pairs whole numbers, whatever the labels have in common
        lattice = Lattice(0.0, 1.0, whole=True)
    return _aligned(low, high, width, lattice, f"width {readable(width)}: given")


def default(y: Floats) -> Grid:
    """Bins from the data; see `Bins.fit` for the rule."""
    low, high = float(y.min()), float(y.max())
    if not math.isfinite(high - low):
        raise TargetError(
            f"y: expected a range that fits in float64, got {low:g} to {high:g}; rescale the labels."
        )
    if low == high:
        whole = low.is_integer() and abs(low) < 2**52
        width = 1.0 if whole else 10.0 ** math.floor(math.log10(abs(low)))
        return Grid(low - width / 2, width, 1, f"width {readable(width)}: all labels are {readable(low)}")
    finest = 8 * float(np.spacing(max(abs(low), abs(high))))  # narrower bins have edges that coincide
    if high - low < _FEWEST_BINS * finest:
        return Grid(low, high - low, 1, f"width {readable(high - low)}: labels differ by rounding only")
    most = min(_MOST_BINS, max(_FEWEST_BINS, len(y) // _ROWS))
    lattice = find_lattice(y)
    places = (high - low) / lattice.step + 1 if lattice.step >= finest else math.inf
    if lattice.whole or places < _MOST_BINS + 0.5:
        return _on_lattice(low, high, lattice, most)
    wanted = max(freedman_diaconis(y), lattice.step, (high - low) / most)
    widths = nice_widths((high - low) / (2 * _MOST_BINS), high - low, unit=lattice.step or 1.0)
    candidates = [
        _aligned(low, high, width, lattice, f"width {readable(width)}: Freedman-Diaconis, rounded")
        for width in widths
        if width >= max(finest, lattice.step)
    ]
    fewer = [grid for grid in candidates if grid.bins <= most]
    allowed = [grid for grid in fewer if grid.bins >= _FEWEST_BINS] or fewer[:1]
    return min(allowed, key=lambda grid: abs(math.log(grid.width / wanted)))


def _on_lattice(low: float, high: float, lattice: Lattice, most: int) -> Grid:
    """The finest bins of whole steps that are at most ``most``: a bin between two places would stay empty."""
    kind = "whole-number labels" if lattice.whole else f"labels in steps of {readable(lattice.step)}"
    widths = nice_widths(max(lattice.step, (high - low) / _MOST_BINS), high - low, unit=lattice.step)
    grids = (_aligned(low, high, width, lattice, f"width {readable(width)}: {kind}") for width in widths)
    return next(grid for grid in grids if grid.bins <= most)


def freedman_diaconis(y: Floats) -> float:
    """Width 2 · IQR · n^(-1/3), the commonest label counted once, so that a spike at zero hides nothing.

    Freedman and Diaconis (1981). Quartiles come from at most 100,000 labels drawn with a fixed seed. It is 0
    where these are all alike.
    """
    values, counts = np.unique(sample(y), return_counts=True)
    counts[counts.argmax()] = 1
    iqr = np.subtract(*np.quantile(np.repeat(values, counts), [0.75, 0.25]))
    if iqr <= 0:  # several spikes: every value once
        iqr = np.subtract(*np.quantile(values, [0.75, 0.25]))
    return float(2 * iqr / len(y) ** (1 / 3))


def nice_widths(least: float, most: float, *, unit: float) -> list[float]:
    """1, 2 and 5 times powers of ten times ``unit``, ascending, from ``least`` to beyond ``most``."""
    first = math.floor(math.log10(least / unit) + 1e-9)
    last = math.ceil(math.log10(most / unit)) + 1
    widths = [float(f"{m}e{k}") * unit for k in range(first, last + 1) for m in (1, 2, 5)]
    return [w for w in widths if w >= least * (1 - 1e-9)]


def _aligned(low: float, high: float, width: float, lattice: Lattice, text: str) -> Grid:
    """Bins at multiples of ``width`` that cover ``[low, high]``.

    Labels on a lattice sit inside their bins (edges half a step lower): bin centres are then unbiased, and no
    label rests on an edge. Wide bins of fractional labels keep round edges instead.
    """
    inside = lattice.whole or width < 10 * lattice.step
    start = lattice.origin - min(lattice.step, width) / 2 if inside else 0.0
    # 1e-9: 0.3 / 0.1 is 2.9999999999999996, and must not open a bin of its own.
    first = math.floor((low - start) / width + 1e-9)
    last = max(math.ceil((high - start) / width - 1e-9), first + 1)
    grid = Grid(first * width + start, width, last - first, text)
    edges = grid.edges()
    before, after = int(edges[0] > low), int(edges[-1] < high)
    return Grid((first - before) * width + start, width, last - first + before + after, text)
