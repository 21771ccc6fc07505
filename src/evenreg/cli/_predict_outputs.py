"""Where predictions go, a block at a time: a CSV, a Parquet file, or the terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evenreg._files import check_new, check_other, written_whole
from evenreg.errors import InputError, MissingDependencyError

if TYPE_CHECKING:
    from evenreg.data import AbstractBlock, AbstractRows

Write = Callable[["AbstractBlock", NDArray[np.float64]], object]


def check_output(path: str | Path, data: Any, *, overwrite: bool) -> Path:
    """Refuse a file that cannot be written, before any work.

    Args:
        path: The file to write.
        data: What is read, perhaps the path of a file.
        overwrite: Whether a file there may be replaced; never the one that is read.

    Raises:
        InputError: Another ending than .csv and .parquet, or the file that is read.
        RunFolderError: Something is there already.
        MissingDependencyError: Parquet without pyarrow.
    """
    path = Path(path)
    if path.suffix.lower() not in _FILES:
        raise InputError(
            f"out: expected a file name that ends in .csv or .parquet, got {path.name!r}; the ending tells the format."
        )
    check_other(path, "out", data)
    if path.suffix.lower() == ".parquet":
        try:
            import pyarrow  # noqa: F401
        except ImportError:
            raise MissingDependencyError(
                f"{path.name}: writing Parquet needs pyarrow, which is not installed; pip install 'evenreg[all]', or "
                "name a .csv file."
            ) from None
    return check_new(path, overwrite=overwrite)


def open_output(path: Path | None, rows: "AbstractRows", column: str) -> AbstractContextManager[Write]:
    """A function that takes blocks with their predictions; a file is there whole or not at all.

    Args:
        path: The file, its ending the format; None for CSV on stdout.
        rows: The table that blocks come from.
        column: Name of the column of predictions.
    """
    return _stdout(rows, column) if path is None else _FILES[path.suffix.lower()](path, rows, column)


@contextmanager
def _stdout(rows: "AbstractRows", column: str) -> Iterator[Write]:
    """UTF-8 whatever the terminal's encoding is: a cell that it cannot show must still arrive.

    Nothing is written before the first block is known to be good.
    """
    raw, header = getattr(sys.stdout, "buffer", None), rows.csv_header(column)

    def write(block: "AbstractBlock", values: NDArray[np.float64]) -> None:
        nonlocal header
        text, header = header + block.csv(values), ""
        if raw is None:  # a stream put in its place
            sys.stdout.write(text)
        else:
            raw.write(text.encode())
            raw.flush()

    yield write


@contextmanager
def _csv(path: Path, rows: "AbstractRows", column: str) -> Iterator[Write]:
    with written_whole(path) as part, part.open("w", encoding=rows.encoding, newline="") as file:
        file.write(rows.csv_header(column))
        yield lambda block, values: file.write(block.csv(values))


@contextmanager
def _parquet(path: Path, rows: "AbstractRows", column: str) -> Iterator[Write]:
    import pyarrow.parquet as pq

    writer: Any = None

    def write(block: "AbstractBlock", values: NDArray[np.float64]) -> None:
        nonlocal writer
        table = block.arrow(column, values)
        writer = writer or pq.ParquetWriter(part, table.schema)
        writer.write_table(table)

    with written_whole(path) as part:
        try:
            yield write
        finally:
            if writer is not None:
                writer.close()


_FILES = {".csv": _csv, ".parquet": _parquet}
