"""MSELoss: the squared error."""

from typing import final

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from evenreg.losses._base import AbstractLoss


@final
class MSELoss(AbstractLoss):
    """Mean squared error, weighted.

    The negative log-likelihood of Gaussian noise, hence what Balanced MSE is compared with; under a skewed
    label distribution its minimiser shrinks rare values towards the frequent ones:

        cost = (prediction − target)²

    Shapes, weights and errors: as `AbstractLoss`.

    Example:
        >>> import torch
        >>> MSELoss()(torch.tensor([[1.0], [4.0]]), torch.tensor([[2.0], [2.0]]))
        tensor(2.5000)

    Paper: papers/002 eq. 3.1 for one output; over several outputs this is the mean, not the sum.
    """

    def _cost(
        self, prediction: Float[Tensor, "batch out *pixels"], target: Float[Tensor, "batch out *pixels"]
    ) -> Float[Tensor, "batch out *pixels"]:
        return functional.mse_loss(prediction, target, reduction="none")
