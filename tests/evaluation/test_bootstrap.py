"""Intervals of every metric: the vectorised bootstrap against loops, coverage, blocks, degenerate regions."""

from itertools import pairwise

import numpy as np
import pytest

from evenreg import metrics
from evenreg.evaluation import _bootstrap
from evenreg.evaluation._bootstrap import Rows, intervals
from reference import evaluation as slow


def rows(n, seed=0, bins=6, d=1):
    rng = np.random.default_rng(seed)
    t = rng.normal(0, 2, (n, d))
    return Rows(t, t + rng.normal(0.3, 1, (n, d)), rng.integers(0, bins, n))


@pytest.mark.parametrize(
    ("metric", "d"),
    [
        ("mae", 2),
        ("mse", 1),
        ("rmse", 1),
        ("gm", 2),
        ("pearson", 1),
        ("pearson", 2),
    ],
)
def test_replicates_have_the_spread_of_a_plain_bootstrap(metric, d):
    r = rows(60, d=d)
    function = getattr(metrics, metric)

    plain = slow.bootstrap(lambda i: function(r.target[i], r.prediction[i]), 60, 600, seed=1)
    # The expansion of 60 rows is 2 % at this level; an end is drawn with a deviation of 5 % of the width.
    low, high = intervals(r, np.random.default_rng(0))[metric][0.8]
    expected = np.quantile(plain, [0.1, 0.9])
    assert abs(np.array([low, high]) - expected).max() < 0.15 * np.ptp(expected)


def test_sera_is_resampled_as_the_sum_it_is():
    r = rows(60)
    phi = np.random.default_rng(3).random(60)
    error = np.square(r.prediction - r.target)[:, 0]
    plain = slow.bootstrap(lambda i: (phi[i] * error[i]).sum(), 60, 1000, seed=1)
    found = intervals(Rows(r.target, r.prediction, r.index, relevance=phi), np.random.default_rng(0))
    expected = np.quantile(plain, [0.1, 0.9])
    assert abs(np.array(found["sera"][0.8]) - expected).max() < 0.15 * np.ptp(expected)
    without = intervals(r, np.random.default_rng(0))
    assert "sera" not in without
    assert {name: found[name] for name in without} == without


def test_weighted_means_equal_the_plain_bootstrap():
    r = rows(60)
    weight = np.random.default_rng(3).gamma(1, 1, 60)
    error = np.abs(r.prediction - r.target)[:, 0]
    plain = slow.bootstrap(lambda i: np.average(error[i], weights=weight[i]), 60, 1000, seed=1)
    found = intervals(Rows(r.target, r.prediction, r.index, weight), np.random.default_rng(0))
    assert set(found) == {"mae", "mse", "rmse"}
    expected = np.quantile(plain, [0.1, 0.9])
    assert abs(np.array(found["mae"][0.8]) - expected).max() < 0.15 * np.ptp(expected)


@pytest.mark.parametrize("metric", ["mae", "gm", "pearson"])
def test_blocks_give_the_intervals_of_rows(metric, monkeypatch):
    r = rows(3000, bins=40)
    blocks = intervals(r, np.random.default_rng(0))[metric][0.95]
    monkeypatch.setattr(_bootstrap, "BLOCKS", 10_000)
    single = intervals(r, np.random.default_rng(0))[metric][0.95]
    assert abs(np.subtract(blocks, single)).max() < 0.1 * (single[1] - single[0])


@pytest.mark.parametrize("metric", ["mae", "spearman"])
def test_coverage_of_few_rows(metric):
    """95 % intervals of 12 rows hold the true value in 90 % of draws and more."""
    rng = np.random.default_rng(0)
    truth = {"mae": np.sqrt(2 / np.pi), "spearman": 6 / np.pi * np.arcsin(np.sqrt(0.5) / 2)}[metric]
    hits = 0
    for _ in range(200):
        t = rng.normal(0, 1, (12, 1))
        r = Rows(t, t + rng.normal(0, 1, (12, 1)), np.zeros(12, dtype=int))
        low, high = intervals(r, rng, metrics.spearman(r.target, r.prediction))[metric][0.95]
        hits += low <= truth <= high
    assert hits >= 180


def test_levels_are_nested_and_hold_the_estimate():
    r = rows(80)
    found = intervals(r, np.random.default_rng(0), 0.5)
    assert set(found) == {"mae", "mse", "rmse", "gm", "pearson", "spearman", "bmae", "brmse"}
    for levels in found.values():
        ends = [levels[level] for level in (0.8, 0.9, 0.95, 0.99)]
        assert all(a[0] >= b[0] and a[1] <= b[1] for a, b in pairwise(ends))
    assert found["mae"][0.8][0] < metrics.mae(r.target, r.prediction) < found["mae"][0.8][1]


def test_one_row_has_no_interval():
    assert intervals(rows(1), np.random.default_rng(0)) == {}


def test_constants_have_no_correlation_but_an_error():
    r = Rows(np.ones((5, 1)), np.full((5, 1), 3.0), np.zeros(5, dtype=int))
    found = intervals(r, np.random.default_rng(0), float("nan"))
    assert found["mae"][0.95] == (2.0, 2.0)
    assert "pearson" not in found
    assert "spearman" not in found


def test_perfect_rank_correlation_and_tiny_regions_have_no_spearman_interval():
    assert "spearman" not in intervals(rows(30), np.random.default_rng(0), 1.0)
    assert "spearman" not in intervals(rows(3), np.random.default_rng(0), 0.5)


@pytest.mark.parametrize("scale", [1e-6, 1e9])
def test_scale(scale):
    r = rows(40)
    s = Rows(r.target * scale, r.prediction * scale, r.index)
    a, b = (intervals(x, np.random.default_rng(0))[m][0.9] for x, m in ((r, "mae"), (s, "mae")))
    assert b == pytest.approx((a[0] * scale, a[1] * scale))
    a, b = (intervals(x, np.random.default_rng(0))["pearson"][0.9] for x in (r, s))
    assert b == pytest.approx(a)
