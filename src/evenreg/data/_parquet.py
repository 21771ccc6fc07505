"""Parquet, where pyarrow is installed."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evenreg import _check
from evenreg.data._source import Source, check_header, check_rows
from evenreg.errors import InputError, MissingDependencyError

# What pandas calls a nameless index it has written to Parquet; it is no feature.
INDEX = "__index_level_0__"


def open_parquet(path: Path, columns: Sequence[str]) -> Source:
    """Read a Parquet file; rows are counted from 1, since there is no header line."""
    with reading(path) as parquet:
        # use_pandas_metadata would hide a named index; it is a column like any other.
        names = parquet.read_schema(path).names
        check_header(names, columns, path.name)
        table = parquet.ParquetFile(path).read()
    check_rows(table.num_rows, path.name)

    def features(without: Collection[str]) -> pd.DataFrame:
        kept = [name for name in names if name not in without and name != INDEX]
        return table.select(kept).to_pandas(ignore_metadata=True)

    cells = {column: table.column(column).to_pylist() for column in columns}
    rows = np.arange(1, table.num_rows + 1)
    return Source(path.name, [n for n in names if n != INDEX], rows, cells, ".", features)


@contextmanager
def reading(path: Path) -> Iterator[Any]:
    """``pyarrow.parquet``, and a sentence for what it cannot read.

    Raises:
        MissingDependencyError: It is not installed.
        InputError: A file that is not Parquet, or is cut.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingDependencyError(
            f"{path.name}: reading Parquet needs pyarrow, which is not installed; pip install 'evenreg[all]'."
        ) from None
    try:
        yield pq
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            f"{path.name}: expected a Parquet file, got what pyarrow cannot read ({_check.reason(error, 120)})."
        ) from None
