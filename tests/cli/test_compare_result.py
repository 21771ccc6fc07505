"""A comparison from Python: a DataFrame in, tables, the trained model and a page for notebooks out."""

import gc
import inspect
import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import evenreg
from evenreg.cli import _trainer, main
from evenreg.cli._compare_rows import rows_for
from evenreg.errors import InputError, TrainingError, UnknownNameError
from evenreg.evaluation import Comparison, ResultTable
from evenreg.evaluation._result_table import METRIC_NAMES


@pytest.fixture(scope="module")
def sales():
    rng = np.random.default_rng(0)
    size = rng.gamma(1.5, 2.0, 200)
    return pd.DataFrame(
        {
            "price": np.round(5 * size + rng.normal(0, 1, 200), 2),
            "size": size,
            "city": rng.choice(["Ulm", "Bonn"], 200),
        }
    )


@pytest.fixture(scope="module")
def result(sales, tmp_path_factory):
    """A comparison of a DataFrame, run in an empty folder."""
    folder = tmp_path_factory.mktemp("empty")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        found = evenreg.compare(sales, "price", ["vanilla", "sqinv+lds"], seeds=2, epochs=2)
    assert list(folder.iterdir()) == []
    return found


def test_the_rows_are_those_of_the_text(result):
    assert list(result.evaluations) == ["vanilla", "sqinv + lds", "hgb", "hgb + sqinv + lds"]


def test_tables_of_every_metric(result):
    for metric, title in METRIC_NAMES.items():
        table = result.table(metric)
        assert isinstance(table, ResultTable)
        assert table.title.startswith(f"{title} of price")
        assert [row.name for row in table.rows] == list(result.evaluations)
    mae = [evaluation["few"]["mae"] for evaluation in result.evaluations["hgb"]]
    few = next(row for row in result.table().rows if row.name == "hgb").cells[3]
    assert (few.mean, few.spread) == pytest.approx((np.mean(mae), np.std(mae, ddof=1)))
    assert "Nothing is marked: only the MAE is tested." in result.table("rmse").notes
    with pytest.raises(UnknownNameError, match="no metric named 'rsme'; did you mean"):
        result.table("rsme")


def test_a_table_as_a_frame(result):
    table, frame = result.table(), result.table().to_frame()
    assert frame["mean"].index.tolist() == [row.name for row in table.rows]
    assert frame["mean"].columns.tolist() == frame["sd"].columns.tolist() == list(table.columns)
    for row in table.rows:
        for name, cell in zip(table.columns, row.cells, strict=True):
            expected = [np.nan if v is None else v for v in (cell.mean, cell.spread)]
            np.testing.assert_equal(
                [frame["mean"].loc[row.name, name], frame["sd"].loc[row.name, name]], expected
            )


def test_best_is_the_chosen_model_loaded_once(result, sales):
    means = {row: np.mean(values) for row, values in result.val_bmae.items()}
    assert result.chosen == min(means, key=means.get)
    assert result.best is result.best
    assert result.best.about["method"] == result.chosen
    seed = result.best.about["seed"]
    assert result.val_bmae[result.chosen][seed] == min(result.val_bmae[result.chosen])
    column = result.predictions[f"{result.chosen} (seed {seed})"]
    again = result.best.predict(sales)[np.asarray(result.predictions["row"])]
    np.testing.assert_allclose(again, column, rtol=1e-4)


def test_the_folder_lives_as_long_as_the_result(sales):
    found = evenreg.compare(sales, "price", "vanilla", seeds=1, epochs=1)
    folder = found.folder
    assert (folder / "best").is_dir()
    assert "Kept as long as this result: .best is the trained" in str(found)
    del found
    gc.collect()
    assert not folder.exists()


