"""ShotRegions: many, medium, few and zero, by how often a label was seen in training."""

from collections.abc import Mapping
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenreg import _check
from evenreg.errors import InputError
from evenreg.labels._label_space import LabelSpace

Strings = NDArray[Any]  # beartype does not take NDArray[np.str_] for arrays of a set length

#: Every name a region can have in tables and metrics; ``zero`` is interpolation and extrapolation together.
REGIONS = ("all", "many", "medium", "few", "zero", "interpolation", "extrapolation")

_DTYPE = "<U13"


@final
class ShotRegions:
    """Which part of the label range a sample lies in, by how much training data there was near its label.

    By the training count c of the sample's bin: ``many`` c > many, ``few`` c < few, ``medium`` between.
    Without training data: ``extrapolation`` beyond the first and last training label's bins,
    ``interpolation`` in a run of more than ``gap`` empty bins; shorter empty runs are chance, and count as
    the mean of the populated bins on both sides.

    Args:
        many: Rows in a bin above which it is many-shot, at least ``few``.
        few: Rows in a bin below which it is few-shot, at least 0.
        few_includes_zero: Whether samples without training data count as few (papers/000 Tables 5 and 12).
        gap: Longest run of empty bins that counts as chance; the smoothing window's size.

    Raises:
        InputError: ``many`` below ``few``, negative thresholds, or a gap that is not a whole number.

    Example:
        >>> space = LabelSpace.fit([1] * 200 + [2] * 50 + [3] * 5)
        >>> ShotRegions().assign([1, 2, 3, 9], space).tolist()
        ['many', 'medium', 'few', 'extrapolation']

    Papers: papers/000 section 4 (100 and 20), C.2 (STS-B-DIR: 100 and 30), section 4.2 (zero-shot). The
    released code counts zero-shot as few.
    """

    def __init__(
        self, many: float = 100, few: float = 20, *, few_includes_zero: bool = False, gap: int = 5
    ) -> None:
        self.many, self.few = _check.positive(many, "many", zero=True), _check.positive(few, "few", zero=True)
        if self.many < self.few:
            raise InputError(f"many: expected at least few ({self.few:g}), got {self.many:g}; swap them.")
        self.few_includes_zero = bool(few_includes_zero)
        self.gap = _check.integer(gap, "gap", 0)
        self.is_relative = False

    @classmethod
    def relative(
        cls, many: float = 1.0, few: float = 0.2, *, few_includes_zero: bool = False, gap: int = 5
    ) -> "ShotRegions":
        """Thresholds in units of the uniform count, rows / bins, for data of any size.

        Args:
            many: Above this many times the uniform count a bin is many-shot.
            few: Below this many times the uniform count it is few-shot.
            few_includes_zero: Whether samples without training data count as few.
            gap: Longest run of empty bins that counts as chance.

        Example:
            >>> space = LabelSpace.fit([1] * 8 + [2] * 4)
            >>> print(ShotRegions.relative().describe(space))
            many: more than 6 rows in a bin; medium: 1.2 to 6; few: fewer than 1.2 (2 bins, width 1:
                whole-number labels)
        """
        regions = cls(many, few, few_includes_zero=few_includes_zero, gap=gap)
        regions.is_relative = True
        return regions

    def thresholds(self, space: LabelSpace) -> tuple[float, float]:
        """``(many, few)`` in rows a bin of ``space``."""
        unit = space.n / len(space.bins) if self.is_relative else 1.0
        return self.many * unit, self.few * unit

    def assign(self, y: ArrayLike, space: LabelSpace) -> Strings:
        """The region of each label, ``(n,)``.

        Args:
            y: ``(n,)`` labels (``(n, d)`` where the space has a coordinate).
            space: The training labels.

        Raises:
            TargetError: NaN, infinite or text labels; a space without labels.
        """
        scalars = space.scalars(y)
        assigned = space.bins.lookup(self.bin_regions(space), scalars)
        # The range before clamping; a training label outside the bins was counted, so its value was seen.
        first, last = _hull(space)
        low, high = min(space.low, space.bins.edges[first]), max(space.high, space.bins.edges[last + 1])
        assigned[(scalars < low) | (scalars > high)] = self._zero("extrapolation")
        return assigned

    def bin_regions(self, space: LabelSpace) -> Strings:
        """The region of each bin, ``(m,)``.

        Raises:
            TargetError: A space without labels.
        """
        counts = space.counts
        first, last = _hull(space)
        many, few = self.thresholds(space)
        position = np.arange(len(counts))
        populated = counts > 0
        left = np.maximum.accumulate(np.where(populated, position, first))
        right = np.minimum.accumulate(np.where(populated, position, last)[::-1])[::-1]
        near = (counts[left] + counts[right]) / 2  # a populated bin is its own neighbour on both sides
        regions = np.full(len(counts), "medium", dtype=_DTYPE)
        regions[near > many] = "many"
        regions[near < few] = "few"
        regions[~populated & (right - left - 1 > self.gap)] = self._zero("interpolation")
        regions[:first] = regions[last + 1 :] = self._zero("extrapolation")
        return regions

    def describe(self, space: LabelSpace) -> str:
        """The thresholds in rows a bin, in one line."""
        many, few = (f"{t:.3g}" if t < 1000 else f"{t:.0f}" for t in self.thresholds(space))
        return (
            f"many: more than {many} rows in a bin; medium: {few} to {many}; few: fewer than {few} "
            f"({len(space.bins)} bins, {space.bins.rule})"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values that `from_dict` takes back, fit for JSON."""
        return {
            "many": self.many,
            "few": self.few,
            "relative": self.is_relative,
            "few_includes_zero": self.few_includes_zero,
            "gap": self.gap,
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> "ShotRegions":
        """The regions that `to_dict` described."""
        make = cls.relative if state["relative"] else cls
        return make(
            state["many"], state["few"], few_includes_zero=state["few_includes_zero"], gap=state["gap"]
        )

    def _zero(self, region: str) -> str:
        return "few" if self.few_includes_zero else region

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ShotRegions) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash(tuple(self.to_dict().values()))

    def __repr__(self) -> str:
        name = "ShotRegions.relative" if self.is_relative else "ShotRegions"
        zero = ", few_includes_zero=True" if self.few_includes_zero else ""
        return f"{name}(many={self.many:g}, few={self.few:g}{zero}, gap={self.gap})"


def _hull(space: LabelSpace) -> tuple[int, int]:
    """First and last populated bin."""
    space.require_labels()
    populated = np.flatnonzero(space.counts)
    return int(populated[0]), int(populated[-1])
