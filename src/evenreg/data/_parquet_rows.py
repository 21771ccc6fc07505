"""A Parquet file a block of rows at a time."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenreg.data._parquet import INDEX, reading
from evenreg.data._rows import AbstractBlock, AbstractRows
from evenreg.data._source import check_header, check_rows

if TYPE_CHECKING:
    import pyarrow as pa


@final
@dataclass(frozen=True, eq=False)
class ParquetBlock(AbstractBlock):
    rows: NDArray[np.int64] | int
    features: pd.DataFrame
    share: float
    own: "pa.Table"

    def csv(self, values: NDArray[np.float64]) -> str:
        # With pyarrow's own types: whole numbers beside gaps would become floats otherwise.
        frame = self.arrow("", values).to_pandas(types_mapper=pd.ArrowDtype, ignore_metadata=True)
        return frame.to_csv(index=False, header=False, lineterminator="\n")

    def arrow(self, column: str, values: NDArray[np.float64]) -> "pa.Table":
        import pyarrow as pa

        return self.own.append_column(column, pa.array(values))


@final
class ParquetRows(AbstractRows):
    """Rows of a Parquet file.

    Args:
        path: The file.

    Raises:
        MissingDependencyError: No pyarrow.
        InputError: A file that pyarrow cannot read, or with repeated column names.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.name = path, path.name
        with reading(path) as parquet:
            schema = parquet.read_schema(path)
            self._n = parquet.read_metadata(path).num_rows
        check_header(schema.names, [], self.name)
        check_rows(self._n, self.name)
        self._names = schema.names
        self.header = [name for name in schema.names if name != INDEX]

    def blocks(
        self, columns: Sequence[str], size: int, *, text: Collection[str] = ()
    ) -> Iterator[AbstractBlock]:
        del text  # types are what they are
        import pyarrow as pa

        read = 0
        with reading(self.path) as parquet, parquet.ParquetFile(self.path) as file:
            for batch in file.iter_batches(batch_size=size):
                own = pa.Table.from_batches([batch])
                features = own.select(list(columns)).to_pandas(ignore_metadata=True)
                rows = np.arange(read + 1, read + len(batch) + 1)
                read += len(batch)
                yield ParquetBlock(rows, features, read / self._n, own)

    def csv_header(self, column: str) -> str:
        return pd.DataFrame(columns=[*self._names, column]).to_csv(index=False, lineterminator="\n")

    def frame(self) -> pd.DataFrame:
        return pd.read_parquet(self.path)
