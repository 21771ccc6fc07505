import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from evenreg.errors import InputError, LabelRangeWarning, NotFittedError, TargetError, UnknownNameError
from evenreg.labels import LDS, Bins, InverseFrequency, LabelSpace
from reference.labels import weights

quick = settings(max_examples=40, deadline=None)
labels = arrays(np.float64, st.integers(1, 80), elements=st.floats(0, 10))
BINS = Bins.uniform(0, 10, 0.5)
FOLDED = LDS("folded_gaussian")


class TestWeights:
    @quick
    @given(
        y=labels,
        power=st.sampled_from([0.0, 0.5, 1.0, 1.7]),
        smoothing=st.sampled_from([None, ("gaussian", 5, 2.0, "zero"), ("laplacian", 3, 1.0, "reflect")]),
        clip=st.sampled_from([None, (2, 6)]),
        smooth=st.sampled_from(["counts", "powered"]),
        max_ratio=st.sampled_from([None, 1, 3.0, 200]),
    )
    def test_equal_the_reference_and_average_one(self, y, power, smoothing, clip, smooth, max_ratio):
        lds = None if smoothing is None else LDS(*smoothing)
        w = InverseFrequency(power, lds, clip, smooth, max_ratio).fit(LabelSpace.fit(y, BINS))
        expected = weights(y, BINS.edges, power, smoothing, clip, smooth == "counts", max_ratio)
        assert np.allclose(w(y), expected, rtol=1e-9)
        assert w(y).mean() == pytest.approx(1, rel=1e-12)
        assert np.isfinite(w.table_).all()
        assert (w.table_ > 0).all()

    @quick
    @given(y=labels, power=st.sampled_from([0.5, 1.0]), max_ratio=st.sampled_from([None, 4]))
    def test_never_rise_with_the_smoothed_count(self, y, power, max_ratio):
        space = LabelSpace.fit(y, BINS)
        w = InverseFrequency(power, LDS(), max_ratio=max_ratio).fit(space)
        order = np.argsort(LDS().smooth(space.counts))
        assert (np.diff(w.table_[order]) <= 1e-12 * w.table_.max()).all()

    @quick
    @given(
        y=arrays(np.int64, st.integers(1, 60), elements=st.integers(0, 40)),
        shift=st.sampled_from([0, -7, 100, 1e6]),
        scale=st.sampled_from([0.25, 1, 1024]),
    )
    def test_do_not_depend_on_the_unit_when_the_bins_follow(self, y, shift, scale):
        bins = Bins(np.arange(-0.5, 41))
        moved = Bins(bins.edges * scale + shift)
        w = InverseFrequency(0.5, LDS()).fit(LabelSpace.fit(y, bins))
        v = InverseFrequency(0.5, LDS()).fit(LabelSpace.fit(y * scale + shift, moved))
        assert np.allclose(w(y), v(y * scale + shift))

    def test_inverse_and_square_root(self):
        y = [1, 1, 1, 1, 2]
        assert InverseFrequency().fit(LabelSpace.fit(y))([1, 2]) == pytest.approx([0.625, 2.5])
        assert InverseFrequency(0.5).fit(LabelSpace.fit(y))([1, 2]) == pytest.approx([5 / 6, 10 / 6])

    def test_bins_without_density_get_the_largest_finite_weight(self):
        w = InverseFrequency(1, LDS(size=3)).fit(LabelSpace.fit([0] * 9 + [9]))
        assert w.table_[4] == w.table_.max() == w.table_[8]

    def test_the_cap_counts_from_the_smallest_weight_of_a_label(self):
        space = LabelSpace.fit([1] * 1000 + [2] * 10 + [3])
        w = InverseFrequency(max_ratio=200).fit(space)([1, 2, 3])
        assert w[2] / w[0] == pytest.approx(200)
        assert w[1] / w[0] == pytest.approx(100)
        # The best supported bin lies empty between two peaks: no label has its weight.
        gap = LabelSpace.fit([1] * 300 + [3] * 300 + [30])
        v = InverseFrequency(1, LDS(), max_ratio=2).fit(gap)
        assert v.table_[1] < v.table_[0]
        assert v([30])[0] / v([1])[0] == pytest.approx(2)

    def test_labels_out_of_range_weigh_as_the_edge_bins(self):
        w = InverseFrequency().fit(LabelSpace.fit([1, 1, 2]))
        with pytest.warns(LabelRangeWarning):
            outside = w([-5, 50])
        assert outside.tolist() == w([1, 2]).tolist()

    def test_coordinates(self):
        y = np.array([[0.0, 1], [0, 1], [3, 4]])
        w = InverseFrequency().fit(LabelSpace.fit(y, Bins.uniform(0, 6, 1), coordinate=lambda r: r[:, 1]))
        assert w(y).tolist() == pytest.approx([0.75, 0.75, 1.5])

    def test_one_value_weighs_one(self):
        assert InverseFrequency(1, LDS()).fit(LabelSpace.fit([3.7] * 5))([3.7]).tolist() == [1]


