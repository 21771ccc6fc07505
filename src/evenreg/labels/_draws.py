"""What folds, splits and subsets share: one label a row, a generator, an order by label, a draw by bin."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenreg import _check
from evenreg.errors import InputError, ShapeError

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Seed = int | np.random.Generator | np.random.RandomState | None


def one_column(y: ArrayLike) -> Floats:
    """Checked labels, one a row, ``(n,)``."""
    labels = _check.labels(y)
    if labels.ndim != 1:
        raise ShapeError(
            f"y: expected one label a row, got shape {labels.shape}; give one column or one coordinate of them."
        )
    return labels


def checked_seed(random_state: Seed) -> Seed:
    """``random_state`` itself, or an `InputError` where no generator can be had from it."""
    if random_state is None or isinstance(random_state, np.random.Generator | np.random.RandomState):
        return random_state
    try:
        return _check.integer(random_state, "random_state", 0)
    except InputError:
        raise InputError(
            f"random_state: expected a whole number of at least 0, a NumPy generator or None, "
            f"got {random_state!r}."
        ) from None


def generator(random_state: Seed) -> np.random.Generator:
    """A generator from a seed, from nothing (other rows every time), or one that goes on where it is."""
    seed = checked_seed(random_state)
    return np.random.default_rng(
        seed.randint(2**31, size=4) if isinstance(seed, np.random.RandomState) else seed
    )


def ordered(labels: Floats, rng: np.random.Generator | None) -> Rows:
    """Row numbers from the lowest label to the highest, ties at random, or by row number without ``rng``."""
    rows = np.arange(len(labels)) if rng is None else rng.permutation(len(labels))
    return rows[np.argsort(labels[rows], kind="stable")]


def drawn(groups: NDArray[np.integer], takes: Rows, rows: Rows, rng: np.random.Generator) -> Rows:
    """``takes[g]`` random ones of ``rows`` from each group ``g``; ``groups`` holds the group of every row.

    Groups in 16 bits or fewer sort in linear time.
    """
    shuffled = rng.permutation(rows)
    of_row = groups[shuffled]
    by_group = np.argsort(of_row, kind="stable")
    sizes = np.bincount(of_row, minlength=len(takes))
    before = (np.cumsum(sizes) - sizes) - (np.cumsum(takes) - takes)
    return shuffled[by_group[np.arange(takes.sum()) + np.repeat(before, takes)]]
