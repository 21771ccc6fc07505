"""How far two rankings are apart: the five penalties of papers/003 Table 4, and their slopes.

Each takes ranks and wanted ranks ``(anchors, positions)`` and n, the number of positions that count (the
others hold 0 in both), and gives one cost an anchor ``(anchors,)``; each slope is its gradient with respect
to the ranks. Ranks are divided by n, so differences are below 1.
"""

from collections.abc import Callable
from typing import NamedTuple

from jaxtyping import Float, Int
from torch import Tensor

Count = int | Int[Tensor, ""]


def mse(
    ranks: Float[Tensor, "anchors positions"], wanted: Float[Tensor, "anchors positions"], n: Count
) -> Float[Tensor, " anchors"]:
    """Mean squared difference; least where Spearman's correlation of the two is greatest."""
    return (ranks - wanted).square().sum(1) / n


def mae(
    ranks: Float[Tensor, "anchors positions"], wanted: Float[Tensor, "anchors positions"], n: Count
) -> Float[Tensor, " anchors"]:
    """Mean absolute difference."""
    return (ranks - wanted).abs().sum(1) / n


def huber(
    ranks: Float[Tensor, "anchors positions"],
    wanted: Float[Tensor, "anchors positions"],
    n: Count,
    delta: float = 1.0,
) -> Float[Tensor, " anchors"]:
    """Mean Huber cost; with the paper's delta of 1 and ranks divided by n it is half of `mse`."""
    gap = (ranks - wanted).abs()
    near = gap.clamp(max=delta)
    return (near * (gap - near / 2)).sum(1) / n


def l_inf(
    ranks: Float[Tensor, "anchors positions"], wanted: Float[Tensor, "anchors positions"], n: Count
) -> Float[Tensor, " anchors"]:
    """Largest absolute difference."""
    del n
    return (ranks - wanted).abs().amax(1)


def cosine_distance(
    ranks: Float[Tensor, "anchors positions"], wanted: Float[Tensor, "anchors positions"], n: Count
) -> Float[Tensor, " anchors"]:
    """One minus the cosine between the two rankings."""
    del n
    return 1 - (ranks * wanted).sum(1) / (ranks.norm(dim=1) * wanted.norm(dim=1))


def _mse_slope(ranks: Tensor, wanted: Tensor, n: Count) -> Tensor:
    return (ranks - wanted) * (2 / n)


def _mae_slope(ranks: Tensor, wanted: Tensor, n: Count) -> Tensor:
    return (ranks - wanted).sign() / n


def _huber_slope(ranks: Tensor, wanted: Tensor, n: Count, delta: float = 1.0) -> Tensor:
    return (ranks - wanted).clamp(-delta, delta) / n


def _l_inf_slope(ranks: Tensor, wanted: Tensor, n: Count) -> Tensor:
    """Shared evenly among the positions that differ most, so that their order does not count."""
    del n
    gap = ranks - wanted
    most = gap.abs() == gap.abs().amax(1, keepdim=True)
    return gap.sign() * most / most.sum(1, keepdim=True)


def _cosine_slope(ranks: Tensor, wanted: Tensor, n: Count) -> Tensor:
    del n
    length, other = ranks.norm(dim=1, keepdim=True), wanted.norm(dim=1, keepdim=True)
    cosine = (ranks * wanted).sum(1, keepdim=True) / (length * other)
    return (cosine * ranks / length - wanted / other) / length


class RankPenalty(NamedTuple):
    """A penalty and its gradient with respect to the ranks."""

    cost: Callable[[Tensor, Tensor, Count], Tensor]
    slope: Callable[[Tensor, Tensor, Count], Tensor]


PENALTIES = {
    "mse": RankPenalty(mse, _mse_slope),
    "mae": RankPenalty(mae, _mae_slope),
    "huber": RankPenalty(huber, _huber_slope),
    "l_inf": RankPenalty(l_inf, _l_inf_slope),
    "cosine": RankPenalty(cosine_distance, _cosine_slope),
}
