"""`evenreg compare` as a person uses it: the report, the folder, a cut, and every wrong call."""

import inspect
import json
import os
import signal

import numpy as np
import pandas as pd
import pytest

import evenreg
from evenreg.cli import _compare, _trainer, main
from evenreg.cli._compare_rows import rows_for
from evenreg.cli._parser import Parser
from evenreg.errors import InputError

SMALL = ["--methods", "vanilla; sqinv; bmc", "--seeds", "2", "--epochs", "2", "--quiet", "--jobs", "1"]


@pytest.fixture(scope="module")
def sales(tmp_path_factory):
    rng = np.random.default_rng(0)
    size = rng.gamma(1.5, 2.0, 200)
    frame = pd.DataFrame(
        {
            "price": np.round(5 * size + rng.normal(0, 1, 200), 2),
            "size": size,
            "city": rng.choice(["Ulm", "Bonn"], 200),
        }
    )
    path = tmp_path_factory.mktemp("data") / "sales.csv"
    frame.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def finished(sales, tmp_path_factory):
    """One run through the command line, its exit code, and its folder."""
    folder = tmp_path_factory.mktemp("runs") / "sales"
    return main(["compare", str(sales), "--target", "price", "--out", str(folder), *SMALL]), folder


def numbers(folder):
    """A run's results without what depends on the clock."""
    result = json.loads((folder / "result.json").read_text())
    for row in result["rows"].values():
        del row["seconds"]
    return result


class TestFinishedRun:
    def test_the_folder_holds_everything(self, finished):
        code, folder = finished
        assert code == 0
        names = {
            "DONE",
            "best",
            "config.json",
            "predictions.csv",
            "result.json",
            "rows",
            "table.md",
            "table.tex",
        }
        assert {p.name for p in folder.iterdir()} == names
        config = json.loads((folder / "config.json").read_text())
        assert config["rows"] == ["vanilla", "sqinv", "bmc", "vanilla(mse)", "hgb", "hgb + sqinv + lds"]
        assert config["versions"]["torch"].startswith("2.")
        assert not list(folder.rglob("*.ckpt")), "checkpoints of finished cells only fill the disk"

    def test_the_chosen_row_has_the_lowest_validation_error_and_is_kept(self, finished, sales):
        _, folder = finished
        result = numbers(folder)
        means = {row: np.mean(facts["val_bmae"]) for row, facts in result["rows"].items()}
        assert result["chosen"] == min(means, key=means.get)
        model = evenreg.load_model(folder / "best")
        assert model.about["method"] == result["chosen"]
        frame = pd.read_csv(sales)
        kept = pd.read_csv(folder / "predictions.csv")
        column = f"{result['chosen']} (seed {model.about['seed']})"
        np.testing.assert_allclose(model.predict(frame)[kept["row"] - 2], kept[column], rtol=1e-4)

    def test_predictions_name_the_rows_of_the_file(self, finished, sales):
        kept, frame = pd.read_csv(finished[1] / "predictions.csv"), pd.read_csv(sales)
        np.testing.assert_allclose(frame["price"].iloc[kept["row"] - 2], kept["price"])

    @pytest.mark.parametrize("name", ["row", "region", "hgb (seed 0)"])
    def test_predictions_of_a_target_with_the_name_of_another_column(self, name, sales, tmp_path):
        frame = pd.read_csv(sales).rename(columns={"price": name})
        frame.to_csv(tmp_path / "named.csv", index=False)
        run = evenreg.compare(
            tmp_path / "named.csv", name, "vanilla", seeds=1, epochs=1, out=tmp_path / "run"
        )
        kept = pd.read_csv(tmp_path / "run" / "predictions.csv")
        assert len(kept.columns) == 3 + len(run.evaluations)
        row = kept["row_" if name == "row" else "row"]
        np.testing.assert_allclose(frame[name].iloc[row - 2], kept[name])

    def test_tables_hold_all_rows_and_regions(self, finished):
        _, folder = finished
        markdown = (folder / "table.md").read_text()
        for word in (
            "vanilla",
            "sqinv",
            "bmc",
            "vanilla(mse)",
            "hgb + sqinv + lds",
            "All",
            "Many",
            "Medium",
            "Few",
            "Own",
        ):
            assert word in markdown
        assert r"\toprule" in (folder / "table.tex").read_text()

    def test_a_second_run_is_refused_and_nothing_is_touched(self, finished, sales, capsys):
        _, folder = finished
        before = {p: p.stat().st_mtime_ns for p in folder.rglob("*")}
        assert main(["compare", str(sales), "--target", "price", "--out", str(folder), *SMALL]) == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert "already holds a run; choose another --out, or pass --resume or --overwrite" in said.err
        assert before == {p: p.stat().st_mtime_ns for p in folder.rglob("*")}

    def test_resuming_a_finished_run_gives_the_same_report(self, finished, sales, capsys):
        _, folder = finished
        before = numbers(folder)
        assert (
            main(["compare", str(sales), "--target", "price", "--out", str(folder), *SMALL, "--resume"]) == 0
        )
        assert numbers(folder) == before
        assert "Chosen on validation" in capsys.readouterr().out

    def test_resuming_with_other_settings_tells_which(self, finished, sales, capsys):
        words = [
            "compare",
            str(sales),
            "--target",
            "price",
            "--out",
            str(finished[1]),
            *SMALL,
            "--resume",
            "--patience",
            "3",
        ]
        assert main(words) == 2
        assert "patience (was 16, is 3)" in capsys.readouterr().err


