"""Intervals of balanced metrics, whose bins are strata: a mean over bins of each bin's mean."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_PRIOR = 2  # degrees of freedom that what all bins have in common counts for in a bin's own variance


def bin_mean_interval(
    values: Floats, index: NDArray[np.int64], levels: Sequence[float]
) -> dict[float, tuple[float, float]]:
    """Intervals of ``1/|B| Σ_b mean_b``, B the bins that hold rows, taken as given.

    Rows resampled as one heap would lose the bins of a single row, which are the rarest and mostly the worst:
    replicates of b-MAE would then lie below it. With bins as strata its variance is ``1/|B|² Σ_b σ_b² / n_b``
    (Cochran 1977, Sampling Techniques, section 5.4), with Satterthwaite's degrees of freedom for Student's t
    (eq. 5.16).

    One row says nothing of σ_b, two say little: each bin's variance is moderated (Smyth 2004, Statistical
    Applications in Genetics and Molecular Biology 3(1)) by `_PRIOR` degrees of freedom of ``c² mean_b²``,
    c the coefficient of variation of errors inside a bin, pooled over all bins. Where no bin holds rows that
    differ, the variance between bins, which is larger, stands in.

    The interval is symmetric in the cube root (Wilson and Hilferty 1931), where means of errors and of their
    squares are nearly normal; it is never below 0. In simulations of a skewed test set (600 rows in 40 bins,
    half of them with three rows at most) 95 % intervals held the expected value in 95 % of draws for absolute
    errors, be they normal, heavy-tailed (t with 3 degrees of freedom) or log-normal, and in 93 % for squares
    of normal errors. Squares of the others, whose variance is next to infinite, came to 80 and 74 %. Where a
    single row of five times the others' error outweighs 19 bins of 30 rows, it was 89 and 79 %.

    Args:
        values: (n,) absolute or squared errors, at least two.
        index: (n,) bin numbers.
        levels: Coverages, 0 to 1.

    Example:
        >>> bins = np.array([0, 0, 0, 7])
        >>> low, high = bin_mean_interval(np.array([1.0, 1.2, 0.8, 4.0]), bins, [0.8])[0.8]
        >>> round(low, 2), round(high, 2)
        (1.83, 3.31)
    """
    from scipy.special import stdtrit

    _, index, rows = np.unique(index, return_inverse=True, return_counts=True)
    means = np.bincount(index, weights=values) / rows
    centre = float(means.mean())
    if centre == 0:
        return dict.fromkeys(levels, (0.0, 0.0))
    error, freedom = _error(values / centre, index, rows, means / centre)
    found = {}
    for level in levels:
        reach = error / 3 * float(-stdtrit(freedom, (1 - level) / 2))
        found[level] = centre * max(1 - reach, 0.0) ** 3, centre * (1 + reach) ** 3
    return found


def _error(
    values: Floats, index: NDArray[np.int64], rows: NDArray[np.int64], means: Floats
) -> tuple[float, float]:
    """Standard error of the mean of ``means``, and its degrees of freedom."""
    bins = len(rows)
    freedom = rows - 1.0
    squares = np.bincount(index, weights=np.square(values - means[index]))
    if not squares.any():
        return (float(means.std(ddof=1)) / bins**0.5, bins - 1.0) if bins > 1 else (0.0, 1.0)
    # mean² exceeds the square of what it estimates by σ²/n, in expectation.
    unbiased = np.maximum(means**2 - squares / np.maximum(freedom, 1) / rows, 0)
    inverse = float(freedom @ unbiased / squares.sum())  # 1/c²
    prior = means**2 / (inverse + 1 / rows)
    freedom += _PRIOR
    parts = (squares + _PRIOR * prior) / freedom / rows
    total = float(parts.sum())
    return total**0.5 / bins, total**2 / float(np.sum(parts**2 / freedom))
