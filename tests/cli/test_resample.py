"""``resample`` as a command and from Python: what comes out, its types, outputs, every refusal."""

import errno
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import evenreg
from evenreg._words import parse, parse_resampling
from evenreg.cli import Resampled, _resample_output, main, resample
from evenreg.errors import (
    InputError,
    MissingDependencyError,
    MissingFileError,
    RunFolderError,
    TargetError,
    UnknownNameError,
)

METHODS = ["smoter", "smogn", "gn", "ro", "ru", "wercs"]


def houses(n=300, seed=0):
    rng = np.random.default_rng(seed)
    price = rng.lognormal(3, 0.8, n).round(2)
    price[:12] = rng.uniform(150, 250, 12).round(2)
    frame = pd.DataFrame(
        {
            "id": [f"{i:04}" for i in range(n)],
            "size": rng.gamma(2, 3, n).round(2),
            "rooms": rng.integers(1, 8, n),
            "city": rng.choice(["Ulm", "Bonn"], n),
            "price": price,
        }
    )
    frame.loc[5::17, "size"] = np.nan
    return frame


@pytest.fixture
def table(tmp_path, monkeypatch):
    """300 houses in ``t.csv`` of the working folder."""
    monkeypatch.chdir(tmp_path)
    frame = houses()
    frame.to_csv("t.csv", index=False)
    return frame


# ---- what comes out


@pytest.mark.parametrize("lds", ["", " + lds"])
@pytest.mark.parametrize("method", METHODS)
def test_every_method_grows_the_rare_and_keeps_rows_columns_and_types(table, method, lds):
    found = resample(table, "price", method + lds, copy=["id"])
    assert isinstance(found, Resampled)
    pd.testing.assert_series_equal(found.frame.dtypes, table.dtypes)
    assert len(found.frame) == len(found.synthetic) == len(found.sample_indices) == found.after["all"]
    assert found.before["all"] == len(table)
    for counts in (found.before, found.after):
        assert counts["rare"] + counts["frequent"] == counts["all"]
    share = {name: c["rare"] / c["all"] for name, c in (("b", found.before), ("a", found.after))}
    assert share["a"] > share["b"]
    kept = ~found.synthetic
    expected = table.iloc[found.sample_indices[kept]].reset_index(drop=True)
    pd.testing.assert_frame_equal(found.frame[kept].reset_index(drop=True), expected)
    assert found.frame["id"].tolist() == table["id"].iloc[found.sample_indices].tolist()
    assert found.synthetic.any() == (method in ("smoter", "smogn", "gn"))


def test_the_sampler_of_the_same_name_gives_the_same_rows(table):
    from evenreg.labels import LDS
    from evenreg.resampling import SMOGN

    X = table[["size", "rooms", "city"]]
    made, y = SMOGN(k=3, threshold=0.7, relevance=LDS(size=9), random_state=4).fit_resample(X, table["price"])
    found = resample(table, "price", "smogn(k=3) + lds(size=9)", threshold=0.7, seed=4, copy=["id"])
    pd.testing.assert_frame_equal(found.frame[X.columns], made)
    np.testing.assert_array_equal(found.frame["price"], y)


def test_sizes_are_rows_or_shares(table):
    plain = resample(table, "price", "ru(frequent=50%)")
    assert plain.after["frequent"] == round(plain.before["frequent"] / 2)
    assert resample(table, "price", "ru(frequent=0.5)").after == plain.after
    assert resample(table, "price", "smogn(rare=40, frequent=100, relevance=high)").after == {
        "all": 140,
        "rare": 40,
        "frequent": 100,
    }
    drawn = resample(table, "price", "wercs(over=10%, under=20)")
    assert drawn.after["all"] == 300 + 30 - 20
    assert (drawn.total.dropped, drawn.total.made) == (20, 0)


def test_the_seed_decides(table):
    first, again, other = (resample(table, "price", seed=seed).frame for seed in (0, 0, 1))
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)


