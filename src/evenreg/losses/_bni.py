"""BNILoss: Balanced MSE with the label histogram as the prior."""

from typing import Any, Self, final

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from evenreg import _check
from evenreg.labels import LDS, Bins, LabelSpace
from evenreg.losses._balanced import AbstractBalancedLoss, as_array
from evenreg.losses._density_nll import density_nll
from evenreg.losses._log_ratio import log_density_ratio


@final
class BNILoss(AbstractBalancedLoss):
    """Balanced MSE by bin-based numerical integration.

    The training labels' histogram, smoothed if wished, is the prior. For labels of one dimension:

        density   nll = −log N(y; p, sigma²) + log Σ_b (pi_b / w_b) · ∫_b N(v; p, sigma²) dv
        centers   nll = −log N(y; p, sigma²·I) + log Σ_b pi_b · N(c_b; p, sigma²·I)

    ``density`` (default) takes the labels of a bin as spread evenly over it; the integral over the bin is a
    difference of Φ. A target then always lies where
    the prior has mass; ``centers``, the printed form, puts the mass on points, and where sigma is below the
    bin width rewards predictions for standing between them.

    Args:
        smoothing: An `LDS` that smooths the counts; None takes the histogram as it is.
        integration: ``"density"`` or ``"centers"``.
        noise_sigma: Noise SD, above 0, in the unit of the targets; where learning starts. A good start is the
            RMSE of a plain model on validation data; near 0 the loss is MSE.
        learn_noise: Whether the noise SD is learned along with the model.

    Shapes: ``(batch, 1)``; with `from_bins` also ``(batch, d)``.

    Raises:
        NotFittedError: A call before `fit` or `from_bins`.
        ShapeError: Predictions of another number of dimensions than the bins'.
        UnknownNameError: Another integration.
        InputError: A ``noise_sigma`` not above 0.

    Example:
        >>> import torch
        >>> loss = BNILoss.from_bins([0.0, 1.0], [0.9, 0.1], noise_sigma=1.0)
        >>> prediction = torch.tensor([[1.0]], requires_grad=True)
        >>> loss(prediction, torch.tensor([[1.0]])).backward()  # right, yet pushed outwards: 1 is rare
        >>> prediction.grad < 0
        tensor([[True]])

    Paper: papers/002 eqs. 3.6, 3.16. The released code is ``centers``, without the −log sigma of both parts.
    """

    def __init__(
        self,
        smoothing: LDS | None = None,
        integration: str = "density",
        noise_sigma: float = 1.0,
        learn_noise: bool = True,
    ) -> None:
        super().__init__(noise_sigma, learn_noise)
        self.smoothing = smoothing
        self.integration = _check.known(integration, list(_INTEGRATIONS), "integration of BNILoss")
        self._learned, self._prior, self._formula = _INTEGRATIONS[integration]
        for name in self._learned:
            self.register_buffer(name, None)

    @classmethod
    def from_bins(
        cls, centers: Any, probabilities: Any, noise_sigma: float = 1.0, learn_noise: bool = True
    ) -> Self:
        """A loss with given bin centres, as eq. 3.16 is printed.

        Args:
            centers: ``(m,)``, or ``(m, d)`` for labels of several dimensions.
            probabilities: ``(m,)``, at least 0; a common factor shifts the value and changes no gradient.
            noise_sigma: As in the constructor.
            learn_noise: As in the constructor.

        Raises:
            ShapeError: Shapes that do not go together.
            InputError: Negative probabilities.
        """
        points, mass = as_array(centers, "centers"), as_array(probabilities, "probabilities")
        points = points[:, None] if points.ndim == 1 else points
        _check.shape(points, "centers", ("m", "d"), "give one row a bin")
        _check.shape(mass, "probabilities", (len(points),), "give one probability a bin")
        _check.probabilities(mass, "probabilities")
        loss = cls(None, "centers", noise_sigma, learn_noise)
        loss._learn(centers=points, probabilities=mass)
        return loss

    def fit(self, space: LabelSpace) -> Self:
        """Learn the prior from the bins and counts of ``space``.

        Raises:
            InputError: Labels of several dimensions.
        """
        _check.one_dimension(space.dim, "BNILoss", "use GAILoss or BMCLoss, which take any number")
        counts = space.counts if self.smoothing is None else self.smoothing.smooth(space.counts)
        self._learn(**self._prior(space.bins, counts / counts.sum()))
        return self

    def _nll(
        self,
        prediction: Float[Tensor, "batch out"],
        target: Float[Tensor, "batch out"],
        sigma: Float[Tensor, ""],
    ) -> Float[Tensor, " batch"]:
        support, height = (buffer.to(prediction.dtype) for buffer in self._learned_buffers())
        dim = support.shape[1] if support.ndim == 2 else 1
        _check.shape(prediction, "prediction", ("batch", dim), "the bins have that many dimensions")
        return self._formula(prediction, target, support, height, sigma)


def centers_nll(
    prediction: Float[Tensor, "batch d"],
    target: Float[Tensor, "batch d"],
    centers: Float[Tensor, "bins d"],
    probabilities: Float[Tensor, " bins"],
    sigma: Float[Tensor, ""],
) -> Float[Tensor, " batch"]:
    """Eq. 3.16 a sample."""
    return torch.logsumexp(
        torch.log(probabilities) + log_density_ratio(prediction, target, centers, sigma), 1
    )


def _densities(bins: Bins, mass: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Edges and densities, equal neighbours merged and empty ends cut off: the same density, fewer bins."""
    density = mass / bins.widths
    kept = np.flatnonzero(np.diff(density, prepend=0, append=0))
    return {"edges": bins.edges[kept], "densities": density[kept[:-1]]}


def _points(bins: Bins, mass: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Centres and probabilities, empty bins left out."""
    filled = mass > 0
    return {"centers": bins.centers[filled, None], "probabilities": mass[filled]}


_INTEGRATIONS = {
    "density": (("edges", "densities"), _densities, density_nll),
    "centers": (("centers", "probabilities"), _points, centers_nll),
}
