import json
from functools import reduce

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from evenreg.errors import InputError, ShapeError, TargetError
from evenreg.labels import Bins, LabelSpace
from reference.labels import count

quick = settings(max_examples=30, deadline=None)
BINS = Bins.uniform(-100, 100, 2.5)
labels = arrays(np.float64, st.integers(1, 60), elements=st.floats(-120, 120))


def same(a: LabelSpace, b: LabelSpace) -> None:
    assert np.array_equal(a.counts, b.counts)
    assert (a.n, a.dim, a.low, a.high) == (b.n, b.dim, b.low, b.high)
    assert np.allclose(a.mean, b.mean, rtol=1e-12, atol=1e-12)
    assert np.allclose(a.covariance, b.covariance, rtol=1e-11, atol=1e-10)
    assert np.array_equal(a.sample, b.sample)


class TestFit:
    @quick
    @given(y=labels)
    def test_equals_the_plain_formulas(self, y):
        space = LabelSpace.fit(y, BINS)
        assert space.counts.tolist() == count(y, BINS.edges)
        assert space.counts.dtype == np.int64
        assert (space.n, space.dim, space.low, space.high) == (len(y), 1, y.min(), y.max())
        assert np.allclose(space.mean, [y.mean()])
        assert np.allclose(space.std, [y.std()], atol=1e-9)
        assert np.array_equal(space.sample[:, 0], np.sort(y))

    def test_counts_many_blocks(self):
        y = np.random.default_rng(0).normal(0, 40, 200_000)
        space = LabelSpace.fit(y, BINS)
        assert np.array_equal(space.counts, np.histogram(y.clip(-100, 100), BINS.edges)[0])
        assert space.mean[0] == pytest.approx(y.mean(), rel=1e-12)
        assert space.std[0] == pytest.approx(y.std(), rel=1e-12)

    def test_moments_survive_a_large_offset(self):
        y = np.random.default_rng(0).normal(size=100_000)
        assert LabelSpace.fit(y + 1e9, Bins.fit(y + 1e9, 0.5)).std[0] == pytest.approx(y.std(), rel=1e-6)

    def test_lays_its_own_bins(self):
        assert LabelSpace.fit([3, 4, 4, 6]).bins == Bins.fit([3, 4, 4, 6])

    def test_a_column_is_a_scalar_label(self):
        same(LabelSpace.fit(np.array([[1.0], [2.0]]), BINS), LabelSpace.fit([1, 2], BINS))

    def test_labels_of_several_dimensions(self):
        y = np.random.default_rng(0).normal(size=(500, 3)) @ np.diag([1, 2, 3])
        space = LabelSpace.fit(y, coordinate=lambda rows: np.linalg.norm(rows, axis=1))
        assert space.dim == 3
        assert np.allclose(space.mean, y.mean(0))
        assert np.allclose(space.std, y.std(0))
        assert np.allclose(space.covariance, np.cov(y.T, ddof=0))
        assert np.array_equal(space.index(y), space.bins.index(np.linalg.norm(y, axis=1)))
        assert space.sample.shape == (500, 3)
        assert sorted(map(tuple, space.sample)) == sorted(map(tuple, y))

    def test_refuses_bad_input(self):
        with pytest.raises(TargetError, match="y: expected at least one label, got none"):
            LabelSpace.fit([])
        with pytest.raises(TargetError, match="got NaN or infinity in 1 of 2"):
            LabelSpace.fit([1, np.nan], BINS)
        with pytest.raises(
            ShapeError, match=r"y: expected one label a row, got shape \(4, 2\); give coordinate="
        ):
            LabelSpace.fit(np.zeros((4, 2)))
        with pytest.raises(
            ShapeError, match=r"coordinate\(y\): expected one number a row, shape \(4,\), got shape"
        ):
            LabelSpace.fit(np.zeros((4, 2)), coordinate=lambda rows: rows)
        with pytest.raises(InputError, match="random_state: expected a whole number of at least 0, got -1"):
            LabelSpace.fit([1, 2], random_state=-1)