def test_only_train_is_resampled_and_the_rest_comes_last(table):
    table["part"] = np.where(np.arange(300) % 3, "train", "test")
    found = resample(table, "price", split="part")
    held = table[table["part"] == "test"]
    assert found.held_out == len(held)
    pd.testing.assert_frame_equal(
        found.frame.tail(len(held)).reset_index(drop=True), held.reset_index(drop=True)
    )
    assert not found.synthetic[-len(held) :].any()
    assert (found.frame["part"][found.synthetic] == "train").all()
    assert found.before["all"] == 300 - len(held)
    assert "100 rows of val and test went through as they are" in str(found)


def test_types_of_all_kinds_come_back(table):
    frame = table.assign(
        sold=pd.date_range("2020-01-01", periods=300),
        floor=pd.array([None, *range(299)], dtype="Int16"),
        kind=pd.Categorical(["a", "b", None] * 100),
        new=[True, False] * 150,
        price=table["price"].round().astype("uint8"),
        level=table["size"].astype("float32"),
        rain=pd.arrays.SparseArray(np.arange(300) % 10 == 0, dtype="int8"),
    ).set_index("id")
    frame.columns = [*frame.columns[:-1], 7]
    found = resample(frame, "price", "gn(perturbation=3)")
    pd.testing.assert_series_equal(found.frame.dtypes, frame.dtypes)
    assert found.copied == ("sold",)
    assert found.frame["sold"].tolist() == frame["sold"].iloc[found.sample_indices].tolist()
    assert found.frame.index.equals(pd.RangeIndex(len(found.frame)))


def test_a_file_and_its_frame_agree_whatever_stands_between_its_rows(table):
    table.loc[[7, 20], "price"] = np.nan
    table.loc[3, "city"] = "two\nlines"
    lines = table.to_csv(index=False)
    Path("t.csv").write_text(lines.replace("0030,", "\n0030,"))
    from_file = resample("t.csv", "price", drop_missing=True, copy=["id"])
    from_frame = resample(table, "price", drop_missing=True, copy=["id"])
    assert from_file.unlabelled == from_frame.unlabelled == 2
    np.testing.assert_array_equal(from_file.sample_indices, from_frame.sample_indices)
    pd.testing.assert_frame_equal(from_file.frame, from_frame.frame, check_dtype=False)
    assert "2 rows without a target were left out." in str(from_file)


# ---- the command


def test_parquet_and_csv(table, capsys):
    pytest.importorskip("pyarrow")
    words = ["resample", "t.csv", "--target", "price", "--copy", "id", "--synthetic-column", "made"]
    assert main([*words, "--out", "new/b.parquet", "--k", "3", "--seed", "2"]) == 0
    out = capsys.readouterr().out
    found = resample("t.csv", "price", "smogn(k=3)", seed=2, copy=["id"], synthetic_column="made")
    assert out == f"{found}\n\nnew/b.parquet: 300 rows.\n"
    written = pd.read_parquet("new/b.parquet")
    pd.testing.assert_frame_equal(written, found.frame, check_dtype=False)
    assert written["made"].sum() == found.synthetic.sum() > 0
    assert (
        main(["resample", "new/b.parquet", "--target", "price", "--method", "ru + lds", "--out", "c.csv"])
        == 0
    )
    assert pd.read_csv("c.csv", dtype={"id": str})["id"].str.len().eq(4).all()
    assert not list(Path().rglob("*.part"))


def test_a_csv_is_written_as_it_was(table):
    text = table.to_csv(index=False, sep=";", decimal=",", lineterminator="\r\n")
    Path("t.csv").write_bytes(text.encode("utf-8-sig"))
    assert main(["resample", "t.csv", "--target", "price", "--method", "ro", "--out", "b.csv"]) == 0
    written = Path("b.csv").read_bytes()
    assert written.startswith(text[:2000].encode("utf-8-sig"))


