"""ManifoldMixup: each row blended with any other, in a layer drawn anew for each batch."""

from collections.abc import Sequence
from typing import final

import torch
from jaxtyping import Int, Shaped
from torch import Tensor

from evenreg.errors import InputError
from evenreg.mixing._base import AbstractMixing
from evenreg.mixing._mix import INPUT


@final
class ManifoldMixup(AbstractMixing):
    """Mixup of inputs or of what a layer puts out, the layer drawn anew for each batch.

    Why: between two pictures lies a double exposure, between two hidden representations something that may well be
    the representation of a picture.

    Args:
        layers: Names of layers, as ``model.named_modules()`` gives them, each called once in a forward; ``"input"``
            is the inputs. The paper's are the input and the first blocks of a ResNet.
        alpha: Of the shares, from 0.01.

    Raises:
        InputError: No layer.

    Example:
        >>> model = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.ReLU(), torch.nn.Linear(5, 1))
        >>> images, ages = torch.randn(8, 3), torch.rand(8, 1)
        >>> mix = ManifoldMixup(["input", "1"])(ages)
        >>> loss = (mix.run(model, images) - mix(ages)).abs().mean()

    Paper: Verma et al. 2019, section 2; papers/000 D.1 (alpha 0.2, layers 0 to 3 with 0 the input).
    """

    def __init__(self, layers: Sequence[str] = (INPUT,), alpha: float = 0.2) -> None:
        super().__init__(alpha)
        if isinstance(layers, str) or not layers:
            raise InputError(
                f"layers: expected a list of layer names, got {layers!r}; write for instance ['input', 'layer1']."
            )
        self.layers = tuple(layers)

    def _partners(self, target: Shaped[Tensor, "batch ..."]) -> Int[Tensor, " batch"]:
        return torch.randperm(len(target), device=target.device)
