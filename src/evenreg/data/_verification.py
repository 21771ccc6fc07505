"""Is a prepared folder what was written, and what the papers describe?"""

from dataclasses import dataclass
from pathlib import Path
from typing import final

from evenreg.data._benchmark import Benchmark
from evenreg.data._image_cache import IMAGES, ImageCache
from evenreg.data._manifest import Manifest, Tell
from evenreg.data._sentence_pairs import SentencePairs
from evenreg.data._split_facts import SplitFacts, joined

_TABLE = "Yang et al. (2021), Table 7"


@final
@dataclass(frozen=True, repr=False)
class Verification:
    """What was found in a prepared folder; ``print`` gives the page of ``evenreg data verify``.

    Attributes:
        folder: The folder.
        benchmark: What it holds.
        stand_in: Whether its maker said that it is not the papers' data.
        damaged: What is not as it was written, a clause a file.
        facts: Numbers of the split; None where damage keeps them from being read.
        notes: What the preparation left to tell.
    """

    folder: Path
    benchmark: Benchmark
    stand_in: bool
    damaged: tuple[str, ...]
    facts: SplitFacts | None
    notes: tuple[str, ...] = ()

    @property
    def differences(self) -> list[str]:
        """What is not as in the papers, a clause a number."""
        return [] if self.facts is None else self.facts.differences(self.benchmark)

    @property
    def passed(self) -> bool:
        """Undamaged, and the papers' data or known as a stand-in."""
        return not self.damaged and (self.stand_in or not self.differences)

    def __str__(self) -> str:
        head = f"{self.folder}: {self.benchmark.title}, {self.benchmark.target}"
        lines = [] if self.facts is None else _lines(self.benchmark, self.facts)
        files = "; ".join(self.damaged) or "as they were written (sizes and SHA-256)"
        lines += [("files", files), *(("note", note) for note in self.notes)]
        return "\n".join([head, *(f"  {name:<14}{text}" for name, text in lines), self._verdict()])

    __repr__ = __str__

    def _verdict(self) -> str:
        told = "; ".join(self.differences)
        if self.damaged:
            return "FAIL: files are not as they were written; prepare the folder again."
        if self.stand_in:
            return f"PASS as a stand-in; counts are not the papers': {told or 'but for the draw they are'}."
        if told:
            return (
                f"DIFFERS from {_TABLE}: {told}. Data that are not the papers' are prepared with --stand-in."
            )
        return f"PASS: as in {_TABLE}."


def _lines(benchmark: Benchmark, facts: SplitFacts) -> list[tuple[str, str]]:
    """Name and text of each line about the split."""
    zero = f", {facts.test_regions[3]} without training rows nearby" if facts.test_regions[3] else ""
    bins = benchmark.bins
    doubles = ", ".join(f"{n} in {a} and {b}" for (a, b), n in facts.doubles.items() if n)
    lines = [
        ("rows", f"{joined(facts.rows)} (train/val/test)"),
        (
            "test regions",
            f"{joined(facts.test_regions[:3])} (many/medium/few){zero}",
        ),
        (
            "thresholds",
            f"many: more than {benchmark.many} training rows in a bin, few: fewer than {benchmark.few}",
        ),
        (
            "bins",
            f"{len(bins)} of width {benchmark.width:g} from {bins.edges[0]:g} to {bins.edges[-1]:g}, "
            f"{facts.sparsest:,} to {facts.fullest:,} training rows each, {facts.empty} empty",
        ),
        ("doubles", f"{doubles}; told, not taken out" if doubles else "no row is in two parts"),
    ]
    if facts.same_draw is not None:
        other = "another than the papers', so results are on other test rows than theirs"
        lines.append(("draw", "the papers' own, row by row" if facts.same_draw else other))
    return lines


def verify(folder: str | Path, *, tell: Tell | None = None) -> Verification:
    """Look at a folder that ``evenreg data prepare`` made: checksums, counts, regions, bins, doubles.

    Args:
        folder: The folder.
        tell: Is told bytes read and bytes in all.

    Raises:
        MissingFileError: Not a prepared folder.
        InputError: A folder of another format.
    """
    folder = Path(folder)
    manifest = Manifest.read(folder)
    damaged = tuple(manifest.damaged(folder, tell))
    opened = ImageCache if IMAGES in manifest.files else SentencePairs
    facts = None if damaged else opened.open(folder).facts
    notes = tuple(map(str, manifest.facts.get("notes", ())))
    return Verification(folder, manifest.benchmark, manifest.stand_in, damaged, facts, notes)
