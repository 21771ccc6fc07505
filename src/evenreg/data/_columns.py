"""Columns of numbers from a file, checked cell by cell."""

import math
from collections.abc import Sequence
from decimal import Decimal
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenreg import _check
from evenreg.data._source import open_source
from evenreg.errors import TargetError

# What pandas, R and databases write for "unknown". Anything else ("n/a", "-", "?") is text and refused.
_MISSING = {"", "nan", "na", "<na>", "null", "none"}


def read_columns(path: str | Path, *columns: str) -> dict[str, NDArray[np.float64]]:
    r"""Columns of finite numbers from a CSV or Parquet file, whatever else the file holds.

    Why: predictions of any model come as a file with a column of predictions, and they need the same plain
    sentences about what is wrong in which row as a target does.

    Args:
        path: CSV or Parquet file.
        *columns: Names of the columns.

    Returns:
        Per name a float64 array ``(n,)``.

    Raises:
        MissingFileError: No such file.
        UnknownNameError: No such column; nearest names offered.
        TargetError: Text, missing or infinite values; row numbers given.
        InputError: A file that is no table.

    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "predictions.csv"
    >>> _ = file.write_text("price,yhat\n10,11.5\n20,18\n")
    >>> read_columns(file, "yhat")
    {'yhat': array([11.5, 18. ])}
    """
    source = open_source(path, columns)
    name = f"of {source.name}"
    return {c: numbers(source.cells[c], source.rows, f"column {c!r} {name}", source.decimal) for c in columns}


def column_names(path: str | Path) -> list[str]:
    r"""The columns of a CSV or Parquet file, in order.

    Args:
        path: CSV or Parquet file.

    Raises:
        MissingFileError: No such file.
        InputError: A file that is no table.

    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "sales.csv"
    >>> _ = file.write_text("price;rooms\n10,5;3\n")
    >>> column_names(file)
    ['price', 'rooms']
    """
    return open_source(path, []).header


def numbers(
    cells: Sequence[Any],
    rows: NDArray[np.int64],
    name: str,
    decimal: str = ".",
    *,
    drop_missing: bool | None = None,
) -> NDArray[np.float64]:
    """Cells as float64 ``(n,)``; missing ones are NaN where ``drop_missing`` is true, and refused otherwise.

    Args:
        cells: Text, numbers or None.
        rows: (n,) row numbers as a person sees them.
        name: How the error sentence calls the column.
        decimal: Decimal mark of numbers written as text.
        drop_missing: Whether missing cells are wanted as NaN; None when dropping is no way out.

    Raises:
        TargetError: Text, infinite or missing cells.
    """
    values = np.array([_number(cell, decimal) for cell in cells], dtype=np.float64)
    foreign = [i for i in np.flatnonzero(np.isnan(values)).tolist() if not _is_missing(cells[i])]
    if foreign:
        shown = ", ".join(repr(cells[i]) for i in foreign[:3])
        raise TargetError(
            f"{name}: expected numbers, got {shown} in {_check.rows_text(rows[foreign])}; write plain "
            "numbers such as 12.5, and leave a cell empty where the value is unknown."
        )
    infinite = np.flatnonzero(np.isinf(values))
    if len(infinite):
        raise TargetError(
            f"{name}: expected finite numbers, got infinity in {_check.rows_text(rows[infinite])}; correct "
            f"or delete {'this row' if len(infinite) == 1 else 'these rows'}."
        )
    missing = np.flatnonzero(np.isnan(values))
    if len(missing) and not drop_missing:
        way_out = "fill them in"
        if drop_missing is not None:
            way_out += " or drop these rows with --drop-missing (in Python drop_missing=True)"
        raise TargetError(
            f"{name}: expected a number in every row, got empty or NaN in {_check.rows_text(rows[missing])}; "
            f"{way_out}."
        )
    return values


def _number(cell: Any, decimal: str) -> float:
    """The number in a cell; NaN for whatever is none."""
    if isinstance(cell, str):
        if decimal != ".":
            cell = cell.replace(".", "?").replace(decimal, ".")
        try:
            # float() takes 1_000 for a thousand; in a table it is a slip.
            return math.nan if "_" in cell else float(cell)
        except ValueError:
            return math.nan
    # From Parquet: dates and true/false are no numbers.
    return float(cell) if isinstance(cell, (Real, Decimal)) and not isinstance(cell, bool) else math.nan


def _is_missing(cell: Any) -> bool:
    if isinstance(cell, str):
        return cell.strip().lower() in _MISSING
    return cell is None or cell != cell