def test_a_run_that_fails_leaves_no_folder(sales, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def diverge(*args, **kwargs):
        raise TrainingError("training diverged.")

    monkeypatch.setattr(_trainer, "train_cell", diverge)
    with pytest.raises(TrainingError):
        evenreg.compare(sales, "price", "vanilla", seeds=1, epochs=1)
    assert list(tmp_path.glob("evenreg-*")) == []


def test_a_frame_and_its_file_give_one_result(result, sales, tmp_path):
    sales.to_csv(tmp_path / "sales.csv", index=False)
    found = evenreg.compare(
        tmp_path / "sales.csv", "price", "vanilla; sqinv + lds", seeds=2, epochs=2, out=tmp_path / "run"
    )
    pd.testing.assert_frame_equal(found.table().to_frame(), result.table().to_frame())
    assert f"Kept in {tmp_path / 'run'}: best" in str(found)


class TestNotebook:
    def test_table_figure_and_sentences(self, result):
        pytest.importorskip("matplotlib")
        text = result._repr_html_()
        assert result.heading in text
        assert result.table()._repr_html_() in text
        assert text.count('<img src="data:image/png;base64,') == 1
        for sentence in (*result.sentences, result.kept):
            assert sentence.replace(">", "&gt;") in text
        assert "<script" not in text

    def test_the_figure_stays_out_of_pyplot(self, result):
        pyplot = pytest.importorskip("matplotlib.pyplot")
        before = pyplot.get_fignums()
        result._repr_html_()
        assert pyplot.get_fignums() == before

    def test_one_row_has_no_figure(self, result):
        text = replace(result, comparison=Comparison("vanilla", 2, (), None))._repr_html_()
        assert "<img" not in text
        assert "<table" in text

    def test_names_are_escaped(self, sales):
        frame = sales.rename(columns={"price": "<price>"})
        found = evenreg.compare(frame, "<price>", "vanilla", seeds=1, epochs=1)
        assert "<price>" not in found._repr_html_()
        assert "&lt;price&gt;" in found._repr_html_()


class TestReference:
    def test_marks_and_sentences_name_it(self, sales, tmp_path, capsys):
        sales.to_csv(tmp_path / "sales.csv", index=False)
        words = [
            "compare",
            str(tmp_path / "sales.csv"),
            "--target",
            "price",
            "--methods",
            "sqinv",
            "--seeds",
            "2",
        ]
        words += ["--epochs", "1", "--jobs", "1", "--quiet", "--out", str(tmp_path / "run"), "--reference"]
        assert main([*words, "HGB"]) == 0
        out = capsys.readouterr().out
        body = " ".join(out.split())
        assert "worse than hgb beyond noise" in body
        chosen = re.search(r"Chosen on validation: (.*?) \(b-MAE [\d.]+(.*?)\)\.", body)
        assert chosen[2].startswith(", hgb ") or chosen[1] == "hgb"
        assert re.search(r"Nothing here.* beats hgb beyond noise|against hgb: Few MAE", body)
        assert "vanilla beyond noise" not in body
        assert any(line.startswith("vanilla ") for line in out.splitlines())
        kept = json.loads((tmp_path / "run" / "result.json").read_text())["comparison"]
        assert kept["reference"] == "hgb"
        assert {d["row"] for d in kept["differences"]} == {"vanilla", "sqinv", "hgb + sqinv + lds"}
        # Another reference takes no training.
        before = {p: p.stat().st_mtime_ns for p in (tmp_path / "run" / "rows").rglob("*.json")}
        assert main([*words, "sqinv", "--resume"]) == 0
        assert "worse than sqinv beyond noise" in " ".join(capsys.readouterr().out.split())
        assert before == {p: p.stat().st_mtime_ns for p in (tmp_path / "run" / "rows").rglob("*.json")}

    def test_it_is_a_row_asked_for_or_not(self):
        y = np.arange(9.0) - 4
        assert rows_for("sqinv", trees=False, y=y, reference="lds + SQINV") == [
            "vanilla",
            "sqinv",
            "sqinv + lds",
        ]
        assert rows_for("sqinv", trees=True, y=y, reference="hgb + mse") == [
            "vanilla", "sqinv", "hgb", "hgb + sqinv + lds",
        ]  # fmt: skip
        assert rows_for("sqinv", trees=False, y=y, reference="bmc") == [
            "vanilla",
            "sqinv",
            "vanilla(mse)",
            "bmc",
        ]
        # Swept methods leave it as it is.
        assert rows_for("sqinv + lds", trees=False, y=y, sweep="lds.size=9", reference="sqinv + lds") == [
            "vanilla", "sqinv + lds(size=9)", "sqinv + lds",
        ]  # fmt: skip

    def test_one_that_diverges_ends_the_run(self, sales, monkeypatch):
        train = _trainer.train_cell

        def diverge(method, *args, **kwargs):
            if str(method) == "sqinv":
                raise TrainingError("training diverged.")
            return train(method, *args, **kwargs)

        monkeypatch.setattr(_trainer, "train_cell", diverge)
        with pytest.raises(TrainingError, match="training diverged"):
            evenreg.compare(sales, "price", "vanilla", reference="sqinv", seeds=1, epochs=1)

    @pytest.mark.parametrize(
        ("reference", "error", "sentence"),
        [
            ("sqniv", UnknownNameError, "no method word named 'sqniv'; did you mean 'sqinv'"),
            ("vanilla; hgb", InputError, "expected words such as"),
            ("", InputError, "got nothing between the plus signs"),
            (None, InputError, "reference: expected text, got None; write it as on the command line."),
        ],
    )
    def test_sentences(self, reference, error, sentence, sales):
        with pytest.raises(error) as caught:
            inspect.unwrap(evenreg.compare)(sales, "price", "vanilla", reference=reference)
        assert sentence in str(caught.value)

    def test_trees_on_images(self):
        with pytest.raises(InputError, match="hgb expects the columns of a table, got images"):
            evenreg.compare("digits-rotation", methods="vanilla", reference="hgb")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            {"methods": ["vanilla", 3]},
            "methods: expected text such as 'vanilla; sqinv + lds' or a list of such, got",
        ),
        ({"methods": []}, "methods: expected at least one method, got ''"),
        (
            {"methods": "vanilla", "sweep": {"lds.size": [5]}},
            "sweep: expected text, got {'lds.size': [5]}; write it",
        ),
        (
            {"methods": "vanilla", "resume": True},
            "out: expected the folder of the run to go on with, got none; name",
        ),
        (
            {"data": [1.0, 2.0], "methods": "vanilla"},
            "data: expected a CSV or Parquet file or a DataFrame, got list",
        ),
    ],
)
def test_wrong_calls_from_python(arguments, sentence, sales):
    with pytest.raises(InputError) as caught:
        inspect.unwrap(evenreg.compare)(**{"data": sales, "target": "price", **arguments})
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
