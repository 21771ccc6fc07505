"""How well groups of labels are told: accuracy, distance, confusion."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenreg import _check
from evenreg.errors import InputError


def group_accuracy(true: ArrayLike, predicted: ArrayLike) -> float:
    """Share of rows whose group was told.

    Frequent groups decide it; `group_distance` weighs all alike and tells near misses from far ones.

    Args:
        true: ``(n,)`` true groups, whole numbers from 0, as from ``LabelGroups.index``.
        predicted: ``(n,)`` predicted groups.

    Raises:
        InputError: What is no row of whole numbers from 0, or no rows.
        ShapeError: Different lengths.

    >>> group_accuracy([0, 0, 1, 2], [0, 1, 1, 0])
    0.5

    Papers: papers/001 Table 5 and Figure 7, there in percent.
    """
    t, p = _pair(true, predicted)
    return float((t == p).mean())


def group_distance(true: ArrayLike, predicted: ArrayLike) -> float:
    """How many groups the predicted one is off: the mean over true groups of each group's mean distance.

    ``1/|G| Σ_{g in G} 1/n_g Σ_{i in g} |predicted_i - g|``, G the groups that hold rows of this test set.

    Arguments and errors as `group_accuracy`.

    >>> group_distance([0, 0, 0, 4], [0, 0, 3, 2])  # 1 in group 0, 2 in group 4
    1.5

    Papers: papers/001 Figures 5 and 12 show the distances themselves.
    """
    t, p = _pair(true, predicted)
    count = np.bincount(t)
    total = np.bincount(t, weights=np.abs(p - t))
    return float((total[count > 0] / count[count > 0]).mean())


def group_confusion(true: ArrayLike, predicted: ArrayLike, n: int) -> NDArray[np.int64]:
    """Rows counted by true and predicted group.

    Args:
        true: ``(n,)`` true groups, whole numbers from 0.
        predicted: ``(n,)`` predicted groups.
        n: Groups in all.

    Returns:
        ``(n, n)`` counts; a row for each true group, a column for each predicted one.

    Raises:
        InputError: As `group_accuracy`; a group not below ``n``; an ``n`` below 1.
        ShapeError: Different lengths.

    >>> group_confusion([0, 0, 2], [0, 1, 2], 3)
    array([[1, 1, 0],
           [0, 0, 0],
           [0, 0, 1]])
    """
    n = _check.integer(n, "n", 1)
    t, p = _pair(true, predicted)
    for name, groups in (("true", t), ("predicted", p)):
        if (top := int(groups.max())) >= n:
            raise InputError(
                f"{name}: expected groups from 0 to {n - 1}, got {top}; give the n they were cut into."
            )
    return np.bincount(t * n + p, minlength=n * n).reshape(n, n)


def _pair(true: ArrayLike, predicted: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Both as group numbers of one length, at least one."""
    t, p = _group_numbers(true, "true"), _group_numbers(predicted, "predicted")
    _check.same_length(true=t, predicted=p)
    return t, p


def _group_numbers(groups: ArrayLike, name: str) -> NDArray[np.int64]:
    array = np.asarray(groups)
    if array.ndim != 1 or not array.size or array.dtype.kind not in "iu" or int(array.min()) < 0:
        raise InputError(
            f"{name}: expected one whole group number of at least 0 per row, got {array.dtype} of shape "
            f"{array.shape}; take it from LabelGroups.index(y)."
        )
    return array.astype(np.int64, copy=False)
