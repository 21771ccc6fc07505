import numpy as np
import pytest

from evenreg.labels import Bins, LabelSpace, _label_space
from evenreg.labels._training_points import training_points
from evenreg.labels._uniform_grid import UniformGrid


@pytest.fixture
def small_sample(monkeypatch):
    monkeypatch.setattr(_label_space, "_SAMPLE", 50)


GRID = UniformGrid(-5.0, 0.01, 2001)
rng = np.random.default_rng(0)


def masses(space, grid=GRID):
    values, weights = training_points(space, grid)
    return np.bincount(space.bins.index(values), weights, len(space.bins))


def test_a_sample_that_holds_all_labels_is_the_labels():
    y = rng.normal(5, 1, 300)
    values, weights = training_points(LabelSpace.fit(y, Bins.uniform(0, 10, 0.5)), GRID)
    assert values.tolist() == np.sort(y).tolist()
    assert (weights == 1).all()


def test_bins_of_a_larger_space_have_their_exact_mass(small_sample):
    y = rng.exponential(2, 5000).clip(0, 9.99)
    space = LabelSpace.fit(y, Bins.uniform(0, 10, 1))
    sampled = space.counts[np.unique(space.index(space.sample))]
    assert len(space.sample) == 50
    assert sampled.sum() < space.n  # some bins have no sampled label
    assert masses(space).sum() == pytest.approx(5000, rel=1e-12)
    # A node stands for half a step to either side, so a bin's edge may take 1 % of its neighbour.
    assert np.allclose(masses(space), space.counts, atol=0.01 * space.counts.max())


def test_a_bin_without_a_sampled_label_is_filled_evenly(small_sample):
    y = np.r_[np.full(20_000, 1.5), 7.2, 7.3, 7.9]
    space = LabelSpace.fit(y, Bins.uniform(0, 10, 1))
    assert 7 not in space.index(space.sample)
    values, weights = training_points(space, GRID)
    inside = values > 2
    assert weights[inside].sum() == pytest.approx(3)
    # As far as there are labels: the largest is 7.9.
    assert (values[inside].min(), values[inside].max()) == (
        pytest.approx(7, abs=0.01),
        pytest.approx(7.9, abs=0.01),
    )
    assert weights[inside][1:-1] == pytest.approx(3 * 0.01 / 0.9)


def test_edge_bins_reach_to_the_labels_beyond_them(small_sample):
    y = np.r_[np.full(20_000, 1.5), -2.0, 14.0]
    space = LabelSpace.fit(y, Bins.uniform(0, 10, 1))
    values, weights = training_points(space, GRID)
    low, high = values < 1.2, values > 8
    assert (weights[low].sum(), weights[high].sum()) == (pytest.approx(1), pytest.approx(1))
    assert (values[low].min(), values[high].max()) == (
        pytest.approx(-2, abs=0.01),
        pytest.approx(14, abs=0.01),
    )


def test_bins_finer_than_the_grid_keep_their_mass(small_sample):
    y = rng.uniform(0, 10, 4000)
    space = LabelSpace.fit(y, Bins.uniform(0, 10, 1e-4))
    values, weights = training_points(space, UniformGrid(-5.0, 0.5, 41))
    assert weights.sum() == pytest.approx(4000)
    assert np.allclose(np.histogram(values, np.arange(-0.25, 11), weights=weights)[0][1:-1], 400, atol=80)


def test_coordinates(small_sample):
    rows = rng.normal(size=(1000, 2))
    space = LabelSpace.fit(rows, Bins.uniform(0, 5, 0.25), coordinate=lambda r: np.hypot(r[:, 0], r[:, 1]))
    values, weights = training_points(space, GRID)
    assert values.ndim == 1
    assert weights.sum() == pytest.approx(1000)
