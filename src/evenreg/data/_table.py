"""A person's own table: a target to predict, and the columns to predict it from."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenreg import _check
from evenreg.data._columns import numbers
from evenreg.data._fingerprint import fingerprint
from evenreg.data._source import FRAME, Source, open_frame, open_source
from evenreg.errors import InputError, TargetError

# What people write in a split column.
_SPLITS = {
    "train": "train", "training": "train",
    "val": "val", "valid": "val", "validation": "val", "dev": "val",
    "test": "test", "testing": "test",
}  # fmt: skip


@final
@dataclass(frozen=True, eq=False)
class Table:
    """A checked table: finite targets that vary, and features as they came.

    Attributes:
        features: Every column but target and split, with pandas' types; index 0 to n - 1.
        y: (n,) float64 targets in label units.
        split: (n,) "train", "val" or "test", or None where the file does not say.
        rows: (n,) where a row is found: its line number in a CSV (the header is line 1), its place counted
            from 1 in Parquet, its place counted from 0 in a DataFrame.
        target: Name of the target column.
        path: The file; None for a DataFrame.
        fingerprint: SHA-256 of target, features and split: equal content, equal fingerprint, however it is
            written.
        dropped: Rows left out because their target was missing.
    """

    features: pd.DataFrame
    y: NDArray[np.float64]
    split: NDArray[Any] | None
    rows: NDArray[np.int64]
    target: str
    path: Path | None
    fingerprint: str
    dropped: int = 0

    def __len__(self) -> int:
        return len(self.y)

    @property
    def name(self) -> str:
        """How sentences call it: the file's name, or "the DataFrame"."""
        return FRAME if self.path is None else self.path.name


def read_table(
    path: str | Path, target: str, *, split: str | None = None, drop_missing: bool = False
) -> Table:
    r"""Read a CSV or Parquet file and check everything that would go wrong later.

    Why: most of what makes a training run fail or, worse, succeed on nonsense is visible in the file. It is
    told in one sentence, with row numbers, before anything slow is loaded.

    Delimiter (comma, semicolon, tab, bar) and a decimal comma are found out. A nameless first column that
    only counts the rows (what ``DataFrame.to_csv`` leaves behind) is no feature and is left out.

    Args:
        path: CSV or Parquet file.
        target: Name of the column to predict.
        split: Name of a column that says train, val or test for every row.
        drop_missing: Whether rows without a target are left out; text in the target is never dropped.

    Raises:
        MissingFileError: No such file.
        UnknownNameError: No such column; nearest names offered.
        TargetError: Text, missing, infinite or constant targets.
        InputError: A file that is no table, or a split column that does not split.
        MissingDependencyError: A Parquet file without pyarrow.

    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "sales.csv"
    >>> _ = file.write_text("price,rooms\n10,3\n,2\n30,5\n")
    >>> table = read_table(file, "price", drop_missing=True)
    >>> table.y, table.rows, table.dropped
    (array([10., 30.]), array([2, 4]), 1)
    """
    source = open_source(path, _named_columns(target, split))
    return _table(source, target, split, drop_missing, Path(path))


def table_from_frame(
    frame: pd.DataFrame, target: str | int, *, split: str | int | None = None, drop_missing: bool = False
) -> Table:
    r"""A table that lies in memory, with the checks of `read_table`.

    Rows are told by their place, counted from 0 (``frame.iloc``), whatever the index holds; the index is no
    feature. The frame is not changed. Columns may be of any type: categories, nullable and pyarrow-backed ones,
    dates, true and false, objects.

    The fingerprint is that of the same table read from a CSV where that gives the types back: dates, durations,
    float32 and categories of numbers come back from a CSV as something else, and give another one.

    Args:
        frame: (n, columns) rows; names that are no text are taken as their text.
        target: Name of the column to predict.
        split: Name of a column that says train, val or test for every row.
        drop_missing: Whether rows without a target are left out; text in the target is never dropped.

    Raises:
        UnknownNameError: No such column; nearest names offered.
        TargetError: Text, missing, infinite or constant targets.
        InputError: Something else than a DataFrame, no rows, repeated names, or a split column that does not
            split.

    >>> import pandas as pd
    >>> frame = pd.DataFrame({"price": [10, None, 30], "city": pd.Categorical(["Ulm", "Bonn", "Ulm"])})
    >>> table = table_from_frame(frame, "price", drop_missing=True)
    >>> table.y, table.rows, table.dropped
    (array([10., 30.]), array([0, 2]), 1)
    """
    target, split = str(target), None if split is None else str(split)
    source = open_frame(frame, _named_columns(target, split))
    return _table(source, target, split, drop_missing, None)


def _named_columns(target: str, split: str | None) -> list[str]:
    if split is not None and split == target:
        raise InputError(
            f"split: expected a column beside the target, got {split!r} for both; name another column."
        )
    return [target] if split is None else [target, split]


