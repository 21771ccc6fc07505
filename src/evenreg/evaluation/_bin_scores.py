"""The errors of every bin."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, final

import numpy as np
from numpy.typing import NDArray


@final
@dataclass(frozen=True, eq=False)
class BinScores:
    """Error per bin, each attribute an array ``(m,)``; NaN where a bin holds no test rows.

    Attributes:
        low: Left edge, label units.
        high: Right edge.
        center: Middle.
        training: Training rows in the bin.
        n: Test rows in the bin; those beyond the outer edges are in none.
        mae: Mean absolute error.
        bias: Mean of prediction minus target.
    """

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    center: NDArray[np.float64]
    training: NDArray[np.int64]
    n: NDArray[np.int64]
    mae: NDArray[np.float64]
    bias: NDArray[np.float64]

    def __post_init__(self) -> None:
        for field in fields(self):
            array = getattr(self, field.name).view()
            array.flags.writeable = False
            object.__setattr__(self, field.name, array)

    def __len__(self) -> int:
        return len(self.low)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BinScores) and all(
            np.array_equal(getattr(self, f.name), getattr(other, f.name), equal_nan=True)
            for f in fields(self)
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain lists for JSON; NaN becomes null."""
        lists = {f.name: getattr(self, f.name).tolist() for f in fields(self)}
        return {name: [None if v != v else v for v in values] for name, values in lists.items()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "BinScores":
        """What `to_dict` wrote."""
        whole = ("training", "n")
        return cls(
            **{f.name: np.array(data[f.name], dtype=int if f.name in whole else float) for f in fields(cls)}
        )
