"""HuberLoss: squared near zero, absolute beyond."""

from typing import final

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from evenreg import _check
from evenreg.losses._base import AbstractLoss


@final
class HuberLoss(AbstractLoss):
    """Squared error within ``beta``, absolute error beyond, weighted.

    Between L1 and MSE: smooth at zero, yet an outlying label pulls with bounded force. With
    e = prediction − target:

        cost = e² / (2·beta)     where |e| < beta
               |e| − beta / 2    elsewhere

    Shapes, weights and errors: as `AbstractLoss`.

    Args:
        beta: Where the two pieces meet, above 0, in the unit of the targets it sees (SDs in a training task).

    Raises:
        InputError: ``beta`` that is not above 0.

    Example:
        >>> import torch
        >>> HuberLoss(beta=1.0)(torch.tensor([[2.5], [4.0]]), torch.tensor([[2.0], [2.0]]))
        tensor(0.8125)

    The released code has the same form (that of `torch.nn.SmoothL1Loss`, not of `torch.nn.HuberLoss`), with
    beta 1 for ages and 0.3 for text similarity.
    """

    def __init__(self, beta: float = 1.0) -> None:
        super().__init__()
        self.beta = _check.positive(beta, "beta")

    def extra_repr(self) -> str:
        """The arguments, for ``print``."""
        return f"beta={self.beta:g}"

    def _cost(
        self, prediction: Float[Tensor, "batch out *pixels"], target: Float[Tensor, "batch out *pixels"]
    ) -> Float[Tensor, "batch out *pixels"]:
        return functional.smooth_l1_loss(prediction, target, reduction="none", beta=self.beta)
