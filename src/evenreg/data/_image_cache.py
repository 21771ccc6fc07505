"""Decoded images in one file that is mapped into memory, with their labels."""

import csv
import io
import mmap
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from evenreg._files import write_text
from evenreg.data._benchmark import Benchmark, draw_digest
from evenreg.data._image_list import ImageList
from evenreg.data._list_facts import ListFacts
from evenreg.data._manifest import Manifest
from evenreg.data._parts import part_rows
from evenreg.data._split_facts import SplitFacts
from evenreg.errors import InputError

IMAGES, LABELS = "images.npy", "labels.csv"
_NORESERVE = getattr(mmap, "MAP_NORESERVE", 0x4000)  # Python knows its name from 3.13 on


@final
@dataclass(frozen=True, eq=False)
class ImageCache:
    """Images that were decoded once, read from disk as they are asked for.

    Attributes:
        images: (n, side, side, 3) uint8, mapped into memory: a slice costs what it holds, opening nothing. What is
            written into it stays in memory, the file is never changed.
        y: (n,) float64 labels.
        split: (n,) "train", "val" or "test"; None for a list that did not say.
        paths: n paths, as the list wrote them.
        pixels: n digests of decoded images; equal images have equal ones.
        benchmark: What the papers say about the data; None for a person's own.
        fingerprint: SHA-256 of images, labels and split, in order.
        target: Name of the label.
        notes: What there is to know of how it came about, such as images that were left out.
        folder: Where it lies. A pickled cache is its folder and split, opened again by whoever reads it.
    """

    images: NDArray[np.uint8]
    y: NDArray[np.float64]
    split: NDArray[Any] | None
    paths: tuple[str, ...]
    pixels: tuple[str, ...]
    benchmark: Benchmark | None
    fingerprint: str
    target: str
    notes: tuple[str, ...] = field(default=())
    folder: Path = Path()

    def __reduce__(self) -> tuple[Any, ...]:
        return _reopened, (self.folder, self.split)  # else all pixels would go along

    @classmethod
    def open(cls, folder: str | Path) -> "ImageCache":
        """The images of a folder that ``evenreg data prepare`` or `cache_images` made.

        Checksums are `verify`'s work.

        Raises:
            MissingFileError: Not a prepared folder.
            InputError: A folder of something else, or of another format; files that do not go together.
        """
        folder = Path(folder)
        manifest = Manifest.read(folder)
        if IMAGES not in manifest.files:
            raise InputError(f"{folder}: expected images, got {manifest.title}; open it as what it is.")
        try:
            images = _mapped(folder / IMAGES)
            paths, y, split, pixels = _read_labels(folder / LABELS)
            if images.dtype != np.uint8 or images.shape[:1] != y.shape or images.ndim != 4:
                raise ValueError
        except (OSError, ValueError):
            raise InputError(
                f"{folder}: expected {IMAGES} and {LABELS} as they were prepared, got others; prepare it again."
            ) from None
        digest = "".join(str(manifest.files[name]["sha256"]) for name in (IMAGES, LABELS))
        fingerprint = draw_digest([digest], np.array([""]))
        return cls(
            images, y, split, paths, pixels, manifest.benchmark, fingerprint, manifest.target, manifest.notes,
            folder.resolve(),
        )  # fmt: skip

    @cached_property
    def facts(self) -> SplitFacts | ListFacts:
        """Rows, labels, regions of a benchmark, and images that lie in two parts, pixel by pixel."""
        return facts_of_labels(self.benchmark, self.y, self.split, self.pixels)

    def rows(self, part: str) -> NDArray[np.int64]:
        """Row numbers of one part, "train", "val" or "test"."""
        return part_rows(self.split, part)

    def __len__(self) -> int:
        return len(self.y)


def _reopened(folder: Path, split: NDArray[Any] | None) -> ImageCache:
    """The images of a folder with a split that need not be the folder's own, such as `benchmark_rows` makes."""
    return replace(ImageCache.open(folder), split=split)


def _mapped(path: Path) -> NDArray[np.uint8]:
    """The array of a file, written to in memory alone: torch warns of arrays that cannot be written to.

    NumPy's own copy-on-write has Linux set aside memory for every page that might be written, which is refused for
    a file larger than the machine has. Where that cannot be waived, the array is read-only.
    """
    if sys.platform != "linux":
        return np.load(path, mmap_mode="c", allow_pickle=False)
    images = np.load(path, mmap_mode="r", allow_pickle=False)
    flags, access = mmap.MAP_PRIVATE | _NORESERVE, mmap.PROT_READ | mmap.PROT_WRITE
    try:
        with path.open("rb") as file:
            pages = mmap.mmap(file.fileno(), 0, flags=flags, prot=access)
    except OSError:
        return images
    return np.ndarray(images.shape, images.dtype, pages, images.offset)


def _read_labels(
    path: Path,
) -> tuple[tuple[str, ...], NDArray[np.float64], NDArray[Any] | None, tuple[str, ...]]:
    """Paths, labels, split and digests; a ValueError for a file that was not written by `write_labels`."""
    header, *rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline=""))
    paths, labels, parts, pixels = zip(*rows, strict=True)
    if header != _header(header[1]):
        raise ValueError
    split = np.array(parts, dtype=np.str_) if any(parts) else None
    return paths, np.array([float(label) for label in labels]), split, pixels


def _header(label: str) -> list[str]:
    return ["path", label, "split", "pixels"]


def facts_of_labels(
    benchmark: Benchmark | None, y: NDArray[np.float64], split: NDArray[Any] | None, pixels: Sequence[str]
) -> SplitFacts | ListFacts:
    """The facts of labelled images; a draw is known by ages and parts, whatever the files are called."""
    if benchmark is None or split is None:
        return ListFacts.of(y, split, pixels)
    digest = draw_digest([f"{age:g}" for age in y.tolist()], split)
    return SplitFacts.of(benchmark, y, split, pixels, digest)


def write_labels(folder: Path, listed: ImageList, label: str, pixels: Sequence[str]) -> None:
    """Write ``labels.csv``, row for row as the images; a split that is not known leaves its column empty."""
    stream = io.StringIO(newline="")
    parts = [""] * len(listed) if listed.split is None else listed.split.tolist()
    labels = [repr(value).removesuffix(".0") for value in listed.y.tolist()]
    rows = zip(listed.paths, labels, parts, pixels, strict=True)
    csv.writer(stream, lineterminator="\n").writerows([_header(label), *rows])
    write_text(folder / LABELS, stream.getvalue())
