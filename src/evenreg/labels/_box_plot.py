"""The adjusted box plot: which labels are extreme, where their distribution is skewed."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evenreg.labels._medcouple import medcouple


class BoxPlot(NamedTuple):
    """What the box plot of some labels is drawn from, all but the medcouple in label units."""

    lower: float
    median: float
    upper: float
    medcouple: float
    low_fence: float
    high_fence: float


def box_plot(y: NDArray[np.float64], coef: float, *, adjusted: bool = True) -> BoxPlot:
    """Quartiles and fences; beyond the fences labels are extreme.

        Q1 - coef e^(-4 MC) IQR  and  Q3 + coef e^(3 MC) IQR     where MC >= 0
        Q1 - coef e^(-3 MC) IQR  and  Q3 + coef e^(4 MC) IQR     where MC < 0

    The exponents keep about as many labels outside where distributions are skewed (|MC| up to 0.6) as where
    they are normal: of log-normal labels 1.7 %, by the plain box plot 7.8 %.

    Args:
        y: ``(n,)`` finite labels, at least one.
        coef: Length of the whiskers of symmetric labels, in interquartile ranges.
        adjusted: Whether the medcouple MC of the labels is used; False is the plain box plot, MC = 0.

    Example:
        >>> box = box_plot(np.arange(9.0), 1.5)
        >>> box.low_fence, box.lower, box.median, box.upper, box.high_fence
        (-4.0, 2.0, 4.0, 6.0, 12.0)

    Hubert and Vandervieren 2008 (An adjusted boxplot for skewed distributions, Computational Statistics and
    Data Analysis 52(12)).
    """
    lower, median, upper = np.quantile(y, [0.25, 0.5, 0.75]).tolist()
    mc = medcouple(y) if adjusted else 0.0
    down, up = (-4, 3) if mc >= 0 else (-3, 4)
    with np.errstate(over="ignore"):  # an infinite fence has no label beyond it
        reach = np.multiply(coef, upper - lower)
        low, high = lower - reach * np.exp(down * mc), upper + reach * np.exp(up * mc)
    return BoxPlot(lower, median, upper, mc, float(low), float(high))
