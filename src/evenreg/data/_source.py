"""From a path or a frame to rows, cells and feature columns, whatever the format; sentences about files are made here.

CSV is read twice: by the csv module, which knows line numbers, widths and the raw text of a cell, and by
    pandas, which finds the types of the features. Together they cost about as much as one careful reading.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenreg import _check
from evenreg.data._frame import classic
from evenreg.errors import InputError, MissingFileError, UnknownNameError

FRAME = "the DataFrame"  # how sentences call what has no file's name

# The first bytes of what people mistake for a CSV, and what to do about each.
_FOREIGN = {
    b"PK\x03\x04": "an Excel or zip file; save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "an Excel file; save the sheet as CSV",
    b"\x1f\x8b": "a gzip file; unpack it first",
    b"BZh": "a bzip2 file; unpack it first",
    b"\xfd7zXZ": "an xz file; unpack it first",
    b"\x28\xb5\x2f\xfd": "a zstandard file; unpack it first",
    b"%PDF": "a PDF; export the table as CSV",
    b"\x89HDF": "an HDF5 file; export the table as CSV",
    b"ARROW1": "an Arrow file; export the table as Parquet",
}
# No column name begins so: an object, or a list of objects, lists, texts or numbers.
_JSON = re.compile(rb"\s*(\{|\[\s*([\[{\"\d-]|$))")


@dataclass(frozen=True)
class Source:
    """An opened table: which rows it has, the raw cells of the columns asked for, and the rest on demand.

    Attributes:
        name: The file's name, for error sentences.
        header: Column names, in order.
        rows: (n,) the number of each row as a person sees it in the file.
        cells: Per asked-for column its n raw cells: text, numbers or None.
        decimal: The decimal mark of numbers written as text.
        features: All columns but the named ones, with types.
    """

    name: str
    header: list[str]
    rows: NDArray[np.int64]
    cells: dict[str, Sequence[Any]]
    decimal: str
    features: Callable[[Collection[str]], pd.DataFrame]


def open_source(path: str | Path, columns: Sequence[str]) -> Source:
    """Open a CSV or Parquet file and take out the raw cells of ``columns``.

    Args:
        path: The file; what it holds decides how it is read, its ending does not.
        columns: Names of columns that must be there.

    Raises:
        MissingFileError: No such file.
        UnknownNameError: A name that is no column of the file; nearest names offered.
        InputError: A folder, an empty or binary file, a header without rows, repeated names, uneven rows.
        MissingDependencyError: A Parquet file without pyarrow.
    """
    # Both readers need what is defined here.
    from evenreg.data._csv import open_csv
    from evenreg.data._parquet import open_parquet

    path = Path(path)
    return open_parquet(path, columns) if is_parquet(path) else open_csv(path, columns)


def is_parquet(path: Path) -> bool:
    """Whether a file is Parquet; otherwise it may be CSV. What it holds decides, its ending does not.

    Raises:
        MissingFileError: No such file.
        InputError: A folder, a pipe, an empty file or one of a known other kind.
    """
    start = _first_bytes(path)
    for magic, what in _FOREIGN.items():
        if start.startswith(magic):
            raise InputError(f"{path.name}: expected a CSV or Parquet file, got {what}.")
    if _JSON.match(start.removeprefix(b"\xef\xbb\xbf")):
        raise InputError(
            f"{path.name}: expected a CSV or Parquet file, got what looks like JSON; convert it, for instance with "
            "pandas.read_json."
        )
    return start.startswith(b"PAR1")


def open_frame(frame: Any, columns: Sequence[str]) -> Source:
    """Take a DataFrame for a table: rows are counted from 0, names are text; nothing of it is changed.

    Raises:
        UnknownNameError: A name that is no column; nearest names offered.
        InputError: Something else than a DataFrame, repeated names, or no rows.
    """
    if not isinstance(frame, pd.DataFrame):
        raise InputError(
            f"data: expected a pandas DataFrame, got {type(frame).__name__}; convert it, or give a file."
        )
    header = [str(c) for c in frame.columns]
    check_header(header, columns, FRAME)
    if not len(frame):
        raise InputError(f"{FRAME}: expected rows of data, got none; were they filtered out?")
    frame = frame.set_axis(header, axis=1)

    def cells(series: pd.Series) -> list[Any]:
        plain = classic(series).astype(object)
        return plain.where(plain.notna(), None).tolist()

    def features(without: Collection[str]) -> pd.DataFrame:
        return frame[[c for c in header if c not in without]].reset_index(drop=True)

    rows = np.arange(len(frame), dtype=np.int64)
    return Source(FRAME, header, rows, {c: cells(frame[c]) for c in columns}, ".", features)


def _first_bytes(path: Path) -> bytes:
    if path.is_dir():
        raise InputError(f"{path}: expected a CSV or Parquet file, got a folder; name a file inside it.")
    if not path.exists():
        folder = path.parent
        # By the stem: two names are not alike because both end in .csv.
        there = folder.iterdir() if folder.is_dir() else ()
        near = [
            p.name for p in there if SequenceMatcher(None, p.stem.lower(), path.stem.lower()).ratio() > 0.55
        ]
        hint = _check.nearest(path.name, near) if near else ""
        way_out = hint if hint.startswith("did you mean") else "check the path."
        raise MissingFileError(f"{path}: no such file; {way_out}")
    if not path.is_file():
        raise InputError(
            f"{path}: expected a file, got a pipe or a device; save what it gives as a file first."
        )
    try:
        with path.open("rb") as file:
            start = file.read(64)
    except OSError as error:
        raise InputError(f"{path}: expected a file that can be read, got '{error.strerror}'.") from None
    if not start:
        raise InputError(f"{path.name}: expected a table, got an empty file.")
    return start


def check_header(header: Sequence[str], columns: Sequence[str], name: str) -> None:
    """Refuse repeated column names, and asked-for columns that are not there."""
    twice = [h for i, h in enumerate(header) if h in header[:i]]
    if twice:
        where = [str(i + 1) for i, h in enumerate(header) if h == twice[0]]
        raise InputError(
            f"{name}: expected every column name once, got {twice[0]!r} in columns {' and '.join(where)}; "
            "rename one."
        )
    for column in columns:
        if column not in header:
            raise UnknownNameError(
                f"{name}: no column named {column!r}; {_check.nearest(str(column), header)}"
            )


def check_rows(n: int, name: str) -> None:
    """Refuse a header without rows."""
    if not n:
        raise InputError(f"{name}: expected rows of data, got a header only.")
