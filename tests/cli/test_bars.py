"""The histogram of the terminal: every row counted, every line in its room."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenreg.cli._bars import bars


def rows_of_line(line):
    return int(re.search(r"  ([\d,]+)(  |$)", line)[1].replace(",", ""))


@settings(deadline=None, max_examples=60)
@given(
    counts=st.lists(st.integers(0, 10**7), min_size=1, max_size=300).filter(any),
    width=st.sampled_from([0.001, 0.5, 1.0, 25.0, 1e6]),
    low=st.integers(-300, 300),
)
def test_every_row_is_drawn_on_few_lines_of_one_width(counts, width, low):
    edges = (low + np.arange(len(counts) + 1)) * width
    regions = ["zero" if c == 0 else "few" for c in counts]
    head, *lines = bars(edges, np.array(counts), regions)
    assert len(lines) <= 24
    assert max(map(len, [head, *lines])) <= 100
    assert sum(map(rows_of_line, lines)) == sum(counts)


def test_lines_are_in_step_with_the_axis():
    counts = np.ones(97, dtype=int)
    lines = bars(np.arange(3.5, 101.5), counts, ["many"] * 97, unit=1)
    assert [line.strip().split("  ")[0] for line in lines[1:4]] == ["4", "5 to 9", "10 to 14"]


@pytest.mark.parametrize(("counts", "scale"), [([100, 90, 80], "linear"), ([100_000, 50, 1], "logarithmic")])
def test_scale_is_linear_while_the_shortest_bar_shows(counts, scale):
    head, *lines = bars(np.arange(4.0), np.array(counts), ["many"] * 3)
    assert f"{scale} scale" in head
    lengths = [len(re.sub(r"[^▏▎▍▌▋▊▉█]", "", line)) for line in lines]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[-1] >= 1


def test_empty_lines_fold_and_name_their_region():
    counts = np.zeros(200, dtype=int)
    counts[0], counts[-1] = 5, 1
    lines = bars(np.arange(201.0), counts, ["many"] + ["zero"] * 198 + ["few"])
    assert len(lines) == 4
    assert lines[2].split() == ["10", "to", "190", "0", "zero"]


def test_a_line_over_several_regions_names_the_outer_two():
    lines = bars(np.arange(51.0), np.arange(50) + 1, ["few"] * 1 + ["medium"] * 1 + ["many"] * 48)
    assert lines[1].endswith("many–few")


def test_bins_of_unequal_width():
    lines = bars(np.array([0.0, 1, 10, 100]), np.array([3, 2, 1]), ["many", "medium", "few"])
    assert [line.strip().split("  ")[0] for line in lines[1:]] == ["0 to 1", "1 to 10", "10 to 100"]
