"""GAILoss: Balanced MSE with a Gaussian mixture as the prior."""

import math
from typing import Any, Self, final

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from evenreg import _check
from evenreg.labels import GaussianMixture, LabelSpace
from evenreg.losses._balanced import AbstractBalancedLoss, as_array


@final
class GAILoss(AbstractBalancedLoss):
    """Balanced MSE by GMM-based analytical integration.

    The training labels' distribution is a Gaussian mixture, against which the integral has a closed form.
    Smooth, independent of the batch size, and for labels of any number of dimensions:

        nll = −log N(y; p, sigma²·I) + log Σ_k phi_k · N(p; mu_k, Sigma_k + sigma²·I)

    Each Sigma_k is diagonalised once, so a step with a new sigma costs a rotation and no decomposition.

    Args:
        n_components: Components of the mixture that `fit` learns, at least 1; two or more differ little.
        noise_sigma: Noise SD, above 0, in the unit of the targets; where learning starts. A good start is the
            RMSE of a plain model on validation data; near 0 the loss is MSE.
        learn_noise: Whether the noise SD is learned along with the model.

    Attributes:
        weights: ``(K,)`` phi; None before `fit`.
        means: ``(K, d)`` mu.
        variances: ``(K, d)`` along each component's principal axes.
        axes: ``(K, d, d)`` principal axes, in columns.

    Shapes: ``(batch, d)``.

    Raises:
        NotFittedError: A call before `fit` or `from_mixture`.
        ShapeError: Predictions of another number of dimensions than the mixture's.
        InputError: Fewer than one component, or a ``noise_sigma`` not above 0.

    Example:
        >>> import torch
        >>> loss = GAILoss.from_mixture([1.0], [[0.0]], [[[3.0]]], noise_sigma=1.0, learn_noise=False)
        >>> prediction = torch.tensor([[2.0]], requires_grad=True)
        >>> loss(prediction, torch.tensor([[2.0]])).backward()  # right, yet pushed outwards: 2 is rare
        >>> prediction.grad
        tensor([[-1.]])

    Paper: papers/002 eqs. 3.12, A.12. The released code agrees, for labels of one dimension, all in float64.
    """

    _learned = ("weights", "means", "variances", "axes")
    weights: Tensor | None
    means: Tensor | None
    variances: Tensor | None
    axes: Tensor | None

    def __init__(self, n_components: int = 2, noise_sigma: float = 1.0, learn_noise: bool = True) -> None:
        super().__init__(noise_sigma, learn_noise)
        self.n_components = _check.integer(n_components, "n_components", 1)
        for name in self._learned:
            self.register_buffer(name, None)

    @classmethod
    def from_mixture(
        cls, weights: Any, means: Any, covariances: Any, noise_sigma: float = 1.0, learn_noise: bool = True
    ) -> Self:
        """A loss with a given mixture.

        Args:
            weights: ``(K,)``, at least 0, adding up to 1.
            means: ``(K, d)``; ``(K,)`` for labels of one dimension.
            covariances: ``(K, d, d)``, symmetric, no negative variance; ``(K,)`` for labels of one dimension.
            noise_sigma: As in the constructor.
            learn_noise: As in the constructor.

        Raises:
            ShapeError: Shapes that do not go together.
            InputError: Numbers that are no mixture.
        """
        phi, mu = as_array(weights, "weights"), as_array(means, "means")
        cov = as_array(covariances, "covariances")
        _check.shape(phi, "weights", ("K",), "give one weight a component")
        k = len(phi)
        mu = mu[:, None] if mu.shape == (k,) else mu
        cov = cov[:, None, None] if cov.shape == (k,) else cov
        _check.shape(mu, "means", (k, "d"), "give one row a component")
        d = mu.shape[1]
        _check.shape(cov, "covariances", (k, d, d), "give one full matrix a component")
        _check.probabilities(phi, "weights", total=1.0)
        _check.covariances(cov, "covariances")
        return cls(k, noise_sigma, learn_noise)._set_mixture(phi, mu, cov)

    def fit(self, space: LabelSpace) -> Self:
        """Learn the mixture from the raw training labels that ``space`` keeps."""
        mixture = GaussianMixture(self.n_components).fit(space)
        phi, mu = as_array(mixture.weights_, "weights_"), as_array(mixture.means_, "means_")
        return self._set_mixture(phi, mu, as_array(mixture.covariances_, "covariances_"))

    def _set_mixture(
        self, weights: NDArray[np.float64], means: NDArray[np.float64], covariances: NDArray[np.float64]
    ) -> Self:
        variances, axes = np.linalg.eigh(covariances)
        self._learn(weights=weights, means=means, variances=variances.clip(min=0), axes=axes)
        return self

    def _nll(
        self,
        prediction: Float[Tensor, "batch out"],
        target: Float[Tensor, "batch out"],
        sigma: Float[Tensor, ""],
    ) -> Float[Tensor, " batch"]:
        phi, mu, variances, axes = (buffer.to(prediction.dtype) for buffer in self._learned_buffers())
        _check.shape(prediction, "prediction", ("batch", mu.shape[1]), "the mixture has that many dimensions")
        return gai_nll(prediction, target, phi, mu, variances, axes, sigma)


def gai_nll(
    prediction: Float[Tensor, "batch d"],
    target: Float[Tensor, "batch d"],
    weights: Float[Tensor, " K"],
    means: Float[Tensor, "K d"],
    variances: Float[Tensor, "K d"],
    axes: Float[Tensor, "K d d"],
    sigma: Float[Tensor, ""],
) -> Float[Tensor, " batch"]:
    """Eq. 3.12 a sample; the components' covariances are axes · diag(variances) · axesᵀ."""
    noise = sigma**2
    rotated = torch.einsum("nkd,kde->nke", prediction.unsqueeze(1) - means, axes)
    spread = variances + noise
    components = torch.log(weights) - (rotated**2 / spread + torch.log(2 * math.pi * spread)).sum(2) / 2
    own = -((prediction - target) ** 2 / noise + torch.log(2 * math.pi * noise)).sum(1) / 2
    return torch.logsumexp(components, 1) - own
