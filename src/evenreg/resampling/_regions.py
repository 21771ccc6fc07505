"""Region: a stretch of the label range that is rare or frequent throughout."""

from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from evenreg.errors import TargetError

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@final
class Region(NamedTuple):
    """Rows whose labels lie next to each other and are all rare, or all frequent.

    Attributes:
        low: Smallest label, label units.
        high: Largest label.
        rare: Whether their relevance is at least the threshold.
        rows: ``(m,)`` their row numbers, ascending.
    """

    low: float
    high: float
    rare: bool
    rows: Rows

    def told(self) -> str:
        """For an error sentence, as in ``the 12 rare rows with labels from 30.5 to 41``."""
        kind, count = "rare" if self.rare else "frequent", len(self.rows)
        if self.low == self.high:
            return f"the {count:,} {kind} row{'s' * (count > 1)} with label {self.low:.6g}"
        return f"the {count:,} {kind} rows with labels from {self.low:.6g} to {self.high:.6g}"


def regions_of(y: Floats, relevance: Floats, threshold: float) -> list[Region]:
    """Regions from the lowest labels to the highest: runs of rows, sorted by label, on one side of the threshold.

    Args:
        y: ``(n,)`` labels.
        relevance: ``(n,)`` their relevance.
        threshold: Relevance from which a label is rare.

    Raises:
        TargetError: All rows are rare, or none.

    Branco et al. 2017, section 3 (the bins of SMOGN); for two tails these are the two sets of rare rows of
    Torgo et al. 2013.
    """
    rare = relevance >= threshold
    if not rare.any():
        most = int(relevance.argmax())
        reach = (
            f"take threshold={_floored(relevance[most])} or less, or another relevance"
            if relevance[most] > 0
            else "take another relevance: Relevance.from_density, where rare is relevant, or Relevance.from_points"
        )
        raise TargetError(
            f"relevance: expected some labels with at least the threshold of {threshold:g}, got none of "
            f"{len(y):,} (the largest relevance is {relevance[most]:.3g}, of label {y[most]:.6g}); {reach}."
        )
    if rare.all():
        least = int(relevance.argmin())
        reach = (
            f"take a threshold above {relevance[least]:.3g}, or another relevance"
            if relevance[least] < 1
            else "take another relevance: one that is 0 where labels are frequent"
        )
        raise TargetError(
            f"relevance: expected some labels below the threshold of {threshold:g}, got all {len(y):,} rare "
            f"(the smallest relevance is {relevance[least]:.3g}, of label {y[least]:.6g}); {reach}."
        )
    order = np.argsort(y, kind="stable")
    cuts = np.flatnonzero(np.diff(rare[order])) + 1
    return [
        Region(float(y[rows[0]]), float(y[rows[-1]]), bool(rare[rows[0]]), np.sort(rows))
        for rows in np.split(order, cuts)
    ]


def _floored(value: float) -> str:
    """Three digits that are not above the value."""
    return f"{np.floor(value * 1000) / 1000:g}" if value >= 0.001 else f"{value:g}"
