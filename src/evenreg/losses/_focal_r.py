"""FocalRLoss: the focal loss for regression."""

from typing import final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from evenreg import _check
from evenreg.losses._base import AbstractLoss

_COSTS = {"l1": functional.l1_loss, "mse": functional.mse_loss}


@final
class FocalRLoss(AbstractLoss):
    """The cost, scaled down where the error is already small.

    Rare values tend to have the large errors; scaling small errors down turns the gradient towards them
    without knowing the label distribution. With e = prediction − target:

        cost = (2·sigmoid(beta·|e|) − 1)^gamma · |e|      (or · e²)

    The factor runs from 0 to 1 and is not detached: its gradient is part of the loss.
    Shapes, weights and errors: as `AbstractLoss`.

    Args:
        cost: ``"l1"`` or ``"mse"``.
        beta: How fast the factor rises, above 0, per unit of the targets it sees (SDs in a training task).
        gamma: How strongly it acts, at least 0; 0 is the plain cost.

    Raises:
        UnknownNameError: Another cost.
        InputError: ``beta`` not above 0, or ``gamma`` below 0.

    Example:
        >>> import torch
        >>> FocalRLoss(beta=0.2)(torch.tensor([[2.5], [9.0]]), torch.tensor([[2.0], [2.0]]))
        tensor(2.1278)

    Paper: papers/000, Focal-R. The text says sigmoid(|beta·e|)^gamma, which lies in [0.5, 1); the released
    code, from which the published numbers come, rescales it to [0, 1) as here. Published: beta 0.2 on ages;
    20 on text similarity, whose targets were divided by 5.
    """

    def __init__(self, cost: str = "l1", beta: float = 0.2, gamma: float = 1.0) -> None:
        super().__init__()
        self.cost = _check.known(cost, list(_COSTS), "cost of Focal-R")
        self.beta = _check.positive(beta, "beta")
        self.gamma = _check.positive(gamma, "gamma", zero=True)

    def extra_repr(self) -> str:
        """The arguments, for ``print``."""
        return f"cost={self.cost!r}, beta={self.beta:g}, gamma={self.gamma:g}"

    def _cost(
        self, prediction: Float[Tensor, "batch out *pixels"], target: Float[Tensor, "batch out *pixels"]
    ) -> Float[Tensor, "batch out *pixels"]:
        cost = _COSTS[self.cost](prediction, target, reduction="none")
        return focal_factor(prediction - target, self.beta, self.gamma) * cost


def focal_factor(error: Float[Tensor, "*shape"], beta: float, gamma: float) -> Float[Tensor, "*shape"]:
    """(2·sigmoid(beta·|e|) − 1)^gamma as tanh(beta·|e| / 2)^gamma, which keeps its digits near zero."""
    base = torch.tanh(beta / 2 * error.abs())
    # Below gamma 1 the slope of base^gamma at 0 is infinite, that of base^gamma · cost is 0.
    return base.clamp_min(torch.finfo(base.dtype).tiny) ** gamma
