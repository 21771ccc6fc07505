"""Control points of a monotone curve: checked, with a slope each."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenreg import _check
from evenreg.errors import InputError, ShapeError
from evenreg.labels._bin_rule import readable

Floats = NDArray[np.float64]


def control_points(points: ArrayLike) -> Floats:
    """Rows (label, relevance) or (label, relevance, slope) as ``(k, 3)``.

    Slopes that are not given are 0 at the ends, where the curve goes on as a constant, and PCHIP's between.

    Args:
        points: At least two rows, labels ascending.

    Raises:
        ShapeError: Another shape.
        InputError: Labels that do not ascend, relevances outside 0 to 1 or all 0, slopes that lead the curve
            out of the range of its two points.

    Example:
        >>> control_points([[0, 0], [1, 0.5], [2, 1]])[:, 2].tolist()
        [0.0, 0.5, 0.0]

    Fritsch and Carlson 1980 (Monotone Piecewise Cubic Interpolation, SIAM Journal on Numerical Analysis 17(2)):
    a cubic is monotone where both its slopes have the sign of its rise and are at most 3 times as steep.
    """
    array = _check.finite_array(points, "points")
    if array.ndim != 2 or len(array) < 2 or array.shape[1] not in (2, 3):
        raise ShapeError(
            "points: expected two or more rows (label, relevance) or (label, relevance, slope), got shape "
            f"{array.shape}."
        )
    labels, relevance = array[:, 0], array[:, 1]
    gaps = np.diff(labels)
    if not (gaps > 0).all():
        i = int(np.argmin(gaps > 0))
        raise InputError(
            f"points: expected ascending labels, got {readable(float(labels[i]))} before "
            f"{readable(float(labels[i + 1]))}; sort the rows and drop repeats."
        )
    if relevance.min() < 0 or relevance.max() > 1 or not relevance.any():
        raise InputError(
            "points: expected relevances from 0 to 1, not all 0, got "
            f"{relevance.min():g} to {relevance.max():g}; rescale them."
        )
    if array.shape[1] == 2:
        return np.column_stack([array, _slopes(labels, relevance)])
    _check_slopes(labels, np.diff(relevance) / gaps, array[:, 2])
    return array.copy()


def power_of_two(labels: Floats) -> float:
    """A unit near the range of ascending labels: cubes of gaps around 1e-150 would be 0, and no digit changes."""
    return 2.0 ** float(np.floor(np.log2(labels[-1] - labels[0])))


def _slopes(labels: Floats, relevance: Floats) -> Floats:
    from scipy.interpolate import PchipInterpolator

    slopes = np.zeros(len(labels))
    if len(labels) > 2:
        unit = power_of_two(labels)
        slopes[1:-1] = PchipInterpolator(labels / unit, relevance)(labels[1:-1] / unit, 1) / unit
    return slopes


def _check_slopes(labels: Floats, rises: Floats, slopes: Floats) -> None:
    low, high = np.minimum(3 * rises, 0), np.maximum(3 * rises, 0)
    slack = 1e-9 * np.abs(rises).max()  # a slope of exactly 3 times the rise may be rounded up
    for side, shift in ((slopes[:-1], 0), (slopes[1:], 1)):
        bad = np.flatnonzero((side < low - slack) | (side > high + slack))
        if len(bad):
            i = int(bad[0])
            raise InputError(
                f"points: expected a slope from {low[i]:.3g} to {high[i]:.3g} at label "
                f"{readable(float(labels[i + shift]))}, so that the curve stays between its points, got "
                f"{side[i]:g}; leave the slopes out."
            )
