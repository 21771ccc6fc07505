"""``predict`` as a command and from Python: rows as they went in, blocks, outputs, every refusal."""

import inspect
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import evenreg
from evenreg.cli import _predict_progress, main
from evenreg.data import Images, table_from_frame
from evenreg.errors import InputError
from evenreg.training import Budget, Draw, ImageSource, Method, TableSource, train_cell

BUDGET = Budget(epochs=1, patience=1)


def sales(n, seed=0):
    rng = np.random.default_rng(seed)
    size = rng.gamma(1.5, 2.0, n).round(3)
    frame = pd.DataFrame({"price": (5 * size).round(2), "size": size, "city": rng.choice(["Ulm", "Bonn"], n)})
    frame.loc[::9, "size"] = np.nan
    return frame.assign(built=pd.date_range("2001-01-01", periods=n).strftime("%d.%m.%Y"))


def stored(method, source, folder):
    train_cell(Method.parse(method), Draw(source, 0), folder / "fit", budget=BUDGET).model.save(
        folder / "best"
    )
    return folder / "best"


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Folders of a network, of trees, and of a network for images."""
    folder = tmp_path_factory.mktemp("models")
    source = TableSource(table_from_frame(sales(200), "price"))
    rng = np.random.default_rng(1)
    split = np.where(np.arange(120) < 90, "pool", "test")
    pictures = Images(
        rng.random((120, 1, 16, 16)).astype(np.float32),
        rng.gamma(1, 10, 120),
        split,
        np.arange(120),
        "angle",
        "f",
    )
    return {
        "network": stored("sqinv", source, folder / "network"),
        "trees": stored("hgb", source, folder / "trees"),
        "images": stored("vanilla", ImageSource(pictures), folder / "images"),
    }


NEW = (
    "id,size,note,city,built\r\n"
    '0001, 2.50,"a ""b"", c",Ulm,01.02.2003\r\n'
    "0002,,,Bonn,\r\n"
    '0003,1e1,"two\nlines",Köln,31.12.2009\r\n'
    "\r\n"
    "0004,?,x,,05.06.2007"
)


@pytest.fixture
def here(tmp_path, monkeypatch, models):
    """A folder with ``new.csv`` and ``best``, the network, to work in."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "new.csv").write_bytes(NEW.encode())
    Path("best").symlink_to(models["network"])
    return tmp_path


def expected(folder):
    """What the model predicts for the rows of NEW."""
    frame = pd.DataFrame(
        {
            "size": [2.5, None, 10.0, None],
            "city": ["Ulm", "Bonn", "Köln", None],
            "built": ["01.02.2003", None, "31.12.2009", "05.06.2007"],
        }
    )
    return evenreg.load_model(folder).predict(frame)


# ---- what comes out


@pytest.mark.parametrize("kind", ["network", "trees"])
@pytest.mark.parametrize("size", [1, 3, 20_000])
def test_rows_come_out_as_they_went_in_with_their_prediction(here, models, kind, size, capsys):
    words = ["predict", str(models[kind]), "new.csv", "--out", "out/predicted.csv", "--batch-size", str(size)]
    assert main(words) == 0
    lines = NEW.replace("\r\n\r\n", "\r\n").split("\r\n")
    got = (here / "out" / "predicted.csv").read_bytes().decode().split("\r\n")
    assert got.pop() == ""
    assert got[0] == lines[0] + ",predicted_price"
    assert [line.rpartition(",")[0] for line in got[1:]] == lines[1:]
    values = [float(line.rpartition(",")[2]) for line in got[1:]]
    np.testing.assert_allclose(values, expected(models[kind]), rtol=1e-6)
    said = capsys.readouterr()
    assert said.err == ""
    low, middle, high = np.quantile(values, [0, 0.5, 1])
    assert said.out == (
        f"out/predicted.csv: 4 rows of new.csv with predicted_price (from {low:.4g} to {high:.4g}, median "
        f"{middle:.4g}).\n"
    )
    assert not list(here.rglob("*.part"))


