import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from evenreg.labels._uniform_grid import UniformGrid

quick = settings(max_examples=40, deadline=None)
grids = st.builds(UniformGrid, st.floats(-50, 0), st.sampled_from([0.01, 0.3, 7.0]), st.integers(2, 40))


@quick
@given(grid=grids, shares=arrays(np.float64, st.integers(0, 30), elements=st.floats(0, 1)))
def test_spreading_keeps_the_mass_and_the_mean(grid, shares):
    values = grid.start + shares * grid.step * (grid.size - 1)
    weights = 1 + shares
    mass = grid.spread(values, weights)
    assert mass.sum() == pytest.approx(weights.sum())
    assert mass @ grid.nodes() == pytest.approx(weights @ values, abs=1e-9 * grid.size)
    assert (mass >= 0).all()


@quick
@given(grid=grids, x=arrays(np.float64, st.integers(0, 30), elements=st.floats(-100, 400)))
def test_reading_equals_numpy(grid, x):
    curve = np.random.default_rng(0).normal(size=grid.size)
    assert np.allclose(grid.read(curve, x), np.interp(x, grid.nodes(), curve), atol=1e-9)


def test_blocks_join():
    grid = UniformGrid(0.0, 1.0, 11)
    x = np.random.default_rng(0).uniform(-1, 12, 200_000)
    assert np.allclose(grid.read(grid.nodes() ** 2, x), np.interp(x, grid.nodes(), grid.nodes() ** 2))


def test_nodes_take_their_own_weight_whole():
    grid = UniformGrid(-1.0, 0.5, 5)
    assert grid.spread(grid.nodes(), np.arange(5.0)).tolist() == [0, 1, 2, 3, 4]
