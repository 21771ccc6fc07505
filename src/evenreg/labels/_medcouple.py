"""The medcouple: skewness from the middle of the labels, deaf to outliers."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_DECIMALS = 12


def medcouple(y: Floats) -> float:
    """Median over pairs on both sides of the median m of ``h = ((y_i - m) - (m - y_j)) / (y_i - y_j)``.

    From -1 (all skewed to low labels) over 0 (symmetric) to 1. With a = y_i - m >= 0 and b = m - y_j >= 0, h
    is (a - b) / (a + b), so that ``h >= t`` where ``b <= a (1 - t) / (1 + t)``: the pairs above any t are
    counted by one sorted search, and the t that has half of the n²/4 pairs above it is bracketed to 12
    decimals, in time of order n log n. Among the p labels equal to m, p (p - 1) / 2 pairs count as 1, as many
    as -1, p as 0. Of an even number of pairs it is the mean of the middle two.

    Args:
        y: ``(n,)`` finite labels, at least one.

    Example:
        >>> medcouple(np.array([1.0, 2.0, 3.0, 4.0, 5.0])), medcouple(np.array([1.0, 2.0, 3.0, 6.0, 9.0]))
        (0.0, 0.5)

    Brys, Hubert and Struyf 2004 (A Robust Measure of Skewness, Journal of Computational and Graphical
    Statistics 13(4)); they search the implicit matrix of all h instead.
    """
    from scipy.optimize import brentq

    values, weight = np.unique(y, return_counts=True)
    middle = float(np.median(y))
    above, below = values > middle, values < middle
    # Halves, so that labels near the ends of float64 do not overflow.
    a, b = values[above] / 2 - middle / 2, (middle / 2 - values[below] / 2)[::-1]
    up_to = np.concatenate([[0], np.cumsum(weight[below][::-1])])
    more, less = int(weight[above].sum()), int(up_to[-1])
    tied = len(y) - more - less
    pairs, highest = (more + tied) * (less + tied), more * tied + tied * (tied - 1) // 2
    least = 10.0**-_DECIMALS

    def at_least(t: float) -> int:
        """Pairs with ``h >= t``, for t in (-1, 1)."""
        with np.errstate(over="ignore"):  # beyond every b is beyond every b
            reach = a * ((1 - t) / (1 + t))
        found = weight[above] @ up_to[np.searchsorted(b, reach, side="right")]
        return int(found) + highest + (tied if t <= 0 else 0)

    def ranked(k: int) -> float:
        """The k-th largest h, from 0."""
        if highest > k:
            return 1.0
        if at_least(least - 1) <= k:
            return -1.0
        if at_least(1 - least) > k:
            return 1.0
        root = brentq(lambda t: at_least(t) - k - 0.5, least - 1, 1 - least, xtol=least / 10)
        return float(root)  # pyright: ignore[reportArgumentType]

    upper = ranked((pairs - 1) // 2)
    # Nearly always the two in the middle are one number, and this shows it.
    if upper == -1 or at_least(max(upper, 2 * least - 1) - least) > pairs // 2:
        return round(upper, _DECIMALS)
    return round((upper + ranked(pairs // 2)) / 2, _DECIMALS)
