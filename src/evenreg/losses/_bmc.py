"""BMCLoss: Balanced MSE with the batch's own labels as the prior."""

from typing import Any, final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from evenreg import _check
from evenreg._torch import gather_rows, own_rows
from evenreg.losses._balanced import AbstractBalancedLoss
from evenreg.losses._log_ratio import log_density_ratio


@final
class BMCLoss(AbstractBalancedLoss):
    """Balanced MSE by batch-based Monte Carlo.

    The batch's labels are a sample of the training labels; the integral over the prior is their sum. Nothing
    is learned from the labels beforehand, and labels may have any number of dimensions. It reads as a
    classification within the batch, each prediction against all labels:

        nll_i = −log softmax_j(−|p_i − y_j|² / (2·sigma²)) at j = i

    As in the paper the sum is not divided by the batch size, so nll is at least 0 and grows by log B with the
    batch. Memory grows with B² (67 MB in float32 at B = 4,096), or with B × negatives.

    Args:
        noise_sigma: Noise SD, above 0, in the unit of the targets; where learning starts. A good start is the
            RMSE of a plain model on validation data; far below
            the spacing of a batch's labels, only which of them is nearest to a prediction counts.
        learn_noise: Whether the noise SD is learned along with the model.
        negatives: Compare with this many labels drawn from the batch (at least 2) instead of all; the label
            itself is always held, and the drawn ones are scaled up to stand for all others.
        generator: Draws the negatives; None uses torch's global one.

    In distributed training predictions are held against the labels of all processes, as in one process with the
    joined batch.

    Shapes: ``(batch, out)``, batch at least 2.

    Raises:
        InputError: A batch of one (its loss would be 0 whatever the prediction), a ``noise_sigma`` not above
            0, or fewer than 2 ``negatives``.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([[0.0], [1.0]]), torch.tensor([[0.0], [2.0]])
        >>> BMCLoss(noise_sigma=1.0, learn_noise=False)(prediction, target)
        tensor(0.8201)

    Paper: papers/002 eqs. 3.14, 3.15. The released code is wrong, silently, where out equals the batch size.
    """

    def __init__(
        self,
        noise_sigma: float = 1.0,
        learn_noise: bool = True,
        *,
        negatives: int | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(noise_sigma, learn_noise)
        self.negatives = None if negatives is None else _check.integer(negatives, "negatives", 2)
        self.generator = generator

    def _nll(
        self,
        prediction: Float[Tensor, "batch out"],
        target: Float[Tensor, "batch out"],
        sigma: Float[Tensor, ""],
    ) -> Float[Tensor, " batch"]:
        labels, first = gather_rows(target), own_rows(len(target)).start
        size = len(labels)
        _check.batch_size(
            size, 2, "BMCLoss", "merge it with its neighbour or drop it, one label is no distribution"
        )
        if self.negatives is None or self.negatives >= size:
            return bmc_nll(prediction, target, sigma, labels, first)
        if self.generator is None:  # told as None, it would be compiled anew for every batch size
            drawn = torch.randperm(size, device=target.device)[: self.negatives]
        else:
            device: Any = self.generator.device
            drawn = torch.randperm(size, generator=self.generator, device=device)[: self.negatives]
        return sampled_bmc_nll(prediction, target, sigma, labels, first, drawn.to(target.device))


def bmc_nll(
    prediction: Float[Tensor, "batch out"],
    target: Float[Tensor, "batch out"],
    sigma: Float[Tensor, ""],
    labels: Float[Tensor, "joined out"],
    first: int,
) -> Float[Tensor, " batch"]:
    """Eq. 3.14 a sample: log Σ_j N(y_j; p_i, sigma²·I) − log N(y_i; p_i, sigma²·I); y_i is label ``first`` + i."""
    ratio = log_density_ratio(prediction, target, labels, sigma)
    return torch.logsumexp(ratio, 1) - ratio.diagonal(first)


def sampled_bmc_nll(
    prediction: Float[Tensor, "batch out"],
    target: Float[Tensor, "batch out"],
    sigma: Float[Tensor, ""],
    labels: Float[Tensor, "joined out"],
    first: int,
    drawn: Int[Tensor, " negatives"],
) -> Float[Tensor, " batch"]:
    """Eq. 3.14 with the sum over the other labels estimated from those at the indices ``drawn``."""
    ratio = log_density_ratio(prediction, target, labels[drawn], sigma)
    own = drawn == torch.arange(first, first + len(target), device=drawn.device).unsqueeze(1)
    others = (len(drawn) - own.sum(1, keepdim=True)).to(ratio.dtype)
    ratio = ratio.masked_fill(own, -torch.inf) + torch.log((len(labels) - 1) / others)
    return torch.logsumexp(torch.cat([torch.zeros_like(ratio[:, :1]), ratio], 1), 1)
