"""DenseWeight: sample weights that fall with a kernel density of the labels."""

import copy
from typing import final

import numpy as np
from numpy.typing import NDArray

from evenreg import _check
from evenreg.labels._kernel_density import KernelDensity
from evenreg.labels._label_space import LabelSpace
from evenreg.labels._training_points import training_points
from evenreg.labels._weighting import AbstractWeighting, checked_ratio

Floats = NDArray[np.float64]

# Below this share of the density its own computation (1e-5) would show in the weights.
_EVEN = 1e-3


@final
class DenseWeight(AbstractWeighting):
    """Weights w(y) ∝ max(1 - α · p'(y), ε), mean 1 over the training labels.

    p' is the kernel density of the labels, scaled so that the rarest training label has 0 and the commonest
    1. Unlike inverse frequencies, weights are bounded, continuous in the label and free of bins, and α goes
    from no weighting (0) over mild to one that leaves the commonest labels nearly without weight (1). Where
    most rows share one value, α 1 makes a model forget that value: give a smaller α or a ``max_ratio``.

    The mean is 1 to rounding while the space's sample holds every label, and to 1 % beyond 100,000 labels.
    Where the density varies by less than a thousandth of itself, all labels weigh 1. Labels between training
    labels weigh as the density there says, at most as the rarest and at least as the commonest training
    label; labels outside the bins weigh as the nearer outer edge does.

    Args:
        alpha: Strength of the weighting, at least 0; above 1 more of the common labels get the floor.
        density: How the density is estimated; None for `KernelDensity` with its defaults. It is copied.
        eps: Floor of the weights before they are divided by their mean, above 0.
        max_ratio: Largest weight over the smallest one of a training label; the floor is raised to it, since
            a cap from the smallest, nearly 0, would make all others alike.

    Attributes:
        table_: ``(m,)`` weight at the centre of each bin.
        density_: The fitted density.

    Raises:
        InputError: A negative alpha, an eps not above 0, a max_ratio below 1.

    Example:
        >>> w = DenseWeight(alpha=0.5).fit(LabelSpace.fit([1.0, 2.0, 2.0, 3.0, 9.0]))
        >>> w([2.0, 3.0, 6.0, 9.0]).round(3).tolist()
        [0.801, 0.894, 1.54, 1.603]

    Papers: Steininger, Kobs, Davidson, Krause and Hotho (2021), Density-based weighting for imbalanced
    regression; ``max_ratio`` is not in it.
    """

    def __init__(
        self,
        alpha: float = 1.0,
        density: KernelDensity | None = None,
        eps: float = 1e-6,
        max_ratio: float | None = None,
    ) -> None:
        self.alpha = _check.positive(alpha, "alpha", zero=True)
        self.density = KernelDensity() if density is None else density
        self.eps = _check.positive(eps, "eps")
        self.max_ratio = checked_ratio(max_ratio)
        self.density_: KernelDensity | None = None
        self._extremes = (0.0, 0.0)
        self._mean = 1.0

    @property
    def words(self) -> str:
        """Its word in a method."""
        return "dense"

    def _learn(self, space: LabelSpace) -> Floats:
        self.density_ = copy.copy(self.density).fit(space)
        assert self.density_.uniform_grid is not None
        values, numbers = training_points(space, self.density_.uniform_grid)
        density = self.density_.at(self._inside(values))
        self._extremes, self._mean = (float(density.min()), float(density.max())), 1.0
        self._mean = float(numbers @ self._at(values)) / space.n
        return self._at(space.bins.centers)

    def _at(self, scalars: Floats) -> Floats:
        assert self.density_ is not None
        density = self.density_.at(self._inside(scalars))
        # The rarest training label weighs 1, so that the floor of a largest ratio is known beforehand.
        floor = max(self.eps, 1 / self.max_ratio) if self.max_ratio else self.eps
        return dense_weights(density, *self._extremes, self.alpha, floor) / self._mean

    def _inside(self, scalars: Floats) -> Floats:
        assert self._space is not None
        return np.clip(scalars, *self._space.bins.edges[[0, -1]])

    def __repr__(self) -> str:
        return (
            f"DenseWeight(alpha={self.alpha:g}, density={self.density!r}, eps={self.eps:g}, "
            f"max_ratio={self.max_ratio})"
        )


def dense_weights(density: Floats, lowest: float, highest: float, alpha: float, floor: float) -> Floats:
    """max(1 - α · p', floor), p' = (p - lowest) / (highest - lowest) cut to 0 to 1.

    Args:
        density: ``(n,)`` p.
        lowest: Smallest density of a training label.
        highest: Largest density of a training label.
        alpha: α.
        floor: Smallest weight.
    """
    if highest - lowest <= _EVEN * highest:
        return np.ones_like(density)
    scaled = np.clip((density - lowest) / (highest - lowest), 0, 1)
    return np.maximum(1 - alpha * scaled, floor)
