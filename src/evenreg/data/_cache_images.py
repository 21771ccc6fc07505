"""A person's own image list, decoded once."""

from pathlib import Path

from evenreg import _check
from evenreg._cores import cores
from evenreg.data._image_cache import ImageCache
from evenreg.data._image_list import ImageList, read_image_list
from evenreg.data._manifest import MANIFEST, Manifest, Tell
from evenreg.data._write_cache import check_ready, source_of, write_cache
from evenreg.errors import InputError, RunFolderError

_SIDE = 224


def cache_images(
    listing: str | Path,
    target: str,
    to: str | Path,
    *,
    images: str | Path | None = None,
    path: str = "path",
    split: str | None = None,
    side: int = _SIDE,
    skip_missing: bool = False,
    workers: int | None = None,
    tell: Tell | None = None,
) -> ImageCache:
    r"""Images of a list, decoded once into a folder, or opened at once where the folder holds them already.

    Why: an epoch from such a folder takes a small part of the time that opening and resizing the files takes, and
    what is missing, broken or listed twice is told before any training.

    A call that was cut goes on when it is repeated. Images are resized to squares, whatever their shape.

    Args:
        listing: CSV or Parquet file: a row an image.
        target: Name of the column of labels, any finite numbers.
        to: The folder to make, or that a call with the same list made.
        images: Folder of the images; None for the folder of the list.
        path: Name of the column of paths.
        split: Name of a column that says train, val or test; val may lack. None where training is to draw one.
        side: Pixels of a side.
        skip_missing: Leave out images that are not there, or cannot be decoded.
        workers: Threads that decode; None for one a core.
        tell: Is told images done and images in all.

    Returns:
        The images; what was left out is in its notes.

    Raises:
        MissingFileError: No folder of images, no list, or no image for a row.
        RunFolderError: ``to`` holds something else: other images, labels or parts, or images of another size.
        UnknownNameError: No such column; nearest names offered.
        InputError: An image that cannot be decoded, an image in two rows, too little room on the disk.
        TargetError: Text, missing, infinite or constant labels.
        MissingDependencyError: Pillow is not installed.

    >>> import tempfile
    >>> from PIL import Image
    >>> folder = Path(tempfile.mkdtemp())
    >>> for i in range(3):
    ...     Image.new("RGB", (40, 30), (60 * i, 0, 0)).save(folder / f"{i}.png")
    >>> _ = (folder / "list.csv").write_text("path,depth\n0.png,-1.5\n1.png,0\n2.png,2.25\n")
    >>> cache = cache_images(folder / "list.csv", "depth", folder / "cache", side=16)
    >>> cache.images.shape, cache.y.tolist(), cache.target, cache.split
    ((3, 16, 16, 3), [-1.5, 0.0, 2.25], 'depth', None)
    """
    side = _check.integer(side, "side", 8)
    threads = cores() if workers is None else _check.integer(workers, "workers", 1)
    to = Path(to)
    prepared = (to / MANIFEST).is_file()
    if not prepared:
        check_ready(to, Path(listing).name)
    listed = read_image_list(listing, target, images, path=path, split=split, skip_missing=skip_missing)
    if prepared:
        _check_same(to, listed, target, side, skip_missing)
    else:
        write_cache(
            listed, to, target, target, side=side, skip_missing=skip_missing, workers=threads, tell=tell
        )
    return ImageCache.open(to)


def _check_same(to: Path, listed: ImageList, target: str, side: int, skip_missing: bool) -> None:
    """Refuse a prepared folder that holds anything but this list."""
    manifest = Manifest.read(to)
    there, unreadable = manifest.facts.get("side"), manifest.facts.get("unreadable", 0)
    got = ""
    if manifest.benchmark is not None:
        got = manifest.title
    elif manifest.target != target:
        got = f"one with labels {manifest.target!r}"
    elif there != side:
        got = f"one of {there} pixels"
    elif manifest.facts.get("source") != source_of(listed):
        got = "one of another list, or of images that were changed since"
    if got:
        raise RunFolderError(
            f"{to}: expected a cache of {listed.name} with labels {target!r} and {side} pixels a side, got {got}; name "
            "another folder, or delete this one."
        )
    if unreadable and not skip_missing:
        raise InputError(
            f"{to}: expected all images of {listed.name}, got a cache without {unreadable:,} that Pillow could not "
            "read; add --skip-missing, or replace them and name another folder."
        )
