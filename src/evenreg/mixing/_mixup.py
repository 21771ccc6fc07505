"""Mixup: each row blended with any other, as inputs."""

from typing import final

import torch
from jaxtyping import Int, Shaped
from torch import Tensor

from evenreg.mixing._base import AbstractMixing


@final
class Mixup(AbstractMixing):
    """Each row of the batch blended with a row drawn at random, inputs and labels alike.

        x = λ x_i + (1 − λ) x_j,  y = λ y_i + (1 − λ) y_j,  λ ~ Beta(alpha, alpha)

    Partners are a permutation: every row is a partner once.

    Args:
        alpha: Of the shares, from 0.01.

    Example:
        >>> images, ages, model = torch.randn(8, 3), torch.rand(8, 1), torch.nn.Linear(3, 1)
        >>> mix = Mixup(alpha=0.2)(ages)
        >>> loss = (mix.run(model, images) - mix(ages)).abs().mean()

    Paper: Zhang et al. 2018; papers/000 D.1 (alpha 0.2).
    """

    def __init__(self, alpha: float = 0.2) -> None:
        super().__init__(alpha)

    def _partners(self, target: Shaped[Tensor, "batch ..."]) -> Int[Tensor, " batch"]:
        return torch.randperm(len(target), device=target.device)
