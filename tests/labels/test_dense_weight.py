import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from evenreg.errors import InputError
from evenreg.labels import Bins, DenseWeight, InverseFrequency, KernelDensity, LabelSpace
from reference import weightings as reference

quick = settings(max_examples=40, deadline=None)
labels = arrays(np.float64, st.integers(2, 60), elements=st.floats(0, 10).map(lambda v: round(v, 2)))
BINS = Bins.uniform(-1, 11, 0.5)


class TestWeights:
    @quick
    @given(
        y=labels,
        alpha=st.sampled_from([0.0, 0.3, 1.0, 2.5]),
        bandwidth=st.sampled_from(["silverman", 0.8]),
        eps=st.sampled_from([1e-6, 0.01]),
        max_ratio=st.sampled_from([None, 1.0, 4.0, 1e9]),
    )
    def test_equal_the_reference_and_average_one(self, y, alpha, bandwidth, eps, max_ratio):
        assume(np.ptp(y) > 0)
        h = reference.silverman(y) if bandwidth == "silverman" else bandwidth
        own = [reference.density(x, y, h) for x in y]
        # Below 1e-3 of its largest the spread of the density counts as none.
        assume(max(own) - min(own) > 0.01 * max(own))
        w = DenseWeight(alpha, KernelDensity(bandwidth), eps, max_ratio).fit(LabelSpace.fit(y, BINS))
        asked = np.r_[y, np.linspace(0, 10, 30)]
        expected = np.array(reference.dense(y, asked, h, alpha, eps, max_ratio))
        # 1e-4 of the density, 100 times that of a spread of 1 %, but alpha, over the smallest mean.
        tolerance = 1e-4 * max(own) / (max(own) - min(own)) * max(1, alpha) * expected.max()
        assert abs(w(asked) - expected).max() <= tolerance + 1e-9
        assert w(y).mean() == pytest.approx(1, rel=1e-12)

    @quick
    @given(y=labels, scale=st.sampled_from([-1.0, 1e-3, 7.0, 1e6]), shift=st.sampled_from([0.0, -5.0]))
    def test_do_not_depend_on_the_unit(self, y, scale, shift):
        assume(np.ptp(y) > 0)
        own = [reference.density(x, y, reference.silverman(y)) for x in y]
        assume(max(own) - min(own) > 0.1 * max(own))
        w = DenseWeight().fit(LabelSpace.fit(y, BINS))(y)
        edges = np.sort(scale * (BINS.edges + shift))
        moved = DenseWeight().fit(LabelSpace.fit(scale * (y + shift), Bins(edges)))(scale * (y + shift))
        assert np.allclose(moved, w, atol=1e-3 * w.max())

    @quick
    @given(y=labels, cut=st.integers(0, 60), seed=st.integers(0, 9))
    def test_do_not_depend_on_order_or_on_how_the_labels_came(self, y, cut, seed):
        w = DenseWeight().fit(LabelSpace.fit(y, BINS))(y)
        shuffled = np.random.default_rng(seed).permutation(y)
        space = LabelSpace(BINS).update(shuffled[:cut]).merge(LabelSpace(BINS).update(shuffled[cut:]))
        assert np.allclose(DenseWeight().fit(space)(y), w, rtol=1e-6, atol=1e-9)

    @quick
    @given(y=labels, alpha=st.sampled_from([0.5, 1.0, 3.0]))
    def test_never_rise_with_the_density(self, y, alpha):
        w = DenseWeight(alpha).fit(LabelSpace.fit(y, BINS))
        x = np.linspace(-1, 11, 200)
        assert w.density_ is not None
        order = np.argsort(w.density_.density(x))
        assert (np.diff(w(x)[order]) <= 1e-12).all()

    def test_two_heaps(self):
        w = DenseWeight().fit(LabelSpace.fit([0.0] * 90 + [100.0] * 10))
        # p' is 1 and 0, so the weights are as eps to 1, and their mean 0.1.
        assert w([0, 100]).tolist() == pytest.approx([1e-5, 10], rel=1e-3)
        half = DenseWeight(0.5).fit(LabelSpace.fit([0.0] * 90 + [100.0] * 10))
        assert half([0, 100]).tolist() == pytest.approx([0.5 / 0.55, 1 / 0.55])

    def test_alpha_goes_from_none_to_full(self):
        y = np.random.default_rng(0).gamma(2, size=500)
        space = LabelSpace.fit(y)
        assert DenseWeight(0).fit(space)(y).tolist() == [1] * 500
        spread = [np.ptp(DenseWeight(alpha).fit(space)(y)) for alpha in (0.2, 0.6, 1.0)]
        assert spread == sorted(spread)
        floored = [(w <= 2 * w.min()).sum() for w in (DenseWeight(a).fit(space)(y) for a in (1.0, 2.0))]
        assert floored[0] < floored[1]

    def test_are_continuous_in_the_label(self):
        y = np.random.default_rng(0).gamma(2, size=2000)
        w = DenseWeight().fit(LabelSpace.fit(y))
        x = np.linspace(0, y.max(), 200_000)
        assert abs(np.diff(w(x))).max() < 1e-4 * w(x).max()

    def test_the_table_holds_the_weights_at_the_centres(self):
        space = LabelSpace.fit(np.random.default_rng(0).gamma(2, size=2000))
        w = DenseWeight().fit(space)
        assert np.array_equal(w.table_, w(space.bins.centers))

    def test_max_ratio_raises_the_smallest(self):
        y = np.random.default_rng(0).gamma(2, size=2000)
        space = LabelSpace.fit(y)
        free, capped = (DenseWeight(max_ratio=r).fit(space)(y) for r in (None, 20))
        assert free.max() / free.min() == pytest.approx(1e6)
        assert capped.max() / capped.min() == pytest.approx(20)
        # Where the ratio does not bind, weights keep their proportions.
        above = capped > 1.01 * capped.min()
        assert np.ptp((capped / free)[above]) < 1e-9
        assert above.mean() > 0.5

    def test_labels_between_and_beyond(self):
        space = LabelSpace.fit([1.0] * 50 + [9.0], Bins.uniform(0, 10, 1))
        w = DenseWeight().fit(space)
        assert w([5.0])[0] == w([9.0])[0]  # nobody is rarer than the rarest training label
        with pytest.warns(UserWarning, match="weigh as the edge bins do"):
            assert w([-3.0, 12.0]).tolist() == w([0.0, 10.0]).tolist()

    def test_labels_counted_in_the_edge_bins_keep_the_mean(self):
        y = np.r_[np.random.default_rng(0).normal(5, 1, 500), 14.0, -9.0]
        w = DenseWeight().fit(LabelSpace.fit(y, Bins.uniform(0, 10, 1)))
        with pytest.warns(UserWarning, match="got 2 of 502 outside"):
            assert w(y).mean() == pytest.approx(1, rel=1e-12)

    def test_a_given_density_is_used_and_left_alone(self):
        y = np.random.default_rng(0).gamma(2, size=500)
        given = KernelDensity(0.7)
        w = DenseWeight(density=given).fit(LabelSpace.fit(y))
        assert given.bandwidth_ is None
        assert w.density_ is not None
        assert w.density_.bandwidth_ == 0.7

    @pytest.mark.parametrize(
        "y", [[3.7], [0.1] * 50, [0.0, 1.0], [0.0, 5.0, 10.0] * 100, np.arange(4) * 1e9, [-1e-12, 1e-12]]
    )
    def test_labels_as_dense_as_each_other_weigh_one(self, y):
        # Three heaps are equally dense under a bandwidth that keeps them apart.
        density = KernelDensity(0.5) if len(y) == 300 else None
        w = DenseWeight(density=density).fit(LabelSpace.fit(y))
        if np.ptp(y) > 1e9:
            assert w(y).mean() == pytest.approx(1)
        else:
            assert w(y).tolist() == [1] * len(y)

    def test_repr(self):
        assert repr(DenseWeight()) == (
            "DenseWeight(alpha=1, density=KernelDensity(bandwidth='silverman'), eps=1e-06, max_ratio=None)"
        )


