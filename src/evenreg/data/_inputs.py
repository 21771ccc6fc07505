"""What a table's features become before a model sees them."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray


@final
@dataclass(frozen=True, eq=False)
class TableInputs:
    """Features for a network: no NaN, about unit scale.

    Attributes:
        numeric: (n, p) float32 in [-3, 3]; the model embeds each of them (`evenreg.models.TableMLP`).
        other: (n, q) float32: categories and two-valued columns as 0 and 1, marks of missing values, text
            encodings.
    """

    numeric: NDArray[np.float32]
    other: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.numeric)


@final
@dataclass(frozen=True, eq=False)
class TreeInputs:
    """Features for trees: original units, NaN where a value is missing.

    Attributes:
        features: (n, p) float32; categories as 0 and 1, text encodings.
    """

    features: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.features)
