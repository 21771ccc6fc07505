"""What a person's own labelled rows say for themselves."""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from evenreg.data._parts import PARTS
from evenreg.data._split_facts import doubles_of


@final
@dataclass(frozen=True)
class ListFacts:
    """Numbers of a list that no paper says anything about.

    Attributes:
        rows: All rows.
        parts: Training, validation and test rows; None without a split.
        low: Smallest label.
        high: Largest one.
        doubles: Per pair of parts, rows of the second that lie in the first, too; empty without a split.
        repeated: Rows that are an earlier row again.
    """

    rows: int
    parts: tuple[int, int, int] | None
    low: float
    high: float
    doubles: dict[tuple[str, str], int]
    repeated: int

    @classmethod
    def of(cls, y: NDArray[np.float64], split: NDArray[Any] | None, keys: Sequence[Hashable]) -> "ListFacts":
        """The facts of labels and parts; rows with equal keys are doubles.

        Args:
            y: (n,) labels.
            split: (n,) "train", "val" or "test", or None.
            keys: What makes two rows the same, n of them.

        >>> facts = ListFacts.of(np.array([1.5, -2.0, 3.0]), np.array(["train", "test", "test"]), ["a", "b", "a"])
        >>> facts.parts, facts.repeated, facts.doubles["train", "test"]
        ((1, 0, 2), 1, 1)
        """
        parts = None
        if split is not None:
            train, val, test = (int((split == part).sum()) for part in PARTS)
            parts = (train, val, test)
        return cls(
            rows=len(y),
            parts=parts,
            low=float(y.min()),
            high=float(y.max()),
            doubles={} if split is None else doubles_of(keys, split),
            repeated=sum(n - 1 for n in Counter(keys).values()),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for the manifest."""
        parts = {} if self.parts is None else dict(zip(PARTS, self.parts, strict=True))
        return {
            "rows": {"all": self.rows, **parts},
            "labels": {"low": self.low, "high": self.high},
            "doubles": {f"{a} and {b}": n for (a, b), n in self.doubles.items()},
            "repeated": self.repeated,
        }
