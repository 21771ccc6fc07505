import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenreg.resampling import _distances
from evenreg.resampling._distances import Distances, heom
from reference import resampling as slow

quick = settings(max_examples=60, deadline=None)


def a_region(seed, m, p, q, gaps):
    """Points with gaps and codes, and the same as rows for the slow way."""
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(m, p)) + 1e3
    codes = rng.integers(0, 3, size=(m, q)).astype(np.int32)
    if gaps:
        points[rng.random((m, p)) < 0.2] = np.nan
        codes[rng.random((m, q)) < 0.2] = -1
    rows = [
        [*a, *(None if c < 0 else c for c in b)] for a, b in zip(points.tolist(), codes.tolist(), strict=True)
    ]
    return points, codes, rows, [1.0] * p + [None] * q


regions = given(
    seed=st.integers(0, 99),
    m=st.integers(7, 40),
    p=st.integers(1, 10),
    q=st.integers(0, 3),
    gaps=st.booleans(),
)


class TestAgainstTheDefinition:
    @quick
    @regions
    def test_heom(self, seed, m, p, q, gaps):
        points, codes, rows, scales = a_region(seed, m, p, q, gaps)
        other = np.roll(np.arange(m), 1)
        ours = heom(points, codes, points[other], codes[other])
        assert ours == pytest.approx([slow.heom(rows[i], rows[j], scales) for i, j in enumerate(other)])

    @quick
    @regions
    def test_nearest(self, seed, m, p, q, gaps):
        points, codes, rows, scales = a_region(seed, m, p, q, gaps)
        distances, seeds = Distances(points, codes), np.arange(0, m, 2)
        near = distances.nearest(seeds, 5)
        assert near.shape == (len(seeds), 5)
        for i, found in zip(seeds, near.tolist(), strict=True):
            assert i not in found
            assert len(set(found)) == 5
            ours = [slow.heom(rows[i], rows[j], scales) for j in found]
            assert ours == pytest.approx(slow.neighbour_distances(rows, range(m), i, scales)[:5], abs=1e-6)

    @quick
    @regions
    def test_median(self, seed, m, p, q, gaps):
        points, codes, rows, scales = a_region(seed, m, p, q, gaps)
        ours = Distances(points, codes).median(np.arange(m), np.random.default_rng(0)) / 2
        theirs = [slow.max_distance(rows, range(m), i, scales) for i in range(m)]
        assert ours == pytest.approx(theirs, abs=1e-6)


class TestNearest:
    @pytest.mark.parametrize("p", [2, 12])
    @pytest.mark.parametrize("gaps", [False, True])
    def test_duplicates_are_neighbours_and_a_row_is_not_its_own(self, p, gaps):
        points = np.repeat(np.random.default_rng(0).normal(size=(3, p)), 10, axis=0)
        codes = np.zeros((30, 1 if gaps else 0), dtype=np.int32)
        near = Distances(points, codes).nearest(np.arange(30), 5)
        assert (near // 10 == np.arange(30)[:, None] // 10).all()
        assert (near != np.arange(30)[:, None]).all()

    def test_rows_all_alike_have_the_next_ones(self):
        near = Distances(np.ones((4, 2)), np.zeros((4, 0), dtype=np.int32)).nearest(np.arange(4), 2)
        assert near.tolist() == [[1, 2], [2, 3], [3, 0], [0, 1]]

    def test_as_many_neighbours_as_there_are_others(self):
        for p in (1, 12):
            points = np.random.default_rng(0).normal(size=(6, p))
            near = Distances(points, np.zeros((6, 0), dtype=np.int32)).nearest(np.arange(6), 5)
            assert np.sort(near, axis=1).tolist() == [[j for j in range(6) if j != i] for i in range(6)]

    def test_blocks_do_not_matter(self, monkeypatch):
        points, codes, _, _ = a_region(0, 40, 3, 2, True)
        distances, rng = Distances(points, codes), np.random.default_rng
        near, median = distances.nearest(np.arange(40), 3), distances.median(np.arange(40), rng(0))
        monkeypatch.setattr(_distances, "_PAIRS", 100)
        assert np.array_equal(distances.nearest(np.arange(40), 3), near)
        assert distances.median(np.arange(40), rng(0)) == pytest.approx(median)


def test_the_median_of_many_is_that_of_a_sample():
    points = np.random.default_rng(0).normal(size=(6000, 3))
    distances = Distances(points, np.zeros((6000, 0), dtype=np.int32))
    seeds = np.arange(0, 6000, 20)
    sampled = distances.median(seeds, np.random.default_rng(0))
    exact = [np.median(np.delete(np.linalg.norm(points - points[i], axis=1), i)) for i in seeds]
    assert abs(sampled / exact - 1).max() < 0.06
    assert abs((sampled / exact).mean() - 1) < 0.01
