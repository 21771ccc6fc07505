"""Whether labels lie on a grid (ages, half stars, tenths, thirds), and on which: pure functions."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_SAMPLE = 100_000
# Decimal places are looked for up to this many steps: beyond, float32 rounding (6e-8) looks like a step.
_STEPS = 100_000
# How far, in steps, a label may be off its place: 1.33 and 1.67 count as thirds; fewer than five labels could
# be as near by chance.
_OFF, _OFF_OF_FEW = 0.03, 1e-3


class Lattice(NamedTuple):
    """Labels lie at ``origin + k * step``, k a whole number; step 0 where they lie on no grid.

    ``whole`` says that all of them are whole numbers, and so are origin and step.
    """

    origin: float
    step: float
    whole: bool


def find_lattice(y: Floats) -> Lattice:
    """The coarsest grid that the labels fill, else the one of their decimal places.

    A grid is filled when at least five labels differ and half of its places between the lowest and the
    highest occur, or when three or more differ and all occur: labels 0 and 50 have a gap between them, no
    step of 50. Failing that the step is 1 for whole numbers, 0.01 for labels of two decimals, 0 for labels of
    more decimals than float32 can hold. At most 100,000 labels, drawn with a fixed seed, are looked at.

    Args:
        y: ``(n,)`` finite labels.

    Example:
        >>> find_lattice(np.array([1.0, 1.5, 2.0, 3.5, 4.0]))
        Lattice(origin=0.0, step=0.5, whole=False)
        >>> find_lattice(np.array([1.0, 3.0, 5.0, 9.0, 11.0])).origin
        1.0
    """
    values = np.unique(sample(y))
    if float(np.abs(y).max()) < 2**53 and all(_is_whole(b) for b in np.array_split(y, len(y) // 65536 + 1)):
        return _whole_lattice(y, values)
    return _filled_lattice(values) or Lattice(0.0, _decimal_step(values), whole=False)


def sample(y: Floats) -> Floats:
    """At most 100,000 of the labels, drawn with a fixed seed."""
    return y if len(y) <= _SAMPLE else y[np.random.default_rng(0).integers(len(y), size=_SAMPLE)]


def _is_whole(block: Floats) -> bool:
    return bool((block == np.rint(block)).all())


def _is_filled(places: int, distinct: int) -> bool:
    return (distinct >= 5 and places <= 2 * distinct) or (distinct >= 3 and places == distinct)


def _whole_lattice(y: Floats, values: Floats) -> Lattice:
    step = float(np.gcd.reduce(np.diff(values).astype(np.int64))) if len(values) > 1 else 1.0
    if _is_filled(round((values[-1] - values[0]) / step) + 1, len(values)):
        origin = float(values[0] % step)
        if step == 1 or not np.fmod(y - origin, step).any():
            return Lattice(origin, step, whole=True)
    return Lattice(0.0, 1.0, whole=True)


def _filled_lattice(values: Floats) -> Lattice | None:
    """The grid whose step is the smallest distance between labels, if all distances are multiples of it."""
    span = float(values[-1] - values[0])
    # 0.1 + 0.2 and 0.3 are one label.
    values = values[np.append(True, np.diff(values) > 1e-6 * span)]
    if len(values) < 3:
        return None
    distances = np.diff(values)
    steps = int(np.rint(distances / distances.min()).sum())
    largest = float(np.abs(values).max())
    # What float32 may have done to the ends, shared by all steps; on no account a step in all.
    error = min(2.4e-7 * largest, 0.01 * span / steps) / steps
    step = _tidy(span / steps, error)
    off = (values - values[0]) / step
    near = np.abs(off - np.rint(off)).max() <= (_OFF if len(values) >= 5 else _OFF_OF_FEW)
    if not near or not _is_filled(steps + 1, len(values)):
        return None
    origin = float(values[0] - step * np.rint(values[0] / step))
    origin = 0.0 if abs(origin) <= _OFF * step else _tidy(origin, min(2.4e-7 * largest, 0.01 * step))
    return Lattice(origin, step, whole=False)


def _tidy(value: float, error: float) -> float:
    """The shortest decimal number within ``error`` of the value; the value itself where it has many."""
    shorter = (float(f"{value:.{digits}g}") for digits in range(1, 7))
    return next((number for number in shorter if abs(number - value) <= error), value)


def _decimal_step(values: Floats) -> float:
    """0.1 for labels of one decimal, and so on to six; told apart from float32 rounding; 0 for others."""
    largest = float(np.abs(values).max())
    for decimals in range(1, 7):
        scaled = values * 10.0**decimals
        if largest * 10.0**decimals > _STEPS:
            return 0.0
        whole = np.rint(scaled)
        near = bool((np.abs(scaled - whole) <= 1.2e-7 * np.abs(whole) + 1e-12).all())
        if near and whole[-1] > whole[0]:  # else all of them are next to nothing
            return float(f"1e-{decimals}")
    return 0.0
