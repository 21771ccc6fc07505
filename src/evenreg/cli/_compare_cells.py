"""Train every row with every seed, keep what is done, and go on where an earlier run stopped."""

import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import final

import numpy as np
from numpy.typing import NDArray

from evenreg.cli._progress import AbstractProgress
from evenreg.errors import TrainingError
from evenreg.training import Budget, Draw, ImageSource, Method, TableSource, train_cell, write_json


_RESULT, _PREDICTION = "result.json", "prediction.npy"


@final
@dataclass(frozen=True)
class Trained:
    """One row with one seed, trained.

    Attributes:
        prediction: ``(test rows,)`` in label units.
        val_bmae: Balanced MAE on the seed's validation rows.
        val_rmse: RMSE on them.
        seconds: Training time.
        model: Folder of the model.
    """

    prediction: NDArray[np.float64]
    val_bmae: float
    val_rmse: float
    seconds: float
    model: Path


@final
@dataclass
class Cells:
    """What a comparison trained: per row one `Trained` a seed; rows that diverged, with the reason."""

    rows: dict[str, list[Trained]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


def cell_folder(run: Path, row: str, seed: int) -> Path:
    """Where a cell keeps its things: ``rows/sqinv+lds/seed-0``."""
    return run / "rows" / re.sub(r"[^\w.=+()-]", "", row) / f"seed-{seed}"


def train_rows(
    source: TableSource | ImageSource,
    rows: Sequence[str],
    seeds: int,
    run: Path,
    *,
    cost: str,
    budget: Budget,
    progress: AbstractProgress,
) -> Cells:
    """Train all cells, seed by seed, so that a cut leaves whole seeds.

    A row that diverges is left out of later seeds and told in ``failed``; vanilla's divergence is an error.
    """
    cells = Cells(rows={row: [] for row in rows})
    for seed in range(seeds):
        draw: Draw | None = None
        noise: float | None = None
        for row in rows:
            if row in cells.failed:
                continue
            folder = cell_folder(run, row, seed)
            done = _load(folder)
            if done is None:
                draw = draw or Draw(source, seed)
                progress.start(row, seed)
                try:
                    done = _train(row, draw, folder, cost=cost, noise=noise, budget=budget, progress=progress)
                except TrainingError as error:
                    if row == rows[0]:
                        raise
                    cells.failed[row] = f"{row} is left out: {error}"
                    del cells.rows[row]
                    continue
            progress.finish(row, seed, done.val_bmae, done.seconds)
            cells.rows[row].append(done)
            if row == rows[0]:
                noise = done.val_rmse  # learned noise scales start here
    return cells


def _train(
    row: str,
    draw: Draw,
    folder: Path,
    *,
    cost: str,
    noise: float | None,
    budget: Budget,
    progress: AbstractProgress,
) -> Trained:
    result = train_cell(
        Method.parse(row),
        draw,
        folder / "fit",
        cost=cost,
        noise_sigma=noise,
        budget=budget,
        tell=progress.epoch,
    )
    result.model.save(folder / "model")
    np.save(folder / _PREDICTION, result.prediction)
    facts = {k: getattr(result, k) for k in ("val_bmae", "val_rmse", "seconds")}
    write_json(folder / _RESULT, {"row": row, "seed": draw.seed, **facts})  # last: a cell with it is done
    shutil.rmtree(folder / "fit", ignore_errors=True)
    return Trained(result.prediction, **facts, model=folder / "model")


def _load(folder: Path) -> Trained | None:
    """A cell that an earlier run finished, or None."""
    try:
        facts = json.loads((folder / _RESULT).read_text(encoding="utf-8"))
        prediction = np.load(folder / _PREDICTION, allow_pickle=False)
    except (OSError, ValueError):
        return None
    return Trained(prediction, facts["val_bmae"], facts["val_rmse"], facts["seconds"], folder / "model")
