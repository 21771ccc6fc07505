"""The labelled rows that verbs train on: a file, a DataFrame, or the embedded images."""

import hashlib
import platform
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evenreg.errors import InputError, MissingFileError

if TYPE_CHECKING:
    from evenreg.data import ImageCache, Images, SentencePairs, Table
    from evenreg.training import AbstractSource

    LabelledRows = Table | Images | ImageCache | SentencePairs

EMBEDDED = "digits-rotation"
_LIBRARIES = ("torch", "lightning", "numpy", "scikit-learn", "pandas", "skrub")


def is_embedded(data: Any) -> bool:
    """Whether ``data`` names the embedded images."""
    return str(data) == EMBEDDED if isinstance(data, str | Path) else False


def is_folder(data: Any) -> bool:
    """Whether ``data`` is a folder, which `evenreg data prepare` is to have made."""
    return isinstance(data, str | Path) and Path(data).is_dir()


def is_table(rows: Any) -> bool:
    """Whether rows have columns, which trees want."""
    from evenreg.data import Table

    return isinstance(rows, Table)


def kind_of(rows: Any) -> str:
    """What sentences call rows: a table, images, sentences."""
    from evenreg.data import SentencePairs

    return "a table" if is_table(rows) else "sentences" if isinstance(rows, SentencePairs) else "images"


def name_of(data: Any) -> str:
    """What ``data`` is called in a run's settings."""
    return str(data) if isinstance(data, str | Path) else type(data).__name__


def no_target(data: Any, columns: Sequence[str]) -> InputError:
    """What is said where nobody says which column to predict."""
    told = ", ".join(map(repr, columns[:8])) + (", …" if len(columns) > 8 else "")
    return InputError(
        f"target: expected the column of {name_of(data)} to predict, got none; add --target with one of {told}."
    )


def read_rows(
    data: Any, target: str | int | None, split: str | int | None, drop_missing: bool
) -> "LabelledRows":
    """Read and check rows to train on, before anything heavy is imported.

    Args:
        data: A CSV or Parquet file, a DataFrame, a prepared folder, or ``digits-rotation``.
        target: The column to predict; None for a prepared folder or the embedded images.
        split: Name of a column that says train, val or test.
        drop_missing: Leave out rows whose target is missing.

    Raises:
        InputError: No target, or one for data that have their own; nothing to learn from; neither file nor DataFrame.
        MissingFileError: No such file, or a folder that is not prepared.
        UnknownNameError: No such column; nearest names offered.
        TargetError: Targets that cannot be learned from.
    """
    from evenreg.data import check_trainable, column_names, digits_rotation, open_prepared, read_table

    if is_embedded(data) or is_folder(data):
        for name, value in (("target", target), ("split", split)):
            if value is not None:
                raise InputError(f"{name}: {data} has its own, got {value!r}; leave it out, or give a file.")
        if drop_missing:
            raise InputError(
                f"drop_missing: {data} has a label in every row, so it has no effect; leave it out."
            )
        return digits_rotation() if is_embedded(data) else open_prepared(data)
    is_file = isinstance(data, str | Path)
    if is_file and not Path(data).exists() and get_close_matches(str(data), [EMBEDDED], cutoff=0.8):
        raise MissingFileError(f"{data}: no such file; did you mean {EMBEDDED!r}?")
    if not is_file and not hasattr(data, "columns"):
        raise InputError(
            f"data: expected a CSV or Parquet file or a DataFrame, got {type(data).__name__}; make one first."
        )
    if target is None:
        raise no_target(data, column_names(data) if is_file else [str(column) for column in data.columns])
    target, split = str(target), None if split is None else str(split)  # a DataFrame's may be numbers
    if is_file:
        table = read_table(data, target, split=split, drop_missing=drop_missing)
    else:
        from evenreg.data import table_from_frame

        table = table_from_frame(data, target, split=split, drop_missing=drop_missing)
    check_trainable(table)
    return table


def source_of(
    rows: "LabelledRows",
    bin_width: float | None,
    *,
    encoder: str | None = None,
    arguments: Mapping[str, Any] | None = None,
    augmentation: str | None = None,
    split: NDArray[Any] | None = None,
) -> "AbstractSource":
    """Rows with their test set; loads torch.

    Args:
        rows: What `read_rows` gave.
        bin_width: In label units; None for the data's own, or a rule.
        encoder: Of images or sentence pairs of a folder; None for the first there is.
        arguments: Of the encoder.
        augmentation: Of images of a folder.
        split: ``(rows,)`` in place of the folder's own.

    Raises:
        InputError: An encoder for rows that have but one.
    """
    from evenreg.data import ImageCache, SentencePairs, Table
    from evenreg.training import ImageSource, TableSource

    given = {name: value for name, value in (("encoder", encoder), ("augmentation", augmentation)) if value}
    if isinstance(rows, ImageCache):
        from evenreg.training import CachedImageSource

        return CachedImageSource(rows, bin_width, arguments=arguments, split=split, **given)
    if isinstance(rows, SentencePairs):
        from evenreg.training import PairSource, pair_inputs

        if augmentation is not None:
            raise InputError(
                f"augmentation: expected none for sentences, got {augmentation!r}; leave it out."
            )
        return PairSource(rows, pair_inputs(encoder or "frozen", arguments or {}, rows))
    if given or arguments:
        name, value = next(iter({**given, "encoder_arguments": arguments}.items()))
        raise InputError(
            f"{name}: expected none, got {value!r}; a table and the embedded images have an encoder of their own."
        )
    return TableSource(rows, bin_width) if isinstance(rows, Table) else ImageSource(rows, bin_width)


def facts_of(source: "AbstractSource") -> dict[str, Any]:
    """What a resumed run must find unchanged: rows, bins and test set; and the versions it ran with."""
    test = np.ascontiguousarray(source.test, dtype=np.int64)
    return {
        "fingerprint": source.fingerprint,
        "target": source.target,
        "bins": source.bins.rule,
        "test_rows": hashlib.sha256(test.tobytes()).hexdigest()[:16],
        "versions": {"python": platform.python_version()} | {name: version(name) for name in _LIBRARIES},
    }
