"""TrainingStep: what callbacks put around the training_step of a LightningModule for the time of a fit."""

import functools
from collections.abc import Callable
from typing import Any, final

import lightning.pytorch as pl

Around = Callable[..., Any]
"""Called with the step it is put around and the step's arguments, of which the batch is the first."""


@final
class TrainingStep:
    """A module's own training_step with functions around it, each of which can be taken off in any order.

    It stands in the module as an attribute, inside DistributedDataParallel's forward, so that whatever is
    added to the loss is part of what that forward returns.
    """

    def __init__(self, module: pl.LightningModule) -> None:
        self.module, self.own, self.arounds = module, module.training_step, list[Around]()
        functools.update_wrapper(self, self.own)  # Lightning looks at the signature

    def __call__(self, *arguments: Any) -> Any:
        """What Lightning calls, with the batch and its index."""
        step = self.own
        for around in self.arounds:
            step = functools.partial(around, step)
        return step(*arguments)

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (self.module, "training_step")  # a copied or pickled module has its own


def put_around(module: pl.LightningModule, around: Around) -> None:
    """Put a function around the module's training_step."""
    step: Any = module.training_step
    if not isinstance(step, TrainingStep):
        step = TrainingStep(module)
        module.training_step = step
    step.arounds.append(around)


def take_off(module: pl.LightningModule, around: Around) -> None:
    """Take it off again; with the last one the module has its training_step back."""
    step: Any = module.training_step
    step.arounds.remove(around)
    if not step.arounds:
        del module.training_step
        if module.training_step != step.own:  # it was an attribute before, as torch.compile makes it
            module.training_step = step.own


def own_step(module: pl.LightningModule) -> Callable[..., Any]:
    """The module's training_step with nothing around it."""
    step: Any = module.training_step
    return step.own if isinstance(step, TrainingStep) else step
