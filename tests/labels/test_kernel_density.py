import copy
import pickle

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from evenreg.errors import InputError, NotFittedError, TargetError, UnknownNameError
from evenreg.labels import Bins, KernelDensity, LabelSpace
from reference import weightings as reference

quick = settings(max_examples=40, deadline=None)
labels = arrays(np.float64, st.integers(2, 60), elements=st.floats(-10, 10).map(lambda v: round(v, 3)))


def fitted(y, bandwidth: float | str = "silverman"):
    return KernelDensity(bandwidth).fit(LabelSpace.fit(y))


class TestDensity:
    @quick
    @given(y=labels, bandwidth=st.sampled_from(["silverman", 0.3, 5.0]))
    def test_equals_the_sum_over_all_labels(self, y, bandwidth):
        assume(np.ptp(y) > 0)
        density = fitted(y, bandwidth)
        h = density.bandwidth_
        assert h == pytest.approx(reference.silverman(y) if bandwidth == "silverman" else bandwidth)
        asked = np.r_[y, np.linspace(y.min() - 9 * h, y.max() + 9 * h, 40)]
        exact = np.array([reference.density(x, y, h) for x in asked])
        error, top = abs(density.density(asked) - exact), exact.max()
        # What the docstring promises.
        assert (error <= 1e-4 * exact)[exact > 1e-2 * top].all()
        assert (error <= 5e-4 * exact)[exact > 1e-9 * top].all()
        assert (error <= 1e-9 * top)[exact <= 1e-9 * top].all()

    @quick
    @given(y=labels, scale=st.sampled_from([-1.0, 1e-6, 0.3, 12.0, 1e9]), shift=st.sampled_from([0.0, 40.0]))
    def test_another_unit_scales_it(self, y, scale, shift):
        assume(np.ptp(y) > 0.01)
        h = reference.silverman(y)
        asked = np.linspace(y.min() - h, y.max() + h, 30)
        moved = fitted(scale * (y + shift))
        assert moved.bandwidth_ == pytest.approx(abs(scale) * h)
        assert moved.density(scale * (asked + shift)) * abs(scale) == pytest.approx(
            fitted(y).density(asked), rel=1e-4
        )

    def test_integrates_to_one(self):
        for y in (np.random.default_rng(0).standard_t(2, 5000), [0.0] * 900 + [50.0], [3, 3, 4]):
            density = fitted(y)
            assert np.trapezoid(density.density_, density.grid_) == pytest.approx(1, abs=1e-9)

    def test_of_normal_labels_is_the_normal_density_widened_by_the_bandwidth(self):
        density = fitted(np.random.default_rng(0).normal(size=100_000))
        h, x = density.bandwidth_, np.linspace(-3, 3, 61)
        assert h == pytest.approx(0.106, abs=0.001)
        normal = np.exp(-(x**2) / 2 / (1 + h**2)) / np.sqrt(2 * np.pi * (1 + h**2))
        # Its standard error is sqrt(p / (n h 2 √π)), at most 0.0033; four of them.
        assert abs(density.density(x) - normal).max() < 0.013

    def test_a_million_labels_are_those_of_the_sum_over_all(self):
        rng = np.random.default_rng(0)
        y = np.r_[rng.lognormal(sigma=0.7, size=990_000), rng.uniform(20, 21, 10_000)]
        density = fitted(y)
        asked = np.r_[np.quantile(y, np.linspace(0.001, 0.985, 40)), 20.2, 20.5, 20.8]
        h = density.bandwidth_
        exact = np.array([np.exp(-(((x - y) / h) ** 2) / 2).mean() / (h * np.sqrt(2 * np.pi)) for x in asked])
        # The sample stands for the labels: about 1 / sqrt(labels sampled in a bandwidth).
        assert np.allclose(density.density(asked), exact, rtol=0.05)

    def test_merged_spaces_give_what_one_gives(self):
        y = np.random.default_rng(0).gamma(2, size=3000)
        bins = Bins.fit(y)
        whole = KernelDensity().fit(LabelSpace.fit(y, bins))
        merged = LabelSpace.fit(y[:800], bins).merge(LabelSpace.fit(y[800:], bins))
        assert KernelDensity().fit(merged).density(y) == pytest.approx(whole.density(y), rel=1e-9)
        shuffled = LabelSpace.fit(np.random.default_rng(1).permutation(y), bins)
        assert KernelDensity().fit(shuffled).density(y) == pytest.approx(whole.density(y), rel=1e-9)

    def test_labels_far_from_the_origin(self):
        y = np.random.default_rng(0).normal(size=500)
        assert fitted(y + 1e8).density(y + 1e8) == pytest.approx(fitted(y).density(y), rel=1e-4)

    def test_coordinates(self):
        rows = np.random.default_rng(0).normal(size=(2000, 2))
        lengths = np.hypot(*rows.T)
        space = LabelSpace.fit(rows, coordinate=lambda r: np.hypot(r[:, 0], r[:, 1]))
        assert KernelDensity().fit(space).density(rows) == pytest.approx(
            fitted(lengths).density(lengths), rel=1e-9
        )

    def test_a_space_written_down_and_read_back(self):
        y = np.random.default_rng(0).gamma(2, size=300)
        space = LabelSpace.fit(y)
        read = LabelSpace.from_dict(space.to_dict())
        assert np.array_equal(KernelDensity().fit(read).density(y), KernelDensity().fit(space).density(y))

    def test_copies_and_pickles(self):
        density = fitted([1.0, 2.0, 5.0])
        for other in (copy.deepcopy(density), pickle.loads(pickle.dumps(density))):
            assert np.array_equal(other.density([1.5, 3.0]), density.density([1.5, 3.0]))

    def test_repr(self):
        assert repr(KernelDensity()) == "KernelDensity(bandwidth='silverman')"
        assert repr(KernelDensity(0.25)) == "KernelDensity(bandwidth=0.25)"


