"""Training rows with nothing in given parts of the label range."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from evenreg import _check
from evenreg.errors import InputError, TargetError
from evenreg.labels._draws import Rows, one_column


def zero_shot_subset(y: ArrayLike, holes: Sequence[Sequence[float]]) -> Rows:
    """The rows whose labels lie outside all ``holes``: training data for targets that are never seen.

    Train on these rows and test on the whole range. `ShotRegions` of the subset's own label space then tells
    interpolation (a hole between labels that are left, wider than its ``gap``) from extrapolation (a hole at
    an end).

    Args:
        y: ``(n,)`` training labels.
        holes: Closed intervals ``(low, high)`` in label units, to be left without data; an end may be infinite.

    Returns:
        Ascending row numbers, counted from 0.

    Raises:
        InputError: Holes that are not pairs of ascending numbers.
        TargetError: NaN, infinite, text or no labels; no row left.
        ShapeError: Several labels a row.

    Example:
        >>> ages = np.array([3, 18, 40, 41, 45, 70])
        >>> ages[zero_shot_subset(ages, [(40, 44), (60, np.inf)])].tolist()
        [3, 18, 45]

    Papers: papers/000 section 4.2 (interpolation and extrapolation).
    """
    labels = one_column(y)
    kept = np.ones(len(labels), dtype=bool)
    if not isinstance(holes, Sequence | np.ndarray) or isinstance(holes, str):
        raise InputError(
            f"holes: expected a list of intervals (low, high), got {holes!r}; give for instance [(40, 50)]."
        )
    for low, high in map(_ends, holes):
        kept &= (labels < low) | (labels > high)
    if not kept.any():
        raise TargetError(
            "holes: expected some labels outside all of them, got none; leave more of the range."
        )
    return np.flatnonzero(kept)


def _ends(hole: Sequence[float]) -> tuple[float, float]:
    try:
        low, high = (end if end in (-np.inf, np.inf) else _check.number(end, "holes") for end in hole)
    except (TypeError, ValueError):
        low, high = np.inf, -np.inf
    if low > high:
        raise InputError(f"holes: expected intervals (low, high) in label units, low first, got {hole!r}.")
    return low, high
