"""One cell of a comparison: train it, keep it in the run's folder, find it there again."""

import copy
import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from evenreg._files import write_json, write_text
from evenreg.cli._processes import first_process
from evenreg.cli._progress import AbstractProgress
from evenreg.cli._settings import Settings
from evenreg.cli._source_settings import set_recipe
from evenreg.evaluation import GroupRouting
from evenreg.training import AbstractSource, Budget, CellResult, Draw, Method, train_cell

_RESULT, _PREDICTION = "result.json", "prediction.npy"
_NUMBERS = ("val_bmae", "val_mae", "val_rmse", "seconds")


@final
@dataclass(frozen=True)
class Trained:
    """One row with one seed, trained.

    Attributes:
        prediction: ``(test rows,)`` in label units.
        val_bmae: Balanced MAE on the seed's validation rows.
        val_mae: MAE on them.
        val_rmse: RMSE on them.
        seconds: Training time.
        model: Folder of the model.
        routing: What group experts do with the test rows; None for other heads.
        resampled: How many rows it was trained on, where training rows were resampled.
    """

    prediction: NDArray[np.float64]
    val_bmae: float
    val_mae: float
    val_rmse: float
    seconds: float
    model: Path
    routing: GroupRouting | None = None
    resampled: Mapping[str, int] | None = None


@final
@dataclass
class Trainer:
    """Trains single cells, in this process or, pickled, in another.

    Attributes:
        source: Labelled rows.
        run: Folder of the run.
        cost: The cost of rows that name none.
        budget: How long networks train.
        settings: Of rows whose name is not their method, or that are trained otherwise than the rest.
    """

    source: AbstractSource
    run: Path
    cost: str
    budget: Budget
    settings: Mapping[str, Settings] = field(default_factory=dict)
    _draws: dict[int, Draw] = field(default_factory=dict)

    def __call__(self, row: str, seed: int, noise: float | None, progress: AbstractProgress) -> Trained:
        """Train one row with one seed on one thread, store it, return what it left.

        One thread a cell: small models gain nothing from more, and the numbers do not hang on the machine.
        """
        import torch
        from threadpoolctl import threadpool_limits

        progress.start(row, seed)
        method, draw, cost, budget = self._planned(row, seed)
        folder = cell_folder(self.run, row, seed)
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            with threadpool_limits(1):
                result = train_cell(
                    Method.parse(method),
                    draw,
                    folder / "fit",
                    cost=cost,
                    noise_sigma=noise,
                    budget=budget,
                    tell=lambda epoch, val_bmae: progress.epoch(row, seed, epoch, val_bmae),
                )
        finally:
            torch.set_num_threads(threads)
        told = {"row": row, "seed": seed, **facts_of_cell(result)}
        if first_process():
            result.model.save(folder / "model")
            np.save(folder / _PREDICTION, result.prediction)
            write_curves(result, folder)
            write_json(folder / _RESULT, told)  # last: a cell with it is done
            shutil.rmtree(folder / "fit", ignore_errors=True)
        return Trained(
            result.prediction,
            **_numbers(told),
            model=folder / "model",
            routing=result.routing,
            resampled=result.resampled,
        )

    def _planned(self, row: str, seed: int) -> tuple[str, Draw, str, Budget]:
        """Method, rows, cost and budget of a row."""
        if seed not in self._draws:
            self._draws[seed] = Draw(self.source, seed)
        draw, own = self._draws[seed], self.settings.get(row)
        if own is None:
            return row, draw, self.cost, self.budget
        source = copy.copy(self.source)
        set_recipe(source, own)
        epochs, patience = source.budget(own.epochs, own.patience)
        budget = replace(self.budget, epochs=epochs, patience=patience)
        return str(own.method), draw.trained_as(source), own.cost, budget


def cell_folder(run: Path, row: str, seed: int) -> Path:
    """Where a cell keeps its things: ``rows/sqinv+lds/seed-0``."""
    return run / "rows" / re.sub(r"[^\w.=+()-]", "", row) / f"seed-{seed}"


def facts_of_cell(result: CellResult) -> dict[str, Any]:
    """What is kept of a trained cell beside model, prediction and curves, as plain values."""
    numbers = {name: getattr(result, name) for name in _NUMBERS}
    return numbers | {
        "routing": None if result.routing is None else result.routing.to_dict(),
        "resampled": result.resampled,
    }


def routing_in(facts: Mapping[str, Any]) -> GroupRouting | None:
    """The routing among kept facts; None for other heads, and in runs older than it."""
    return None if facts.get("routing") is None else GroupRouting.from_dict(facts["routing"])


def _numbers(facts: Mapping[str, Any]) -> dict[str, float]:
    return {name: facts[name] for name in _NUMBERS}


def write_curves(result: CellResult, folder: Path) -> None:
    """Write ``curves.csv``, what a network logged epoch by epoch; trees leave none."""
    import pandas as pd

    if result.curves:
        write_text(folder / "curves.csv", pd.DataFrame(result.curves).to_csv(index=False))


def load_cell(folder: Path) -> Trained | None:
    """A cell that an earlier run finished, or None."""
    try:
        facts = json.loads((folder / _RESULT).read_text(encoding="utf-8"))
        prediction = np.load(folder / _PREDICTION, allow_pickle=False)
        return Trained(
            prediction,
            **_numbers(facts),
            model=folder / "model",
            routing=routing_in(facts),
            resampled=facts.get("resampled"),
        )
    except (OSError, ValueError, KeyError):
        return None
