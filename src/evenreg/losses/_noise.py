"""NoiseScale: the noise SD of a Balanced MSE loss, fixed or learned."""

from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from evenreg import _check

FLOOR = 1e-3  # of the starting value


@final
class NoiseScale(nn.Module):
    """A positive scalar sigma that, when learned, never falls below a thousandth of its start.

    Balanced MSE divides by sigma, and nothing keeps a freely learned one positive, so positivity is built in:

        sigma = start · (floor + (1 − floor) · exp(rho))

    rho starts at 0 and is dimensionless: a learning rate means the same whatever the unit of the labels.
    Start and rho are both in the state dict, so that sigma survives a checkpoint into a module built with
    another start.

    Args:
        sigma: Starting value, above 0, in the unit of the targets.
        learn: Whether rho is a parameter; otherwise sigma is a constant kept in a buffer.

    Raises:
        InputError: ``sigma`` that is not above 0.

    Paper: papers/002 section 3.5.3 and B.5. The released code learns sigma itself, with no bound, outside the
    state dict.
    """

    def __init__(self, sigma: float, learn: bool) -> None:
        super().__init__()
        start = torch.tensor(_check.positive(sigma, "noise_sigma"), dtype=torch.float64)
        self.start: Tensor
        self.register_buffer("start", start)
        dtype = torch.promote_types(torch.get_default_dtype(), torch.float32)
        self.rho = nn.Parameter(torch.zeros((), dtype=dtype)) if learn else None

    def forward(self) -> Float[Tensor, ""]:
        """Sigma, with gradient when it is learned."""
        if self.rho is None:
            return self.start
        # expm1 rather than exp: sigma equals its start exactly before the first step.
        return self.start * (1 + (1 - FLOOR) * torch.expm1(self.rho))
