"""The NumPy metrics against loops, on special inputs, and their errors."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenreg.errors import InputError, ShapeError, TargetError
from evenreg.metrics import bin_errors, bmae, brmse, gm, mae, mse, pearson, rmse, spearman
from reference import metrics as slow

POINTWISE = [mae, mse, rmse, gm, pearson, spearman]


def draw(seed, n=40, d=None):
    rng = np.random.default_rng(seed)
    shape = (n,) if d is None else (n, d)
    t = rng.normal(5, 2, shape)
    return t, t + rng.normal(0, 1, shape), rng.integers(0, 6, n) * 2


@pytest.mark.parametrize("d", [None, 1, 3])
@pytest.mark.parametrize("seed", range(3))
def test_equal_to_loops(seed, d):
    t, p, i = draw(seed, d=d)
    assert mae(t, p) == pytest.approx(slow.mae(t, p), rel=1e-12)
    assert mse(t, p) == pytest.approx(slow.mse(t, p), rel=1e-12)
    assert rmse(t, p) == pytest.approx(math.sqrt(slow.mse(t, p)), rel=1e-12)
    assert gm(t, p) == pytest.approx(slow.gm(t, p), rel=1e-12)
    assert bmae(t, p, i) == pytest.approx(slow.bmae(t, p, i), rel=1e-12)
    assert brmse(t, p, i) == pytest.approx(slow.brmse(t, p, i), rel=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_correlations_equal_to_loops_with_ties(seed):
    rng = np.random.default_rng(seed)
    t, p = rng.integers(0, 5, 30).astype(float), rng.integers(0, 5, 30).astype(float)
    assert pearson(t, p) == pytest.approx(slow.pearson(t, p), rel=1e-12)
    assert spearman(t, p) == pytest.approx(slow.spearman(t, p), rel=1e-12)


def test_correlation_of_dimensions_is_their_mean():
    t, p, _ = draw(0, d=3)
    assert pearson(t, p) == pytest.approx(np.mean([slow.pearson(t[:, k], p[:, k]) for k in range(3)]))
    assert spearman(t, p) == pytest.approx(np.mean([slow.spearman(t[:, k], p[:, k]) for k in range(3)]))


@pytest.mark.parametrize("metric", [pearson, spearman])
@pytest.mark.parametrize(("t", "p"), [([1, 1, 1], [1, 2, 3]), ([1, 2, 3], [2, 2, 2]), ([1], [2])])
def test_constant_input_has_no_correlation_and_warns_nothing(metric, t, p):
    assert math.isnan(metric(t, p))


@pytest.mark.parametrize("scale", [1e-200, 1e-9, 1e9, 1e200])
def test_pearson_at_any_scale(scale):
    t, p, _ = draw(1)
    assert pearson(t * scale, p * scale) == pytest.approx(slow.pearson(t, p), rel=1e-9)


def test_one_exact_hit_does_not_make_gm_zero():
    assert gm([1.0, 2.0], [1.0, 3.0]) == pytest.approx(math.sqrt(1e-10))


def test_absent_bins_do_not_count():
    assert bmae([0.0, 1.0], [2.0, 5.0], [3, 900_000]) == 3.0
    assert brmse([0.0, 1.0], [1.0, 8.0], [3, 900_000]) == 5.0


def test_bin_errors():
    e = bin_errors([1.0, 2.0, 7.0], [2.0, 1.0, 4.0], [0, 0, 2], n_bins=4)
    np.testing.assert_array_equal(e.n, [2, 0, 1, 0])
    np.testing.assert_array_equal(e.mae, [1, np.nan, 3, np.nan])
    np.testing.assert_array_equal(e.mse, [1, np.nan, 9, np.nan])
    np.testing.assert_array_equal(e.bias, [0, np.nan, -3, np.nan])


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.integers(0, 5)), min_size=1, max_size=30
    ),
    st.floats(0.01, 100),
)
def test_invariants(rows, scale):
    t, p, i = (np.array(c) for c in zip(*rows, strict=True))
    slack = 1e-9 * (1 + np.abs(t).max() + np.abs(p).max())
    assert gm(t, p) <= mae(t, p) + slack
    assert mae(t, p) <= rmse(t, p) + slack
    assert bmae(t, p, i) <= brmse(t, p, i) + slack
    assert mae(t * scale, p * scale) == pytest.approx(mae(t, p) * scale, rel=1e-9)
    order = np.random.default_rng(0).permutation(len(t))
    assert bmae(t[order], p[order], i[order]) == pytest.approx(bmae(t, p, i), rel=1e-9)
    assert bmae(t, p, np.zeros_like(i)) == pytest.approx(mae(t, p), rel=1e-9)


@pytest.mark.parametrize("metric", POINTWISE)
class TestBadInput:
    def test_lengths(self, metric):
        with pytest.raises(ShapeError, match="got 3 of target and 2 of prediction"):
            metric([1.0, 2, 3], [1.0, 2])

    def test_column_against_row_is_never_broadcast(self, metric):
        with pytest.raises(
            ShapeError, match=r"expected equal shapes, got target \(3,\) and prediction \(3, 1\)"
        ):
            metric(np.ones(3), np.ones((3, 1)))

    def test_dimensions(self, metric):
        with pytest.raises(ShapeError, match="expected equal shapes"):
            metric(np.ones((3, 2)), np.ones((3, 3)))

    def test_nan_prediction_names_its_row(self, metric):
        with pytest.raises(
            TargetError, match=r"prediction: expected finite numbers.*\(row 1, counted from 0\)"
        ):
            metric([1.0, 2, 3], [1.0, np.nan, 3])

    def test_no_rows(self, metric):
        with pytest.raises(TargetError, match="target: expected at least one label"):
            metric([], [])


@pytest.mark.parametrize("index", [[0.0, 1.0], [[0], [1]], [-1, 0]])
def test_index_that_is_no_bin_number(index):
    with pytest.raises(InputError, match=r"index: expected one whole bin number.*bins.index\(target\)"):
        bmae([1.0, 2.0], [1.0, 2.0], index)


def test_index_of_other_length():
    with pytest.raises(ShapeError, match="got 2 of target and 3 of index"):
        bmae([1.0, 2.0], [1.0, 2.0], [0, 1, 2])


def test_index_beyond_the_bins():
    with pytest.raises(InputError, match="index: expected bin numbers below n_bins=2, got 5"):
        bin_errors([1.0, 2.0], [1.0, 2.0], [0, 5], n_bins=2)