def test_without_a_file_they_go_to_stdout_and_nothing_else_does(here, capsys):
    assert main(["predict", "best", "new.csv", "--out", "predicted.csv", "--quiet"]) == 0
    capsys.readouterr()
    assert main(["predict", "best", "new.csv"]) == 0
    said = capsys.readouterr()
    assert said.out.encode() == (here / "predicted.csv").read_bytes()
    assert said.err == ""


def test_stdout_is_utf_8_whatever_the_terminal_is(here, monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    assert main(["predict", "best", "new.csv"]) == 0
    assert b'0003,1e1,"two\nlines",K\xc3\xb6ln,31.12.2009,' in stream.buffer.getvalue()


def test_the_target_and_further_columns_are_kept_and_the_way_to_evaluate_is_told(here, capsys):
    frame = sales(30).assign(extra="x")
    frame.to_csv("new.csv", index=False)
    assert main(["predict", "best", "new.csv", "--out", "p.csv"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[1] == (
        "Error by region: evenreg evaluate p.csv --target price --prediction predicted_price --train FILE"
    )
    got = pd.read_csv("p.csv")
    pd.testing.assert_frame_equal(got.drop(columns="predicted_price"), pd.read_csv("new.csv"))


def test_the_name_of_the_column_gives_way(here, capsys):
    frame = sales(5).drop(columns="price").assign(predicted_price=1, predicted_price_2=2)
    frame.to_csv("new.csv", index=False)
    assert main(["predict", "best", "new.csv", "--out", "p.csv"]) == 0
    assert "with predicted_price_3 (" in capsys.readouterr().out
    assert list(pd.read_csv("p.csv").columns)[-3:] == [
        "predicted_price",
        "predicted_price_2",
        "predicted_price_3",
    ]
    assert evenreg.cli.predict("best", frame).columns[-1] == "predicted_price_3"


def test_to_parquet_and_from_it(here):
    pytest.importorskip("pyarrow")
    assert main(["predict", "best", "new.csv", "--out", "p.parquet", "--batch-size", "3"]) == 0
    frame = pd.read_parquet("p.parquet")
    assert frame["id"].tolist() == ["0001", "0002", "0003", "0004"]
    assert frame["note"].tolist()[2] == "two\nlines"
    assert frame["size"].tolist()[3] == "?"
    np.testing.assert_allclose(frame["predicted_price"], expected("best"), rtol=1e-6)
    assert main(["predict", "best", "p.parquet", "--out", "q.parquet", "--batch-size", "3"]) == 0
    again = pd.read_parquet("q.parquet")
    pd.testing.assert_frame_equal(again.drop(columns="predicted_price_2"), frame)
    np.testing.assert_allclose(again["predicted_price_2"], frame["predicted_price"], rtol=1e-6)
    assert main(["predict", "best", "q.parquet", "--out", "r.csv"]) == 0
    assert pd.read_csv("r.csv", dtype=str)["id"].tolist() == ["0001", "0002", "0003", "0004"]


def test_excel_gets_its_mark_back(here):
    (here / "new.csv").write_bytes("id;size;city;built\r\n1;2,5;Köln;01.02.2003\r\n".encode("utf-8-sig"))
    assert main(["predict", "best", "new.csv", "--out", "p.csv"]) == 0
    header, row = (here / "p.csv").read_bytes().decode("utf-8").splitlines()
    assert header == "\ufeffid;size;city;built;predicted_price"
    value = row.removeprefix("1;2,5;Köln;01.02.2003;")
    row = pd.DataFrame({"size": [2.5], "city": ["Köln"], "built": ["01.02.2003"]})
    assert float(value.replace(",", ".")) == pytest.approx(
        evenreg.load_model("best").predict(row)[0], rel=1e-6
    )


# ---- Python


def test_from_python_with_a_file(here):
    loaded = evenreg.load_model("best")
    for model in ("best", here / "best", loaded):
        frame = evenreg.cli.predict(model, "new.csv", batch_size=2)
        assert frame.columns.tolist() == ["id", "size", "note", "city", "built", "predicted_price"]
        assert frame["id"].tolist() == ["0001", "0002", "0003", "0004"]
        np.testing.assert_allclose(frame["predicted_price"], expected("best"), rtol=1e-6)
    assert sorted(p.name for p in here.iterdir()) == ["best", "new.csv"]
    assert evenreg.cli.predict("best", "new.csv", "p.csv")["id"].tolist() == frame["id"].tolist()
    assert (here / "p.csv").exists()


def test_from_python_with_a_frame(here):
    frame = sales(40).set_index(pd.Index(range(100, 140), name="house"))
    before = frame.copy(deep=True)
    got = evenreg.predict("best", frame, "p.csv", batch_size=7)
    pd.testing.assert_frame_equal(frame, before)
    pd.testing.assert_frame_equal(got.drop(columns="predicted_price"), frame)
    np.testing.assert_allclose(got["predicted_price"], evenreg.load_model("best").predict(frame), rtol=1e-6)
    assert pd.read_csv("p.csv").columns.tolist() == ["house", *frame.columns, "predicted_price"]
    with pytest.raises(InputError, match=r"got 'big' in row 31 \(counted from 0\)"):
        evenreg.predict(
            "best", frame.astype({"size": object}).replace({"size": {frame["size"].iloc[31]: "big"}})
        )


def test_threads_are_left_as_they_were(here, monkeypatch):
    kind, seen = type(evenreg.load_model("best")), []
    predict = kind.predict
    monkeypatch.setattr(
        kind, "predict", lambda *a, **k: (seen.append(torch.get_num_threads()), predict(*a, **k))[1]
    )
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        evenreg.predict("best", sales(5))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    assert seen == [1]


def test_gaps_are_predicted(here):
    frame = sales(20).assign(size=np.nan, city=None, built=None)
    assert np.isfinite(evenreg.predict("best", frame)["predicted_price"]).all()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            {"model": 3},
            "model: expected the folder of a stored model or a loaded one, got int; give runs/sales/best",
        ),
        ({"data": [1]}, "data: expected a pandas DataFrame, got list; convert it, or give a file."),
        ({"data": sales(0)}, "the DataFrame: expected rows of data, got none; were they filtered out?"),
        (
            {"data": sales(3).drop(columns="city")},
            "the DataFrame: expected the 3 columns of training, got a table",
        ),
        ({"batch_size": 0}, "batch_size: expected a whole number of at least 1, got 0."),
    ],
)
def test_wrong_arguments_from_python(here, words, sentence):
    arguments = {"model": "best", "data": "new.csv"} | words
    with pytest.raises(InputError) as caught:
        inspect.unwrap(evenreg.cli.predict)(**arguments)  # past the type check of the test run
    assert str(caught.value).startswith(sentence)


