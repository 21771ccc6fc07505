"""Label values as text: what the doctests do not show."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenreg.cli._number_text import decimals_of, label_text, percent, span_text


@pytest.mark.parametrize(
    ("step", "decimals"),
    [(1000, 0), (5, 0), (2.5, 1), (0.5, 1), (0.2, 1), (0.25, 2), (0.05, 2), (1 / 3, 2), (0, 0)],
)
def test_decimals_follow_the_step(step, decimals):
    assert decimals_of(step) == decimals


@settings(deadline=None, max_examples=100)
@given(st.floats(-1e12, 1e12), st.sampled_from([0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 1000]))
def test_text_reads_back_to_within_the_step(value, step):
    assert abs(float(label_text(value, step).replace(",", "")) - value) <= step / 2 + 1e-3


@settings(deadline=None, max_examples=50)
@given(st.floats(0, 1))
def test_percent_never_says_nothing_or_all_of_what_is_neither(share):
    text = percent(share)
    assert (text == "0 %") == (share == 0)
    assert (text == "100 %") == (share == 1)


def test_spans_of_whole_numbers_hold_only_labels_there_can_be():
    assert span_text(-1.5, 1.5, 3, unit=3) == "0"
    assert span_text(-50, 249_950, 50_000, unit=100) == "0 to 249,900"
    assert span_text(-2.5, 2.5, 1, unit=1) == "-2 to 2"
    assert span_text(0.75, 1.75, 1, unit=0.5) == "1.0 to 1.5"
    assert not math.isnan(float(label_text(1e20, 1)))
