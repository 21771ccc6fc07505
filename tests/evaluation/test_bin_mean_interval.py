"""Intervals of b-MAE and b-RMSE: bins as strata against loops, coverage where bins are small, corner cases."""

import numpy as np
import pytest
from scipy.stats import t as student

from evenreg.evaluation._bin_mean_interval import bin_mean_interval
from evenreg.evaluation._bootstrap import LEVELS, Rows, intervals
from reference import evaluation as slow


def test_equals_the_loops():
    rng = np.random.default_rng(0)
    rows = [1, 4, 1, 2, 30, 7]
    bins = [rng.gamma(2, b + 1, n) for b, n in enumerate(rows)]
    values, index = np.concatenate(bins), np.repeat([3, 5, 8, 9, 100, 10**6], rows)
    order = rng.permutation(len(values))
    found = bin_mean_interval(values[order], index[order], LEVELS)
    error, freedom = slow.bin_mean_error([b.tolist() for b in bins])
    centre = np.mean([b.mean() for b in bins])
    for level, (low, high) in found.items():
        third = student.ppf((1 + level) / 2, freedom) * error / centre / 3
        assert (low, high) == pytest.approx((centre * max(1 - third, 0) ** 3, centre * (1 + third) ** 3))


def test_has_the_spread_of_resampling_inside_bins():
    rng = np.random.default_rng(0)
    index = np.repeat(np.arange(12), 40)
    values = rng.gamma(2, 1 + index)

    def mean_of_means(draw):
        return np.mean([draw.choice(values[index == b], 40).mean() for b in range(12)])

    draws = [mean_of_means(np.random.default_rng(seed)) for seed in range(800)]
    expected = np.quantile(draws, [0.1, 0.9])
    found = bin_mean_interval(values, index, [0.8])[0.8]
    assert abs(np.array(found) - expected).max() < 0.12 * np.ptp(expected)


@pytest.mark.parametrize("noise", ["normal", "heavy"])
def test_coverage_on_a_skewed_test_set(noise):
    """95 % intervals hold the expected value in 90 % of draws and more, though many bins hold one row or two."""
    rng = np.random.default_rng(0)
    share = np.exp(-np.arange(40) / 6)
    worse = 1 + np.arange(40) / 10  # errors and their spread grow towards the rare labels

    def errors(index):
        draw = rng.normal(size=len(index)) if noise == "normal" else rng.standard_t(3, len(index))
        return worse[index] * (draw + 0.5)

    every = np.repeat(np.arange(40), 20_000)
    many = errors(every).reshape(40, -1)
    truth = {"bmae": np.abs(many).mean(axis=1), "brmse": (many**2).mean(axis=1)}
    metrics = ("bmae", "brmse") if noise == "normal" else ("bmae",)
    hits, smallest = dict.fromkeys(metrics, 0), []
    for _ in range(300):
        index = rng.choice(40, 600, p=share / share.sum())
        error = errors(index)
        values = {"bmae": np.abs(error), "brmse": error**2}
        rows = np.bincount(index)
        smallest.append((rows == 1).sum())
        for metric in metrics:
            low, high = bin_mean_interval(values[metric], index, [0.95])[0.95]
            hits[metric] += low <= truth[metric][np.flatnonzero(rows)].mean() <= high
    assert np.mean(smallest) > 3
    assert min(hits.values()) >= 270


def test_the_metrics_lie_inside_their_intervals():
    rng = np.random.default_rng(0)
    index = rng.geometric(0.2, 300)
    target = rng.normal(size=(300, 2))
    prediction = target + rng.normal(size=(300, 2)) * index[:, None]
    found = intervals(Rows(target, prediction, index), rng)
    absolute, squared = np.abs(prediction - target).mean(axis=1), ((prediction - target) ** 2).mean(axis=1)
    bmae = np.mean([absolute[index == b].mean() for b in np.unique(index)])
    brmse = np.mean([squared[index == b].mean() for b in np.unique(index)]) ** 0.5
    for level in LEVELS:
        assert found["bmae"][level] == bin_mean_interval(absolute, index, [level])[level]
        assert found["bmae"][level][0] < bmae < found["bmae"][level][1]
        assert found["brmse"][level][0] < brmse < found["brmse"][level][1]


def test_bins_of_one_row_take_the_variance_between_bins():
    values = np.array([1.0, 3.0, 2.0, 5.0, 4.0])
    low, high = bin_mean_interval(values, np.arange(5), [0.8])[0.8]
    third = student.ppf(0.9, 4) * np.std(values, ddof=1) / 5**0.5 / 3 / 3
    assert (low, high) == pytest.approx((3 * (1 - third) ** 3, 3 * (1 + third) ** 3))


@pytest.mark.parametrize(
    ("values", "index", "expected"),
    [
        ([2.0, 2.0, 2.0], [0, 0, 0], (2, 2)),
        ([2.0, 2.0, 2.0], [0, 0, 1], (2, 2)),
        ([0.0, 0.0], [0, 1], (0, 0)),
    ],
)
def test_constant_errors_have_no_width(values, index, expected):
    assert bin_mean_interval(np.array(values), np.array(index), [0.95])[0.95] == pytest.approx(expected)


def test_one_bad_bin_never_gives_a_negative_bound():
    values, index = np.array([0.1, 0.2, 0.1, 90.0]), np.array([0, 0, 1, 2])
    low, high = bin_mean_interval(values, index, [0.99])[0.99]
    assert low == 0
    assert 30 < high < np.inf


@pytest.mark.parametrize("scale", [1e-150, 1e-6, 1e9, 1e150])
def test_scale(scale):
    rng = np.random.default_rng(0)
    values, index = rng.gamma(2, 1, 50), rng.integers(0, 20, 50)
    expected = np.array(bin_mean_interval(values, index, [0.9])[0.9])
    assert np.array(bin_mean_interval(scale * values, index, [0.9])[0.9]) == pytest.approx(expected * scale)
