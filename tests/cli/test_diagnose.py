"""``diagnose`` as a function and as a command: numbers, page, every refusal."""

import json
import sys
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import evenreg
from evenreg.cli import Diagnosis, diagnose, main
from evenreg.errors import InputError, MissingFileError, ShapeError, TargetError, UnknownNameError


@pytest.fixture
def table(tmp_path, monkeypatch):
    """A skewed table of 600 rows in ``t.csv`` of the working folder."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"size": rng.normal(size=600), "price": rng.exponential(10, 600).round(2)})
    frame["part"] = np.where(np.arange(600) % 4 == 0, "test", "train")
    frame.to_csv("t.csv", index=False)
    return frame


def write(name, rows, head="x,price"):
    text = "\n".join([head, *rows]) + "\n"
    Path(name).write_text(text)


def test_numbers(table):
    found = diagnose("t.csv", "price")
    y = table["price"].to_numpy()
    assert isinstance(found, Diagnosis)
    assert (found.space.n, found.dropped, found.held_out, found.unit) == (600, 0, 0, 0.0)
    assert (found.space.low, found.space.high, found.median) == (y.min(), y.max(), np.median(y))
    assert sum(facts.rows for facts in found.by_region.values()) == 600
    assert sum(facts.range_share for facts in found.by_region.values()) == pytest.approx(1)
    populated = found.space.counts[found.space.counts > 0]
    assert found.imbalance == populated.max() / populated.min()
    assert list(found.weights) == ["none", "inv", "inv+lds", "sqinv", "sqinv+lds"]
    for word, effect in found.weights.items():
        w = np.ones(600) if word == "none" else evenreg.sample_weight(y, word)
        assert effect.largest == pytest.approx(w.max())
        assert effect.effective_rows == pytest.approx(w.sum() ** 2 / (w**2).sum())


def test_array_frame_series_and_file_agree(table):
    price = table["price"]
    found = [diagnose("t.csv", "price"), diagnose(table, "price"), diagnose(price), diagnose(price.tolist())]
    names = ("source", "target", "verdict")
    facts = [{k: v for k, v in one.to_dict().items() if k not in names} for one in found]
    assert all(one == facts[0] for one in facts)


def test_a_series_gives_its_name(table):
    assert diagnose(table["price"]).target == "price"
    assert diagnose(table["price"].to_numpy()).target == "y"


def test_test_rows_of_a_split_column_are_not_counted(table):
    for data in ("t.csv", table):
        found = diagnose(data, "price", split="part")
        assert (found.space.n, found.held_out) == (450, 150)
        assert "450 rows (150 test rows not counted)" in str(found)


def test_rows_without_a_label_are_dropped_when_asked(table):
    table.loc[[3, 5], "price"] = np.nan
    table.to_csv("holes.csv", index=False)
    for data in ("holes.csv", table):
        found = diagnose(data, "price", drop_missing=True)
        assert (found.space.n, found.dropped) == (598, 2)
    assert "598 rows (2 without a label left out)" in str(found)


def test_a_notebook_shows_the_page_with_tables_and_the_figure(table):
    found = diagnose(table.rename(columns={"price": "<price>"}), "<price>")
    assert repr(found) == str(found)
    text = found._repr_html_()
    assert "<price>" not in text
    assert "<b>&lt;price&gt;: 600 rows</b>" in text
    assert text.count("<table") == 2
    assert text.count("<img") == 1
    assert escape(found.verdict.text) in text
    assert "evenreg compare t.csv" in diagnose("t.csv", "price")._repr_html_()


def test_without_matplotlib_a_notebook_shows_bars_of_text(table, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    text = diagnose(table, "price")._repr_html_()
    assert "<img" not in text
    assert "█" in text


def test_the_figure_of_a_diagnosis(table):
    pytest.importorskip("matplotlib")
    from evenreg.plots import new_axes

    ax = diagnose(table, "price").plot(new_axes())
    assert ax.get_xlabel() == "price"
    assert "sqinv + lds weight" in ax.figure.axes[1].get_ylabel()


def test_bin_width_is_taken(table):
    found = diagnose("t.csv", "price", bin_width=5)
    assert np.allclose(found.space.bins.widths, 5)
    assert "--bin-width 5 " in found.verdict.command


def test_to_dict_is_json(table):
    found = diagnose("t.csv", "price")
    back = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert back["n"] == 600
    assert back["regions"]["few"]["rows"] == found.by_region["few"].rows
    assert back["verdict"]["kind"] == found.verdict.kind


@pytest.mark.parametrize("scale", [1, 1e-9, 1e7, -3])
def test_page_fits_and_is_whole(table, scale):
    page = str(diagnose(table["price"] * scale))
    assert max(map(len, page.splitlines())) <= 100
    for word in (
        "range",
        "bins",
        "imbalance",
        "density",
        "gaps",
        "spikes",
        "region",
        "weights",
        "effective rows",
        "scale",
    ):
        assert word in page


def test_command_prints_the_page_and_a_command_to_go_on_with(table, capsys):
    assert main(["diagnose", "t.csv", "--target", "price", "--split", "part", "--drop-missing"]) == 0
    out, err = capsys.readouterr()
    assert out == str(diagnose("t.csv", "price", split="part", drop_missing=True)) + "\n"
    assert err == ""
    command = " ".join(out[out.index("evenreg compare") :].replace("\\\n", " ").split())
    assert command.startswith(
        "evenreg compare t.csv --target price --split part --drop-missing --methods 'vanilla;"
    )
    assert command.endswith("--out runs/t")


def test_plot_is_a_whole_file_and_never_replaces_one(table, capsys, tmp_path):
    command = ["diagnose", "t.csv", "--target", "price", "--plot", "new/labels.png"]
    assert main(command) == 0
    assert "Histogram drawn in new/labels.png." in capsys.readouterr().out
    file = tmp_path / "new" / "labels.png"
    assert file.read_bytes().startswith(b"\x89PNG")
    file.write_bytes(b"mine")
    assert main(command) == 2
    out, err = capsys.readouterr()
    assert (out, file.read_bytes()) == ("", b"mine")
    assert (
        err == "evenreg: new/labels.png exists; expected a new file: name another one, or add --overwrite.\n"
    )
    assert main([*command, "--overwrite"]) == 0
    assert file.read_bytes().startswith(b"\x89PNG")
    assert [p.name for p in file.parent.iterdir()] == ["labels.png"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nope.csv", "--target", "price"], "nope.csv: no such file"),
        (["empty.csv", "--target", "price"], "empty.csv: expected a table, got an empty file."),
        (["header.csv", "--target", "price"], "header.csv: expected rows of data, got a header only."),
        (["t.csv", "--target", "pric"], "t.csv: no column named 'pric'; did you mean 'price'"),
        (
            ["t.csv"],
            "target: expected the name of the column to predict, got none; t.csv has 'size', 'price'",
        ),
        (
            ["text.csv", "--target", "price"],
            "target 'price' of text.csv: expected numbers, got 'cheap' in row 3;",
        ),
        (
            ["hole.csv", "--target", "price"],
            "got empty or NaN in row 3; fill them in or drop these rows with --drop-missing",
        ),
        (
            ["inf.csv", "--target", "price", "--drop-missing"],
            "expected finite numbers, got infinity in row 3;",
        ),
        (["constant.csv", "--target", "price"], "expected values that differ, got 5 in all 90 rows"),
        (
            ["short.csv", "--target", "price"],
            "price of short.csv: expected at least 60 rows with a label, got 59;",
        ),
        (
            ["twice.csv", "--target", "price"],
            "expected every column name once, got 'price' in columns 1 and 2;",
        ),
        (
            ["t.csv", "--target", "price", "--bin-width", "0"],
            "bin_width: expected a number above 0, got 0.0.",
        ),
        (
            ["t.csv", "--target", "price", "--bin-widht", "1"],
            "no option named '--bin-widht'; did you mean '--bin-width'?",
        ),
        (
            ["t.csv", "--target", "price", "--split", "size"],
            "split column 'size': expected train, val or test in every row",
        ),
        (
            ["t.csv", "--target", "price", "--plot", "a.jpg"],
            "no figure format named '.jpg'; did you mean '.png'?",
        ),
        (["--target", "price"], "expected data (CSV or Parquet file); see 'evenreg diagnose --help'."),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_nothing(table, words, sentence, capsys, tmp_path):
    write("empty.csv", [], head="")
    (tmp_path / "empty.csv").write_text("")
    write("header.csv", [])
    write("text.csv", ["1,2", "1,cheap", *["1,3"] * 90])
    write("hole.csv", ["1,2", "1,", *["1,3"] * 90])
    write("inf.csv", ["1,2", "1,inf", *["1,3"] * 90])
    write("constant.csv", ["1,5"] * 90)
    write("short.csv", [f"1,{i}" for i in range(59)])
    write("twice.csv", ["1,2"] * 90, head="price,price")
    before = sorted(p.name for p in tmp_path.iterdir())
    assert main(["diagnose", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("evenreg: ")
    assert err.count("\n") == 1
    assert sentence in err
    assert sorted(p.name for p in tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("data", "options", "error", "sentence"),
    [
        ("nope.csv", {"target": "y"}, MissingFileError, "no such file"),
        ([1.0] * 90, {}, TargetError, "y: expected values that differ, got 1 in all 90 rows"),
        ([1.0, 2.0] * 10, {}, TargetError, "y: expected at least 60 rows with a label, got 20"),
        ([1.0, float("nan")] * 60, {}, TargetError, "y: expected finite numbers, got NaN"),
        (["a"] * 90, {}, TargetError, "y: expected numbers"),
        (np.ones((90, 2)), {}, ShapeError, "y: expected one label a row to diagnose, got shape (90, 2)"),
        (
            [1.0, 2.0] * 60,
            {"split": "part"},
            InputError,
            "split: expected a file or a DataFrame to read the column from, got a list",
        ),
        (
            pd.DataFrame({"a": [1]}),
            {},
            InputError,
            "target: expected the name of the column to predict, got none; the DataFrame has 'a'.",
        ),
        (pd.DataFrame({"price": [1]}), {"target": "prize"}, UnknownNameError, "did you mean 'price'?"),
        ([1.0, 2.0] * 60, {"bin_width": -1}, InputError, "bin_width: expected a number above 0, got -1."),
    ],
)
def test_the_same_sentences_as_exceptions(data, options, error, sentence):
    with pytest.raises(error) as caught:
        diagnose(data, **options)
    assert sentence in str(caught.value)


def test_sixty_rows_are_enough(tmp_path, monkeypatch):
    assert diagnose(np.arange(60.0)).space.n == 60
    monkeypatch.chdir(tmp_path)
    write("sixty.csv", [f"{'train' if i < 40 else 'test'},{i}" for i in range(60)], head="part,price")
    assert diagnose("sixty.csv", "price", split="part").space.n == 40


def test_too_few_rows_are_told_as_compare_tells_them(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write("short.csv", [f"1,{i}" for i in range(59)])
    write("held.csv", [f"1,{'train' if i < 39 else 'test'},{i}" for i in range(90)], head="x,part,price")
    for words in (["short.csv", "--target", "price"], ["held.csv", "--target", "price", "--split", "part"]):
        said = []
        for verb in ("diagnose", "compare"):
            assert main([verb, *words]) == 2
            said.append(capsys.readouterr().err)
        assert said[0] == said[1]


def test_columns_named_by_numbers_are_taken_by_their_number():
    frame = pd.DataFrame({0: np.arange(90) % 7, 1: ["train", "val", "test"] * 30})
    assert str(diagnose(frame, 0, split=1)) == str(diagnose(frame.rename(columns=str), "0", split="1"))


def test_one_row_lies_and_two_lie_outside():
    def page(rare):
        return str(diagnose(np.r_[np.arange(200) % 2, [2] * rare])).replace("\n", " ")

    assert "1 row lies outside the many-shot ones" in page(1)
    assert "2 rows lie outside the many-shot ones" in page(2)


def test_real_tables(real_data):
    for name, target in [("Abalone", "Rings"), ("bank8FM", "rej"), ("heat", "heat"), ("a1", "a1")]:
        found = diagnose(real_data / "tabular" / f"{name}.csv", target)
        assert found.verdict.kind in ("imbalanced", "scarce")
        assert max(map(len, str(found).split("evenreg compare")[0].splitlines())) <= 100