def _table(source: Source, target: str, split: str | None, drop_missing: bool, path: Path | None) -> Table:
    counted = " (rows counted from 0)" if path is None else ""
    name = f"target {target!r} of {source.name}{counted}"
    y = numbers(source.cells[target], source.rows, name, source.decimal, drop_missing=drop_missing)
    keep = np.flatnonzero(~np.isnan(y))
    check_varies(y[keep], name)
    features = _without_counter(source.features(list(source.cells)))
    parts = None
    if split is not None:
        cells = [source.cells[split][i] for i in keep.tolist()]
        parts = parts_of(cells, source.rows[keep], f"split column {split!r}{counted}")
    y, features = y[keep], features.iloc[keep].reset_index(drop=True)
    digest = fingerprint(target, y, features, parts)
    dropped = len(source.rows) - len(keep)
    return Table(features, y, parts, source.rows[keep], target, path, digest, dropped)


def check_enough_rows(table: Table) -> None:
    r"""Refuse a table with too few labels to tell what is rare among them.

    Args:
        table: A table to look at or to learn from.

    Raises:
        TargetError: Fewer than 60 rows, or a split column that leaves fewer than 40 of them for training and
            validation.

    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "sales.csv"
    >>> _ = file.write_text("price,rooms\n10,3\n30,5\n")
    >>> check_enough_rows(read_table(file, "price"))
    Traceback (most recent call last):
    evenreg.errors.TargetError: price of sales.csv: expected at least 60 rows with a label, got 2; with fewer,
    rarity cannot be told from chance: collect more.
    """
    name = f"{table.target} of {table.name}"
    _check.enough_rows(len(table), name)
    if table.split is not None:
        learned = int((table.split != "test").sum())
        least = _check.MINIMUM_ROWS * 2 // 3
        if learned < least:
            raise TargetError(
                f"{name}: expected at least {least} rows for training and validation, got {learned}; mark "
                "more rows as train in the split column."
            )


def check_trainable(table: Table) -> None:
    r"""Refuse a table that can be looked at but not learned from.

    Args:
        table: A table to train and compare models on.

    Raises:
        InputError: No column beside the target.
        TargetError: Too few rows; see `check_enough_rows`.

    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "sales.csv"
    >>> _ = file.write_text("price\n10\n30\n")
    >>> check_trainable(read_table(file, "price"))
    Traceback (most recent call last):
    evenreg.errors.InputError: sales.csv: expected columns to predict 'price' from, got none beside it; only
    evenreg diagnose can use such a table.
    """
    if not len(table.features.columns):
        raise InputError(
            f"{table.name}: expected columns to predict {table.target!r} from, got none beside it; only "
            "evenreg diagnose can use such a table."
        )
    check_enough_rows(table)


def check_varies(y: NDArray[np.float64], name: str) -> None:
    """Refuse a target that is nowhere there, constant, or too large for its squares.

    Raises:
        TargetError: It is one of these.
    """
    if not len(y):
        raise TargetError(f"{name}: expected numbers, got only missing values; name another column.")
    _check.squares_fit(y, name)
    if y.min() == y.max():
        raise TargetError(
            f"{name}: expected values that differ, got {y[0]:g} in {'all ' if len(y) > 1 else ''}{len(y)} "
            f"row{'s' if len(y) > 1 else ''}; a constant target leaves nothing to learn, name another column."
        )


def parts_of(cells: Sequence[Any], rows: NDArray[np.int64], name: str) -> NDArray[Any]:
    """The cells of a split column as "train", "val" and "test", other spellings of these included.

    Raises:
        InputError: Another word, or no training or test row.
    """
    words = [str(cell).strip().lower() for cell in cells]
    unknown = [i for i, word in enumerate(words) if word not in _SPLITS]
    if unknown:
        raise InputError(
            f"{name}: expected train, val or test in every row, got "
            f"{str(cells[unknown[0]])!r} in {_check.rows_text(rows[unknown])}; correct it, or leave the "
            "split to evenreg."
        )
    parts = np.array([_SPLITS[word] for word in words], dtype=np.str_)
    for part in ("train", "test"):
        if part not in parts:
            raise InputError(
                f"{name}: expected train and test rows, got no {part} row with a target; "
                "mark some, or leave the split to evenreg."
            )
    return parts


def _without_counter(features: pd.DataFrame) -> pd.DataFrame:
    """Without the index that pandas wrote: in a file sorted by its target it would give the target away."""
    first = next(iter(features.columns), None)
    if first == "Unnamed: 0" and features[first].dtype.kind in "iu":
        counter = features[first].to_numpy()
        if np.array_equal(counter - counter[0], np.arange(len(counter))) and counter[0] in (0, 1):
            return features.drop(columns=first)
    return features
