import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from evenreg.errors import InputError, ShapeError, TargetError
from evenreg.labels import stratified_split

quick = settings(max_examples=60, deadline=None)


@quick
@given(n=st.integers(2, 80), share=st.floats(0.05, 0.95), seed=st.integers(0, 3))
def test_parts_are_complete_and_every_end_of_the_range_is_tested_in_proportion(n, share, seed):
    size = round(share * n)
    if not 1 <= size <= n - 1:
        return
    rank = np.random.default_rng(seed).permutation(n)
    train, test = stratified_split(rank**3, share, random_state=seed)
    assert len(test) == size
    assert np.array_equal(np.sort(np.concatenate([train, test])), np.arange(n))
    assert (np.diff(train) > 0).all()
    assert (np.diff(test) > 0).all()
    held = np.zeros(n)
    held[rank[test]] = 1
    expected = np.arange(1, n + 1) * size / n
    assert abs(held.cumsum() - expected).max() < 2
    assert abs(held[::-1].cumsum() - expected).max() < 2


@pytest.mark.parametrize(("n", "size"), [(7, 2), (10, 4), (9, 6), (13, 5)])
def test_every_row_is_as_likely_to_be_tested(n, size):
    times = np.zeros(n)
    for seed in range(1500):
        times[stratified_split(np.arange(n), size, random_state=seed)[1]] += 1
    share = size / n
    assert (abs(times - 1500 * share) < 5 * np.sqrt(1500 * share * (1 - share))).all()


def test_distributions_agree_better_than_those_of_random_splits():
    y = np.random.default_rng(0).lognormal(sigma=2, size=2000)
    train, test = stratified_split(y, 200)
    random = np.random.default_rng(0).permutation(2000)
    assert ks_2samp(y[train], y[test]).statistic < 0.011  # two rows of 200
    assert ks_2samp(y[random[200:]], y[random[:200]]).statistic > 0.02
    assert (y[test] > np.quantile(y, 0.99)).sum() == 2


def test_a_share_or_a_number_of_rows_and_the_seed():
    y = np.random.default_rng(0).normal(size=50)
    assert np.array_equal(stratified_split(y, 0.2)[1], stratified_split(y, 10)[1])
    assert not np.array_equal(stratified_split(y)[1], stratified_split(y, random_state=1)[1])
    assert not np.array_equal(stratified_split(y, 0.8)[1], stratified_split(y, 0.8, random_state=1)[1])
    tied = [stratified_split(np.ones(50), random_state=s)[1].tolist() for s in (0, 1)]
    assert tied[0] != tied[1]


@pytest.mark.parametrize("size", [0, 1.0, -0.2, 10, 11, 2.5, 0.01, 0.99])
def test_refuses_sizes_that_leave_nothing(size):
    text = (
        "test_size: expected a share between 0 and 1 or a whole number of rows that leaves at least one row each of "
        f"10 to train and test, got {size}"
    )
    with pytest.raises(InputError, match=text):
        stratified_split(range(10), size)


def test_refuses_bad_labels():
    with pytest.raises(TargetError, match="y: expected finite numbers"):
        stratified_split([1.0, np.inf])
    with pytest.raises(ShapeError, match=r"y: expected one label a row, got shape \(1, 2\)"):
        stratified_split([[1.0, 2.0]])
    with pytest.raises(InputError, match="random_state: expected a whole number"):
        stratified_split([1, 2, 3], random_state=-3)
