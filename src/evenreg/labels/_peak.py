"""Peak: one skewed Gaussian over the label range."""

from typing import NamedTuple, final

import numpy as np

from evenreg import _check
from evenreg.errors import InputError
from evenreg.labels._draws import Floats

_REACH = 3.0  # in SDs: what a Gaussian holds beyond is cut off, so that regions are really empty


@final
class Peak(NamedTuple):
    """A Gaussian with another SD on each side of its mode, cut off three of them away.

    d(x) = height · exp(-(x - position)² / 2σ²), σ = width · (1 - skewness) on the left of the mode and
    width · (1 + skewness) on the right.

    Attributes:
        position: The mode, in label ranges: 0 is the lowest end of the range, 1 the highest.
        width: Mean of the two SDs, in label ranges, above 0.
        skewness: Between -1 and 1; above 0 the longer tail is on the right.
        height: Density at the mode, relative to other peaks', above 0; None for as high as the labels under
            each peak allow.

    Example:
        >>> Peak(0.5, 0.1, skewness=0.5).density(np.array([0.34, 0.45, 0.5, 0.65, 0.96])).round(2).tolist()
        [0.0, 0.61, 1.0, 0.61, 0.0]
    """

    position: float
    width: float
    skewness: float = 0.0
    height: float | None = None

    def density(self, x: Floats) -> Floats:
        """The density at places ``x``, in label ranges; 1 at the mode where there is no height."""
        side = self.width * np.where(x < self.position, 1 - self.skewness, 1 + self.skewness)
        z = (x - self.position) / side
        height = 1.0 if self.height is None else self.height
        return np.where(np.abs(z) <= _REACH, height * np.exp(-z * z / 2), 0.0)

    def checked(self) -> "Peak":
        """The peak itself, or an `InputError` for numbers that are none of a peak's."""
        skewness = _check.number(self.skewness, "skewness")
        if not -1 < skewness < 1:
            raise InputError(f"skewness: expected a number between -1 and 1, got {self.skewness!r}.")
        return Peak(
            _check.number(self.position, "position"),
            _check.positive(self.width, "width"),
            skewness,
            None if self.height is None else _check.positive(self.height, "height"),
        )
