"""Train a task until its validation error stops falling, keep the best, survive a cut."""

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, final

import lightning.pytorch as pl
import torch
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch.callbacks import EarlyStopping
from lightning.pytorch.trainer.states import TrainerStatus
from torch import Tensor
from torch.utils.data import DataLoader

from evenreg import _check
from evenreg.errors import CheckpointError, InputError, TrainingError
from evenreg.training._checkpoints import BEST, LAST, Best, Resumable, is_whole, load_best
from evenreg.training._ctrl_c import CtrlC
from evenreg.training._frozen_encoder import encode
from evenreg.training._lightning import quiet_lightning
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

    @property
    def callbacks(self) -> list[pl.Callback]:
        """The callbacks among ``trainer``'s arguments, where one may stand alone."""
        asked = self.trainer.get("callbacks") or []
        return list(asked) if isinstance(asked, list) else [asked]

    def with_callback(self, callback: pl.Callback) -> "Budget":
        """The same with one callback more."""
        return replace(self, trainer={**self.trainer, "callbacks": [*self.callbacks, callback]})


@final
class _Progress(pl.Callback):
    """Tells somebody, after every epoch, how far training is."""

    def __init__(self, tell: Callable[[int, float], None]) -> None:
        self.tell = tell

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: Any) -> None:
        self.tell(
            trainer.current_epoch + 1, float(trainer.callback_metrics.get(pl_module.monitor, float("nan")))
        )


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
    (bit-identical on the CPU). Ctrl-C raises `KeyboardInterrupt` after the batch at hand, with the best checkpoint
    kept on disk and the last one written (not inside an epoch of balanced batches); pressed again, at once.

    Args:
        task: What to train; changed in place.
        train: Batches of `Batch`; an infinite or empty loader is the caller's mistake.
        validation: The same for the validation rows.
        folder: Where checkpoints go; made if absent.
        budget: How long; the default of `Budget` when None.
        tell: Called after every epoch with the number of epochs done and the epoch's ``val_bmae``.

    Raises:
        CheckpointError: A ``last.ckpt`` in the folder that does not fit the task.
        InputError: Arguments in ``budget.trainer`` that Lightning does not take.
        TrainingError: No epoch had a finite ``val_bmae``, or none was validated; checkpoints are deleted, since nobody
            could use them.
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
    callbacks += budget.callbacks
    ctrl_c = CtrlC()
    # Behind all others, with their state.
    callbacks.append(Resumable(last, budget.checkpoint_seconds, train.sampler, ctrl_c))
    handler = signal.getsignal(signal.SIGINT)
    with quiet_lightning():
        trainer = _trainer(budget, folder, callbacks)
        try:
            with ctrl_c.noted(alone=trainer.world_size == 1):
                trainer.fit(
                    task,
                    train,
                    validation,
                    ckpt_path=str(last) if is_whole(last) else None,
                    weights_only=True,
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
        except MisconfigurationException as error:  # some arguments Lightning looks at only here
            raise _refused(error) from None
        except OSError as error:  # a full disk; Lightning tells the name of a file that only it has seen
            raise OSError(error.errno, error.strerror, str(folder)) from error
    if best.best_model_score is None or not torch.isfinite(best.best_model_score):
        if trainer.is_global_zero:
            for file in (folder / BEST, last):
                file.unlink(missing_ok=True)
        raise TrainingError(_went_nowhere(task, trainer.current_epoch, best.best_model_score))
    load_best(task, folder)
    if trainer.is_global_zero:
        last.unlink(missing_ok=True)
    return float(best.best_model_score)


def device_of(budget: Budget | None) -> str:
    """Where a network is trained by this budget, for rows that pass it outside of Lightning's loop."""
    asked = "auto" if budget is None else budget.trainer.get("accelerator", "auto")
    on_gpu = torch.cuda.is_available() and asked in ("auto", "gpu", "cuda")
    return "cuda" if on_gpu else "cpu"


def _trainer(budget: Budget, folder: Path, callbacks: list[pl.Callback]) -> pl.Trainer:
    arguments: dict[str, Any] = {
        **_DEFAULTS, "default_root_dir": folder, **budget.trainer, "callbacks": callbacks
    }  # fmt: skip
    try:
        return pl.Trainer(
            **arguments,
            max_epochs=budget.epochs,
            use_distributed_sampler=False,  # BatchIndices gives each process its rows
        )
    except (MisconfigurationException, TypeError, ValueError) as error:
        raise _refused(error) from None


def _refused(error: Exception) -> InputError:
    return InputError(
        "trainer: expected arguments that Lightning's Trainer takes, got some that it refuses "
        f"({_check.reason(error)}); leave them out."
    )


def _went_nowhere(task: RegressionTask, epochs: int, score: Tensor | None) -> str:
    """Why no epoch gave weights to keep."""
    if score is None:
        return (
            f"training: expected at least one validation, got none in {epochs} epoch(s); give it more epochs or time, "
            "and leave out trainer arguments that skip batches."
        )
    return (
        f"training diverged: expected a finite {task.monitor}, got none in {epochs} epoch(s); look at features and "
        f"labels for extreme values, or lower learning_rate, {task.learning_rate:g} here."
    )


def predict(
    task: RegressionTask,
    inputs: tuple[Tensor, ...],
    batch_size: int = 4096,
    *,
    rows: Tensor | None = None,
    device: torch.device | str = "cpu",
) -> Tensor:
    """Predictions ``(rows, out)`` in label units, in eval mode, a few rows at a time; the task is then on the CPU.

    Args:
        task: A trained task.
        inputs: The encoder's arguments, each ``(n, ...)``.
        batch_size: Rows at a time.
        rows: ``(rows,)`` which of the n; None for all.
        device: Where they are computed.
    """
    prediction = encode(task.eval().to(device), inputs, batch_size, rows=rows, device=device)
    task.cpu()
    return prediction
