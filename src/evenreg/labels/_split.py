"""Balanced splits: test and validation sets that hold every part of the label range."""

from typing import NamedTuple, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenreg import _check
from evenreg.errors import InputError, TargetError
from evenreg.labels._bins import Bins
from evenreg.labels._draws import Rows, drawn

Narrow = NDArray[np.integer]

_SHARE = 0.15


@final
class Split(NamedTuple):
    """Row numbers of the three parts, each ascending; together every row once."""

    train: Rows
    val: Rows
    test: Rows


def balanced_holdout(
    y: ArrayLike, bins: Bins, *, cap: int | None = None, pool_rows: int = 3, random_state: int = 0
) -> Rows:
    """Rows to hold out so that every part of the label range has some: min(n // 3, cap) of each pool of bins.

    A random test set repeats the imbalance and hardly tests the tails. Neighbouring bins are pooled, from the
    lowest label up, until they hold ``pool_rows`` rows (what is left over at the top joins the last pool);
    each pool gives the same number up to a third of its rows.

    Args:
        y: ``(n,)`` labels.
        bins: Where labels are counted.
        cap: Most rows a pool gives; None for the largest cap that takes at most 15 % of all rows (but at
            least 1, which can be more than 15 % of a very small table).
        pool_rows: Rows a pool holds at least; 1 for no pooling.
        random_state: Seed of the draw.

    Returns:
        Ascending row numbers, counted from 0.

    Raises:
        TargetError: NaN, infinite or text labels; or no pool of three rows.

    Example:
        >>> y = [1, 1, 1, 1, 1, 1, 2, 2, 9]
        >>> held = balanced_holdout(y, Bins.fit(y))
        >>> len(held), sorted(y[i] for i in held)
        (2, [1, 2])

    Papers: papers/000 section 4 (balanced test sets); AgeDB-DIR is cap 30 without pooling.
    """
    pools, takes = _plan(y, bins, cap, pool_rows)
    return np.sort(_draw(pools, takes, np.arange(len(pools)), random_state, "random_state"))


def balanced_split(
    y: ArrayLike,
    bins: Bins,
    *,
    cap: int | None = None,
    pool_rows: int = 3,
    test_state: int = 0,
    random_state: int = 0,
) -> Split:
    """Train, validation and test rows; validation and test take the same number from every pool of bins.

    The test set hangs on ``test_state`` alone, so that seeds are compared on the same rows; ``random_state``
    redraws training and validation.

    Args:
        y: ``(n,)`` labels.
        bins: Where labels are counted.
        cap: Most rows a pool gives to each of the two; None for at most 15 % of all rows each (see
            `balanced_holdout`).
        pool_rows: Rows a pool holds at least; a pool of three or more gives one to each part.
        test_state: Seed of the test set.
        random_state: Seed of the validation set.

    Raises:
        TargetError: NaN, infinite or text labels; or no pool of three rows.

    Example:
        >>> split = balanced_split([1, 1, 1, 5, 5, 5], Bins.fit([1, 5]))
        >>> len(split.train), len(split.val), len(split.test)
        (2, 2, 2)
    """
    pools, takes = _plan(y, bins, cap, pool_rows)
    rows = np.arange(len(pools))
    test = _draw(pools, takes, rows, test_state, "test_state")
    rest = np.delete(rows, test)
    val = _draw(pools, takes, rest, random_state, "random_state")
    return Split(np.delete(rows, np.concatenate([test, val])), np.sort(val), np.sort(test))


def _plan(y: ArrayLike, bins: Bins, cap: int | None, pool_rows: int) -> tuple[Narrow, Rows]:
    """The pool of each row, and how many rows each pool gives."""
    if not isinstance(bins, Bins):
        raise InputError(
            f"bins: expected Bins, got {type(bins).__name__}; give Bins.fit(y), or space.bins of a LabelSpace."
        )
    index = bins.index(_check.labels(y))
    counts = np.bincount(index, minlength=len(bins))
    pool_of_bin = _pool(counts, _check.integer(pool_rows, "pool_rows", 1))
    sizes = np.bincount(pool_of_bin, counts).astype(np.int64)
    thirds = sizes // 3
    if not thirds.any():
        raise TargetError(
            f"y: expected at least 3 rows near one label to give training, validation and test one each, "
            f"got {len(index)} rows in all and at most {sizes.max()} together; "
            "bring more rows, wider bins or pool_rows=3."
        )
    most = _largest_cap(thirds, len(index)) if cap is None else _check.integer(cap, "cap", 1)
    narrow = pool_of_bin.astype(np.min_scalar_type(len(thirds)))
    return narrow[index], np.minimum(thirds, most)


def _pool(counts: Rows, pool_rows: int) -> Rows:
    """The pool of each bin: neighbours join from the lowest label up until they hold ``pool_rows`` rows."""
    pool_of_bin = np.zeros(len(counts), dtype=np.int64)
    pool = held = 0
    for b in np.flatnonzero(counts):
        pool_of_bin[b] = pool
        held += counts[b]
        if held >= pool_rows:
            pool, held = pool + 1, 0
    if held and pool:  # what is left at the top is too small for a pool of its own
        pool_of_bin[pool_of_bin == pool] = pool - 1
    return pool_of_bin


def _largest_cap(thirds: Rows, rows: int) -> int:
    """The largest cap at which the pools give at most 15 % of all rows, at least 1."""
    low, high = 1, max(1, int(thirds.max()))
    while low < high:
        middle = (low + high + 1) // 2
        if np.minimum(thirds, middle).sum() <= _SHARE * rows:
            low = middle
        else:
            high = middle - 1
    return low


def _draw(pools: Narrow, takes: Rows, rows: Rows, seed: int, name: str) -> Rows:
    """``takes[p]`` random ones of ``rows`` from each pool ``p``."""
    return drawn(pools, takes, rows, np.random.default_rng(_check.integer(seed, name, 0)))
