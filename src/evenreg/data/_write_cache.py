"""From an image list to a folder that is read without decoding anything."""

from pathlib import Path

import numpy as np

from evenreg.data._benchmark import Benchmark
from evenreg.data._cache_writer import PROGRESS, CutRun, pixel_digests, write_images
from evenreg.data._image_cache import IMAGES, LABELS, facts_of_labels, write_labels
from evenreg.data._image_decode import require_pillow
from evenreg.data._image_list import ImageList, require_parts
from evenreg.data._manifest import Manifest, Tell, check_empty
from evenreg.data._verification import Verification
from evenreg.errors import InputError

_OWN = (IMAGES, LABELS, PROGRESS)


def check_ready(to: Path, what: str) -> None:
    """Refuse, before anything is read, what cannot be written.

    Args:
        to: The folder to make.
        what: What needs Pillow.

    Raises:
        RunFolderError: ``to`` holds something else.
        MissingDependencyError: Pillow is not installed.
    """
    require_pillow(f"{what}: decoding images")
    check_empty(to, _OWN)


def write_cache(
    listed: ImageList,
    to: Path,
    what: Benchmark | str,
    label: str,
    *,
    side: int,
    skip_missing: bool,
    workers: int,
    stand_in: bool = False,
    tell: Tell | None = None,
) -> Verification:
    """Decode all images of a list once; a call that was cut goes on when it is repeated.

    Args:
        listed: The images.
        to: The folder to make.
        what: The benchmark, or the name of the label of a person's own images.
        label: Name of the labels' column.
        side: Pixels of a side.
        skip_missing: Leave out images that cannot be decoded.
        workers: Threads that decode.
        stand_in: Whether these are not the papers' data.
        tell: Is told images done and images in all.

    Returns:
        What is in the folder, as `verify` finds it.

    Raises:
        RunFolderError: ``to`` holds a cut run of other images.
        InputError: An image that cannot be decoded, too little room on the disk.
    """
    source = source_of(listed)
    # Of which folder, too: whoever cut a run because its folder was the wrong one goes on with the right one.
    run = CutRun.of(to, f"{listed.fingerprint} in {listed.folder.resolve()}", side)
    to.mkdir(parents=True, exist_ok=True)
    write_images(listed, to / IMAGES, run, skip=skip_missing, workers=workers, tell=tell)
    notes = list(listed.notes)
    if run.skipped:
        notes.append(
            f"left out, as Pillow could not read them: {len(run.skipped):,} of {len(listed):,} (the first is "
            f"{listed.paths[run.skipped[0]]})"
        )
        listed = _without(listed, run.skipped)
    pixels = pixel_digests(to / IMAGES)
    write_labels(to, listed, label, pixels)
    benchmark = None if isinstance(what, str) else what
    facts = facts_of_labels(benchmark, listed.y, listed.split, pixels)
    told = {"side": side, "notes": notes, "source": source, "unreadable": len(run.skipped), **facts.to_dict()}
    manifest = Manifest.of(what, to, (IMAGES, LABELS), stand_in=stand_in, **told)
    manifest.write(to)
    (to / PROGRESS).unlink(missing_ok=True)  # a folder with a manifest is done
    return Verification(to, manifest, (), facts)


def source_of(listed: ImageList) -> dict[str, object]:
    """What tells a list of images from another, without decoding any: paths, labels, parts, and bytes in all."""
    return {"list": listed.fingerprint, "bytes": sum(file.stat().st_size for file in listed.files)}


def _without(listed: ImageList, skipped: list[int]) -> ImageList:
    kept = listed.take(np.delete(np.arange(len(listed)), skipped))
    if not len(kept):
        raise InputError(f"{listed.folder}: expected images, got none that Pillow can read; check the files.")
    if listed.split is not None:
        require_parts(kept, sorted(set(listed.split.tolist())))
    return kept
