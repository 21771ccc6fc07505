"""AbstractBalancedLoss: what the three forms of Balanced MSE share."""

from abc import abstractmethod
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor, nn

from evenreg import _check
from evenreg.losses._base import AbstractLoss
from evenreg.losses._noise import NoiseScale


class AbstractBalancedLoss(AbstractLoss):
    """Balanced MSE: the likelihood of a balanced prediction, seen through the skew of the training labels.

    Under a skewed label distribution MSE learns the skewed posterior and shrinks rare values towards frequent
    ones. Balanced MSE lets the model predict p_bal(y | x) = N(y; prediction, sigma²·I), converts it by Bayes'
    rule into what the training set shows, and takes the likelihood of that; at inference the conversion is
    dropped:

        nll  = −log N(y; prediction, sigma²·I) + log ∫ N(y'; prediction, sigma²·I) · p_train(y') dy'
        loss = 2·sigma² (detached) · mean over samples of w · nll

    The factor 2·sigma² restores the scale of the squared error; being detached it changes no minimiser, and
    sigma keeps its likelihood gradient. Squared distances are summed over the outputs. Subclasses say how the
    integral is taken. The value may be negative; a batch or a constant prior more or less shifts it, so
    compare models by their errors, not by it.

    Shapes: ``(batch, out)``; the valid pixels of a map go in as samples. A weight per element counts as its
    mean over the outputs, since the likelihood is one number a sample. A weighting against the skew beside a
    Balanced MSE would correct twice; weights are for what else distinguishes samples.

    Paper: papers/002 eqs. 3.4 to 3.6. The factor is not in the paper; the released code has it too.
    """

    _learned: tuple[str, ...] = ()
    """Names of the buffers that ``fit`` fills; None before."""

    def __init__(self, noise_sigma: float, learn_noise: bool) -> None:
        super().__init__()
        self.noise = NoiseScale(noise_sigma, learn_noise)

    @property
    def noise_sigma(self) -> Float[Tensor, ""]:
        """The noise SD now, positive, in the unit of the targets."""
        return self.noise()

    def noise_parameters(self) -> list[nn.Parameter]:
        """The parameter behind a learned noise scale, for an optimizer group of its own; empty where fixed.

        Give it a learning rate of its own and no weight decay (decay would pull sigma to its start), for
        instance ``{"params": loss.noise_parameters(), "lr": 1e-2, "weight_decay": 0.0}``.
        """
        return list(self.noise.parameters())

    def extra_repr(self) -> str:
        """The noise scale, for ``print``."""
        return f"noise_sigma={self.noise_sigma.item():.4g}, learn_noise={self.noise.rho is not None}"

    def _cost(
        self, prediction: Float[Tensor, "batch out *pixels"], target: Float[Tensor, "batch out *pixels"]
    ) -> Float[Tensor, "batch 1"]:
        _check.shape(
            prediction, "prediction", ("batch", "out"), "give a map's valid pixels as samples, (pixels, out)"
        )
        sigma = self.noise_sigma.to(prediction.dtype)
        return (2 * sigma.detach() ** 2) * self._nll(prediction, target, sigma).unsqueeze(1)

    @abstractmethod
    def _nll(
        self,
        prediction: Float[Tensor, "batch out"],
        target: Float[Tensor, "batch out"],
        sigma: Float[Tensor, ""],
    ) -> Float[Tensor, " batch"]:
        """The negative log-likelihood of each sample."""

    def _learned_buffers(self) -> list[Tensor]:
        _check.fitted(self, self._learned[0])
        return [getattr(self, name) for name in self._learned]

    def _learn(self, **buffers: Any) -> None:
        """Keep what was learned from the labels, where and how precisely the noise scale is kept."""
        for name, values in buffers.items():
            setattr(self, name, torch.as_tensor(values).to(self.noise.start))

    def _load_from_state_dict(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, state_dict: dict[str, Any], prefix: str, *rest: Any
    ) -> None:
        # A checkpoint fills an instance that was never fitted, or fitted to another number of bins.
        for name in self._learned:
            if prefix + name in state_dict:
                self._learn(**{name: torch.zeros_like(state_dict[prefix + name])})
        super()._load_from_state_dict(state_dict, prefix, *rest)


def as_array(values: Any, name: str) -> NDArray[np.float64]:
    """Finite float64 numbers from a list, an array or a tensor on any device."""
    return _check.finite_array(values.detach().cpu() if isinstance(values, Tensor) else values, name)
