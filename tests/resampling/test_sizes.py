import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenreg.errors import InputError, ShapeError, UnknownNameError
from evenreg.resampling._regions import Region
from evenreg.resampling._sizes import sizes


def regions(*counts):
    """Rare and frequent in turn."""
    return [Region(i, i + 0.5, i % 2 == 0, np.arange(n)) for i, n in enumerate(counts)]


THREE = regions(10, 160, 30)


@pytest.mark.parametrize(
    ("sampling", "over", "under", "expected"),
    [
        ("balance", True, True, [66, 67, 67]),
        ("balance", True, False, [160, 160, 160]),
        ("balance", False, True, [10, 20, 30]),
        ("extreme", True, True, [143, 9, 48]),
        ("extreme", False, True, [10, 2, 30]),
        ({"rare": 2.0}, True, True, [20, 160, 60]),
        ({"rare": 100, "frequent": 0.25}, True, True, [25, 40, 75]),
        ({"frequent": 80}, True, True, [10, 80, 30]),
        ({}, True, True, [10, 160, 30]),
        ({"frequent": 1e-9}, True, True, [10, 1, 30]),
        ([11, 12, 31], True, True, [11, 12, 31]),
        (np.array([10, 160, 31]), True, False, [10, 160, 31]),
    ],
)
def test_sizes(sampling, over, under, expected):
    assert sizes(THREE, sampling, over=over, under=under) == expected


@settings(max_examples=100, deadline=None)
@given(
    counts=st.lists(st.integers(1, 500), min_size=2, max_size=7),
    sampling=st.sampled_from(["balance", "extreme"]),
    over=st.booleans(),
)
def test_rare_never_shrink_and_frequent_never_grow(counts, sampling, over):
    some = regions(*counts)
    wanted = sizes(some, sampling, over=over, under=True)
    for region, size in zip(some, wanted, strict=True):
        assert (size >= len(region.rows)) if region.rare else (1 <= size <= len(region.rows))


@settings(max_examples=100, deadline=None)
@given(
    counts=st.lists(st.integers(1, 500), min_size=2, max_size=7),
    more=st.integers(0, 999),
    share=st.floats(0.5, 1),
)
def test_exact_totals_hold(counts, more, share):
    some = regions(*counts)
    rare, frequent = sum(counts[::2]) + more, max(1, round(share * sum(counts[1::2])))
    if frequent < len(counts[1::2]):
        return
    wanted = sizes(some, {"rare": rare, "frequent": frequent})
    assert (sum(wanted[::2]), sum(wanted[1::2])) == (rare, frequent)


@pytest.mark.parametrize(
    ("sampling", "options", "error", "text"),
    [
        ("balanced", {}, UnknownNameError, "no sampling named 'balanced'; did you mean 'balance'"),
        (
            "extreme",
            {"under": False},
            InputError,
            "expected 'balance', multiples or sizes where no row is dropped",
        ),
        ({"rares": 1}, {}, UnknownNameError, "no kind of region named 'rares'; did you mean 'rare'"),
        (
            {"rare": 0.5},
            {},
            InputError,
            "at least 10 rows for the 10 rare rows with labels from 0 to 0.5, got 5; rare",
        ),
        ({"frequent": 200}, {}, InputError, "at most 160 rows for the 160 frequent rows .*, got 200"),
        (
            {"frequent": 80},
            {"under": False},
            InputError,
            "which this sampler leaves as they are, got 80; leave the",
        ),
        ({"rare": -1.0}, {}, InputError, r"sampling\['rare'\]: expected a number above 0"),
        ([10, 160], {}, ShapeError, "expected 3 sizes, one a region .*, got 2; give a mapping"),
        ([10, 1.5, 30], {}, InputError, "sampling: expected a whole number of at least 1, got 1.5"),
        (2.0, {}, InputError, "expected 'balance', 'extreme', a mapping .*, got 2.0"),
    ],
)
def test_what_cannot_be(sampling, options, error, text):
    with pytest.raises(error, match=text):
        sizes(THREE, sampling, **options)
