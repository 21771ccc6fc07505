"""Is a prepared folder what was written, and what the papers describe?"""

from dataclasses import dataclass
from pathlib import Path
from typing import final

from evenreg.data._benchmark import Benchmark
from evenreg.data._image_cache import IMAGES, ImageCache
from evenreg.data._list_facts import ListFacts
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
        manifest: What it says about itself.
        damaged: What is not as it was written, a clause a file.
        facts: Numbers of the split or list; None where damage keeps them from being read.
    """

    folder: Path
    manifest: Manifest
    damaged: tuple[str, ...]
    facts: SplitFacts | ListFacts | None

    @property
    def benchmark(self) -> Benchmark | None:
        """What it holds; None for a person's own images."""
        return self.manifest.benchmark

    @property
    def differences(self) -> list[str]:
        """What is not as in the papers, a clause a number."""
        if self.benchmark is None or not isinstance(self.facts, SplitFacts):
            return []
        return self.facts.differences(self.benchmark)

    @property
    def passed(self) -> bool:
        """Undamaged, and a person's own data, the papers', or known as a stand-in."""
        return not self.damaged and (self.manifest.stand_in or not self.differences)

    def __str__(self) -> str:
        head = f"{self.folder}: {self.manifest.title}, {self.manifest.target}"
        lines = _lines(self.benchmark, self.facts)
        files = "; ".join(self.damaged) or "as they were written (sizes and SHA-256)"
        lines += [("files", files), *(("note", note) for note in self.manifest.notes)]
        return "\n".join([head, *(f"  {name:<14}{text}" for name, text in lines), self._verdict()])

    __repr__ = __str__

    def _verdict(self) -> str:
        told = "; ".join(self.differences)
        if self.damaged:
            return "FAIL: files are not as they were written; prepare the folder again."
        if self.benchmark is None:
            return "PASS: as it was written."
        if self.manifest.stand_in:
            return f"PASS as a stand-in; counts are not the papers': {told or 'but for the draw they are'}."
        if told:
            return (
                f"DIFFERS from {_TABLE}: {told}. Data that are not the papers' are prepared with --stand-in."
            )
        return f"PASS: as in {_TABLE}."


def _lines(benchmark: Benchmark | None, facts: SplitFacts | ListFacts | None) -> list[tuple[str, str]]:
    """Name and text of each line about the rows."""
    if isinstance(facts, ListFacts):
        return _list_lines(facts)
    return [] if facts is None or benchmark is None else _split_lines(benchmark, facts)


def _list_lines(facts: ListFacts) -> list[tuple[str, str]]:
    parts = "no split" if facts.parts is None else f"{joined(facts.parts)} (train/val/test)"
    doubles = [f"{facts.repeated} equal an earlier image"] if facts.repeated else []
    return [
        ("rows", f"{facts.rows:,}, {parts}"),
        ("labels", f"{facts.low:g} to {facts.high:g}"),
        ("doubles", _doubles(facts.doubles, doubles) or "every image once"),
    ]


def _split_lines(benchmark: Benchmark, facts: SplitFacts) -> list[tuple[str, str]]:
    zero = f", {facts.test_regions[3]} without training rows nearby" if facts.test_regions[3] else ""
    fitted = benchmark.fitted_regions
    zero += f"; {joined(fitted)} fit the papers' printed errors best" if fitted else ""
    bins = benchmark.bins
    lines = [
        ("rows", f"{joined(facts.rows)} (train/val/test)"),
        ("test regions", f"{joined(facts.test_regions[:3])} (many/medium/few){zero}"),
        (
            "thresholds",
            f"many: more than {benchmark.many} training rows in a bin, few: fewer than {benchmark.few}",
        ),
        (
            "bins",
            f"{len(bins)} of width {benchmark.width:g} from {bins.edges[0]:g} to {bins.edges[-1]:g}, "
            f"{facts.sparsest:,} to {facts.fullest:,} training rows each, {facts.empty} empty",
        ),
        ("doubles", _doubles(facts.doubles) or "no row is in two parts"),
    ]
    if facts.same_draw is not None:
        other = "another than the papers', so results are on other test rows than theirs"
        lines.append(("draw", "the papers' own, row by row" if facts.same_draw else other))
    return lines


def _doubles(doubles: dict[tuple[str, str], int], others: list[str] | None = None) -> str:
    told = [*(others or []), *(f"{n} in {a} and {b}" for (a, b), n in doubles.items() if n)]
    return f"{', '.join(told)}; told, not taken out" if told else ""


def verify(folder: str | Path, *, tell: Tell | None = None) -> Verification:
    """Look at a prepared folder: checksums, and of a benchmark counts, regions, bins, doubles.

    Args:
        folder: What ``evenreg data prepare`` or `cache_images` made.
        tell: Is told bytes read and bytes in all.

    Raises:
        MissingFileError: Not a prepared folder.
        InputError: A folder of another format.
    """
    folder = Path(folder)
    manifest = Manifest.read(folder)
    damaged = tuple(manifest.damaged(folder, tell))
    opened = ImageCache if IMAGES in manifest.files else SentencePairs
    return Verification(folder, manifest, damaged, None if damaged else opened.open(folder).facts)
