"""Labelled pairs of sentences, as read and as a prepared folder keeps them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from evenreg._files import write_text
from evenreg.data._benchmark import Benchmark, draw_digest
from evenreg.data._manifest import Manifest
from evenreg.data._parts import PARTS, part_rows
from evenreg.data._split_facts import SplitFacts
from evenreg.errors import InputError

PAIRS = "pairs.tsv"
_HEADER = "first\tsecond\tscore\tsplit"


@final
@dataclass(frozen=True, eq=False)
class SentencePairs:
    """Pairs of sentences with a score each, and the part each belongs to.

    Attributes:
        first: n sentences, every character as in the source.
        second: n sentences.
        y: (n,) float64 scores. They are decimals; bins treat them as the float32 numbers that the papers used.
        split: (n,) "train", "val" or "test".
        benchmark: What the papers say about the data.
        fingerprint: SHA-256 of sentences, scores and split, in order.
        folder: Where they lie, if they do.
    """

    first: tuple[str, ...]
    second: tuple[str, ...]
    y: NDArray[np.float64]
    split: NDArray[Any]
    benchmark: Benchmark
    fingerprint: str
    folder: Path | None = None

    @classmethod
    def of(
        cls, rows: Iterable[tuple[str, str, float]], split: NDArray[Any], benchmark: Benchmark
    ) -> "SentencePairs":
        """Pairs from rows of two sentences and a score."""
        first, second, scores = zip(*rows, strict=True)
        # As float32, which is what scores are told apart by: 2.6 and 2.60 are one.
        facts = [f"{a}\t{b}\t{np.float32(s)!s}" for a, b, s in zip(first, second, scores, strict=True)]
        return cls(first, second, np.array(scores, np.float64), split, benchmark, draw_digest(facts, split))

    @classmethod
    def open(cls, folder: str | Path) -> "SentencePairs":
        """The pairs of a folder that ``evenreg data prepare`` made.

        Raises:
            MissingFileError: Not a prepared folder.
            InputError: A folder of something else, or of another format; a file that was changed.
        """
        folder = Path(folder)
        manifest = Manifest.read(folder)
        if manifest.benchmark is None or PAIRS not in manifest.files:
            raise InputError(
                f"{folder}: expected sentence pairs, got {manifest.title}; open it as what it is."
            )
        try:
            # Not splitlines: a sentence may hold any character but tab and line feed.
            header, *lines = (folder / PAIRS).read_bytes().decode().split("\n")[:-1]
            cells = [line.split("\t") for line in lines]
            rows = [(a, b, float(score)) for a, b, score, _ in cells]
            split = np.array([part for *_, part in cells], dtype=np.str_)
            damaged = header != _HEADER or not set(split.tolist()) <= set(PARTS) or not rows
        except (OSError, ValueError):
            damaged, rows, split = True, [], np.array([])
        if damaged:
            raise InputError(
                f"{folder / PAIRS}: expected the file that was prepared, got another; prepare it again."
            )
        return replace(cls.of(rows, split, manifest.benchmark), folder=folder)

    def write(self, folder: Path) -> None:
        """Write ``pairs.tsv``: a header, then tab-separated rows without any quoting."""
        rows = zip(self.first, self.second, self.y.tolist(), self.split.tolist(), strict=True)
        lines = [f"{first}\t{second}\t{score!r}\t{part}" for first, second, score, part in rows]
        write_text(folder / PAIRS, "\n".join([_HEADER, *lines, ""]))

    @property
    def target(self) -> str:
        """Name of the score."""
        return self.benchmark.target

    @cached_property
    def facts(self) -> SplitFacts:
        """Rows, regions, bins, and pairs that lie in two parts; a pair turned round is another."""
        keys = list(zip(self.first, self.second, strict=True))
        return SplitFacts.of(self.benchmark, self.y, self.split, keys, self.fingerprint)

    def rows(self, part: str) -> NDArray[np.int64]:
        """Row numbers of one part, "train", "val" or "test"."""
        return part_rows(self.split, part)

    def __len__(self) -> int:
        return len(self.y)