class TestRefusals:
    def test_before_fit(self):
        with pytest.raises(
            NotFittedError, match=r"InverseFrequency has learned no labels yet; call fit\(space\)"
        ):
            InverseFrequency()([1])

    def test_an_empty_space(self):
        with pytest.raises(TargetError, match="space: expected at least one training label, got none"):
            InverseFrequency().fit(LabelSpace(BINS))

    def test_labels_that_are_not_finite(self):
        with pytest.raises(TargetError, match="y: expected finite numbers"):
            InverseFrequency().fit(LabelSpace.fit([1, 2]))([np.nan])

    @pytest.mark.parametrize(
        ("arguments", "error", "text"),
        [
            ({"power": -1}, InputError, "power: expected a number of at least 0, got -1"),
            ({"smooth": "count"}, UnknownNameError, "no smooth named 'count'; did you mean 'counts'"),
            (
                {"max_ratio": 0.5},
                InputError,
                "max_ratio: expected a number of at least 1, got 0.5; 1 weighs all alike",
            ),
            ({"clip": (5, 1)}, InputError, r"clip: expected \(low, high\) counts with 0 <= low <= high"),
            ({"clip": [5]}, InputError, r"clip: expected \(low, high\) counts"),
            ({"clip": (0, 0)}, InputError, r"high above 0, got \(0, 0\)"),
        ],
    )
    def test_bad_arguments(self, arguments, error, text):
        with pytest.raises(error, match=text):
            InverseFrequency(**arguments)


@pytest.mark.data
class TestReleasedNumbers:
    """Smallest and largest weight on AgeDB-DIR's training labels, as the released code gives them."""

    BINS = Bins.uniform(-0.5, 120.5, 1)

    @pytest.mark.parametrize(
        ("weighting", "low", "high"),
        [
            (InverseFrequency(0.5), 0.6960, 13.077),
            (InverseFrequency(0.5, FOLDED, smooth="powered"), 0.7320, 22.010),
            (InverseFrequency(1, clip=(5, 1000)), 0.3767, 26.597),
        ],
        ids=["sqrt_inv", "sqrt_inv + LDS", "inverse"],
    )
    def test_are_met(self, agedb, weighting, low, high):
        w = weighting.fit(LabelSpace.fit(agedb.train, self.BINS))(agedb.train)
        assert (w.min(), w.max()) == (pytest.approx(low, abs=6e-5), pytest.approx(high, abs=6e-4))
        assert w.mean() == pytest.approx(1)

    def test_inverse_with_lds_is_met_but_for_its_truncation_to_whole_numbers(self, agedb):
        space = LabelSpace.fit(agedb.train, self.BINS)
        ours = InverseFrequency(1, FOLDED, clip=(5, 1000)).fit(space)(agedb.train)
        assert (ours.min(), ours.max()) == (
            pytest.approx(0.42865, abs=1e-5),
            pytest.approx(33.1416, abs=1e-4),
        )
        truncated = 1 / np.floor(FOLDED.smooth(space.counts.clip(5, 1000)))[space.index(agedb.train)]
        truncated /= truncated.mean()
        assert (truncated.min(), truncated.max()) == (
            pytest.approx(0.4273, abs=6e-5),
            pytest.approx(34.397, abs=6e-4),
        )

    def test_the_order_of_root_and_kernel_matters_by_up_to_39_percent(self, agedb):
        space = LabelSpace.fit(agedb.train, self.BINS)
        first, last = (
            InverseFrequency(0.5, FOLDED, smooth=s).fit(space)(agedb.train) for s in ("powered", "counts")
        )
        assert abs(last / first - 1).max() == pytest.approx(0.395, abs=1e-3)

    def test_unsmoothed_inverse_weights_of_stsb(self, stsb):
        w = InverseFrequency().fit(LabelSpace.fit(stsb.train, Bins.uniform(0, 5, 0.1)))(stsb.train)
        assert w.max() / w.min() == pytest.approx(428)
        assert w.max() == pytest.approx(105, abs=0.05)
