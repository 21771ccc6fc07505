"""Decoded images in one file that is mapped into memory, with their labels."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from evenreg import _check
from evenreg._files import write_text
from evenreg.data._benchmark import PARTS, Benchmark, draw_digest
from evenreg.data._image_list import ImageList
from evenreg.data._manifest import Manifest
from evenreg.data._split_facts import SplitFacts
from evenreg.errors import InputError

IMAGES, LABELS = "images.npy", "labels.csv"
_HEADER = ["path", "age", "split", "pixels"]


@final
@dataclass(frozen=True, eq=False)
class ImageCache:
    """Images that were decoded once, read from disk as they are asked for.

    Attributes:
        images: (n, side, side, 3) uint8, mapped into memory: a slice costs what it holds, opening nothing.
        y: (n,) float64 labels.
        split: (n,) "train", "val" or "test".
        paths: n paths, as the CSV wrote them.
        pixels: n digests of decoded images; equal images have equal ones.
        benchmark: What the papers say about the data.
        fingerprint: SHA-256 of images, labels and split, in order.
    """

    images: NDArray[np.uint8]
    y: NDArray[np.float64]
    split: NDArray[Any]
    paths: tuple[str, ...]
    pixels: tuple[str, ...]
    benchmark: Benchmark
    fingerprint: str

    @classmethod
    def open(cls, folder: str | Path) -> "ImageCache":
        """The images of a folder that ``evenreg data prepare`` made; checksums are `verify`'s work.

        Raises:
            MissingFileError: Not a prepared folder.
            InputError: A folder of something else, or of another format; files that do not go together.
        """
        folder = Path(folder)
        manifest = Manifest.read(folder)
        if IMAGES not in manifest.files:
            raise InputError(
                f"{folder}: expected images, got {manifest.benchmark.title}; open it as what it is."
            )
        try:
            images = np.load(folder / IMAGES, mmap_mode="r", allow_pickle=False)
            header, rows = _read_labels(folder / LABELS)
            paths, ages, split, pixels = zip(*rows, strict=True)
            y, parts = np.array([float(age) for age in ages]), np.array(split, dtype=np.str_)
            if (
                header != _HEADER
                or images.dtype != np.uint8
                or images.shape[:1] != y.shape
                or images.ndim != 4
            ):
                raise ValueError
        except (OSError, ValueError):
            raise InputError(
                f"{folder}: expected {IMAGES} and {LABELS} as they were prepared, got others; prepare it again."
            ) from None
        digest = "".join(str(manifest.files[name]["sha256"]) for name in (IMAGES, LABELS))
        return cls(images, y, parts, paths, pixels, manifest.benchmark, draw_digest([digest], np.array([""])))

    @cached_property
    def facts(self) -> SplitFacts:
        """Rows, regions, bins, and images that lie in two parts, pixel by pixel."""
        return facts_of_labels(self.benchmark, self.y, self.split, self.pixels)

    def rows(self, part: str) -> NDArray[np.int64]:
        """Row numbers of one part, "train", "val" or "test"."""
        return np.flatnonzero(self.split == _check.known(part, PARTS, "part"))

    def __len__(self) -> int:
        return len(self.y)


def _read_labels(path: Path) -> tuple[list[str], list[list[str]]]:
    """Header and rows."""
    header, *rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline=""))
    return header, rows


def facts_of_labels(
    benchmark: Benchmark, y: NDArray[np.float64], split: NDArray[Any], pixels: Sequence[str]
) -> SplitFacts:
    """The facts of labelled images; a draw is known by ages and parts, whatever the files are called."""
    digest = draw_digest([f"{age:g}" for age in y.tolist()], split)
    return SplitFacts.of(benchmark, y, split, pixels, digest)


def write_labels(folder: Path, listed: ImageList, pixels: Sequence[str]) -> None:
    """Write ``labels.csv``, row for row as the images."""
    stream = io.StringIO(newline="")
    rows = zip(
        listed.paths, [f"{age:g}" for age in listed.y.tolist()], listed.split.tolist(), pixels, strict=True
    )
    csv.writer(stream, lineterminator="\n").writerows([_HEADER, *rows])
    write_text(folder / LABELS, stream.getvalue())