def test_the_report(table):
    found = resample(table, "price", "smogn(relevance=high)")
    made = found.total.made
    lines = str(found).splitlines()
    assert lines[0] == (
        f"price of the DataFrame by smogn(relevance=high), seed 0: 300 rows before, 300 after, {made} of them synthetic"
    )
    assert lines[2].split() == ["labels", "before", "dropped", "repeated", "made", "after"]
    assert [line.split()[0] for line in lines[3:6]] == ["frequent", "rare", "all"]
    assert lines[7].startswith("Rare: relevance of at least 0.8, which is 0 up to ")
    assert lines[-1] == "Train on this table only; test on rows that were taken away before it was made."
    assert repr(found).startswith("Resampled(price of the DataFrame by smogn")
    html = found._repr_html_()
    assert html.count("<tr>") == 4
    assert "Train on this table only" in html
    told = "No two rows agree in 'id': of an id no blend makes sense, take it over with --copy id."
    assert told in str(found)
    assert told not in str(resample(table, "price", copy=["id"]))
    assert told in str(resample(table.assign(id=range(7, 307)), "price"))
    assert "the method has no threshold" in str(resample(table, "price", "wercs"))


def test_without_a_file_there_is_only_the_report(table, capsys):
    assert main(["resample", "t.csv", "--target", "price", "--relevance", "60:0, 150:1"]) == 0
    out = capsys.readouterr().out
    assert "which is 0 up to 60, 1 from 150 (points given)." in out
    assert out.endswith("\nNothing is written; add --out FILE, which ends in .csv or .parquet.\n")
    assert [p.name for p in Path().iterdir()] == ["t.csv"]


# ---- files that are there, or cannot be written


def test_outputs_are_never_lost(table, capsys, monkeypatch):
    before = Path("t.csv").read_bytes()
    words = ["resample", "t.csv", "--target", "price", "--out"]
    assert main([*words, "t.csv", "--overwrite"]) == 2
    assert "expected another file than the one that is read, got t.csv" in capsys.readouterr().err
    Path("b.csv").write_text("mine")
    assert main([*words, "b.csv"]) == 2
    assert "b.csv exists; expected a new file" in capsys.readouterr().err
    assert Path("b.csv").read_text() == "mine"

    def full(self, path, **form):
        Path(path).write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(pd.DataFrame, "to_csv", full)
        assert main([*words, "b.csv", "--overwrite"]) == 2
    assert capsys.readouterr().err == "evenreg: b.csv: No space left on device.\n"
    assert Path("b.csv").read_text() == "mine"
    assert sorted(p.name for p in Path().iterdir()) == ["b.csv", "t.csv"]
    assert main([*words, "b.csv", "--overwrite"]) == 0
    assert Path("t.csv").read_bytes() == before


def test_columns_of_several_types_are_no_parquet(table, tmp_path):
    pytest.importorskip("pyarrow")
    with pytest.raises(
        InputError, match=r"out: expected columns of one type each for Parquet, got others \("
    ):
        _resample_output.write_table(tmp_path / "b.parquet", pd.DataFrame({"a": [1, "x"]}), table)
    assert not (tmp_path / "b.parquet").exists()


def test_options_are_checked_before_files(tmp_path):
    for options in (
        {"method": "smgn"},
        {"k": 0},
        {"seed": -1},
        {"out": tmp_path / "b.xlsx"},
        {"threshold": 2},
    ):
        with pytest.raises(InputError):
            resample(tmp_path / "no.csv", "price", **options)
    with pytest.raises(MissingFileError, match="no such file"):
        resample(tmp_path / "no.csv", "price")


# ---- refusals

FRAME = houses()
SPIKE = FRAME.assign(price=[float(i % 2) for i in range(300)])
ONE = FRAME.assign(price=[*range(299), 5000.0])

