"""AbstractWeighting: what every weighting by label rarity shares, its call and its warning."""

from abc import ABC, abstractmethod
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenreg import _check
from evenreg.errors import InputError
from evenreg.labels._label_space import LabelSpace

Floats = NDArray[np.float64]


class AbstractWeighting(ABC):
    """Sample weights by the rarity of a label, mean 1 over the training labels.

    Trees, losses and plots take any weighting, so that a method can be changed without touching them: it is
    fitted to a `LabelSpace`, then called with labels. A subclass gives the weights only.

    Attributes:
        max_ratio: Most times the smallest weight of a training label that any weight may be; None for no
            limit.
        table_: ``(m,)`` weight of each bin, None before ``fit``.

    Example:
        >>> from evenreg.labels import InverseFrequency
        >>> InverseFrequency().fit(LabelSpace.fit([1, 1, 1, 2]))([1, 2]).round(3).tolist()
        [0.667, 2.0]
    """

    max_ratio: float | None = None
    table_: Floats | None = None
    _space: LabelSpace | None = None

    def fit(self, space: LabelSpace) -> Self:
        """Learns the weights from the training labels.

        Raises:
            TargetError: A space without labels.
        """
        space.require_labels()
        self._space = space
        self.table_ = self._learn(space)
        return self

    def __call__(self, y: ArrayLike) -> Floats:
        """The weight of each label, ``(n,)``; labels outside the bins weigh as the edge bins do.

        Raises:
            NotFittedError: Before ``fit``.
            TargetError: NaN, infinite or text labels.

        Warns:
            LabelRangeWarning: Labels outside the bins of the training labels.
        """
        _check.fitted(self, "table_")
        assert self._space is not None
        scalars, bins = self._space.scalars(y), self._space.bins
        # Two numbers tell whether any label is outside; who is outside is asked only then.
        if len(scalars) and not bins.contains([scalars.min(), scalars.max()]).all():
            low, high = bins.edges[[0, -1]].tolist()
            _check.labels_inside(
                ~bins.contains(scalars), low, high, coordinate=self._space.coordinate is not None
            )
        return self._at(scalars)

    @property
    @abstractmethod
    def words(self) -> str:
        """Its words in a method, arguments left out, for instance ``"sqinv + lds"``."""

    @abstractmethod
    def _learn(self, space: LabelSpace) -> Floats:
        """The weight of each bin, ``(m,)``, and whatever else `_at` needs."""

    @abstractmethod
    def _at(self, scalars: Floats) -> Floats:
        """The weights at scalar labels, ``(n,)``, which may lie outside the bins."""

    def _lookup(self, scalars: Floats) -> Floats:
        """The weight of each label's bin."""
        assert self._space is not None
        assert self.table_ is not None
        return self._space.bins.lookup(self.table_, scalars)


def checked_ratio(max_ratio: float | None) -> float | None:
    """A largest ratio of two weights, at least 1, or None for no limit.

    Raises:
        InputError: A number below 1.
    """
    if max_ratio is None:
        return None
    if _check.number(max_ratio, "max_ratio") < 1:
        raise InputError(
            f"max_ratio: expected a number of at least 1, got {max_ratio!r}; 1 weighs all alike."
        )
    return float(max_ratio)


def weights_of_bins(raw: Floats, counts: NDArray[np.int64], max_ratio: float | None) -> Floats:
    """Rarities of bins as weights: finite, capped, mean 1 over the training labels.

    Args:
        raw: ``(m,)`` rarity of each bin; an infinite one becomes the largest finite one.
        counts: ``(m,)`` training labels in each bin.
        max_ratio: Most times the smallest weight of a training label that any weight may be.
    """
    seen = counts > 0
    table = np.where(np.isfinite(raw), raw, raw[np.isfinite(raw)].max())
    if max_ratio is not None:
        table = np.minimum(table, max_ratio * table[seen].min())
    return table * (counts.sum() / (counts[seen] @ table[seen]))


def with_smoothing(word: str, smoothing: object | None) -> str:
    """``word``, or ``word + lds`` where its counts are smoothed."""
    return word if smoothing is None else f"{word} + lds"
