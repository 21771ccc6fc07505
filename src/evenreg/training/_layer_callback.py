"""AbstractLayerCallback: a Lightning callback that attaches a part for the time of a fit."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import lightning.pytorch as pl

from evenreg.errors import InputError
from evenreg.training._attach import check_part
from evenreg.training._handle import AbstractHandle, load_part_state, part_state
from evenreg.training._training_step import put_around, take_off


class AbstractLayerCallback(pl.Callback, ABC):
    """Attaches when a fit starts, takes labels from each training batch, and takes everything off at its end.

    Attributes:
        part: The part, with what it has learned; in checkpoints it is in the callback's state.
        layer: Name of the layer.
    """

    def __init__(self, part: Any, layer: str, target: Callable[[Any], Any] | None) -> None:
        check_part(part)
        self.part, self.layer, self.target = part, layer, target
        self._handle: Any = None
        self._is_known = False

    @property
    def state_key(self) -> str:
        """Tells callbacks of other parts and layers apart."""
        # A new trainer refuses two equal keys with a sentence about code; `setup` does it with one for people, and
        # before it nothing else asks for the key.
        one = {} if self._is_known else {"instance": id(self)}
        return self._generate_state_key(part=type(self.part).__name__, layer=self.layer, **one)

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Refuse a second one of the same part on the same layer.

        Raises:
            InputError: There is one, whose state a checkpoint could not tell apart.
        """
        del pl_module, stage
        self._is_known = True
        if any(c is not self and c.state_key == self.state_key for c in trainer.callbacks):  # pyright: ignore[reportAttributeAccessIssue]
            raise InputError(
                f"callbacks: expected one {type(self).__name__} with {type(self.part).__name__} on layer "
                f"{self.layer!r}, got two; leave one out."
            )

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Attach."""
        del trainer
        self._handle = self._attach(pl_module)
        put_around(pl_module, self._around)

    def on_fit_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Take everything off."""
        del trainer
        if self._handle is not None:
            self._handle.remove()
            self._handle = None
            take_off(pl_module, self._around)

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        """Take everything off."""
        del exception
        self.on_fit_end(trainer, pl_module)

    def state_dict(self) -> dict[str, Any]:
        """The part's state."""
        return {"part": part_state(self.part)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the part's state."""
        load_part_state(self.part, state_dict["part"])

    @abstractmethod
    def _attach(self, module: pl.LightningModule) -> AbstractHandle:
        """The handle of this fit."""

    @abstractmethod
    def _around(self, step: Callable[..., Any], batch: Any, *rest: Any) -> Any:
        """Run the training step of a batch."""
