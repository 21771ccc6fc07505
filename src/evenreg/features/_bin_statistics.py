"""What happens to statistics of bins at the end of an epoch: blending over epochs, smoothing over bins."""

import torch
from jaxtyping import Bool, Float
from numpy.typing import NDArray
from torch import Tensor


def blend(
    running: Float[Tensor, "bins *value"],
    current: Float[Tensor, "bins *value"],
    known: Bool[Tensor, " bins"],
    seen: Bool[Tensor, " bins"],
    momentum: float,
) -> Float[Tensor, "bins *value"]:
    """Momentum update of papers/000 Algorithm 2; a first estimate replaces, an unseen bin keeps its own.

    Args:
        running: Statistics up to the epoch before.
        current: Statistics of the epoch.
        known: Whether a bin has running statistics.
        seen: Whether it has any of the epoch.
        momentum: Share of the running statistics.
    """
    share = torch.ones_like(known, dtype=running.dtype).masked_fill_(known, 1 - momentum).mul_(seen)
    return torch.lerp(running, current, share.view(-1, *[1] * (running.ndim - 1)))


def smooth_over_bins(
    values: Float[Tensor, "bins *value"], known: Bool[Tensor, " bins"], window: NDArray
) -> Float[Tensor, "bins *value"]:
    """Kernel average of Eqs. 4 and 5 over the bins that have a value: Σ k·value / Σ k, both over these only.

    A bin without a value gets its neighbours' average, or 0 where the window reaches none that has one.

    Args:
        values: A statistic of each bin, 0 where there is none.
        known: Whether a bin has it.
        window: ``(size,)`` kernel at each distance in bins, the centre in the middle.
    """
    weights = known.to(values.dtype).view(-1, *[1] * (values.ndim - 1))
    half, bins = len(window) // 2, len(values)
    total, mass = (tensor * window[half].item() for tensor in (values, weights))
    for distance in range(1, min(half + 1, bins)):
        weight, above, below = window[half + distance].item(), slice(distance, None), slice(bins - distance)
        for result, source in ((total, values), (mass, weights)):
            result[above].add_(source[below], alpha=weight)
            result[below].add_(source[above], alpha=weight)
    return total.div_(mass.masked_fill_(mass == 0, 1.0))
