"""The image list of a benchmark: ages in the papers' range, and three parts."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from evenreg import _check
from evenreg.data._benchmark import Benchmark
from evenreg.data._columns import column_names
from evenreg.data._image_list import ImageList, read_image_list, require_parts
from evenreg.data._parts import PARTS
from evenreg.errors import TargetError
from evenreg.labels import balanced_split

AGE, SPLIT = "age", "split"


def benchmark_image_list(
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
        InputError: An image in two rows, or parts that cannot be read or lack.

    Papers: papers/000 B.1 and B.2; the split rule was found from the released file.
    """
    split = SPLIT if SPLIT in column_names(splits) else None
    listed = read_image_list(splits, AGE, images, split=split, skip_missing=skip_missing)
    outside = np.flatnonzero((listed.y < benchmark.low) | (listed.y > benchmark.high))
    if len(outside):
        raise TargetError(
            f"column {AGE!r} of {listed.name}: expected ages from {benchmark.low:g} to {benchmark.high:g} as in "
            f"{benchmark.title}, got {listed.y[outside[0]]:g} in {_check.rows_text(listed.rows[outside])}; correct or "
            f"delete {'this row' if len(outside) == 1 else 'these rows'}."
        )
    listed = _drawn(listed, benchmark) if split is None else listed
    require_parts(listed, PARTS)
    return listed


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
    return replace(listed, split=split, notes=(*listed.notes, rule))