class TestMerge:
    @quick
    @given(a=labels, b=labels, c=labels)
    def test_is_associative_and_equals_fitting_at_once(self, a, b, c):
        def fit(*parts):
            return LabelSpace.fit(np.concatenate(parts), BINS)

        left = fit(a).merge(fit(b)).merge(fit(c))
        right = fit(a).merge(fit(b).merge(fit(c)))
        streamed = LabelSpace(BINS).update(a).update(b).update(c)
        for space in (left, right, streamed):
            same(space, fit(a, b, c))

    def test_of_many_shards_keeps_a_uniform_sample(self):
        shards = np.array_split(np.arange(400_000.0), 8)
        bins = Bins.uniform(0, 400_000, 50_000)
        merged = reduce(LabelSpace.merge, [LabelSpace.fit(s, bins) for s in shards])
        sample = merged.sample[:, 0]
        assert len(sample) == len(np.unique(sample)) == 100_000
        # Every shard gives 12,500 on average, standard deviation 94.
        assert (abs(np.bincount(bins.index(sample)) - 12_500) < 500).all()

    def test_with_an_empty_space_changes_nothing(self):
        same(LabelSpace(BINS).merge(LabelSpace.fit([1, 2], BINS)), LabelSpace.fit([1, 2], BINS))
        same(LabelSpace.fit([1, 2], BINS).merge(LabelSpace(BINS)), LabelSpace.fit([1, 2], BINS))

    def test_refuses_other_bins_and_dimensions(self):
        with pytest.raises(
            InputError, match=r"other: expected a space over the same bins, .*; fit both with bins="
        ):
            LabelSpace.fit([1, 2], BINS).merge(LabelSpace.fit([1, 2]))
        with pytest.raises(
            InputError, match=r"got bins whose edge 1 is 0\.30000000000000004 in place of 0\.3; fit"
        ):
            LabelSpace(Bins([0, 0.3, 1])).merge(LabelSpace(Bins([0, 0.1 + 0.2, 1])))
        with pytest.raises(
            InputError, match="other: expected a LabelSpace, got ndarray; labels themselves go to upd"
        ):
            LabelSpace(BINS).merge(np.ones(3))
        flat = LabelSpace.fit(np.zeros((2, 2)), BINS, coordinate=lambda rows: rows[:, 0])
        with pytest.raises(ShapeError, match="other: expected labels of 2 dimensions, got 1"):
            flat.merge(LabelSpace.fit([1, 2], BINS))


def test_an_empty_space_says_that_it_is():
    assert repr(LabelSpace(BINS)).startswith("LabelSpace(no labels yet, Bins(")


@pytest.mark.parametrize("scale", [1e200, 1e300])
def test_labels_whose_squares_are_no_numbers_are_refused(scale):
    sentence = r"y: expected numbers whose squares float64 can hold, from 1e-150 to 1e\+150 in size, got a largest size"
    with pytest.raises(TargetError, match=sentence):
        LabelSpace.fit(np.arange(1.0, 90) * scale)


class TestUpdate:
    def test_equals_fitting_at_once_with_more_labels_than_the_sample_holds(self):
        y = np.random.default_rng(0).normal(0, 30, 250_000)
        streamed = LabelSpace(BINS)
        for chunk in np.array_split(y, 7):
            streamed.update(chunk)
        whole = LabelSpace.fit(y, BINS)
        assert np.array_equal(streamed.counts, whole.counts)
        assert streamed.std[0] == pytest.approx(whole.std[0], rel=1e-12)
        for sample in (streamed.sample, whole.sample):
            assert sample.shape == (100_000, 1)
            assert sample.mean() == pytest.approx(y.mean(), abs=5 * 30 / np.sqrt(1e5))
            assert np.isin(sample[:, 0], y).all()

    def test_nothing_changes_nothing(self):
        same(LabelSpace.fit([1, 2], BINS).update([]), LabelSpace.fit([1, 2], BINS))

    def test_refuses_another_dimension(self):
        space = LabelSpace.fit(np.zeros((2, 2)), BINS, coordinate=lambda rows: rows[:, 0])
        with pytest.raises(ShapeError, match="y: expected labels of 2 dimensions as before, got 3"):
            space.update(np.zeros((2, 3)))

    def test_an_empty_space_says_so(self):
        with pytest.raises(
            TargetError, match="space: expected at least one training label, got none; call update"
        ):
            LabelSpace(BINS).require_labels()


class TestDict:
    def test_survives_json_and_goes_on(self):
        y = np.random.default_rng(0).normal(0, 30, 120_000)
        space = LabelSpace.fit(y, BINS, random_state=3)
        again = LabelSpace.from_dict(json.loads(json.dumps(space.to_dict())))
        same(again, space)
        same(again.update(y[:50_000]), space.update(y[:50_000]))

    def test_refuses_a_function(self):
        space = LabelSpace.fit(np.zeros((2, 2)), BINS, coordinate=lambda rows: rows[:, 0])
        with pytest.raises(
            InputError, match="coordinate: expected a space without one to write down, got a function"
        ):
            space.to_dict()

    def test_refuses_an_empty_space(self):
        with pytest.raises(TargetError, match="space: expected at least one training label, got none"):
            LabelSpace(BINS).to_dict()


def test_repr_tells_what_was_counted():
    assert repr(LabelSpace.fit([1, 2], BINS)) == (
        "LabelSpace(2 labels from 1 to 2, Bins(80 bins from -100 to 100, width 2.5: given))"
    )


def test_a_million_bins_cost_little_memory_and_count_right():
    y = np.random.default_rng(0).uniform(size=300_000)
    space = LabelSpace.fit(y, Bins.uniform(0, 1, 1e-6))
    assert space.counts.sum() == len(y)
    assert space.counts.max() <= 10


@pytest.mark.data
def test_agedb_has_a_largest_bin_of_353(agedb):
    assert [len(part) for part in agedb] == [12_208, 2_140, 2_140]
    assert LabelSpace.fit(agedb.train).counts.max() == 353
