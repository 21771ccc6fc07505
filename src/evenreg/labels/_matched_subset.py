"""Test rows with the label distribution of something else."""

import numpy as np
from numpy.typing import ArrayLike

from evenreg import _check
from evenreg.errors import InputError
from evenreg.labels._bins import Bins
from evenreg.labels._density_subset import density_subset
from evenreg.labels._draws import Rows, Seed, generator
from evenreg.labels._label_space import LabelSpace


def matched_subset(
    y: ArrayLike,
    like: LabelSpace | Bins,
    *,
    size: int | None = None,
    shortfall: float = 0.02,
    random_state: Seed = 0,
) -> Rows:
    """Test rows distributed over the bins as the training labels are, or evenly; as many as there are.

    A balanced test set says how good a model is over the range, one like the training set how good it is on
    what comes in. This draws either, without replacement, from the test rows at hand.

    Args:
        y: ``(n,)`` test labels (``(n, d)`` where the space has a coordinate).
        like: The training labels' space, for their distribution; or bins, for equally many rows a populated
            bin. Rows outside the range of either are left out.
        size: Rows to draw; None for the largest subset.
        shortfall: Largest share of the rows asked for that may be missing for want of labels.
        random_state: Seed or NumPy generator of the draw; None for other rows every time.

    Returns:
        Ascending row numbers, counted from 0.

    Raises:
        InputError: A ``like`` that is neither, a size that cannot be had.
        TargetError: NaN, infinite, text or no labels; test labels that miss the distribution.

    Example:
        >>> train, test = LabelSpace.fit([1, 1, 1, 1, 2, 2]), np.array([1, 1, 2, 2, 2, 3])
        >>> test[matched_subset(test, train)].tolist()
        [1, 1, 2]
        >>> test[matched_subset(test, Bins.fit(test))].tolist()
        [1, 2, 3]

    Papers: papers/000 section E.5, Table 19 (a test set like the training set).
    """
    if not isinstance(like, LabelSpace | Bins):
        raise InputError(
            f"like: expected a LabelSpace of the training labels, or Bins for an even distribution, got "
            f"{type(like).__name__}."
        )
    space = like if isinstance(like, LabelSpace) else LabelSpace(like)
    labels = space.scalars(_check.labels(y))
    index = space.bins.index(labels)
    # Where the space has labels outside its bins they were counted in the edge bins.
    inside = space.bins.contains(labels) | ((labels >= space.low) & (labels <= space.high))
    rows = np.flatnonzero(inside)
    if isinstance(like, LabelSpace):
        space.require_labels()
        density = space.counts.astype(np.float64)
    elif not len(rows):
        raise InputError("like: expected bins that hold some of the labels, got none inside; move the bins.")
    else:
        density = (np.bincount(index[rows], minlength=len(like)) > 0).astype(np.float64)
    return density_subset(
        index,
        rows,
        density,
        name="like",
        size=size,
        shortfall=_check.in_range(shortfall, "shortfall", 0, 0.5),
        rng=generator(random_state),
    )
