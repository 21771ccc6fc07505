"""Every public part by the name of its class, and a small network that trains it.

Whoever adds a class of losses, regularizers or heads finds it here, made without arguments but those of OPTIONS,
and in every test that runs over NETWORKS.
"""

import inspect
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from evenreg import features, heads, losses
from evenreg.features import FDS, AbstractRegularizer
from evenreg.heads import AbstractHead
from evenreg.labels import Bins, LabelSpace
from evenreg.losses import AbstractLoss

# Without a rare group or bin that a batch of a few rows cannot fill.
OPTIONS: dict[str, dict[str, Any]] = {
    "ClassifierHead": {"bins": 16, "decode": "expectation"},
    "ConR": {"window": 1.0},
    "GroupContrast": {"n": 4},
    "GroupHead": {"n": 4, "routing": "soft"},
}
SPACE = LabelSpace.fit(np.random.default_rng(0).uniform(-4, 4, 300), Bins.uniform(-4, 4, 0.5))
INPUTS, WIDTH = 4, 6


def concrete(module: Any, parent: type) -> dict[str, Any]:
    public = [getattr(module, name) for name in module.__all__]
    kinds = [k for k in public if inspect.isclass(k) and issubclass(k, parent) and not inspect.isabstract(k)]
    return {kind.__name__: kind for kind in kinds}


LOSSES = concrete(losses, AbstractLoss)
REGULARIZERS = concrete(features, AbstractRegularizer)
HEADS = concrete(heads, AbstractHead)
NETWORKS = [*LOSSES, *REGULARIZERS, *HEADS, "FDS"]


def make(name: str, kinds: dict[str, Any], *args: Any) -> Any:
    """The part of that name among these kinds, not fitted; None if it is not among them."""
    return kinds[name](*args, **OPTIONS.get(name, {})) if name in kinds else None


class Network(nn.Module):
    """An encoder that ends in a ReLU and the named part, among plain ones: L1, linear head, no regularizer."""

    def __init__(self, name: str, fitted: bool = True, calibrated: bool = False) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(INPUTS, WIDTH), nn.ReLU())
        self.head = make(name, HEADS, WIDTH) or heads.LinearHead(WIDTH)
        self.loss = make(name, LOSSES) or losses.L1Loss()
        self.regularizer = make(name, REGULARIZERS)
        self.fds = FDS(start_update=0, start_smooth=1) if calibrated or name == "FDS" else None
        if fitted:
            for part in (self.head, self.loss, self.regularizer, self.fds):
                _ = part is None or part.fit(SPACE)

    def forward(self, x: Tensor, y: Tensor, weight: Tensor | None = None) -> Tensor:
        """The loss, as a training task joins it."""
        z = seen = self.encoder(x)
        if self.fds is not None:
            self.fds.observe(z.detach(), y)
            seen = self.fds(z, y)
        prediction = self.head(seen)
        loss = self.head.loss(prediction, y, weight, cost=self.loss)
        if self.regularizer is None:
            return loss
        needed = [prediction.value] if self.regularizer.needs_prediction else []
        return loss + self.regularizer(z, y, *needed)

    def end_epoch(self) -> None:
        if self.fds is not None:
            self.fds.end_epoch()


def gradients(network: nn.Module) -> list[Tensor]:
    """A copy of the gradient of each parameter; one that no path leads to is 0."""
    return [torch.zeros_like(p) if p.grad is None else p.grad.clone() for p in network.parameters()]


def batch(n: int = 12, seed: int = 0, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
    """Inputs and labels ``(n, 1)`` within the bins of SPACE, some of them equal."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, INPUTS, generator=generator, dtype=torch.float64)
    y = torch.randint(-12, 13, (n, 1), generator=generator).double() * 0.3
    return x.to(dtype), y.to(dtype)
