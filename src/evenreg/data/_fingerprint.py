"""What tells one table from another."""

import hashlib
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.util import hash_pandas_object

from evenreg.data._frame import as_text, classic


def fingerprint(
    target: str, y: NDArray[np.float64], features: pd.DataFrame, split: NDArray[Any] | None
) -> str:
    """SHA-256 of a table's content: equal content, equal fingerprint, whatever holds it.

    Args:
        target: Name of the target column.
        y: (n,) targets.
        features: (n, columns) the other columns, in order.
        split: (n,) the part of each row, or None.

    >>> frame = pd.DataFrame({"rooms": pd.array([1, 2], dtype="Int64"), "city": pd.Categorical(["Ulm", "Bonn"])})
    >>> y, plain = np.array([10.0, 20.0]), pd.DataFrame({"rooms": [1.0, 2.0], "city": ["Ulm", "Bonn"]})
    >>> fingerprint("price", y, frame, None) == fingerprint("price", y, plain, None)
    True
    """
    digest = hashlib.sha256(repr((target, [str(c) for c in features.columns])).encode())
    digest.update((y + 0.0).tobytes())  # -0.0 equals 0.0
    for _, series in features.items():
        hashes = cast(Any, hash_pandas_object)(_comparable(series), index=False)  # pandas gives it no type
        digest.update(hashes.to_numpy().tobytes())
    if split is not None:
        digest.update("|".join(split.tolist()).encode())
    return digest.hexdigest()


def _comparable(series: pd.Series) -> pd.Series:
    """A column as a CSV would give it back; whether whole numbers were floats once is no matter."""
    series = classic(series)
    dtype: Any = series.dtype
    if dtype.kind not in "iuf":
        return series if dtype.kind in "mM" else as_text(series)
    floats = series.astype(np.float64)
    return floats if dtype.kind == "f" or series.hasnans or floats.abs().max() <= 2**53 else series
