"""What `diagnose` reads from labels: gaps, spikes, how rare is rare, what a weighting costs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Gap:
    """An empty stretch of the label range.

    Attributes:
        low: Where it begins, in label units.
        high: Where it ends, in label units.
    """

    low: float
    high: float


@dataclass(frozen=True)
class Spike:
    """One exact value that holds far more rows than its neighbours.

    Attributes:
        value: The value, in label units.
        rows: Rows that have it.
        share: Their share of all rows, 0 to 1.
        at_end: ``"low"`` or ``"high"`` when it is the smallest or largest label, else ``""``.
    """

    value: float
    rows: int
    share: float
    at_end: str


@dataclass(frozen=True)
class Outliers:
    """Very few rows beyond an empty half of the label range.

    Attributes:
        rows: How many.
        where: Their labels, in words.
        gap_share: Share of the range that lies empty between them and the others, 0 to 1.
    """

    rows: int
    where: str
    gap_share: float


@dataclass(frozen=True)
class WeightEffect:
    """What a weighting does to the rows, its weights having mean 1 over them.

    Attributes:
        smallest: Smallest weight of a row.
        largest: Largest weight of a row.
        effective_rows: (sum w)^2 / sum w^2: the rows that an unweighted mean of equal variance has (Kish).
        few_share: Share of all weight that lies on rows of few-shot bins, 0 to 1.
    """

    smallest: float
    largest: float
    effective_rows: float
    few_share: float


def lattice_unit(y: NDArray[np.float64], edges: NDArray[np.float64]) -> float:
    """What all labels are multiples of when bin edges lie between such multiples, as for ages; else 0.

    Bins are then best named by the labels they hold: 9, and not 8.5 to 9.5.

    Example:
        >>> import numpy as np
        >>> lattice_unit(np.array([0.0, 50, 200]), np.array([-25.0, 75, 225]))
        50.0
        >>> lattice_unit(np.array([0.0, 50, 200]), np.array([0.0, 100, 300]))
        0.0
    """
    for decimals in range(4):
        scaled = y * 10.0**decimals
        if np.abs(scaled).max() > 2**53:
            return 0.0
        whole = np.rint(scaled)
        # Float32 labels are off by 6e-8 of themselves.
        if np.all(np.abs(scaled - whole) <= np.minimum(1e-6 + 1.2e-7 * np.abs(whole), 0.01)):
            unit = float(np.gcd.reduce(whole.astype(np.int64))) / 10.0**decimals
            between = unit > 0 and np.all(np.abs(edges / unit - np.rint(edges / unit)) > 0.25)
            return unit if between else 0.0
    return 0.0


def slope_of(target: NDArray[np.float64], prediction: NDArray[np.float64]) -> float:
    """Slope of the least-squares line of predictions on labels; NaN when all labels are equal.

    Example:
        >>> import numpy as np
        >>> slope_of(np.array([1.0, 2, 3]), np.array([1.5, 2, 2.5]))
        0.5
    """
    centred = target - target.mean()
    spread = float(centred @ centred)
    return float(centred @ prediction) / spread if spread > 0 else float("nan")


def find_gaps(edges: NDArray[np.float64], counts: NDArray[np.int64], longer_than: int = 5) -> list[Gap]:
    """Empty stretches of more than ``longer_than`` bins, the widest first.

    Example:
        >>> import numpy as np
        >>> find_gaps(np.arange(9.0), np.array([3, 0, 0, 0, 0, 0, 0, 1]))
        [Gap(low=1.0, high=7.0)]
    """
    empty = np.concatenate([[False], np.asarray(counts) == 0, [False]]).astype(np.int8)
    steps = np.diff(empty)
    starts, stops = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)
    found = [
        Gap(float(edges[a]), float(edges[b]))
        for a, b in zip(starts, stops, strict=True)
        if b - a > longer_than
    ]
    return sorted(found, key=lambda gap: gap.low - gap.high)


def find_spikes(y: NDArray[np.float64], least_share: float = 0.05, factor: float = 3.0) -> list[Spike]:
    """Exact values with at least ``least_share`` of the rows and ``factor`` times those of their neighbours.

    The values beside it, and not its bin, are what a spike is measured against: a mode of whole-number labels
    has neighbours of its own size, a pile of zeros in rainfall or of capped prices has not.

    Example:
        >>> import numpy as np
        >>> find_spikes(np.r_[np.zeros(90), np.linspace(1, 2, 10)])
        [Spike(value=0.0, rows=90, share=0.9, at_end='low')]
    """
    values, rows = np.unique(y, return_counts=True)
    beside = np.concatenate([[0], rows, [0]])
    largest_neighbour = np.maximum(beside[:-2], beside[2:])
    hits = np.flatnonzero((rows >= least_share * len(y)) & (rows >= factor * largest_neighbour) & (rows > 1))
    ends = {0: "low", len(values) - 1: "high"}
    spikes = [
        Spike(float(values[i]), int(rows[i]), float(rows[i] / len(y)), ends.get(int(i), "")) for i in hits
    ]
    return sorted(spikes, key=lambda spike: -spike.rows)


def find_outliers(y: NDArray[np.float64], gaps: Sequence[Gap], most: int = 9) -> Outliers | None:
    """At most ``most`` rows (and 1 % of all) that lie beyond a gap of at least half the range, if any.

    Example:
        >>> import numpy as np
        >>> y = np.r_[np.arange(1000.0), 1e9]
        >>> find_outliers(y, [Gap(1000.0, 1e9)]).where
        'the label 1e+09'
    """
    if not len(gaps):
        return None
    share = (gaps[0].high - gaps[0].low) / float(y.max() - y.min())
    above = y > gaps[0].low + (gaps[0].high - gaps[0].low) / 2
    far = y[above if 2 * above.sum() < len(y) else ~above]
    if share < 0.5 or len(far) > min(most, 0.01 * len(y)):
        return None
    values = np.unique(far)
    where = f"the label {values[0]:g}" if len(values) == 1 else f"labels from {values[0]:g} to {values[-1]:g}"
    return Outliers(len(far), where, min(share, 1.0))


def is_skewed(y: NDArray[np.float64]) -> bool:
    """Whether labels are positive with an upper tail that a logarithm shortens: skewness above 1, halved.

    Example:
        >>> import numpy as np
        >>> z = np.random.default_rng(0).normal(size=1000)
        >>> is_skewed(np.exp(z)), is_skewed(z), is_skewed(z + 10)
        (True, False, False)
    """
    if y.min() <= 0:
        return False
    raw, logged = _skewness(y), _skewness(np.log(y))
    return raw > 1 and abs(logged) < raw / 2


def _skewness(y: NDArray[np.float64]) -> float:
    z = (y - y.mean()) / y.std()
    return float((z**3).mean())


def density_ratio(counts: NDArray[np.int64], smoothed: NDArray[np.float64]) -> float:
    """How much rarer labels are around the rarest 1 % of rows than around the typical row.

    Smoothed counts at the median row over smoothed counts at the 1st percentile of rows: 1 for even labels,
    about 20 for a Gaussian, 50 for an exponential. Largest over smallest *bin* grows with the number of rows
    and with one stray label; this does not.

    Args:
        counts: Rows per bin, shape ``(m,)``.
        smoothed: Counts smoothed over neighbouring bins, shape ``(m,)``, positive where a bin is populated.

    Example:
        >>> import numpy as np
        >>> density_ratio(np.array([98, 2]), np.array([98.0, 2.0]))
        49.0
    """
    order = np.argsort(smoothed, kind="stable")
    reached = np.cumsum(np.asarray(counts)[order])
    at = np.searchsorted(reached, [0.01 * reached[-1], 0.5 * reached[-1]])
    rare, typical = np.asarray(smoothed, dtype=np.float64)[order][at]
    return float(typical / rare)


def weight_effect(
    table: NDArray[np.float64], counts: NDArray[np.int64], few: NDArray[np.bool_]
) -> WeightEffect:
    """What one weight per bin does to the rows.

    Args:
        table: Weight of every bin, shape ``(m,)``.
        counts: Rows per bin, shape ``(m,)``.
        few: Which bins are few-shot, shape ``(m,)``.

    Example:
        >>> import numpy as np
        >>> weight_effect(np.array([0.5, 5.5]), np.array([9, 1]), np.array([False, True]))
        WeightEffect(smallest=0.5, largest=5.5, effective_rows=3.076923076923077, few_share=0.55)
    """
    populated = counts > 0
    total = float((table * counts).sum())
    squares = float((table**2 * counts).sum())
    return WeightEffect(
        smallest=float(table[populated].min()),
        largest=float(table[populated].max()),
        effective_rows=total**2 / squares,
        few_share=float((table * counts)[few].sum()) / total,
    )
