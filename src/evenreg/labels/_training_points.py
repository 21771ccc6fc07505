"""The training labels as weighted points: a space's sample, brought back to the space's exact counts."""

import numpy as np
from numpy.typing import NDArray

from evenreg.labels._label_space import LabelSpace
from evenreg.labels._uniform_grid import UniformGrid

Floats = NDArray[np.float64]


def training_points(space: LabelSpace, grid: UniformGrid) -> tuple[Floats, Floats]:
    """Scalar labels ``(k,)`` and how many training labels each stands for, ``(k,)``, sum n.

    While the sample holds every label that is the labels, one each. Beyond, the sample is post-stratified by
    bins, so that the mass of every bin is exact: a sampled label stands for its bin's count over its bin's
    sampled labels, and a bin with labels but none in the sample spreads its count evenly over its nodes of
    the grid, as far as there are labels.

    Args:
        space: The training labels.
        grid: Covers all of them.
    """
    values = space.scalars(space.sample)
    index = space.bins.index(values)
    drawn = np.bincount(index, minlength=len(space.bins))
    weights = (space.counts / np.maximum(drawn, 1))[index]
    unseen = np.where(drawn == 0, space.counts, 0)
    if not unseen.any():
        return values, weights
    edges = np.clip(space.bins.edges, space.low, space.high)
    edges[0], edges[-1] = space.low, space.high  # edge bins also count the labels beyond them
    nodes = grid.nodes()
    # A node stands for what lies half a step to either side of it, the end nodes for all beyond.
    between = np.concatenate([[-np.inf], nodes[:-1] + grid.step / 2, [np.inf]])
    share = np.diff(np.interp(between, edges, np.append(0.0, np.cumsum(unseen))))
    held = share > 0
    return np.concatenate([values, nodes[held]]), np.concatenate([weights, share[held]])