SENTENCES = [
    ({"method": "smgn"}, UnknownNameError, "no method word named 'smgn'; did you mean 'smogn' or 'gn'?"),
    (
        {"method": "sqinv + lds"},
        InputError,
        "method 'sqinv + lds': resampling is one of smoter, smogn, gn, ro, ru, wercs, perhaps with lds, which says "
        "what is rare, got sqinv; write 'smogn' or 'smogn + lds', for instance.",
    ),
    ({"method": "lds"}, InputError, "got lds alone; write 'smogn'"),
    ({"method": "smogn + gn"}, InputError, "smogn and gn exclude each other (resampling); keep one."),
    (
        {"method": "smogn(rare=x)"},
        InputError,
        "smogn(rare): expected rows as a whole number or a share such as 50%, got 'x'.",
    ),
    (
        {"method": "smogn(relevance=density) + lds"},
        InputError,
        "lds says by its density what is rare, which leaves relevance=density without effect; keep one of them.",
    ),
    (
        {"method": "ru(sampling=extreme, frequent=9)"},
        InputError,
        "frequent=9 says how many rows there will be, which leaves sampling=extreme without effect; keep one of them.",
    ),
    (
        {"method": "smogn(keep_originals=true, frequent=9)"},
        InputError,
        "keep_originals drops no row, which leaves frequent=9 without effect; keep one of them.",
    ),
    ({"target": "prize"}, UnknownNameError, "no column named 'prize'; did you mean 'price'"),
    (
        {"target": "city"},
        TargetError,
        "target 'city' of the DataFrame (rows counted from 0): expected numbers, got ",
    ),
    (
        {"data": FRAME.assign(price=FRAME["price"].where(FRAME.index != 3))},
        TargetError,
        "expected a number in every row, got empty or NaN in row 3; fill them in or drop these rows with "
        "--drop-missing (in Python drop_missing=True).",
    ),
    (
        {"data": [1, 2]},
        InputError,
        "data: expected a CSV or Parquet file or a DataFrame, got list; make one first.",
    ),
    (
        {"data": SPIKE},
        TargetError,
        "target 'price' of the DataFrame: expected labels below -1.5 or above 2.5, the fences of the box plot",
    ),
    (
        {"data": SPIKE},
        TargetError,
        "take 'smogn + lds', where rare is relevant, or control points of your own, --relevance 'LABEL:0,LABEL:1' (in "
        "Python relevance=[[label, 0], [label, 1]]).",
    ),
    (
        {"relevance": [[1000, 0], [2000, 1]]},
        TargetError,
        "method 'smogn': relevance: expected some labels with at least the threshold of 0.8, got none of 300",
    ),
    (
        {"data": ONE},
        InputError,
        "method 'smogn': k: expected at most 0 neighbours, as the 1 rare row with label 5000 has no more in their "
        "region, got 5; take a lower threshold than 0.8, small_regions=keep, which leaves such rows as they are, or "
        "the method ro, which needs no neighbours.",
    ),
    ({"k": 30}, InputError, "method 'smogn': k: expected at most 15 neighbours, as the 16 rare rows"),
    ({"k": 0}, InputError, "k: expected a whole number of at least 1, got '0'."),
    (
        {"k": 3, "method": "ro"},
        InputError,
        "k: expected a method that has it, which are smoter, smogn, got ro; leave it out.",
    ),
    (
        {"k": 3, "method": "smogn(k=4)"},
        InputError,
        "k: expected it once, got 4 in 'smogn(k=4)' and 3 beside it; leave one out.",
    ),
    (
        {"method": "smogn(rare=2, frequent=50%)"},
        InputError,
        "rare rows are never dropped, frequent ones never added, whole numbers are rows, shares are written as 50%.",
    ),
    ({"threshold": 2}, InputError, "threshold: expected a number from 0 to 1, got '2'."),
    (
        {"relevance": [[1, 0], [2, 1]], "method": "smogn + lds"},
        InputError,
        "relevance: expected one thing that says what is rare, got lds in 'smogn + lds' too; leave one out.",
    ),
    ({"seed": -1}, InputError, "seed: expected a whole number of at least 0, got -1."),
    (
        {"out": "b.xlsx"},
        InputError,
        "out: expected a file name that ends in .csv or .parquet, got 'b.xlsx'; the ending tells the format.",
    ),
    (
        {"synthetic_column": "city"},
        InputError,
        "synthetic_column: expected a name that the DataFrame has not, got 'city'; take another.",
    ),
    (
        {"synthetic_column": ""},
        InputError,
        "synthetic_column: expected a name that the DataFrame has not, got ''; take another.",
    ),
    ({"copy": ["citty"]}, UnknownNameError, "no column of the DataFrame named 'citty'; did you mean 'city'?"),
    ({"copy": "id"}, InputError, "copy: expected a list of column names, got 'id'; write ['id']."),
    ({"copy": ["price"]}, InputError, "copy: expected columns beside the target, got 'price'; leave it out."),
    (
        {"data": FRAME[["price"]]},
        InputError,
        "the DataFrame: expected columns of numbers or categories beside 'price' to resample by, got none",
    ),
]


