"""`evenreg train` as a person uses it: a model, its error, a cut, and every wrong call."""

import inspect
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import evenreg
from evenreg.cli import main, train
from evenreg.errors import EvenregError, InputError, RunFolderError, UnknownNameError

ROOT = Path(__file__).parents[2]
CPU = {"accelerator": "cpu", "devices": 1}


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    size = rng.gamma(1.5, 2.0, 200)
    price = np.round(5 * size + rng.normal(0, 1, 200), 2)
    return pd.DataFrame({"price": price, "size": size, "city": rng.choice(["Ulm", "Bonn"], 200)})


@pytest.fixture(scope="module")
def sales(frame, tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "sales.csv"
    frame.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def finished(sales, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "sales"
    return train(sales, "price", "sqinv + lds", out=out, epochs=3, trainer=CPU)


def weights(folder):
    parts = torch.load(folder / "best" / "weights.pt", weights_only=True)
    return {f"{p}.{k}": v for p, state in parts.items() for k, v in state.items() if torch.is_tensor(v)}


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)


def test_the_folder_holds_everything_and_nothing_else(finished):
    names = {
        "DONE",
        "best",
        "config.json",
        "curves.csv",
        "prediction.npy",
        "predictions.csv",
        "result.json",
        "training.json",
    }
    assert {path.name for path in finished.folder.iterdir()} == names
    config = json.loads((finished.folder / "config.json").read_text())
    assert (config["method"], config["epochs"], config["batch_size"]) == ("sqinv + lds", 3, 256)
    result = json.loads((finished.folder / "result.json").read_text())
    assert result["val_bmae"] == finished.val_bmae


def test_the_result_is_the_model_and_its_error(finished, frame):
    predictions = pd.read_csv(finished.folder / "predictions.csv")
    rows = predictions["row"] - 2  # lines of the file, the header is line 1
    np.testing.assert_allclose(predictions["price"], frame["price"][rows])
    np.testing.assert_allclose(
        finished.best.predict(frame.iloc[rows]), predictions["predicted_price"], rtol=1e-5
    )
    error = np.abs(predictions["price"] - predictions["predicted_price"]).mean()
    assert finished.evaluation["all"]["mae"] == pytest.approx(error)
    assert "sqinv + lds against price in the test rows" in str(finished)
    assert "b-MAE" in str(finished)


def test_a_notebook_shows_the_report(finished):
    page = finished._repr_html_()
    assert "seed 0; trained in" in page
    assert "<table" in page
    assert "Validation b-MAE of the model kept" in page


def test_the_same_rows_are_held_out_as_in_a_comparison(sales, finished, tmp_path):
    compared = evenreg.compare(sales, "price", "vanilla", seeds=1, epochs=1, out=tmp_path / "c")
    rows = pd.read_csv(tmp_path / "c" / "predictions.csv")["row"]
    assert rows.tolist() == pd.read_csv(finished.folder / "predictions.csv")["row"].tolist()
    assert compared.folder == tmp_path / "c"


def test_a_finished_run_is_told_again(sales, finished):
    again = train(sales, "price", "sqinv + lds", out=finished.folder, epochs=3, trainer=CPU, resume=True)
    assert str(again) == str(finished)


@pytest.mark.parametrize(
    "changed",
    [
        {"method": "vanilla"},
        {"seed": 1},
        {"batch_size": 16},
        {"learning_rate": 1e-2},
        {"weight_decay": 0.5},
        {"cost": "mse"},
        {"trainer": {**CPU, "accumulate_grad_batches": 2}, "batch_size": 16},
        {"trainer": {**CPU, "precision": "bf16-mixed"}},
    ],
)
def test_every_setting_changes_what_is_trained(sales, finished, tmp_path, changed):
    settings = {"method": "sqinv + lds", "epochs": 3, "trainer": CPU} | changed
    other = train(sales, "price", out=tmp_path / "other", **settings)
    assert not same(weights(other.folder), weights(finished.folder))
    if "accumulate_grad_batches" in str(changed):
        plain = train(sales, "price", out=tmp_path / "plain", **{**settings, "trainer": CPU})
        assert not same(weights(other.folder), weights(plain.folder))


def test_images_and_a_config_by_the_command_line(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["train", "--config", "recipes/digits-rotation.yaml", "--row", "BMC", "--epochs", "1", "--quiet"]
    assert main([*words, "--trainer.accelerator", "cpu", "--trainer.devices=1"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("rotation (degrees): 3,789 rows")
    assert "Kept in runs/digits-rotation: best" in out
    assert err == ""
    assert json.loads(Path("runs/digits-rotation/config.json").read_text())["method"] == "bmc"


def test_progress_is_told_on_stderr(sales, tmp_path, capsys):
    words = ["train", "--data", str(sales), "--target", "price", "--method", "vanilla", "--epochs", "2"]
    assert main([*words, "--out", str(tmp_path / "r"), "--trainer.accelerator", "cpu"]) == 0
    assert "trained 2 epochs, best val b-MAE" in capsys.readouterr().err
    assert main([*words[:-1], "1", "--out", str(tmp_path / "s"), "--trainer.accelerator", "cpu"]) == 0
    assert "trained 1 epoch, best val b-MAE" in capsys.readouterr().err


def test_loggers_write_into_the_run(sales, tmp_path):
    train(sales, "price", "vanilla", out=tmp_path / "r", epochs=2, trainer={**CPU, "logger": True})
    assert len(pd.read_csv(tmp_path / "r/lightning_logs/version_0/metrics.csv")["val_bmae"].dropna()) == 2


def test_trees_are_trained_too(sales, tmp_path):
    result = train(sales, "price", "hgb + sqinv", out=tmp_path / "r")
    assert type(result.best).__name__ == "TrainedTrees"
    with pytest.raises(
        InputError, match=r"epochs: hgb \+ sqinv is no network, so it has no effect; leave it out"
    ):
        train(sales, "price", "hgb + sqinv", out=tmp_path / "s", epochs=3)
    with pytest.raises(InputError, match="trainer: hgb is no network"):
        train(sales, "price", "hgb", out=tmp_path / "s", trainer_words=["--trainer.devices", "2"])
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize("epoch", [0, 3])
def test_ctrl_c_keeps_the_best_and_a_resumed_run_ends_like_one_that_was_not_cut(
    sales, tmp_path, capsys, epoch
):
    from lightning.pytorch import Callback

    class CtrlC(Callback):
        def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
            if trainer.current_epoch == epoch and batch_idx == 2:
                os.kill(os.getpid(), signal.SIGINT)

    settings = {"epochs": 6, "batch_size": 32, "checkpoint_seconds": 3600.0}
    straight = train(
        sales, "price", "bmc", out=tmp_path / "straight", trainer={**CPU, "callbacks": []}, **settings
    )
    with pytest.raises(KeyboardInterrupt):
        train(
            sales, "price", "bmc", out=tmp_path / "cut", trainer={**CPU, "callbacks": [CtrlC()]}, **settings
        )
    told = capsys.readouterr().err
    assert "--resume goes on from here" in told
    assert list((tmp_path / "cut").rglob("last.ckpt"))
    assert ("the best model so far is in" in told) == (epoch > 0)
    if epoch:
        assert np.isfinite(evenreg.load_model(tmp_path / "cut/fit/best").predict(pd.read_csv(sales))).all()
    path = tmp_path / "cut/config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps(config | {"trainer": {**CPU, "callbacks": []}}))
    resumed = train(
        sales, "price", "bmc", out=tmp_path / "cut", resume=True, trainer={**CPU, "callbacks": []}, **settings
    )
    assert same(weights(resumed.folder), weights(straight.folder))
    assert str(resumed.evaluation.to_json()) == str(straight.evaluation.to_json())


def test_killed_runs_end_bit_identical():
    script = [sys.executable, str(ROOT / "benchmarks" / "resume.py"), "--runs", "2"]
    done = subprocess.run(script, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert done.stdout.startswith("2 of 2 runs, killed "), done.stderr


def test_two_processes_share_a_training(sales, tmp_path):
    command = ["train", "--data", str(sales), "--target", "price", "--method", "bmc", "--epochs", "2"]
    command += ["--out", str(tmp_path / "two"), "--trainer.devices", "2", "--trainer.accelerator", "cpu"]
    done = subprocess.run(
        [sys.executable, "-m", "evenreg", *command, "--batch-size", "32"],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Kept in") == 1
    assert (tmp_path / "two/DONE").exists()
    assert not (tmp_path / "two/fit").exists()


@pytest.mark.parametrize(
    ("settings", "error", "sentence"),
    [
        (
            {"data": None},
            InputError,
            "data: expected a CSV or Parquet file or 'digits-rotation', got none; add --data",
        ),
        ({"target": None}, InputError, "add --target with one of 'price', 'size', 'city'"),
        ({"target": "prise"}, UnknownNameError, "did you mean 'price'"),
        ({"method": None}, InputError, "method: expected what to train, got nothing; add --method"),
        ({"method": "sqinvv"}, UnknownNameError, "did you mean 'sqinv' or 'inv'"),
        ({"resume": True, "overwrite": True}, InputError, "expected one of resume and overwrite, got both"),
        ({"many": 3}, InputError, "expected both many and few"),
        (
            {"data": "digits-rotation", "target": None, "method": "hgb"},
            InputError,
            "hgb expects the columns of a table",
        ),
        ({"trainer": {"devics": 2}}, UnknownNameError, "did you mean 'devices'"),
        ({"data": 3}, InputError, "data: expected a CSV or Parquet file or a DataFrame, got int"),
    ],
)
def test_what_is_wrong_is_one_sentence_and_leaves_nothing(sales, tmp_path, settings, error, sentence):
    said = {"data": sales, "target": "price", "method": "vanilla", "epochs": 1} | settings
    with pytest.raises(error, match=sentence):
        train(**said, out=tmp_path / "r")
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ({"learning_rate": 1e10}, {}),
        ({"trainer": {**CPU, "max_time": "00:00:00:00"}}, {}),
        ({"trainer": {**CPU, "strategy": "foo"}}, {}),
    ],
)
def test_a_failed_start_does_not_lock_the_folder(sales, tmp_path, wrong, right):
    said = {"data": sales, "target": "price", "method": "vanilla", "epochs": 1, "out": tmp_path / "r"}
    with pytest.raises(EvenregError):
        train(**said | {"trainer": CPU} | wrong)
    assert not (tmp_path / "r").exists()
    assert train(**said | {"trainer": CPU} | right).folder == tmp_path / "r"


def test_log_needs_a_positive_target(tmp_path, frame):
    frame.assign(price=frame["price"] - 10).to_csv(tmp_path / "s.csv", index=False)
    with pytest.raises(InputError, match="method: log expects a target above 0, got a smallest value of -"):
        train(tmp_path / "s.csv", "price", "log", out=tmp_path / "r")


def test_a_folder_is_not_overwritten_and_another_run_not_resumed(sales, finished):
    said = {"data": sales, "target": "price", "method": "sqinv + lds", "epochs": 3, "trainer": CPU}
    with pytest.raises(RunFolderError, match="already holds a run; choose another --out, or pass --resume"):
        train(**said, out=finished.folder)
    with pytest.raises(RunFolderError, match=r"got another seed \(was 0, is 5\); use another --out"):
        train(**said, out=finished.folder, seed=5, resume=True)
    with pytest.raises(RunFolderError, match=r"got another learning_rate \(was None, is 0.1\)"):
        train(**said, out=finished.folder, learning_rate=0.1, resume=True)


def test_a_config_and_the_arguments_have_the_same_names():
    from dataclasses import fields

    from evenreg.cli._settings import Settings

    arguments = set(inspect.signature(train).parameters)
    # How a recipe trains is said in a config alone.
    of_recipes = {
        "optimizer",
        "momentum",
        "head_learning_rate",
        "schedule",
        "milestones",
        "second_stage",
        "units",
    }
    of_recipes |= {"select", "augmentation", "recipe_class"}
    assert {f.name for f in fields(Settings)} - arguments == of_recipes
