"""How far a training is, on stderr: a bar over the epoch for a person, a line now and then for a file."""

import sys
import time
from typing import Any, final

import lightning.pytorch as pl

_SECONDS_BETWEEN_LINES = 5.0


@final
class EpochProgress(pl.Callback):
    """Epoch, batches of it that are done, validation b-MAE of the last epoch and of the best one."""

    def __init__(self) -> None:
        self.best, self.best_epoch, self.told_at = float("inf"), 0, 0.0
        self.bar: Any = None

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        del pl_module
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

            self.bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(bar_width=16),
                TimeElapsedColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self.task = self.bar.add_task(f"epoch 1/{trainer.max_epochs}", total=trainer.num_training_batches)
            self.bar.start()

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        del trainer, pl_module, outputs, batch
        if self.bar is not None:
            self.bar.update(self.task, completed=batch_idx + 1)

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        del pl_module
        done, error = trainer.current_epoch + 1, float(trainer.callback_metrics.get("val_bmae", float("nan")))
        if error < self.best:
            self.best, self.best_epoch = error, done
        told = f"val b-MAE {error:<8.4g} best {self.best:.4g} in epoch {self.best_epoch}"
        if self.bar is not None:
            following = min(done + 1, trainer.max_epochs or done + 1)
            self.bar.update(
                self.task, completed=0, description=f"epoch {following}/{trainer.max_epochs}  {told}"
            )
        elif time.monotonic() - self.told_at > _SECONDS_BETWEEN_LINES:
            print(f"epoch {done}/{trainer.max_epochs}  {told}", file=sys.stderr, flush=True)
            self.told_at = time.monotonic()

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        del pl_module
        if self.bar is None and self.best_epoch:
            epochs = f"{trainer.current_epoch} epoch{'s' * (trainer.current_epoch != 1)}"
            told = f"trained {epochs}, best val b-MAE {self.best:.4g} in epoch {self.best_epoch}"
            print(told, file=sys.stderr, flush=True)

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        del trainer, pl_module, stage
        if self.bar is not None:
            self.bar.stop()
            self.bar = None
