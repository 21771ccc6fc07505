import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenreg.labels._equal_mass import equal_mass_cuts
from reference.relevance import least_squares_of_sums

quick = settings(max_examples=60, deadline=None)


def sums(counts, cuts):
    return np.add.reduceat(counts, cuts[:-1])


@quick
@given(st.lists(st.integers(1, 60), min_size=1, max_size=11), st.integers(1, 11))
def test_no_way_to_cut_is_more_even(counts, n):
    n = min(n, len(counts))
    cuts = equal_mass_cuts(np.array(counts), n)
    assert cuts[0] == 0
    assert cuts[-1] == len(counts)
    assert (np.diff(cuts) > 0).all()
    assert len(cuts) == n + 1
    assert int(np.square(sums(np.array(counts), cuts)).sum()) == least_squares_of_sums(counts, n)


@pytest.mark.parametrize("n", [2, 9, 40])
def test_equals_the_whole_table_of_costs(n):
    counts = np.random.default_rng(n).geometric(0.02, 300)
    running = np.concatenate([[0], np.cumsum(counts)])
    cost = np.where(running > running[:, None], np.square(running - running[:, None], dtype=float), np.inf)
    best = cost[0]
    for _ in range(n - 1):
        best = (best[:, None] + cost).min(axis=0)
    assert np.square(sums(counts, equal_mass_cuts(counts, n))).sum() == best[-1]


def test_a_spike_takes_one_part():
    counts = np.array([1] * 9 + [91])
    assert sorted(sums(counts, equal_mass_cuts(counts, 5))) == [2, 2, 2, 3, 91]


@pytest.mark.parametrize("n", [1, 7, 100, 400])
def test_places_suffice_for_many_counts(n):
    counts = np.random.default_rng(0).integers(1, 50, 200_000)
    parts = sums(counts, equal_mass_cuts(counts, n))
    assert len(parts) == n
    # A thousandth of the sum lies between two places at most.
    assert abs(parts - counts.sum() / n).max() <= counts.sum() / 1000


def test_a_spike_among_many_counts_leaves_the_others_room():
    counts = np.ones(50_000, dtype=int)
    counts[30_000] = 10**9
    parts = sums(counts, equal_mass_cuts(counts, 6))
    assert sorted(parts)[-1] >= 10**9
    assert max(sorted(parts)[:-1]) < 12_000


def test_as_many_parts_as_counts():
    counts = np.arange(1, 1501)
    assert equal_mass_cuts(counts, 1500).tolist() == list(range(1501))
