"""A DataFrame, a block of rows at a time."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenreg.data._rows import AbstractBlock, AbstractRows
from evenreg.data._source import open_frame

if TYPE_CHECKING:
    import pyarrow as pa


@final
@dataclass(frozen=True, eq=False)
class FrameBlock(AbstractBlock):
    rows: NDArray[np.int64] | int
    features: pd.DataFrame
    share: float
    own: pd.DataFrame
    table: "FrameRows"

    def csv(self, values: NDArray[np.float64]) -> str:
        own = self.own.copy()
        own.insert(len(own.columns), "", values, allow_duplicates=True)
        return own.to_csv(index=False, header=False, lineterminator="\n")

    def arrow(self, column: str, values: NDArray[np.float64]) -> "pa.Table":
        import pyarrow as pa

        own = pa.Table.from_pandas(self.own, self.table.schema, preserve_index=False)
        return own.append_column(column, pa.array(values))


@final
class FrameRows(AbstractRows):
    """Rows of a DataFrame. What is written of it are its columns, after the levels of its index that have a name.

    Args:
        frame: (n, columns); not changed.
        name: How sentences call it.

    Raises:
        InputError: Something else than a DataFrame, no rows, or repeated column names.
    """

    def __init__(self, frame: Any, name: str) -> None:
        source = open_frame(frame, [])
        self.name, self.header, self._frame = name, source.header, frame
        self._features = source.features([])
        index = frame.index.to_frame(index=False).set_axis([str(n) for n in frame.index.names], axis=1)
        is_column = [n is not None and str(n) not in self.header for n in frame.index.names]
        self._own = pd.concat([index.loc[:, is_column], self._features], axis=1)

    def blocks(
        self, columns: Sequence[str], size: int, *, text: Collection[str] = ()
    ) -> Iterator[AbstractBlock]:
        del text  # types are what they are
        features, n = self._features[list(columns)], len(self._frame)
        for start in range(0, n, size):
            stop = min(start + size, n)
            own = self._own.iloc[start:stop]
            yield FrameBlock(start, features.iloc[start:stop], stop / n, own, self)

    def csv_header(self, column: str) -> str:
        return pd.DataFrame(columns=[*self._own.columns, column]).to_csv(index=False, lineterminator="\n")

    def frame(self) -> pd.DataFrame:
        return self._frame.copy()

    @cached_property
    def schema(self) -> "pa.Schema":
        """Types of the whole, which a block alone might not show."""
        import pyarrow as pa

        return pa.Schema.from_pandas(self._own, preserve_index=False)
