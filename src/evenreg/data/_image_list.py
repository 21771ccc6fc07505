"""A list of labelled image files: path, age and part, from a CSV."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from evenreg import _check
from evenreg.data._benchmark import PARTS, Benchmark, draw_digest
from evenreg.data._columns import column_names, numbers
from evenreg.data._source import open_source
from evenreg.data._table import parts_of
from evenreg.errors import InputError, MissingFileError, TargetError
from evenreg.labels import balanced_split

PATH, AGE, SPLIT = "path", "age", "split"


@final
@dataclass(frozen=True, eq=False)
class ImageList:
    """Image files with a label each and the part each belongs to.

    Attributes:
        files: Where each image is.
        paths: n paths, as the CSV writes them.
        y: (n,) labels.
        split: (n,) "train", "val" or "test".
        notes: What a person should know of how it came about.
    """

    files: tuple[Path, ...]
    paths: tuple[str, ...]
    y: NDArray[np.float64]
    split: NDArray[Any]
    notes: tuple[str, ...] = field(default=())

    def take(self, rows: NDArray[np.int64]) -> "ImageList":
        """Some of its rows."""
        picked = rows.tolist()
        files, paths = ([held[i] for i in picked] for held in (self.files, self.paths))
        return ImageList(tuple(files), tuple(paths), self.y[rows], self.split[rows], self.notes)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of paths, labels and split, in order."""
        facts = [f"{path}\t{age!r}" for path, age in zip(self.paths, self.y.tolist(), strict=True)]
        return draw_digest(facts, self.split)

    def __len__(self) -> int:
        return len(self.paths)


def read_image_list(
    images: str | Path, splits: str | Path, benchmark: Benchmark, *, skip_missing: bool = False
) -> ImageList:
    """The images of a CSV with columns ``path``, ``age`` and, if it says so, ``split``.

    Without a split column the papers' rule draws one: validation and test take min(n // 3, cap) images of every
    age, which gives their counts and another draw.

    Args:
        images: Folder of the images; a path of the CSV may begin with its name.
        splits: The CSV.
        benchmark: What the data are to be.
        skip_missing: Leave out rows without a file.

    Raises:
        MissingFileError: No such folder or CSV, or no file for a row.
        UnknownNameError: No such column; nearest names offered.
        TargetError: An age that is no number, or out of range.
        InputError: An image in two parts, or parts that cannot be read.

    Papers: papers/000 B.1 and B.2; the split rule was found from the released file.
    """
    images, splits = Path(images), Path(splits)
    if not images.is_dir():
        raise MissingFileError(f"images: expected the folder of the images, got {images}, which is none.")
    has_split = SPLIT in column_names(splits)
    source = open_source(splits, [PATH, AGE, *([SPLIT] if has_split else [])])
    y = numbers(source.cells[AGE], source.rows, f"column {AGE!r} of {source.name}", source.decimal)
    outside = np.flatnonzero((y < benchmark.low) | (y > benchmark.high))
    if len(outside):
        raise TargetError(
            f"column {AGE!r} of {source.name}: expected ages from {benchmark.low:g} to {benchmark.high:g} as in "
            f"{benchmark.title}, got {y[outside[0]]:g} in {_check.rows_text(source.rows[outside])}; correct or delete "
            f"{'this row' if len(outside) == 1 else 'these rows'}."
        )
    paths = tuple(str(cell) for cell in source.cells[PATH])
    name = f"split column {SPLIT!r} of {source.name}"
    split = parts_of(source.cells[SPLIT], source.rows, name) if has_split else np.full(len(y), "", "<U5")
    _refuse_repeated(paths, split, source.rows, source.name)
    files = tuple(_file(images, path) for path in paths)
    listed = ImageList(files, paths, y, split)
    listed = _present(listed, images, source.name, skip_missing)
    if not has_split:
        listed = _drawn(listed, benchmark)
    lacking = [part for part in PARTS if part not in listed.split]
    if lacking:
        raise InputError(
            f"{name}: expected train, val and test rows, got no {' and no '.join(lacking)}; all three are needed."
        )
    return listed


def _file(images: Path, path: str) -> Path:
    """Where an image is: its path may begin with the name of the folder, or not."""
    parts = PurePosixPath(path.replace("\\", "/")).parts
    plain = images.joinpath(*parts)
    inside = images.joinpath(*parts[1:]) if len(parts) > 1 and parts[0] == images.resolve().name else plain
    return inside if inside != plain and not plain.exists() else plain


def _refuse_repeated(paths: Sequence[str], split: NDArray[Any], rows: NDArray[np.int64], name: str) -> None:
    first: dict[str, int] = {}
    for i, path in enumerate(paths):
        j = first.setdefault(path, i)
        if j != i:
            both = f"rows {rows[j]} and {rows[i]}"
            if split[i] != split[j]:
                both += f" as {split[j]} and {split[i]}"
            raise InputError(
                f"{name}: expected every image once, got {path!r} in {both}; delete one of them."
            )


def _present(listed: ImageList, images: Path, name: str, skip: bool) -> ImageList:
    there = np.array([file.is_file() for file in listed.files])
    missing = np.flatnonzero(~there).tolist()
    if not missing:
        return listed
    told = f"{len(missing):,} of {len(listed):,} (the first is {listed.paths[missing[0]]})"
    if not skip or len(missing) == len(listed):
        way_out = "check --images" if len(missing) == len(listed) else "complete it, or add --skip-missing"
        raise MissingFileError(
            f"{images}: expected an image for every row of {name}, got none for {told}; {way_out}."
        )
    notes = (f"left out, as no file was there: {told}",)
    return ImageList(listed.files, listed.paths, listed.y, listed.split, notes).take(np.flatnonzero(there))


def _drawn(listed: ImageList, benchmark: Benchmark) -> ImageList:
    """With the split that the papers' rule draws."""
    young = np.flatnonzero(listed.y <= benchmark.drawn_to)
    drawn = balanced_split(listed.y[young], benchmark.bins, cap=benchmark.cap, pool_rows=1)
    split = np.full(len(listed), "train", dtype="<U5")
    split[young[drawn.val]], split[young[drawn.test]] = "val", "test"
    rule = (
        f"no split column: drawn by the papers' rule with seed 0, val and test min(n // 3, {benchmark.cap}) rows of "
        "every age"
    )
    return ImageList(listed.files, listed.paths, listed.y, split, (*listed.notes, rule))
