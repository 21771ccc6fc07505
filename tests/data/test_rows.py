"""open_rows: a table in blocks, whose rows come out as they are written."""

import csv
import io
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenreg.data import _csv_rows, open_rows, read_table
from evenreg.errors import InputError, MissingDependencyError, MissingFileError

SIZES = (1, 2, 1000)


@pytest.fixture
def write(tmp_path):
    def write(text, name="new.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def written(rows, size=1000, column="p"):
    """The CSV that comes out, with the predictions 0.5, 1.5, 2.5, ..."""
    text, n = rows.csv_header(column), 0
    for block in rows.blocks([], size):
        values = n + 0.5 + np.arange(len(block.features))
        n += len(values)
        text += block.csv(values)
    return text


# ---- CSV: rows as they are written

KEPT = {
    "plain": ("id,x\n007,1\n008,2\n", "id,x,p\n007,1,0.5\n008,2,1.5\n"),
    "no newline at the end": ("id,x\n1,2", "id,x,p\n1,2,0.5\n"),
    "carriage returns": ("id,x\r\n1,2\r\n3,4\r\n", "id,x,p\r\n1,2,0.5\r\n3,4,1.5\r\n"),
    "quotes and line breaks": (
        'id,note\n1,"a, ""b"""\n2,"two\nlines"\n3,""\n',
        'id,note,p\n1,"a, ""b""",0.5\n2,"two\nlines",1.5\n3,"",2.5\n',
    ),
    "blanks and zeros": ("id, x\n 01 ,  1.50\n1e3,-0\n", "id, x,p\n 01 ,  1.50,0.5\n1e3,-0,1.5\n"),
    "blank lines": ("\n\nid,x\n1,2\n\n3,4\n   \n\n", "id,x,p\n1,2,0.5\n3,4,1.5\n"),
    "empty cells": ("id,x\n,\n1,\n,,\n".replace(",,\n", ",2\n"), "id,x,p\n,,0.5\n1,,1.5\n,2,2.5\n"),
    "a decimal comma": ("id;x\n1;2,5\n2;3,5\n", "id;x;p\n1;2,5;0,5\n2;3,5;1,5\n"),
    "tabs": ("id\tx\n1\t2\n", "id\tx\tp\n1\t2\t0.5\n"),
    "one column": ("x\n1\n2\n", "x,p\n1,0.5\n2,1.5\n"),
    "a gap in one column": ('x\n1\n""\n', 'x,p\n1,0.5\n"",1.5\n'),
    "a header in quotes": ('"id, no";x\n1;2\n', '"id, no";x;p\n1;2;0.5\n'),
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("case", KEPT)
def test_rows_come_out_as_they_are_written(write, case, size):
    before, after = KEPT[case]
    assert written(open_rows(write(before)), size) == after


def test_the_name_of_the_column_is_quoted_where_it_must_be(write):
    assert open_rows(write("a;b\n1;2\n")).csv_header('x;"y"') == 'a;b;"x;""y"""\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_encoding_is_told_and_no_mark_is_left_in_the_text(write, encoding):
    rows = open_rows(write("größe,x\n1,Köln\n".encode(encoding)))
    assert rows.encoding == encoding
    assert written(rows) == "größe,x,p\n1,Köln,0.5\n"


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Cs"]), max_size=6)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(CELL, CELL, st.integers(0, 99).map(str)), min_size=1, max_size=12),
    st.sampled_from([1, 3, 50]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_any_cells_come_out_as_they_went_in(tmp_path_factory, cells, size, newline):
    path = tmp_path_factory.mktemp("any") / "t.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator=newline)
        writer.writerows([("a", "b", "n"), *cells])
    rows = open_rows(path)
    read = list(csv.reader(io.StringIO(written(rows, size), newline="")))
    assert read == [["a", "b", "n", "p"], *([*row, f"{i}.5"] for i, row in enumerate(cells))]
    assert [n for block in rows.blocks(["n"], size) for n in block.features["n"]] == [
        int(r[2]) for r in cells
    ]


# ---- CSV: numbers of rows, features, types


@pytest.mark.parametrize("size", SIZES)
def test_rows_and_features_are_those_of_the_whole_table(write, size):
    lines = [f"{i},{'' if i % 5 == 0 else i / 4},{'ab'[i % 2]}" for i in range(17)]
    text = (
        "y,x,city\n"
        + "\n".join(lines[:9])
        + '\n\n"9","2\n.5",a\n'.replace("2\n.5", "2.5")
        + "\n".join(lines[10:])
    )
    path = write(text)
    table = read_table(path, "y")
    blocks = list(open_rows(path).blocks(["x", "city"], size, text=["city"]))
    assert [len(b.features) for b in blocks[:-1]] == [size] * (len(blocks) - 1)
    assert np.concatenate([b.rows for b in blocks]).tolist() == table.rows.tolist()
    got = pd.concat([b.features for b in blocks], ignore_index=True)
    pd.testing.assert_frame_equal(got, table.features, check_dtype=False)
    shares = [b.share for b in blocks]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_columns_of_text_are_read_as_text(write):
    path = write("code,x\n01,1\n02,2\n")
    (block,) = open_rows(path).blocks(["code", "x"], 10, text=["code"])
    assert block.features["code"].tolist() == ["01", "02"]
    (block,) = open_rows(path).blocks(["code"], 10)
    assert block.features["code"].tolist() == [1, 2]


def test_a_mark_among_numbers_with_a_decimal_comma(write):
    (block,) = open_rows(write("a;b\n1,5;1\n?;2\n,5;x\n2;3\n")).blocks(["a", "b"], 10)
    assert block.features["a"].tolist() == [1.5, "?", 0.5, 2.0]


TYPES = {
    "integers": ("1 -2 30", np.int64, [1, -2, 30]),
    "integers and a gap": ("1  30", np.float64, [1, np.nan, 30]),
    "decimals": ("1.50 -2 1e3 .5", np.float64, [1.5, -2, 1000, 0.5]),
    "decimals and gaps": ("1.5 NA nan  NULL", np.float64, [1.5, *[np.nan] * 4]),
    "zeros in front": ("007 8 9", str, ["007", "8", "9"]),
    "zeros in front of decimals": ("1.5 00.5", str, ["1.5", "00.5"]),
    "a plus": ("+49 5", str, ["+49", "5"]),
    "many digits": ("123456789012345678 1", np.int64, [123456789012345678, 1]),
    "too many digits": ("12345678901234567890 1", str, ["12345678901234567890", "1"]),
    "many digits and a gap": ("123456789012345678  1", str, ["123456789012345678", None, "1"]),
    "words": ("a NA  b", str, ["a", "NA", None, "b"]),
    "true and false": ("True False", str, ["True", "False"]),
    "dates": ("2020-01-01 2021-01-01", str, ["2020-01-01", "2021-01-01"]),
    "other digits": ("1 ２", str, ["1", "２"]),
}


@pytest.mark.parametrize("case", TYPES)
def test_numbers_are_numbers_where_nothing_is_lost_by_it(write, case):
    cells, dtype, expected = TYPES[case]
    path = write("x,k\n" + "".join(f"{cell},1\n" for cell in cells.split(" ")))
    frame = open_rows(path).frame()
    column = frame["x"]
    if dtype is str:
        assert [None if pd.isna(v) else v for v in column] == expected
    else:
        assert column.dtype == dtype
        np.testing.assert_array_equal(column, expected)
    pytest.importorskip("pyarrow")
    tables = [b.arrow("p", np.zeros(1)) for b in open_rows(path).blocks([], 1)]
    assert len({t.schema for t in tables}) == 1
    values = [v for t in tables for v in t.column("x").to_pylist()]
    assert values == [None if pd.isna(v) else v for v in expected]
    assert tables[0].column_names == ["x", "k", "p"]


def test_decimal_commas_are_numbers_too(write):
    frame = open_rows(write("a;b\n1,5;01,0\n2;x\n")).frame()
    assert frame["a"].tolist() == [1.5, 2.0]
    assert frame["b"].tolist() == ["01,0", "x"]


# ---- bad files: the sentences of read_table

BAD = {
    "empty": (b"", "new.csv: expected a table, got an empty file."),
    "blank": (b"\n  \n", "new.csv: expected a table, got only blank lines."),
    "header only": (b"x,y\n", "new.csv: expected rows of data, got a header only."),
    "header and blank": (b"x,y\n\n\n", "new.csv: expected rows of data, got a header only."),
    "one column, header only": (b"x\n", "new.csv: expected rows of data, got a header only."),
    "repeated names": (b"x,x\n1,2\n", "expected every column name once, got 'x' in columns 1 and 2"),
    "binary": (b"x,y\n1,\x00\n", "got a binary file; export the table as CSV"),
    "latin-1": (b"x,y\nK\xf6ln,2\n", "got byte 0xf6 in line 2; save the file as 'CSV UTF-8'"),
    "excel": (b"PK\x03\x04....", "got an Excel or zip file; save the sheet as CSV"),
}
BAD_LATER = {
    "long row": (
        b"x,y\n1,2\n2,3,4\n3,4\n",
        "expected 2 values in every row as in the header, got 3 in row 3;",
    ),
    "short row": (b"x,y\n1,2\n2\n", "got 1 in row 3; add what is missing"),
    "open quote": (b'x,y\n1,2\n2,"3\n4,5\n', "expected quotes in pairs, got a quoted text near line 3"),
    "late latin-1": (b"x,y\n" + b"1,2\n" * 20_000 + b"K\xf6ln,2\n", "got byte 0xf6 in line 20002"),
    "late zero byte": (b"x,y\n" + b"1,2\n" * 20_000 + b"\0,2\n", "got a binary file"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_files_are_told_at_once(write, case):
    content, sentence = BAD[case]
    with pytest.raises(InputError) as caught:
        open_rows(write(content))
    assert sentence in str(caught.value)


@pytest.mark.parametrize("case", BAD_LATER)
def test_bad_rows_are_told_when_they_are_reached(write, case, monkeypatch):
    monkeypatch.setattr(_csv_rows, "SAMPLE_TEXT", 50)
    content, sentence = BAD_LATER[case]
    rows = open_rows(write(content))
    with pytest.raises(InputError) as caught:
        for _ in rows.blocks(["x"], 1000):
            pass
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_that_are_not_there(tmp_path):
    with pytest.raises(MissingFileError, match=r"no such file; check the path\."):
        open_rows(tmp_path / "new.csv")
    with pytest.raises(InputError, match="got a folder; name a file inside it"):
        open_rows(str(tmp_path))
    with pytest.raises(
        InputError, match="data: expected a pandas DataFrame, got list; convert it, or give a file"
    ):
        open_rows([1, 2])


# ---- Parquet


@pytest.fixture
def parquet(tmp_path):
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame(
        {
            "id": pd.array([1, None, 3, 4, 5], dtype="Int64"),
            "x": [1.5, 2.5, None, 4.0, 5.0],
            "city": pd.Categorical(["Ulm", None, "Bonn", "Ulm", "Ulm"]),
            "day": pd.date_range("2020-01-01", periods=5),
            "note": ['a, "b"', "two\nlines", None, "", "007"],
        },
        index=pd.Index([7, 8, 9, 10, 11]),
    )
    frame.to_parquet(tmp_path / "new.parquet", row_group_size=3)
    return tmp_path / "new.parquet", frame


@pytest.mark.parametrize("size", SIZES)
def test_parquet_rows(parquet, size):
    path, frame = parquet
    rows = open_rows(path)
    assert rows.header == ["id", "x", "city", "day", "note"]
    blocks = list(rows.blocks(["x", "city"], size))
    assert np.concatenate([b.rows for b in blocks]).tolist() == [1, 2, 3, 4, 5]
    assert all(len(b.features) <= size for b in blocks)
    assert blocks[-1].share == 1.0
    np.testing.assert_array_equal(np.concatenate([b.features["x"] for b in blocks]), frame["x"])
    read = list(csv.reader(io.StringIO(written(rows, size))))
    assert read[0] == ["id", "x", "city", "day", "note", "__index_level_0__", "p"]
    assert [row[0] for row in read[1:]] == ["1", "", "3", "4", "5"]
    assert [row[4] for row in read[1:]] == ['a, "b"', "two\nlines", "", "", "007"]
    assert [row[-1] for row in read[1:]] == ["0.5", "1.5", "2.5", "3.5", "4.5"]


def test_parquet_keeps_its_types_and_its_index(parquet, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    path, frame = parquet
    rows = open_rows(path)
    tables = [b.arrow("p", np.arange(len(b.features)) * 1.0) for b in rows.blocks(["x"], 2)]
    assert len({t.schema for t in tables}) == 1
    pq.write_table(pa.concat_tables(tables), tmp_path / "out.parquet")
    back = pd.read_parquet(tmp_path / "out.parquet")
    pd.testing.assert_frame_equal(back.drop(columns="p"), pd.read_parquet(path))
    pd.testing.assert_frame_equal(rows.frame(), pd.read_parquet(path))
    assert back.index.tolist() == frame.index.tolist()


def test_parquet_that_cannot_be_read(write, monkeypatch):
    with pytest.raises(InputError, match="expected a Parquet file, got what pyarrow cannot read"):
        open_rows(write(b"PAR1 and nothing more", "t.parquet"))
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(MissingDependencyError, match=re.escape("pip install 'evenreg[all]'")):
        open_rows(write(b"PAR1....PAR1", "t.parquet"))


def test_parquet_without_rows(tmp_path):
    pytest.importorskip("pyarrow")
    pd.DataFrame({"x": [1.0]}).head(0).to_parquet(tmp_path / "t.parquet")
    with pytest.raises(InputError, match=r"t\.parquet: expected rows of data, got a header only"):
        open_rows(tmp_path / "t.parquet")


# ---- DataFrames


@pytest.mark.parametrize("size", SIZES)
def test_frame_rows(size):
    frame = pd.DataFrame({1: [1.5, None, 3.0], "city": ["a", None, "c"]}, index=[5, 5, 6])
    before = frame.copy(deep=True)
    rows = open_rows(frame)
    assert rows.header == ["1", "city"]
    blocks = list(rows.blocks(["1"], size))
    assert [b.rows for b in blocks] == list(range(0, 3, size))
    np.testing.assert_array_equal(np.concatenate([b.features["1"] for b in blocks]), frame[1])
    assert written(rows, size) == "1,city,p\n1.5,a,0.5\n,,1.5\n3.0,c,2.5\n"
    got = rows.frame()
    got["p"] = 1
    pd.testing.assert_frame_equal(frame, before)


def test_an_index_with_a_name_is_written_and_one_without_is_not():
    frame = pd.DataFrame({"x": [1, 2]}, index=pd.Index(["u", "v"], name="house"))
    assert written(open_rows(frame)) == "house,x,p\nu,1,0.5\nv,2,1.5\n"
    assert written(open_rows(frame.rename_axis("x"))) == "x,p\n1,0.5\n2,1.5\n"
    assert open_rows(frame).header == ["x"]


def test_blocks_of_a_frame_have_one_type():
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame({"note": [None, None, "x"], "x": [1, 2, 3]}, dtype=object)
    tables = [b.arrow("p", np.zeros(1)) for b in open_rows(frame).blocks(["x"], 1)]
    assert len({t.schema for t in tables}) == 1
