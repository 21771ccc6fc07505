"""From image files and a list of them to the printed tables: the benchmark of ages, and a person's own images."""

import csv
import json
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

import evenreg
from evenreg.cli import main
from evenreg.errors import InputError, RunFolderError, UnknownNameError
from standins import face_files, image_list

EPOCHS, ROWS = 2, "SQINV + LDS; RRT"


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """A folder with a prepared stand-in of AgeDB-DIR in ``data/agedb-dir``."""
    folder = tmp_path_factory.mktemp("benchmark")
    images, splits = face_files(folder / "raw", 120)
    evenreg.data.prepare_images(
        "agedb-dir", images, splits, folder / "data/agedb-dir", side=32, stand_in=True
    )
    return folder


def run(here, **options):
    given = {
        "rows": ROWS,
        "encoder": "small-cnn",
        "epochs": EPOCHS,
        "seeds": 2,
        "data": here / "data/agedb-dir",
    }
    return evenreg.benchmark("agedb-dir", **{**given, **options})


@pytest.fixture(scope="module")
def found(here):
    return run(here, out=here / "run")


def test_the_rows_asked_for_and_vanilla_stand_beside_the_papers_numbers(found):
    assert list(found.methods) == ["VANILLA", "SQINV + LDS", "RRT"]
    text = str(found)
    assert "agedb-dir: 3 rows, 2 seeds; encoder: SmallCNN; recipe: light; 72 images to train" in text
    row = text[text.index("\nSQINV + LDS ") :].split("\n")
    assert row[2].split()[:8] == ["Yang", "et", "al.", "2021,", "Table", "2", "7.67", row[2].split()[7]]
    assert "Chosen on validation: " in text
    assert "Not the papers' test rows: 24, the papers' are 2,140." in text
    assert "\nTrained for 2 epochs at most, the recipe says 90.\n" in text
    assert "\nImages of 32 pixels a side, the papers' have 224.\n" in text
    assert "fair comparison" not in text
    assert max(map(len, text.splitlines())) <= 100


def test_files_hold_what_was_printed_and_every_model_predicts(here, found):
    assert (here / "run/report.txt").read_text().rstrip() == str(found).rstrip()
    numbers = json.loads((here / "run/result.json").read_text())
    assert numbers["benchmark"] == "agedb-dir"
    assert (here / "run/DONE").exists()
    cache = evenreg.data.ImageCache.open(here / "data/agedb-dir")
    test = cache.rows("test")
    for row, folder in {"VANILLA": "VANILLA", "RRT": "RRT"}.items():
        model = evenreg.load_model(here / f"run/rows/{folder}/seed-1/model")
        np.testing.assert_allclose(
            model.predict(np.asarray(cache.images[test])), found.predictions[row][1], rtol=1e-5
        )


def test_a_finished_run_is_read_and_other_settings_are_refused(here, found):
    again = run(here, out=here / "run", resume=True)
    assert again.to_dict()["rows"] == found.to_dict()["rows"]
    with pytest.raises(RunFolderError, match="already holds a run"):
        run(here, out=here / "run")
    with pytest.raises(RunFolderError, match="expected the settings of the run there"):
        run(here, out=here / "run", resume=True, epochs=3)


def test_settings_of_the_recipe_reach_training(here, found, tmp_path):
    """A row's own method, a variant and a sweep train something else; the same again trains the same."""
    same = run(here, rows="SQINV + LDS", out=tmp_path / "same")
    assert np.array_equal(same.predictions["SQINV + LDS"], found.predictions["SQINV + LDS"])
    assert not np.array_equal(found.predictions["VANILLA"], found.predictions["SQINV + LDS"])
    heavy = run(here, rows="vanilla", recipe="heavy", out=tmp_path / "heavy")
    assert heavy.recipe == "heavy"
    assert "The papers' numbers are of light augmentation, ours of heavy: no fair comparison" in str(heavy)
    assert not np.array_equal(heavy.predictions["VANILLA"], found.predictions["VANILLA"])
    sweep = run(here, rows=None, sweep="batch-size", seeds=1, epochs=1, out=tmp_path / "sweep")
    told = [name for name in sweep.methods if name != "VANILLA"]
    assert len(told) > 1
    assert all("batch size" in name for name in told)
    small, *_, large = (sweep.predictions[name][0] for name in told)
    assert not np.array_equal(small, large)  # 72 rows are two batches of 64, and one of 256


