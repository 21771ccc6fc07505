"""CMixup: each row blended with one of similar label, as inputs."""

from typing import final

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor

from evenreg import _check
from evenreg.mixing._base import AbstractMixing


@final
class CMixup(AbstractMixing):
    """Each row of the batch blended with one whose label is close.

        P(partner of i is j) ∝ exp(−|y_i − y_j|² / (2 bandwidth²)),  j any row of the batch, also i

    Why: the middle between a child and an old man is no person of forty; between two of similar age it nearly is.
    A row may be its own partner, and a label with no neighbour in the batch nearly always is: rare rows far from
    others stay as they are.

    Args:
        alpha: Of the shares, from 0.01.
        bandwidth: In the units of the labels that it is called with, above 0; large ones give `Mixup`.

    Example:
        >>> ages = torch.tensor([[30.0], [31.0], [80.0]])
        >>> int(CMixup(bandwidth=1.0)(ages).partner[2])
        2

    Paper: Yao et al. 2022 (C-Mixup), eq. 6; partners are drawn from the batch, in the paper from all rows.
    """

    def __init__(self, alpha: float = 2.0, bandwidth: float = 0.5) -> None:
        super().__init__(alpha)
        self.bandwidth = _check.positive(bandwidth, "bandwidth")

    def _partners(self, target: Shaped[Tensor, "batch ..."]) -> Int[Tensor, " batch"]:
        return torch.multinomial(_chances(target, self.bandwidth), 1).squeeze(1)


def _chances(target: Shaped[Tensor, "batch ..."], bandwidth: float) -> Float[Tensor, "batch batch"]:
    """How likely each row is to be each row's partner; one whose label is no number has only itself."""
    wide = torch.promote_types(target.dtype, torch.float32)
    y = target.detach().reshape(len(target), -1).to(wide) / bandwidth
    distances = torch.cdist(y, y, compute_mode="donot_use_mm_for_euclid_dist")
    logits = distances.square().mul(-0.5).nan_to_num(nan=-torch.inf)
    return logits.fill_diagonal_(0.0).softmax(1)
