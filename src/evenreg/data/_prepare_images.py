"""From the image files and the CSV of a benchmark to a folder that training reads without decoding anything."""

from pathlib import Path

from evenreg import _check
from evenreg._cores import cores
from evenreg.data._benchmark import BENCHMARKS
from evenreg.data._benchmark_list import AGE, benchmark_image_list
from evenreg.data._manifest import Tell
from evenreg.data._verification import Verification
from evenreg.data._write_cache import check_ready, write_cache

SIDE = 224


def prepare_images(
    name: str,
    images: str | Path,
    splits: str | Path,
    to: str | Path,
    *,
    side: int = SIDE,
    skip_missing: bool = False,
    stand_in: bool = False,
    workers: int | None = None,
    tell: Tell | None = None,
) -> Verification:
    """Decode AgeDB-DIR or IMDB-WIKI-DIR once into a cache; a call that was cut goes on when it is repeated.

    Args:
        name: ``"agedb-dir"`` or ``"imdb-wiki-dir"``.
        images: Folder of the images.
        splits: CSV with columns ``path``, ``age`` and ``split``; without ``split`` the papers' rule draws one.
        to: The folder to make.
        side: Pixels of a side; 224 in the papers.
        skip_missing: Leave out images that are not there, or cannot be decoded.
        stand_in: Say that these are not the papers' data, so that `verify` does not ask for their counts.
        workers: Threads that decode; None for one a core.
        tell: Is told images done and images in all.

    Returns:
        What is in the folder, as `verify` finds it.

    Raises:
        MissingFileError: No folder of images, no CSV, or no file for a row.
        RunFolderError: ``to`` holds something else.
        InputError: An image that cannot be decoded, an image in two rows, too little room on the disk.
        TargetError: An age that is no number, or out of range.
        MissingDependencyError: Pillow is not installed.

    Papers: papers/000 B.1 and B.2.
    """
    known = [b.name for b in BENCHMARKS.values() if b.cap is not None]
    benchmark = BENCHMARKS[_check.known(name, known, "benchmark of images")]
    side = _check.integer(side, "side", 8)
    threads = cores() if workers is None else _check.integer(workers, "workers", 1)
    to = Path(to)
    check_ready(to, benchmark.title)
    listed = benchmark_image_list(images, splits, benchmark, skip_missing=skip_missing)
    return write_cache(
        listed,
        to,
        benchmark,
        AGE,
        side=side,
        skip_missing=skip_missing,
        stand_in=stand_in,
        workers=threads,
        tell=tell,
    )
