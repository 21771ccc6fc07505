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
    known, seen = (mask.view(-1, *[1] * (running.ndim - 1)) for mask in (known, seen))
    blended = torch.where(known, momentum * running + (1 - momentum) * current, current)
    return torch.where(seen, blended, running)


def smooth_over_bins(
    values: Float[Tensor, "bins *value"], known: Bool[Tensor, " bins"], window: NDArray
) -> Float[Tensor, "bins *value"]:
    """Kernel average of Eqs. 4 and 5 over the bins that have a value: Σ k·value / Σ k, both over these only.

    A bin without a value gets its neighbours' average, or 0 where the window reaches none that has one.

    Args:
        values: A statistic of each bin.
        known: Whether a bin has it.
        window: ``(size,)`` kernel at each distance in bins, the centre in the middle.
    """
    weights = known.to(values.dtype).view(-1, *[1] * (values.ndim - 1))
    total, mass = torch.zeros_like(values), torch.zeros_like(weights)
    weighted, half, bins = values * weights, len(window) // 2, len(values)
    for offset, weight in zip(range(-half, half + 1), window.tolist(), strict=True):
        to = slice(max(0, -offset), bins - max(0, offset))
        source = slice(max(0, offset), bins - max(0, -offset))
        if to.start < to.stop:
            total[to].add_(weighted[source], alpha=weight)
            mass[to].add_(weights[source], alpha=weight)
    return total / torch.where(mass > 0, mass, 1.0)
