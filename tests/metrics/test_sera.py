"""SERA against its integral, what is known of it, and its errors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenreg.errors import InputError, ShapeError, TargetError
from evenreg.labels import LabelSpace, Relevance
from evenreg.metrics import mse, sera
from reference import relevance as slow

quick = settings(max_examples=40, deadline=None)


@quick
@given(
    st.lists(
        st.tuples(st.floats(-100, 100), st.floats(-100, 100), st.integers(0, 20)), min_size=1, max_size=12
    )
)
def test_equals_the_area_under_the_curve(rows):
    t, p, twentieths = (np.array(c) for c in zip(*rows, strict=True))
    phi = twentieths / 20
    # Relevances on a grid of 20 lie between the midpoints of 200 steps: the sum is the integral.
    assert sera(t, p, phi) == pytest.approx(slow.sera(t, p, phi, 200), rel=1e-9, abs=1e-9)


def test_any_relevance_up_to_the_step():
    rng = np.random.default_rng(0)
    t, p, phi = rng.normal(size=60), rng.normal(size=60), rng.random(60)
    assert sera(t, p, phi) == pytest.approx(slow.sera(t, p, phi, 2000), rel=1e-3)


def test_relevance_one_is_the_sum_of_squared_errors_and_zero_nothing():
    rng = np.random.default_rng(0)
    t, p = rng.normal(size=50), rng.normal(size=50)
    assert sera(t, p, np.ones(50)) == pytest.approx(50 * mse(t, p))
    assert sera(t, p, np.zeros(50)) == 0


def test_parts_add_up_and_rows_that_do_not_matter_change_nothing():
    rng = np.random.default_rng(0)
    t, p, phi = rng.normal(size=90), rng.normal(size=90), rng.random(90)
    parts = [sera(t[k::3], p[k::3], phi[k::3]) for k in range(3)]
    assert sum(parts) == pytest.approx(sera(t, p, phi))
    assert sera(np.append(t, 1e6), np.append(p, 0), np.append(phi, 0)) == pytest.approx(sera(t, p, phi))


def test_it_sees_the_tail_where_the_mean_does_not():
    """Of two predictions with one and the same mean squared error, that with the worse tail has more."""
    y = np.concatenate([np.random.default_rng(0).normal(50, 5, 990), np.full(10, 100.0)])
    phi = Relevance.fit(LabelSpace.fit(y))(y)
    tail, even = y.copy(), y + 3.0
    tail[-10:] -= 30
    assert mse(y, tail) == pytest.approx(mse(y, even))
    assert sera(y, tail, phi) == pytest.approx(10 * 30**2)
    assert sera(y, tail, phi) > 3 * sera(y, even, phi)


def test_dimensions_are_averaged():
    t, p = np.zeros((2, 2)), np.array([[1.0, 3.0], [2.0, 2.0]])
    assert sera(t, p, [1.0, 0.5]) == 5 + 2


@pytest.mark.parametrize(
    ("relevance", "error", "text"),
    [
        (
            [0.0, 1.2],
            InputError,
            r"expected one number from 0 to 1 a row, got 0 to 1.2 in shape \(2,\); take it",
        ),
        ([-0.5, 1.0], InputError, "got -0.5 to 1 in shape"),
        ([[0.5], [1.0]], InputError, r"in shape \(2, 1\); take it from Relevance.fit\(space\)\(target\)"),
        ([0.5], ShapeError, "got 2 of target and 1 of relevance"),
        ([], ShapeError, "got 2 of target and 0 of relevance"),
        ([0.5, np.nan], InputError, "relevance: expected finite numbers, got NaN"),
    ],
)
def test_relevance_that_is_none(relevance, error, text):
    with pytest.raises(error, match=text):
        sera([1.0, 2.0], [1.0, 2.0], relevance)


def test_predictions_that_do_not_fit():
    with pytest.raises(ShapeError, match="got 2 of target and 3 of prediction"):
        sera([1.0, 2.0], [1.0, 2.0, 3.0], [1.0, 1.0])
    with pytest.raises(TargetError, match=r"prediction: .*\(row 1, counted from 0\)"):
        sera([1.0, 2.0], [1.0, np.nan], [1.0, 1.0])
