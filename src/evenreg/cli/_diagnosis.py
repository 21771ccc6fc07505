"""What `diagnose` finds, as an object and as a page of text."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import NDArray

from evenreg.cli._label_facts import Gap, Spike, WeightEffect
from evenreg.cli._verdict import Verdict
from evenreg.labels import LabelSpace, ShotRegions

if TYPE_CHECKING:
    from matplotlib.axes import Axes

REGIONS = ("many", "medium", "few", "zero")


@final
@dataclass(frozen=True)
class RegionFacts:
    """How much of the rows and of the label range one region holds.

    Attributes:
        rows: Rows in it.
        bins: Bins in it.
        range_share: Its share of the label range, 0 to 1.
        stretches: Where it lies: ``(low, high)`` in label units, ascending.
    """

    rows: int
    bins: int
    range_share: float
    stretches: tuple[tuple[float, float], ...]


@final
@dataclass(frozen=True, eq=False, repr=False)
class Diagnosis:
    """Whether rare labels are a person's problem: counts, gaps, spikes, regions, weights, and a verdict.

    ``print(diagnosis)`` gives the page that ``evenreg diagnose`` prints; a notebook shows it with tables and the
    histogram.

    Attributes:
        target: What the labels are called.
        source: Where they come from; empty for an array.
        space: The labels that were counted, binned.
        regions: What many, medium and few mean.
        unit: What all labels are multiples of where bins are named by labels, 1 for ages; else 0.
        distinct: Different values among them.
        median: Their median, in label units.
        dropped: Rows left out because their label was missing.
        held_out: Test rows by the split column, which are not counted.
        density_ratio: How many times rarer labels are around the rarest 1 % of rows than around the typical
            row.
        imbalance: Rows in the fullest bin over rows in the emptiest populated one.
        gaps: Empty stretches of the range, the widest first.
        spikes: Exact values that hold far more rows than their neighbours, the highest first.
        by_region: Rows and range of ``many``, ``medium``, ``few`` and ``zero``.
        weights: What each weighting would do to the rows.
        verdict: What to make of it all.
    """

    target: str
    source: str
    space: LabelSpace
    regions: ShotRegions
    unit: float
    distinct: int
    median: float
    dropped: int
    held_out: int
    density_ratio: float
    imbalance: float
    gaps: tuple[Gap, ...]
    spikes: tuple[Spike, ...]
    by_region: Mapping[str, RegionFacts]
    weights: Mapping[str, WeightEffect]
    verdict: Verdict

    @property
    def bin_regions(self) -> NDArray[Any]:
        """``many``, ``medium``, ``few`` or ``zero`` of every bin, ``(m,)``."""
        return shot_names(self.regions, self.space)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, fit for JSON."""
        space = self.space
        many, few = self.regions.thresholds(space)
        return {
            "target": self.target,
            "source": self.source,
            "n": space.n,
            "dropped": self.dropped,
            "held_out": self.held_out,
            "low": float(space.low),
            "high": float(space.high),
            "mean": float(space.mean[0]),
            "std": float(space.std[0]),
            "median": self.median,
            "distinct": self.distinct,
            "unit": self.unit,
            "bins": {**space.bins.to_dict(), "counts": space.counts.tolist()},
            "density_ratio": self.density_ratio,
            "imbalance": self.imbalance,
            "gaps": [asdict(gap) for gap in self.gaps],
            "spikes": [asdict(spike) for spike in self.spikes],
            "thresholds": {"many": many, "few": few, **self.regions.to_dict()},
            "regions": {name: asdict(facts) for name, facts in self.by_region.items()},
            "weights": {word: asdict(effect) for word, effect in self.weights.items()},
            "verdict": asdict(self.verdict),
        }

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Histogram of the labels by region with the weights of ``sqinv + lds``; None draws on new axes."""
        from evenreg._words import parse
        from evenreg.labels import weighting_from
        from evenreg.plots import label_histogram

        weights = weighting_from(parse("sqinv+lds"))
        assert weights is not None
        ax = label_histogram(self.space, self.regions, weights.fit(self.space), ax=ax)
        ax.set_xlabel(self.target, parse_math=False)
        return ax

    def __str__(self) -> str:
        from evenreg.cli._diagnosis_text import page

        return page(self)

    # What an interpreter shows of the last line; the fields would fill several screens.
    __repr__ = __str__

    def _repr_html_(self) -> str:
        from evenreg.cli._diagnosis_html import diagnosis_html

        return diagnosis_html(self)


def shot_names(regions: ShotRegions, space: LabelSpace) -> NDArray[Any]:
    """Region of every bin, interpolation and extrapolation both called ``zero``."""
    names = regions.bin_regions(space)
    return np.where(np.isin(names, REGIONS), names, "zero")


def region_facts(regions: ShotRegions, space: LabelSpace) -> dict[str, RegionFacts]:
    """`RegionFacts` of the four regions.

    Example:
        >>> space = LabelSpace.fit([1] * 8 + [2] * 4 + [3] * 30 + [4] * 9)
        >>> region_facts(ShotRegions(many=20, few=5), space)["few"]
        RegionFacts(rows=4, bins=1, range_share=0.25, stretches=((1.5, 2.5),))
    """
    names, bins = shot_names(regions, space), space.bins
    total = float(bins.edges[-1] - bins.edges[0])
    found = {}
    for name in REGIONS:
        inside = names == name
        steps = np.diff(np.concatenate([[0], inside.astype(np.int8), [0]]))
        starts, stops = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)
        found[name] = RegionFacts(
            rows=int(space.counts[inside].sum()),
            bins=int(inside.sum()),
            range_share=float(bins.widths[inside].sum()) / total,
            stretches=tuple(
                (float(bins.edges[a]), float(bins.edges[b])) for a, b in zip(starts, stops, strict=True)
            ),
        )
    return found


def rare_stretches(facts: Mapping[str, RegionFacts]) -> list[tuple[float, float]]:
    """The few-shot and empty stretches of the range in the order of the axis, touching ones as one.

    Example:
        >>> space = LabelSpace.fit([1] * 30 + [2] * 4 + [10] * 30)
        >>> rare_stretches(region_facts(ShotRegions(many=20, few=5), space))
        [(1.5, 9.5)]
    """
    joined: list[tuple[float, float]] = []
    for low, high in sorted(facts["few"].stretches + facts["zero"].stretches):
        if joined and joined[-1][1] == low:
            joined[-1] = (joined[-1][0], high)
        else:
            joined.append((low, high))
    return joined
