"""From three files of sentence pairs to the printed table, with each of the encoders, on generated pairs."""

import json

import numpy as np
import pandas as pd
import pytest

import evenreg
from evenreg.cli import main
from evenreg.errors import InputError, MissingFileError, UnknownNameError
from evenreg.training import PairSource, pair_inputs
from standins import sts_b_files
from tiny_encoders import tiny_encoder

BUDGET = {"epochs": 2, "seeds": 1}


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """A folder with a prepared stand-in of STS-B-DIR in ``data/sts-b-dir`` and a sentence encoder in ``tiny``."""
    folder = tmp_path_factory.mktemp("sentences")
    files = sts_b_files(folder / "raw", (160, 40, 40))
    evenreg.data.prepare_sentences(files, folder / "data/sts-b-dir", stand_in=True)
    tiny_encoder(folder / "tiny", num_hidden_layers=3)
    return folder


def run(here, encoder, rows, **options):
    given = {"encoder": encoder, "rows": rows, "data": here / "data/sts-b-dir", **BUDGET, **options}
    if encoder != "bilstm":
        given.setdefault("model", here / "tiny")
    return evenreg.benchmark("sts-b-dir", **given)


@pytest.fixture(scope="module")
def frozen(here):
    rows = "INV + LDS; ro(relevance=density); RRT; VANILLA + FDS + RANKSIM"
    return run(here, "frozen", rows, out=here / "frozen", seeds=2)


def test_rows_on_embeddings_that_stand_still(here, frozen):
    text = str(frozen)
    assert "sts-b-dir: 5 rows, 2 seeds; encoder: tiny, frozen; recipe: pretrained; 160 pairs to train" in text
    assert "Yang et al. 2021, Table 3" in text
    assert "Printed on RankSim's own split alone" in text
    assert "The papers' numbers are of BiLSTM + GloVe, ours of tiny, frozen: row by row they do not" in text
    assert len({tuple(seeds[0].tolist()) for seeds in frozen.predictions.values()}) == 5
    assert frozen.metrics[:2] == ("mse", "pearson")
    assert list((here / "data/sts-b-dir/embeddings").glob("*.npy"))
    assert evenreg.data.verify(here / "data/sts-b-dir").passed


def test_regions_count_training_rows_as_the_papers_do(here):
    pairs = evenreg.data.SentencePairs.open(here / "data/sts-b-dir")
    source = PairSource(pairs, pair_inputs("bilstm", {"hidden": 4, "dim": 5, "layers": 1}, pairs))
    assert source.counted.tolist() == pairs.rows("train").tolist()


def test_a_kept_model_predicts_pairs(here, frozen):
    pairs = evenreg.data.SentencePairs.open(here / "data/sts-b-dir")
    test = pairs.rows("test")
    frame = pd.DataFrame({"first": [pairs.first[i] for i in test], "second": [pairs.second[i] for i in test]})
    model = evenreg.load_model(here / "frozen/rows/INV+LDS/seed-1/model")
    np.testing.assert_allclose(model.predict(frame), frozen.predictions["INV + LDS"][1], rtol=1e-4, atol=1e-4)
    for wrong, told in (
        (frame[["first"]], "expected columns 'first' and 'second'"),
        (np.zeros(3), "a DataFrame"),
    ):
        with pytest.raises(InputError, match=told):
            model.predict(wrong)
    with pytest.raises(InputError, match="got one of sentences"):
        model.export(here / "model.pt2")


@pytest.mark.parametrize("encoder", ["finetuned", "bilstm"])
def test_rows_on_words(here, encoder, tmp_path, monkeypatch):
    if encoder == "bilstm":  # one of 1,500 units takes too long
        recipe = evenreg.cli._settings.read_config("sts-b-dir")
        recipe["variants"]["bilstm"]["encoder_arguments"] = {"hidden": 4, "dim": 5, "layers": 1}
        monkeypatch.setattr("evenreg.cli._benchmark_run.read_config", lambda name: recipe)
    result = run(here, encoder, "INV; SMOGN", out=tmp_path / "run")
    assert list(result.methods) == ["VANILLA", "INV"]
    assert "SMOGN is left out: " in str(result)
    assert "got token ids, between which nothing lies" in str(result).replace("\n", " ")
    pairs = evenreg.data.SentencePairs.open(here / "data/sts-b-dir")
    test = pairs.rows("test")
    frame = pd.DataFrame({"first": [pairs.first[i] for i in test], "second": [pairs.second[i] for i in test]})
    model = evenreg.load_model(tmp_path / "run/rows/INV/seed-0/model")
    np.testing.assert_allclose(model.predict(frame), result.predictions["INV"][0], rtol=1e-4, atol=1e-4)


def test_an_encoder_that_has_seen_the_test_rows_is_flagged(here, tmp_path):
    seen = tiny_encoder(tmp_path / "stsb-tiny", num_hidden_layers=3)
    result = run(here, "frozen", "vanilla", model=seen, out=tmp_path / "run", epochs=1)
    assert "stsb-tiny, frozen was trained on STS-B" in str(result)


def test_compare_and_train_take_the_folder(here, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    folder, model = str(here / "data/sts-b-dir"), f"model: {here / 'tiny'}"
    words = ["compare", folder, "--methods", "sqinv; smogn(relevance=density)", "--encoder-arguments", model]
    assert main([*words, "--seeds", "1", "--epochs", "1", "--jobs", "1", "--quiet", "--out", "c"]) == 0
    out = capsys.readouterr().out
    assert "Networks: tiny, frozen, Adam, cost l1, stopped and selected on validation MSE." in out
    config = tmp_path / "my.yaml"
    config.write_text(json.dumps({"data": folder, "encoder_arguments": {"model": str(here / "tiny")}}))
    train = [
        "train",
        "--config",
        "my.yaml",
        "--method",
        "sqinv",
        "--encoder",
        "frozen",
        "--epochs",
        "1",
        "--quiet",
    ]
    assert main([*train, "--out", "t"]) == 0
    assert "similarity (0 to 5)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("encoder", "options", "error", "told"),
    [
        ("frozn", {}, UnknownNameError, "did you mean 'frozen'"),
        ("frozen", {"model": "nowhere/to-be-had"}, MissingFileError, "not to be had from the hub"),
        ("frozen", {"glove": "g.txt"}, UnknownNameError, "glove"),
        ("bilstm", {"model": "m"}, UnknownNameError, "model"),
        ("bilstm", {"glove": "nowhere.txt"}, MissingFileError, "nowhere.txt"),
    ],
)
def test_what_cannot_be_had_is_told_and_leaves_no_folder(
    here, tmp_path, monkeypatch, encoder, options, error, told
):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(error, match=told):
        run(here, encoder, "vanilla", out=tmp_path / "run", **options)
    assert not (tmp_path / "run").exists()
