"""Soft labels: groups as probabilities that fall with the distance."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenreg import _check
from evenreg.errors import InputError


def soft_labels(groups: ArrayLike, n: int, beta: float = 1.0) -> NDArray[np.float64]:
    """Rows of probabilities over the groups that fall by e^-beta with each step away from the true one.

    A one-hot label calls the neighbouring group as wrong as the farthest. Groups follow an order, and
    neighbours look alike; a classifier trained on these rows errs to near groups.

        q_k ∝ exp(-beta |k - g|)

    All rows together, ``Q = soft_labels(range(n), n)``, are a matrix that can be inverted: a classifier that
    has learned E[q] tells the groups' probabilities as ``inv(Q).T @ E[q]``.

    Args:
        groups: ``(k,)`` true groups g, from 0, as from ``LabelGroups.index``.
        n: Groups in all.
        beta: Steepness, above 0; at 1 the true group has .46 away from the ends, at 4 it has .96.

    Returns:
        ``(k, n)``, each row with sum 1.

    Raises:
        InputError: A beta not above 0, groups that are no whole numbers from 0 to n - 1.

    Example:
        >>> soft_labels([0, 1], 3).round(3).tolist()
        [[0.665, 0.245, 0.09], [0.212, 0.576, 0.212]]

    Papers: papers/001, "Symmetric Descending Soft Labeling": the softmax of |G| - beta |k - g|, which is the
    same. The released code's ``step`` widens the first step only.
    """
    n, beta = _check.integer(n, "n", 1), _check.positive(beta, "beta")
    array = np.asarray(groups)
    if array.size == 0:
        return np.empty((0, n))
    if array.ndim != 1 or array.dtype.kind not in "iu" or array.min() < 0 or array.max() >= n:
        got = f"{array.min()} to {array.max()}" if array.dtype.kind in "iu" else f"{array.dtype} numbers"
        raise InputError(
            f"groups: expected whole numbers from 0 to {n - 1} in one dimension, got {got} of shape "
            f"{array.shape}; take them from LabelGroups.index(y)."
        )
    number = np.arange(n)
    rows = np.exp(-beta * np.abs(number - number[:, None]))
    rows /= rows.sum(axis=1, keepdims=True)
    return rows[array]
