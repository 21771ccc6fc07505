"""A person's list of images, decoded once."""

from pathlib import Path
from typing import Any

from evenreg.cli._labelled_rows import is_embedded, name_of, no_target
from evenreg.cli._pass_progress import progress_of
from evenreg.errors import InputError


def cached_list(
    listing: str | Path,
    data: Any,
    target: str | int | None,
    split: str | int | None,
    *,
    image_folder: str | Path | None,
    cache: str | Path | None,
    side: int,
    skip_missing: bool,
    quiet: bool,
) -> tuple[Path, None, None]:
    """The folder of a list's decoded images in place of data, target and split, which it holds; made where it lacks.

    Args:
        listing: The list.
        data: What was said beside it, which is to be nothing.
        target: Column of labels.
        split: Column of parts; None for the list's ``split``, where it has one.
        image_folder: Where the paths begin; None for the folder of the list.
        cache: The folder; None for ``data/`` and the name of the list.
        side: Pixels of a side.
        skip_missing: Leave out images that are not there, or cannot be read.
        quiet: No progress on stderr.

    Raises:
        InputError: Data beside the list, or no target; and whatever `evenreg.data.cache_images` refuses.
    """
    from evenreg.data import cache_images, column_names

    if not (data is None or is_embedded(data)):
        raise InputError(
            f"expected one of data and images, got {name_of(data)} and {str(listing)!r}; leave one out."
        )
    columns = column_names(listing)
    if target is None:
        raise no_target(listing, columns)
    if split is None and "split" in columns:
        split = "split"
    folder = Path(cache or Path("data") / Path(listing).stem)
    with progress_of("decoding images", quiet=quiet) as tell:
        cache_images(
            listing, str(target), folder, images=image_folder, split=None if split is None else str(split), side=side,
            skip_missing=skip_missing, tell=tell,
        )  # fmt: skip
    return folder, None, None
