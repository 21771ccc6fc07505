"""Folders of stored models that are not what they should be, and what a model says of itself."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
import torch

import evenreg
from evenreg.errors import CheckpointError, InputError
from evenreg.training import read_about


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Models of two tables, a network and trees each."""
    folder, rng = tmp_path_factory.mktemp("models"), np.random.default_rng(0)
    for table, column in (("a", "size"), ("b", "other")):
        x = rng.normal(size=80)
        frame = pd.DataFrame({"price": 3 * x + 10, column: x})
        evenreg.train(frame, "price", "vanilla", epochs=1, out=folder / f"network-{table}")
        evenreg.train(frame, "price", "hgb", out=folder / f"trees-{table}")
    return folder


@pytest.mark.parametrize("kind", ["network", "trees"])
def test_columns_of_another_table_are_refused_when_loaded(folders, tmp_path, kind):
    shutil.copytree(folders / f"{kind}-a/best", tmp_path / "m")
    shutil.copy(folders / f"{kind}-b/best/inputs.skops", tmp_path / "m/inputs.skops")
    (tmp_path / "new.csv").write_text("size\n1\n2\n")
    with pytest.raises(
        CheckpointError, match=r"\(inputs.skops is of a table with other columns\); train again"
    ):
        evenreg.predict(tmp_path / "m", tmp_path / "new.csv")


@pytest.mark.parametrize("missing", ["model.json", "weights.pt"])
def test_what_a_folder_lacks_is_told(folders, tmp_path, missing):
    shutil.copytree(folders / "network-a/best", tmp_path / "m")
    path = tmp_path / "m" / missing
    if missing == "model.json":
        about = json.loads(path.read_text())
        del about["head"]
        path.write_text(json.dumps(about))
    else:
        weights = torch.load(path, weights_only=True)
        del weights["head"]
        torch.save(weights, path)
    with pytest.raises(
        CheckpointError, match=r"\(it lacks 'head': an older version stored it, or it is incomplete\)"
    ):
        evenreg.load_model(tmp_path / "m")


def test_a_head_nobody_knows_is_told(folders, tmp_path):
    shutil.copytree(folders / "network-a/best", tmp_path / "m")
    about = json.loads((tmp_path / "m/model.json").read_text())
    (tmp_path / "m/model.json").write_text(json.dumps(about | {"head": "LinearHed"}))
    with pytest.raises(CheckpointError, match=r"no head named 'LinearHed'; did you mean 'LinearHead'"):
        evenreg.load_model(tmp_path / "m")


def test_trees_cannot_be_exported(folders, tmp_path):
    trees = evenreg.load_model(folders / "trees-a/best")
    with pytest.raises(
        InputError, match="export: expected a network, got the trees of hgb; they are stored with skops"
    ):
        trees.export(tmp_path / "m.pt2")


def test_models_show_what_they_are(folders):
    shown = [repr(evenreg.load_model(folders / f"{kind}-a/best")) for kind in ("network", "trees")]
    assert shown == ["TrainedNetwork(vanilla, predicts price)", "TrainedTrees(hgb, predicts price)"]


@pytest.mark.parametrize("folder", [None, 3])
def test_a_folder_is_a_path(folder):
    with pytest.raises(
        InputError, match=f"folder: expected the folder of a stored model, got {type(folder).__name__}; "
    ):
        read_about.__wrapped__(folder)  # past the type check
