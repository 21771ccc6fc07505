"""Rows of a table that is resampled: read whole, put together again with every column's type, counted."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evenreg import _check
from evenreg.cli._resampled import RegionCounts
from evenreg.errors import InputError
from evenreg.resampling import blendable

if TYPE_CHECKING:
    import pandas as pd

    from evenreg.data import Table
    from evenreg.resampling import AbstractSampler, Region

Rows = NDArray[np.int64]

_THRESHOLD = 0.8  # of the report, where a method has none


def read_all(
    data: Any, target: str | int, split: str | int | None, drop_missing: bool
) -> "tuple[Table, pd.DataFrame, Rows]":
    """The checked table, all columns of the file, and the places of the table's rows among the file's."""
    from evenreg.data import open_rows, read_table, table_from_frame

    target, split = str(target), None if split is None else str(split)
    if not isinstance(data, str | Path):
        if not hasattr(data, "columns"):
            raise InputError(
                f"data: expected a CSV or Parquet file or a DataFrame, got {type(data).__name__}; make one first."
            )
        table = table_from_frame(data, target, split=split, drop_missing=drop_missing)
        return table, data, table.rows
    table = read_table(data, target, split=split, drop_missing=drop_missing)
    rows = open_rows(data)
    frame = rows.frame()
    if any(name is not None for name in frame.index.names):  # columns that pandas stored as an index
        frame = frame.reset_index()
    numbered = [block.rows for block in rows.blocks([target], 50_000)]
    return table, frame, np.flatnonzero(np.isin(np.concatenate(numbered), table.rows))


def divided_columns(
    frame: "pd.DataFrame", table: "Table", copy: Sequence[str]
) -> tuple[list[int], tuple[str, ...]]:
    """Places of the columns to resample by, and the names of those to take over."""
    names = [str(column) for column in frame.columns]
    if isinstance(copy, str):
        raise InputError(f"copy: expected a list of column names, got {copy!r}; write [{copy!r}].")
    for column in map(str, copy):
        _check.known(column, names, f"column of {table.name}")
        if column == table.target:
            raise InputError(f"copy: expected columns beside the target, got {column!r}; leave it out.")
    usable = set(map(str, table.features.columns)) - set(map(str, copy))
    own = [i for i in blendable(frame) if names[i] in usable]
    if not own:
        raise InputError(
            f"{table.name}: expected columns of numbers or categories beside {table.target!r} to resample by, got "
            "none; copy fewer of them, or add some."
        )
    left = {table.target, *(names[i] for i in own)}
    return own, tuple(name for name in names if name not in left)


def like_ids(frame: "pd.DataFrame") -> tuple[str, ...]:
    """Columns of whole numbers or text that differ in every row."""
    import pandas as pd

    names = []
    for name, column in frame.items():
        dtype = column.dtype
        counts = pd.api.types.is_integer_dtype(dtype) or pd.api.types.is_string_dtype(dtype)
        if counts and column.is_unique and column.notna().all():
            names.append(str(name))
    return tuple(names)


def put_labels(
    result: "pd.DataFrame", table: "Table", labels: NDArray[np.float64], synthetic: NDArray[np.bool_]
) -> None:
    """Labels of the rows made, in the type of the others; a column of numbers written as text becomes numbers."""
    import pandas as pd

    place = [str(column) for column in result.columns].index(table.target)
    column = result.iloc[:, place]
    if not pd.api.types.is_numeric_dtype(column.dtype):
        held = table.y[table.split != "train"] if table.split is not None else labels[:0]
        result.isetitem(place, pd.Series(np.concatenate([labels, held])))
        return
    kind = np.dtype(getattr(column.dtype, "numpy_dtype", column.dtype))
    new = labels[synthetic[: len(labels)]]
    if kind.kind in "iu":
        limits = np.iinfo(kind)
        new = np.clip(np.rint(new), limits.min, limits.max)
    column = column.copy()
    column.iloc[np.flatnonzero(synthetic)] = pd.Series(new).astype(column.dtype).array
    result.isetitem(place, column)


def region_counts(
    sampler: "AbstractSampler", y: NDArray[np.float64]
) -> tuple[tuple[RegionCounts, ...], RegionCounts, str]:
    """Rows before and after by region and in all, and what says which labels are rare."""
    from evenreg.errors import TargetError
    from evenreg.resampling import RandomOver

    seeds, synthetic = sampler.sample_indices_, sampler.synthetic_
    threshold = getattr(sampler, "threshold", _THRESHOLD)

    def counted(low: float, high: float, rare: bool, rows: Rows) -> RegionCounts:
        mine = np.isin(seeds, rows)
        kept = seeds[mine & ~synthetic]
        once = len(np.unique(kept))
        made = int((mine & synthetic).sum())
        return RegionCounts(low, high, rare, len(rows), len(rows) - once, len(kept) - once, made)

    try:  # the regions of a sampler that has a threshold, whatever this one is
        teller = RandomOver(relevance=sampler.relevance_, threshold=threshold).fit(y[:, None], y)
        regions: list[Region] = teller.regions_
    except TargetError:
        regions = []
    total = counted(float(y.min()), float(y.max()), False, np.arange(len(y)))
    own = "" if hasattr(sampler, "threshold") else " in this report (the method has no threshold)"
    rule = f"relevance of at least {threshold:g}{own}, which is {sampler.relevance_.describe()}"
    return tuple(counted(*region) for region in regions), total, rule
