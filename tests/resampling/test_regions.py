import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenreg.errors import TargetError
from evenreg.resampling._regions import regions_of
from reference import resampling as slow

Y = np.arange(10.0)


@settings(max_examples=60, deadline=None)
@given(values=st.lists(st.floats(0, 1), min_size=2, max_size=40), threshold=st.floats(0.1, 0.9))
def test_equals_the_slow_reference(values, threshold):
    y = np.random.default_rng(len(values)).permutation(len(values)).astype(float)
    phi = np.array(values)
    if not (phi >= threshold).any() or (phi >= threshold).all():
        return
    ours = [(r.rare, r.rows.tolist()) for r in regions_of(y, phi, threshold)]
    assert ours == slow.regions(y.tolist(), values, threshold)


def test_regions_know_their_labels():
    low, middle, high = regions_of(Y, np.where((Y < 2) | (Y > 8), 1.0, 0), 0.8)
    assert (low.low, low.high, low.rare, middle.rare) == (0, 1, True, False)
    assert low.told() == "the 2 rare rows with labels from 0 to 1"
    assert middle.told() == "the 7 frequent rows with labels from 2 to 8"
    assert high.told() == "the 1 rare row with label 9"


@pytest.mark.parametrize(
    ("phi", "text"),
    [
        (
            Y / 15,
            r"got none of 10 \(the largest relevance is 0.6, of label 9\); take threshold=0.6 or less",
        ),
        (
            Y * 0,
            r"\(the largest relevance is 0, of label 0\); take another relevance: Relevance.from_density",
        ),
        (
            Y * 0 + 0.9,
            r"got all 10 rare \(the smallest relevance is 0.9, of label 0\); take a threshold above 0.9",
        ),
        (Y * 0 + 1, r"got all 10 rare .*; take another relevance: one that is 0 where labels are frequent"),
    ],
)
def test_all_or_none_rare_says_what_to_change(phi, text):
    with pytest.raises(TargetError, match=text):
        regions_of(Y, phi, 0.8)
