import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenreg.labels._medcouple import medcouple
from reference.relevance import medcouple as slow

quick = settings(max_examples=60, deadline=None)


def kinds(rng, n):
    return {
        "normal": rng.normal(size=n),
        "whole": rng.integers(0, 6, n).astype(float),
        "skewed, ties": rng.lognormal(size=n).round(1),
        "spike": np.where(rng.random(n) < 0.6, 0, rng.exponential(size=n)),
        "heavy, low": -rng.pareto(1, n),
    }


@pytest.mark.parametrize("kind", kinds(np.random.default_rng(0), 1))
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 8, 13, 40, 41])
def test_equals_the_median_over_all_pairs(kind, n):
    for seed in range(5):
        y = kinds(np.random.default_rng(seed), n)[kind]
        assert medcouple(y) == pytest.approx(slow(y), abs=1e-11)


@quick
@given(st.lists(st.integers(-20, 20), min_size=1, max_size=25), st.floats(0.01, 100), st.floats(-1000, 1000))
def test_turns_with_the_labels_and_knows_no_unit(labels, scale, shift):
    y = np.array(labels, dtype=float)
    found = medcouple(y)
    assert -1 <= found <= 1
    assert medcouple(-y) == pytest.approx(-found, abs=1e-11)
    # A label whose distance to the median is rounding would join or leave the ties.
    assert medcouple(y * scale) == pytest.approx(found, abs=1e-9)
    assert medcouple(y + round(shift)) == pytest.approx(found, abs=1e-9)


def test_symmetric_labels_have_none():
    y = np.random.default_rng(0).normal(size=999)
    assert medcouple(np.concatenate([y, -y])) == pytest.approx(0, abs=1e-11)


def test_outliers_do_not_count():
    y = np.random.default_rng(0).normal(size=1001)
    assert medcouple(np.concatenate([y, np.full(100, 1e9)])) < medcouple(y) + 0.15


@pytest.mark.parametrize("scale", [1e-300, 1e-9, 1e9, 1e307])
def test_any_scale(scale):
    y = np.array([0.5, 1.0, 2.0, 3.0, 9.0, -9.0, 4.0, 4.5])
    assert medcouple(y * scale) == pytest.approx(slow(y), abs=1e-11)


def test_a_million_labels_need_no_pairs():
    y = np.random.default_rng(0).lognormal(size=1_000_000)
    tracemalloc.start()
    found = medcouple(y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6
    # Five samples of 200 pairs: the median's own error is 0.01.
    few = [slow(y[k * 400 : k * 400 + 400]) for k in range(5)]
    assert found == pytest.approx(np.mean(few), abs=0.05)