# ---- what goes wrong


@pytest.fixture
def wrong(here, models):
    """Files with one thing wrong each."""
    lines = NEW.split("\r\n")
    files = {
        "empty": "",
        "header": lines[0],
        "text": NEW.replace("1e1", "big"),
        "date": NEW.replace("31.12.2009", "soon"),
        "missing": NEW.replace("city,built", "City,year"),
        "other": "a,b\n1,2\n",
        "short": NEW.replace("0002,,,Bonn,", "0002"),
        "there": "mine",
    }
    for name, text in files.items():
        (here / f"{name}.csv").write_text(text, newline="")
    Path("images").symlink_to(models["images"])
    newer = json.loads((models["network"] / "model.json").read_text()) | {"evenreg": "9.1"}
    (here / "newer").mkdir()
    (here / "newer" / "model.json").write_text(json.dumps(newer))
    (here / "run").mkdir()
    Path("run/best").symlink_to(models["network"])
    (here / "folder.csv").mkdir()
    return here


WRONG = {
    "no model": (
        ["nowhere", "new.csv"],
        "nowhere: expected a model folder with a model.json, got none; give a run's best/.",
    ),
    "a run": (
        ["run", "new.csv"],
        "run: expected a model folder with a model.json, got none; did you mean run/best?",
    ),
    "a file for a model": (
        ["new.csv", "new.csv"],
        "new.csv: expected a model folder with a model.json, got none",
    ),
    "images": (
        ["images", "new.csv"],
        "model: expected one that was trained on a table, got one of images (angle); in "
        "Python its predict takes images.",
    ),
    "newer": (
        ["newer", "new.csv"],
        "newer: expected a model of evenreg 0.1.0 or older, got one of 9.1; install that",
    ),
    "no file": (["best", "nev.csv"], "nev.csv: no such file; did you mean 'new.csv'?"),
    "empty": (["best", "empty.csv"], "empty.csv: expected a table, got an empty file."),
    "header only": (["best", "header.csv"], "header.csv: expected rows of data, got a header only."),
    "columns under other names": (
        ["best", "missing.csv"],
        "missing.csv: expected the 3 columns of training, got a table without 'city', 'built'; rename "
        "'City' to 'city'.",
    ),
    "another table": (
        ["best", "other.csv"],
        "other.csv: expected the 3 columns of training, got a table without 'size', 'city', 'built'; it has 'a', 'b'.",
    ),
    "text": (
        ["best", "text.csv"],
        "column 'size': expected numbers as in training, got 'big' in row 4; write plain numbers such as 12.5, and "
        "leave a cell empty where the value is unknown.",
    ),
    "date": (
        ["best", "date.csv"],
        "column 'built': expected dates as in training, got 'soon' in row 4; write them as there, and leave a cell "
        "empty where the value is unknown.",
    ),
    "short row": (
        ["best", "short.csv"],
        "short.csv: expected 5 values in every row as in the header, got 1 in row 3;",
    ),
    "there already": (
        ["best", "new.csv", "--out", "there.csv"],
        "there.csv exists; expected a new file: name another",
    ),
    "a folder": (
        ["best", "new.csv", "--out", "folder.csv", "--overwrite"],
        "folder.csv exists; expected a new file",
    ),
    "its own input": (
        ["best", "new.csv", "--out", "./new.csv", "--overwrite"],
        "out: expected another file than the one that is read, got new.csv for both; name a new one.",
    ),
    "another ending": (
        ["best", "new.csv", "--out", "p.xlsx"],
        "out: expected a file name that ends in .csv or .parquet, got 'p.xlsx'; the ending tells the format.",
    ),
    "no ending": (
        ["best", "new.csv", "--out", "p"],
        "out: expected a file name that ends in .csv or .parquet, got 'p';",
    ),
    "batch size": (
        ["best", "new.csv", "--batch-size", "0"],
        "--batch-size: expected a whole number of at least 1, got 0.",
    ),
    "text for a number": (
        ["best", "new.csv", "--batch-size", "many"],
        "--batch-size: expected a whole number, got 'many'",
    ),
    "an option": (
        ["best", "new.csv", "--output", "p.csv"],
        "no option named '--output'; did you mean '--out'?",
    ),
    "no data": (
        ["best"],
        "expected data (CSV or Parquet file with the columns of training; others are kept)",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_one_sentence_and_nothing_written(wrong, case, capsys):
    words, sentence = WRONG[case]
    there = {p: p.stat().st_mtime_ns for p in wrong.rglob("*")}
    assert main(["predict", *words]) == 2
    said = capsys.readouterr()
    assert said.err.startswith(f"evenreg: {sentence}")
    assert said.err.count("\n") == 1
    assert {p: p.stat().st_mtime_ns for p in wrong.rglob("*")} == there
    assert said.out == ""


def test_parquet_without_pyarrow_is_told_before_the_work(here, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert main(["predict", "best", "new.csv", "--out", "p.parquet"]) == 2
    assert (
        "p.parquet: writing Parquet needs pyarrow, which is not installed; pip install"
        in capsys.readouterr().err
    )


def test_files_and_options_are_checked_before_torch_is_loaded(wrong):
    """The same run shows that torch comes with the first row."""
    code = (
        "import json, sys\n"
        "from evenreg.cli import main\n"
        "seen = {}\n"
        "for case, words in json.load(sys.stdin).items():\n"
        "    main(['predict', *words])\n"
        "    seen[case] = [m for m in ('torch', 'lightning') if m in sys.modules]\n"
        "print(json.dumps(seen))"
    )
    late = ("text", "date", "short row")
    early = {case: words for case, (words, _) in WRONG.items() if case not in late}
    cases = {"help": ["--help"]} | early | {"late": WRONG["text"][0]}
    done = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps(cases), capture_output=True, text=True, check=True
    )
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen.pop("late") == ["torch", "lightning"]
    assert set(map(tuple, seen.values())) == {()}


def test_a_wrong_row_far_down_leaves_no_file(here, capsys):
    lines = [f"{i},1.5,x,Ulm,01.02.2003" for i in range(50)]
    (here / "new.csv").write_text("\n".join(["id,size,note,city,built", *lines, "50,big,x,Ulm,01.02.2003"]))
    for out in ("p.csv", "p.parquet"):
        assert main(["predict", "best", "new.csv", "--out", out, "--batch-size", "7"]) == 2
        assert "got 'big' in row 52; write plain numbers" in capsys.readouterr().err
    assert sorted(p.name for p in here.iterdir()) == ["best", "new.csv"]


@pytest.mark.parametrize("out", ["p.csv", "p.parquet"])
def test_ctrl_c_leaves_no_half_file_and_an_old_one_as_it_was(here, out, monkeypatch, capsys):
    (here / out).write_text("mine")
    kind, calls = type(evenreg.load_model("best")), []
    predict = kind.predict

    def cut(self, inputs, **words):
        calls.append(len(inputs))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return predict(self, inputs, **words)

    monkeypatch.setattr(kind, "predict", cut)
    words = ["predict", "best", "new.csv", "--out", out, "--overwrite", "--batch-size", "1"]
    assert main(words) == 130
    assert capsys.readouterr().err == "evenreg: interrupted.\n"
    assert calls == [1, 1, 1]
    assert (here / out).read_text() == "mine"
    assert sorted(p.name for p in here.iterdir()) == ["best", "new.csv", out]


def test_a_reader_that_leaves_is_no_error(here, monkeypatch, capsys):
    class Left(io.BytesIO):
        def write(self, content):
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(Left()))
    assert main(["predict", "best", "new.csv"]) == 141
    assert capsys.readouterr().err == ""


# ---- progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_bar_on_a_terminal(here, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert main(["predict", "best", "new.csv", "--out", "p.csv", "--batch-size", "1"]) == 0
    told = sys.stderr.getvalue()
    assert "4 rows" in told
    assert "100%" in told
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert main(["predict", "best", "new.csv", "--out", "p.csv", "--overwrite", "--quiet"]) == 0
    assert sys.stderr.getvalue() == ""


def test_no_bar_among_rows_that_scroll_by(here, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert main(["predict", "best", "new.csv"]) == 0
    assert sys.stderr.getvalue() == ""
    assert sys.stdout.getvalue().startswith("id,size,note,city,built,predicted_price\r\n")


def test_a_line_now_and_then_elsewhere(here, monkeypatch, capsys):
    monkeypatch.setattr(_predict_progress, "_SECONDS_BETWEEN_LINES", -1.0)
    sales(400).to_csv("new.csv", index=False)
    assert main(["predict", "best", "new.csv", "--out", "p.csv", "--batch-size", "150"]) == 0
    assert re.fullmatch(r"predicted 150 rows, \d\d%\n(predicted 300 rows, \d\d%\n)?", capsys.readouterr().err)
