"""FrozenEncoder: an encoder that a second stage does not move."""

from typing import Self, final

import torch
from jaxtyping import Float
from torch import Tensor, nn


@final
class FrozenEncoder(nn.Module):
    """An encoder that stands still: no gradient, and eval mode whatever the mode of the module around it.

    Without eval mode the running statistics of batch normalisation would go on moving under a "frozen" encoder,
    and dropout would go on drawing. Where rows come unchanged in every epoch, `encode` once does the same for less.

    Args:
        encoder: The encoder of an earlier stage; its parameters are set to need no gradient.

    Shapes: those of the encoder.

    Paper: papers/000 section 4 (RRT). The released code leaves the encoder in train mode.
    """

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder.requires_grad_(False)
        self.train(self.training)

    def train(self, mode: bool = True) -> Self:
        """Set the mode of this module, and eval mode inside."""
        super().train(mode)
        self.encoder.eval()
        return self

    @torch.no_grad()
    def forward(self, *inputs: Tensor) -> Float[Tensor, "batch features"]:
        """Features without gradient."""
        return self.encoder(*inputs)


@torch.no_grad()
def encode(
    encoder: nn.Module,
    inputs: tuple[Tensor, ...],
    batch_size: int = 1024,
    *,
    rows: Tensor | None = None,
    device: torch.device | str = "cpu",
) -> Float[Tensor, "rows features"]:
    """Features in eval mode, a few rows at a time; the encoder gets its mode back.

    Args:
        encoder: It lies on ``device``.
        inputs: Its arguments, each ``(n, ...)``, perhaps mapped into memory.
        batch_size: Rows at a time.
        rows: ``(rows,)`` which of the n; None for all.
        device: Where rows are computed; features come back to the CPU.
    """
    training = encoder.training
    encoder.eval()
    n = len(inputs[0]) if rows is None else len(rows)
    features = []
    for start in range(0, n, batch_size):
        batch = slice(start, start + batch_size)
        held = (t[batch if rows is None else rows[batch]] for t in inputs)
        features.append(encoder(*(t.to(device) for t in held)).cpu())
    encoder.train(training)
    return torch.cat(features)