class TestDegenerateLabels:
    def test_one_value_takes_the_width_of_its_bin(self):
        for y in ([3.7], [0.1] * 1000):
            density = fitted(y)
            assert density.bandwidth_ == LabelSpace.fit(y).bins.widths[0]
            assert density.density(y[:1])[0] == pytest.approx(
                1 / (density.bandwidth_ * np.sqrt(2 * np.pi)), rel=1e-4
            )

    def test_far_outside_there_is_nothing(self):
        density = fitted([0.0, 1.0, 2.0])
        assert density.density([-1e300, -40, 40, 1e300]).tolist() == [0, 0, 0, 0]
        assert density.density([]).shape == (0,)

    def test_the_grid_stays_small_whatever_the_range(self):
        y = np.r_[np.random.default_rng(0).normal(size=10_000), 1e9]
        for bandwidth in ("silverman", 500.0):
            density = fitted(y, bandwidth)
            assert len(density.grid_) <= 2**22
            assert np.trapezoid(density.density_, density.grid_) == pytest.approx(1, abs=1e-9)
            assert (density.density_ >= 0).all()
        # At 2 nodes to a bandwidth, the coarsest, it is still the Gaussian to a few percent.
        assert density.density([1e9])[0] == pytest.approx(1 / 10_001 / 500 / np.sqrt(2 * np.pi), rel=0.05)


class TestRefusals:
    @pytest.mark.parametrize(
        ("bandwidth", "error", "text"),
        [
            (0, InputError, "bandwidth: expected a number above 0, got 0"),
            (-1.0, InputError, "bandwidth: expected a number above 0, got -1"),
            (np.nan, InputError, "bandwidth: expected a finite number, got nan"),
            ("silvermann", UnknownNameError, "no bandwidth named 'silvermann'; did you mean 'silverman'?"),
        ],
    )
    def test_bad_bandwidths(self, bandwidth, error, text):
        with pytest.raises(error, match=text):
            KernelDensity(bandwidth)

    def test_a_bandwidth_too_narrow_for_the_range(self):
        with pytest.raises(
            InputError,
            match=r"bandwidth: expected at least 0\.477, a two-millionth of the labels' range, got 0\.1; it is in",
        ):
            fitted([0.0, 1e6], 0.1)

    def test_before_fit(self):
        for call in (lambda: KernelDensity().density([1]), lambda: KernelDensity().grid_):
            with pytest.raises(NotFittedError, match="KernelDensity has learned no labels yet; call fit"):
                call()

    def test_an_empty_space(self):
        with pytest.raises(TargetError, match="space: expected at least one training label, got none"):
            KernelDensity().fit(LabelSpace(Bins.uniform(0, 1, 0.5)))

    def test_labels_that_are_not_finite(self):
        with pytest.raises(TargetError, match="y: expected finite numbers"):
            fitted([1, 2]).density([np.nan])
