"""What a run keeps on disk while it trains: the best weights, and all that is needed to go on after a cut."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Checkpoint, ModelCheckpoint
from torch import Tensor

from evenreg._torch import process_count, process_rank
from evenreg.errors import CheckpointError
from evenreg.features import FDS
from evenreg.training._batches import BatchIndices
from evenreg.training._ctrl_c import CtrlC
from evenreg.training._task import RegressionTask

BEST, LAST = "best.ckpt", "last.ckpt"
# Processes that train together decide together when to save, which costs a message: not after every batch.
_BATCHES_BETWEEN_MESSAGES = 50


@final
class Resumable(Checkpoint):
    """Writes ``last.ckpt`` now and then, also inside an epoch, with the random state that dropout draws from.

    As a `Checkpoint` it comes after early stopping and `Best` at the end of an epoch, and so its file has what
    they make of that epoch; Lightning goes on with the next.

    Args:
        path: Where it goes.
        seconds: Between one and the next, at least.
        sampler: The training batches'; inside an epoch only `BatchIndices` can go on.
        ctrl_c: Tells whether somebody wants to stop: it then writes one more and stops.
    """

    def __init__(self, path: Path, seconds: float, sampler: object, ctrl_c: CtrlC) -> None:
        self.path, self.seconds, self.saved_at, self.ctrl_c = path, seconds, time.monotonic(), ctrl_c
        self.sampler = sampler if isinstance(sampler, BatchIndices) else None
        self.batches = 0

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        del pl_module, outputs, batch
        batches = batch_idx + 1
        stepped = batches % trainer.accumulate_grad_batches == 0  # accumulated gradients are not kept
        last = batches >= trainer.num_training_batches  # the epoch's end has its own
        once = trainer.val_check_batch == trainer.num_training_batches  # no validation inside the epoch
        alone = trainer.world_size == 1 or batches % _BATCHES_BETWEEN_MESSAGES == 0
        resumable = self.sampler is not None and once
        if resumable and stepped and not last and alone:
            self._save_when_due(trainer, batches)
        elif not resumable and not last:
            self.ctrl_c.answer()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        del pl_module
        if not trainer.should_stop:  # which no checkpoint holds: one epoch too many would be trained
            self._save_when_due(trainer, 0)
        self.ctrl_c.answer()

    def _save_when_due(self, trainer: pl.Trainer, batches: int) -> None:
        due = self.ctrl_c.pressed or time.monotonic() - self.saved_at > self.seconds
        if trainer.strategy.broadcast(due):
            self._save(trainer, batches)
        self.ctrl_c.answer()

    def _save(self, trainer: pl.Trainer, batches: int) -> None:
        self.batches, self.saved_at = batches, time.monotonic()
        for module in trainer.lightning_module.modules():
            if isinstance(module, FDS):
                module.join_processes()
        part = self.path.with_name(self.path.name + ".part")
        trainer.save_checkpoint(part)  # called by all processes, written by the first
        if trainer.is_global_zero:
            part.replace(self.path)

    def state_dict(self) -> dict[str, Any]:
        # What augments or drops out on a GPU draws from its generator.
        gpu = _of_all(torch.cuda.get_rng_state()) if torch.cuda.is_available() else []
        return {"random": _of_all(torch.get_rng_state()), "gpu": gpu, "batches": self.batches}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        random = state_dict["random"]
        torch.set_rng_state(random[process_rank() % len(random)])
        if (gpu := state_dict.get("gpu")) and torch.cuda.is_available():
            torch.cuda.set_rng_state(gpu[process_rank() % len(gpu)])
        if self.sampler is not None:
            self.sampler.skip = state_dict["batches"]


def _of_all(state: Tensor) -> list[Tensor]:
    """The random states of all processes that train together."""
    if process_count() == 1:
        return [state]
    states: list[Any] = [None] * process_count()
    torch.distributed.all_gather_object(states, state)
    return states


@final
class Best(ModelCheckpoint):
    """Keeps the weights of the best epoch, also in a folder that was moved since an earlier part of the run.

    Lightning stores whole paths and, where they differ, forgets the best score: a worse epoch would then count.
    """

    def __init__(self, folder: Path, monitor: str) -> None:
        super().__init__(
            folder, "best", monitor=monitor, save_weights_only=True, enable_version_counter=False
        )

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        if state_dict["best_model_score"] is None:  # cut before the first validation
            return
        here = str(Path(self.dirpath or ".") / BEST)
        moved = {"best_model_path": here, "kth_best_model_path": here, "dirpath": self.dirpath}
        scores = dict.fromkeys([here], state_dict["best_model_score"])
        super().load_state_dict(state_dict | moved | {"best_k_models": scores})


def is_whole(checkpoint: Path) -> bool:
    """Whether there is a checkpoint to go on from; one that a power cut left in pieces is as good as none."""
    try:
        torch.load(checkpoint, map_location="cpu", weights_only=True)
    except Exception:
        return False
    return True


def load_best(task: RegressionTask, folder: Path) -> None:
    """Put the weights of ``folder / "best.ckpt"`` into ``task``.

    Raises:
        CheckpointError: No such file, or weights of something else; which of them differ is told.
    """
    path = folder / BEST
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)["state_dict"]
    except FileNotFoundError:
        raise CheckpointError(f"{path}: expected a checkpoint, got no file; train first.") from None
    except Exception as error:
        raise CheckpointError(
            f"{path}: expected a checkpoint, got a file of something else; train again."
        ) from error
    try:
        task.load_state_dict(state)
    except Exception as error:
        differing = difference(state, task.state_dict())
        raise CheckpointError(
            f"{path}: expected a checkpoint of this task, got another's ({differing}); train again."
        ) from error


def difference(found: Mapping[str, Any], expected: Mapping[str, Any]) -> str:
    """What of two state dicts differs, in a few words."""
    sides = {
        "it lacks": expected.keys() - found.keys(),
        "it has in addition": found.keys() - expected.keys(),
        "of another shape": {
            key
            for key in found.keys() & expected.keys()
            if getattr(found[key], "shape", None) != getattr(expected[key], "shape", None)
        },
    }
    return (
        "; ".join(f"{what} {_listed(sorted(keys))}" for what, keys in sides.items() if keys)
        or "in its values"
    )


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
