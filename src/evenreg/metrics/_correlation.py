"""Correlation of prediction and target."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenreg.metrics._inputs import pair


def _columns(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values[:, None] if values.ndim == 1 else values


def _pearson_columns(t: NDArray[np.float64], p: NDArray[np.float64]) -> float:
    """Mean of the columns' correlations; NaN when a column is constant."""
    spans = np.minimum(np.ptp(t, axis=0), np.ptp(p, axis=0))
    if not (spans > 0).all():
        return float("nan")
    # Centred and scaled to at most 1, so that squares of 1e200 or 1e-200 neither overflow nor vanish.
    t, p = t - t.mean(axis=0), p - p.mean(axis=0)
    t, p = t / np.abs(t).max(axis=0), p / np.abs(p).max(axis=0)
    r = (t * p).sum(axis=0) / np.sqrt(np.square(t).sum(axis=0) * np.square(p).sum(axis=0))
    return float(np.clip(r, -1, 1).mean())


def pearson(target: ArrayLike, prediction: ArrayLike) -> float:
    """Pearson correlation; of several label dimensions the mean of their correlations.

    A region that spans a narrow range of labels has a low correlation even where predictions are good, so
    read it beside an error. Constant input has no correlation: NaN, without a warning.

    Args:
        target: Labels ``(n,)`` or ``(n, d)``.
        prediction: The same shape.

    Raises:
        TargetError: NaN, infinite values or text, or no rows.
        ShapeError: Shapes differ.

    >>> round(pearson([1.0, 2.0, 3.0], [2.0, 4.0, 7.0]), 4)
    0.9934
    >>> pearson([1.0, 1.0], [2.0, 3.0])
    nan
    """
    t, p = pair(target, prediction)
    return _pearson_columns(_columns(t), _columns(p))


def spearman(target: ArrayLike, prediction: ArrayLike) -> float:
    """Spearman correlation: `pearson` of the ranks, ties sharing their average rank.

    >>> spearman([1.0, 2.0, 3.0], [1.0, 10.0, 1000.0])
    1.0
    """
    from scipy.stats import rankdata

    t, p = pair(target, prediction)
    return _pearson_columns(rankdata(_columns(t), axis=0), rankdata(_columns(p), axis=0))
