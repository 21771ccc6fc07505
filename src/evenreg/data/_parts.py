"""The parts of a split, and the rows of each."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenreg import _check
from evenreg.errors import InputError

PARTS = ("train", "val", "test")


def part_rows(split: NDArray[Any] | None, part: str) -> NDArray[np.int64]:
    """Row numbers of one part, "train", "val" or "test".

    Raises:
        UnknownNameError: Another word.
        InputError: No split.

    >>> part_rows(np.array(["test", "", "train", "test"]), "test").tolist()
    [0, 3]
    """
    part = _check.known(part, PARTS, "part")
    if split is None:
        raise InputError(
            f"split: expected a part for every row to find {part} rows, got no split; name the column that says it, or "
            "draw one with evenreg.labels.balanced_split."
        )
    return np.flatnonzero(split == part)
