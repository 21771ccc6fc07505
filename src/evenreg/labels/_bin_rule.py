"""How wide a bin should be when nobody says: pure functions from labels to equal-width edges."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evenreg.errors import InputError, TargetError

Floats = NDArray[np.float64]

_MOST_BINS = 200
_FEWEST_BINS = 20
_ROWS = 10  # a row-poor table gets whole-number bins of at least this many rows on average
LIMIT = 10_000_000
_SAMPLE = 100_000
# A lattice is looked for among labels of at most this many steps: beyond, float32 rounding looks like a step.
_LATTICE_STEPS = 100_000


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
    """Bins of a chosen width over the range of ``y``, whole-number labels in the middle of theirs."""
    step, low, high = lattice_step(y), float(y.min()), float(y.max())
    if (high - low) / width > LIMIT:
        raise InputError(
            f"width: expected at most {LIMIT:,} bins, got {width!r} on labels from {low:g} to {high:g}."
        )
    if step.is_integer():  # a person's own width of 2 pairs whole numbers, whatever the labels have in common
        step = min(step, 1.0)
    return _aligned(low, high, width, step, f"width {width:g}: given")


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
        return Grid(low - width / 2, width, 1, f"width {width:g}: all labels are {low:g}")
    finest = 8 * float(np.spacing(max(abs(low), abs(high))))  # narrower bins have edges that coincide
    if high - low < _FEWEST_BINS * finest:
        return Grid(low, high - low, 1, f"width {high - low:g}: labels differ by rounding only")
    step = lattice_step(y)
    if step >= 1 and step.is_integer():
        most = min(_MOST_BINS, max(_FEWEST_BINS, len(y) // _ROWS))
        for width in nice_widths(max(step, (high - low) / _MOST_BINS), high - low, unit=step):
            grid = _aligned(low, high, width, step, f"width {width:g}: whole-number labels")
            if grid.bins <= most:
                return grid
    wanted = max(freedman_diaconis(y), step, (high - low) / _MOST_BINS)
    text = "width {:g}: Freedman-Diaconis, rounded"
    candidates = [
        _aligned(low, high, width, step, text.format(width))
        for width in nice_widths((high - low) / (2 * _MOST_BINS), high - low, unit=step or 1.0)
        if width >= finest
    ]
    allowed = [g for g in candidates if _FEWEST_BINS <= g.bins <= _MOST_BINS] or candidates[:1]
    return min(allowed, key=lambda g: abs(math.log(g.width / wanted)))


def freedman_diaconis(y: Floats) -> float:
    """Width 2 · IQR · n^(-1/3), the commonest label counted once, so that a spike at zero hides nothing.

    Freedman and Diaconis (1981). Quartiles come from at most 100,000 labels drawn with a fixed seed. It is 0
    where these are all alike.
    """
    values, counts = np.unique(_sample(y), return_counts=True)
    counts[counts.argmax()] = 1
    iqr = np.subtract(*np.quantile(np.repeat(values, counts), [0.75, 0.25]))
    if iqr <= 0:  # several spikes: every value once
        iqr = np.subtract(*np.quantile(values, [0.75, 0.25]))
    return float(2 * iqr / len(y) ** (1 / 3))


def lattice_step(y: Floats) -> float:
    """The step of labels that are whole multiples of one: 1 for ages, 0.5 for half stars, 10 for tens.

    It counts only where at least five labels differ and half of the multiples in their range occur: labels 0
    and 50 have a gap between them, no step of 50. Failing that it is 1 for whole numbers and 0 for others.
    Decimal steps, told apart from float32 rounding, are looked for in at most 100,000 labels.
    """
    values = np.unique(_sample(y))
    largest = float(np.abs(y).max())
    if largest < 2**53 and all(bool((b == np.rint(b)).all()) for b in np.array_split(y, len(y) // 65536 + 1)):
        step = float(np.gcd.reduce(values.astype(np.int64)))
        return step if _dense(values, step) and not np.fmod(y, step).any() else 1.0
    for decimals in range(1, 7):
        scaled = values * 10.0**decimals
        if largest * 10.0**decimals > _LATTICE_STEPS:
            break
        whole = np.rint(scaled)
        if bool((np.abs(scaled - whole) <= 1.2e-7 * np.abs(whole) + 1e-12).all()):
            step = float(np.gcd.reduce(whole.astype(np.int64))) / 10.0**decimals
            return step if _dense(values, step) else 0.0
    return 0.0


def _dense(values: Floats, step: float) -> bool:
    """Whether these distinct values fill at least half of the multiples of ``step`` in their range."""
    return len(values) >= 5 and float(values[-1] - values[0]) / step < 2 * len(values)


def _sample(y: Floats) -> Floats:
    """At most 100,000 of the labels, drawn with a fixed seed."""
    return y if len(y) <= _SAMPLE else y[np.random.default_rng(0).integers(len(y), size=_SAMPLE)]


def nice_widths(least: float, most: float, *, unit: float) -> list[float]:
    """1, 2 and 5 times powers of ten times ``unit``, ascending, from ``least`` to beyond ``most``."""
    first = math.floor(math.log10(least / unit) + 1e-9)
    last = math.ceil(math.log10(most / unit)) + 1
    widths = [float(f"{m}e{k}") * unit for k in range(first, last + 1) for m in (1, 2, 5)]
    return [w for w in widths if w >= least * (1 - 1e-9)]


def _aligned(low: float, high: float, width: float, step: float, text: str) -> Grid:
    """Bins at multiples of ``width`` that cover ``[low, high]``.

    Labels on a lattice sit inside their bins (edges half a step lower): bin centres are then unbiased, and no
    label rests on an edge. Wide bins of fractional labels keep round edges instead.
    """
    whole = step >= 1 and step.is_integer()
    shift = min(step, width) / 2 if whole or width < 10 * step else 0.0
    # 1e-9: 0.3 / 0.1 is 2.9999999999999996, and must not open a bin of its own.
    first = math.floor((low + shift) / width + 1e-9)
    last = max(math.ceil((high + shift) / width - 1e-9), first + 1)
    grid = Grid(first * width - shift, width, last - first, text)
    edges = grid.edges()
    before, after = int(edges[0] > low), int(edges[-1] < high)
    return Grid((first - before) * width - shift, width, last - first + before + after, text)
