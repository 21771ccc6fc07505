"""``evaluate`` as a command: numbers, page, every refusal."""

import inspect
import json

import numpy as np
import pandas as pd
import pytest

from evenreg.cli import EvaluatedTable, evaluate_table, main
from evenreg.errors import InputError
from evenreg.evaluation import Evaluation, evaluate
from evenreg.labels import LabelSpace
from evenreg.plots import new_axes


@pytest.fixture
def tables(tmp_path, monkeypatch):
    """``train.csv`` (ages, skewed) and ``pred.csv`` (pulled to the middle) in the working folder."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    train = pd.DataFrame({"age": np.clip(rng.gamma(4, 8, 2000), 0, 100).round()})
    test = pd.DataFrame({"age": rng.integers(0, 100, 300).astype(float)})
    test["yhat"] = 30 + 0.5 * (test["age"] - 30) + rng.normal(size=300)
    train.to_csv("train.csv", index=False)
    test.to_csv("pred.csv", index=False)
    return train, test


COMMAND = ["evaluate", "pred.csv", "--target", "age", "--prediction", "yhat", "--train", "train.csv"]


def test_numbers_are_those_of_evaluate(tables):
    train, test = tables
    found = evaluate_table("pred.csv", "age", "yhat", "train.csv")
    assert isinstance(found, EvaluatedTable)
    assert found.evaluation == evaluate(test["age"], test["yhat"], LabelSpace.fit(train["age"]))
    assert found.slope == pytest.approx(np.polyfit(test["age"], test["yhat"], 1)[0])


def test_page(tables, capsys):
    assert main(COMMAND) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert max(map(len, out.splitlines())) <= 100
    assert out.startswith(
        "yhat against age in pred.csv: 300 rows; regions count the 2,000 rows of train.csv\n"
    )
    head = next(line for line in out.splitlines() if "Many" in line)
    assert head.split() == ["All", "Many", "Medium", "Few", "Zero", "Own"]
    ev = evaluate_table("pred.csv", "age", "yhat", "train.csv").evaluation
    counts = next(line for line in out.splitlines() if line.startswith("rows")).split()
    assert counts[1:] == [str(ev[name].n) for name in ("all", "many", "medium", "few", "zero")]
    assert "95 %" in out
    assert "beyond the training range" in out.replace("\n", " ")
    assert "Predictions rise by 0.50 per unit of the label" in out.replace("\n", " ")


def test_page_tells_sera_and_what_matters_in_it(tables, capsys):
    assert main(COMMAND) == 0
    out = capsys.readouterr().out
    shown = next(line for line in out.splitlines() if line.startswith("SERA  ")).split()[1:]
    ev = evaluate_table("pred.csv", "age", "yhat", "train.csv").evaluation
    regions = ("all", "many", "medium", "few", "zero")
    assert [float(v.replace(",", "")) for v in shown[:5]] == pytest.approx(
        [ev[name]["sera"] for name in regions], rel=6e-3
    )
    assert shown[5] == "–"
    text = out.replace("\n", " ")
    assert "SERA: sum over rows of squared error (label units) times relevance, which is 1 up to" in text
    assert ev.relevance is not None
    assert ev.relevance.describe() in text


def test_page_says_where_nothing_matters_more(tables, capsys):
    pd.DataFrame({"age": [20.0, 30.0, 40.0] * 50}).to_csv("train.csv", index=False)
    assert main(COMMAND) == 0
    out = capsys.readouterr().out
    assert "SERA: none, since no training label is more extreme or rarer than others." in out
    assert set(next(line for line in out.splitlines() if line.startswith("SERA  ")).split()[1:]) == {"–"}


def test_worst_bins_are_the_worst_with_three_rows(tables):
    page = str(evaluate_table("pred.csv", "age", "yhat", "train.csv", bin_width=5))
    worst = page[page.index("worst bins") :].split("\n\n")[0].splitlines()[1:]
    ev = evaluate_table("pred.csv", "age", "yhat", "train.csv", bin_width=5).evaluation
    shown = [float(line.split()[-2]) for line in worst]
    held = np.sort(ev.bins.mae[ev.bins.n >= 3])[::-1]
    assert shown == pytest.approx(held[:5], abs=0.06)


@pytest.mark.parametrize(
    ("ages", "off", "words"),
    [
        ([30.0] * 9 + [95.0] * 9, [1.0, 2.0, 3.0] * 3 + [31.0, 32.0, 33.0] * 3, "intervals do not overlap)."),
        (
            [30.0] * 9 + [95.0] * 9,
            [1.0, 2.0, 9.0] * 3 + [2.0, 3.0, 9.0] * 3,
            "overlap, so it may be chance).",
        ),
        ([30.0] * 9 + [95.0], [1.0, 2.0, 3.0] * 3 + [9.0], "one of them has too few rows for an interval)."),
    ],
)
def test_few_against_many_tells_what_the_intervals_say(tables, ages, off, words):
    pd.DataFrame({"age": ages, "yhat": np.add(ages, off)}).to_csv("pred.csv", index=False)
    assert words in str(evaluate_table("pred.csv", "age", "yhat", "train.csv")).replace("\n", " ")


def test_worst_bins_say_which_are_left_out(tables):
    assert "worst bins of 3 test rows or more" in str(evaluate_table("pred.csv", "age", "yhat", "train.csv"))
    pd.DataFrame({"age": [30.0, 40.0], "yhat": [31.0, 45.0]}).to_csv("pred.csv", index=False)
    assert "worst bins  test rows" in str(evaluate_table("pred.csv", "age", "yhat", "train.csv"))


def test_absolute_thresholds(tables, capsys):
    assert main([*COMMAND, "--many", "50", "--few", "10"]) == 0
    assert "many: more than 50 rows in a bin; medium: 10 to 50" in capsys.readouterr().out


def test_no_pull_no_few_no_sentence(tables, capsys):
    pd.DataFrame({"age": [30.0, 31, 32, 33] * 3, "yhat": [30.0, 31, 32, 33.5] * 3}).to_csv(
        "pred.csv", index=False
    )
    assert main(COMMAND) == 0
    out = capsys.readouterr().out
    assert "No test row is few-shot" in out
    assert "Predictions rise by" not in out
    assert next(line for line in out.splitlines() if line.startswith("MAE")).split()[4] == "–"


@pytest.mark.parametrize("scale", [1e6, 1e-5])
def test_numbers_of_any_size_fit(tables, scale, capsys):
    for name, table in zip(("train.csv", "pred.csv"), tables, strict=True):
        (table * scale).to_csv(name, index=False)
    assert main(COMMAND) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 100
    assert "Errors in units of" in out


def test_forms(tables, capsys):
    assert main([*COMMAND, "--markdown"]) == 0
    assert "| Many (n = " in capsys.readouterr().out
    assert main([*COMMAND, "--latex"]) == 0
    assert "\\begin{tabular}" in capsys.readouterr().out


def test_json_and_plot_are_whole_files(tables, tmp_path, capsys):
    command = [*COMMAND, "--json", "out/all.json", "--plot", "out/error.png"]
    assert main(command) == 0
    file = tmp_path / "out" / "all.json"
    found = Evaluation.from_json(file.read_text())
    assert found == evaluate_table("pred.csv", "age", "yhat", "train.csv").evaluation
    assert (tmp_path / "out" / "error.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(p.name for p in file.parent.iterdir()) == ["all.json", "error.png"]
    file.write_text("mine")
    capsys.readouterr()
    assert main(command) == 2
    assert capsys.readouterr().err == (
        "evenreg: out/all.json exists; expected a new file: name another one, or add --overwrite.\n"
    )
    assert file.read_text() == "mine"
    assert main([*command, "--overwrite"]) == 0
    assert json.loads(file.read_text())


def replaced(**options):
    """The command with other values; None takes an option out."""
    words = dict(zip(COMMAND[2::2], COMMAND[3::2], strict=True)) | {f"--{k}": v for k, v in options.items()}
    return ["evaluate", "pred.csv", *(w for k, v in words.items() if v is not None for w in (k, v))]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"train": None},
            "expected --train (table the model was trained on, without the test rows; many, medium and few count",
        ),
        ({"train": "trian.csv"}, "trian.csv: no such file; did you mean"),
        ({"prediction": "yaht"}, "pred.csv: no column named 'yaht'; did you mean 'yhat'?"),
        ({"prediction": "age"}, "prediction: expected a column beside the target, got 'age' for both."),
        ({"target": None}, "expected --target (column of labels); see 'evenreg evaluate --help'."),
        ({"train-target": "ages"}, "train.csv: no column named 'ages'; did you mean 'age'?"),
        (
            {"prediction": "holes"},
            "column 'holes' of pred.csv: expected a number in every row, got empty or NaN in rows 2 and 4;",
        ),
        ({"many": "50"}, "expected both many and few, or neither, got many only;"),
        ({"few": "50"}, "expected both many and few, or neither, got few only;"),
        ({"many": "1", "few": "50"}, "many: expected at least few (50), got 1; swap them."),
        ({"bin-width": "-2"}, "bin_width: expected a number above 0, got -2.0."),
    ],
)
def test_bad_input_is_one_sentence(tables, options, sentence, capsys):
    table = tables[1].assign(holes=[np.nan, 1.0, np.nan, *[2.0] * 297])
    table.to_csv("pred.csv", index=False)
    assert main(replaced(**options)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("evenreg: ")
    assert err.count("\n") == 1
    assert sentence in err


def test_regions_need_the_training_table(tables):
    with pytest.raises(
        InputError, match="train: expected the table the model was trained on, got none; many"
    ):
        evaluate_table("pred.csv", "age", "yhat", None)


def test_a_notebook_shows_the_page_with_tables_and_the_figure(tables):
    tables[1].rename(columns={"yhat": "<yhat>"}).to_csv("pred.csv", index=False)
    found = evaluate_table("pred.csv", "age", "<yhat>", "train.csv")
    assert repr(found) == str(found)
    text = found._repr_html_()
    assert "<yhat>" not in text
    assert "<b>&lt;yhat&gt; against age in pred.csv: 300 rows" in text
    assert text.count("<table") == 2
    assert text.count("<img") == 1
    assert "Predictions rise by 0.50 per unit of the label" in text


def test_the_figure_of_an_evaluated_table(tables):
    pytest.importorskip("matplotlib")
    ax = evaluate_table("pred.csv", "age", "yhat", "train.csv").plot(new_axes())
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("age", "error of yhat")


def test_frames_give_what_their_files_give(tables):
    train, test = tables
    found = evaluate_table(test, "age", "yhat", train)
    told = evaluate_table("pred.csv", "age", "yhat", "train.csv")
    assert found.evaluation == told.evaluation
    assert str(found).startswith("yhat against age: 300 rows; regions count 2,000 training rows\n")
    assert str(found).split("\n")[1:] == str(told).split("\n")[1:]
    assert evaluate_table("pred.csv", "age", "yhat", train).evaluation == told.evaluation


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"prediction": "yaht"}, "no column of predictions named 'yaht'; did you mean 'yhat'?"),
        ({"train_target": "ages"}, "no column of train named 'ages'; did you mean 'age'?"),
        (
            {"target": "holes"},
            "column 'holes' of predictions: expected finite numbers, got NaN or infinity in 1 of 300",
        ),
        (
            {"train": [1.0, 2.0]},
            "train: expected a CSV or Parquet file or a DataFrame, got list; for arrays there is",
        ),
    ],
)
def test_wrong_frames_are_one_sentence(tables, change, sentence):
    train, test = tables
    test["holes"] = test["age"].where(test.index != 3)
    with pytest.raises(InputError) as caught:
        inspect.unwrap(evaluate_table)(
            **{"predictions": test, "target": "age", "prediction": "yhat", "train": train, **change}
        )
    assert sentence in str(caught.value)


def test_train_column_of_another_name(tables, capsys):
    tables[0].rename(columns={"age": "years"}).to_csv("train.csv", index=False)
    assert main([*COMMAND, "--train-target", "years"]) == 0
    assert "2,000 rows of train.csv" in capsys.readouterr().out


@pytest.mark.parametrize("read", ["pred.csv", "train.csv"])
def test_a_file_that_is_read_is_not_written(tables, tmp_path, capsys, read):
    before = (tmp_path / read).read_bytes()
    assert main([*COMMAND, "--overwrite", "--json", read]) == 2
    assert "json: expected a file name that ends in .json, got" in capsys.readouterr().err
    for option, link in (("json", "all.json"), ("plot", "all.png")):
        (tmp_path / link).symlink_to(tmp_path / read)
        assert main([*COMMAND, "--overwrite", f"--{option}", link]) == 2
        sentence = (
            f"{option}: expected another file than the one that is read, got {link} for both; name a new one."
        )
        assert capsys.readouterr().err == f"evenreg: {sentence}\n"
    assert (tmp_path / read).read_bytes() == before


def beyond_the_range(inside, outside):
    """Test rows inside the training range and beyond it, from 60 on."""
    train = pd.DataFrame({"y": np.arange(600) % 60 + 0.5})
    y = np.concatenate([np.arange(inside) % 60 + 0.5, 200.0 + np.arange(outside)])
    return evaluate_table(pd.DataFrame({"y": y, "p": y * 0.9}), "y", "p", train)


def test_rows_beyond_the_bins_are_in_no_bin_and_the_page_says_so():
    found = beyond_the_range(300, 40)
    ev = found.evaluation
    assert (ev.bins.n.sum(), ev["extrapolation"].n) == (300, 40)
    assert ev.bins.mae[-1] < 10  # not that of rows at 200
    note = "40 rows beyond the outer bins are in none of these."
    assert note in str(found)
    assert note in found._repr_html_()
    assert "beyond the outer bins" not in str(beyond_the_range(300, 0))
    assert "1 row beyond the outer bins is in none of these." in str(beyond_the_range(300, 1))
    assert "5 rows beyond the outer bins are in none of these." in str(beyond_the_range(0, 5))


def test_a_page_without_a_last_sentence_ends_with_its_last_row():
    y = np.arange(600) % 60 + 0.5
    page = str(evaluate_table(pd.DataFrame({"y": y, "p": y}), "y", "p", pd.DataFrame({"y": y})))
    assert page == page.rstrip()
    assert "\n\n\n" not in page


def test_numbers_whose_squares_are_none_are_refused(tables, capsys):
    pd.read_csv("pred.csv").assign(yhat=1e308).to_csv("pred.csv", index=False)
    assert main(COMMAND) == 2
    sentence = (
        "evenreg: prediction: expected numbers whose squares float64 can hold, from 1e-150 to 1e+150 in size, got a "
        "largest size of 1e+308; divide all by it.\n"
    )
    assert capsys.readouterr().err == sentence


def test_columns_named_by_numbers_are_taken_by_their_number():
    y = np.arange(600) % 60 + 0.5
    found = evaluate_table(pd.DataFrame({0: y, 1: y}), 0, 1, pd.DataFrame({0: y}))
    assert (found.target, found.prediction) == ("0", "1")
