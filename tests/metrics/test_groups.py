"""Group metrics against loops, and what they refuse."""

import numpy as np
import pytest

from evenreg.errors import InputError, ShapeError
from evenreg.metrics import group_accuracy, group_confusion, group_distance
from reference import heads as slow


def draw(seed, n=6, rows=60):
    rng = np.random.default_rng(seed)
    true = rng.integers(0, n, rows) // 2 * 2  # odd groups have no rows
    return true, np.clip(true + rng.integers(-2, 3, rows), 0, n - 1)


@pytest.mark.parametrize("seed", range(3))
def test_equal_to_loops(seed):
    true, predicted = draw(seed)
    counts = group_confusion(true, predicted, 6)
    assert counts.tolist() == slow.confusion(true, predicted, 6)
    assert group_accuracy(true, predicted) == pytest.approx(np.trace(counts) / counts.sum(), rel=1e-12)
    assert group_distance(true, predicted) == pytest.approx(slow.distance(true, predicted), rel=1e-12)


def test_distance_weighs_every_group_alike():
    true, predicted = [0] * 98 + [1, 2], [0] * 98 + [3, 2]
    assert group_distance(true, predicted) == pytest.approx(2 / 3)
    assert group_accuracy(true, predicted) == 0.99


def test_all_told():
    true, _ = draw(0)
    assert group_accuracy(true, true) == 1
    assert group_distance(true, true) == 0
    assert (group_confusion(true, true, 6) == np.diag(np.bincount(true, minlength=6))).all()


@pytest.mark.parametrize("metric", [group_accuracy, group_distance, lambda t, p: group_confusion(t, p, 3)])
def test_what_is_refused(metric):
    for bad in ([0.0, 1.0], [[0], [1]], [0, -1], [], ["a", "b"]):
        with pytest.raises(InputError, match=r"true: expected one whole group number of at least 0 per row"):
            metric(bad, [0, 1])
        with pytest.raises(InputError, match=r"predicted: .* take it from LabelGroups.index\(y\)"):
            metric([0, 1], bad)
    with pytest.raises(ShapeError, match=r"got 2 of true and 3 of predicted"):
        metric([0, 1], [0, 1, 2])


def test_confusion_of_groups_that_are_not_there():
    with pytest.raises(
        InputError, match=r"predicted: expected groups from 0 to 2, got 3; give the n they were cut"
    ):
        group_confusion([0, 1], [0, 3], 3)
    with pytest.raises(InputError, match=r"n: expected a whole number of at least 1, got 0"):
        group_confusion([0], [0], 0)
