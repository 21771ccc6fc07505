"""What the papers say about a benchmark: range, bins, thresholds and counts, as data."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, final

from numpy.typing import NDArray

from evenreg.labels import Bins, ShotRegions


@final
@dataclass(frozen=True)
class Benchmark:
    """A benchmark of deep imbalanced regression as published.

    Attributes:
        name: The word of the command line, such as ``"agedb-dir"``.
        title: As the papers write it.
        target: Name of the label, with its unit.
        low: Smallest label the papers allow.
        high: Largest one.
        width: Width of a bin in label units.
        whole: Whether a bin lies around each whole number; else bins begin at ``low``.
        many: Many-shot: more than this many training rows in a bin.
        few: Few-shot: fewer than this many.
        rows: Training, validation and test rows.
        largest_bin: Training rows of the fullest bin.
        test_regions: Many, medium and few rows of the test set; None where no source tells.
        fitted_regions: Where none does, the numbers that fit the errors the papers print best. Inferred, so that
            they are told beside what is found, and never a difference.
        draw: `draw_digest` of the papers' own split; None where it is not known.
        cap: The split rule: validation and test take min(n // 3, cap) rows of every bin; None without a rule.
        drawn_to: Labels above it stay in training.

    Papers: papers/000 section 4, Table 7 and C.1 (the thresholds of STS-B-DIR).

    >>> BENCHMARKS["sts-b-dir"].bins.index([0.0, 0.3, 4.95, 5.0]).tolist()
    [0, 3, 49, 49]
    """

    name: str
    title: str
    target: str
    low: float
    high: float
    width: float
    whole: bool
    many: int
    few: int
    rows: tuple[int, int, int]
    largest_bin: int
    test_regions: tuple[int, int, int] | None = None
    fitted_regions: tuple[int, int, int] | None = None
    draw: str | None = None
    cap: int | None = None
    drawn_to: float = float("inf")

    @property
    def bins(self) -> Bins:
        """Where training labels are counted."""
        half = self.width / 2 if self.whole else 0.0
        return Bins.uniform(self.low - half, self.high + half, self.width)

    @property
    def regions(self) -> ShotRegions:
        """Many, medium and few by the papers' thresholds."""
        return ShotRegions(self.many, self.few)


def draw_digest(facts: Iterable[str], split: NDArray[Any]) -> str:
    """What tells one draw of a split from another: SHA-256 of the rows' facts, in order, each with its part.

    >>> import numpy as np
    >>> draw_digest(["31"], np.array(["train"])) == draw_digest(["31"], np.array(["test"]))
    False
    """
    lines = [f"{fact}\t{part}\n" for fact, part in zip(facts, split.tolist(), strict=True)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


BENCHMARKS = {
    benchmark.name: benchmark
    for benchmark in (
        Benchmark(
            name="sts-b-dir",
            title="STS-B-DIR",
            target="similarity (0 to 5)",
            low=0.0,
            high=5.0,
            width=0.1,
            whole=False,
            many=100,
            few=30,
            rows=(5249, 1000, 1000),
            largest_bin=428,
            test_regions=(756, 170, 74),
            draw="0515158c2f5b5fe7dc6114819de2314ec27eaee5a0394e17b0181009dd8ee676",
        ),
        Benchmark(
            name="agedb-dir",
            title="AgeDB-DIR",
            target="age (years)",
            low=0,
            high=101,
            width=1,
            whole=True,
            many=100,
            few=20,
            rows=(12_208, 2_140, 2_140),
            largest_bin=353,
            test_regions=(1530, 448, 162),
            draw="0d49565df529fab9727d2c615d170a97fbf097bed3a7bb0f8ac64d82c53479a9",
            cap=30,
        ),
        Benchmark(
            name="imdb-wiki-dir",
            title="IMDB-WIKI-DIR",
            target="age (years)",
            low=0,
            high=186,
            width=1,
            whole=True,
            many=100,
            few=20,
            rows=(191_509, 11_022, 11_022),
            largest_bin=7149,
            # Of all that sum to 11,022 they give most of the printed overall errors: 146 of 173 within rounding, the
            # next best 135. Least squares over errors and log geometric means of the same tables give 10,019, 894, 109.
            fitted_regions=(10_023, 888, 111),
            cap=150,
            drawn_to=120,
        ),
    )
}
