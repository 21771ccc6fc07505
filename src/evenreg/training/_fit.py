"""Train a task until its validation error stops falling, keep the best, survive a cut."""

import logging
import signal
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import EarlyStopping
from lightning.pytorch.trainer.states import TrainerStatus
from torch import Tensor
from torch.utils.data import DataLoader

from evenreg.errors import CheckpointError, TrainingError
from evenreg.training._checkpoints import LAST, Best, Resumable, is_whole, load_best
from evenreg.training._task import RegressionTask

# What a person may change by `Budget.trainer`.
_DEFAULTS: dict[str, Any] = {
    "gradient_clip_val": 1.0,
    "logger": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
    "num_sanity_val_steps": 0,
}


@final
@dataclass(frozen=True)
class Budget:
    """How long to train, and on what.

    Attributes:
        epochs: At most this many passes over the training rows.
        patience: Stop after this many epochs without a better ``val_bmae``.
        checkpoint_seconds: A cut costs at most about this much training; a checkpoint (weights, optimizer,
            random state) takes about as long as a short epoch, so not every batch has its own.
        trainer: Further arguments of Lightning's ``Trainer``: devices, accelerator, strategy, precision,
            accumulate_grad_batches, logger, callbacks, ...
    """

    epochs: int = 200
    patience: int = 16
    checkpoint_seconds: float = 10.0
    trainer: Mapping[str, Any] = field(default_factory=dict)


@final
class _Progress(pl.Callback):
    """Tells somebody, after every epoch, how far training is."""

    def __init__(self, tell: Callable[[int, float], None]) -> None:
        self.tell = tell

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: Any) -> None:
        self.tell(
            trainer.current_epoch + 1, float(trainer.callback_metrics.get(pl_module.monitor, float("nan")))
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Lightning's notes about devices and loader workers say nothing about rows that lie in memory."""
    logger = logging.getLogger("lightning.pytorch")
    level = logger.level
    logger.setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="lightning|torch")
        try:
            yield
        finally:
            logger.setLevel(level)


def fit(
    task: RegressionTask,
    train: DataLoader[Any],
    validation: DataLoader[Any],
    folder: str | Path,
    *,
    budget: Budget | None = None,
    tell: Callable[[int, float], None] | None = None,
) -> float:
    """Train ``task``, leave its best weights in it and in ``folder / "best.ckpt"``; return its best ``monitor``.

    A run that was cut goes on from ``folder / "last.ckpt"`` and gives the same weights as one that was not
    (bit-identical on the CPU). Ctrl-C raises `KeyboardInterrupt` with the best checkpoint kept on disk.

    Args:
        task: What to train; changed in place.
        train: Batches of `Batch`; an infinite or empty loader is the caller's mistake.
        validation: The same for the validation rows.
        folder: Where checkpoints go; made if absent.
        budget: How long; the default of `Budget` when None.
        tell: Called after every epoch with the number of epochs done and the epoch's ``val_bmae``.

    Raises:
        CheckpointError: A ``last.ckpt`` in the folder that does not fit the task.
        TrainingError: No epoch had a finite ``val_bmae``.
    """
    budget, folder = budget or Budget(), Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    best, last = Best(folder, task.monitor), folder / LAST
    callbacks: list[pl.Callback] = [
        EarlyStopping(task.monitor, patience=budget.patience, check_finite=True),
        best,
    ]
    if tell is not None:
        callbacks.append(_Progress(tell))
    asked = budget.trainer.get("callbacks") or []
    callbacks += asked if isinstance(asked, list) else [asked]
    callbacks.append(
        Resumable(last, budget.checkpoint_seconds, train.sampler)
    )  # with the state of all others
    handler = signal.getsignal(signal.SIGINT)
    with _quiet():
        arguments: dict[str, Any] = {
            **_DEFAULTS, "default_root_dir": folder, **budget.trainer, "callbacks": callbacks
        }  # fmt: skip
        trainer = pl.Trainer(
            **arguments,
            max_epochs=budget.epochs,
            use_distributed_sampler=False,  # BatchIndices gives each process its rows
        )
        try:
            trainer.fit(
                task, train, validation, ckpt_path=str(last) if is_whole(last) else None, weights_only=True
            )
        except SystemExit:  # Lightning turns Ctrl-C into an exit and switches the signal off
            signal.signal(signal.SIGINT, handler)
            if trainer.state.status == TrainerStatus.INTERRUPTED:
                raise KeyboardInterrupt from None
            raise
        except (RuntimeError, KeyError) as error:
            if last.exists() and "state_dict" in str(error):
                raise CheckpointError(
                    f"{last}: expected a checkpoint of this very run, got another model's; delete the folder."
                ) from error
            raise
        except OSError as error:  # a full disk; Lightning tells the name of a file that only it has seen
            raise OSError(error.errno, error.strerror, str(folder)) from error
    if best.best_model_score is None or not torch.isfinite(best.best_model_score):
        raise TrainingError(
            f"training diverged: expected a finite {task.monitor}, got none in {trainer.current_epoch} epoch(s); look "
            "at the features for extreme values, or leave this method out."
        )
    load_best(task, folder)
    if trainer.is_global_zero:
        last.unlink(missing_ok=True)
    return float(best.best_model_score)


@torch.no_grad()
def predict(task: RegressionTask, inputs: tuple[Tensor, ...], batch_size: int = 4096) -> Tensor:
    """Predictions ``(rows, out)`` in label units, in eval mode on the CPU, a few rows at a time."""
    task = task.eval().cpu()
    rows = range(0, len(inputs[0]), batch_size)
    return torch.cat([task(*(tensor[i : i + batch_size] for tensor in inputs)) for i in rows])
