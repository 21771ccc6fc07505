"""Train the network of one method with one seed, stage by stage."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader

from evenreg._files import write_json
from evenreg.heads import GroupHead
from evenreg.labels import Bins, LabelGroups, LabelSpace
from evenreg.losses import AbstractBalancedLoss, AbstractLoss, L1Loss
from evenreg.mixing import AbstractMixing
from evenreg.training._balanced_batch_sampler import BalancedBatchSampler
from evenreg.training._batches import Rows, memory_loader
from evenreg.training._blended_labels import blended_labels
from evenreg.training._checkpoints import BEST, load_best
from evenreg.training._curves import Curves
from evenreg.training._fit import Budget, device_of, fit
from evenreg.training._frozen_encoder import FrozenEncoder, encode
from evenreg.training._method import Method
from evenreg.training._model import TrainedNetwork
from evenreg.training._optimizer import updated
from evenreg.training._resample import ResampledRows
from evenreg.training._scaler import TargetScaler
from evenreg.training._stage import Stage, stages_of
from evenreg.training._task import RegressionTask

if TYPE_CHECKING:
    from evenreg.training._cell import Draw

Tell = Callable[[int, float], None]
_DONE = "done.json"


@final
class _Seen(NamedTuple):
    """The rows that a stage is trained on: ``rows`` of the inputs, or all of them where that is None.

    ``observed`` is None where they are the training rows.
    """

    inputs: tuple[Tensor, ...]
    rows: NDArray[np.int64] | None
    y: NDArray[np.float64]
    observed: NDArray[np.bool_] | None


@final
@dataclass
class NetworkTraining:
    """The network of one method with one seed.

    Each stage is a training like any other: it is selected on validation rows, checkpointed and resumed in a folder
    of its own, ``stage-1`` and so on where there are several. Its random numbers follow from seed and stage.

    Attributes:
        method: What to train.
        draw: The seed's rows.
        folder: Where checkpoints go; after Ctrl-C the best model so far is in its ``best``.
        cost: The cost where the method names none.
        noise_sigma: In label units, where a learned noise scale starts; None for one SD of the labels.
        budget: How long each stage takes.
        tell: Called after every epoch.
        about: Facts that the model keeps.
        resampled: What stages with a resampling word are trained on.
        curves: What was logged: ``stage`` from 1, ``epoch`` from 1, and numbers by name.
    """

    method: Method
    draw: "Draw"
    folder: Path
    cost: str
    noise_sigma: float | None
    budget: Budget | None
    tell: Tell | None
    about: dict[str, Any]
    resampled: ResampledRows | None = None
    curves: list[dict[str, float]] = field(default_factory=list)

    @property
    def device(self) -> str:
        """Where networks are trained."""
        return device_of(self.budget)

    def run(self) -> TrainedNetwork:
        """Train all stages; global random state is left as it was."""
        source = self.draw.source
        self._usable: Any = None  # the head of a model that is whole, should training be stopped
        scaler = TargetScaler(log=self.method.log, unit=source.unit)
        self.scaler = scaler.fit(source.y[self.draw.train])
        stages = stages_of(self.method)
        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            torch.manual_seed(self.draw.seed)
            encoder: Any = self.draw.prepared.encoder()
            self.about |= {"encoder": type(encoder).__name__, "encoder_config": encoder.config}
            head: Any = None
            for number, stage in enumerate(stages):
                if number:
                    # From here on a run whose first stage is done already draws the same numbers.
                    torch.manual_seed(self.draw.seed + 1_000_003 * number)
                folder = self.folder if len(stages) == 1 else self.folder / f"stage-{number + 1}"
                head, told = self._train(stage, encoder, folder)
                self._usable = None if stage.contrast_only else head
                self.curves += [{"stage": number + 1, **row} for row in told]
        return self._model(encoder, head)

    def _train(self, stage: Stage, encoder: Any, folder: Path) -> tuple[nn.Module, list[dict[str, float]]]:
        """Train one stage; the encoder is changed in place, the head returned with the stage's curves."""
        prepared, source, method = self.draw.prepared, self.draw.source, stage.method
        space = LabelSpace.fit(self.scaler.standardize(source.y[self.draw.train]), self._bins())
        head: Any = method.head(encoder.out_features, len(space.bins))
        if isinstance(head, GroupHead) and not self.scaler.log:
            # The same groups, cut once more so that a refusal speaks in label units.
            LabelGroups.cut(self.draw.space, head.n, head.grouping)
        head.fit(space)
        if stage.contrast_only:
            head.requires_grad_(False)  # it is not trained, and says so to other processes
        cached = stage.frozen and not source.augments
        inputs = (self._encoded(encoder, prepared.inputs),) if cached else prepared.inputs
        seen = self._seen(stage, inputs, encoder if cached else None)
        calibration, regularizers = method.calibration(), method.regularizers()
        for part in (*regularizers, *([] if calibration is None else [calibration])):
            part.fit(self.draw.space)
        mixing = method.mixing(getattr(encoder, "hidden_layers", ()))
        budget, optimizer = self.budget or Budget(), {**source.optimizer}
        if stage.frozen:
            optimizer = updated(optimizer, source.second_stage)
            budget = replace(budget, epochs=optimizer.pop("epochs", budget.epochs))
        trained = (nn.Identity() if cached else FrozenEncoder(encoder)) if stage.frozen else encoder
        task = RegressionTask(
            trained,
            head,
            None if stage.contrast_only else self._loss(method, space, mixing, seen),
            scaler=self.scaler,
            bins=len(source.bins),
            calibration=calibration,
            regularizers=regularizers,
            augment=prepared.augment,
            second_view=prepared.second_view if method.views == 2 else None,
            mixing=mixing,
            select=source.select,
            **optimizer,
        )
        if (folder / _DONE).exists():
            load_best(task, folder)
            return head, json.loads((folder / _DONE).read_text(encoding="utf-8"))
        curves = Curves()
        try:
            fit(
                task,
                self._training_batches(stage, seen, head),
                self._validation_batches(stage, inputs),
                folder,
                budget=budget.with_callback(curves),
                tell=self.tell,
            )
        except KeyboardInterrupt:
            if (folder / BEST).exists() and not stage.contrast_only:
                load_best(task, folder)
                self._usable = head
            if self._usable is not None:
                # Good enough, perhaps: the one who stopped it may think so.
                self._model(encoder, self._usable).save(self.folder / "best")
            raise
        if folder != self.folder:
            write_json(folder / _DONE, curves.rows)  # last: a stage with it is done
        return head, curves.rows

    def _model(self, encoder: Any, head: Any) -> TrainedNetwork:
        # What it was trained by is not kept.
        task = RegressionTask(encoder, head, L1Loss(), scaler=self.scaler)
        return TrainedNetwork(task, self.draw.prepared.preprocessor, self.about)

    def _bins(self) -> Bins:
        """The source's bins in the units the network learns in."""
        edges, y = self.draw.source.bins.edges, self.draw.source.y[self.draw.train]
        # A logarithm needs positive edges; nothing lies below the smallest label.
        edges = np.maximum(edges, y.min() / 2) if self.scaler.log else edges
        return Bins(self.scaler.standardize(np.unique(edges)))

    def _seen(self, stage: Stage, inputs: tuple[Tensor, ...], encoder: Any) -> _Seen:
        """What the stage is trained on, of all rows' inputs, through an encoder that stands still if there is one."""
        if not stage.method.resampling:
            rows = self.draw.train
            return _Seen(inputs, rows, self.draw.source.y[rows], None)
        made, prepared = self.resampled, self.draw.prepared
        assert made is not None
        own = prepared.inputs_of(made.features)
        made_inputs = own if encoder is None else (self._encoded(encoder, own),)
        return _Seen(made_inputs, None, made.y, made.observed)

    def _encoded(self, encoder: nn.Module, inputs: tuple[Tensor, ...]) -> Tensor:
        """Features of all rows; the encoder is then on the CPU."""
        features = encode(encoder.to(self.device), inputs, self.draw.source.rows_at_once, device=self.device)
        encoder.cpu()
        return features

    def _met(self, space: LabelSpace, mixing: AbstractMixing | None, seen: _Seen) -> LabelSpace:
        """The label space of what the loss meets: of resampled or blended labels, where rows are."""
        if mixing is None and seen.observed is None:
            return space
        y = self.scaler.standardize(seen.y)
        if mixing is not None:
            y = blended_labels(y, mixing, self.draw.source.batch_size)
        return LabelSpace.fit(y, space.bins)

    def _loss(
        self, method: Method, space: LabelSpace, mixing: AbstractMixing | None, seen: _Seen
    ) -> AbstractLoss:
        """The loss, with the prior of the labels that it meets, in the units the network learns in."""
        if self.noise_sigma is None or self.scaler.log:  # one SD, of the logarithm where one is taken
            y = self.scaler.standardize(self.draw.source.y[self.draw.train])
            start = 1.0 if self.scaler.unit is None else float(y.std()) or 1.0
        else:
            start = self.noise_sigma / self.scaler.std[0]
        loss = method.loss(self.cost, start)
        return loss.fit(self._met(space, mixing, seen)) if isinstance(loss, AbstractBalancedLoss) else loss

    def _rows(self, seen: _Seen, weight: NDArray[np.float64]) -> Rows:
        return Rows(
            seen.inputs,
            torch.from_numpy(seen.y)[:, None],
            torch.from_numpy(weight).float(),
            torch.from_numpy(self.draw.source.bins.index(seen.y)),
            True if seen.observed is None else torch.from_numpy(seen.observed),
            None if seen.rows is None else torch.from_numpy(seen.rows),
        )

    def _training_batches(self, stage: Stage, seen: _Seen, head: Any) -> DataLoader[Any]:
        draw, size, groups = self.draw, self.draw.source.batch_size, None
        if isinstance(head, GroupHead):
            # The head's own: groups cut in label units are others under a logarithm.
            groups = head.groups_of(self.scaler(torch.from_numpy(seen.y)[:, None])).numpy()
        # Resampled rows weigh the same: a weighting beside a sampler is refused.
        weight = draw.weights(stage.method, groups) if seen.observed is None else np.ones(len(seen.y))
        rows = self._rows(seen, weight)
        if not stage.balanced_batches:
            return memory_loader(rows, size, shuffle=True, seed=draw.seed)
        sampler = BalancedBatchSampler(draw.space, draw.source.y[draw.train], size, seed=draw.seed)
        return memory_loader(rows, sampler)

    def _validation_batches(self, stage: Stage, inputs: tuple[Tensor, ...]) -> DataLoader[Any]:
        val = self.draw.val
        # A contrast is of pairs: batches as large as those it is trained on.
        size = self.draw.source.batch_size if stage.contrast_only else self.draw.source.rows_at_once
        held_out = _Seen(inputs, val, self.draw.source.y[val], None)
        return memory_loader(self._rows(held_out, np.ones(len(val))), size, shuffle=False)
