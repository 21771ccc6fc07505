"""Test rows weighted to the distribution of the training rows."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenreg import _check

if TYPE_CHECKING:
    from evenreg.labels import LabelSpace


def own_weight(target: ArrayLike, space: "LabelSpace") -> NDArray[np.float64]:
    """Weights of test rows under which the bins weigh as in training: the person's own distribution.

    A balanced test set answers "how good on rare labels?", not "how good on my data?". A mean under these
    weights answers the second from the same predictions.

    ``w_i = C_b(i) / n_b(i)``, scaled to mean 1; ``C_b`` is the training count of bin b plus those of the
    bins without test rows that lie nearest to b (of two equally near the lower), ``n_b`` its test rows. Rows
    outside the bins have weight 0: training saw no such label.

    Args:
        target: Test labels ``(n,)``, or ``(n, d)`` for a space with a coordinate.
        space: The training labels.

    Returns:
        ``(n,)``, mean 1; all 0 when no test row lies in the bins.

    Raises:
        TargetError: NaN, infinite values or text.

    >>> from evenreg.labels import Bins, LabelSpace
    >>> space = LabelSpace.fit([0, 0, 0, 1, 2], Bins.uniform(-0.5, 2.5, 1))
    >>> own_weight([0, 2, 2], space)
    array([2.4, 0.3, 0.3])
    """
    scalar = space.scalars(_check.labels(target, "target"))
    index, inside = space.bins.index(scalar), space.bins.contains(scalar)
    weight = np.zeros(len(scalar))
    if not inside.any():
        return weight
    n = np.bincount(index[inside], minlength=len(space.bins))
    held, trained = np.flatnonzero(n), np.flatnonzero(space.counts)
    centers = space.bins.centers
    right = np.clip(np.searchsorted(centers[held], centers[trained]), 1, max(1, len(held) - 1))
    right = np.minimum(right, len(held) - 1)
    left = np.maximum(right - 1, 0)
    nearer_right = centers[held[right]] - centers[trained] < centers[trained] - centers[held[left]]
    mass = np.bincount(held[np.where(nearer_right, right, left)], space.counts[trained], minlength=len(n))
    weight[inside] = mass[index[inside]] / n[index[inside]]
    return weight * (len(weight) / weight.sum())
