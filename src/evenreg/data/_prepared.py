"""A prepared folder, opened as what it is."""

from pathlib import Path

from evenreg.data._image_cache import ImageCache
from evenreg.data._manifest import Manifest
from evenreg.data._sentence_pairs import PAIRS, SentencePairs


def open_prepared(folder: str | Path) -> ImageCache | SentencePairs:
    """The images or the sentence pairs of a folder that ``evenreg data prepare`` made.

    Raises:
        MissingFileError: Not a prepared folder.
        InputError: A folder of another format, or files that were changed.
    """
    folder = Path(folder)
    kind = SentencePairs if PAIRS in Manifest.read(folder).files else ImageCache
    return kind.open(folder)
