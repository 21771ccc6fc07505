"""The columns of a person's table that a sampler takes, and the table with what it made of them."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Rows = NDArray[np.int64]


def blendable(frame: "pd.DataFrame") -> list[int]:
    """Places of the columns between whose values something can be made: all but dates and durations."""
    return [i for i, dtype in enumerate(frame.dtypes) if getattr(dtype, "kind", "O") not in "mM"]


def dense(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Without sparse columns, which samplers cannot write to; `joined` makes them sparse again."""
    import pandas as pd

    sparse: dict[Any, Any] = {c: d.subtype for c, d in frame.dtypes.items() if isinstance(d, pd.SparseDtype)}
    return frame.astype(sparse) if sparse else frame


def joined(
    frame: "pd.DataFrame", rows: Rows, own: list[int], made: "pd.DataFrame", held: Rows
) -> "pd.DataFrame":
    """Rows of the frame with the resampled columns in their places; types are the frame's.

    Args:
        frame: The table as it came.
        rows: ``(n_new,)`` row numbers that each row came from, then ``held``.
        own: Places of the columns that were resampled.
        made: What was made of them.
        held: Row numbers that go through as they are.
    """
    import pandas as pd

    result = frame.iloc[rows].reset_index(drop=True)
    for i, j in enumerate(own):
        parts = [made.iloc[:, i], frame.iloc[held, j]] if len(held) else [made.iloc[:, i]]
        result.isetitem(j, pd.concat(parts, ignore_index=True).astype(frame.dtypes.iloc[j]))
    return result
