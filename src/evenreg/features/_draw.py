"""One row a group, drawn at random on the device, without a loop over groups."""

import torch
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor

# Residues of a prime: their products fit into 63 bits. Hashes that overflow are other ones under torch.compile.
_PRIME, _FIRST, _SECOND = 2**31 - 1, 1_640_531_527, 668_265_263


def one_per_group(groups: Shaped[Tensor, " n"], keys: Shaped[Tensor, " n"]) -> Bool[Tensor, " n"]:
    """Which rows are drawn: of each group the one with the smallest key.

    Example:
        >>> import torch
        >>> one_per_group(torch.tensor([30, 20, 30]), torch.tensor([5, 1, 4])).tolist()
        [False, True, True]
    """
    by_key = keys.argsort()
    grouped, order = groups[by_key].sort(stable=True)
    first = torch.ones_like(grouped, dtype=torch.bool)
    first[1:] = grouped[1:] != grouped[:-1]
    return torch.empty_like(first).scatter_(0, by_key[order], first)


def label_keys(labels: Float[Tensor, "n d"]) -> Int[Tensor, " n"]:
    """A random key for each row, seeded by all labels of the batch and their order.

    Every process with these labels has these keys, and so has a resumed run; no state is kept, no generator
    is moved and nothing waits for the device.
    """
    place = _mix(torch.arange(len(labels), device=labels.device))
    seed = _mix(row_codes(labels) + place).sum()
    return _mix(seed + place)


def row_codes(labels: Float[Tensor, "n d"]) -> Int[Tensor, " n"]:
    """A whole number for each row, equal for equal rows; unequal rows share one by a chance of 2⁻³¹ a pair."""
    bits = torch.where(labels == 0, 0, labels).view(torch.int32)  # there are two zeros
    code = torch.zeros(len(labels), dtype=torch.int64, device=labels.device)
    for column in bits.unbind(1):
        code = _mix(code + column)
    return code


def _mix(x: Int[Tensor, "*shape"]) -> Int[Tensor, "*shape"]:
    """Two rounds of x⁵ + c, which maps the residues of the prime one to one and scatters their order."""
    for constant in (_FIRST, _SECOND):
        x = (x + constant) % _PRIME
        square = x * x % _PRIME
        x = square * square % _PRIME * x % _PRIME
    return x