class TestMillion:
    def test_weights_average_one_to_a_percent_beyond_the_sample(self):
        rng = np.random.default_rng(0)
        for y in (rng.standard_t(1.5, 1_000_000), rng.poisson(30, 1_000_000), rng.uniform(size=1_000_000)):
            w = DenseWeight().fit(LabelSpace.fit(y))(y)
            assert w.mean() == pytest.approx(1, abs=0.01)
            assert (w > 0).all()


@pytest.mark.data
def test_ages_of_agedb(agedb):
    space = LabelSpace.fit(agedb.train, Bins.uniform(-0.5, 120.5, 1))
    dense, inverse = DenseWeight().fit(space), InverseFrequency(0.5).fit(space)
    ages = np.unique(agedb.train)
    # Both weigh by rarity, so they order the ages alike; the bounded one keeps the tail closer together.
    ranks = [np.argsort(np.argsort(w(ages))) for w in (dense, inverse)]
    assert np.corrcoef(*ranks)[0, 1] > 0.9
    tail = ages[ages > 85]
    assert dense(tail).max() / dense(tail).min() < 1.2 < inverse(tail).max() / inverse(tail).min()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"alpha": -0.1}, "alpha: expected a number of at least 0, got -0.1"),
        ({"eps": 0}, "eps: expected a number above 0, got 0"),
        ({"max_ratio": 0.5}, "max_ratio: expected a number of at least 1, got 0.5; 1 weighs all alike"),
    ],
)
def test_refuses_bad_arguments(arguments, text):
    with pytest.raises(InputError, match=text):
        DenseWeight(**arguments)
