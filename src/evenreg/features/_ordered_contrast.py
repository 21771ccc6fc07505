"""The contrast in order of label distance, for every anchor at once."""

from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import pad


def ordered_contrast(
    similarity: Float[Tensor, "batch batch"],
    distance: Float[Tensor, "batch batch"],
    rounding: Float[Tensor, ""],
) -> Float[Tensor, ""]:
    """The mean over ordered pairs of −log of the positive's share among all at least as far in label.

        L = −1 / (B·(B − 1)) · Σ_i Σ_{j≠i} log( exp s_ij / Σ_{k≠i, d_ik ≥ d_ij} exp s_ik )

    Every other sample is a positive once, against all those at least as far from the anchor as itself. One
    sort of a row by label distance, farthest first, and one cumulative log-sum-exp give all its denominators,
    each read at the end of its ties; the backward is another cumulative log-sum-exp, from the other side:

        ∂L/∂s_iq ∝ exp(s_iq + log Σ_{j: d_ij ≤ d_iq} exp(−log denominator_ij)) − 1

    O(B² log B) time and O(B²) memory; nothing is exponentiated before its largest term is taken off.

    Args:
        similarity: s, temperature divided in; the diagonal is not read.
        distance: d between labels.
        rounding: Distances no further apart are equal.

    Returns:
        The mean; 0 for less than two samples.

    Papers: papers/001 eq. 2, of groups; Zha et al. 2023, "Rank-N-Contrast", of labels.
    """
    if len(similarity) < 2:
        return 0 * similarity.sum()
    mean: Any = _OrderedContrast.apply(similarity, distance, rounding)
    return mean


class _OrderedContrast(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, similarity: Tensor, distance: Tensor, rounding: Tensor) -> Tensor:
        pairs = similarity.numel() - len(similarity)
        # No label is as near as −1: the anchor itself comes last and is cut off. (`fill_diagonal_` would have
        # torch.compile compile anew for every batch size.)
        far = distance.clone()
        far.diagonal().fill_(-1)
        far, order = far.sort(dim=1, descending=True)
        far, order = far[:, :-1], order[:, :-1]
        closer = far[:, :-1] - far[:, 1:] > rounding
        tie = pad(closer.cumsum(1), (1, 0))
        logit = similarity.gather(1, order)
        logit = logit - logit.amax(1, keepdim=True)
        denominator = _at(pad(closer, (0, 1), value=True), logit.logcumsumexp(1), tie)
        ctx.save_for_backward(order, closer, tie, logit, denominator)
        return (denominator - logit).sum() / pairs

    @staticmethod
    @once_differentiable
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Any, *gradients: Tensor
    ) -> tuple[Tensor, None, None]:
        order, closer, tie, logit, denominator = ctx.saved_tensors
        # Flipped, since PyTorch accumulates from the left only.
        shares = (-denominator).flip(1).logcumsumexp(1).flip(1)
        shares = _at(pad(closer, (1, 0), value=True), shares, tie)
        gradient = ((logit + shares).exp() - 1) * (gradients[0] / logit.numel())
        return gradient.new_zeros(len(order), len(order)).scatter_(1, order, gradient), None, None


def _at(
    chosen: Bool[Tensor, "batch others"],
    values: Float[Tensor, "batch others"],
    tie: Int[Tensor, "batch others"],
) -> Float[Tensor, "batch others"]:
    """For every member of a tie, the value at the one of them that is chosen."""
    spare = values.shape[1]  # a last column, for what is not chosen
    table = values.new_zeros(len(values), spare + 1).scatter_(1, tie.masked_fill(~chosen, spare), values)
    return table.gather(1, tie)
