import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenreg.errors import InputError
from evenreg.labels import LabelGroups, LabelSpace, soft_labels
from reference.relevance import soft_label

quick = settings(max_examples=40, deadline=None)


@quick
@given(st.integers(1, 12), st.floats(0.01, 8), st.data())
def test_equals_the_softmax_of_the_paper(n, beta, data):
    groups = data.draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=6))
    rows = soft_labels(groups, n, beta)
    assert rows.shape == (len(groups), n)
    assert rows == pytest.approx(np.array([soft_label(g, n, beta) for g in groups]))


@quick
@given(st.integers(1, 40), st.floats(0.01, 20))
def test_rows_are_probabilities_that_fall_alike_on_both_sides(n, beta):
    q = soft_labels(range(n), n, beta)
    assert q.sum(axis=1) == pytest.approx(np.ones(n))
    assert (q.argmax(axis=1) == np.arange(n)).all()
    assert q == pytest.approx(q[::-1, ::-1])
    for g in range(n):
        reach = min(g, n - 1 - g)
        assert q[g, g - reach : g] == pytest.approx(q[g, g + 1 : g + reach + 1][::-1])
        assert (np.diff(q[g, g:]) <= 0).all()
    before = q / np.diagonal(q)[:, None]  # the rows before they were normalised
    assert before == pytest.approx(before.T)


@pytest.mark.parametrize(("beta", "mass"), [(0.5, 0.245), (1, 0.462), (2, 0.762), (4, 0.964)])
def test_mass_of_the_true_group(beta, mass):
    assert soft_labels([50], 101, beta)[0, 50] == pytest.approx(mass, abs=5e-4)


def test_the_true_groups_can_be_told_from_the_learned_mean():
    """A classifier learns E[q] = Qᵀπ; solving with Q gives the groups' probabilities back."""
    pi = np.array([0.1, 0, 0.6, 0.25, 0.05])
    drawn = np.repeat(np.arange(5), (pi * 1000).astype(int))
    learned = soft_labels(drawn, 5).mean(axis=0)
    assert np.linalg.solve(soft_labels(range(5), 5).T, learned) == pytest.approx(pi, abs=1e-12)


def test_groups_of_labels():
    groups = LabelGroups.uniform(LabelSpace.fit(range(20)), 4)
    rows = soft_labels(groups.index([0, 19]), len(groups))
    assert rows.argmax(axis=1).tolist() == [0, 3]
    assert soft_labels(groups.index([]), 4).shape == (0, 4)


def test_steep_labels_do_not_overflow():
    assert soft_labels([3], 2000, 1000.0)[0, 3] == 1


@pytest.mark.parametrize("beta", [0, -1])
def test_beta_above_zero(beta):
    with pytest.raises(InputError, match=f"beta: expected a number above 0, got {beta}"):
        soft_labels([0], 2, beta)


@pytest.mark.parametrize(
    ("groups", "told"),
    [
        ([0, 5], r"got 0 to 5 of shape \(2,\)"),
        ([-1, 2], r"got -1 to 2 of shape \(2,\)"),
        ([0.0, 1.0], r"got float64 numbers of shape \(2,\)"),
        ([[0, 1]], r"got 0 to 1 of shape \(1, 2\)"),
        (["a"], r"got <U1 numbers of shape \(1,\)"),
    ],
)
def test_groups_that_are_none(groups, told):
    with pytest.raises(
        InputError,
        match=rf"groups: expected whole numbers from 0 to 4 in one dimension, {told}; take them from",
    ):
        inspect.unwrap(soft_labels)(groups, 5)


def test_no_groups_at_all():
    with pytest.raises(InputError, match="n: expected a whole number of at least 1, got 0"):
        soft_labels([0], 0)
