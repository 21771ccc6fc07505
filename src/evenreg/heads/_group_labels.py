"""GroupLabels: groups as tensors, where experts stand and what the classifier learns."""

import math
from collections.abc import Callable
from typing import Self, final

import numpy as np
import torch
from jaxtyping import Float, Int, Shaped
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from evenreg._torch import BinIndex, keep_precision
from evenreg.labels import Bins, LabelGroups, soft_labels

REACH = 1.1  # half-widths an expert can leave its centre by; at 1 its own edge would take an infinite input


@final
class GroupLabels(nn.Module):
    """What a group head knows about its groups, on the device and in full precision whatever the head's.

    Args:
        n: Groups.
        target: A key of `TARGETS`.
        beta: Steepness of soft labels.

    Attributes:
        index: The group of a label; ``n`` for NaN.
        centers: ``(n,)`` float64 middle of each group.
        half_widths: ``(n,)`` float64 distance from the middle to the ends.
        prior: ``(n,)`` float64 what training adds to the logits: the log prior of the groups, or 0.
    """

    def __init__(self, n: int, target: str, beta: float) -> None:
        super().__init__()
        make_rows, self._adjusts = TARGETS[target]
        rows, decay = make_rows(n, beta)
        self.index = BinIndex()
        self.centers: Tensor
        self.half_widths: Tensor
        self.prior: Tensor
        for name in ("centers", "half_widths", "prior"):
            self.register_buffer(name, torch.zeros(n, dtype=torch.float64))
        # What follows from the arguments is not written into the state dict.
        number = torch.arange(n)
        own, near = inverse_of_soft_labels(rows, decay)
        self._first, self._last, self._rows, self._own, self._near = (
            nn.Buffer(values, persistent=False)
            for values in (
                number == 0,
                number == n - 1,
                # The last row is the one of a label that is NaN: a loss is never silently finite.
                torch.from_numpy(np.vstack([rows, np.full(n, np.nan)])),
                torch.from_numpy(own),
                torch.from_numpy(near),
            )
        )

    def learn(self, groups: LabelGroups) -> None:
        """Take the groups' places and counts."""
        device = self.centers.device
        self.index = BinIndex(Bins(groups.edges)).to(device)
        log_prior = np.log(groups.counts / groups.counts.sum())
        learned = {
            "centers": groups.centers,
            "half_widths": groups.half_widths,
            "prior": log_prior if self._adjusts else np.zeros(len(groups)),
        }
        for name, values in learned.items():
            setattr(self, name, torch.tensor(values, dtype=self.centers.dtype, device=device))

    def inside(self, u: Float[Tensor, "batch n"]) -> Float[Tensor, "batch n"]:
        """Centre + 1.1 · half-width · tanh(u): each expert within its group; linear where an end group is open."""
        open_side = torch.where(u < 0, self._first, self._last)
        step = torch.where(open_side, u, u.tanh())  # both have value 0 and slope 1 at 0
        return self.centers.to(u.dtype) + (REACH * self.half_widths).to(u.dtype) * step

    def posterior(self, p: Float[Tensor, "batch n"]) -> Float[Tensor, "batch n"]:
        """The groups' probabilities π, from p = Qᵀπ that the classifier learns: Q⁻ᵀp, clipped at 0, sum 1."""
        padded = functional.pad(p, (1, 1))
        inverse = self._own.to(p.dtype) * p - self._near.to(p.dtype) * (padded[:, :-2] + padded[:, 2:])
        # Not at 0: labels so soft that nothing of p is left after rounding give equal groups, not 0 / 0.
        clipped = inverse.clamp(min=torch.finfo(p.dtype).tiny)
        return clipped / clipped.sum(1, keepdim=True)

    def cross_entropy(
        self, logits: Float[Tensor, "batch n"], groups: Int[Tensor, " batch"]
    ) -> Float[Tensor, ""]:
        """−mean over the batch of Σ_k q_k log softmax(logits + prior)_k, with the rows q of the true groups."""
        log_p = (logits + self.prior.to(logits.dtype)).log_softmax(1)
        return -(self._rows.to(logits.dtype)[groups] * log_p).sum(1).mean()

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        return super()._apply(lambda tensor: keep_precision(fn, tensor), recurse)


def inverse_of_soft_labels(
    rows: Shaped[NDArray[np.float64], "n n"], decay: float
) -> tuple[Shaped[NDArray[np.float64], " n"], Shaped[NDArray[np.float64], " n"]]:
    """Q⁻ᵀ up to a factor, as its diagonal and minus what stands beside it.

    Q = D⁻¹K with K_jk = r^|j − k| and its row sums D. K⁻¹ is tridiagonal: −r beside the diagonal, 1 + r² on it
    and 1 at both ends, all divided by 1 − r². So Q⁻ᵀp = D K⁻¹p takes neighbours only, and no matrix product that
    autocast or TF32 would round.
    """
    n = len(rows)
    sums = 1 / np.diagonal(rows)
    ends = (np.arange(n) == 0).astype(float) + (np.arange(n) == n - 1)
    return sums * (1 + decay**2 * (1 - ends)), sums * decay


def _soft(n: int, beta: float) -> tuple[NDArray[np.float64], float]:
    return soft_labels(np.arange(n), n, beta), math.exp(-beta)


def _one_hot(n: int, beta: float) -> tuple[NDArray[np.float64], float]:
    """Soft labels of infinite steepness."""
    del beta
    return np.eye(n), 0.0


Rows = Callable[[int, float], tuple[NDArray[np.float64], float]]
TARGETS: dict[str, tuple[Rows, bool]] = {
    "soft": (_soft, False),
    "ce": (_one_hot, False),
    "la": (_one_hot, True),
}
"""What the classifier learns: the rows of all groups with their decay a step, and whether logits are adjusted."""
