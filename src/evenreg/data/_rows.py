"""Rows of a table a block at a time, so that a file of any size can be predicted in little memory."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenreg.data._source import FRAME, is_parquet

if TYPE_CHECKING:
    import pyarrow as pa


class AbstractBlock(ABC):
    """Some rows of a table, in order.

    Attributes:
        rows: (n,) numbers a person finds the rows by: lines of a CSV (the header is line 1), places counted
            from 1 in Parquet; of a DataFrame the place of the first row, counted from 0.
        features: (n, columns) the columns that were asked for, with types.
        share: How much of the table has been read with this block, from 0 to 1.
    """

    rows: NDArray[np.int64] | int
    features: pd.DataFrame
    share: float

    @abstractmethod
    def csv(self, values: NDArray[np.float64]) -> str:
        """The rows as lines of a CSV, each with one more value at its end."""

    @abstractmethod
    def arrow(self, column: str, values: NDArray[np.float64]) -> "pa.Table":
        """The rows as a table of pyarrow with one more column; every block of a table has the same types."""


class AbstractRows(ABC):
    """A table to go through in blocks; nothing of it is kept.

    Attributes:
        name: How sentences call it.
        header: Column names, in order.
        encoding: The encoding of its text.
    """

    name: str
    header: list[str]
    encoding: str = "utf-8"

    @abstractmethod
    def blocks(
        self, columns: Sequence[str], size: int, *, text: Collection[str] = ()
    ) -> Iterator[AbstractBlock]:
        """All rows in order, at most ``size`` at a time.

        Args:
            columns: Features to read.
            size: Rows of a block, at least 1.
            text: Those of them that are read as text even where they hold nothing but numbers.

        Raises:
            InputError: No rows, or rows that cannot be read; told when the block is reached.
        """

    @abstractmethod
    def csv_header(self, column: str) -> str:
        """The first line of a CSV with one more column."""

    @abstractmethod
    def frame(self) -> pd.DataFrame:
        """All columns of all rows: numbers as numbers where nothing is lost by it, the rest as it is written."""


def open_rows(data: Any) -> AbstractRows:
    r"""Open a CSV or Parquet file, or take a DataFrame.

    Args:
        data: A path or a DataFrame.

    Raises:
        MissingFileError: No such file.
        InputError: A file that is no table, or something that is no file.
        MissingDependencyError: A Parquet file without pyarrow.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "sales.csv"
    >>> _ = file.write_text("id,rooms\n007,3\n008,5\n009,2\n")
    >>> for block in open_rows(file).blocks(["rooms"], 2):
    ...     print(block.rows, block.features["rooms"].tolist(), repr(block.csv(np.ones(len(block.features)))))
    [2 3] [3, 5] '007,3,1.0\n008,5,1.0\n'
    [4] [2] '009,2,1.0\n'
    """
    from evenreg.data._csv_rows import CsvRows
    from evenreg.data._frame_rows import FrameRows
    from evenreg.data._parquet_rows import ParquetRows

    if not isinstance(data, (str, Path)):
        return FrameRows(data, FRAME)
    path = Path(data)
    return ParquetRows(path) if is_parquet(path) else CsvRows(path)
