"""The embedded default: exact labels, honest parts, the promised distributions."""

import numpy as np
import pytest
from scipy import stats

from evenreg.data import digits_rotation
from evenreg.data._digits_rotation import rotate
from evenreg.errors import InputError
from evenreg.labels import Bins


@pytest.fixture(scope="module")
def data():
    return digits_rotation()


def test_shapes_and_ranges(data):
    assert data.images.shape == (3789, 1, 16, 16)
    assert data.images.dtype == np.float32
    assert data.images.min() == 0.0
    assert 0.9 < data.images.max() <= 1.0
    assert data.y.dtype == np.float64
    assert len(data) == len(data.y) == len(data.split) == len(data.group)
    assert (np.sum(data.split == "pool"), np.sum(data.split == "test")) == (2589, 1200)


def test_a_source_is_in_one_part_only(data):
    pool, test = (set(data.group[data.split == part].tolist()) for part in ("pool", "test"))
    assert not pool & test
    assert len(pool) + len(test) == 1263


def test_pool_angles_are_skewed_with_an_empty_end_and_test_angles_are_even(data):
    pool, test = (data.y[data.split == part] for part in ("pool", "test"))
    cut = stats.truncexpon(b=60 / 12, scale=12)
    assert stats.kstest(pool, cut.cdf).pvalue > 0.01
    assert stats.kstest(test, stats.uniform(0, 90).cdf).pvalue > 0.01
    assert pool.max() < 60 < 89 < test.max() < 90


def test_the_seed_decides(data):
    again, other = digits_rotation(0), digits_rotation(1)
    assert again.fingerprint == data.fingerprint
    np.testing.assert_array_equal(again.images, data.images)
    assert other.fingerprint != data.fingerprint
    with pytest.raises(InputError, match="random_state"):
        digits_rotation(random_state=-1)


def test_a_rotation_turns_counter_clockwise_by_the_angle_it_says():
    """A bar to the right of the centre: its centre of mass is found at the angle of the label."""
    bar = np.zeros((8, 8))
    bar[3:5, 5:8] = 1.0
    rows, columns = np.mgrid[0:16, 0:16] - 7.5
    for angle in (0.0, 20.0, 45.0, 70.0, 90.0):
        turned = rotate(bar, angle)
        x, y = (turned * columns).sum(), -(turned * rows).sum()
        assert np.degrees(np.arctan2(y, x)) == pytest.approx(angle, abs=1.0)


def test_nothing_is_cut_off_at_the_corners():
    full = np.ones((8, 8))
    whole = rotate(full, 0.0).sum()
    for angle in (15.0, 45.0, 75.0):
        assert rotate(full, angle).sum() == pytest.approx(whole, rel=0.02)


@pytest.mark.parametrize("seed", [0, 1])
def test_holdout_keeps_sources_whole_and_reaches_the_tail(data, seed):
    rows = data.holdout(Bins.uniform(0, 60, 2), random_state=seed)
    pool = np.flatnonzero(data.split == "pool")
    assert set(rows.tolist()) <= set(pool.tolist())
    assert np.array_equal(rows, np.unique(rows))
    rest = np.setdiff1d(pool, rows)
    assert not set(data.group[rows].tolist()) & set(data.group[rest].tolist())
    assert len(rows) % 3 == 0
    assert 0.05 < len(rows) / len(pool) <= 0.15
    assert (data.y[rows] > 45).sum() >= 5
    assert (data.y[rest] > 45).sum() >= 10


def test_holdout_is_drawn_by_the_seed(data):
    bins = Bins.uniform(0, 60, 2)
    assert np.array_equal(data.holdout(bins, random_state=0), data.holdout(bins, random_state=0))
    assert not np.array_equal(data.holdout(bins, random_state=0), data.holdout(bins, random_state=1))
