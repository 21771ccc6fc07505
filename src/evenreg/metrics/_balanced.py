"""Metrics that weigh every bin of labels alike, and the bins themselves."""

from typing import NamedTuple, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenreg.errors import InputError
from evenreg.metrics._inputs import bin_index, pair, per_row


@final
class BinErrors(NamedTuple):
    """What `bin_errors` returns, each ``(m,)``; NaN where a bin holds no rows.

    Attributes:
        n: Rows in the bin.
        mae: Mean absolute error of the bin.
        mse: Mean squared error of the bin.
        bias: Mean of prediction minus target: above 0 where the model predicts too much.
    """

    n: NDArray[np.int64]
    mae: NDArray[np.float64]
    mse: NDArray[np.float64]
    bias: NDArray[np.float64]


def bin_errors(
    target: ArrayLike, prediction: ArrayLike, index: ArrayLike, n_bins: int | None = None
) -> BinErrors:
    """Count, mean absolute error, mean squared error and bias of every bin.

    The bias shows what imbalance does: predictions for rare labels are drawn towards the frequent ones, so it
    is positive below them and negative above.

    Args:
        target: Labels ``(n,)`` or ``(n, d)``; dimensions are averaged first.
        prediction: The same shape.
        index: Bin number of each row ``(n,)``, as from ``bins.index(target)``.
        n_bins: Number of bins, so that empty ones at the end are listed too; default largest index plus 1.

    Raises:
        TargetError: NaN, infinite values or text, or no rows.
        ShapeError: Shapes or lengths differ.
        InputError: An index that is no bin number, or is not below ``n_bins``.

    >>> bin_errors([0.1, 0.2, 2.5], [0.3, 0.2, 1.5], [0, 0, 2]).bias.round(2)
    array([ 0.1, nan, -1. ])
    """
    t, p = pair(target, prediction)
    i = bin_index(index, len(t))
    top = int(i.max()) + 1
    if n_bins is not None and n_bins < top:
        raise InputError(f"index: expected bin numbers below n_bins={n_bins}, got {top - 1}.")
    m = top if n_bins is None else n_bins
    count = np.bincount(i, minlength=m)
    filled = count > 0

    def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
        total = np.bincount(i, weights=per_row(values), minlength=m)
        return np.divide(total, count, out=np.full(m, np.nan), where=filled)

    error = p - t
    return BinErrors(count, mean(np.abs(error)), mean(np.square(error)), mean(error))


def bmae(target: ArrayLike, prediction: ArrayLike, index: ArrayLike) -> float:
    """Balanced mean absolute error: the mean over bins of each bin's mean absolute error.

    ``1/|B| Σ_b 1/n_b Σ_{i in b} |prediction_i - target_i|``, B the bins that hold rows of this test set.

    Ren et al. 2022 (Balanced MSE for Imbalanced Visual Regression, section 4.2.2) take averages inside even
    sub-regions of the label space. Their released code takes the unique label values for them, which is the
    same for whole-number labels in bins of width 1.

    Arguments and errors as `bin_errors`.

    >>> bmae([0.0, 0.0, 0.0, 9.0], [1.0, 1.0, 1.0, 4.0], [0, 0, 0, 9])
    3.0
    """
    return float(np.nanmean(bin_errors(target, prediction, index).mae))


def brmse(target: ArrayLike, prediction: ArrayLike, index: ArrayLike) -> float:
    """Balanced root mean squared error: the root of the mean over bins of each bin's mean squared error.

    ``sqrt(1/|B| Σ_b MSE_b)``; bins, arguments and errors as in `bmae`.

    >>> brmse([0.0, 0.0, 0.0, 9.0], [1.0, 1.0, 1.0, 2.0], [0, 0, 0, 9])
    5.0
    """
    return float(np.sqrt(np.nanmean(bin_errors(target, prediction, index).mse)))
