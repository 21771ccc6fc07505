"""Euclidean distances between all rows of a batch that hold up where rows are equal."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from evenreg._torch import float32_island
from evenreg.features._contrast_batch import widest

# Squared distances below so many roundings of the squared lengths are those of equal rows; up to 12 were seen.
_ROUNDINGS = 32


def euclidean_distance(features: Float[Tensor, "batch features"]) -> Float[Tensor, "batch batch"]:
    """Distances |z_i − z_j|; that of equal rows is 0 and so is its gradient.

    One matrix product in float64 (float32 on a device without it), so that distances between close rows keep
    the digits that the rows have; the gradient is a graph Laplacian times the rows, one product more:

        ∂L/∂z_i = Σ_j w_ij · (z_i − z_j),    w_ij = (g_ij + g_ji) / |z_i − z_j|
    """
    distance: Any = _EuclideanDistance.apply(features)
    return distance


class _EuclideanDistance(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, features: Tensor) -> Tensor:
        rows = features.to(widest(features.device))
        rows = rows - rows.mean(0)  # near the origin less is lost to rounding
        square = rows.square().sum(1, keepdim=True)
        lengths = square + square.mT
        squared = torch.addmm(lengths, rows, rows.mT, alpha=-2)
        equal = squared <= _ROUNDINGS * torch.finfo(rows.dtype).eps * lengths
        distance = squared.masked_fill(equal, 0).sqrt().to(features.dtype)
        ctx.save_for_backward(rows.to(features.dtype), distance)
        return distance

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        rows, distance = ctx.saved_tensors
        weight = (gradients[0] / distance).masked_fill(distance == 0, 0)
        weight = weight + weight.mT
        with float32_island():
            return rows * weight.sum(1, keepdim=True) - weight @ rows
