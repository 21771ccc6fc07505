"""A person's columns in a form that means the same in training and afterwards."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from evenreg import _check
from evenreg.errors import InputError

# What pandas and skrub take for "unknown" among numbers and dates, in small letters.
_UNKNOWN = {
    "", "na", "n/a", "#na", "#n/a", "#n/a n/a", "<na>", "nan", "-nan", "null", "none", "?", "...",
    "1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan",
}  # fmt: skip
_TRUTH = {"true": 1.0, "false": 0.0}

Judge = Callable[[pd.Series, NDArray[np.bool_], str], None]


def named(frame: pd.DataFrame) -> pd.DataFrame:
    """With column names as text, each once."""
    frame = frame.set_axis([str(c) for c in frame.columns], axis=1)
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise InputError(f"features: expected every column name once, got {twice!r} twice; rename one.")
    return frame


def readable(frame: pd.DataFrame, kinds: Mapping[str, str], judge: Judge) -> pd.DataFrame:
    """Columns in the form they had in training: few rows may hold only numbers where many held text.

    Args:
        frame: Rows.
        kinds: What columns held in training: ``category``, ``text``, ``number``, ``date``, ``date as text``,
            ``duration``, or ``nothing`` that could be learned from. A column without a kind is taken as it is.
        judge: Is told which cells of a column could not be read as what it held: `refuse_unread`, or `forgive`,
            which lets them be gaps.
    """
    forms = {c: _FORMS[kinds.get(str(c), "any")](classic(series), judge) for c, series in frame.items()}
    return pd.DataFrame(forms, index=frame.index, columns=frame.columns)


def refuse_unread(
    series: pd.Series, unread: NDArray[np.bool_], what: str, *, rows: NDArray[np.integer] | int
) -> None:
    """Refuse cells that hold something and could not be read as ``what``; blanks and "NA" are gaps.

    Args:
        series: A column as it came.
        unread: (n,) cells that could not be read.
        what: What training had there, in the plural.
        rows: (n,) numbers that a person finds the rows by, or the place of the first one, counted from 0.

    Raises:
        InputError: With the first cells and their rows.
    """
    held = np.flatnonzero(unread & series.notna().to_numpy())
    bad = held[[not is_unknown(v) for v in series.iloc[held]]]
    if not len(bad):
        return
    shown = ", ".join(repr(str(v)) for v in series.iloc[bad[:3]])
    counted = isinstance(rows, int)
    where = _check.rows_text(bad + rows if counted else rows[bad]) + " (counted from 0)" * counted
    way_out = "write plain numbers such as 12.5" if what == "numbers" else "write them as there"
    raise InputError(
        f"column {str(series.name)!r}: expected {what} as in training, got {shown} in {where}; {way_out}, "
        "and leave a cell empty where the value is unknown."
    )


def forgive(series: pd.Series, unread: NDArray[np.bool_], what: str) -> None:
    """A judge that lets all cells be gaps."""


def classic(series: pd.Series) -> pd.Series:
    """A column that pyarrow or a sparse array holds, as NumPy would; a period as its first moment."""
    if isinstance(series.dtype, pd.SparseDtype):
        return series.sparse.to_dense()
    if isinstance(series.dtype, pd.PeriodDtype):
        return series.dt.to_timestamp()
    if not isinstance(series.dtype, pd.ArrowDtype):
        return series
    import pyarrow as pa

    return pa.array(series).to_pandas().set_axis(series.index).rename(series.name)


def as_text(series: pd.Series) -> pd.Series:
    """Every value as text, a gap as None; whole numbers without a decimal point.

    An integer column with one gap is read as floats, and written as 3.0 by most programs.
    """
    if series.dtype == object:
        text: Any = [_written(v) for v in series]
    else:  # every value of such a type has one spelling, so that each is written once
        codes, values = pd.factorize(series)
        text = np.array([*map(_written, values), None], dtype=object)[codes]
    return pd.Series(text, index=series.index, dtype="object", name=series.name)


def _written(value: Any) -> str | None:
    if isinstance(value, str):
        return value.split(".")[0] if value[-1:] == "0" and re.fullmatch(r"[+-]?\d+\.0+", value) else value
    if isinstance(value, (list, tuple, dict, set, np.ndarray)):
        return str(value)
    if pd.isna(value):
        return None
    is_number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    return f"{value:.15g}" if is_number else str(value)


def is_unknown(value: Any) -> bool:
    """Whether a text stands for a missing value."""
    return isinstance(value, str) and value.strip().lower() in _UNKNOWN


def _is_text(series: pd.Series) -> bool:
    """Whether cells may hold text: strings, or anything at all."""
    return series.dtype == object or isinstance(series.dtype, pd.StringDtype)


def _any(series: pd.Series, judge: Judge) -> pd.Series:
    """As it is, but for what a stored preprocessor could not know again."""
    del judge
    dtype: Any = series.dtype
    if isinstance(dtype, pd.DatetimeTZDtype):
        # Which time zone database made it is not ours to store.
        return series.dt.tz_convert("UTC").dt.tz_localize(None)
    strange = (str, bytes, list, tuple, dict, set, np.ndarray)
    is_strange = isinstance(dtype, pd.StringDtype) or any(isinstance(v, strange) for v in series)
    return as_text(series) if _is_text(series) and is_strange else series


def _nothing(series: pd.Series, judge: Judge) -> pd.Series:
    del judge
    return pd.Series(None, index=series.index, dtype="object", name=series.name)


def _category(series: pd.Series, judge: Judge) -> pd.Series:
    del judge
    return as_text(series).astype("category")


def _text(series: pd.Series, judge: Judge) -> pd.Series:
    del judge
    return as_text(series)


def _number(series: pd.Series, judge: Judge) -> pd.Series:
    if is_numeric_dtype(series.dtype) or is_bool_dtype(series.dtype):
        return series
    if _is_text(series) or isinstance(series.dtype, pd.CategoricalDtype):
        cells = [_TRUTH.get(v.strip().lower(), v) if isinstance(v, str) else v for v in series]
    else:  # dates and durations, which pandas would turn into numbers of nanoseconds
        cells = [None] * len(series)
    read: Any = pd.to_numeric(pd.Series(cells, index=series.index, dtype="object"), errors="coerce")
    judge(series, read.isna().to_numpy(), "numbers")
    return read.astype(np.float64).rename(series.name)


def _date(series: pd.Series, judge: Judge) -> pd.Series:
    if series.dtype.kind == "M":
        return _any(series, judge)
    # Day and month could be mistaken for each other in any other order, and differently in other rows.
    read = pd.to_datetime(_dates_only(series), format="ISO8601", errors="coerce", utc=True).dt.tz_localize(
        None
    )
    judge(series, read.isna().to_numpy(), "dates")
    return read


def _date_as_text(series: pd.Series, judge: Judge) -> pd.Series:
    """Text, which skrub reads by the order of day and month that it found in training, or dates."""
    if series.dtype.kind == "M":
        return _any(series, judge)
    text = _dates_only(series)
    judge(series, text.isna().to_numpy(), "dates")
    return text


def _dates_only(series: pd.Series) -> pd.Series:
    """Text of columns that may hold dates; None for numbers and durations, which no date is read from."""
    held = _is_text(series) or isinstance(series.dtype, pd.CategoricalDtype)
    return as_text(series) if held else _nothing(series, forgive)


def _duration(series: pd.Series, judge: Judge) -> pd.Series:
    if series.dtype.kind == "m":
        return series
    text = as_text(series)
    bare = pd.Series(pd.to_numeric(text, errors="coerce")).notna()  # a number without a unit
    read = pd.to_timedelta(text.where(~bare), errors="coerce")
    judge(series, read.isna().to_numpy(), "durations")
    return read


_FORMS: dict[str, Callable[[pd.Series, Judge], pd.Series]] = {
    "any": _any,
    "nothing": _nothing,
    "category": _category,
    "text": _text,
    "number": _number,
    "date": _date,
    "date as text": _date_as_text,
    "duration": _duration,
}
