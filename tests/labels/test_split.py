import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from evenreg.errors import InputError, TargetError
from evenreg.labels import Bins, LabelSpace, balanced_holdout, balanced_split
from evenreg.labels._split import _plan
from reference.labels import pools

quick = settings(max_examples=40, deadline=None)
labels = arrays(np.float64, st.integers(3, 150), elements=st.floats(0, 10))
BINS = Bins.uniform(0, 10, 0.5)


def by_pool(y, rows, pool_rows=3):
    """How many of ``rows`` lie in each pool of bins, next to the pool's size."""
    index = BINS.index(y)
    groups = pools(np.bincount(index, minlength=len(BINS)).tolist(), pool_rows)
    return [(int(np.isin(index, g).sum()), int(np.isin(index[rows], g).sum())) for g in groups]


class TestSplit:
    @quick
    @given(y=labels, seed=st.integers(0, 5), cap=st.sampled_from([None, 1, 4]))
    def test_is_disjoint_and_complete_with_something_from_every_pool(self, y, seed, cap):
        split = balanced_split(y, BINS, cap=cap, random_state=seed)
        assert sorted(np.concatenate(split).tolist()) == list(range(len(y)))
        assert all((np.diff(part) > 0).all() for part in split)
        for (size, train), (_, val), (_, test) in zip(*(by_pool(y, part) for part in split), strict=True):
            assert size >= 3
            assert train >= 1
            assert val == test >= 1

    def test_test_rows_stay_while_the_seed_redraws_the_rest(self):
        y = np.random.default_rng(0).lognormal(size=500)
        bins = Bins.fit(y)
        a, b = balanced_split(y, bins, random_state=0), balanced_split(y, bins, random_state=1)
        assert np.array_equal(a.test, b.test)
        assert not np.array_equal(a.val, b.val)
        again = balanced_split(y, bins, random_state=1)
        assert all(np.array_equal(p, q) for p, q in zip(b, again, strict=True))
        other = balanced_split(y, bins, test_state=1, random_state=0)
        assert not np.array_equal(a.test, other.test)

    def test_a_seed_draws_the_same_rows_in_every_version(self):
        y = np.random.default_rng(4).lognormal(size=40)
        split = balanced_split(y, Bins.uniform(0, 6, 1), test_state=1, random_state=2)
        assert split.val.tolist() == [10, 15, 30, 31, 32, 33]
        assert split.test.tolist() == [0, 7, 9, 17, 23, 28]

    def test_equal_seeds_do_not_tie_validation_to_test(self):
        # Every row is drawn into validation equally often over seeds, whatever the test seed.
        y, val = np.zeros(30), np.zeros(30)
        for seed in range(400):
            val[balanced_split(y, Bins([-1, 1]), cap=10, test_state=seed, random_state=seed).val] += 1
        assert (abs(val - 400 / 3) < 5 * np.sqrt(400 * 2 / 9)).all()

    @pytest.mark.parametrize("n", [3, 4, 7, 20, 60])
    def test_few_rows(self, n):
        y = np.random.default_rng(n).lognormal(size=n)
        split = balanced_split(y, Bins.fit(y))
        assert min(map(len, split)) >= 1
        assert len(split.val) == len(split.test)

    def test_sixty_rows_keep_a_training_set(self):
        y = np.random.default_rng(0).lognormal(size=60)
        assert len(balanced_split(y, Bins.fit(y)).train) >= 20

    def test_one_value(self):
        assert [len(p) for p in balanced_split([5] * 20, Bins.fit([5]))] == [14, 3, 3]

    def test_too_few_rows(self):
        text = r"y: expected at least 3 rows near one label .*, got 2 rows in all and at most 2 together"
        with pytest.raises(TargetError, match=text):
            balanced_split([1, 2], BINS)
        with pytest.raises(TargetError, match=r"got 4 rows in all and at most 1 together; .* or pool_rows=3"):
            balanced_split([1, 2, 3, 4], BINS, pool_rows=1)


class TestHoldout:
    @quick
    @given(y=labels, cap=st.integers(1, 20), pool_rows=st.integers(1, 9), seed=st.integers(0, 3))
    def test_takes_a_third_of_each_pool_up_to_the_cap(self, y, cap, pool_rows, seed):
        if max(size for size, _ in by_pool(y, [], pool_rows)) < 3:
            return
        held = balanced_holdout(y, BINS, cap=cap, pool_rows=pool_rows, random_state=seed)
        assert (np.diff(held) > 0).all()
        for size, taken in by_pool(y, held, pool_rows):
            assert taken == min(size // 3, cap)

    @quick
    @given(y=labels)
    def test_the_default_cap_is_the_largest_within_15_percent(self, y):
        held = balanced_holdout(y, BINS)
        thirds = [size // 3 for size, _ in by_pool(y, held)]
        fitting = [c for c in range(1, 60) if sum(min(t, c) for t in thirds) <= 0.15 * len(y)]
        cap = max(fitting, default=1)
        assert len(held) == sum(min(t, cap) for t in thirds)

    def test_every_row_of_a_pool_is_as_likely(self):
        drawn = np.zeros(9)
        for seed in range(600):
            drawn[balanced_holdout(np.zeros(9), Bins([-1, 1]), cap=3, random_state=seed)] += 1
        assert (abs(drawn - 200) < 5 * np.sqrt(600 * 2 / 9)).all()

    @pytest.mark.data
    def test_agedb(self, agedb):
        y = np.concatenate(agedb)
        held = balanced_holdout(y, Bins.fit(y), cap=30, pool_rows=1)
        assert len(held) == 2140
        assert np.array_equal(np.sort(y[held]), np.sort(agedb.test))
        split = balanced_split(y, Bins.fit(y), cap=30, pool_rows=1)
        assert [len(part) for part in split] == [12_208, 2_140, 2_140]
        assert np.array_equal(np.sort(y[split.train]), np.sort(agedb.train))

    def test_refuses_bad_input(self):
        with pytest.raises(InputError, match="cap: expected a whole number of at least 1, got 0"):
            balanced_holdout([1, 2, 3], BINS, cap=0)
        with pytest.raises(InputError, match="pool_rows: expected a whole number of at least 1, got 0"):
            balanced_holdout([1, 2, 3], BINS, pool_rows=0)
        with pytest.raises(InputError, match="random_state: expected a whole number of at least 0, got -1"):
            balanced_holdout([1, 2, 3], BINS, random_state=-1)
        with pytest.raises(TargetError, match="y: expected finite numbers, got NaN or infinity in 1 of 3"):
            balanced_holdout([1, np.nan, 3], BINS)


def test_a_space_in_place_of_its_bins_is_told():
    y, sentence = (
        np.arange(90.0),
        r"bins: expected Bins, got LabelSpace; give Bins.fit\(y\), or space.bins of a LabelSpace",
    )
    with pytest.raises(InputError, match=sentence):
        _plan.__wrapped__(y, LabelSpace.fit(y), None, 3)  # past the type check
