"""From image files and a CSV to a folder that training reads without decoding anything."""

from pathlib import Path

import numpy as np

from evenreg import _check
from evenreg._cores import cores
from evenreg.data._benchmark import BENCHMARKS
from evenreg.data._cache_writer import PROGRESS, CutRun, pixel_digests, write_images
from evenreg.data._image_cache import IMAGES, LABELS, facts_of_labels, write_labels
from evenreg.data._image_decode import require_pillow
from evenreg.data._image_list import read_image_list
from evenreg.data._manifest import Manifest, Tell, check_empty
from evenreg.data._verification import Verification
from evenreg.errors import InputError

_SIDE = 224
_OWN = (IMAGES, LABELS, PROGRESS)


def prepare_images(
    name: str,
    images: str | Path,
    splits: str | Path,
    to: str | Path,
    *,
    side: int = _SIDE,
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
        InputError: An image that cannot be decoded, an image in two parts, too little room on the disk.
        TargetError: An age that is no number, or out of range.
        MissingDependencyError: Pillow is not installed.

    Papers: papers/000 B.1 and B.2.
    """
    known = [b.name for b in BENCHMARKS.values() if b.cap is not None]
    benchmark = BENCHMARKS[_check.known(name, known, "benchmark of images")]
    side = _check.integer(side, "side", 8)
    threads = cores() if workers is None else _check.integer(workers, "workers", 1)
    require_pillow(f"{benchmark.title}: decoding images")
    to = Path(to)
    check_empty(to, _OWN)
    listed = read_image_list(images, splits, benchmark, skip_missing=skip_missing)
    run = CutRun.of(to, listed.fingerprint, side)
    to.mkdir(parents=True, exist_ok=True)
    write_images(listed, to / IMAGES, run, skip=skip_missing, workers=threads, tell=tell)
    notes = list(listed.notes)
    if run.skipped:
        notes.append(
            f"left out, as Pillow could not read them: {len(run.skipped):,} of {len(listed):,} (the first is "
            f"{listed.paths[run.skipped[0]]})"
        )
        listed = listed.take(np.delete(np.arange(len(listed)), run.skipped))
    if not len(listed):
        raise InputError(f"{images}: expected images, got none that Pillow can read; check the files.")
    pixels = pixel_digests(to / IMAGES)
    write_labels(to, listed, pixels)
    facts = facts_of_labels(benchmark, listed.y, listed.split, pixels)
    told = {"side": side, "notes": notes, **facts.to_dict()}
    Manifest.of(benchmark, to, (IMAGES, LABELS), stand_in=stand_in, **told).write(to)
    (to / PROGRESS).unlink(missing_ok=True)  # a folder with a manifest is done
    return Verification(to, benchmark, stand_in, (), facts, tuple(notes))
