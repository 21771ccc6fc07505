"""The one training loop: whatever the method, these are its parts."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, final

import lightning.pytorch as pl
import torch
from jaxtyping import Float
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn
from torchmetrics import MeanAbsoluteError, MeanSquaredError

from evenreg import _check
from evenreg._torch import float32_island, process_count, sum_over_processes
from evenreg.errors import InputError
from evenreg.features import FDS, AbstractRegularizer, GroupContrast, RankNContrast
from evenreg.heads import AbstractHead, GroupHead, Prediction
from evenreg.losses import AbstractBalancedLoss, AbstractLoss
from evenreg.metrics import BalancedMAE
from evenreg.mixing import AbstractMixing, Mix
from evenreg.training._balanced_batch_sampler import BalancedBatchSampler
from evenreg.training._batches import Batch
from evenreg.training._optimizer import Optimizer
from evenreg.training._scaler import TargetScaler

Inputs = tuple[Tensor, ...]
# By what the best epoch is chosen; the balanced error is logged in any case.
_SELECTED: Mapping[str, Any] = {"bmae": None, "mae": MeanAbsoluteError, "mse": MeanSquaredError}


@final
class RegressionTask(pl.LightningModule):
    """Encoder, head and loss under Lightning; targets standardised inside, predictions in label units.

    A method is a choice of parts, so this class owns no mathematics: it hands features to the head,
    standardised targets to the loss, the loss's own parameters (a learned noise scale) to an optimizer group
    of their own, and logs the balanced error of the validation rows, by which models are selected.

    Args:
        encoder: Maps the batch's inputs to features ``(batch, features)``.
        head: A head of `evenreg.heads`, fitted in the scaler's units, or any module that maps features to
            ``(batch, out)``.
        loss: Any loss of `evenreg.losses`, fitted in the scaler's units where it needs fitting; a head hands it what
            it is to be trained by. None trains the encoder by the regularizers alone, selected on ``val_contrast``.
        scaler: Label units to training units; None trains in label units.
        bins: Number of bins of the label space, for ``val_bmae``.
        calibration: `FDS`, fitted on the training labels in label units; acts between encoder and head.
        regularizers: Parts of `evenreg.features` that add a term from features and labels, fitted likewise.
        mixing: Of `evenreg.mixing`; blends the rows of training batches, with labels (in the units the network learns
            in) and weights, before anything else sees them. Calibration observes no blended row and needs
            ``statistics="extra_pass"``.
        second_view: Another version of the inputs of a batch, such as images shifted by a pixel, for contrasts of two
            views; None contrasts rows as they are.
        augment: Another version of the inputs of a training batch, such as images cropped and mirrored, made on the
            device that trains; validation and prediction see inputs as they are.
        select: By which error of the validation rows the best epoch is chosen: ``bmae``, ``mae`` or ``mse``, in label
            units.
        learning_rate: Above 0.
        **optimizer: Further attributes of `evenreg.training.Optimizer`: ``optimizer`` (AdamW unless said otherwise),
            ``weight_decay``, ``loss_learning_rate``, ``head_learning_rate``, ``momentum``, ``schedule`` and
            ``milestones``.

    Batches are `Batch` tuples: inputs, target ``(batch, out)``, weight ``(batch,)``, bin ``(batch,)``.
    """

    def __init__(
        self,
        encoder: nn.Module,
        head: nn.Module,
        loss: AbstractLoss | None,
        *,
        scaler: TargetScaler | None = None,
        bins: int = 1,
        learning_rate: float = 1e-3,
        calibration: FDS | None = None,
        regularizers: Sequence[AbstractRegularizer] = (),
        augment: Callable[[Inputs], Inputs] | None = None,
        second_view: Callable[[Inputs], Inputs] | None = None,
        mixing: AbstractMixing | None = None,
        select: str = "bmae",
        **optimizer: Any,
    ) -> None:
        super().__init__()
        if mixing is not None:
            mixing.check(encoder)
            if calibration is not None and calibration.statistics != "extra_pass":
                raise InputError(
                    "calibration: expected statistics='extra_pass' beside mixing, got 'stream', which has no rows to "
                    "observe since blended ones do not count; make it FDS(statistics='extra_pass')."
                )
        if loss is None and not regularizers:
            raise InputError("loss: expected a loss or regularizers to train by, got neither; give one.")
        self.encoder, self.head, self.loss = encoder, head, loss
        self.calibration, self.regularizers = calibration, nn.ModuleList(regularizers)
        self.scaler = TargetScaler() if scaler is None else scaler
        self.optimizer = Optimizer(learning_rate=learning_rate, **optimizer)
        self.learning_rate = learning_rate  # where Lightning's own tools look for it, and set it
        self.augment, self.second_view, self.mixing = augment, second_view, mixing
        self.select = _check.known(select, _SELECTED, "select")
        self.val_bmae = BalancedMAE(bins)
        self.val_error = None if select == "bmae" else _SELECTED[select]()
        self._batches_are_balanced = False

    @property
    def monitor(self) -> str:
        """What models are selected by, the smaller the better."""
        return "val_contrast" if self.loss is None else f"val_{self.select}"

    def forward(self, *inputs: Tensor) -> Float[Tensor, "batch out"]:
        """Predictions in label units."""
        return self.scaler.inverse(self.predicted(self.encoder(*inputs)).value)

    def predicted(self, features: Float[Tensor, "batch features"]) -> Prediction:
        """What the head makes of features, in training units; in float32 where training is in mixed precision.

        bfloat16 has no number between 64 and 64.5, and units may be years.
        """
        if torch.is_autocast_enabled(features.device.type):
            with float32_island():
                prediction = self.head(features.float())
        else:
            prediction = self.head(features)
        return prediction if isinstance(prediction, Prediction) else Prediction(prediction, {})

    def on_train_start(self) -> None:
        """Look whether the loader balances its batches."""
        loader = self.trainer.train_dataloader
        samplers = [getattr(loader, name, None) for name in ("batch_sampler", "sampler")]
        self._batches_are_balanced = any(isinstance(s, BalancedBatchSampler) for s in samplers)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The loss of one batch, in training units."""
        del batch_idx
        batch = Batch(*batch)
        if self._batches_are_balanced:
            self._warn_of_double_correction(batch.weight)
        mix = None if self.mixing is None else self.mixing(self.scaler(batch.target))
        inputs = tuple(batch.inputs)  # a loader makes lists of tuples
        features = self._encoded(inputs if self.augment is None else self.augment(inputs), mix)
        if mix is not None:
            target = self.scaler.blended(batch.target, mix)
            batch = batch._replace(target=target, weight=mix(batch.weight))
        prediction = self.predicted(self._calibrated(features, batch))
        scaled = self.scaler(batch.target)
        total = self._supervised(prediction, scaled, batch)
        for name, term in self._regularized(features, batch, prediction.value, scaled, mix).items():
            self._log_mean(name, term, batch)
            total = total + term
        return total

    def _encoded(self, inputs: Sequence[Tensor], mix: Mix | None) -> Tensor:
        """Features of a batch, of blended rows where training blends them."""
        return self.encoder(*inputs) if mix is None else mix.run(self.encoder, *inputs)

    def _supervised(self, prediction: Prediction, scaled: Tensor, batch: Batch) -> Tensor:
        """The loss by which the head is trained, 0 where the encoder alone is."""
        if self.loss is None:
            return prediction.value.new_zeros(())
        if isinstance(self.head, AbstractHead):
            terms = self.head.terms(prediction, scaled, batch.weight, cost=self.loss)
            loss = self.head.total(terms)
            if len(terms) > 1:
                for name, term in terms.items():
                    self._log_mean(f"{name}_loss", term, batch)
        else:
            loss = self.loss(prediction.value, scaled, batch.weight)
        self._log_mean("train_loss", loss, batch)
        if isinstance(self.head, GroupHead):
            self._log_routing("train", self.head, prediction, batch)
        return loss * _share_of_mean(batch.target)

    def _regularized(
        self, features: Tensor, batch: Batch, prediction: Tensor, scaled: Tensor, mix: Mix | None = None
    ) -> dict[str, Tensor]:
        """The terms of the regularizers. Labels tie in label units; windows count in standard deviations."""
        terms: dict[str, Tensor] = {}
        for part in self.regularizers:
            name = f"{type(part).__name__}_loss"
            if part.needs_prediction:
                terms[name] = part(features, scaled, prediction)
            elif self.second_view is not None and isinstance(part, RankNContrast | GroupContrast):
                other = self._encoded(self.second_view(tuple(batch.inputs)), mix)
                terms[name] = part(torch.cat([features, other]), batch.target.repeat(2, 1))
            else:
                terms[name] = part(features, batch.target)
        return terms

    def _log_mean(self, name: str, value: Tensor, batch: Batch) -> None:
        """Log the mean of the epoch, over rows."""
        self.log(name, value, batch_size=len(batch.target), on_step=False, on_epoch=True)

    def _log_routing(self, stage: str, head: GroupHead, prediction: Prediction, batch: Batch) -> None:
        """Error with predicted and with true routing, in label units: the gap is what routing costs."""
        target = batch.target
        with torch.no_grad():
            by_true_group = head.true_routing(prediction, self.scaler(target))
            for name, value in {"mae": prediction.value, "mae_true_group": by_true_group}.items():
                if f"{stage}_{name}" == self.monitor:
                    continue  # logged already
                error = (self.scaler.inverse(value) - target).abs().mean()
                self._log_mean(f"{stage}_{name}", error, batch)

    def _calibrated(self, features: Tensor, batch: Batch) -> Tensor:
        if self.calibration is None:
            return features
        self.calibration.observe(features.detach(), _observed(batch))
        return self.calibration(features, batch.target)

    def on_train_epoch_end(self) -> None:
        """Let the calibration take in the epoch, after a pass of its own over the training rows where it wants one."""
        if self.calibration is None:
            return
        if self.calibration.wants_extra_pass:
            with self.calibration.extra_pass(self):
                for batch in self.trainer.train_dataloader:  # pyright: ignore[reportOptionalIterable]
                    batch = Batch(*self.transfer_batch_to_device(Batch(*batch), self.device, 0))
                    self.calibration.observe(self.encoder(*batch.inputs), _observed(batch))
        self.calibration.end_epoch()

    def _warn_of_double_correction(self, weight: Tensor) -> None:
        loss = type(self.loss).__name__
        beside = loss if isinstance(self.loss, AbstractBalancedLoss) else "loss weights"
        if beside == loss or bool((weight != weight[0]).any()):
            warnings.warn(
                f"balanced batches already correct for the label distribution, {beside} beside them "
                "corrects twice; keep one of them.",
                stacklevel=2,
            )
            self._batches_are_balanced = False  # once is enough

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Add one batch to the balanced error."""
        del batch_idx
        batch = Batch(*batch)
        features, rows = self.encoder(*batch.inputs), len(batch.target)
        prediction = self.predicted(features)
        if self.loss is None:
            scaled = self.scaler(batch.target)
            terms = self._regularized(features, batch, prediction.value, scaled)
            total: Any = sum(terms.values())
            self.log("val_contrast", total, batch_size=rows)
            return
        value = self.scaler.inverse(prediction.value)
        self.val_bmae.update(value, batch.target, batch.bin)
        self.log("val_bmae", self.val_bmae, batch_size=rows)
        if self.val_error is not None:
            self.val_error.update(value, batch.target)
            self.log(self.monitor, self.val_error, batch_size=rows)
        if isinstance(self.head, GroupHead):
            self._log_routing("val", self.head, prediction, batch)

    def predict_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Predictions ``(batch, out)`` in label units."""
        del batch_idx
        return self(*Batch(*batch).inputs)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """What `Optimizer` makes of encoder, head and the loss's own parameters."""
        noise = [] if self.loss is None else self.loss.noise_parameters()
        steps = 0 if self.optimizer.schedule == "constant" else int(self.trainer.estimated_stepping_batches)
        chosen = replace(self.optimizer, learning_rate=self.learning_rate)
        return chosen.build(self.encoder, self.head, noise, steps=steps)  # pyright: ignore[reportReturnType]


def _observed(batch: Batch) -> Tensor:
    """The labels of a batch, NaN where statistics are not made of a row."""
    if isinstance(batch.observed, bool):
        return batch.target if batch.observed else torch.full_like(batch.target, float("nan"))
    left_out = ~batch.observed.reshape(-1, *[1] * (batch.target.ndim - 1))
    return batch.target.masked_fill(left_out, float("nan"))


def _share_of_mean(target: Tensor) -> Tensor | float:
    """What this process's mean counts in the mean of all rows, times the number of processes that are averaged."""
    if process_count() == 1:
        return 1.0
    rows = target.new_tensor(float(len(target)))
    return rows * process_count() / sum_over_processes(rows)
