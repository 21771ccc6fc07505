"""RandomUnder, RandomOver and WERCS: no row is made up."""

import numpy as np
import pytest

from evenreg.errors import InputError, TargetError
from evenreg.resampling import WERCS, GaussianNoise, RandomOver, RandomUnder

RARE = [[10, 0], [11, 1]]
X, Y = np.arange(100.0)[:, None], np.r_[np.linspace(0, 10, 80), np.linspace(11, 15, 20)]


def test_under_drops_frequent_rows_only():
    sampler = RandomUnder(relevance=RARE, random_state=0)
    got, labels = sampler.fit_resample(X, Y)
    assert sampler.sizes_ == [20, 20]
    assert got[20:].tolist() == X[80:].tolist()
    assert len(np.unique(got)) == 40
    assert not sampler.synthetic_.any()
    assert np.array_equal(labels, Y[sampler.sample_indices_])


def test_over_repeats_rare_rows_only():
    sampler = RandomOver(relevance=RARE, random_state=0)
    got, _ = sampler.fit_resample(X, Y)
    assert got[:100].tolist() == X.tolist()
    assert np.bincount(sampler.sample_indices_).tolist() == [1] * 80 + [4] * 20
    assert not sampler.synthetic_.any()


class TestWERCS:
    def test_probabilities_are_those_of_the_relevance(self):
        relevance = [[0, 0, 0.1], [10, 1, 0.1]]  # a straight line
        y = np.array([1.0, 2, 3, 4, 9.9])
        drawn, dropped = np.zeros(5), np.zeros(5)
        for seed in range(4000):
            sampler = WERCS(over=3, under=1, relevance=relevance, random_state=seed)
            sampler.fit_resample(y[:, None], y)
            rows = sampler.sample_indices_
            drawn += np.bincount(rows[4:], minlength=5)
            dropped[np.setdiff1d(np.arange(5), rows[:4])] += 1
        assert drawn / drawn.sum() == pytest.approx(y / y.sum(), abs=0.015)
        assert dropped / 4000 == pytest.approx((10 - y) / (10 - y).sum(), abs=0.03)

    def test_sizes_are_exact_and_relevance_one_is_never_dropped(self):
        sampler = WERCS(over=7, under=0.8, relevance=RARE, random_state=0)
        got, _ = sampler.fit_resample(X, Y)
        assert len(got) == 27
        assert got[:20].tolist() == X[80:].tolist()
        assert np.array_equal(WERCS(0, 0, relevance=RARE).fit_resample(X, Y)[0], X)

    @pytest.mark.parametrize(
        ("options", "error", "text"),
        [
            ({"over": -1}, InputError, "over: expected a whole number of at least 0"),
            ({"under": -0.5}, InputError, "under: expected a number of at least 0"),
            (
                {"under": 0.9},
                InputError,
                r"under: expected at most 80 rows to drop, as 20 of 100 have relevance 1 .*, got 90 \(0.9\)",
            ),
            (
                {"under": 100, "relevance": [[0, 0], [99, 1]]},
                InputError,
                "at most 99 rows .* and one must stay, got 100",
            ),
            (
                {"relevance": [[20, 0], [30, 1]]},
                TargetError,
                "one above 0 to repeat, got 0 for all 100; take another",
            ),
        ],
    )
    def test_out_of_range(self, options, error, text):
        with pytest.raises(error, match=text):
            WERCS(**{"relevance": RARE, **options}).fit(X, Y)


def test_noise_refuses_a_region_of_one_row_whose_spread_it_would_be_a_part_of():
    X, y = np.arange(20.0)[:, None], [*range(1, 19), 40.0, 60.0]
    with pytest.raises(
        InputError, match=r"at least 2 rows in each rare region.*got the 1 rare row with label 60; take"
    ):
        GaussianNoise(relevance=[[50, 0], [60, 1]]).fit_resample(X, y)
    grown = GaussianNoise(relevance=[[20, 0], [40, 1]], sampling={"rare": 3.0}, random_state=0).fit_resample(
        X, y
    )[1]
    assert len(grown) == 24
    # A region that is not to grow may hold one row.
    GaussianNoise(relevance=[[50, 0], [60, 1]], sampling={"rare": 1, "frequent": 5}).fit_resample(X, y)
