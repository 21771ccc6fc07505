"""A person's columns in a form that means the same in training and afterwards."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from evenreg.errors import InputError


def named(frame: pd.DataFrame) -> pd.DataFrame:
    """With column names as text, each once."""
    frame = frame.set_axis([str(c) for c in frame.columns], axis=1)
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise InputError(f"features: expected every column name once, got {twice!r} twice; rename one.")
    return frame


def readable(frame: pd.DataFrame, nominal: Sequence[str], text: Sequence[str]) -> pd.DataFrame:
    """Columns in the form they had in training: few rows may hold only numbers where many held text."""
    frame = frame.copy()
    for column in frame.columns:
        series: Any = frame[column]
        if column in nominal:
            frame[column] = as_text(series).astype("category")
        elif column in text and is_numeric_dtype(series) and not is_bool_dtype(series):
            frame[column] = as_text(series)
        elif isinstance(series.dtype, pd.DatetimeTZDtype):
            # Which time zone database made it is not ours to store.
            frame[column] = series.dt.tz_convert("UTC").dt.tz_localize(None)
        elif (
            series.dtype == object
            and series.map(lambda v: isinstance(v, (list, tuple, dict, set, bytes, np.ndarray))).any()
        ):
            frame[column] = series.map(str)
    return frame


def as_text(series: pd.Series) -> pd.Series:
    """Whole numbers without a decimal point: an integer column with one gap is read as floats."""

    def write(value: Any) -> str | None:
        if pd.isna(value):
            return None
        is_number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
        return f"{value:.15g}" if is_number else str(value)

    return pd.Series([write(v) for v in series], index=series.index, dtype="object", name=series.name)