def test_a_run_that_was_cut_goes_on_with_identical_results(finished, sales, tmp_path, monkeypatch, capsys):
    train, calls = _trainer.train_cell, []

    def cut(*args, **kwargs):
        calls.append(args)
        if len(calls) == 5:
            os.kill(os.getpid(), signal.SIGINT)
        return train(*args, **kwargs)

    monkeypatch.setattr(_trainer, "train_cell", cut)
    words = ["compare", str(sales), "--target", "price", "--out", str(tmp_path / "cut"), *SMALL]
    assert main(words) == 130
    assert "--resume goes on from there" in capsys.readouterr().err
    assert not (tmp_path / "cut" / "DONE").exists()
    assert main([*words, "--resume"]) == 0
    assert len(calls) == 5 + 12 - 4
    assert numbers(tmp_path / "cut") == numbers(finished[1])


def test_two_processes_give_the_numbers_of_one(finished, sales, tmp_path):
    words = ["compare", str(sales), "--target", "price", "--out", str(tmp_path / "two"), *SMALL]
    assert main([*words[:-2], "--jobs", "2"]) == 0
    assert numbers(tmp_path / "two") == numbers(finished[1])


def test_a_row_that_diverges_is_left_out_and_told(sales, tmp_path, monkeypatch):
    train = _trainer.train_cell

    def diverge(method, *args, **kwargs):
        if str(method) == "sqinv":
            raise evenreg.errors.TrainingError("training diverged.")
        return train(method, *args, **kwargs)

    monkeypatch.setattr(_trainer, "train_cell", diverge)
    result = evenreg.compare(sales, "price", "sqinv; hgb", seeds=2, epochs=1, out=tmp_path / "run")
    assert "sqinv" not in result.evaluations
    assert "sqinv is left out: training diverged." in str(result)


def test_the_command_leaves_budgets_to_the_data_as_the_function_does():
    parser = Parser()
    _compare.add_arguments(parser)
    given, signature = vars(parser.parse_args([])), inspect.signature(evenreg.compare).parameters
    own = {"jobs", "quiet"}  # a command uses all cores and says so
    assert given["jobs"] is None
    assert {k: v for k, v in given.items() if k not in own} == {
        k: v.default for k, v in signature.items() if k not in own
    }


class TestRows:
    Y = np.array([1.0, 1.0, 1.0, 1.0, 9.0])

    def test_vanilla_is_always_first(self):
        assert rows_for("sqinv; vanilla", trees=False, y=-self.Y) == ["vanilla", "sqinv"]

    def test_trees_on_tables_squared_error_beside_balanced_and_log_where_skewed(self):
        assert rows_for("bmc", trees=True, y=self.Y) == [
            "vanilla",
            "bmc",
            "vanilla(mse)",
            "log",
            "hgb",
            "hgb + sqinv + lds",
        ]
        assert "log" not in rows_for("sqinv", trees=True, y=np.arange(1.0, 9.0))
        assert "vanilla(mse)" not in rows_for("bmc", cost="mse", trees=True, y=self.Y)

    def test_one_training_a_method_however_it_is_written(self):
        spelled = "mse; vanilla(mse); log; log + vanilla; hgb + mse; sqinv + l1; sqinv"
        once = ["vanilla", "vanilla(mse)", "log", "hgb", "sqinv", "hgb + sqinv + lds"]
        assert rows_for(spelled, trees=True, y=self.Y) == once
        assert rows_for("l1; vanilla(l1); SQINV+LDS; lds(size=5)+sqinv", trees=False, y=-self.Y) == [
            "vanilla",
            "sqinv + lds",
        ]

    def test_groups_that_differ_in_what_their_labels_have_no_use_for_are_one_row(self):
        spelled = (
            "group(3, target=ce); group(3, target=ce, beta=2); group(3, target=la, beta=9); group(3, beta=2)"
        )
        assert rows_for(spelled, trees=False, y=-self.Y) == [
            "vanilla",
            "group(n=3, target=ce)",
            "group(n=3, target=la)",
            "group(n=3, beta=2)",
        ]

    @pytest.mark.parametrize(
        ("methods", "y", "sentence"),
        [
            (" ; ", Y, "methods: expected at least one method, got ' ; '"),
            ("hgb", Y, "methods: hgb expects the columns of a table, got images"),
            ("log", -Y, "methods: log expects a target above 0, got a smallest value of -9"),
        ],
    )
    def test_sentences(self, methods, y, sentence):
        with pytest.raises(InputError) as caught:
            rows_for(methods, trees=False, y=y)
        assert sentence in str(caught.value)