def test_an_encoder_of_ones_own(here, tmp_path, monkeypatch):
    (tmp_path / "own.py").write_text(
        "import torch\n"
        "class Means(torch.nn.Module):\n"
        "    def __init__(self, width=4):\n"
        "        super().__init__()\n"
        "        self.layer = torch.nn.Linear(3, width)\n"
        "    def forward(self, images):\n"
        "        return self.layer(images.mean((2, 3)))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    result = run(here, rows="vanilla", encoder="own.Means", seeds=1, out=tmp_path / "run")
    assert "encoder: own.Means" in str(result)
    with pytest.raises(UnknownNameError, match="Meens"):
        run(here, rows="vanilla", encoder="own.Meens", seeds=1, out=tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_another_test_set_of_the_papers(here, found, tmp_path, monkeypatch):
    def fewer(y, split, variant, *, bins):
        assert variant == "skewed-test"
        return np.where((split == "test") & (y > 40), "", split)

    monkeypatch.setattr(evenreg.data, "benchmark_rows", fewer)  # a stand-in is too small for the real ones
    result = run(here, rows="vanilla", seeds=1, epochs=1, subset="skewed-test", out=tmp_path / "run")
    assert result.subset == "skewed-test"
    assert result.target.tolist() == found.target[found.target <= 40].tolist()
    assert "no paper on this split" in str(result)
    assert "another draw" not in str(result)
    assert "Trained for 1 epoch at most" in str(result)


@pytest.mark.parametrize(
    ("options", "error", "told"),
    [
        ({"rows": "SQINVV"}, UnknownNameError, "sqinv"),
        ({"rows": " "}, InputError, "expected 'all' or at least one row"),
        ({"recipe": "hevy"}, UnknownNameError, "did you mean 'heavy'"),
        ({"sweep": "grups", "rows": None}, UnknownNameError, "did you mean 'groups'"),
        ({"sweep": "groups"}, InputError, "expected one of rows and sweep"),
        ({"data": "nowhere"}, InputError, "made, got nowhere, which is none"),
        ({"subset": "5-peaks"}, UnknownNameError, "4-peaks"),
        ({"seeds": 0}, InputError, "seeds"),
        ({"resume": True, "overwrite": True}, InputError, "expected one of resume and overwrite"),
        ({"jobs": 2, "devices": 2}, InputError, "expected one of jobs and devices"),
        ({"precision": "half"}, UnknownNameError, "precision"),
        ({"rows": "SQINV; smoter"}, InputError, "method: smoter "),
        ({"rows": "hgb"}, InputError, "hgb expects the columns of a table, got images; leave hgb out"),
    ],
)
def test_what_cannot_be_had_is_told_and_leaves_no_folder(here, tmp_path, options, error, told):
    with pytest.raises(error, match=told):
        run(here, out=tmp_path / "run", **options)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(("gpu", "jobs"), [(False, 3), (True, 1)])
def test_one_device_unless_said_otherwise_and_one_training_at_a_time_on_a_gpu(
    here, tmp_path, monkeypatch, gpu, jobs
):
    """Lightning would take every GPU there is, and every core would start a training on the same one."""
    from evenreg.cli import _compare_cells, _processes

    asked = {}

    def instead(*args, **options):
        asked.update(options)
        raise KeyboardInterrupt

    monkeypatch.setattr(_compare_cells, "train_rows", instead)
    monkeypatch.setattr(_processes, "cores", lambda: 3)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    with pytest.raises(KeyboardInterrupt):
        run(here, out=tmp_path / "run", jobs=None)
    assert (asked["budget"].trainer["devices"], asked["jobs"]) == (1, jobs)


def test_a_folder_of_another_benchmark_is_refused(here, tmp_path):
    with pytest.raises(InputError, match="expected a folder of imdb-wiki-dir, got one of agedb-dir"):
        evenreg.benchmark("imdb-wiki-dir", data=here / "data/agedb-dir", out=tmp_path / "run")


@pytest.fixture(scope="module")
def listed(tmp_path_factory):
    """120 grey images whose brightness is the label, from -5 to 5, and a list without a split."""
    folder, rng = tmp_path_factory.mktemp("own"), np.random.default_rng(0)
    y = np.clip(rng.normal(-1, 2, 120), -5, 5).round(2)
    lines = [["path", "depth"]]
    for i, depth in enumerate(y.tolist()):
        grey = int(128 + 24 * depth)
        Image.new("RGB", (20, 24), (grey, grey, grey)).save(folder / f"{i}.png")
        lines.append([f"{i}.png", depth])
    with (folder / "list.csv").open("w", newline="") as file:
        csv.writer(file).writerows(lines)
    return folder


class TestOwnImages:
    def options(self, listed):
        return [
            "--images",
            str(listed / "list.csv"),
            "--target",
            "depth",
            "--side",
            "24",
            "--encoder",
            "small-cnn",
        ]

    def test_from_a_list_to_a_table(self, listed, tmp_path, monkeypatch, capsys):
        monkeypatch.chdir(tmp_path)
        listed = shutil.copytree(listed, tmp_path / "faces")
        words = [
            "compare",
            *self.options(listed),
            "--methods",
            "sqinv",
            "--seeds",
            "1",
            "--epochs",
            "2",
            "--jobs",
            "1",
        ]
        assert main([*words, "--quiet"]) == 0
        out = capsys.readouterr().out
        assert "depth: 120 rows" in out
        assert "Networks: SmallCNN, Adam, cost l1" in out
        assert (tmp_path / "data/list/manifest.json").is_file()
        assert (tmp_path / "runs/list/best/model.json").is_file()
        still = [*words, "--augmentation", "none", "--quiet", "--out", "runs/still"]
        assert main(still) == 0
        assert capsys.readouterr().out.split("\n\n")[2] != out.split("\n\n")[2]  # mirror images act
        # A second time nothing is decoded; the folder alone is data as well.
        for image in listed.glob("*.png"):
            image.unlink()
        words[1:3] = [str(tmp_path / "data/list")]
        words = [w for w in words if w not in ("--target", "depth", "--side", "24")]
        assert main([*words, "--quiet", "--out", "runs/again"]) == 0
        assert capsys.readouterr().out.split("\n\n")[2] == out.split("\n\n")[2]
        model = evenreg.load_model(tmp_path / "runs/list/best")
        pixels = np.zeros((2, 24, 24, 3), np.uint8)
        floats = np.zeros((2, 3, 24, 24), np.float32)
        np.testing.assert_allclose(model.predict(pixels), model.predict(floats), rtol=1e-6)
        model.export(tmp_path / "model.pt2")
        exported = torch.export.load(tmp_path / "model.pt2").module()
        np.testing.assert_allclose(
            exported(torch.from_numpy(floats))[:, 0].detach(), model.predict(floats), rtol=1e-5
        )

    def test_images_that_were_left_out_are_told(self, tmp_path):
        table = image_list(tmp_path, split=False)
        table.write_text(table.read_text() + "pictures/none.png,1.5\n")
        result = evenreg.compare(
            images=table, target="depth", methods="vanilla", cache=tmp_path / "cache", side=16, skip_missing=True,
            encoder="small-cnn", seeds=1, epochs=1, out=tmp_path / "run",
        )  # fmt: skip
        assert "Images left out, as no file was there: 1 of 41 (the first is pictures/none.png)." in str(
            result
        )

    @pytest.mark.parametrize(
        ("options", "told"),
        [
            (
                {"target": None},
                "expected the column of .*list.csv to predict, got none; add --target with one of 'path'",
            ),
            ({"data": "x.csv"}, "expected one of data and images"),
            ({"data": pd.DataFrame({"a": [1]})}, "expected one of data and images, got DataFrame and"),
            (
                {"images": None},
                "cache: expected none without a list of images, got one; add images, or leave",
            ),
            ({"methods": "hgb"}, "hgb expects the columns of a table, got images"),
            ({"methods": "smogn"}, "between whose pixels"),
            ({"encoder": "resnet60"}, "resnet60"),
            ({"augmentation": "hevy"}, "did you mean 'heavy'"),
        ],
    )
    def test_what_cannot_be_had_is_told(self, listed, tmp_path, options, told):
        given = {
            "images": listed / "list.csv",
            "target": "depth",
            "side": 24,
            "cache": tmp_path / "cache",
            "seeds": 1,
        }
        with pytest.raises(InputError, match=told):
            evenreg.compare(**{**given, "out": tmp_path / "run", **options})
        assert not (tmp_path / "run").exists()

    def test_a_typing_error_is_told_before_images_are_decoded(self, listed, tmp_path):
        for wrong in ({"methods": "vanlla"}, {"reference": "vanlla"}):
            with pytest.raises(UnknownNameError, match="did you mean 'vanilla'"):
                evenreg.compare(images=listed / "list.csv", target="depth", cache=tmp_path / "cache", **wrong)
            assert not (tmp_path / "cache").exists()


def test_one_row_is_trained_by_itself_and_its_run_goes_on(here, tmp_path):
    given = {"method": "sqinv", "encoder": "small-cnn", "epochs": 1, "out": tmp_path / "run"}
    found = evenreg.train(here / "data/agedb-dir", **given)
    assert "regions count the 72 rows of training many" in " ".join(str(found).replace("All", "many").split())
    with pytest.raises(InputError, match=r"drop_missing: .* has a label in every row, so it has no effect"):
        evenreg.train(here / "data/agedb-dir", **given, drop_missing=True)
    again = evenreg.train(here / "data/agedb-dir", **given, resume=True)
    assert str(again) == str(found)


def test_a_folder_is_given_back_where_sentences_cannot_be_embedded(here, tmp_path, monkeypatch):
    from evenreg.training import CachedImageSource

    def fail(self, tell):
        raise ValueError("no room")

    monkeypatch.setattr(CachedImageSource, "make_ready", fail)
    with pytest.raises(ValueError, match="no room"):
        run(here, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_two_processes_and_half_precision(here, tmp_path):
    """The first process alone writes and prints; both are done before the table is."""
    words = [
        "benchmark",
        "agedb-dir",
        "--data",
        str(here / "data/agedb-dir"),
        "--encoder",
        "small-cnn",
        "--rows",
    ]
    words += ["SQINV + LDS + FDS + RankSim", "--epochs", "2", "--seeds", "1", "--out", str(tmp_path / "run")]
    words += ["--devices", "2", "--precision", "bf16-mixed", "--json", str(tmp_path / "found.json")]
    done = subprocess.run(
        [sys.executable, "-m", "evenreg", *words], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("agedb-dir: 2 rows, 1 seed") == 1
    assert done.stderr.count("SQINV + LDS + FDS + RANKSIM  val b-MAE") == 1
    assert json.loads((tmp_path / "found.json").read_text())["benchmark"] == "agedb-dir"
    assert (tmp_path / "run/DONE").exists()
    assert evenreg.load_model(tmp_path / "run/rows/SQINV+LDS+FDS+RANKSIM/seed-0/model").about["seed"] == 0
