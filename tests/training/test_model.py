"""Stored models: what is known of them without torch, what they refuse, and the network alone as a file."""

import inspect
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import evenreg
from evenreg.data import Images, table_from_frame
from evenreg.errors import CheckpointError, InputError, MissingFileError, RunFolderError
from evenreg.training import (
    Budget,
    Draw,
    ImageSource,
    Method,
    TableSource,
    TrainedNetwork,
    load_model,
    read_about,
    train_cell,
)

BUDGET = Budget(epochs=1, patience=1)


def frame(n=200):
    rng = np.random.default_rng(0)
    size = rng.gamma(1.5, 2.0, n)
    table = pd.DataFrame({"price": np.exp(size / 4), "size": size, "city": rng.choice(["Ulm", "Bonn"], n)})
    table.loc[::17, "size"] = np.nan
    return table


def trained(method, source, folder):
    model = train_cell(Method.parse(method), Draw(source, 0), folder / "fit", budget=BUDGET).model
    model.save(folder / "model")
    return model


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def table():
    return TableSource(table_from_frame(frame(), "price"))


@pytest.fixture(scope="module")
def network(table, folder):
    return trained("bmc", table, folder / "network")


@pytest.fixture(scope="module")
def trees(table, folder):
    return trained("hgb", table, folder / "trees")


@pytest.fixture(scope="module")
def pictures(folder):
    rng = np.random.default_rng(1)
    images = rng.random((120, 1, 16, 16)).astype(np.float32)
    split = np.where(np.arange(120) < 90, "pool", "test")
    source = ImageSource(Images(images, rng.gamma(1.0, 10.0, 120), split, np.arange(120), "angle", "f" * 64))
    return trained("vanilla", source, folder / "images")


class TestPredict:
    @pytest.mark.parametrize("kind", ["network", "trees"])
    def test_sentences(self, kind, request):
        model = request.getfixturevalue(kind)
        predict = inspect.unwrap(type(model).predict)  # past the type check of the test run
        for rows, sentence in (
            (frame(0), "features: expected rows, got a table without any"),
            (frame(3).drop(columns="city"), "expected the 2 columns of training, got a table without 'city'"),
            (
                frame(3).assign(size="big"),
                "column 'size': expected numbers as in training, got 'big', 'big', 'big' in",
            ),
            (
                np.zeros((1, 2)),
                "inputs: expected a DataFrame with the training columns, got ndarray; this model was",
            ),
        ):
            with pytest.raises(InputError) as caught:
                predict(model, rows)
            assert sentence in str(caught.value)

    def test_rows_are_told_as_a_person_finds_them(self, network, trees):
        for model in (network, trees):
            with pytest.raises(InputError, match="in rows 8 and 9; write plain numbers"):
                model.predict(frame(2).assign(size="big"), rows=np.array([8, 9]))

    @pytest.mark.parametrize(
        ("inputs", "got"),
        [
            (frame(3), "got DataFrame"),
            (np.zeros((16, 16), dtype=np.float32), r"got shape \(16, 16\)"),
            (np.zeros((0, 1, 16, 16), dtype=np.float32), r"got shape \(0, 1, 16, 16\)"),
        ],
    )
    def test_a_model_of_images_wants_images(self, pictures, inputs, got):
        with pytest.raises(
            InputError, match=r"expected images \(rows, channels, height, width\), at least one, " + got
        ):
            pictures.predict(inputs)

    def test_a_category_that_training_never_saw_is_fine(self, network, trees):
        for model in (network, trees):
            assert np.isfinite(model.predict(frame(3).assign(city=["Ulm", "Köln", None]))).all()


