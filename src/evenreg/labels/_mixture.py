"""GaussianMixture: the label density as a few Gaussians."""

import warnings
from typing import final

import numpy as np
from numpy.typing import NDArray

from evenreg import _check
from evenreg.labels._label_space import LabelSpace

Floats = NDArray[np.float64]


@final
class GaussianMixture:
    """The training labels' density p(y) = Σ_i w_i N(y; μ_i, Σ_i), what GAI's closed form needs.

    One component is the exact mean and covariance of all labels (divisor n); more are fitted by
    expectation-maximisation to the space's sample, standardised first so that the result does not depend on
    the labels' unit. Where there are fewer distinct labels than components, the heaviest components are
    written twice with half the weight: the density is the same and the shapes are as asked.

    Args:
        n_components: K, at least 1.
        random_state: Seed of the starting point.

    Attributes:
        weights_: ``(K,)``, sum 1.
        means_: ``(K, d)``, label units.
        covariances_: ``(K, d, d)``, label units squared.

    Raises:
        InputError: Fewer than one component.

    Example:
        >>> mixture = GaussianMixture(1).fit(LabelSpace.fit([0.0, 2.0]))
        >>> mixture.means_.tolist(), mixture.covariances_.tolist()
        ([[1.0]], [[[1.0]]])

    Papers: papers/002 Eq. 3.14, A.12.
    """

    def __init__(self, n_components: int = 2, *, random_state: int = 0) -> None:
        self.n_components = _check.integer(n_components, "n_components", 1)
        self.random_state = _check.integer(random_state, "random_state", 0)
        self.weights_: Floats | None = None
        self.means_: Floats | None = None
        self.covariances_: Floats | None = None

    def fit(self, space: LabelSpace) -> "GaussianMixture":
        """The mixture of the labels in ``space``.

        Raises:
            TargetError: A space without labels.
        """
        space.require_labels()
        distinct = 1 if self.n_components == 1 else len(np.unique(space.sample, axis=0))
        components = min(self.n_components, distinct)
        if components == 1:
            parts = np.ones(1), space.mean[None], space.covariance[None]
        else:
            parts = _expectation_maximisation(space, components, self.random_state)
        while len(parts[0]) < self.n_components:
            parts = _split_heaviest(*parts)
        self.weights_, self.means_, self.covariances_ = parts
        return self

    def __repr__(self) -> str:
        return f"GaussianMixture(n_components={self.n_components}, random_state={self.random_state})"


def _expectation_maximisation(space: LabelSpace, components: int, seed: int) -> tuple[Floats, Floats, Floats]:
    from sklearn import mixture
    from sklearn.exceptions import ConvergenceWarning

    scale = np.where(space.std > 0, space.std, 1.0)
    with warnings.catch_warnings():
        # EM that stops at max_iter still gives a density; its last digits do not matter to a prior.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = mixture.GaussianMixture(components, max_iter=300, random_state=seed)
        model.fit((space.sample - space.mean) / scale)
    weights, means, covariances = map(np.asarray, (model.weights_, model.means_, model.covariances_))
    order = np.lexsort(means.T[::-1])
    return weights[order], means[order] * scale + space.mean, covariances[order] * np.outer(scale, scale)


def _split_heaviest(weights: Floats, means: Floats, covariances: Floats) -> tuple[Floats, Floats, Floats]:
    heaviest = int(weights.argmax())
    order = np.insert(np.arange(len(weights)), heaviest, heaviest)
    weights = weights[order]
    weights[heaviest : heaviest + 2] /= 2
    return weights, means[order], covariances[order]
