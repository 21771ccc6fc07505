import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evenreg.errors import InputError, TargetError
from evenreg.labels._density_subset import density_subset, largest
from reference import folds

quick = settings(max_examples=80, deadline=None)
counts = st.lists(st.integers(0, 30), min_size=1, max_size=12)


def subset(held, density, *, size=None, shortfall=0.0, seed=0):
    """How many rows of each bin are drawn; rows are scattered, and some may not be drawn."""
    index = np.random.default_rng(5).permutation(np.repeat(np.arange(len(held)), np.array(held) + 1))
    banned = [np.flatnonzero(index == b)[0] for b in range(len(held))]
    allowed = np.delete(np.arange(len(index)), banned)
    rows = density_subset(
        index,
        allowed,
        np.array(density, dtype=float),
        name="like",
        size=size,
        shortfall=shortfall,
        rng=np.random.default_rng(seed),
    )
    assert (np.diff(rows) > 0).all()
    assert not set(rows) & set(banned)
    return np.bincount(index[rows], minlength=len(held))


@quick
@given(held=counts, seed=st.integers(0, 99), shortfall=st.sampled_from([0.0, 0.02, 0.3]))
def test_the_most_rows_equal_the_slow_reference(held, seed, shortfall):
    density = np.random.default_rng(seed).integers(0, 4, len(held)).astype(float)
    assume(density.sum())
    share = density / density.sum()
    held = np.array(held, dtype=float)
    if share[held == 0].sum() > shortfall:
        with pytest.raises(TargetError, match="like: expected labels under at least"):
            largest(held, share, shortfall, "like")
        return
    expected = folds.largest(held.tolist(), share.tolist(), shortfall)
    assert largest(held, share, shortfall, "like") == pytest.approx(expected, abs=1e-6)


@quick
@given(held=counts, seed=st.integers(0, 99), shortfall=st.sampled_from([0.0, 0.1, 0.5]))
def test_the_subset_follows_the_density_to_within_a_row_a_bin_and_the_shortfall(held, seed, shortfall):
    density = np.random.default_rng(seed).random(len(held)) + 0.01
    share = density / density.sum()
    assume(share[np.array(held) == 0].sum() <= shortfall)
    most = int(largest(np.array(held, dtype=float), share, shortfall, "like") + 1e-9)
    assume(most)
    taken = subset(held, density, shortfall=shortfall)
    assert taken.sum() == most
    asked = share * most / (1 - shortfall)
    assert (taken < asked + 1).all()
    if not shortfall:
        assert (abs(taken - asked) < 1).all() or most < largest(np.array(held, float), share, 0, "like")
    for size in {1, most // 2, most} - {0}:
        assert subset(held, density, size=size, shortfall=shortfall).sum() == size


def test_rounding_is_right_on_average_where_less_than_a_row_is_asked():
    density = np.array([1.0] * 8 + [92.0])
    total = sum(subset([5] * 8 + [500], density, size=50, seed=seed) for seed in range(400)) / 400
    assert abs(total - density / 100 * 50).max() < 0.13


def test_sentences():
    with pytest.raises(
        InputError, match="size: expected at most 20 rows, all that can be had with this distr"
    ):
        subset([10, 10], [1, 1], size=21)
    with pytest.raises(InputError, match="size: expected a whole number of at least 1, got 0"):
        subset([10, 10], [1, 1], size=0)
    text = (
        "like: expected labels under at least 99.5 % of the density asked for, got them under 50 %; ask where"
    )
    with pytest.raises(TargetError, match=text):
        subset([10, 0], [1, 1], shortfall=0.005)
