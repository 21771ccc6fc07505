"""Where a resampled table goes: CSV or Parquet, there whole or not at all."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenreg._files import written_whole
from evenreg.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


def write_table(path: Path, frame: "pd.DataFrame", data: Any) -> None:
    """Write a table; a CSV of a CSV has its delimiter, decimal mark and encoding.

    Args:
        path: Ends in .csv or .parquet.
        frame: The rows; the index is left out.
        data: What they come from.

    Raises:
        InputError: Columns that Parquet has no type for.
    """
    if path.suffix.lower() == ".csv":
        form = _form(data)
        with written_whole(path) as part:
            frame.to_csv(part, index=False, **form)
        return
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pa.Table.from_pandas(
            frame.set_axis([str(c) for c in frame.columns], axis=1), preserve_index=False
        )
    except pa.ArrowException as error:
        raise InputError(
            f"out: expected columns of one type each for Parquet, got others ({' '.join(map(str, error.args))}); name "
            "a .csv file."
        ) from None
    with written_whole(path) as part:
        pq.write_table(table, part)


def _form(data: Any) -> dict[str, Any]:
    """How the CSV that was read is written."""
    from evenreg.data import open_rows

    rows: Any = open_rows(data) if isinstance(data, str | Path) else None
    names = {"sep": "delimiter", "decimal": "decimal", "encoding": "encoding", "lineterminator": "newline"}
    return {key: getattr(rows, name) for key, name in names.items() if hasattr(rows, name)}
