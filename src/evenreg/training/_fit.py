"""Train a task until its validation error stops falling, keep the best, survive a cut."""

import logging
import signal
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from lightning.pytorch.trainer.states import TrainerStatus
from torch import Tensor
from torch.utils.data import DataLoader

from evenreg._files import written_whole
from evenreg.errors import CheckpointError, TrainingError
from evenreg.training._task import RegressionTask

BEST, LAST = "best.ckpt", "last.ckpt"
# A full checkpoint (optimizer, callbacks, random state) costs about as much as a short epoch, so not every epoch.
_SECONDS_BETWEEN_CHECKPOINTS = 10.0


@final
@dataclass(frozen=True)
class Budget:
    """How long to train.

    Attributes:
        epochs: At most this many passes over the training rows.
        patience: Stop after this many epochs without a better ``val_bmae``.
        devices: Passed to Lightning's Trainer, as are accelerator and precision.
    """

    epochs: int = 200
    patience: int = 16
    accelerator: str = "auto"
    devices: int | str = "auto"
    precision: str = "32-true"


@final
class _Resumable(pl.Callback):
    """Writes ``last.ckpt`` at epoch ends, with the random state that dropout draws from."""

    def __init__(self, path: Path) -> None:
        self.path, self.saved_at = path, time.monotonic()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        del pl_module
        if time.monotonic() - self.saved_at > _SECONDS_BETWEEN_CHECKPOINTS:
            with written_whole(self.path) as part:
                trainer.save_checkpoint(part)
            self.saved_at = time.monotonic()

    def state_dict(self) -> dict[str, Any]:
        return {"random": torch.get_rng_state()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        torch.set_rng_state(state_dict["random"])


@final
class _Best(ModelCheckpoint):
    """Keeps the weights of the best epoch, also in a folder that was moved since an earlier part of the run.

    Lightning stores whole paths and, where they differ, forgets the best score: a worse epoch would then count.
    """

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        here = str(Path(self.dirpath or ".") / BEST)
        moved = {"best_model_path": here, "kth_best_model_path": here, "dirpath": self.dirpath}
        scores = dict.fromkeys([here], state_dict["best_model_score"])
        super().load_state_dict(state_dict | moved | {"best_k_models": scores})


@final
class _Progress(pl.Callback):
    """Tells somebody, after every epoch, how far training is."""

    def __init__(self, tell: Callable[[int, float], None]) -> None:
        self.tell = tell

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        del pl_module
        self.tell(trainer.current_epoch + 1, float(trainer.callback_metrics.get("val_bmae", float("nan"))))


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
    folder: Path,
    *,
    budget: Budget | None = None,
    tell: Callable[[int, float], None] | None = None,
) -> float:
    """Train ``task``, leave its best weights in it and in ``folder / "best.ckpt"``; return the best ``val_bmae``.

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
    budget = budget or Budget()
    folder.mkdir(parents=True, exist_ok=True)
    best = _Best(folder, "best", monitor="val_bmae", save_weights_only=True, enable_version_counter=False)
    callbacks: list[pl.Callback] = [
        EarlyStopping("val_bmae", patience=budget.patience, check_finite=True),
        best,
        _Resumable(folder / LAST),
    ]
    if tell is not None:
        callbacks.append(_Progress(tell))
    handler = signal.getsignal(signal.SIGINT)
    with _quiet():
        trainer = pl.Trainer(
            accelerator=budget.accelerator,
            devices=budget.devices,
            precision=budget.precision,  # type: ignore[arg-type]
            max_epochs=budget.epochs,
            callbacks=callbacks,
            default_root_dir=folder,
            gradient_clip_val=1.0,
            logger=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            use_distributed_sampler=False,
        )
        last = folder / LAST
        try:
            trainer.fit(
                task, train, validation, ckpt_path=str(last) if _is_whole(last) else None, weights_only=True
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
            f"training diverged: expected a finite val_bmae, got none in {trainer.current_epoch} epoch(s); look at the "
            "features for extreme values, or leave this method out."
        )
    load_best(task, folder)
    last.unlink(missing_ok=True)
    return float(best.best_model_score)


def _is_whole(checkpoint: Path) -> bool:
    """Whether there is a checkpoint to go on from; one that a power cut left in pieces is as good as none."""
    try:
        torch.load(checkpoint, map_location="cpu", weights_only=True)
    except Exception:
        return False
    return True


def load_best(task: RegressionTask, folder: Path) -> None:
    """Put the weights of ``folder / "best.ckpt"`` into ``task``, or raise a `CheckpointError`."""
    path = folder / BEST
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)["state_dict"]
        task.load_state_dict(state)
    except FileNotFoundError:
        raise CheckpointError(f"{path}: expected a checkpoint, got no file; train first.") from None
    except Exception as error:
        raise CheckpointError(
            f"{path}: expected a checkpoint of this task, got one of something else; train again."
        ) from error


@torch.no_grad()
def predict(task: RegressionTask, inputs: tuple[Tensor, ...], batch_size: int = 4096) -> Tensor:
    """Predictions ``(rows, out)`` in label units, in eval mode on the CPU, a few rows at a time."""
    task = task.eval().cpu()
    rows = range(0, len(inputs[0]), batch_size)
    return torch.cat([task(*(tensor[i : i + batch_size] for tensor in inputs)) for i in rows])
