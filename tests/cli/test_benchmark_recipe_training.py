"""Every method of the papers' benchmarks trains: two batches of small generated rows, with its recipe's settings."""

import copy

import numpy as np
import pandas as pd

from evenreg._words import parse
from evenreg.cli._benchmark_rows import planned_rows
from evenreg.cli._settings import read_config
from evenreg.cli._source_settings import set_recipe
from evenreg.data import Images, table_from_frame
from evenreg.errors import EvenregError
from evenreg.training import Budget, Draw, ImageSource, Method, TableSource, train_cell

BUDGET = Budget(1, 1, 1e9, trainer={"accelerator": "cpu", "devices": 1, "limit_train_batches": 2})


# What treats images otherwise than a table.
ON_IMAGES = {"VANILLA", "M-MIXUP", "RRT + LDS + FDS + RANKSIM", "Group-DIR"}


def table(y, width):
    """Columns that follow the label, which samplers can blend; in place of sentences, and mostly of faces."""
    rng = np.random.default_rng(0)
    columns = {f"column{i}": y * rng.normal() + y.std() * rng.normal(size=len(y)) for i in range(4)}
    return Draw(TableSource(table_from_frame(pd.DataFrame({"label": y, **columns}), "label"), width), 0)


def faces(y):
    """Grey levels that follow the age."""
    pictures = np.random.default_rng(0).random((len(y), 1, 16, 16)) / 4 + (y / 150)[:, None, None, None]
    split = np.where(np.arange(len(y)) % 4, "pool", "test")
    images = Images(pictures.astype(np.float32), y, split, np.arange(len(y)), "age", "f" * 64)
    return Draw(ImageSource(images, 1.0), 0)


def kinds():
    """``(draw, name of the row, plan)`` of every method of all recipes, one of those that differ in numbers alone."""
    scores = np.repeat(np.linspace(0, 5, 26), np.arange(5, 18, 0.5).astype(int))  # the lower, the rarer
    ages = np.concatenate([np.arange(100).repeat(3), np.arange(20, 50).repeat(4)]).astype(float)
    pairs, people, images = table(scores, 0.1), table(ages, 1.0), faces(ages)
    found = {}
    for name in ("sts-b-dir", "agedb-dir", "imdb-wiki-dir"):
        config = read_config(name)
        for sweep in (None, *config["sweeps"]):
            for row, plan in planned_rows(config, "all", None, sweep, {}).items():
                draw = pairs if name == "sts-b-dir" else images if row in ON_IMAGES else people
                found.setdefault((draw is images, _kind(plan.method)), (draw, row, plan))
    return list(found.values())


def _kind(method):
    return tuple(
        (word.name, *(v for k, v in word.args.items() if isinstance(v, str | bool) or (word.name, k) == ("group", "n")))
        for word in parse(method)
    )  # fmt: skip


def test_every_method_of_every_recipe_trains_and_predicts(tmp_path):
    failed, found = {}, kinds()
    assert len(found) > 70
    for i, (draw, row, plan) in enumerate(found):
        source = copy.copy(draw.source)
        set_recipe(source, plan)
        source.batch_size, source.second_stage = 64, {**source.second_stage, "epochs": 1}
        draw, method = draw.trained_as(source), Method.parse(plan.method)
        try:
            cell = train_cell(method, draw, tmp_path / str(i), cost=plan.cost, noise_sigma=1.0, budget=BUDGET)
        except EvenregError as error:
            failed[row] = str(error)  # the others are told too
            continue
        assert cell.prediction.shape == source.test.shape
        if not np.isfinite(cell.prediction).all():
            failed[row] = f"{plan.method}: predictions that are no numbers"
    assert failed == {}
