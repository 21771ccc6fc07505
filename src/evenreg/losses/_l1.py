"""L1Loss: the absolute error."""

from typing import final

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from evenreg.losses._base import AbstractLoss


@final
class L1Loss(AbstractLoss):
    """Mean absolute error, weighted.

    Robust to outlying labels, and the cost of most published deep imbalanced regression results:

        cost = |prediction − target|

    Shapes, weights and errors: as `AbstractLoss`.

    Example:
        >>> import torch
        >>> L1Loss()(torch.tensor([[1.0], [4.0]]), torch.tensor([[2.0], [2.0]]))
        tensor(1.5000)
    """

    def _cost(
        self, prediction: Float[Tensor, "batch out *pixels"], target: Float[Tensor, "batch out *pixels"]
    ) -> Float[Tensor, "batch out *pixels"]:
        return functional.l1_loss(prediction, target, reduction="none")
