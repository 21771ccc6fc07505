"""A table taken apart into numbers and categories, and put together again as it came."""

from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from evenreg import _check
from evenreg.errors import InputError, ShapeError, TargetError

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@final
class Table:
    """X as numbers to interpolate and categories to take from rows, which `rebuilt` gives back in X's own form.

    Numbers are columns of a numeric type; categories are those of text, objects, booleans and pandas'
    categorical type. What is made for integer columns is rounded and kept within the limits of their type.

    Args:
        X: ``(n, p)`` pandas DataFrame or NumPy array (numbers of more dimensions, such as images, are a column
            a value); missing values are NaN, None or pandas' own.

    Attributes:
        numeric: ``(n, p)`` float64, NaN where missing.
        codes: ``(n, q)`` int32 categories, -1 where missing.
        names: Column names where they are text, else None.

    Raises:
        ShapeError: No two dimensions, no columns, no rows.
        InputError: Sparse, infinite, complex or dated columns, or cells that are no categories.
    """

    def __init__(self, X: Any) -> None:
        if hasattr(X, "tocsr") or hasattr(X, "tocoo"):
            raise InputError(
                f"X: expected a dense table, got the sparse {type(X).__name__}; X.toarray() makes it one."
            )
        self.names: list[str] | None = None
        self._frame: Any = None
        self._array: NDArray[Any] | None = None
        if hasattr(X, "iloc") and hasattr(X, "columns"):
            self._frame, self.shape = X, tuple(X.shape)
            if all(isinstance(name, str) for name in X.columns):
                self.names = list(X.columns)
        else:
            self._array = _array(X)
            self.shape = self._array.shape
        self._require_cells()
        if self._array is not None and self._array.dtype.kind in "iuf":
            self.numeric, self.codes = self._array.reshape(len(self), -1).astype(np.float64), _no_codes(self)
            self._dtypes = [self._array.dtype] * self.numeric.shape[1]
        else:
            if self._array is not None:
                self._frame = _as_frame(self._array)
            self._take_apart()
        self._require_finite()
        # What is made is float64 already where no column is narrower, and rounding would only copy.
        self._narrow = any(dtype != np.float64 for dtype in self._dtypes)

    def __len__(self) -> int:
        return self.shape[0]

    def rounded(self, numeric: Floats) -> Floats:
        """Numbers as the columns' types can hold them, in place, ``(s, p)``."""
        if not self._narrow:
            return numeric
        for j, dtype in enumerate(self._dtypes):
            kind = np.dtype(getattr(dtype, "numpy_dtype", dtype))
            if kind.kind in "iu":
                limits = np.iinfo(kind)
                np.clip(np.rint(numeric[:, j]), limits.min, limits.max, out=numeric[:, j])
            elif kind.itemsize < 8:
                numeric[:, j] = numeric[:, j].astype(kind)
        return numeric

    def rebuilt(self, kept: Rows, numeric: Floats, cells: Rows) -> Any:
        """X's rows ``kept`` and below them rows that were made, of X's type.

        Args:
            kept: Row numbers.
            numeric: ``(s, p)`` numbers of the rows made.
            cells: ``(s, q)`` row numbers that the categories of the rows made are taken from.
        """
        if self._array is not None and not self.codes.shape[1]:
            made = numeric.astype(self._array.dtype).reshape(-1, *self.shape[1:])
            return np.concatenate([self._array[kept], made])
        import pandas as pd

        columns: dict[int, Any] = {}
        for place, j in enumerate(self._numbers):
            old = self._frame.iloc[:, j].iloc[kept]
            new = pd.Series(numeric[:, place]).astype(self._dtypes[place])
            columns[j] = pd.concat([old, new], ignore_index=True) if len(new) else old.reset_index(drop=True)
        for place, j in enumerate(self._categories):
            rows = np.concatenate([kept, cells[:, place]])
            columns[j] = self._frame.iloc[:, j].iloc[rows].reset_index(drop=True)
        frame = pd.DataFrame({j: columns[j] for j in range(self.shape[1])})
        if self._array is not None:
            return frame.to_numpy(dtype=object).astype(self._array.dtype)
        frame.columns = self._frame.columns
        return frame

    def _take_apart(self) -> None:
        """Numbers and categories of the frame, column by column."""
        from pandas import SparseDtype
        from pandas.api.types import is_bool_dtype, is_complex_dtype, is_numeric_dtype

        dtypes = list(self._frame.dtypes)
        self._numbers = [j for j, d in enumerate(dtypes) if is_numeric_dtype(d) and not is_bool_dtype(d)]
        self._categories = [j for j in range(len(dtypes)) if j not in set(self._numbers)]
        self._dtypes = [dtypes[j] for j in self._numbers]
        for j, dtype in enumerate(dtypes):
            if getattr(dtype, "kind", "O") in "mM" or is_complex_dtype(dtype):
                raise InputError(
                    f"X: expected numbers or categories, got {dtype} in column {self._named(j)}; "
                    "turn it into real numbers first."
                )
            if isinstance(dtype, SparseDtype):
                raise InputError(
                    f"X: expected a dense table, got {dtype} in column {self._named(j)}; "
                    "X.sparse.to_dense() makes it one where all are, evenreg.resample takes such columns as they are."
                )
        self.numeric = np.empty((len(self), len(self._numbers)))
        for place, j in enumerate(self._numbers):
            self.numeric[:, place] = self._frame.iloc[:, j].to_numpy(dtype=np.float64, na_value=np.nan)
        self.codes = np.empty((len(self), len(self._categories)), dtype=np.int32)
        for place, j in enumerate(self._categories):
            self.codes[:, place] = self._codes(j)

    def _codes(self, j: int) -> Rows:
        import pandas as pd

        try:
            return pd.factorize(self._frame.iloc[:, j])[0]
        except TypeError as error:
            raise InputError(
                f"X: expected numbers or categories in column {self._named(j)}, got cells that are "
                f"neither ({error}; the argument must be a string or a number); leave the column out."
            ) from None

    def _named(self, j: int) -> str:
        name = self._frame.columns[j]
        return repr(name) if isinstance(name, str) else str(name)

    def _require_cells(self) -> None:
        if len(self.shape) < 2:
            raise ShapeError(
                f"X: expected a table of shape (n, p), got shape {self.shape}. Reshape your data: "
                "X.reshape(-1, 1) makes one column a table."
            )
        if not self.shape[0]:
            raise TargetError("X: expected at least one row, got none (0 sample(s)).")
        if 0 in self.shape:
            raise ShapeError(
                f"X: expected at least one column, got none (0 feature(s) (shape={self.shape}) while a "
                "minimum of 1 is required)."
            )

    def _require_finite(self) -> None:
        # One fast pass, as in `_check.labels`; a sum with NaN in it needs the slow one.
        with np.errstate(over="ignore", invalid="ignore"):
            if np.isfinite(self.numeric.sum()):
                return
        rows = np.flatnonzero(np.isinf(self.numeric).any(axis=1))
        if len(rows):
            raise InputError(
                f"X: expected finite numbers or missing ones, got infinity in {len(rows)} of {len(self)} rows "
                f"({_check.rows_text(rows)}, counted from 0); drop or fill them first."
            )


def _array(X: Any) -> NDArray[Any]:
    try:
        array = np.asarray(X)
    except (TypeError, ValueError):
        raise ShapeError(
            f"X: expected a table of shape (n, p), got {type(X).__name__} of uneven rows; give rows of one length."
        ) from None
    if array.dtype.kind not in "iufbOUS":
        raise InputError(
            f"X: expected real numbers or categories, got {array.dtype} (Complex data not supported); "
            "turn it into real numbers first."
        )
    return array


def _as_frame(array: NDArray[Any]) -> Any:
    """Columns of their own types: objects that are all numbers are numbers."""
    import pandas as pd

    flat = array.reshape(len(array), -1)
    return pd.DataFrame(
        {j: pd.Series(flat[:, j], dtype=object).infer_objects() for j in range(flat.shape[1])}
    )


def _no_codes(table: Table) -> NDArray[np.int32]:
    return np.empty((len(table), 0), dtype=np.int32)
