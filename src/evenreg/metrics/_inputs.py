"""What every metric asks of its arrays."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenreg import _check
from evenreg.errors import InputError

FLOOR = 1e-10
"""Smallest absolute error inside a logarithm: one exact hit would otherwise make a geometric mean 0."""


def pair(target: ArrayLike, prediction: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Both arrays as finite float64 of one shape, ``(n,)`` or ``(n, d)``; nothing is broadcast.

    Raises:
        TargetError: NaN, infinite values or text in either (rows given), or no rows.
        ShapeError: Different lengths or shapes; ``(n,)`` against ``(n, 1)`` is one.
    """
    t, p = _check.labels(target, "target"), _check.labels(prediction, "prediction")
    _check.same_length(target=t, prediction=p)
    _check.same_shape(target=np.asarray(target), prediction=np.asarray(prediction))
    return t, p


def bin_index(index: ArrayLike, n: int) -> NDArray[np.int64]:
    """Bin numbers ``(n,)``, whole and not negative."""
    array = np.asarray(index)
    if array.ndim != 1 or array.dtype.kind not in "iu" or (array.size and int(array.min()) < 0):
        raise InputError(
            f"index: expected one whole bin number of at least 0 per row, got {array.dtype} of shape "
            f"{array.shape}; take it from bins.index(target)."
        )
    _check.same_length(target=range(n), index=array)
    return array.astype(np.int64, copy=False)


def per_row(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over the label dimensions: ``(n,)`` as it is, ``(n, d)`` to ``(n,)``."""
    return values if values.ndim == 1 else values.mean(axis=1)
