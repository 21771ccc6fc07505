"""Facts of labels against slow loops and known answers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenreg.cli._label_facts import (
    Gap,
    density_ratio,
    find_gaps,
    find_outliers,
    find_spikes,
    is_skewed,
    lattice_unit,
    slope_of,
    weight_effect,
)
from evenreg.labels import LDS, Bins, InverseFrequency, LabelSpace


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 1), min_size=1, max_size=40), st.integers(0, 6))
def test_gaps_are_the_empty_stretches_a_loop_finds(counts, longer_than):
    found, start = [], None
    for b, count in enumerate([*counts, 1]):
        if count == 0 and start is None:
            start = b
        if count and start is not None:
            if b - start > longer_than:
                found.append(Gap(float(start), float(b)))
            start = None
    got = find_gaps(np.arange(len(counts) + 1.0), np.array(counts), longer_than)
    assert sorted(got, key=lambda g: g.low) == found
    assert [g.high - g.low for g in got] == sorted((g.high - g.low for g in found), reverse=True)


def test_spikes_stand_out_from_the_values_beside_them():
    rng = np.random.default_rng(0)
    tail = rng.gamma(2, 5, 1000)
    (zero,) = find_spikes(np.r_[np.zeros(4000), tail])
    assert (zero.value, zero.rows, zero.share, zero.at_end) == (0.0, 4000, 0.8, "low")
    (cap,) = find_spikes(np.minimum(tail, 15.0))
    assert (cap.value, cap.at_end) == (15.0, "high")
    assert find_spikes(tail) == []


@pytest.mark.parametrize("rows", [[300, 500, 400], [1] * 50, [5, 5]])
def test_a_mode_among_neighbours_of_its_size_is_no_spike(rows):
    assert find_spikes(np.repeat(np.arange(float(len(rows))), rows)) == []


def ratio_of(y):
    space = LabelSpace.fit(y)
    return density_ratio(space.counts, LDS(boundary="renormalize").smooth(space.counts))


def test_density_ratio_of_known_shapes():
    rng = np.random.default_rng(1)
    n = 200_000
    assert ratio_of(rng.uniform(size=n)) == pytest.approx(1, abs=0.1)
    # |z| = .674 at the median row, 2.576 at the rarest 1 %: exp((2.576² - .674²) / 2) = 22.
    assert ratio_of(rng.normal(size=n)) == pytest.approx(22, rel=0.1)
    # Density is 1/2 of its top at the median and 1/100 of it at the 99th percentile.
    assert ratio_of(rng.exponential(size=n)) == pytest.approx(50, rel=0.1)


def test_density_ratio_does_not_hang_on_one_stray_label():
    y = np.random.default_rng(2).normal(size=5000)
    bins = Bins.uniform(-20, 20, 0.2)

    def of(labels):
        counts = LabelSpace.fit(labels, bins).counts
        return density_ratio(counts, LDS(boundary="renormalize").smooth(counts))

    assert of(np.r_[y, 19.0]) == pytest.approx(of(y), rel=0.1)


def test_weight_effect_is_that_of_the_rows():
    y = np.random.default_rng(3).exponential(size=3000)
    space = LabelSpace.fit(y)
    weights = InverseFrequency(0.5).fit(space)
    few = space.counts < 5
    effect = weight_effect(weights.table_, space.counts, few)
    w = weights(y)
    assert (effect.smallest, effect.largest) == pytest.approx((w.min(), w.max()))
    assert effect.effective_rows == pytest.approx(w.sum() ** 2 / (w**2).sum())
    assert effect.few_share == pytest.approx(w[few[space.index(y)]].sum() / w.sum())


def test_outliers_are_a_handful_beyond_half_the_range():
    y = np.random.default_rng(4).normal(size=2000)

    def of(labels):
        space = LabelSpace.fit(labels)
        return find_outliers(labels, find_gaps(space.bins.edges, space.counts))

    assert of(y) is None
    high, low = of(np.r_[y, 999, 999, 1001]), of(np.r_[y, -1e6])
    assert (high.rows, high.where) == (3, "labels from 999 to 1001")
    assert (low.rows, low.where) == (1, "the label -1e+06")
    assert of(np.r_[y, np.full(100, 1000.0)]) is None


@pytest.mark.parametrize(
    ("labels", "unit"),
    [
        (np.arange(90.0), 1),
        (np.arange(60.0) / 2, 0.5),
        (np.float32(np.arange(100.0).repeat(9) / 10).astype(float), 0.1),
        (np.arange(40.0) * 50, 50),
        (np.linspace(0, 1, 77), 0),
        (np.array([0.0, 1e300]), 0),
    ],
)
def test_bins_are_named_by_labels_where_edges_lie_between_them(labels, unit):
    assert lattice_unit(labels, Bins.fit(labels).edges) == unit


def test_small_facts():
    y = np.random.default_rng(5).normal(size=500)
    assert is_skewed(np.exp(y))
    assert not is_skewed(-np.exp(y))
    assert slope_of(y, 0.4 * y + 7) == pytest.approx(0.4)
    assert np.isnan(slope_of(np.ones(3), np.arange(3.0)))
