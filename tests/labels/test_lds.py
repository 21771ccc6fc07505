import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenreg.errors import InputError, ShapeError, UnknownNameError
from evenreg.labels import LDS
from reference.labels import folded_gaussian, smooth

KERNELS = ("gaussian", "folded_gaussian", "laplacian", "triangular")
quick = settings(max_examples=40, deadline=None)


@quick
@given(
    counts=st.lists(st.integers(0, 1000), min_size=1, max_size=25),
    kernel=st.sampled_from(KERNELS),
    size=st.sampled_from([1, 3, 5, 9, 31]),
    sigma=st.floats(0.3, 10),
    boundary=st.sampled_from(["zero", "renormalize", "reflect"]),
)
def test_equals_the_double_loop(counts, kernel, size, sigma, boundary):
    got = LDS(kernel, size, sigma, boundary).smooth(counts)
    assert got.dtype == np.float64
    assert np.allclose(got, smooth(counts, kernel, size, sigma, boundary), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("kernel", "size", "sigma", "window"),
    [
        ("gaussian", 5, 2, [0.6065, 0.8825, 1, 0.8825, 0.6065]),
        ("gaussian", 5, 1, [0.1353, 0.6065, 1, 0.6065, 0.1353]),
        ("folded_gaussian", 5, 2, [0.8583, 0.9458, 1, 0.9458, 0.8583]),
        ("folded_gaussian", 5, 1, [0.1464, 0.6069, 1, 0.6069, 0.1464]),
        ("folded_gaussian", 5, 3, [0.9970, 0.9989, 1, 0.9989, 0.9970]),
        ("folded_gaussian", 9, 2, [0.1793, 0.3358, 0.6087, 0.8828, 1, 0.8828, 0.6087, 0.3358, 0.1793]),
        ("laplacian", 3, 2, [0.6065, 1, 0.6065]),
        ("triangular", 5, 2, [1 / 3, 2 / 3, 1, 2 / 3, 1 / 3]),
        ("triangular", 1, 2, [1]),
    ],
)
def test_windows(kernel, size, sigma, window):
    assert LDS(kernel, size, sigma).window() == pytest.approx(window, abs=1e-4)


def test_the_folded_window_is_a_gaussian_between_mirrors():
    for size, sigma in ((1, 2.0), (5, 2.0), (9, 0.7), (3, 6.0)):
        assert np.allclose(LDS("folded_gaussian", size, sigma).window(), folded_gaussian(size, sigma))


def test_triangular_accepts_a_sigma_without_effect():
    assert np.array_equal(LDS("triangular", 7, 1).window(), LDS("triangular", 7, 9).window())


@pytest.mark.parametrize("kernel", KERNELS)
def test_windows_are_symmetric_and_one_at_the_centre(kernel):
    window = LDS(kernel, 11, 2.5).window()
    assert np.allclose(window, window[::-1])
    assert window[5] == window.max() == 1


@pytest.mark.parametrize("boundary", ["renormalize", "reflect"])
def test_constant_counts_stay_constant_where_the_boundary_says_so(boundary):
    smoothed = LDS(boundary=boundary).smooth(np.full(20, 3))
    assert np.allclose(smoothed, 3 * LDS().window().sum())


def test_zero_padding_loses_mass_at_the_ends_only():
    smoothed = LDS().smooth(np.ones(20))
    assert np.allclose(smoothed[2:-2], LDS().window().sum())
    assert smoothed[0] < smoothed[1] < smoothed[2]


def test_bins_beyond_the_window_stay_exactly_empty():
    counts = np.zeros(1000)
    counts[[100, 800]] = 1e9, 7
    smoothed = LDS(size=9, sigma=0.5).smooth(counts)
    assert np.count_nonzero(smoothed) == 18


def test_size_one_changes_nothing():
    assert LDS(size=1).smooth([3, 0, 5]).tolist() == [3, 0, 5]


def test_a_million_bins():
    counts = np.random.default_rng(0).integers(0, 9, 1_000_000)
    smoothed = LDS(size=101, sigma=20).smooth(counts)
    part = slice(500_000, 500_200)
    assert np.allclose(smoothed[part][50:150], LDS(size=101, sigma=20).smooth(counts[part])[50:150])


def test_repr():
    assert repr(LDS()) == "LDS(kernel='gaussian', size=5, sigma=2, boundary='zero')"


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        (
            {"size": 4},
            InputError,
            "size: expected an odd number of bins, so that the window has a centre, got 4",
        ),
        ({"size": 0}, InputError, "size: expected a whole number of at least 1, got 0"),
        ({"sigma": 0}, InputError, "sigma: expected a number above 0, got 0"),
        (
            {"kernel": "trianguler"},
            UnknownNameError,
            "no kernel named 'trianguler'; did you mean 'triangular'",
        ),
        ({"kernel": "box"}, UnknownNameError, "no kernel named 'box'; known are: folded_gaussian, gaussian"),
        ({"boundary": "reflekt"}, UnknownNameError, "no boundary named 'reflekt'; did you mean 'reflect'"),
    ],
)
def test_refuses_bad_arguments(arguments, error, text):
    with pytest.raises(error, match=text):
        LDS(**arguments)


def test_refuses_counts_of_another_shape():
    with pytest.raises(ShapeError, match=r"counts: expected one number a bin, got shape \(2, 2\)"):
        LDS().smooth(np.ones((2, 2)))
