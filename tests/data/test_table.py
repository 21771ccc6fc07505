"""read_table: what it understands, and one sentence for everything it does not."""

import inspect
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evenreg.data import (
    Table,
    TablePreprocessor,
    check_enough_rows,
    check_trainable,
    column_names,
    open_rows,
    read_columns,
    read_table,
    table_from_frame,
)
from evenreg.errors import (
    InputError,
    MissingDependencyError,
    MissingFileError,
    TargetError,
    UnknownNameError,
)

TARGETS = {
    "Abalone": "Rings",
    "Accel": "acceleration",
    "a1": "a1",
    "a2": "a2",
    "a3": "a3",
    "availPwr": "available.power",
    "bank8FM": "rej",
    "heat": "heat",
}


@pytest.fixture
def write(tmp_path):
    def write(text: str | bytes, name: str = "sales.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def rows_of(n: int, header: str = "price,rooms") -> str:
    return "\n".join([header, *(f"{i},{i % 7}" for i in range(n))]) + "\n"


# ---- what it understands


def test_a_plain_table(write):
    table = read_table(write("price,city,rooms\n10,Ulm,3\n20.5,Bonn,2\n"), "price")
    assert table.y.dtype == np.float64
    assert table.y.tolist() == [10.0, 20.5]
    assert list(table.features.columns) == ["city", "rooms"]
    assert table.rows.tolist() == [2, 3]
    assert (table.target, table.split, table.dropped, len(table)) == ("price", None, 0, 2)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(write, delimiter):
    text = "price,city,rooms\n10,Ulm,3\n20,Bonn,2\n".replace(",", delimiter)
    assert list(read_table(write(text), "price").features.columns) == ["city", "rooms"]


def test_a_delimiter_inside_quotes_or_in_a_text_is_no_delimiter(write):
    table = read_table(write('"price, net";city\n10;"a;b"\n20;c, d\n'), "price, net")
    assert table.features["city"].tolist() == ["a;b", "c, d"]


def test_a_decimal_comma_is_found_where_the_delimiter_leaves_it_free(write):
    table = read_table(write("price;area\n1,5;2,25\n3;4\n"), "price")
    assert table.y.tolist() == [1.5, 3.0]
    assert table.features["area"].tolist() == [2.25, 4.0]


def test_a_mark_among_numbers_with_a_decimal_comma_does_not_make_them_text(write):
    features = read_table(write("price;area;code\n1;2,25;1,5\n2;?;x\n3;,5;2,5\n4;;3\n"), "price").features
    assert features["area"].tolist()[:3] == [2.25, "?", 0.5]
    assert features["code"].tolist() == ["1,5", "x", "2,5", "3"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_byte_order_marks_and_line_endings(write, encoding, newline):
    text = "prïce,rooms\n10,3\n20,4\n".replace("\n", newline)
    table = read_table(write(text.encode(encoding)), "prïce")
    assert table.y.tolist() == [10.0, 20.0]
    assert table.rows.tolist() == [2, 3]


def test_rows_are_line_numbers_of_the_file(write):
    """Blank lines and quoted line breaks count, as they do in an editor."""
    table = read_table(write('\nprice,note\n10,"two\nlines"\n\n20,x\n   \n30,y\n'), "price")
    assert table.rows.tolist() == [3, 6, 8]
    assert table.features["note"].tolist() == ["two\nlines", "x", "y"]


def test_empty_rows_above_the_header(write):
    table = read_table(write(",,\n\nprice,rooms,city\n10,3,Ulm\n20,4,Bonn\n"), "price")
    assert table.y.tolist() == [10.0, 20.0]
    assert table.rows.tolist() == [4, 5]
    assert table.features["city"].tolist() == ["Ulm", "Bonn"]


def test_spaces_around_names_and_numbers(write):
    table = read_table(write(' price , rooms\n 10 , "3"\n20,4\n'), "price")
    assert table.y.tolist() == [10.0, 20.0]
    assert table.features["rooms"].tolist() == [3, 4]


def test_numbers_are_read_to_the_last_digit(write):
    values = np.random.default_rng(0).normal(size=50) * 10.0 ** np.arange(-25, 25)
    text = "y,x\n" + "".join(f"{v!r},{i}\n" for i, v in enumerate(values.tolist()))
    assert np.array_equal(read_table(write(text), "y").y, values)


def test_drop_missing_leaves_out_rows_without_a_target_and_says_how_many(write):
    text = "price,rooms\n10,3\n,4\nNaN,5\nNA,6\nnull,7\n20,8\n"
    table = read_table(write(text), "price", drop_missing=True)
    assert table.dropped == 4
    assert table.rows.tolist() == [2, 7]
    assert table.features["rooms"].tolist() == [3, 8]
    assert table.features.index.tolist() == [0, 1]


def test_a_split_column_in_any_spelling(write):
    table = read_table(write("y,x,part\n1,1,train\n2,2,Validation\n3,3, TEST\n4,4,dev\n"), "y", split="part")
    assert table.split is not None
    assert table.split.tolist() == ["train", "val", "test", "val"]
    assert list(table.features.columns) == ["x"]


def test_the_index_that_pandas_writes_is_no_feature(tmp_path):
    frame = pd.DataFrame({"y": [1.0, 2.0, 3.0], "x": [5, 5, 6]})
    for start in (0, 1):
        frame.index = range(start, start + 3)
        frame.to_csv(tmp_path / "t.csv")
        assert list(read_table(tmp_path / "t.csv", "y").features.columns) == ["x"]
    frame.index = [7, 3, 9]
    frame.to_csv(tmp_path / "t.csv")
    assert list(read_table(tmp_path / "t.csv", "y").features.columns) == ["Unnamed: 0", "x"]


def test_only_a_target_can_be_read_but_not_trained_on(write):
    table = read_table(write("price\n" + "\n".join(map(str, range(80)))), "price")
    assert table.features.shape == (80, 0)
    with pytest.raises(InputError, match="expected columns to predict 'price' from, got none beside it"):
        check_trainable(table)


def test_equal_content_has_one_fingerprint(write):
    first = read_table(write("price,rooms\n10,3\n20,4\n"), "price").fingerprint
    assert (
        read_table(write('"price";"rooms"\r\n10.0;3\r\n20;4\r\n', "other.csv"), "price").fingerprint == first
    )
    assert len(first) == 64
    others = ["price,rooms\n10,3\n21,4\n", "price,rooms\n10,3\n20,5\n", "price,room\n10,3\n20,4\n"]
    assert first not in {read_table(write(text), "price").fingerprint for text in others}


def test_the_split_is_part_of_the_fingerprint(write):
    one = read_table(write("y,x,s\n1,1,train\n2,2,test\n"), "y", split="s").fingerprint
    two = read_table(write("y,x,s\n1,1,test\n2,2,train\n"), "y", split="s").fingerprint
    assert one != two


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_real_tables(real_data, name):
    table = read_table(real_data / "tabular" / f"{name}.csv", TARGETS[name])
    check_trainable(table)
    plain = pd.read_csv(real_data / "tabular" / f"{name}.csv")
    assert np.array_equal(table.y, plain[TARGETS[name]].to_numpy(dtype=np.float64))
    pd.testing.assert_frame_equal(table.features, plain.drop(columns=TARGETS[name]))
    assert table.rows[[0, -1]].tolist() == [2, len(plain) + 1]


# ---- Parquet


def test_parquet_equals_csv(tmp_path):
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame({"price": [10.0, None, 30.0], "rooms": [3, 4, 5], "city": ["Ulm", None, "Bonn"]})
    frame.to_parquet(tmp_path / "sales.parquet")
    table = read_table(tmp_path / "sales.parquet", "price", drop_missing=True)
    assert table.y.tolist() == [10.0, 30.0]
    assert table.rows.tolist() == [1, 3]
    assert list(table.features.columns) == ["rooms", "city"]


def test_parquet_columns_may_be_named_indices_and_nameless_ones_are_left_out(tmp_path):
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame({"y": [1.0, 2.0], "x": [3, 4]}, index=pd.Index([7, 9]))
    frame.to_parquet(tmp_path / "t.parquet")
    assert list(read_table(tmp_path / "t.parquet", "y").features.columns) == ["x"]
    frame.rename_axis("house").to_parquet(tmp_path / "t.parquet")
    assert list(read_table(tmp_path / "t.parquet", "y").features.columns) == ["x", "house"]


def test_parquet_without_pyarrow(tmp_path, monkeypatch):
    (tmp_path / "t.parquet").write_bytes(b"PAR1....PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingDependencyError, match=re.escape("pip install 'evenreg[all]'")):
        read_table(tmp_path / "t.parquet", "y")


def test_broken_parquet(write):
    pytest.importorskip("pyarrow")
    with pytest.raises(InputError, match="expected a Parquet file, got what pyarrow cannot read"):
        read_table(write(b"PAR1 and nothing more", "t.parquet"), "y")


@pytest.mark.parametrize("values", [[True, False], pd.to_datetime(["2020-01-01", "2021-01-01"])])
def test_parquet_targets_that_are_no_numbers(tmp_path, values):
    pytest.importorskip("pyarrow")
    pd.DataFrame({"y": values, "x": [1, 2]}).to_parquet(tmp_path / "t.parquet")
    with pytest.raises(TargetError, match=r"expected numbers, got .* in rows 1 and 2"):
        read_table(tmp_path / "t.parquet", "y")


# ---- bad input: the error, and the sentence

BAD_FILES = {
    "empty": (b"", InputError, "sales.csv: expected a table, got an empty file."),
    "blank": (b"\n  \n", InputError, "sales.csv: expected a table, got only blank lines."),
    "header only": (b"price,rooms\n", InputError, "sales.csv: expected rows of data, got a header only."),
    "header and blank": (b"price,rooms\n\n\n", InputError, "expected rows of data, got a header only"),
    "repeated names": (
        b"price,rooms,rooms\n1,2,3\n",
        InputError,
        "expected every column name once, got 'rooms' in columns 2 and 3; rename one",
    ),
    "binary": (b"\x00\x01\x02\x03" * 50, InputError, "got a binary file; export the table as CSV"),
    "excel": (b"PK\x03\x04....", InputError, "got an Excel or zip file; save the sheet as CSV"),
    "gzip": (b"\x1f\x8b\x08....", InputError, "got a gzip file; unpack it first"),
    "latin-1": (
        b"price,city\n1,Ulm\n2,K\xf6ln\n",
        InputError,
        "got byte 0xf6 in line 3; save the file as 'CSV UTF-8'",
    ),
    "long row": (
        b"price,rooms\n1,2\n2,3,4\n3,4\n",
        InputError,
        "expected 2 values in every row as in the header, got 3 in row 3",
    ),
    "short rows": (
        b"price,rooms\n1,2\n2\n3\n4,5\n",
        InputError,
        "got 1 in rows 3 and 4; add what is missing",
    ),
    "open quote": (
        b'price,rooms\n1,2\n2,"3\n4,5\n',
        InputError,
        "expected quotes in pairs, got a quoted text near line 3 that does not end; close it",
    ),
    "other case": (b"Price,rooms\n1,2\n", UnknownNameError, "no column named 'price'; did you mean 'Price'?"),
    "misspelt": (b"prize,rooms\n1,2\n", UnknownNameError, "no column named 'price'; did you mean 'prize'?"),
    "other names": (b"a,b\n1,2\n", UnknownNameError, "no column named 'price'; known are: a, b."),
    "text": (
        b"price,rooms\n1,2\n$5,3\n3,4\nn/a,5\n",
        TargetError,
        "target 'price' of sales.csv: expected numbers, got '$5', 'n/a' in rows 3 and 5; write plain numbers",
    ),
    "decimal comma": (b'price,rooms\n1,2\n"12,5",3\n', TargetError, "expected numbers, got '12,5' in row 3"),
    "underscores": (b"price,rooms\n1,2\n1_000,3\n", TargetError, "expected numbers, got '1_000' in row 3"),
    "true and false": (b"price,rooms\nTrue,2\nFalse,3\n", TargetError, "got 'True', 'False' in rows 2 and 3"),
    "missing": (
        b"price,rooms\n1,2\n,3\nnan,4\n5,6\n",
        TargetError,
        "expected a number in every row, got empty or NaN in rows 3 and 4; fill them in or drop these rows "
        "with "
        "--drop-missing (in Python drop_missing=True).",
    ),
    "infinite": (
        b"price,rooms\n1,2\ninf,3\n-1e999,4\n",
        TargetError,
        "got infinity in rows 3 and 4; correct or delete",
    ),
    "constant": (
        b"price,rooms\n5,2\n5.0,3\n",
        TargetError,
        "expected values that differ, got 5 in all 2 rows; a constant target leaves nothing to learn",
    ),
    "one row": (b"price,rooms\n5,2\n", TargetError, "expected values that differ, got 5 in 1 row;"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_files(write, case):
    content, error, sentence = BAD_FILES[case]
    started = time.perf_counter()
    with pytest.raises(error) as caught:
        read_table(write(content), "price")
    text = str(caught.value)
    assert sentence in text
    assert "\n" not in text
    assert time.perf_counter() - started < 1.0


@pytest.mark.parametrize("text", [b"price,rooms\n1,2\n$5,3\n,4\n", b"price,rooms\n1,2\ninf,3\n,4\n"])
def test_drop_missing_never_drops_text_or_infinity(write, text):
    with pytest.raises(TargetError, match="in row 3"):
        read_table(write(text), "price", drop_missing=True)


def test_nothing_left_after_dropping(write):
    with pytest.raises(TargetError, match="expected numbers, got only missing values"):
        read_table(write("price,rooms\n,2\n,3\n"), "price", drop_missing=True)


def test_many_bad_rows_are_counted_not_listed(write):
    text = "price,rooms\n1,1\n" + "x,1\n" * 40
    with pytest.raises(TargetError, match=r"got 'x', 'x', 'x' in rows 3, 4, 5, 6, 7 and 35 more;"):
        read_table(write(text), "price")


def test_a_missing_file_offers_a_neighbour(write):
    path = write("price\n1\n")
    with pytest.raises(MissingFileError, match=r"no such file; did you mean 'sales.csv'\?"):
        read_table(path.with_name("sale.csv"), "price")
    with pytest.raises(MissingFileError, match=r"no such file; check the path\."):
        read_table(path.with_name("x") / "y.csv", "price")
    with pytest.raises(MissingFileError, match=r"no such file; check the path\."):
        read_table(path.with_name("nowhere.csv"), "price")


def test_a_folder(tmp_path):
    with pytest.raises(InputError, match="got a folder; name a file inside it"):
        read_table(tmp_path, "price")


def test_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(InputError, match="expected a file, got a pipe or a device; save what it gives"):
        read_table(tmp_path / "pipe.csv", "price")


def test_a_file_that_may_not_be_read(write, monkeypatch):
    path = write("price\n1\n")

    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match="expected a file that can be read, got 'Permission denied'"):
        read_table(path, "price")


def test_names_over_two_lines_are_read_as_one(write):
    table = read_table(write('"price\n(EUR)",rooms\n1,2\n2,3\n'), "price (EUR)")
    assert table.y.tolist() == [1.0, 2.0]


def test_a_quote_that_never_ends(write):
    text = 'price,note\n1,"open\n' + "2,x\n" * 60_000
    with pytest.raises(InputError, match="expected quotes in pairs"):
        read_table(write(text), "price")


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        (
            ["train", "tset", "test"],
            "expected train, val or test in every row, got 'tset' in row 3; correct it",
        ),
        (["train", "", "test"], "got '' in row 3"),
        (["train", "val", "train"], "expected train and test rows, got no test row with a target"),
        (["test", "val", "test"], "expected train and test rows, got no train row with a target"),
    ],
)
def test_split_columns_that_do_not_split(write, cells, sentence):
    text = "y,x,part\n" + "".join(f"{i},{i},{cell}\n" for i, cell in enumerate(cells))
    with pytest.raises(InputError) as caught:
        read_table(write(text), "y", split="part")
    assert sentence in str(caught.value)


def test_the_split_column_is_not_the_target_and_must_be_there(write):
    path = write("y,x\n1,1\n2,2\n")
    with pytest.raises(InputError, match="expected a column beside the target, got 'y' for both"):
        read_table(path, "y", split="y")
    with pytest.raises(UnknownNameError, match="no column named 'part'"):
        read_table(path, "y", split="part")


@pytest.mark.parametrize("check", [check_enough_rows, check_trainable])
def test_sixty_rows_are_enough(write, check):
    check(read_table(write(rows_of(60)), "price"))
    with pytest.raises(TargetError) as caught:
        check(read_table(write(rows_of(59)), "price"))
    assert str(caught.value) == (
        "price of sales.csv: expected at least 60 rows with a label, got 59; with fewer, rarity cannot be told "
        "from chance: collect more."
    )


@pytest.mark.parametrize("check", [check_enough_rows, check_trainable])
def test_a_given_split_must_leave_rows_to_train_on(write, check):
    def table(train):
        lines = ["y,x,part", *(f"{i},{i},{'train' if i < train else 'test'}" for i in range(70))]
        return read_table(write("\n".join(lines)), "y", split="part")

    check(table(40))
    with pytest.raises(
        TargetError,
        match="y of sales.csv: expected at least 40 rows for training and validation, got 39; mark more rows as "
        r"train in the split column\.",
    ):
        check(table(39))


# ---- DataFrames


def frame_of(n: int = 6, **columns) -> pd.DataFrame:
    return pd.DataFrame({"price": np.arange(n) * 1.5, **columns})


def test_a_frame_gives_the_table_of_its_csv(tmp_path):
    """Where the CSV gives the types back."""
    frame = pd.DataFrame(
        {
            "floats": [1.5, None, 3.0, -0.25],
            "price": [10.0, None, 30.0, 40.0],
            "integers": [1, 2, 3, 4],
            "gaps": pd.array([1, None, 3, 4], dtype="Int64"),
            "nullable": pd.array([1, 2, 3, 4], dtype="Int64"),
            "measured": pd.array([1.5, None, 3, 4], dtype="Float64"),
            "booleans": [True, False, True, False],
            "maybe": pd.array([True, None, True, False], dtype="boolean"),
            "words": ["Ulm", None, "Bonn", "Ulm"],
            "strings": pd.array(["Ulm", None, "Bonn", "Ulm"], dtype="string"),
            "categories": pd.Categorical(["u", "v", None, "u"]),
            "small": np.array([1, 2, 3, 4], dtype=np.int8),
            "part": ["train", "val", "test", "train"],
        }
    )
    before = frame.copy(deep=True)
    frame.to_csv(tmp_path / "t.csv", index=False)
    read = read_table(tmp_path / "t.csv", "price", split="part", drop_missing=True)
    made = table_from_frame(frame, "price", split="part", drop_missing=True)
    assert made.fingerprint == read.fingerprint
    assert np.array_equal(made.y, read.y)
    assert made.split.tolist() == read.split.tolist()
    assert list(made.features.columns) == list(read.features.columns)
    assert (made.dropped, made.target) == (read.dropped, read.target)
    assert (made.rows.tolist(), read.rows.tolist()) == ([0, 2, 3], [2, 4, 5])
    assert made.features.index.tolist() == [0, 1, 2]
    pd.testing.assert_frame_equal(frame, before)
    for column in ("floats", "integers", "booleans", "words", "categories"):
        other = frame.copy()
        other[column] = other[column].to_numpy()[[0, 1, 3, 2]]  # the rows that are kept in another order
        changed = table_from_frame(other, "price", split="part", drop_missing=True)
        assert changed.fingerprint != made.fingerprint, column


def test_a_column_that_pyarrow_holds_counts_as_the_one_that_numpy_holds():
    pytest.importorskip("pyarrow")
    frame = frame_of(
        5, city=["a", None, "b", "a", "a"], count=[1, 2, None, 4, 5], yes=[True, False, True, True, True]
    )
    held = frame.convert_dtypes(dtype_backend="pyarrow")
    one, two = table_from_frame(frame, "price"), table_from_frame(held, "price")
    assert one.fingerprint == two.fingerprint
    assert np.array_equal(one.y, two.y)


@pytest.mark.parametrize(
    "values",
    [
        pd.date_range("2020-01-01", periods=60, freq="7h"),
        pd.date_range("2020-01-01", periods=60, freq="7h", tz="Europe/Berlin"),
        pd.to_timedelta(np.arange(60), unit="s"),
        pd.period_range("2020-01", periods=60, freq="M"),
        pd.cut(np.arange(60.0), 4),
        [[i % 3] for i in range(60)],
        pd.arrays.SparseArray([0.0, 0.0, 1.0] * 20),
    ],
    ids=["dates", "zone", "durations", "periods", "intervals", "lists", "sparse"],
)
def test_columns_that_no_csv_gives_back_are_learned_from_too(values):
    frame = pd.DataFrame({"price": np.arange(60.0), "x": values, "size": np.arange(60) % 7})
    table = table_from_frame(frame, "price")
    check_trainable(table)
    ready = TablePreprocessor().fit(table.features).transform(table.features)
    assert ready.numeric.shape[1] + ready.other.shape[1] >= 2
    turned = table_from_frame(frame.assign(x=frame["x"].iloc[::-1].to_numpy()), "price")
    assert turned.fingerprint != table.fingerprint


def test_the_index_is_no_feature_and_names_need_not_be_text():
    frame = pd.DataFrame({1: [1.0, 2.0], ("a", 2): ["x", "y"]}, index=pd.Index(["u", "u"], name="house"))
    table = table_from_frame(frame, "1")
    assert list(table.features.columns) == ["('a', 2)"]
    assert list(frame.columns) == [1, ("a", 2)]
    assert table.path is None


def test_a_counter_that_read_csv_left_in_a_frame_is_no_feature():
    frame = frame_of(3, x=[1, 2, 2])
    frame.insert(0, "Unnamed: 0", range(3))
    assert list(table_from_frame(frame, "price").features.columns) == ["x"]


BAD_FRAMES = {
    "no frame": (np.zeros((3, 2)), InputError, "data: expected a pandas DataFrame, got ndarray; convert it"),
    "no rows": (
        frame_of(0),
        InputError,
        "the DataFrame: expected rows of data, got none; were they filtered out?",
    ),
    "misspelt": (
        frame_of().rename(columns={"price": "prize"}),
        UnknownNameError,
        "no column named 'price'; did you",
    ),
    "twice": (
        pd.DataFrame([[1, 2]], columns=["price", "price"]),
        InputError,
        "the DataFrame: expected every column name once, got 'price' in columns 1 and 2",
    ),
    "text": (
        frame_of().astype({"price": object}).replace({"price": {3.0: "$5"}}),
        TargetError,
        "target 'price' of the DataFrame (rows counted from 0): expected numbers, got '$5' in row 2; write plain",
    ),
    "missing": (
        frame_of().where(lambda f: f["price"] != 3.0),
        TargetError,
        "expected a number in every row, got empty or NaN in row 2; fill them in or drop these rows",
    ),
    "missing, nullable": (
        pd.DataFrame({"price": pd.array([1, None, 3], dtype="Int64")}),
        TargetError,
        "(rows counted from 0): expected a number in every row, got empty or NaN in row 1",
    ),
    "infinite": (frame_of().replace(3.0, np.inf), TargetError, "got infinity in row 2"),
    "constant": (frame_of() * 0 + 5, TargetError, "got 5 in all 6 rows; a constant target"),
    "true and false": (
        pd.DataFrame({"price": [True, False]}),
        TargetError,
        "expected numbers, got True, False",
    ),
    "dates": (
        pd.DataFrame({"price": pd.to_datetime(["2020-01-01", None])}),
        TargetError,
        "expected numbers, got",
    ),
}


@pytest.mark.parametrize("case", BAD_FRAMES)
def test_bad_frames(case):
    frame, error, sentence = BAD_FRAMES[case]
    with pytest.raises(error) as caught:
        inspect.unwrap(table_from_frame)(frame, "price")  # past the type check of the test run
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_frame_whose_split_does_not_split():
    frame = frame_of(3, part=["train", "tset", "test"])
    with pytest.raises(InputError) as caught:
        table_from_frame(frame, "price", split="part")
    assert str(caught.value).startswith(
        "split column 'part' (rows counted from 0): expected train, val or test in every row, got 'tset' in row 1;"
    )
    with pytest.raises(InputError, match="expected a column beside the target, got 'part' for both"):
        table_from_frame(frame, "part", split="part")


@pytest.mark.parametrize(
    ("n", "sentence"), [(59, "price of the DataFrame: expected at least 60 rows"), (60, "")]
)
def test_a_frame_needs_sixty_rows_too(n, sentence):
    table = table_from_frame(frame_of(n, x=range(n)), "price")
    if sentence:
        with pytest.raises(TargetError, match=sentence):
            check_trainable(table)
    else:
        check_trainable(table)


# ---- columns of a file of predictions


def test_read_columns_accepts_what_a_target_may_not_be(write):
    path = write("price,yhat,note\n10,5,x\n20,5,\n")
    columns = read_columns(path, "price", "yhat")
    assert columns["yhat"].tolist() == [5.0, 5.0]
    assert columns["price"].tolist() == [10.0, 20.0]


def test_column_names_are_in_order_and_need_no_numbers(write):
    assert column_names(write("price\tnote\tyhat\n10\tx\t\n")) == ["price", "note", "yhat"]
    with pytest.raises(InputError, match="expected a table, got an empty file"):
        column_names(write(""))


def test_read_columns_offers_no_dropping(write):
    with pytest.raises(
        TargetError, match=r"column 'yhat' of .*: expected a number in every row, .* in row 3; fill them in\."
    ):
        read_columns(write("price,yhat\n10,5\n20,\n"), "yhat")


def test_columns_named_by_numbers_are_taken_by_their_number():
    frame = pd.DataFrame({0: [1.0, 2.0], 1: [3.0, 4.0], 2: ["train", "test"]})
    table = table_from_frame(frame, 0, split=2)
    assert (table.target, list(table.features), table.y.tolist()) == ("0", ["1"], [1, 2])


@pytest.mark.parametrize("scale", [1e-299, 1e299])
def test_a_target_whose_squares_are_no_numbers_is_refused(write, scale):
    with pytest.raises(
        TargetError, match=r"target 'price' of .*: expected numbers whose squares float64 can hold"
    ):
        read_table(write(f"price,rooms\n{1 * scale},1\n{2 * scale},2\n"), "price")


@pytest.mark.parametrize(
    "text", ['{"price": 1}', '[{"price": 1}]', '\ufeff[\n  {"price": 1}]', "{\n", "[[1, 2]]"]
)
def test_json_is_no_table(write, text):
    sentence = (
        "expected a CSV or Parquet file, got what looks like JSON; convert it, for instance with pandas"
    )
    with pytest.raises(InputError, match=sentence):
        read_table(write(text), "price")
    with pytest.raises(InputError, match=sentence):
        open_rows(write(text))


def test_a_bracket_may_begin_a_name(write):
    assert column_names(write("[m],price\n1,2\n")) == ["[m]", "price"]


# ---- weight


def test_reading_loads_neither_torch_nor_scikit_learn(write):
    code = (
        "import sys; from evenreg.data import read_table, check_trainable; "
        f"check_trainable(read_table({str(write(rows_of(60)))!r}, 'price')); "
        "print([m for m in ('torch', 'sklearn', 'skrub', 'scipy', 'lightning') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_table_is_frozen(write):
    table = read_table(write(rows_of(3)), "price")
    with pytest.raises(AttributeError):
        table.target = "rooms"  # type: ignore[misc]
    assert isinstance(table, Table)
