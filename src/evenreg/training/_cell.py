"""One cell of a comparison: one method trained with one seed."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader

from evenreg.errors import InputError
from evenreg.labels import Bins, LabelSpace
from evenreg.losses import AbstractBalancedLoss, AbstractLoss
from evenreg.metrics import bmae, rmse
from evenreg.training._batches import Rows, memory_loader
from evenreg.training._checkpoints import BEST, load_best
from evenreg.training._fit import Budget, fit, predict
from evenreg.training._method import Method
from evenreg.training._model import TrainedNetwork, TrainedTrees
from evenreg.training._scaler import TargetScaler
from evenreg.training._sources import AbstractPrepared, AbstractSource, PreparedTable
from evenreg.training._task import RegressionTask

Tell = Callable[[int, float], None]


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

    def weights(self, method: Method) -> NDArray[np.float64]:
        """Loss weights ``(training rows,)``, mean 1; no other row has one."""
        y, weighting = self.source.y[self.train], method.weighting()
        return np.ones(len(y)) if weighting is None else weighting.fit(self.space)(y)


@final
@dataclass(frozen=True)
class CellResult:
    """What a trained cell leaves.

    Attributes:
        model: The trained model.
        prediction: ``(test rows,)`` in label units.
        val_bmae: Balanced MAE on the validation rows, by which rows are chosen.
        val_rmse: RMSE on the validation rows, in label units.
        seconds: Training time.
    """

    model: TrainedNetwork | TrainedTrees
    prediction: NDArray[np.float64]
    val_bmae: float
    val_rmse: float
    seconds: float


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
    """
    started = time.monotonic()
    if method.trees:
        model, predicted = _train_trees(method, draw)
    else:
        model, predicted = _train_network(method, draw, Path(folder), cost, noise_sigma, budget, tell)
    y = draw.source.y[draw.val]
    return CellResult(
        model=model,
        prediction=predicted.test,
        val_bmae=bmae(y, predicted.val, draw.source.bins.index(y)),
        val_rmse=rmse(y, predicted.val),
        seconds=time.monotonic() - started,
    )


def _train_network(
    method: Method,
    draw: Draw,
    folder: Path,
    cost: str,
    noise_sigma: float | None,
    budget: Budget | None,
    tell: Tell | None,
) -> tuple[TrainedNetwork, _Predicted]:
    source = draw.source
    y = torch.from_numpy(source.y)[:, None]
    scaler = TargetScaler(log=method.log).fit(source.y[draw.train])
    start = 1.0 if noise_sigma is None or method.log else noise_sigma / scaler.std[0]
    loss = _fitted(method.loss(cost, start), scaler, source.y[draw.train], source.bins)
    bins = torch.from_numpy(source.bins.index(source.y))

    def inputs(index: NDArray[np.int64]) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in draw.prepared.inputs)

    def loader(
        index: NDArray[np.int64], weight: NDArray[np.float64], size: int, **order: Any
    ) -> DataLoader[Any]:
        rows = Rows(inputs(index), y[index], torch.from_numpy(weight).float(), bins[index])
        return memory_loader(rows, size, **order)

    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(draw.seed)
        encoder = draw.prepared.encoder()
        head = nn.Linear(encoder.out_features, 1)
        calibration, regularizers = method.calibration(), method.regularizers()
        for part in (*regularizers, *([] if calibration is None else [calibration])):
            part.fit(draw.space)
        task = RegressionTask(
            encoder,
            head,
            loss,
            scaler=scaler,
            bins=len(source.bins),
            calibration=calibration,
            regularizers=regularizers,
            **source.optimizer,
        )
        facts: dict[str, Any] = {"encoder": type(encoder).__name__, "encoder_config": encoder.config}
        model = TrainedNetwork(task, draw.prepared.preprocessor, _about(method, draw, cost) | facts)
        try:
            fit(
                task,
                loader(draw.train, draw.weights(method), source.batch_size, shuffle=True, seed=draw.seed),
                loader(draw.val, np.ones(len(draw.val)), 4096, shuffle=False),
                folder,
                budget=budget,
                tell=tell,
            )
        except KeyboardInterrupt:
            if (folder / BEST).exists():
                load_best(task, folder)
                model.save(folder / "best")  # good enough, perhaps: the one who stopped it may think so
            raise
    val, test = (predict(task, inputs(rows)).double().numpy()[:, 0] for rows in (draw.val, source.test))
    return model, _Predicted(val, test)


def _fitted(loss: AbstractLoss, scaler: TargetScaler, y: NDArray[np.float64], bins: Bins) -> AbstractLoss:
    """The loss with the prior of the training labels, in the units the network learns in."""
    if not isinstance(loss, AbstractBalancedLoss):
        return loss
    # A logarithm needs positive edges; nothing lies below the smallest label.
    edges = np.maximum(bins.edges, y.min() / 2) if scaler.log else bins.edges
    return loss.fit(LabelSpace.fit(scaler.standardize(y), Bins(scaler.standardize(np.unique(edges)))))


def _train_trees(method: Method, draw: Draw) -> tuple[TrainedTrees, _Predicted]:
    from sklearn.ensemble import HistGradientBoostingRegressor

    prepared = draw.prepared
    if not isinstance(prepared, PreparedTable):
        raise InputError(f"{method}: expected a table, got images; leave the rows with hgb out.")
    cost = method.cost or "mse"  # scikit-learn's default, as a person would use it
    loss = {"l1": "absolute_error", "mse": "squared_error"}[cost]
    trees = HistGradientBoostingRegressor(loss=loss, random_state=draw.seed)
    y = draw.source.y[draw.train]
    trees.fit(prepared.matrix[draw.train], np.log(y) if method.log else y, draw.weights(method))
    assert prepared.preprocessor is not None
    model = TrainedTrees(trees, prepared.preprocessor, _about(method, draw, cost) | {"log": method.log})
    return model, _Predicted(
        *(model.predict_matrix(prepared.matrix[rows]) for rows in (draw.val, draw.source.test))
    )


def _about(method: Method, draw: Draw, cost: str) -> dict[str, Any]:
    about: dict[str, Any] = {
        "method": str(method),
        "cost": cost,
        "seed": draw.seed,
        "target": draw.source.target,
        "data": draw.source.fingerprint,
    }
    preprocessor = draw.prepared.preprocessor
    return about if preprocessor is None else about | {"columns": list(preprocessor.columns)}
