"""Curves: what was logged, epoch by epoch."""

from typing import Any, final

import lightning.pytorch as pl


@final
class Curves(pl.Callback):
    """Keeps every logged number at the end of each epoch, across cuts.

    A run that was cut inside an epoch has for that epoch the training means of the rest of it.

    Attributes:
        rows: One a epoch: ``epoch`` from 1, and the numbers by name, such as ``train_loss`` and ``val_bmae``.
    """

    def __init__(self) -> None:
        self.rows: list[dict[str, float]] = []

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        del pl_module
        told = {name: float(value) for name, value in trainer.callback_metrics.items()}
        self.rows.append({"epoch": trainer.current_epoch + 1, **told})

    def state_dict(self) -> dict[str, Any]:
        """The rows so far."""
        return {"rows": self.rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """The rows before a cut."""
        self.rows = list(state_dict["rows"])
