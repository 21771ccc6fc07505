"""FDSCallback: FDS on a layer of any LightningModule."""

from collections.abc import Callable
from functools import partial
from inspect import signature
from itertools import islice
from typing import Any, final

import lightning.pytorch as pl
from lightning.pytorch.utilities import CombinedLoader

from evenreg.errors import InputError
from evenreg.features import FDS
from evenreg.training._batch_labels import batch_labels
from evenreg.training._extra_pass import observe, unchanged_random_state
from evenreg.training._fds_handle import FDSHandle
from evenreg.training._layer_callback import AbstractLayerCallback
from evenreg.training._training_step import own_step


@final
class FDSCallback(AbstractLayerCallback):
    """FDS in the training of a LightningModule, whose code stays as it is.

    In each training step the layer's features are observed and calibrated; after the last batch of an epoch,
    before validation, the statistics are smoothed. With ``FDS(statistics="extra_pass")`` all training batches
    go through the model once more before that, in eval mode and up to the layer only: what ``training_step``
    does after it (losses, metrics, logs) is not run, and random states are left as they were. Validation,
    tests and predictions see the model alone. Rows that ``training_step`` mixes are observed with the labels
    that ``target`` gives; NaN there leaves a row out.

    The statistics are in the checkpoint, in the callback's state, and a fit that goes on from it, inside an
    epoch too, ends as one that was not cut.

    Args:
        part: A fitted `FDS`.
        layer: Name of the layer, as ``module.named_modules()`` gives it. Its output is ``(n, d)``, or
            ``(n, c, h, w)``.
        target: A function from the batch to its labels; None takes the second element of a tuple or list, or
            "labels" or "target" of a mapping.

    Raises:
        InputError: Something else than an FDS. In a fit: a batch without labels, a layer that is not called in
            ``training_step``, or called twice.
        UnknownNameError: When the fit starts: no such layer; the nearest names are offered.

    Example:
        >>> import lightning.pytorch as pl
        >>> from evenreg.labels import LabelSpace
        >>> fds = FDS().fit(LabelSpace.fit([1.0, 2.0, 2.0, 7.0]))
        >>> trainer = pl.Trainer(callbacks=[FDSCallback(fds, "encoder.pool")], accelerator="cpu", logger=False)
    """

    part: FDS

    def __init__(self, part: FDS | Any, layer: str, *, target: Callable[[Any], Any] | None = None) -> None:
        super().__init__(part, layer, target)
        if not isinstance(part, FDS):
            raise InputError(
                f"part: expected an FDS, got {type(part).__name__}; for a regularizer take Regularize."
            )
        self._in_epoch = False

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """End an epoch that stopped before its last batch."""
        self._end_epoch(trainer, pl_module)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """End the epoch after its last batch, before any checkpoint of it is written."""
        del outputs, batch, batch_idx
        if trainer.is_last_batch:
            self._end_epoch(trainer, pl_module)

    def state_dict(self) -> dict[str, Any]:
        """The statistics; Lightning asks all processes for them together."""
        self.part.join_processes()
        return super().state_dict() | {"in_epoch": self._in_epoch}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the statistics."""
        super().load_state_dict(state_dict)
        self._in_epoch = state_dict["in_epoch"]

    def _attach(self, module: pl.LightningModule) -> FDSHandle:
        return FDSHandle(self.part, module, self.layer, self.target or batch_labels)

    def _around(self, step: Callable[..., Any], batch: Any, *rest: Any) -> Any:
        self._in_epoch = True
        with self._handle.target(batch):
            return step(batch, *rest)

    def _end_epoch(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        if not self._in_epoch:
            return
        if self._handle.wants_extra_pass:
            self._extra_pass(trainer, module)
        self._handle.end_epoch()
        self._in_epoch = False

    def _extra_pass(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Observe the training batches once more, each made ready as Lightning's loop does it."""
        loaders = CombinedLoader(trainer.train_dataloader, "max_size_cycle")
        precision, strategy, step = trainer.precision_plugin, trainer.strategy, own_step(module)
        with unchanged_random_state(loaders.flattened), self._handle.extra_pass():
            n = trainer.num_training_batches
            for batch, index, _ in islice(loaders, None if n == float("inf") else int(n)):
                batch = module._on_before_batch_transfer(precision.convert_input(batch))
                batch = strategy.batch_to_device(batch)
                arguments = (batch, index)[: len(signature(step).parameters)]
                with precision.train_step_context():
                    observe(self._handle, batch, partial(step, *arguments))
