"""Whether labels lie on a grid: known grids are found, and nothing else."""

import numpy as np
import pytest

from evenreg.labels._lattice import find_lattice


@pytest.mark.parametrize(
    ("y", "origin", "step"),
    [
        (np.arange(0, 40.0), 0, 1),
        (np.arange(-20, 40.0, 5), 0, 5),
        (np.arange(3, 60.0, 4), 3, 4),
        (np.array([0.0, 50.0]), 0, 1),  # a gap, no step
        (np.array([0.0, 50.0, 100.0]), 0, 50),  # three classes
        (np.array([0.0, 50.0, 150.0]), 0, 1),
        (np.array([0.5, 1.5]), 0, 0.1),
        (np.arange(1, 5.5, 0.5), 0, 0.5),
        (np.arange(0.25, 9.5, 0.5), 0.25, 0.5),
        (np.round(np.arange(3, 31) / 3, 2), 0, 1 / 3),
        (np.append(np.arange(1, 3, 0.1), 0.1 + 0.2), 0, 0.1),  # 0.30000000000000004
        (np.arange(40) * 0.1 + 1990, 0, 0.1),
        ((np.arange(30) - 15) / 8.6, 0, 1 / 8.6),  # standardised ages
        (32 + 1.8 * np.arange(-10, 40), -0.4, 1.8),  # Celsius in Fahrenheit
        (np.arange(1, 40) * 1e-9, 0, 1e-9),
        (np.arange(1, 40) * 1e30 / 7, 0, 1e30 / 7),
    ],
)
def test_known_grids(y, origin, step):
    for labels in (y, np.float32(y).astype(float)):
        found = find_lattice(labels)
        assert found.step == pytest.approx(step, rel=2e-6)
        assert found.origin == pytest.approx(origin, abs=1e-3 * step)


def test_a_grid_is_written_as_a_person_would():
    y = np.float32(np.arange(40) * 0.1 + 5).astype(float)
    assert find_lattice(y).step == 0.1
    assert find_lattice(np.float32(np.arange(0.25, 9, 0.5)).astype(float)).origin == 0.25
    assert find_lattice(np.arange(3, 30) / 3).step == 1 / 3


@pytest.mark.parametrize("distinct", [4, 5, 6, 8, 12, 30])
def test_continuous_labels_are_on_no_grid(distinct):
    rng = np.random.default_rng(distinct)
    found = sum(find_lattice(rng.random(distinct)).step > 0 for _ in range(500))
    assert found <= 2


def test_a_whole_number_that_breaks_the_step_is_seen_outside_the_sample():
    y = np.arange(0, 100, 5.0).repeat(20_000)
    assert find_lattice(y).step == 5
    y[-1] = 93
    assert find_lattice(y).step == 1


def test_labels_next_to_nothing_have_no_decimals():
    assert find_lattice(np.array([1e-320, 3e-320])).step == 0
    assert find_lattice(np.array([1e-14, 2.5e-14, 9e-14])).step == 0