@pytest.mark.parametrize(("options", "kind", "sentence"), SENTENCES)
def test_one_sentence_for_each_mistake(options, kind, sentence):
    with pytest.raises(kind) as caught:
        resample(**{"data": FRAME, "target": "price"} | options)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_mistakes_on_the_command_line(table, capsys):
    for words, sentence in (
        ([], "evenreg: expected --target (column to predict); see 'evenreg resample --help'."),
        (["--target", "price", "--k", "x"], "evenreg: --k: expected a whole number, got 'x'"),
        (
            ["--target", "price", "--relevance", "3"],
            "evenreg: --relevance: expected LABEL:RELEVANCE separated by commas, such as 30:0,60:1, got '3'.",
        ),
        (
            ["--target", "price", "--relevance", "3:2"],
            "evenreg: --relevance: expected a number from 0 to 1, got '2'.",
        ),
    ):
        assert main(["resample", "t.csv", *words]) == 2
        assert capsys.readouterr().err.startswith(sentence)


def test_parquet_without_pyarrow(table, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(MissingDependencyError, match="writing Parquet needs pyarrow"):
        resample(table, "price", out="b.parquet")


def test_a_file_that_is_there_is_refused_from_python(table):
    with pytest.raises(RunFolderError, match="t\\.csv exists"):
        resample(table, "price", out="t.csv")


# ---- the same words elsewhere


@pytest.mark.parametrize("word", METHODS)
def test_weights_refuse_them_and_name_this_command(word):
    sentence = (
        f"{word} makes a table and no weights; make the table of training rows with 'evenreg resample DATA --target "
        f"COLUMN --method {word} --out FILE' (in Python evenreg.resample), or leave {word} out."
    )
    with pytest.raises(InputError) as caught:
        evenreg.sample_weight([1, 1, 2], f"{word} + lds")
    assert sentence in str(caught.value)


@pytest.mark.parametrize("other", ["sqinv", "cls + crt"])
def test_what_corrects_twice_says_so(other):
    with pytest.raises(
        InputError, match=r"makes rare rows more and frequent ones fewer, (sqinv|crt) beside it"
    ):
        parse(f"smogn + {other}")


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("LDS(9) + SMOGN(3, 0.1)", "smogn(k=3, perturbation=0.1) + lds(kernel=..., size=9)"),
        ("smoter(rare=300%, frequent=0.07)", "smoter(rare=300%, frequent=7%)"),
        ("wercs(1.0, 20)", "wercs(over=100%, under=20)"),
        ("ro(rare=500)", "ro(rare=500)"),
        ("gn(relevance=High, sampling=extreme)", "gn(relevance=high, sampling=extreme)"),
        ("wercs(50%, 0.5)", "wercs"),
        ("smogn(small_regions=keep, scale=sd, keep_originals=true)", None),
    ],
)
def test_words_are_written_back(text, canonical):
    if canonical is None:
        canonical = "smogn(keep_originals=true, scale=sd, small_regions=keep)"
    text, canonical = text.replace("LDS(9)", "LDS(size=9)"), canonical.replace("kernel=..., ", "")
    assert " + ".join(map(str, parse_resampling(text))) == canonical
    assert parse_resampling(canonical) == parse_resampling(text)


def test_a_person_at_a_terminal_sees_how_far_it_is(monkeypatch, tmp_path):
    told = []

    @contextmanager
    def progress_of(doing, *, quiet):
        assert not quiet
        yield lambda done, total: told.append((doing, done, total))

    monkeypatch.setattr("evenreg.cli._resample.progress_of", progress_of)
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=300), "y": rng.gamma(1.0, size=300)})
    made = evenreg.resample(frame, "y", "smogn + lds")
    assert told[-1] == ("making rows", made.total.made, made.total.made)
