"""ClassBalanced: sample weights by the effective number of labels in a bin."""

from typing import final

import numpy as np
from numpy.typing import NDArray

from evenreg import _check
from evenreg.errors import InputError
from evenreg.labels._label_space import LabelSpace
from evenreg.labels._lds import LDS
from evenreg.labels._weighting import AbstractWeighting, checked_ratio, weights_of_bins, with_smoothing

Floats = NDArray[np.float64]


@final
class ClassBalanced(AbstractWeighting):
    """Weights w(y) ∝ (1 - β) / (1 - β^n(y)), mean 1 over the training labels; n(y) is the count of y's bin.

    The more labels a bin holds, the less another one adds, since it resembles those already there: n labels
    count as (1 - β^n) / (1 - β) effective ones, at most 1 / (1 - β). The weight is the inverse of that: β 0
    weighs all alike, β towards 1 is inverse frequency, and between them bins of far more than 1 / (1 - β)
    labels weigh alike.

    Args:
        beta: β, from 0 to below 1; 0.999 counts at most 1,000 effective labels in a bin.
        smoothing: `LDS` for smoothed counts; None for the counts as they are.
        max_ratio: Largest weight over the smallest one of a training label; larger ones are cut to it.

    Attributes:
        table_: ``(m,)`` weight of each bin. A bin whose smoothed count is zero gets the largest finite
            weight.

    Raises:
        InputError: A beta outside 0 to below 1, a max_ratio below 1.

    Example:
        >>> w = ClassBalanced(beta=0.5).fit(LabelSpace.fit([1, 1, 1, 2]))
        >>> w([1, 2]).round(3).tolist()
        [0.842, 1.474]

    Papers: Cui, Jia, Lin, Song and Belongie (2019), Class-balanced loss based on effective number of samples,
    Proposition 1 and section 4; there for classes, here for bins.
    """

    def __init__(
        self, beta: float = 0.999, smoothing: LDS | None = None, max_ratio: float | None = None
    ) -> None:
        self.beta = _check.in_range(beta, "beta", 0, 1)
        if self.beta == 1:
            raise InputError(
                f"beta: expected a number below 1, got {beta!r}; its limit 1 is InverseFrequency."
            )
        self.smoothing = smoothing
        self.max_ratio = checked_ratio(max_ratio)

    @property
    def words(self) -> str:
        """Its words in a method."""
        return with_smoothing("cb", self.smoothing)

    def _learn(self, space: LabelSpace) -> Floats:
        counts = space.counts if self.smoothing is None else self.smoothing.smooth(space.counts)
        with np.errstate(divide="ignore"):
            return weights_of_bins(1 / effective_number(counts, self.beta), space.counts, self.max_ratio)

    def _at(self, scalars: Floats) -> Floats:
        return self._lookup(scalars)

    def __repr__(self) -> str:
        return (
            f"ClassBalanced(beta={self.beta:.15g}, smoothing={self.smoothing!r}, max_ratio={self.max_ratio})"
        )


def effective_number(counts: NDArray[np.integer] | Floats, beta: float) -> Floats:
    """(1 - β^n) / (1 - β) for each count n, also where β^n rounds to 1.

    Example:
        >>> effective_number(np.array([0, 1, 2, 10_000]), 0.9).round(2).tolist()
        [0.0, 1.0, 1.9, 10.0]
    """
    from scipy.special import xlogy

    return np.abs(np.expm1(xlogy(counts, beta))) / (1 - beta)
