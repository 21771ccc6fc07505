"""The labelled rows that verbs train on: a file, a DataFrame, or the embedded images."""

import hashlib
import platform
from difflib import get_close_matches
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evenreg.errors import InputError, MissingFileError

if TYPE_CHECKING:
    from evenreg.data import Images, Table
    from evenreg.training import ImageSource, TableSource

EMBEDDED = "digits-rotation"
_LIBRARIES = ("torch", "lightning", "numpy", "scikit-learn", "pandas", "skrub")


def is_embedded(data: Any) -> bool:
    """Whether ``data`` names the embedded images."""
    return str(data) == EMBEDDED if isinstance(data, str | Path) else False


def name_of(data: Any) -> str:
    """What ``data`` is called in a run's settings."""
    return str(data) if isinstance(data, str | Path) else type(data).__name__


def read_rows(
    data: Any, target: str | int | None, split: str | int | None, drop_missing: bool
) -> "Table | Images":
    """Read and check rows to train on, before anything heavy is imported.

    Args:
        data: A CSV or Parquet file, a DataFrame, or ``digits-rotation``.
        target: The column to predict; None for the embedded images.
        split: Name of a column that says train, val or test.
        drop_missing: Leave out rows whose target is missing.

    Raises:
        InputError: No target, or one for the embedded images; nothing to learn from; neither file nor DataFrame.
        MissingFileError: No such file.
        UnknownNameError: No such column; nearest names offered.
        TargetError: Targets that cannot be learned from.
    """
    from evenreg.data import check_trainable, column_names, digits_rotation, read_table

    if is_embedded(data):
        for name, value in (("target", target), ("split", split)):
            if value is not None:
                raise InputError(
                    f"{name}: {EMBEDDED} has its own, got {value!r}; leave it out, or give a file."
                )
        return digits_rotation()
    is_file = isinstance(data, str | Path)
    if is_file and not Path(data).exists() and get_close_matches(str(data), [EMBEDDED], cutoff=0.8):
        raise MissingFileError(f"{data}: no such file; did you mean {EMBEDDED!r}?")
    if not is_file and not hasattr(data, "columns"):
        raise InputError(
            f"data: expected a CSV or Parquet file or a DataFrame, got {type(data).__name__}; make one first."
        )
    if target is None:
        columns = column_names(data) if is_file else [str(column) for column in data.columns]
        told = ", ".join(map(repr, columns[:8])) + (", …" if len(columns) > 8 else "")
        raise InputError(
            f"target: expected the column of {name_of(data)} to predict, got none; add --target with one of {told}."
        )
    target, split = str(target), None if split is None else str(split)  # a DataFrame's may be numbers
    if is_file:
        table = read_table(data, target, split=split, drop_missing=drop_missing)
    else:
        from evenreg.data import table_from_frame

        table = table_from_frame(data, target, split=split, drop_missing=drop_missing)
    check_trainable(table)
    return table


def source_of(rows: "Table | Images", bin_width: float | None) -> "TableSource | ImageSource":
    """Rows with their test set; loads torch."""
    from evenreg.data import Table
    from evenreg.training import ImageSource, TableSource

    return TableSource(rows, bin_width) if isinstance(rows, Table) else ImageSource(rows, bin_width)


def facts_of(source: "TableSource | ImageSource") -> dict[str, Any]:
    """What a resumed run must find unchanged: rows, bins and test set; and the versions it ran with."""
    test = np.ascontiguousarray(source.test, dtype=np.int64)
    return {
        "fingerprint": source.fingerprint,
        "target": source.target,
        "bins": source.bins.rule,
        "test_rows": hashlib.sha256(test.tobytes()).hexdigest()[:16],
        "versions": {"python": platform.python_version()} | {name: version(name) for name in _LIBRARIES},
    }
