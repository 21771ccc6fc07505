"""What a split says for itself: rows, regions, bins and doubles, and where that is not what the papers say."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from evenreg.data._benchmark import Benchmark
from evenreg.data._parts import PARTS
from evenreg.labels import LabelSpace

#: Pairs of parts that no row should lie in, the worst first.
_PAIRS = (("train", "test"), ("train", "val"), ("val", "test"))


@final
@dataclass(frozen=True)
class SplitFacts:
    """Numbers of a split of a benchmark.

    Attributes:
        rows: Training, validation and test rows.
        test_regions: Many, medium, few and zero rows of the test set.
        fullest: Training rows of the fullest bin.
        sparsest: Training rows of the sparsest bin that holds any.
        empty: Bins without a training row.
        doubles: Per pair of parts, rows of the second that lie in the first, too.
        same_draw: Whether it is the papers' own draw, row by row; None where that is not known.
    """

    rows: tuple[int, int, int]
    test_regions: tuple[int, int, int, int]
    fullest: int
    sparsest: int
    empty: int
    doubles: dict[tuple[str, str], int]
    same_draw: bool | None

    @classmethod
    def of(
        cls,
        benchmark: Benchmark,
        y: NDArray[np.float64],
        split: NDArray[Any],
        keys: Sequence[Hashable],
        digest: str,
    ) -> "SplitFacts":
        """The facts of labels and parts; rows with equal keys are doubles.

        Args:
            benchmark: What the data are to be.
            y: (n,) labels.
            split: (n,) "train", "val" or "test", none of them lacks; or "" for rows that are left out.
            keys: What makes two rows the same, n of them.
            digest: `draw_digest` of the rows.
        """
        space = LabelSpace.fit(y[split == "train"], benchmark.bins)
        assigned = benchmark.regions.assign(y[split == "test"], space)
        many, medium, few = (int((assigned == region).sum()) for region in ("many", "medium", "few"))
        populated = space.counts[space.counts > 0]
        train, val, test = (int((split == part).sum()) for part in PARTS)
        return cls(
            rows=(train, val, test),
            test_regions=(many, medium, few, test - many - medium - few),
            fullest=int(populated.max()),
            sparsest=int(populated.min()),
            empty=int((space.counts == 0).sum()),
            doubles=doubles_of(keys, split),
            same_draw=None if benchmark.draw is None else digest == benchmark.draw,
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for the manifest."""
        return {
            "rows": dict(zip(PARTS, self.rows, strict=True)),
            "test_regions": dict(zip(("many", "medium", "few", "zero"), self.test_regions, strict=True)),
            "training_rows_a_bin": {"most": self.fullest, "fewest": self.sparsest, "empty_bins": self.empty},
            "doubles": {f"{a} and {b}": n for (a, b), n in self.doubles.items()},
        }

    def differences(self, benchmark: Benchmark) -> list[str]:
        """What is not as in Table 7 of papers/000, a clause a number."""
        found = []
        if self.rows != benchmark.rows:
            found.append(f"rows are {joined(self.rows)}, the papers' {joined(benchmark.rows)}")
        if self.fullest != benchmark.largest_bin:
            found.append(
                f"the fullest training bin holds {self.fullest:,} rows, the papers' {benchmark.largest_bin:,}"
            )
        expected = benchmark.test_regions
        if expected is not None and self.test_regions != (*expected, 0):
            regions = self.test_regions if self.test_regions[3] else self.test_regions[:3]
            found.append(f"test regions are {joined(regions)}, the papers' {joined(expected)}")
        return found


def doubles_of(keys: Sequence[Hashable], split: NDArray[Any]) -> dict[tuple[str, str], int]:
    """Per pair of parts, rows of the second whose key a row of the first has, too.

    >>> import numpy as np
    >>> doubles_of(["a", "b", "a", "b"], np.array(["train", "train", "test", ""]))["train", "test"]
    1
    """
    rows = list(zip(keys, split.tolist(), strict=True))
    held = {part: {key for key, other in rows if other == part} for part in PARTS}
    return {(a, b): sum(part == b and key in held[a] for key, part in rows) for a, b in _PAIRS}


def joined(numbers: Sequence[int]) -> str:
    """``5249/1000/1000``."""
    return "/".join(map(str, numbers))
