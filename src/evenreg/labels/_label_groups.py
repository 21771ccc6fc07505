"""LabelGroups: the label axis cut into a few groups, in order."""

from collections.abc import Callable, Mapping
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenreg import _check
from evenreg.errors import InputError, ShapeError
from evenreg.labels._bin_rule import readable
from evenreg.labels._bins import Bins
from evenreg.labels._equal_mass import equal_mass_cuts
from evenreg.labels._label_space import LabelSpace


@final
class LabelGroups:
    """Groups of neighbouring labels, numbered along the label axis: one expert each, one class each.

    Regression falls into telling the group and regressing inside it. A group is a run of bins, so that a
    label's group follows from its bin and counts are exact for a space of any size. The groups reach from the
    first bin with training labels to the last; labels beyond belong to the end groups.

    Args:
        bins: The bins.
        cuts: ``(n + 1,)`` ascending bin numbers: group g is bins ``cuts[g]`` to ``cuts[g + 1] - 1``.
        counts: ``(n,)`` training labels in each group.

    Attributes:
        edges: ``(n + 1,)`` where groups begin and end, label units.
        centers: ``(n,)`` middle of each.
        half_widths: ``(n,)`` distance from the middle to the ends.
        counts: ``(n,)`` int64 training labels in each, those outside the bins included.

    Raises:
        InputError: Cuts that do not ascend within the bins.
        ShapeError: Another number of counts than groups.

    Example:
        >>> space = LabelSpace.fit([*range(20), *[3] * 30])
        >>> LabelGroups.uniform(space, 4).counts.tolist(), LabelGroups.equal_mass(space, 4).counts.tolist()
        ([35, 5, 5, 5], [3, 31, 8, 8])
        >>> LabelGroups.uniform(space, 4).index([-7, 4, 5, 99]).tolist()
        [0, 0, 1, 3]

    Papers: papers/001, section 3 (equal groups; its floor(y / |G|) is meant as floor((y - low) / width)).
    """

    def __init__(self, bins: Bins, cuts: ArrayLike, counts: ArrayLike) -> None:
        self.bins = bins
        self.cuts = np.array(cuts, dtype=np.int64)
        self.counts = np.array(counts, dtype=np.int64)
        c = self.cuts
        if c.ndim != 1 or len(c) < 2 or c[0] < 0 or c[-1] > len(bins) or not (np.diff(c) > 0).all():
            raise InputError(
                f"cuts: expected two or more ascending bin numbers from 0 to {len(bins)}, got {c.tolist()}."
            )
        if self.counts.shape != (len(c) - 1,):
            raise ShapeError(
                f"counts: expected one a group, shape ({len(c) - 1},), got shape {self.counts.shape}."
            )
        self.edges = bins.edges[c]
        self.half_widths = np.diff(self.edges) / 2
        self.centers = self.edges[:-1] + self.half_widths
        self._group = np.clip(np.searchsorted(c, np.arange(len(bins)), side="right") - 1, 0, len(self) - 1)
        for array in (self.cuts, self.counts, self.edges, self.half_widths, self.centers):
            array.flags.writeable = False

    @classmethod
    def uniform(cls, space: LabelSpace, n: int) -> "LabelGroups":
        """Groups of equal width, each cut at the bin edge that is nearest.

        Args:
            space: The training labels.
            n: Groups, at most one a bin with training labels.

        Raises:
            InputError: More groups than bins with training labels; a group without any.
            TargetError: A space without labels.
        """
        populated = _populated(space, n)
        bins, first, last = space.bins, int(populated[0]), int(populated[-1])
        wanted = np.linspace(bins.edges[first], bins.edges[last + 1], n + 1)
        # A cut half way between two edges goes to the lower one, whatever the rounding of their middle.
        cuts = np.searchsorted(bins.centers + 1e-9 * bins.widths, wanted)
        up_to = np.concatenate([[0], np.cumsum(space.counts)])
        counts = np.diff(up_to[cuts])
        if not counts.all():
            empty = np.flatnonzero(counts == 0)
            g = int(empty[0])
            others = f" and in {len(empty) - 1} more" if len(empty) > 1 else ""
            raise InputError(
                f"n: expected training labels in each of {n} equal groups, got none in group {g}, "
                f"{readable(float(wanted[g]))} to {readable(float(wanted[g + 1]))}{others}; take fewer groups, or "
                "groups of equal mass (grouping=equal_mass)."
            )
        return cls(bins, cuts, counts)

    @classmethod
    def equal_mass(cls, space: LabelSpace, n: int) -> "LabelGroups":
        """Groups with as equal counts of training labels as bins allow: their sum of squares is the least.

        Between two populated bins the cut is in the middle of the empty ones.

        Args:
            space: The training labels.
            n: Groups, at most one a bin with training labels.

        Raises:
            InputError: More groups than bins with training labels.
            TargetError: A space without labels.
        """
        populated = _populated(space, n)
        held = space.counts[populated]
        parts = equal_mass_cuts(held, n)
        inner = parts[1:-1]
        middle = (populated[inner - 1] + 1 + populated[inner]) // 2
        cuts = np.concatenate([populated[:1], middle, populated[-1:] + 1])
        return cls(space.bins, cuts, np.add.reduceat(held, parts[:-1]))

    @classmethod
    def cut(cls, space: LabelSpace, n: int, grouping: str) -> "LabelGroups":
        """Groups as a word of `GROUPINGS` says: ``"uniform"`` or ``"equal_mass"``; arguments and errors as there."""
        return GROUPINGS[_check.known(grouping, GROUPINGS, "grouping")](space, n)

    def index(self, y: ArrayLike) -> NDArray[np.int64]:
        """The group of each label, same shape; labels beyond the groups belong to the end groups.

        Args:
            y: Labels of any shape; of labels of several dimensions the coordinate, ``space.scalars(y)``.

        Raises:
            TargetError: NaN, infinite or non-numeric labels.
        """
        return self.bins.lookup(self._group, y)

    def to_dict(self) -> dict[str, Any]:
        """Plain values that `from_dict` takes back, fit for JSON."""
        return {"bins": self.bins.to_dict(), "cuts": self.cuts.tolist(), "counts": self.counts.tolist()}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> "LabelGroups":
        """The groups that `to_dict` described."""
        return cls(Bins.from_dict(state["bins"]), state["cuts"], state["counts"])

    def __len__(self) -> int:
        return len(self.cuts) - 1

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, LabelGroups)
            and self.bins == other.bins
            and np.array_equal(self.cuts, other.cuts)
            and np.array_equal(self.counts, other.counts)
        )

    def __hash__(self) -> int:
        return hash((self.bins, self.cuts.tobytes(), self.counts.tobytes()))

    def __repr__(self) -> str:
        low, high = map(readable, self.edges[[0, -1]].tolist())
        least, most = int(self.counts.min()), int(self.counts.max())
        return f"LabelGroups({len(self)} groups from {low} to {high}, {least:,} to {most:,} labels each)"


#: How labels can be cut into groups, by name.
GROUPINGS: Mapping[str, Callable[[LabelSpace, int], LabelGroups]] = {
    "uniform": LabelGroups.uniform,
    "equal_mass": LabelGroups.equal_mass,
}


def _populated(space: LabelSpace, n: int) -> NDArray[np.int64]:
    """Numbers of the bins with training labels, at least ``n``."""
    n = _check.integer(n, "n", 1)
    space.require_labels()
    populated = np.flatnonzero(space.counts)
    if n > len(populated):
        raise InputError(
            f"n: expected at most {len(populated):,} groups, one a bin that holds training labels, got {n:,}; "
            f"take fewer, or finer bins ({len(space.bins):,} bins, {space.bins.rule})."
        )
    return populated
