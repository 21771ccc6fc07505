"""The paired test and Holm's correction against their definitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evenreg.evaluation._paired import holm, paired_test
from reference import evaluation as slow


@pytest.mark.parametrize("shape", [(2, 5), (3, 40), (5, 2)])
@pytest.mark.parametrize("seed_noise", [0.0, 1.0])
@pytest.mark.parametrize("row_noise", [0.0, 1.0])
def test_equal_to_the_mean_squares_of_a_two_way_table(shape, seed_noise, row_noise):
    rng = np.random.default_rng(0)
    d = rng.normal(0.5, 0.3, shape)
    d += seed_noise * rng.normal(size=(shape[0], 1)) + row_noise * rng.normal(size=shape[1])
    v_seed, v_row = slow.crossed_variances(d.tolist())
    found = paired_test(d)

    def half(p):
        seeds, rows = (stats.t.ppf(1 - p / 2, k - 1) for k in shape)
        return (seeds**2 * v_seed + rows**2 * v_row) ** 0.5

    assert half(found.p) == pytest.approx(abs(d.mean()), rel=1e-6), "p is where the interval reaches 0"
    assert (found.low, found.high) == pytest.approx((d.mean() - half(0.05), d.mean() + half(0.05)), rel=1e-9)


def test_equal_weights_are_no_weights():
    d = np.random.default_rng(0).normal(0, 1, (3, 30))
    assert paired_test(d, np.full(30, 7.0)) == pytest.approx(paired_test(d))


def test_rows_without_weight_are_left_out():
    d = np.random.default_rng(0).normal(0, 1, (3, 30))
    w = np.random.default_rng(1).gamma(1, 1, 20)
    assert paired_test(d, np.append(w, np.zeros(10))) == pytest.approx(paired_test(d[:, :20], w))


def test_unequal_weights_keep_the_coverage():
    """Over simulated draws the interval of a weighted mean holds the truth at least as often as it says."""
    rng = np.random.default_rng(0)
    w = rng.uniform(0.5, 1.5, 50)
    covered = []
    for _ in range(400):
        d = rng.normal(0, 0.1, (20, 1)) + rng.normal(0, 1, 50) + rng.normal(0, 1, (20, 50))
        found = paired_test(d, w)
        covered.append(found.low <= 0 <= found.high)
    assert np.mean(covered) >= 0.95


@pytest.mark.parametrize("shape", [(1, 10), (3, 1), (3, 0)])
def test_too_little_to_tell(shape):
    assert paired_test(np.ones(shape)) == (None, None, None)


def test_no_variation_at_all():
    assert paired_test(np.zeros((3, 4))) == (0, 0, 1)
    assert paired_test(np.full((3, 4), 0.5)) == (0.5, 0.5, 0)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.sampled_from([0.01, 0.05, 0.2]))
def test_holm_rejects_what_the_procedure_rejects(p, alpha):
    adjusted = holm(np.array(p))
    near = np.isclose(adjusted, alpha, rtol=1e-9)  # equality hangs on rounding
    expected = slow.holm_rejects(p, alpha)
    assert {i for i in range(len(p)) if adjusted[i] <= alpha and not near[i]} == {
        i for i in expected if not near[i]
    }
    assert (adjusted >= np.array(p)).all()


def test_holm_does_not_count_what_was_not_tested():
    np.testing.assert_allclose(holm(np.array([np.nan, 0.01, np.nan, 0.04])), [np.nan, 0.02, np.nan, 0.04])
