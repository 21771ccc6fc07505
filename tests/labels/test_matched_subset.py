from inspect import unwrap

import numpy as np
import pytest

from evenreg.errors import InputError, TargetError
from evenreg.labels import Bins, LabelSpace, matched_subset

BINS = Bins.uniform(0, 10, 1)
RNG = np.random.default_rng(0)
TRAIN = LabelSpace.fit(RNG.exponential(2, size=5000).clip(0, 9.9), BINS)
TEST = RNG.uniform(0, 10, size=3000)


def share(rows, y=TEST):
    counts = np.bincount(BINS.index(y[rows]), minlength=10)
    return counts / counts.sum()


def test_rows_are_distributed_as_the_training_labels():
    rows = matched_subset(TEST, TRAIN, shortfall=0)
    asked = TRAIN.counts / TRAIN.n
    assert abs(share(rows) * len(rows) - asked * len(rows)).max() < 1.01
    assert (np.diff(rows) > 0).all()
    # The commonest training bin is exhausted: no larger subset has this distribution.
    assert np.bincount(BINS.index(TEST[rows]))[0] >= np.bincount(BINS.index(TEST))[0] - 1
    default = matched_subset(TEST, TRAIN)
    assert len(default) > len(rows)
    assert abs(share(default) - asked).sum() / 2 < 0.025


def test_bins_ask_for_the_same_number_from_every_populated_bin():
    y = RNG.exponential(2, size=4000).clip(0, 7.9)
    rows = matched_subset(y, BINS, shortfall=0)
    counts = np.bincount(BINS.index(y[rows]), minlength=10)
    assert counts.tolist() == [np.bincount(BINS.index(y)).min()] * 8 + [0, 0]


def test_size_and_seed():
    a, b = (matched_subset(TEST, TRAIN, size=300, random_state=s) for s in (0, 1))
    assert len(a) == len(b) == 300
    assert not np.array_equal(a, b)
    assert np.array_equal(a, matched_subset(TEST, TRAIN, size=300))


def test_labels_the_training_set_never_had_are_left_out():
    space = LabelSpace.fit([0.5, 1.5, 12.0], Bins([0, 1, 2]))  # 12 was counted in the last bin
    y = np.array([-3.0, 0.5, 1.5, 12.0, 15.0])
    kept = y[matched_subset(y, space, shortfall=0.4)]
    assert set(kept) <= {0.5, 1.5, 12.0}
    assert len(kept) == 3


def test_labels_of_several_dimensions_by_their_coordinate():
    y = RNG.normal(size=(500, 2))
    space = LabelSpace.fit(y[:250], coordinate=lambda rows: np.abs(rows).sum(axis=1))
    assert len(matched_subset(y[250:], space, shortfall=0.3)) > 50


@pytest.mark.data
def test_agedb_test_rows_as_the_training_ages(agedb):
    space = LabelSpace.fit(agedb.train)
    rows = matched_subset(agedb.test, space)
    drawn = np.bincount(space.index(agedb.test[rows]), minlength=len(space.bins)) / len(rows)
    assert len(rows) > 1000
    assert abs(drawn - space.counts / space.n).sum() / 2 < 0.03


def test_sentences():
    with pytest.raises(
        InputError, match="like: expected a LabelSpace of the training labels, or Bins for an even"
    ):
        unwrap(matched_subset)(TEST, "uniform")
    with pytest.raises(
        InputError, match="like: expected bins that hold some of the labels, got none inside; move"
    ):
        matched_subset(TEST, Bins([20, 30]))
    with pytest.raises(TargetError, match="space: expected at least one training label, got none"):
        matched_subset(TEST, LabelSpace(BINS))
    with pytest.raises(
        TargetError, match="like: expected labels under at least 98 % of the density asked for"
    ):
        matched_subset(TEST[TEST > 3], TRAIN)
    with pytest.raises(InputError, match="size: expected at most"):
        matched_subset(TEST, TRAIN, size=3000)
    with pytest.raises(TargetError, match="y: expected finite numbers"):
        matched_subset([np.nan], TRAIN)
