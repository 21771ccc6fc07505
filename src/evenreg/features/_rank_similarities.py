"""How alike two rows are: the five similarities of papers/003 Table 5, for all pairs of rows at once."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from evenreg._torch import float32_island


def cosine(rows: Float[Tensor, "n d"]) -> Float[Tensor, "n n"]:
    """Cosine of the angle between rows; a row shorter than 1e-12 has no direction: 0 to all, no gradient.

    The lengths are the diagonal of the product of the rows with themselves, so that neither they nor
    normalised rows cost a pass over the rows.
    """
    product = _gram(rows)
    squared = product.diagonal()
    some = squared > _SHORTEST**2
    inverse = torch.where(some, squared, 1).rsqrt() * some
    return product * inverse.unsqueeze(1) * inverse


def correlation(rows: Float[Tensor, "n d"]) -> Float[Tensor, "n n"]:
    """Pearson's correlation between the entries of rows."""
    return cosine(rows - rows.mean(1, keepdim=True))


def negative_mse(rows: Float[Tensor, "n d"]) -> Float[Tensor, "n n"]:
    """Minus the mean squared difference."""
    return -_distance(rows, 2.0).square() / rows.shape[1]


def negative_mae(rows: Float[Tensor, "n d"]) -> Float[Tensor, "n n"]:
    """Minus the mean absolute difference."""
    return -_distance(rows, 1.0) / rows.shape[1]


def negative_l_inf(rows: Float[Tensor, "n d"]) -> Float[Tensor, "n n"]:
    """Minus the largest absolute difference."""
    return -_distance(rows, torch.inf)


def _distance(rows: Tensor, p: float) -> Tensor:
    # From differences, not from products: equal rows are at 0, and near ones keep their order.
    return torch.cdist(rows, rows, p, compute_mode="donot_use_mm_for_euclid_dist")


def _gram(rows: Tensor) -> Tensor:
    product: Any = _Gram.apply(rows)
    return product


class _Gram(torch.autograd.Function):
    """``rows @ rows.T``, whose gradient autograd would find in two products: it is one of a symmetric sum."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> Tensor:
        ctx.save_for_backward(rows)
        return rows @ rows.T

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        (rows,) = ctx.saved_tensors
        with float32_island():
            return (gradients[0] + gradients[0].T) @ rows


_SHORTEST = 1e-12

SIMILARITIES = {
    "cosine": cosine,
    "correlation": correlation,
    "negative_mse": negative_mse,
    "negative_mae": negative_mae,
    "negative_l_inf": negative_l_inf,
}
