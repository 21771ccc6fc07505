import numpy as np
import pytest

from evenreg.errors import InputError, TargetError
from evenreg.labels import Bins, LabelSpace, Peak, ShotRegions, skewed_subset
from evenreg.labels._skewed_subset import _DEFAULTS

AGES = np.random.default_rng(0).permutation(np.repeat(np.arange(100), 200)).astype(float)
BINS = Bins.uniform(-0.5, 99.5, 1)


def histogram(rows, y=AGES):
    return np.bincount(BINS.index(y[rows]), minlength=100)


class TestPeak:
    def test_density_by_hand(self):
        peak = Peak(0.4, 0.1, 0.5, 2.0)
        # SDs of .05 on the left and .15 on the right
        expected = [0.0, 2 * np.exp(-2), 2.0, 2 * np.exp(-0.5), 2 * np.exp(-4.5), 0.0]
        places = np.array([0.24, 0.3, 0.4, 0.55, 0.84999, 0.86])
        assert peak.density(places) == pytest.approx(expected, abs=1e-3)

    def test_mass_is_that_of_the_two_halves(self):
        x = np.linspace(0, 1, 200_001)
        mass = Peak(0.5, 0.05, -0.6).density(x).sum() * (x[1] - x[0])
        assert mass == pytest.approx(np.sqrt(2 * np.pi) * 0.05, rel=0.003)  # cut off 3 SDs away

    @pytest.mark.parametrize(
        ("peak", "text"),
        [
            (Peak(0.5, 0.0), "width: expected a number above 0, got 0.0"),
            (Peak(0.5, 0.1, 1.0), "skewness: expected a number between -1 and 1, got 1.0"),
            (Peak(0.5, 0.1, 0.0, -1.0), "height: expected a number above 0, got -1.0"),
            (Peak(np.nan, 0.1), "position: expected a finite number, got nan"),
        ],
    )
    def test_refuses(self, peak, text):
        with pytest.raises(InputError, match=text):
            skewed_subset(AGES, [peak])


class TestSubset:
    @pytest.mark.parametrize(
        ("peaks", "ranges"),
        [
            (1, [(22, 82)]),
            (2, [(15, 39), (55, 79)]),
            (3, [(9, 33), (33, 63), (63, 87)]),
            (4, [(11, 27), (27, 43), (53, 69), (69, 85)]),
        ],
    )
    def test_fixed_sets_lie_where_the_docstring_says_and_nowhere_else(self, peaks, ranges):
        counts = histogram(skewed_subset(AGES, peaks, bins=BINS))
        assert len(_DEFAULTS[peaks]) == len(ranges) == peaks
        inside = np.zeros(100, dtype=bool)
        for low, high in ranges:
            inside[low:high] = True
            assert counts[low:high].max() >= 190  # as high as the labels allow
            assert counts[low] < 20
            assert counts[high - 1] < 20
        assert not counts[~inside].any()

    @pytest.mark.parametrize(("peaks", "gap"), [(1, False), (2, True), (3, False), (4, True)])
    def test_zero_shot_regions_are_those_of_table_18(self, peaks, gap):
        space = LabelSpace.fit(AGES[skewed_subset(AGES, peaks, bins=BINS)], BINS)
        regions = set(ShotRegions().assign(AGES, space))
        assert ("interpolation" in regions) == gap
        assert "extrapolation" in regions

    def test_counts_follow_the_density_asked_for(self):
        peaks = [(0.2, 0.05, 0.0, 1.0), Peak(0.7, 0.06, 0.5, 0.5)]
        rows = skewed_subset(AGES, peaks, bins=BINS, size=2000, shortfall=0)
        wanted = sum(Peak(*peak).density(BINS.centers / 100 + 0.005) for peak in peaks)
        wanted *= 2000 / wanted.sum()
        assert len(rows) == 2000
        assert abs(histogram(rows) - wanted).max() < 1

    def test_without_heights_each_peak_is_as_high_as_its_labels_allow(self):
        rare = AGES[(AGES < 50) | (np.arange(len(AGES)) % 20 == 0)]  # a twentieth of the upper half
        counts = histogram(skewed_subset(rare, 2, bins=BINS), rare)
        assert counts[:50].max() >= 190
        assert 4 <= counts[50:].max() <= np.bincount(BINS.index(rare))[50:].max()
        equal = histogram(skewed_subset(rare, [(0.22, 0.04, 0.4, 1), (0.72, 0.04, -0.4, 1)], bins=BINS), rare)
        assert equal[:50].max() < 20

    def test_seed(self):
        a, b = skewed_subset(AGES, 1), skewed_subset(AGES, 1, random_state=1)
        assert np.array_equal(a, skewed_subset(AGES, 1))
        assert not np.array_equal(a, b)
        assert (np.diff(a) > 0).all()

    def test_bins_give_the_range_and_labels_outside_are_left_out(self):
        bins = Bins.uniform(19.5, 59.5, 1)
        rows = skewed_subset(AGES, [(0.5, 0.4)], bins=bins)
        assert AGES[rows].min() == 20
        assert AGES[rows].max() == 59

    @pytest.mark.data
    def test_agedb(self, agedb):
        sizes = [len(skewed_subset(agedb.train, peaks)) for peaks in (1, 2, 3, 4)]
        assert min(sizes) > 2500

    @pytest.mark.parametrize("peaks", [0, 5, [], [(0.5,)], [(0.5, 0.1, 0.0, 1.0, 2.0)]])
    def test_refuses_what_is_no_set_of_peaks(self, peaks):
        with pytest.raises(
            InputError, match=r"peaks: expected 1, 2, 3 or 4, or peaks as \(position, width, skew"
        ):
            skewed_subset(AGES, peaks)

    @pytest.mark.parametrize(
        ("call", "error", "text"),
        [
            (
                lambda: skewed_subset(AGES, [(0.2, 0.1), (0.5, 0.1, 0.0, 1.0)]),
                InputError,
                "peaks: expected a height for every peak or for none, got 1 heights for 2 peaks; None lets",
            ),
            (
                lambda: skewed_subset(AGES, [(0.2, 0.1), (3.0, 0.1)]),
                InputError,
                r"peaks\[1\]: expected the centre of a bin within three SDs of it, got none of 100; widen",
            ),
            (
                lambda: skewed_subset(AGES[AGES < 50], 2, bins=BINS),
                TargetError,
                r"peaks\[1\]: expected labels under at least 95 % of the density asked for, got them "
                r"under 0 %; positions count in ranges of the bins, 0 at -0.5 and 1 at 99.5: move peaks",
            ),
            (
                lambda: skewed_subset(AGES, shortfall=0.7),
                InputError,
                "shortfall: expected a number from 0 to 0.5, got 0.7",
            ),
            (
                lambda: skewed_subset(AGES, size=10**6),
                InputError,
                "size: expected at most .* rows, all that can be",
            ),
        ],
    )
    def test_refuses(self, call, error, text):
        with pytest.raises(error, match=text):
            call()


@pytest.mark.parametrize("peaks", [1, 2, 3, 4])
@pytest.mark.parametrize("sigma", [0.6, 1.5])
def test_fixed_sets_find_labels_in_any_skewed_sample(peaks, sigma):
    y = np.random.default_rng(0).lognormal(3.0, sigma, 5_000)
    kept = y[skewed_subset(y, peaks)]
    low, high = np.quantile(y, [0.05, 0.95])
    assert len(kept) > 400
    assert low < kept.min() < kept.max() < high
    places = (kept - low) / (high - low)
    if peaks in (2, 4):  # the gap between peaks
        assert not ((places > 0.45) & (places < 0.51)).any()
