import subprocess
import sys

import numpy as np
import pytest

from evenreg._words import parse
from evenreg.errors import InputError, ShapeError, TargetError, UnknownNameError
from evenreg.labels import Bins, LabelSpace, sample_weight, weighting_from
from reference.labels import weights

Y = np.random.default_rng(0).poisson(3, 500)
EDGES = Bins.fit(Y).edges


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("inv", {"max_ratio": 200}),
        ("sqinv", {"power": 0.5}),
        ("sqinv+lds", {"power": 0.5, "smoothing": ("gaussian", 5, 2, "zero")}),
        ("LDS + SqInv", {"power": 0.5, "smoothing": ("gaussian", 5, 2, "zero")}),
        ("lds", {"max_ratio": 200, "smoothing": ("gaussian", 5, 2, "zero")}),
        ("inv + lds(size=9, kernel=laplacian)", {"max_ratio": 200, "smoothing": ("laplacian", 9, 2, "zero")}),
        (
            "lds(size=3, sigma=1, boundary=reflect)",
            {"max_ratio": 200, "smoothing": ("gaussian", 3, 1, "reflect")},
        ),
    ],
)
def test_equals_the_reference(method, arguments):
    assert np.allclose(sample_weight(Y, method), weights(Y, EDGES, **arguments))


def test_default_is_the_root_with_smoothing():
    assert np.array_equal(sample_weight(Y), sample_weight(Y, "sqinv+lds"))


def test_inv_is_cut_at_200_times_the_smallest_weight():
    y = [0] * 100_000 + [1]
    assert sample_weight(y, "inv").max() / sample_weight(y, "inv").min() == pytest.approx(200)
    assert sample_weight(y, "sqinv").max() / sample_weight(y, "sqinv").min() == pytest.approx(100_000**0.5)


def test_max_ratio_and_bin_width_are_the_callers():
    w = sample_weight(Y, "sqinv", max_ratio=2)
    assert w.max() / w.min() == pytest.approx(2)
    assert w.mean() == pytest.approx(1)
    wide = sample_weight(Y, "inv", bin_width=2)
    assert np.allclose(wide, weights(Y, Bins.fit(Y, width=2).edges, max_ratio=200))


def test_weighting_from_words():
    assert weighting_from(parse("focal-r")) is None
    assert weighting_from(parse("bni + lds")) is None
    assert repr(weighting_from(parse("focal-r + sqinv + lds"))) == repr(weighting_from(parse("sqinv + lds")))
    w = weighting_from(parse("inv(max_ratio=3)"))
    assert w is not None
    assert (w.power, w.smoothing, w.max_ratio) == (1, None, 3)
    assert w.fit(LabelSpace.fit([1, 1, 2]))([2]).tolist() == [1.5]


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (
            {"method": "sqinv+focal-r"},
            InputError,
            "sample weights come from inv, sqinv and lds, got focal-r; leave it out",
        ),
        ({"method": "vanilla"}, InputError, "got vanilla; leave it out"),
        ({"method": "sqinw"}, UnknownNameError, "'sqinw'; did you mean 'sqinv'"),
        ({"bin_width": 0}, InputError, "width: expected a number above 0, got 0"),
        ({"max_ratio": 0}, InputError, "max_ratio: expected a number of at least 1, got 0"),
        ({"y": [1, np.nan]}, TargetError, "y: expected finite numbers"),
        ({"y": np.zeros((3, 2))}, ShapeError, "y: expected one label a row to lay bins on, got shape"),
    ],
)
def test_refuses_bad_input(call, error, text):
    with pytest.raises(error, match=text):
        sample_weight(**{"y": [1, 2, 3], **call})


def test_loads_neither_torch_nor_scikit_learn():
    code = (
        "import sys; from evenreg.labels import sample_weight; sample_weight([1, 1, 2]);"
        "print([m for m in ('torch', 'sklearn', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