class TestReadAbout:
    def test_facts(self, network, folder):
        assert read_about(folder / "network" / "model") == network.about

    @pytest.mark.parametrize("best", ["best", "fit/best"])
    def test_no_model(self, tmp_path, best, network):
        with pytest.raises(MissingFileError) as caught:
            read_about(tmp_path)
        assert str(caught.value) == (
            f"{tmp_path}: expected a model folder with a model.json, got none; give a run's best/."
        )
        network.save(tmp_path / best)
        with pytest.raises(MissingFileError, match=rf"got none; did you mean .*{best}\?"):
            read_about(tmp_path)

    @pytest.mark.parametrize("read", [read_about, load_model])
    @pytest.mark.parametrize("version", ["0.1.1", "0.10.0", "1.0", "2.0.0.dev1"])
    def test_a_newer_version(self, read, version, network, tmp_path):
        network.save(tmp_path)
        about = json.loads((tmp_path / "model.json").read_text())
        (tmp_path / "model.json").write_text(json.dumps(about | {"evenreg": version, "kind": "cloud"}))
        with pytest.raises(CheckpointError) as caught:
            read(tmp_path)
        assert str(caught.value) == (
            f"{tmp_path}: expected a model of evenreg {evenreg.__version__} or older, got one of {version}; install "
            "that version, or train again with this one."
        )

    def test_an_older_version_is_read(self, network, tmp_path):
        network.save(tmp_path)
        about = json.loads((tmp_path / "model.json").read_text())
        (tmp_path / "model.json").write_text(json.dumps(about | {"evenreg": "0.0.9"}))
        assert isinstance(load_model(tmp_path), TrainedNetwork)

    @pytest.mark.parametrize("content", ["", "[1]", "{}", '{"kind": "network"}'])
    def test_facts_that_cannot_be_read(self, content, tmp_path):
        (tmp_path / "model.json").write_text(content)
        with pytest.raises(
            CheckpointError, match="expected a model that evenreg stored, got one that cannot be read"
        ):
            read_about(tmp_path)

    def test_a_model_without_its_columns(self, network, tmp_path):
        network.save(tmp_path)
        (tmp_path / "inputs.skops").unlink()
        with pytest.raises(
            CheckpointError, match=r"got one that cannot be read \(.*inputs\.skops.*\); train again\."
        ):
            load_model(tmp_path)

    def test_torch_is_not_loaded(self, network, folder):
        code = (
            "import sys; from evenreg.training import read_about; "
            f"read_about({str(folder / 'network' / 'model')!r}); "
            "print([m for m in ('torch', 'lightning', 'pandas') if m in sys.modules])"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "[]"


# torch.export follows the code, and the hook that checks shapes in tests with it: it runs in a process of its own.
EXPORT = """
import sys
from evenreg.training import load_model
for folder in sys.argv[1:]:
    model = load_model(folder)
    before = model.task.training, {n: p.clone() for n, p in model.task.named_parameters()}
    model.export(folder + ".pt2")
    after = model.task.training, dict(model.task.named_parameters())
    assert before[0] == after[0] and all((after[1][n] == p).all() for n, p in before[1].items())
"""
# What a person without evenreg does.
USE = """
import sys
sys.modules["evenreg"] = sys.modules["rtdl_num_embeddings"] = None
import numpy as np, torch
for folder in sys.argv[1:]:
    network = torch.export.load(folder + ".pt2").module()
    names = {n for n, _ in network.named_parameters()} | {n for n, _ in network.named_buffers()}
    assert all(n.startswith(("encoder", "head", "scaler")) for n in names), names
    for batch in "012":
        inputs = [torch.from_numpy(a) for a in np.load(f"{folder}-{batch}.npz").values()]
        with torch.no_grad():
            np.save(f"{folder}-{batch}.npy", network(*inputs).numpy())
"""


def run(code, *words):
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# Heads that decide, and their sums; with and without a logarithm.
HEADS = {
    "group": "group(2, grouping=equal_mass)",
    "group-soft": "log + group(2, routing=soft, target=la, grouping=equal_mass, bounded=false)",
    "cls": "log + cls",
    "cls-mean": "cls(decode=expectation) + cb",
}


@pytest.fixture(scope="module")
def exported(folder, table, network, pictures):
    """Models with raw batches of one, seven and many rows, and what their files predict without evenreg."""
    models = {"network": network, "images": pictures, "log": trained("log", table, folder / "log")}
    models |= {name: trained(words, table, folder / name) for name, words in HEADS.items()}
    for column in ("size", "city"):
        source = TableSource(table_from_frame(frame().dropna()[["price", column]], "price"))
        models[column] = trained("vanilla", source, folder / column)
    rows, sides = frame(), [(16, 16), (16, 16), (31, 20)]
    tables = [rows.iloc[:1], rows.iloc[5:12], rows]
    images = [
        np.random.default_rng(i).random((n, 1, *side)).astype(np.float32)
        for i, (n, side) in enumerate(zip((1, 7, 20), sides, strict=True))
    ]
    batches = {name: images if name == "images" else tables for name in models}
    for name, model in models.items():
        for i, batch in enumerate(batches[name]):
            ready = None if name == "images" else model.preprocessor.transform(batch)
            arrays = (batch,) if ready is None else (ready.numeric, ready.other)
            np.savez(folder / name / f"model-{i}.npz", *arrays)
    folders = [str(folder / name / "model") for name in models]
    run(EXPORT, *folders)
    run(USE, *folders)
    return {
        name: (
            model,
            [(b, np.load(folder / name / f"model-{i}.npy")) for i, b in enumerate(batches[name])],
        )
        for name, model in models.items()
    }


class TestExport:
    @pytest.mark.parametrize("name", ["network", "log", "size", "city", "images", *HEADS])
    def test_it_predicts_the_same_without_evenreg_for_any_number_of_rows(self, name, exported):
        model, found = exported[name]
        assert len(found) == 3
        for batch, prediction in found:
            assert prediction.dtype == np.float64
            assert prediction.shape == (len(batch), 1)
            np.testing.assert_allclose(prediction[:, 0], model.predict(batch), rtol=1e-5)

    def test_names(self, network, tmp_path):
        with pytest.raises(
            InputError, match=r"path: expected a file name that ends in \.pt2, got 'network\.onnx'"
        ):
            network.export(tmp_path / "network.onnx")
        (tmp_path / "network.pt2").write_bytes(b"mine")
        with pytest.raises(RunFolderError, match="exists; expected a new file"):
            network.export(tmp_path / "network.pt2")
        assert (tmp_path / "network.pt2").read_bytes() == b"mine"


@pytest.mark.parametrize(
    "words",
    [
        "group(2, grouping=equal_mass)",
        "group(2, routing=soft, grouping=equal_mass, beta=2) + sqinv",
        "log + group(2, routing=soft, bounded=false, target=la, grouping=equal_mass)",
        "cls",
        "cls(decode=expectation)",
        "log + cls(decode=expectation) + crt",
        "rrt + bmc",
        "rnc(stage=first) + group(2, grouping=equal_mass)",
    ],
)
def test_a_model_that_was_stored_predicts_the_same_and_knows_its_head(words, table, tmp_path):
    model = trained(words, table, tmp_path)
    again = load_model(tmp_path / "model")
    assert np.array_equal(again.predict(frame()), model.predict(frame()))
    assert len(np.unique(model.predict(frame()))) > 1 or words == "cls"
    assert type(again.task.head) is type(model.task.head)
    assert again.task.head.config == model.task.head.config
    assert again.about["head"] == type(model.task.head).__name__
    # Nothing of it hangs on how the head was made before its weights came.
    before, after = model.task.head.state_dict(), again.task.head.state_dict()
    assert before.keys() == after.keys()
    assert all((before[name] == after[name]).all() for name in before)


def test_a_model_with_another_head_is_refused(table, tmp_path):
    trained("cls", table, tmp_path)
    about = json.loads((tmp_path / "model" / "model.json").read_text())
    for changed in ({"head": "LinearHead", "head_config": {"in_features": 256}}, {"head": "TreeHead"}):
        (tmp_path / "model" / "model.json").write_text(json.dumps(about | changed))
        with pytest.raises(
            CheckpointError, match="expected a model that evenreg stored, got one that cannot"
        ):
            load_model(tmp_path / "model")


def test_predictions_do_not_draw_from_dropout(network):
    network.task.train()
    assert np.array_equal(network.predict(frame()), network.predict(frame()))
