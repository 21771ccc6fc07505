"""Train and test rows with the same label distribution."""

import numpy as np
from numpy.typing import ArrayLike

from evenreg import _check
from evenreg.errors import InputError
from evenreg.labels._draws import Rows, Seed, generator, one_column, ordered


def stratified_split(y: ArrayLike, test_size: float = 0.2, *, random_state: Seed = 0) -> tuple[Rows, Rows]:
    """A random train/test split in which both have the label distribution of the whole, tails included.

    In a plain random split chance decides how much of a thin tail is tested. Here rows are sorted by label,
    and each block of neighbours gives one of them to the test set, each row as likely as any other: of the
    lowest (or highest) k rows a share of ``test_size`` is tested, to within two rows. For a test set that is
    even over the range see `balanced_split`.

    Args:
        y: ``(n,)`` labels.
        test_size: Share of the rows between 0 and 1, rounded to whole rows, or a number of rows.
        random_state: Seed or NumPy generator of the draw; None for other rows every time.

    Returns:
        Ascending row numbers of the train and of the test rows, counted from 0.

    Raises:
        InputError: A size that leaves no test or no train row.
        TargetError: NaN, infinite, text or no labels.
        ShapeError: Several labels a row.

    Example:
        >>> y = [1, 2, 3, 4, 5, 6, 70, 80, 90, 1000]
        >>> train, test = stratified_split(y, 0.2)
        >>> [y[i] for i in test]
        [3, 90]
    """
    labels = one_column(y)
    rng, n = generator(random_state), len(labels)
    test = _rows(test_size, n)
    # The smaller part is picked: of few left out between many picked, chance would have little to choose.
    size = min(test, n - test)
    picked = _spread(ordered(labels, rng), size, rng)
    rest = np.delete(np.arange(n), picked)
    return (rest, picked) if size == test else (picked, rest)


def _rows(test_size: float, n: int) -> int:
    """The number of test rows."""
    wanted = _check.number(test_size, "test_size")
    rows = round(wanted * n) if 0 < wanted < 1 else wanted
    if rows != int(rows) or not 1 <= rows <= n - 1 or (isinstance(test_size, float) and wanted >= 1):
        raise InputError(
            f"test_size: expected a share between 0 and 1 or a whole number of rows that leaves at least one row "
            f"each of {n} to train and test, got {test_size!r}."
        )
    return int(rows)


def _spread(order: Rows, size: int, rng: np.random.Generator) -> Rows:
    """One row from each of ``size`` equal blocks of an order, ascending; every row is as likely as any other."""
    spare = len(order) % size
    if spare:  # what keeps the blocks from being equal is left out in even steps from a random start
        order = np.delete(order, ((rng.random() + np.arange(spare)) * (len(order) / spare)).astype(np.int64))
    blocks = order.reshape(size, -1)
    return np.sort(blocks[np.arange(size), rng.integers(blocks.shape[1], size=size)])