@pytest.fixture
def wrong(sales, tmp_path):
    """Files with one thing wrong each."""
    frame = pd.read_csv(sales)
    files = {
        "empty": "",
        "header": "price,size\n",
        "text": frame.astype({"price": object})
        .assign(price=lambda f: f["price"].where(f.index != 3, "n/a?"))
        .to_csv(index=False),
        "gap": frame.assign(price=frame["price"].where(frame.index != 3)).to_csv(index=False),
        "infinite": frame.assign(price=frame["price"].where(frame.index != 3, np.inf)).to_csv(index=False),
        "constant": frame.assign(price=7).to_csv(index=False),
        "few": frame.head(30).to_csv(index=False),
        "twice": frame.to_csv(index=False).replace("size", "city", 1),
        "alone": frame[["price"]].to_csv(index=False),
    }
    for name, text in files.items():
        (tmp_path / f"{name}.csv").write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nowhere.csv", "--target", "price"], "nowhere.csv"),
        (["empty.csv", "--target", "price"], "empty"),
        (["header.csv", "--target", "price"], "header"),
        (["SALES", "--target", "pirce"], "did you mean 'price'?"),
        (["SALES"], "add --target with one of 'price', 'size', 'city'."),
        (["digit-rotation"], "did you mean 'digits-rotation'?"),
        (["text.csv", "--target", "price"], "row 5"),
        (["gap.csv", "--target", "price"], "--drop-missing"),
        (["infinite.csv", "--target", "price"], "row 5"),
        (["constant.csv", "--target", "price"], "constant target"),
        (["few.csv", "--target", "price"], "at least 60 rows"),
        (["twice.csv", "--target", "price"], "'city'"),
        (["alone.csv", "--target", "price"], "columns to predict 'price' from"),
        (["SALES", "--target", "price", "--methods", "sqniv"], "did you mean 'sqinv'?"),
        (["SALES", "--target", "price", "--methods", "lds(sise=3)"], "did you mean 'size'?"),
        (["SALES", "--target", "price", "--seed", "3"], "did you mean '--seeds'"),
        (
            ["SALES", "--target", "price", "--seeds", "0"],
            "seeds: expected a whole number of at least 1, got 0",
        ),
        (["SALES", "--target", "price", "--seeds", "many"], "expected a whole number"),
        (["SALES", "--target", "price", "--cost", "l2"], "no cost named 'l2'"),
        (["SALES", "--target", "price", "--many", "100"], "expected both many and few"),
        (["SALES", "--target", "price", "--resume", "--overwrite"], "expected one of resume and overwrite"),
        (["SALES", "--target", "price", "--bin-width", "-1"], "-1"),
        (["SALES", "--target", "price", "--split", "city"], "split column 'city'"),
        (["digits-rotation", "--target", "angle"], "digits-rotation has its own"),
        (["SALES", "--target", "city"], "city"),
    ],
)
def test_one_sentence_for_each_wrong_call_and_nothing_written(
    wrong, sales, words, sentence, capsys, monkeypatch
):
    monkeypatch.chdir(wrong)
    there = set(wrong.rglob("*"))
    assert main(["compare", *(str(sales) if word == "SALES" else word for word in words)]) == 2
    said = capsys.readouterr()
    assert sentence in said.err
    assert said.err.startswith("evenreg: ")
    assert said.err.count("\n") == 1
    assert said.out == ""
    assert set(wrong.rglob("*")) == there


def test_missing_targets_can_be_left_out(wrong, capsys):
    words = [
        "compare",
        str(wrong / "gap.csv"),
        "--target",
        "price",
        "--methods",
        "hgb",
        "--seeds",
        "1",
        "--epochs",
        "1",
    ]
    assert main([*words, "--drop-missing", "--out", str(wrong / "run")]) == 0
    said = capsys.readouterr()
    assert "price: 199 rows" in said.out
    assert "[3/3] seed 0  hgb + sqinv + lds" in said.err
    assert "one seed" in said.out
