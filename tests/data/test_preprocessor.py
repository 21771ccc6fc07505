"""TablePreprocessor: whatever a column holds, finite numbers come out, the same ones every time."""

import datetime
import decimal
import json
import re
import warnings
import zipfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io
from hypothesis import given, settings
from hypothesis import strategies as st

from evenreg.data import TablePreprocessor, read_table
from evenreg.data._trusted import TRUSTED_TYPES
from evenreg.errors import CheckpointError, InputError, MissingFileError, NotFittedError

N = 120
RNG = np.random.default_rng(0)

# What a column may hold, and how many numeric and other features are expected of it.
COLUMNS = {
    "floats": (RNG.normal(size=N), 1, 0),
    "integers": (RNG.integers(0, 50, N), 1, 0),
    "outlier": (np.r_[RNG.normal(size=N - 1), 1e30], 1, 0),
    "infinite": (np.r_[RNG.normal(size=N - 2), np.inf, -np.inf], 1, 0),
    "beyond float32": (np.r_[RNG.normal(size=N - 1), 1e300], 1, 0),
    "mostly zero": (np.where(RNG.random(N) < 0.8, 0.0, RNG.exponential(size=N)), 1, 0),
    "gaps": (np.where(RNG.random(N) < 0.2, np.nan, RNG.normal(size=N)), 1, 1),
    "nullable": (pd.array([1, None, 3, 4] * (N // 4), dtype="Int64"), 1, 1),
    "numbers as text": ([f"{v:.3f}" for v in RNG.normal(size=N)], 1, 0),
    "numbers and marks": (["1.5", "?", "n/a", "3", "4"] * (N // 5), 1, 1),
    "decimals": ([decimal.Decimal(i) / 4 for i in range(N)], 1, 0),
    "durations": (pd.to_timedelta(np.arange(N) * 7, unit="s"), 1, 0),
    "booleans": (RNG.random(N) > 0.5, 0, 1),
    "booleans and gaps": ([True, None, False] * (N // 3), 0, 2),
    "two numbers": ([4, 9] * (N // 2), 0, 1),
    "one number and gaps": ([3.0, None] * (N // 2), 0, 1),
    "words": (["a", "b", "c"] * (N // 3), 0, 3),
    "words and gaps": (["a", None, "c"] * (N // 3), 0, 3),
    "categories": (pd.Categorical(["u", "v"] * (N // 2)), 0, 2),
    "numbers as categories": (pd.Categorical([1, 2, 3] * (N // 3)), 0, 3),
    "mixed": ([1, "x", 2.5, None] * (N // 4), 0, 4),
    "free text": ([f"item number {i} of {i % 9}" for i in range(N)], 0, 30),
    "lists": ([[i % 2] for i in range(N)], 0, 2),
    "bytes": ([b"x", b"y"] * (N // 2), 0, 2),
    "times": ([datetime.time(i % 3) for i in range(N)], 0, 3),
    "dates": ([datetime.date(2020, 1, 1 + i % 28) for i in range(N)], 2, 0),
    "dates as text": ([f"2020-01-{1 + i % 28:02d}" for i in range(N)], 2, 0),
    "stamps": (pd.date_range("2020-01-01", periods=N, freq="7h"), 3, 1),
    "stamps of a zone": (pd.date_range("2020-01-01", periods=N, freq="7h", tz="Europe/Berlin"), 4, 1),
    "stamps as text": ([f"2020-01-{1 + i % 28:02d}T{i % 24:02d}:00:00Z" for i in range(N)], 3, 0),
    "stamps of many zones": ([f"2020-01-{1 + i % 28:02d}T00:00:00+0{i % 3}:00" for i in range(N)], 3, 2),
}
# Where trees see NaN; a missing word is a category of its own.
WITH_GAPS = {"gaps", "nullable", "numbers and marks", "booleans and gaps", "one number and gaps"}
USELESS = {
    "constant": [1.0] * N,
    "one word": ["k"] * N,
    "nothing": [None] * N,
    "nan": [np.nan] * N,
    "one list": [[1, 2]] * N,
}


@pytest.fixture(scope="module")
def everything() -> pd.DataFrame:
    return pd.DataFrame({name: values for name, (values, _, _) in COLUMNS.items()} | USELESS)


def check(inputs, rows):
    for block in (inputs.numeric, inputs.other):
        assert block.dtype == np.float32
        assert block.shape[0] == rows
        assert np.isfinite(block).all()
    assert np.abs(inputs.numeric).max(initial=0) <= 3


@pytest.mark.parametrize("name", COLUMNS)
def test_every_kind_of_column(name):
    values, numeric, other = COLUMNS[name]
    frame = pd.DataFrame({name: values})
    preprocessor = TablePreprocessor().fit(frame)
    inputs = preprocessor.transform(frame)
    check(inputs, N)
    assert (inputs.numeric.shape[1], inputs.other.shape[1]) == (numeric, other)
    for block in (inputs.numeric, inputs.other):
        assert (block.min(axis=0) < block.max(axis=0)).all()
    trees = preprocessor.transform_for_trees(frame).features
    assert trees.dtype == np.float32
    assert np.isnan(trees).any() == (name in WITH_GAPS)


@pytest.mark.parametrize("name", USELESS)
def test_columns_that_never_vary_are_left_out(name):
    frame = pd.DataFrame({name: USELESS[name]})
    with pytest.raises(InputError, match="expected at least one column that varies, got none"):
        TablePreprocessor().fit(frame)
    frame["x"] = np.arange(N)
    assert TablePreprocessor().fit(frame).transform(frame).numeric.shape == (N, 1)


def test_all_of_them_together_and_one_row_alone(everything):
    preprocessor = TablePreprocessor().fit(everything)
    inputs = preprocessor.transform(everything)
    check(inputs, N)
    one = preprocessor.transform(everything.iloc[[7]])
    np.testing.assert_array_equal(one.numeric, inputs.numeric[[7]])
    np.testing.assert_array_equal(one.other, inputs.other[[7]])


def test_fitting_twice_gives_the_same_numbers(everything):
    one, two = (TablePreprocessor().fit(everything).transform(everything) for _ in range(2))
    np.testing.assert_array_equal(one.numeric, two.numeric)
    np.testing.assert_array_equal(one.other, two.other)


def test_the_frame_is_left_as_it_was(everything):
    before = everything.copy(deep=True)
    TablePreprocessor().fit(everything).transform(everything)
    pd.testing.assert_frame_equal(everything, before)


def test_the_numeric_formula():
    x = np.array([-40.0, 0.0, 1.0, 2.0, 3.0, 4.0, 500.0])
    frame = pd.DataFrame({"x": x})
    u = (x - 2.0) / (np.quantile(x, 0.75) - np.quantile(x, 0.25))
    expected = u / np.sqrt(1 + (u / 3) ** 2)
    got = TablePreprocessor().fit(frame).transform(frame).numeric[:, 0]
    np.testing.assert_allclose(got, expected, rtol=1e-6)


def test_a_gap_is_the_median_with_a_mark():
    frame = pd.DataFrame({"x": [1.0, 2.0, None, 3.0, 10.0]})
    preprocessor = TablePreprocessor().fit(frame)
    inputs = preprocessor.transform(frame)
    median = preprocessor.transform(pd.DataFrame({"x": [2.5]})).numeric
    assert inputs.numeric[2] == median[0] == 0.0
    assert inputs.other[:, 0].tolist() == [0, 0, 1, 0, 0]


def test_unseen_categories_are_all_zeros_without_a_warning():
    frame = pd.DataFrame({"city": ["Ulm", "Bonn"] * 10, "x": range(20)})
    preprocessor = TablePreprocessor().fit(frame)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        other = preprocessor.transform(pd.DataFrame({"city": ["Köln", None, "Ulm"], "x": [1, 2, 3]})).other
    assert other.tolist() == [[0, 0], [0, 0], [0, 1]]


def test_gaps_that_training_never_saw():
    frame = pd.DataFrame(
        {"x": np.arange(20.0), "two": [0, 1] * 10, "text": [f"word {i}" for i in range(20)] * 1}
    )
    preprocessor = TablePreprocessor().fit(frame)
    check(preprocessor.transform(pd.DataFrame({"x": [None], "two": [None], "text": [None]})), 1)


def test_numbers_where_training_saw_words():
    """Nominal codes read from a short file look like numbers, and like floats where one is missing."""
    frame = pd.DataFrame({"code": ["1", "2", "x"] * 10})
    preprocessor = TablePreprocessor().fit(frame)
    for codes in ([2, 1], [2.0, 1.0], ["2", "1"]):
        assert preprocessor.transform(pd.DataFrame({"code": codes})).other.tolist() == [[0, 1, 0], [1, 0, 0]]


def test_codes_mean_the_same_with_and_without_a_decimal_point():
    """A column of whole numbers with one gap is written as floats by most programs; zeros in front are kept."""
    frame = pd.DataFrame({"code": ["1", "2", "07", "x"] * 10})
    preprocessor = TablePreprocessor().fit(frame)
    later = preprocessor.transform(pd.DataFrame({"code": ["1", "1.0", "1.00", "07", "7", "1.5"]})).other
    names = sorted({"1", "2", "07", "x"})
    expected = [[float(name == code) for name in names] for code in ("1", "1", "1", "07", None, None)]
    assert later.tolist() == expected
    floats = pd.DataFrame({"code": ["1.0", "2.0", "x"] * 10})
    one = TablePreprocessor().fit(floats).transform(floats).other
    two = TablePreprocessor().fit(floats).transform(pd.DataFrame({"code": ["1", "2", "x"] * 10})).other
    np.testing.assert_array_equal(one, two)


# ---- what a column held in training it must hold afterwards

NUMBERS = (
    "column 'x': expected numbers as in training, got {}; write plain numbers such as 12.5, and leave a cell "
)
NUMBERS += "empty where the value is unknown."
DATES = "column 'x': expected dates as in training, got {}; write them as there, and leave a cell empty where the "
DATES += "value is unknown."
DAYS = pd.date_range("2020-01-01", periods=20)

OTHERS = {
    "text": (
        np.arange(20.0),
        ["1", "many", "few"],
        NUMBERS.format("'many', 'few' in rows 1 and 2 (counted from 0)"),
    ),
    "a decimal comma": (np.arange(20), ["1,5", "2"], NUMBERS.format("'1,5' in row 0 (counted from 0)")),
    "text of true and false": (
        [True, False] * 10,
        ["True", "maybe"],
        NUMBERS.format("'maybe' in row 1 (counted from 0)"),
    ),
    "categories": (
        np.arange(20.0),
        pd.Categorical(["2", "u"]),
        NUMBERS.format("'u' in row 1 (counted from 0)"),
    ),
    "dates for numbers": (
        np.arange(20.0),
        pd.to_datetime(["2020-01-01", None]),
        NUMBERS.format("'2020-01-01 00:00:00' in row 0 (counted from 0)"),
    ),
    "durations for numbers": (
        np.arange(20.0),
        pd.to_timedelta([7], unit="s"),
        NUMBERS.format("'0 days 00:00:07' in row 0 (counted from 0)"),
    ),
    "numbers for dates": (DAYS, [20200101, None], DATES.format("'20200101.0' in row 0 (counted from 0)")),
    "text for dates": (DAYS, ["2020-01-05", "soon"], DATES.format("'soon' in row 1 (counted from 0)")),
    "an order of day and month that could be mistaken": (
        DAYS,
        ["03/02/2020"],
        DATES.format("'03/02/2020' in row 0 (counted from 0)"),
    ),
    "text for dates as text": (
        DAYS.strftime("%d.%m.%Y"),
        ["13.01.2020", "soon"],
        DATES.format("'soon' in row 1 (counted from 0)"),
    ),
    "numbers for dates as text": (
        DAYS.strftime("%d.%m.%Y"),
        [1.5],
        DATES.format("'1.5' in row 0 (counted from 0)"),
    ),
    "numbers for durations": (
        pd.to_timedelta(np.arange(20), unit="h"),
        [7],
        DATES.replace("dates", "durations").format("'7' in row 0 (counted from 0)"),
    ),
    "text for durations": (
        pd.to_timedelta(np.arange(20), unit="h"),
        ["0 days 01:00:00", "7", "long"],
        DATES.replace("dates", "durations").format("'7', 'long' in rows 1 and 2 (counted from 0)"),
    ),
}


@pytest.mark.parametrize("case", OTHERS)
def test_what_a_column_never_held_is_refused(case):
    before, after, sentence = OTHERS[case]
    preprocessor = TablePreprocessor().fit(pd.DataFrame({"x": before, "y": np.arange(20.0)}))
    later = pd.DataFrame({"x": after, "y": 0})
    for transform in (preprocessor.transform, preprocessor.transform_for_trees):
        with pytest.raises(InputError) as caught:
            transform(later)
        assert str(caught.value) == sentence
    check(preprocessor.transform(later, lenient=True), len(later))


def test_what_is_refused_is_a_gap_where_that_is_wanted():
    frame = pd.DataFrame({"x": [*np.arange(19.0), None], "y": np.arange(20)})
    preprocessor = TablePreprocessor().fit(frame)
    inputs = preprocessor.transform(pd.DataFrame({"x": ["many", "3"], "y": [1, 1]}), lenient=True)
    plain = preprocessor.transform(pd.DataFrame({"x": [None, 3.0], "y": [1, 1]}))
    np.testing.assert_array_equal(inputs.numeric, plain.numeric)
    np.testing.assert_array_equal(inputs.other, plain.other)
    trees = preprocessor.transform_for_trees(pd.DataFrame({"x": ["many"], "y": [1]}), lenient=True).features
    assert np.isnan(trees).tolist() == [[True, False]]


def test_rows_are_told_as_a_person_finds_them():
    preprocessor = TablePreprocessor().fit(pd.DataFrame({"x": np.arange(20.0)}))
    with pytest.raises(InputError, match=r"got 'many' in row 17; write plain numbers"):
        preprocessor.transform(pd.DataFrame({"x": ["1", "many"]}), rows=np.array([16, 17]))


def test_what_means_unknown_is_a_gap():
    frame = pd.DataFrame({"number": np.arange(20.0), "date": DAYS, "text": DAYS.strftime("%d.%m.%Y")})
    preprocessor = TablePreprocessor().fit(frame)
    gaps = ["", " ", "NA", "n/a", "NaN", "null", "?", "None", np.nan, pd.NA, "N/A", None]
    numeric = preprocessor.transform(pd.DataFrame(dict.fromkeys(frame, gaps), dtype=object)).numeric
    np.testing.assert_array_equal(numeric, numeric[[-1] * len(gaps)])


def test_dates_and_durations_may_come_as_text_later():
    frame = pd.DataFrame({"day": DAYS, "zone": DAYS.tz_localize("Europe/Berlin"), "took": DAYS - DAYS[0]})
    preprocessor = TablePreprocessor().fit(frame)
    assert preprocessor.kinds == {"day": "date", "zone": "date", "took": "duration"}
    text = frame.astype(str)
    np.testing.assert_array_equal(preprocessor.transform(text).numeric, preprocessor.transform(frame).numeric)


def test_dates_as_text_may_come_as_dates_later():
    frame = pd.DataFrame({"day": DAYS.strftime("%d.%m.%Y")})
    preprocessor = TablePreprocessor().fit(frame)
    assert preprocessor.kinds == {"day": "date as text"}
    np.testing.assert_array_equal(
        preprocessor.transform(pd.DataFrame({"day": DAYS})).numeric, preprocessor.transform(frame).numeric
    )


@contextmanager
def suppress_if(error, expected):
    """Lets an error pass if its text is as expected."""
    try:
        yield
    except error as raised:
        if not re.match(expected, str(raised)):
            raise


@pytest.mark.parametrize("name", ["floats", "words", "categories", "dates", "dates as text", "durations"])
def test_any_other_column_is_taken_or_refused_in_one_sentence(name, everything):
    frame = pd.DataFrame({"x": COLUMNS[name][0], "y": np.arange(N)})
    preprocessor = TablePreprocessor().fit(frame)
    for other in everything.columns:
        later = pd.DataFrame({"x": everything[other], "y": np.arange(N)}).head(4)
        expected = (
            "^column 'x': expected " if preprocessor.kinds["x"] not in ("text", "category") else "^never$"
        )
        with suppress_if(InputError, expected):
            check(preprocessor.transform(later), 4)
        check(preprocessor.transform(later, lenient=True), 4)


@pytest.mark.parametrize("name", COLUMNS)
def test_a_few_rows_of_a_csv_are_what_they_were_among_many(name, tmp_path):
    """Whatever pandas makes of a column, and of a row alone, the numbers are the same."""
    pd.DataFrame({"x": COLUMNS[name][0], "y": np.arange(N)}).to_csv(tmp_path / "t.csv", index=False)
    frame = pd.read_csv(tmp_path / "t.csv")
    preprocessor = TablePreprocessor().fit(frame)
    as_text = dict.fromkeys((c for c, kind in preprocessor.kinds.items() if kind == "text"), str)
    whole = preprocessor.transform(frame)
    for i in (0, 4):
        few = pd.read_csv(tmp_path / "t.csv", skiprows=range(1, i + 1), nrows=2, dtype=as_text)
        part = preprocessor.transform(few)
        np.testing.assert_array_equal(part.numeric, whole.numeric[i : i + 2])
        np.testing.assert_array_equal(part.other, whole.other[i : i + 2])


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_that_pyarrow_holds(name):
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame({"x": COLUMNS[name][0], "y": np.arange(N)})
    held = frame.convert_dtypes(dtype_backend="pyarrow")
    preprocessor = TablePreprocessor().fit(frame)
    check(preprocessor.transform(held), N)
    one, two = (TablePreprocessor().fit(f).transform(f) for f in (frame, held))
    assert one.numeric.shape == two.numeric.shape


def test_categories_given_as_plain_values_later():
    frame = pd.DataFrame({"grade": pd.Categorical([1, 2, 3] * 10)})
    preprocessor = TablePreprocessor().fit(frame)
    for later in ([3, 1], [3.0, 1.0], ["3", "1"], pd.Categorical([3, 1])):
        assert preprocessor.transform(pd.DataFrame({"grade": later})).other.tolist() == [[0, 0, 1], [1, 0, 0]]


def test_trees_see_the_values_themselves():
    frame = pd.DataFrame({"x": [1.0, None, 300.0], "city": ["a", "b", "b"], "c": [1, 1, 1]})
    features = TablePreprocessor().fit(frame).transform_for_trees(frame).features
    np.testing.assert_array_equal(
        features, np.array([[1, 1, 0], [np.nan, 0, 1], [300, 0, 1]], dtype=np.float32)
    )


def test_trees_learn_from_it(everything):
    from sklearn.ensemble import HistGradientBoostingRegressor

    features = TablePreprocessor().fit(everything).transform_for_trees(everything).features
    model = HistGradientBoostingRegressor(max_iter=5).fit(features, np.arange(N))
    assert np.isfinite(model.predict(features)).all()


def test_column_names_need_not_be_text_and_columns_may_come_in_any_order():
    frame = pd.DataFrame({1: np.arange(10.0), ("a", 2): ["x", "y"] * 5, None: np.arange(10) ** 2})
    preprocessor = TablePreprocessor().fit(frame)
    assert preprocessor.columns == ("1", "('a', 2)", "None")
    shuffled = frame[[None, 1, ("a", 2)]].assign(more=3)
    np.testing.assert_array_equal(
        preprocessor.transform(shuffled).numeric, preprocessor.transform(frame).numeric
    )


def test_absent_columns_are_named():
    frame = pd.DataFrame({"a": range(9), "b": range(9), "c": range(9)})
    preprocessor = TablePreprocessor().fit(frame)
    with pytest.raises(InputError) as caught:
        preprocessor.transform(frame[["a"]].assign(other=1))
    assert str(caught.value) == (
        "features: expected the 3 columns of training, got a table without 'b', 'c'; it has 'a', 'other'."
    )
    with pytest.raises(InputError, match=r"got a table without 'b', 'c'; rename ' B' to 'b', 'C' to 'c'\."):
        preprocessor.transform(frame[["a"]].assign(C=1, **{" B": 2}))
    with pytest.raises(InputError, match=r"got a table without 'a', 'b', 'c'; it has no column\."):
        preprocessor.transform_for_trees(frame[[]])


@pytest.mark.parametrize("method", ["transform", "transform_for_trees"])
def test_no_rows_are_refused(method):
    preprocessor = TablePreprocessor().fit(pd.DataFrame({"a": range(9)}))
    with pytest.raises(
        InputError, match=r"features: expected rows, got a table without any; give at least one\."
    ):
        getattr(preprocessor, method)(pd.DataFrame({"a": []}))


def test_repeated_names_no_rows_and_no_fit_are_refused():
    with pytest.raises(InputError, match="expected every column name once, got '1' twice"):
        TablePreprocessor().fit(pd.DataFrame([[1, 2]], columns=["1", 1]))
    with pytest.raises(InputError, match="expected training rows, got none"):
        TablePreprocessor().fit(pd.DataFrame({"a": []}))
    with pytest.raises(NotFittedError, match="call fit"):
        TablePreprocessor().transform(pd.DataFrame({"a": [1]}))
    with pytest.raises(InputError, match="random_state"):
        TablePreprocessor(random_state=-1)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=4, max_size=12))
def test_any_floats_give_finite_numbers_in_their_order(values):
    frame = pd.DataFrame({"x": values, "steady": np.arange(len(values), dtype=float)})
    inputs = TablePreprocessor().fit(frame).transform(frame)
    check(inputs, len(values))
    if inputs.numeric.shape[1] == 2:
        seen = ~np.isnan(values)
        order = np.argsort(np.array(values)[seen], kind="stable")
        assert (np.diff(inputs.numeric[seen, 0][order]) >= 0).all()


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("a1", "a1"),
        ("a2", "a2"),
        ("a3", "a3"),
        ("Abalone", "Rings"),
        ("Accel", "acceleration"),
        ("bank8FM", "rej"),
        ("availPwr", "available.power"),
        ("heat", "heat"),
    ],
)
def test_real_tables(real_data, name, target, tmp_path):
    table = read_table(real_data / "tabular" / f"{name}.csv", target)
    half = len(table) // 2
    preprocessor = TablePreprocessor().fit(table.features.iloc[:half])
    later = table.features.iloc[half:]
    check(preprocessor.transform(later), len(later))
    preprocessor.save(tmp_path / "preprocessor.skops")
    again = TablePreprocessor.load(tmp_path / "preprocessor.skops")
    np.testing.assert_array_equal(again.transform(later).other, preprocessor.transform(later).other)


# ---- storage


@pytest.fixture(scope="module")
def stored(everything, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("stored") / "preprocessor.skops"
    TablePreprocessor(random_state=3).fit(everything).save(path)
    return path


def test_a_stored_one_gives_the_same_numbers(everything, stored):
    one, two = TablePreprocessor(random_state=3).fit(everything), TablePreprocessor.load(stored)
    assert two.random_state == 3
    assert two.columns == one.columns
    np.testing.assert_array_equal(two.transform(everything).numeric, one.transform(everything).numeric)
    np.testing.assert_array_equal(two.transform(everything).other, one.transform(everything).other)
    np.testing.assert_array_equal(
        two.transform_for_trees(everything).features, one.transform_for_trees(everything).features
    )


def test_the_trusted_types_are_those_needed_and_no_more(stored):
    assert skops.io.get_untrusted_types(file=stored) == sorted(TRUSTED_TYPES)


def test_what_is_stored_first_needs_a_fit(tmp_path):
    with pytest.raises(NotFittedError):
        TablePreprocessor().save(tmp_path / "x.skops")


def test_foreign_files_are_refused(tmp_path, stored):
    with pytest.raises(MissingFileError, match=r"no such file; give the file that .* wrote"):
        TablePreprocessor.load(tmp_path / "none.skops")
    junk = tmp_path / "junk.skops"
    junk.write_bytes(b"junk")
    with pytest.raises(CheckpointError, match="cannot be trusted or read"):
        TablePreprocessor.load(junk)
    junk.write_bytes(stored.read_bytes()[:-2000])
    with pytest.raises(CheckpointError, match="cannot be trusted or read"):
        TablePreprocessor.load(junk)
    for other in ({"format": "something"}, [1, 2]):
        skops.io.dump(other, junk)
        with pytest.raises(CheckpointError, match="expected a stored TablePreprocessor, got something else"):
            TablePreprocessor.load(junk)


def test_a_tampered_file_runs_nothing(tmp_path, stored):
    """A type that is not on the list is refused before it is built."""
    tampered = tmp_path / "tampered.skops"
    with zipfile.ZipFile(stored) as old, zipfile.ZipFile(tampered, "w") as new:
        for item in old.infolist():
            content = old.read(item)
            if item.filename == "schema.json":
                schema = json.loads(content)
                schema["__class__"], schema["__module__"] = "Popen", "subprocess"
                content = json.dumps(schema).encode()
            new.writestr(item.filename, content)
    with pytest.raises(CheckpointError, match=r"cannot be trusted or read \(.*Popen") as caught:
        TablePreprocessor.load(tampered)
    assert "\n" not in str(caught.value)
