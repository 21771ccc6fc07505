"""Cells and models: trained on a table or on images, stored, read back, and nothing foreign accepted."""

import json

import numpy as np
import pandas as pd
import pytest
import torch

from evenreg.data import Images, read_table
from evenreg.errors import CheckpointError, InputError, MissingFileError
from evenreg.training import Budget, Draw, ImageSource, Method, TableSource, load_model, train_cell

BUDGET = Budget(epochs=3, patience=3, trainer={"accelerator": "cpu", "devices": 1})


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Positive skewed target, a numeric and a nominal column, some gaps."""
    rng = np.random.default_rng(0)
    size = rng.gamma(1.5, 2.0, 240)
    city = rng.choice(["Ulm", "Bonn", "Kiel"], 240)
    frame = pd.DataFrame({"price": np.exp(size / 4) + (city == "Ulm"), "size": size, "city": city})
    frame.loc[::17, "size"] = np.nan
    path = tmp_path_factory.mktemp("table") / "sales.csv"
    frame.to_csv(path, index=False)
    return read_table(path, "price")


@pytest.fixture(scope="module")
def draw(table):
    return Draw(TableSource(table), seed=0)


def test_a_draw_divides_all_rows_and_learns_from_training_rows_only(table, draw):
    source = draw.source
    parts = [draw.train, draw.val, source.test]
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(table)))
    assert draw.space.n == len(draw.train)
    assert draw.weights(Method.parse("sqinv")).mean() == pytest.approx(1.0)
    other = Draw(TableSource(table), seed=1)
    assert np.array_equal(other.source.test, source.test)
    assert not np.array_equal(other.train, draw.train)


@pytest.mark.parametrize(
    "text",
    ["vanilla", "sqinv + lds", "gai", "bni + lds", "log", "log + gai", "log + bni", "hgb", "hgb + log"],
)
def test_every_kind_of_cell_trains_stores_and_predicts_the_same_again(text, table, draw, tmp_path):
    result = train_cell(Method.parse(text), draw, tmp_path / "fit", noise_sigma=0.5, budget=BUDGET)
    assert np.isfinite(result.val_bmae)
    assert result.prediction.shape == draw.source.test.shape
    result.model.save(tmp_path / "model")
    model = load_model(tmp_path / "model")
    shuffled = table.features[["city", "size"]].assign(extra=1)
    np.testing.assert_allclose(model.predict(shuffled)[draw.source.test], result.prediction, rtol=1e-5)
    assert model.about["method"] == str(Method.parse(text))


def test_the_same_seed_gives_the_same_numbers_and_leaves_global_random_state_alone(draw, tmp_path):
    torch.manual_seed(3)
    before = torch.get_rng_state()
    first, second = (
        train_cell(Method.parse("sqinv"), draw, tmp_path / str(i), budget=BUDGET).prediction for i in range(2)
    )
    assert np.array_equal(first, second)
    assert torch.equal(before, torch.get_rng_state())


def test_every_word_changes_the_trained_model(draw, tmp_path):
    """A switch that changes nothing is a bug."""
    rows = [
        "vanilla",
        "vanilla(mse)",
        "huber",
        "focal-r",
        "inv",
        "sqinv",
        "sqinv + lds",
        "bmc",
        "gai",
        "bni",
        "bni + lds",
        "log",
    ]
    rows += ["hgb", "hgb + l1", "hgb + sqinv", "hgb + sqinv + lds"]
    found = {}
    for i, row in enumerate(rows):
        result = train_cell(Method.parse(row), draw, tmp_path / str(i), noise_sigma=1.0, budget=BUDGET)
        found[row] = result.prediction.round(7).tobytes()
    assert len(set(found.values())) == len(rows)


@pytest.mark.parametrize(("row", "cost"), [("hgb", "mse"), ("hgb + l1", "l1"), ("vanilla", "huber")])
def test_a_model_tells_the_cost_it_was_trained_with(row, cost, draw, tmp_path):
    model = train_cell(Method.parse(row), draw, tmp_path, cost="huber", budget=BUDGET).model
    assert model.about["cost"] == cost


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(1)
    y = rng.gamma(1.0, 10.0, 150)
    pictures = np.zeros((150, 1, 16, 16), dtype=np.float32) + (y[:, None, None, None] / 60).astype(np.float32)
    split = np.where(np.arange(150) < 110, "pool", "test")
    return Images(pictures, y, split, np.arange(150), "brightness", "f" * 64)


def test_images_train_and_their_model_predicts_again(images, tmp_path):
    draw = Draw(ImageSource(images), 0)
    result = train_cell(Method.parse("bmc"), draw, tmp_path / "fit", budget=BUDGET)
    result.model.save(tmp_path / "model")
    again = load_model(tmp_path / "model").predict(images.images[110:])
    np.testing.assert_allclose(again, result.prediction, rtol=1e-5)
    with pytest.raises(InputError, match="hgb: expected a table, got images"):
        train_cell(Method.parse("hgb"), draw, tmp_path / "trees")


def test_a_split_column_is_obeyed(table):
    for kinds in (["train", "val", "test"], ["train", "train", "test"]):
        split = np.resize(np.array(kinds), len(table.y))
        source = TableSource(type(table)(**{**vars(table), "split": split}))
        assert (split[source.test] == "test").all()
        train, val = source.train_and_validation(0)
        assert not set(train) & set(val)
        assert len(train) + len(val) == (split != "test").sum()
        if "val" in kinds:
            assert (split[val] == "val").all()


class TestForeignFolders:
    @pytest.fixture
    def folder(self, draw, tmp_path):
        train_cell(Method.parse("vanilla"), draw, tmp_path / "fit", budget=BUDGET).model.save(
            tmp_path / "run" / "best"
        )
        return tmp_path / "run" / "best"

    def test_no_model(self, tmp_path):
        with pytest.raises(
            MissingFileError, match=r"expected a model folder with a model.json, got none; give a run's best/"
        ):
            load_model(tmp_path)

    def test_a_run_instead_of_its_best(self, folder):
        with pytest.raises(MissingFileError, match=r"did you mean .*best"):
            load_model(folder.parent)

    @pytest.mark.parametrize("name", ["model.json", "weights.pt", "inputs.skops"])
    def test_damaged_files(self, folder, name):
        (folder / name).write_bytes(b"\x00\x01 not a model")
        with pytest.raises(
            CheckpointError, match="expected a model that evenreg stored, got one that cannot be read"
        ):
            load_model(folder)

    def test_another_kind(self, folder):
        about = json.loads((folder / "model.json").read_text())
        (folder / "model.json").write_text(json.dumps(about | {"kind": "forest"}))
        with pytest.raises(CheckpointError, match="no kind of model named 'forest'"):
            load_model(folder)

    def test_a_table_without_the_training_columns(self, folder):
        with pytest.raises(InputError, match="size"):
            load_model(folder).predict(pd.DataFrame({"city": ["Ulm"]}))
        with pytest.raises(InputError, match="expected a DataFrame with the training columns, got ndarray"):
            load_model(folder).predict(np.zeros((1, 2), dtype=np.float32))
