"""InverseFrequency: sample weights that fall with the label's density."""

from collections.abc import Sequence
from typing import final

import numpy as np
from numpy.typing import NDArray

from evenreg import _check
from evenreg.errors import InputError
from evenreg.labels._label_space import LabelSpace
from evenreg.labels._lds import LDS
from evenreg.labels._weighting import AbstractWeighting, checked_ratio, weights_of_bins, with_smoothing

Floats = NDArray[np.float64]

SMOOTH = ("counts", "powered")


@final
class InverseFrequency(AbstractWeighting):
    """Weights w(y) ∝ p̃(y)^(-power), mean 1 over the training labels: INV (power 1) and SQINV (power ½).

    A plain loss is an average over the training labels, so common labels decide it. Weighting each sample by
    the inverse of its label's (smoothed) count makes every part of the range count alike; the square root
    goes half way. A mean of 1 keeps the loss, and with it the learning rate, on its scale.

    Args:
        power: Exponent of the density, at least 0; 0 weighs all alike.
        smoothing: `LDS` for smoothed counts; None for the counts as they are.
        clip: ``(low, high)`` counts, in rows: counts are clipped to it before power and smoothing.
        smooth: ``"counts"`` smooths the counts, then takes the power (Eq. 1); ``"powered"`` takes the power
            first.
        max_ratio: Largest weight over the smallest one of a training label; larger ones are cut to it.

    Attributes:
        table_: ``(m,)`` weight of each bin. A bin whose smoothed count is zero gets the largest finite
            weight.

    Raises:
        InputError: A negative power, a clip that is not two ascending counts, a max_ratio below 1.
        UnknownNameError: An unknown ``smooth``.

    Example:
        >>> space = LabelSpace.fit([1, 1, 1, 2])
        >>> w = InverseFrequency().fit(space)
        >>> w([1, 2]).round(3).tolist()
        [0.667, 2.0]

    Papers: papers/000 section 4 (INV, SQINV), D.1 (INV cut at 200 times the smallest weight). The released
    code for ages is ``smooth="powered"``, ``folded_gaussian``, for INV also ``clip=(5, 1000)``, which counts
    five labels in every empty bin; on AgeDB-DIR single weights differ by up to 39 %.
    """

    def __init__(
        self,
        power: float = 1.0,
        smoothing: LDS | None = None,
        clip: Sequence[float] | None = None,
        smooth: str = "counts",
        max_ratio: float | None = None,
    ) -> None:
        self.power = _check.positive(power, "power", zero=True)
        self.smoothing = smoothing
        self.clip = None if clip is None else _ascending(clip)
        self.smooth = _check.known(smooth, SMOOTH, "smooth")
        self.max_ratio = checked_ratio(max_ratio)

    @property
    def words(self) -> str:
        """Its words in a method; a power of its own is written ``1 / n^0.7``."""
        power = {1.0: "inv", 0.5: "sqinv"}.get(self.power, f"1 / n^{self.power:g}")
        return with_smoothing(power, self.smoothing)

    def _learn(self, space: LabelSpace) -> Floats:
        return weights_of_bins(self._raw(space.counts.astype(np.float64)), space.counts, self.max_ratio)

    def _at(self, scalars: Floats) -> Floats:
        return self._lookup(scalars)

    def _raw(self, counts: Floats) -> Floats:
        """Inverse density of each bin, infinite where the density is zero."""
        if self.clip is not None:
            counts = np.clip(counts, *self.clip)
        if self.smooth == "powered":
            counts = counts**self.power
        if self.smoothing is not None:
            counts = self.smoothing.smooth(counts)
        if self.smooth == "counts":
            counts = counts**self.power
        with np.errstate(divide="ignore"):
            return 1 / counts

    def __repr__(self) -> str:
        return (
            f"InverseFrequency(power={self.power:g}, smoothing={self.smoothing!r}, clip={self.clip}, "
            f"smooth={self.smooth!r}, max_ratio={self.max_ratio})"
        )


def _ascending(clip: Sequence[float]) -> tuple[float, float]:
    numbers = [_check.number(count, "clip") for count in clip]
    if len(numbers) != 2 or not 0 <= numbers[0] <= numbers[1] or not numbers[1]:
        raise InputError(
            f"clip: expected (low, high) counts with 0 <= low <= high and high above 0, got {clip!r}."
        )
    return numbers[0], numbers[1]
