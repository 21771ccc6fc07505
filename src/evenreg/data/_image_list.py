"""A list of labelled image files: path, label and, if it says so, part, from a CSV or Parquet file."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from evenreg import _check
from evenreg.data._benchmark import draw_digest
from evenreg.data._columns import numbers
from evenreg.data._source import Source, open_source
from evenreg.data._table import check_varies, parts_of
from evenreg.errors import InputError, MissingFileError


@final
@dataclass(frozen=True, eq=False)
class ImageList:
    """Image files with a label each and, where it is known, the part each belongs to.

    Attributes:
        name: How sentences call it: the file's name.
        folder: Where its paths begin.
        files: Where each image is.
        paths: n paths, as the file writes them.
        y: (n,) labels.
        split: (n,) "train", "val" or "test"; None without a split.
        rows: (n,) row numbers as a person finds them in the file.
        notes: What a person should know of how it came about.
    """

    name: str
    folder: Path
    files: tuple[Path, ...]
    paths: tuple[str, ...]
    y: NDArray[np.float64]
    split: NDArray[Any] | None
    rows: NDArray[np.int64]
    notes: tuple[str, ...] = field(default=())

    def take(self, rows: NDArray[np.int64]) -> "ImageList":
        """Some of its rows."""
        files, paths = (tuple(held[i] for i in rows.tolist()) for held in (self.files, self.paths))
        split = None if self.split is None else self.split[rows]
        return replace(self, files=files, paths=paths, y=self.y[rows], split=split, rows=self.rows[rows])

    @property
    def fingerprint(self) -> str:
        """SHA-256 of paths, labels and split, in order."""
        facts = [f"{path}\t{label!r}" for path, label in zip(self.paths, self.y.tolist(), strict=True)]
        return draw_digest(facts, np.full(len(self), "") if self.split is None else self.split)

    def __len__(self) -> int:
        return len(self.paths)


def read_image_list(
    listing: str | Path,
    target: str,
    images: str | Path | None = None,
    *,
    path: str = "path",
    split: str | None = None,
    skip_missing: bool = False,
) -> ImageList:
    """The images of a CSV or Parquet file with a column of paths, one of labels and perhaps one of parts.

    Args:
        listing: The file.
        target: Name of the column of labels, any finite numbers.
        images: Folder of the images, with whose name a path may begin; None for the file's own.
        path: Name of the column of paths.
        split: Name of a column that says train, val or test; val may lack. None for no split.
        skip_missing: Leave out rows without an image.

    Raises:
        MissingFileError: No such folder or file, or no image for a row.
        UnknownNameError: No such column; nearest names offered.
        TargetError: Text, missing, infinite or constant labels.
        InputError: No rows, a row without a path, an image in two rows, or parts that cannot be read.
    """
    listing = Path(listing)
    columns = [path, target, *([] if split is None else [split])]
    if len(set(columns)) < len(columns):
        shown = ", ".join(map(repr, columns))
        raise InputError(f"path, target, split: expected different columns, got {shown}; name others.")
    source = open_source(listing, columns)
    images = listing.parent if images is None else Path(images)
    if not images.is_dir():
        raise MissingFileError(f"images: expected the folder of the images, got {images}, which is none.")
    name = f"column {target!r} of {source.name}"
    y = numbers(source.cells[target], source.rows, name, source.decimal)
    check_varies(y, name)
    paths = _paths(source, path)
    parts = None
    if split is not None:
        parts = parts_of(source.cells[split], source.rows, f"split column {split!r} of {source.name}")
    files = tuple(_file(images, cell) for cell in paths)
    listed = ImageList(source.name, images, files, paths, y, parts, source.rows)
    _refuse_repeated(listed)
    return _present(listed, skip_missing)


def require_parts(listed: ImageList, parts: Sequence[str]) -> None:
    """Refuse a list that lacks parts.

    Raises:
        InputError: One of them has no row.
    """
    lacking = [part for part in parts if listed.split is not None and part not in listed.split]
    if lacking:
        raise InputError(
            f"{listed.name}: expected {', '.join(parts[:-1])} and {parts[-1]} images, got no "
            f"{' and no '.join(lacking)} image; all of these parts are needed."
        )


def _paths(source: Source, column: str) -> tuple[str, ...]:
    cells = ["" if cell is None else str(cell) for cell in source.cells[column]]
    empty = [i for i, cell in enumerate(cells) if not cell.strip()]
    if empty:
        raise InputError(
            f"column {column!r} of {source.name}: expected a path in every row, got none in "
            f"{_check.rows_text(source.rows[empty])}; fill it in, or delete such rows."
        )
    return tuple(cells)


def _file(images: Path, path: str) -> Path:
    """Where an image is: its path may begin with the name of the folder, or not."""
    parts = PurePosixPath(path.replace("\\", "/")).parts
    plain = images.joinpath(*parts)
    inside = images.joinpath(*parts[1:]) if len(parts) > 1 and parts[0] == images.resolve().name else plain
    return inside if inside != plain and not plain.exists() else plain


def _refuse_repeated(listed: ImageList) -> None:
    first: dict[Path, int] = {}
    for i, file in enumerate(listed.files):
        j = first.setdefault(file, i)
        if j != i:
            both = f"rows {listed.rows[j]} and {listed.rows[i]}"
            if listed.split is not None and listed.split[i] != listed.split[j]:
                both += f" as {listed.split[j]} and {listed.split[i]}"
            raise InputError(
                f"{listed.name}: expected every image once, got {listed.paths[i]!r} in {both}; delete one of them."
            )


def _present(listed: ImageList, skip: bool) -> ImageList:
    there = np.array([file.is_file() for file in listed.files])
    missing = np.flatnonzero(~there).tolist()
    if not missing:
        return listed
    told = f"{len(missing):,} of {len(listed):,} (the first is {listed.paths[missing[0]]})"
    if not skip or len(missing) == len(listed):
        all_of_them = "is it the folder that their paths begin in?"
        way_out = all_of_them if len(missing) == len(listed) else "complete it, or add --skip-missing."
        raise MissingFileError(
            f"{listed.folder}: expected an image for every row of {listed.name}, got none for {told}; {way_out}"
        )
    present = listed.take(np.flatnonzero(there))
    if listed.split is not None:
        require_parts(present, ("train", "test"))
    return replace(present, notes=(f"left out, as no file was there: {told}",))
