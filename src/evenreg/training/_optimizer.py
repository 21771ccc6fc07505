"""Optimizer and schedule of a task, from plain values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, final

import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR, MultiStepLR, OneCycleLR

from evenreg import _check
from evenreg.errors import InputError

OPTIMIZERS = ("adamw", "adam", "sgd")
SCHEDULES = ("constant", "one-cycle", "cosine", "steps")
_GO_WITH = {"milestones": "schedule", "head_learning_rate": "learning_rate"}


@final
@dataclass(frozen=True)
class Optimizer:
    """How parameters move.

    Attributes:
        optimizer: ``adamw``; ``adam``, whose weight decay is part of the gradient as in the papers' recipes; ``sgd``
            with momentum.
        learning_rate: Above 0.
        head_learning_rate: Of the head and of the ``new_layers`` of the encoder, where it is another than that of the
            layers that were trained before.
        loss_learning_rate: Of the loss's own parameters, such as a learned noise scale.
        weight_decay: At least 0; biases, norms and the loss's parameters are exempt.
        momentum: Of ``sgd``, from 0 to 1.
        schedule: ``constant``, for training that stops by patience; ``one-cycle``, up over the first tenth of all steps
            and down to nothing by a cosine (Smith and Topin 2019, "Super-convergence"); ``cosine``, down to nothing
            from the first step on; ``steps``, a tenth from each of ``milestones`` on.
        milestones: Epochs, rising, of ``steps`` alone.

    Raises:
        InputError: A number out of range, milestones without ``steps``, or ``steps`` without.
        UnknownNameError: No such optimizer or schedule; the nearest is offered.
    """

    optimizer: str = "adamw"
    learning_rate: float = 1e-3
    head_learning_rate: float | None = None
    loss_learning_rate: float = 1e-2
    weight_decay: float = 0.0
    momentum: float = 0.9
    schedule: str = "constant"
    milestones: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        _check.known(self.optimizer, OPTIMIZERS, "optimizer")
        _check.known(self.schedule, SCHEDULES, "schedule")
        for name in ("learning_rate", "head_learning_rate", "loss_learning_rate"):
            if getattr(self, name) is not None:
                _check.positive(getattr(self, name), name)
        _check.positive(self.weight_decay, "weight_decay", zero=True)
        _check.in_range(self.momentum, "momentum", 0.0, 1.0)
        steps = [_check.integer(epoch, "milestones", 1) for epoch in self.milestones]
        if bool(steps) != (self.schedule == "steps") or steps != sorted(set(steps)):
            raise InputError(
                f"milestones: expected rising epochs beside schedule 'steps' and none beside another, got "
                f"{list(self.milestones)} beside {self.schedule!r}; for instance milestones [60, 80]."
            )

    def build(
        self,
        encoder: nn.Module,
        head: nn.Module,
        noise: Iterable[nn.Parameter],
        *,
        steps: int,
    ) -> dict[str, Any]:
        """What Lightning's ``configure_optimizers`` returns.

        Args:
            encoder: Its parameters that need a gradient are trained.
            head: Likewise.
            noise: The loss's own parameters.
            steps: Of the whole training.
        """
        own, new = list(encoder.parameters()), list(head.parameters())
        together = [(self.learning_rate, [*own, *new])]
        if self.head_learning_rate is not None:
            layers: Iterable[str] = getattr(encoder, "new_layers", ())
            new += [p for name in layers for p in encoder.get_submodule(name).parameters()]
            among = {id(p) for p in new}
            old = [p for p in own if id(p) not in among]
            together = [(self.learning_rate, old), (self.head_learning_rate, new)]
        groups: list[dict[str, Any]] = []
        for rate, parameters in together:
            trained = [p for p in parameters if p.requires_grad]
            groups += [
                {"params": [p for p in trained if p.ndim > 1], "lr": rate, "weight_decay": self.weight_decay},
                {"params": [p for p in trained if p.ndim <= 1], "lr": rate, "weight_decay": 0.0},
            ]
        groups.append({"params": list(noise), "lr": self.loss_learning_rate, "weight_decay": 0.0})
        optimizer = self._optimizer([group for group in groups if group["params"]])
        scheduled: dict[str, Any] = {"optimizer": optimizer}
        if self.schedule == "constant":
            return scheduled
        if self.schedule == "steps":
            rates = MultiStepLR(optimizer, list(self.milestones))
            return scheduled | {"lr_scheduler": {"scheduler": rates, "interval": "epoch"}}
        if self.schedule == "cosine" or steps < 3:  # one or two steps have no room for a cycle
            rates = CosineAnnealingLR(optimizer, T_max=steps)
        else:
            peaks = [group["lr"] for group in optimizer.param_groups]
            up = max(0.1, 2 / steps)  # at least a step, by whose number torch divides
            rates = OneCycleLR(optimizer, max_lr=peaks, total_steps=steps, pct_start=up)
        return scheduled | {"lr_scheduler": {"scheduler": rates, "interval": "step"}}

    def _optimizer(self, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
        if self.optimizer == "sgd":
            return torch.optim.SGD(groups, lr=self.learning_rate, momentum=self.momentum)
        kind = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}[self.optimizer]
        return kind(groups, lr=self.learning_rate)


def updated(settings: Mapping[str, Any], by: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes of an optimizer with others in their place; what goes with one of them goes where it goes.

    Milestones go with the schedule, and the rate of the head with that of the rest.

    >>> updated({"schedule": "steps", "milestones": (60, 80)}, {"schedule": "constant"})
    {'schedule': 'constant'}
    """
    kept = {name: value for name, value in settings.items() if _GO_WITH.get(name) not in by}
    return kept | dict(by)
