"""Parquet, where pyarrow is installed."""

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from evenreg.data._source import Source, check_header, check_rows
from evenreg.errors import InputError, MissingDependencyError

# What pandas calls a nameless index it has written to Parquet; it is no feature.
_INDEX = "__index_level_0__"


def open_parquet(path: Path, columns: Sequence[str]) -> Source:
    """Read a Parquet file; rows are counted from 1, since there is no header line."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingDependencyError(
            f"{path.name}: reading Parquet needs pyarrow, which is not installed; pip install 'evenreg[all]'."
        ) from None
    try:
        # use_pandas_metadata would hide a named index; it is a column like any other.
        names = pq.read_schema(path).names
        check_header(names, columns, path.name)
        table = pq.ParquetFile(path).read()
    except (pa.ArrowException, OSError) as error:
        reason = " ".join(str(error).split())[:120].rstrip(".")
        raise InputError(
            f"{path.name}: expected a Parquet file, got what pyarrow cannot read ({reason})."
        ) from None
    check_rows(table.num_rows, path.name)

    def features(without: Collection[str]) -> pd.DataFrame:
        kept = [name for name in names if name not in without and name != _INDEX]
        return table.select(kept).to_pandas(ignore_metadata=True)

    cells = {column: table.column(column).to_pylist() for column in columns}
    rows = np.arange(1, table.num_rows + 1)
    return Source(path.name, [n for n in names if n != _INDEX], rows, cells, ".", features)
