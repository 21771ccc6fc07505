"""One cell of a comparison: one method trained with one seed."""

import copy
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Self, final

import numpy as np
import torch
from numpy.typing import NDArray

from evenreg.errors import InputError
from evenreg.evaluation import GroupRouting
from evenreg.labels import LabelSpace
from evenreg.metrics import bmae, mae, rmse
from evenreg.training._fit import Budget, device_of, predict
from evenreg.training._method import Method
from evenreg.training._model import TrainedNetwork, TrainedTrees
from evenreg.training._pair_inputs import AbstractPairInputs
from evenreg.training._resample import ResampledRows, resampled_rows
from evenreg.training._routing import routing_of
from evenreg.training._source import AbstractPrepared, AbstractSource
from evenreg.training._table_source import PreparedTable
from evenreg.training._train_network import NetworkTraining, Tell


@final
class Draw:
    """One seed's division of the rows, and what is learned from its training rows alone.

    Attributes:
        seed: The seed.
        train: Training rows.
        val: Validation rows.
        space: Label space of the training rows, on the source's bins.
        prepared: All rows as numbers.
    """

    def __init__(self, source: AbstractSource, seed: int) -> None:
        self.source, self.seed = source, seed
        self.train, self.val = source.train_and_validation(seed)
        self.space = LabelSpace.fit(source.y[self.train], source.bins)
        self.prepared: AbstractPrepared = source.prepare(self.train)

    def trained_as(self, source: AbstractSource) -> Self:
        """The same rows with the training settings of another copy of the source."""
        other = copy.copy(self)
        other.source = source
        return other

    def weights(self, method: Method, groups: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
        """Loss weights ``(training rows,)``, mean 1; no other row has one.

        Args:
            method: Whose weighting.
            groups: ``(training rows,)`` the group of each row, where group experts are trained: they meet the skew
                inside their groups alone, and so weights have mean 1 within each group.
        """
        y, weighting = self.source.y[self.train], method.weighting()
        if weighting is None:
            return np.ones(len(y))
        weight = weighting.fit(self.space)(y)
        if groups is None:
            return weight
        rows = np.maximum(np.bincount(groups), 1)
        return weight / (np.bincount(groups, weight) / rows)[groups]


@final
@dataclass(frozen=True)
class CellResult:
    """What a trained cell leaves.

    Attributes:
        model: The trained model.
        prediction: ``(test rows,)`` in label units.
        val_bmae: Balanced MAE on the validation rows, by which rows are chosen unless a benchmark has its own rule.
        val_mae: MAE on the validation rows, in label units.
        val_rmse: RMSE on them.
        seconds: Training time.
        curves: What a network logged, a row an epoch: ``stage``, ``epoch``, and numbers by name.
        routing: What group experts do with the test rows; None for other heads.
        resampled: Where training rows were resampled, ``rows_before``, ``rows_after`` and ``synthetic``.
    """

    model: TrainedNetwork | TrainedTrees
    prediction: NDArray[np.float64]
    val_bmae: float
    val_mae: float
    val_rmse: float
    seconds: float
    curves: list[dict[str, float]] = field(default_factory=list)
    routing: GroupRouting | None = None
    resampled: dict[str, int] | None = None


@final
class _Predicted(NamedTuple):
    """Predictions of the validation and the test rows, in label units."""

    val: NDArray[np.float64]
    test: NDArray[np.float64]


def train_cell(
    method: Method,
    draw: Draw,
    folder: str | Path,
    *,
    cost: str = "l1",
    noise_sigma: float | None = None,
    budget: Budget | None = None,
    tell: Tell | None = None,
) -> CellResult:
    """Train one method with one seed and predict the test rows.

    Global random state is left as it was; the same arguments give the same numbers.

    Args:
        method: What to train.
        draw: The seed's rows.
        folder: Where checkpoints go; after Ctrl-C the best model so far is in its ``best``.
        cost: The cost of a network whose method names none; trees then take squared error.
        noise_sigma: In label units, where a learned noise scale starts; None for one SD of the labels.
        budget: How long networks train.
        tell: Called after every epoch of a network.

    Raises:
        InputError: Trees or resampling on images; a part or a sampler that asks for more than the rows have.
        TrainingError: Training went nowhere.
    """
    started = time.monotonic()
    curves, routing = [], None
    made = resampled_rows(method, draw)
    about = _about(method, draw, cost, made)
    if method.trees:
        model, predicted = _train_trees(method, draw, about, made)
    else:
        training = NetworkTraining(
            method, draw, Path(folder), cost, noise_sigma, budget, tell, about=about, resampled=made
        )
        model = training.run()
        predicted, curves = _predicted(model, draw, device_of(budget)), training.curves
        routing = routing_of(
            model.task, draw.prepared, draw.source.y, draw.train, draw.source.test,
            batch_size=draw.source.rows_at_once, device=device_of(budget),
        )  # fmt: skip
    y = draw.source.y[draw.val]
    return CellResult(
        model=model,
        prediction=predicted.test,
        val_bmae=bmae(y, predicted.val, draw.source.bins.index(y)),
        val_mae=mae(y, predicted.val),
        val_rmse=rmse(y, predicted.val),
        seconds=time.monotonic() - started,
        curves=curves,
        routing=routing,
        resampled=None if made is None else made.facts,
    )


def _predicted(model: TrainedNetwork, draw: Draw, device: str) -> _Predicted:
    inputs, at_once = draw.prepared.inputs, draw.source.rows_at_once

    def of(rows: NDArray[np.int64]) -> NDArray[np.float64]:
        found = predict(model.task, inputs, at_once, rows=torch.from_numpy(rows), device=device)
        return found.double().numpy()[:, 0]

    return _Predicted(of(draw.val), of(draw.source.test))


def _train_trees(
    method: Method, draw: Draw, about: dict[str, Any], made: ResampledRows | None
) -> tuple[TrainedTrees, _Predicted]:
    from sklearn.ensemble import HistGradientBoostingRegressor

    prepared = draw.prepared
    if not isinstance(prepared, PreparedTable):
        raise InputError(f"{method}: expected a table, got images; leave the rows with hgb out.")
    cost = method.cost or "mse"  # scikit-learn's default, as a person would use it
    loss = {"l1": "absolute_error", "mse": "squared_error"}[cost]
    trees = HistGradientBoostingRegressor(loss=loss, random_state=draw.seed)
    if made is None:
        matrix, y, weight = prepared.matrix[draw.train], draw.source.y[draw.train], draw.weights(method)
    else:
        matrix, y, weight = prepared.matrix_of(made.features), made.y, None
    trees.fit(matrix, np.log(y) if method.log else y, weight)
    assert prepared.preprocessor is not None
    model = TrainedTrees(trees, prepared.preprocessor, about | {"cost": cost, "log": method.log})
    return model, _Predicted(
        *(model.predict_matrix(prepared.matrix[rows]) for rows in (draw.val, draw.source.test))
    )


def _about(method: Method, draw: Draw, cost: str, made: ResampledRows | None) -> dict[str, Any]:
    about: dict[str, Any] = {
        "method": str(method),
        "cost": cost,
        "seed": draw.seed,
        "target": draw.source.target,
        "data": draw.source.fingerprint,
    }
    if made is not None:
        about["resampled"] = made.facts
    preprocessor = draw.prepared.preprocessor
    if isinstance(preprocessor, AbstractPairInputs):
        return about | {"sentences": preprocessor.name}
    return about if preprocessor is None else about | {"columns": list(preprocessor.columns)}
