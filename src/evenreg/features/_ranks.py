"""The rank of each number in its row, equal or average where numbers tie."""

import torch
from jaxtyping import Float
from torch import Tensor


def ranks(
    values: Float[Tensor, "*rows n"], tolerance: float | Float[Tensor, ""] = 0.0
) -> Float[Tensor, "*rows n"]:
    """Ranks in each row, 1 for the largest, equal ranks for ties.

        rk(a)_i = 1 + |{j : a_j > a_i}|

    One sort a row: in sorted order a number that falls below its neighbour starts a new rank, its position.

    Args:
        values: Rows of numbers; -inf ranks last and moves no other rank.
        tolerance: A number no more than this below the next larger one ties with it.

    Example:
        >>> import torch
        >>> ranks(torch.tensor([9.0, 5.0, 11.0, 6.0])).tolist()
        [2.0, 4.0, 1.0, 3.0]
        >>> ranks(torch.tensor([3.0, 7.0, 3.0, 1.0])).tolist()
        [2.0, 1.0, 2.0, 4.0]

    Paper: papers/003 Eq. 1. The released code breaks ties by the order of the batch.
    """
    ordered, index = values.sort(-1, descending=True)
    place = torch.arange(1, values.shape[-1] + 1, dtype=values.dtype, device=values.device)
    falls = ordered[..., :-1] - ordered[..., 1:] > tolerance
    start = torch.ones_like(values)
    start[..., 1:] = torch.where(falls, place[1:], 1)
    return torch.empty_like(values).scatter_(-1, index, start.cummax(-1).values)


def average_ranks(
    values: Float[Tensor, "*rows n"], tolerance: float | Float[Tensor, ""] = 0.0
) -> Float[Tensor, "*rows n"]:
    """Ranks as `ranks` gives them, but ties share the mean of the places they take, as in Spearman's rho.

    Example:
        >>> import torch
        >>> average_ranks(torch.tensor([3.0, 7.0, 3.0, 1.0])).tolist()
        [2.5, 1.0, 2.5, 4.0]
    """
    last = values.shape[-1] + 1 - ranks(-values, tolerance)
    return (ranks(values, tolerance) + last) / 2
