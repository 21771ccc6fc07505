"""The person's own distribution."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenreg.errors import TargetError
from evenreg.evaluation import own_weight
from evenreg.labels import Bins, LabelSpace
from reference import evaluation as slow


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(0, 12), min_size=1, max_size=60),
    st.lists(st.integers(-3, 16), min_size=1, max_size=20),
)
def test_equal_to_loops(train, test):
    space = LabelSpace.fit(train, Bins([-0.5, 0.5, 1.5, 3.5, 4.5, 9.5, 12.5]))
    inside = space.bins.contains(test)
    if not inside.any():
        assert own_weight(test, space).tolist() == [0.0] * len(test)
        return
    expected = slow.own_weight(space.index(test), inside, space.counts, space.bins.centers)
    np.testing.assert_allclose(own_weight(test, space), expected, rtol=1e-12)


def test_a_test_set_like_training_has_equal_weights():
    y = np.repeat([1, 2, 3, 4], [40, 20, 10, 2])
    space = LabelSpace.fit(y, Bins.uniform(0.5, 4.5, 1))
    np.testing.assert_allclose(own_weight(y[::2], space), 1.0)


def test_labels_never_seen_weigh_nothing():
    space = LabelSpace.fit([1, 1, 2], Bins.uniform(0.5, 9.5, 1))
    np.testing.assert_allclose(own_weight([1, 2, 9, 20], space), [8 / 3, 4 / 3, 0, 0])


def test_the_bin_edges_of_uneven_bins_do_not_matter():
    space = LabelSpace.fit([0, 5, 5, 100], Bins([-1, 1, 10, 50, 200]))
    np.testing.assert_allclose(own_weight([0, 100], space), [1.5, 0.5])


def test_nan_is_refused():
    with pytest.raises(TargetError, match="target: expected finite numbers"):
        own_weight([1, np.nan], LabelSpace.fit([1, 2]))
