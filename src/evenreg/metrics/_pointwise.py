"""Metrics that are one mean over all errors."""

import numpy as np
from numpy.typing import ArrayLike

from evenreg.metrics._inputs import FLOOR, pair


def mae(target: ArrayLike, prediction: ArrayLike) -> float:
    """Mean absolute error, in label units.

    ``mean |prediction - target|``

    Args:
        target: Labels ``(n,)`` or ``(n, d)``.
        prediction: The same shape; several dimensions weigh alike.

    Raises:
        TargetError: NaN, infinite values or text, or no rows.
        ShapeError: Shapes differ.

    >>> mae([1.0, 2.0, 3.0], [1.0, 2.0, 6.0])
    1.0
    """
    t, p = pair(target, prediction)
    return float(np.abs(p - t).mean())


def mse(target: ArrayLike, prediction: ArrayLike) -> float:
    """Mean squared error, in squared label units; arguments and errors as `mae`.

    ``mean (prediction - target)²``

    >>> mse([1.0, 2.0, 3.0], [1.0, 2.0, 6.0])
    3.0
    """
    t, p = pair(target, prediction)
    return float(np.square(p - t).mean())


def rmse(target: ArrayLike, prediction: ArrayLike) -> float:
    """Root of the mean squared error, in label units; arguments and errors as `mae`.

    >>> rmse([0.0, 0.0], [3.0, 3.0])
    3.0
    """
    return float(np.sqrt(mse(target, prediction)))


def gm(target: ArrayLike, prediction: ArrayLike) -> float:
    """Geometric mean of the absolute errors (error GM): low where errors are low evenly.

    ``exp(mean log max(|prediction - target|, 1e-10))``

    Yang et al. 2021 (Delving into Deep Imbalanced Regression, appendix C.2) use the plain geometric mean,
    which one exact hit turns into 0; the floor counts that hit as 1e-10. Arguments and errors as `mae`.

    >>> round(gm([0.0, 0.0], [1.0, 4.0]), 6)
    2.0
    >>> f"{gm([1.0, 2.0], [1.0, 2.0]):.0e}"
    '1e-10'
    """
    t, p = pair(target, prediction)
    return float(np.exp(np.log(np.maximum(np.abs(p - t), FLOOR)).mean()))
