"""The synthetic benchmark's data: promised distributions, an exact test, reverse regression and its theory."""

import numpy as np
import pytest

from evenreg.data import SYNTHETIC, reverse_regression
from evenreg.data._synthetic_labels import ExponentialLaw, NormalLaw
from reference import synthetic_line as line

LINES = [name for name, setting in SYNTHETIC.items() if setting.is_line]
CURVES = [name for name, setting in SYNTHETIC.items() if not setting.is_line]


def least_squares(draws):
    return np.stack(
        [np.linalg.lstsq(f, y, rcond=None)[0] for f, y in zip(draws.features, draws.y, strict=True)]
    )


def test_there_are_the_nine_settings_of_the_table_and_four_curves():
    assert len(LINES) == 9
    assert len(CURVES) == 4


@pytest.mark.parametrize("name", SYNTHETIC)
def test_labels_and_noise_are_as_promised(name):
    setting = SYNTHETIC[name]
    draws = setting.draw(range(50))
    assert draws.y.shape == draws.x.shape == (50, 1024, setting.law.dim)
    pooled = draws.y.reshape(-1, setting.law.dim)
    assert pooled.mean(0) == pytest.approx(setting.law.mean, abs=0.02)
    assert np.cov(pooled.T, ddof=0).reshape(setting.law.covariance.shape) == pytest.approx(
        setting.law.covariance, abs=0.03
    )
    if setting.is_line:
        noise = (draws.y - draws.x).reshape(-1, setting.law.dim)
        assert noise.std(0) == pytest.approx(1, abs=0.02)
        assert np.corrcoef(noise[:, 0], pooled[:, 0])[0, 1] == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize(
    "law", [NormalLaw([5.0], np.array([[0.25]])), ExponentialLaw(2.0), SYNTHETIC["mvn-low"].law]
)
def test_densities_are_those_of_the_labels(law):
    axis = np.linspace(-8, 12, 401) + 0.025
    grid = np.stack(np.meshgrid(*[axis] * law.dim, indexing="ij"), -1).reshape(-1, law.dim)
    mass = np.exp(law.log_density(grid)) * 0.05**law.dim
    assert mass.sum() == pytest.approx(1, abs=0.003)
    assert mass @ grid == pytest.approx(law.mean, abs=0.003)


def test_a_draw_does_not_depend_on_the_other_seeds():
    setting = SYNTHETIC["mvn-high"]
    alone, among = setting.draw([3]), setting.draw([0, 3, 7])
    assert (alone.y[0] == among.y[1]).all()
    assert (alone.x[0] == among.x[1]).all()
    assert not (among.y[0] == among.y[1]).any()
    assert not np.isin(setting.fresh_labels(3), alone.y[0]).any()


def test_the_test_of_a_line_is_the_integral_over_uniform_labels():
    test = SYNTHETIC["normal-high"].test()
    assert test.weight.sum() == pytest.approx(1)
    expected = line.uniform_test_error(np.array([0.7]), np.array([0.4]))
    assert test.error(np.array([[[0.7], [0.4]]])) == pytest.approx(expected, rel=1e-12)


def test_the_test_of_two_dimensions_is_the_mean_over_both():
    test = SYNTHETIC["mvn-low"].test()
    theta = np.array([[0.5, -1.0], [0.9, 0.2], [0.0, 1.3]])
    y = np.random.default_rng(0).uniform(-5, 5, (400_000, 2))
    sampled = ((np.column_stack([np.ones(len(y)), y]) @ theta - y) ** 2).mean()
    assert test.error(theta) == pytest.approx(sampled, rel=0.005)


@pytest.mark.parametrize("name", LINES)
def test_least_squares_shrinks_by_the_share_of_the_labels_in_the_variance(name):
    setting = SYNTHETIC[name]
    share = setting.law.covariance @ np.linalg.inv(
        setting.law.covariance + np.eye(setting.law.dim)
    )  # of x, known exactly
    off = np.eye(setting.law.dim) - share
    centre = (setting.low + setting.high) / 2 - setting.law.mean
    moment = np.outer(centre, centre) + (setting.high - setting.low) ** 2 / 12 * np.eye(setting.law.dim)
    theory = np.trace(off @ moment @ off.T) / setting.law.dim
    errors = setting.test().error(least_squares(setting.draw(range(200))))
    assert errors.mean() == pytest.approx(theory, abs=5 * errors.std() / 200**0.5)


def test_reverse_regression_is_that_of_the_reference():
    x, y = line.normal_line(0.5, 3)
    intercept, slope = line.reverse_regression(x, y)
    ours = reverse_regression(x[..., None], y[..., None])
    assert ours[:, 0, 0] == pytest.approx(intercept)
    assert ours[:, 1, 0] == pytest.approx(slope)


@pytest.mark.parametrize("name", ["normal-moderate", "exponential-low", "mvn-moderate"])
def test_the_error_of_reverse_regression_is_what_theory_says(name):
    setting = SYNTHETIC[name]
    draws = setting.draw(range(1500))
    errors = setting.test().error(reverse_regression(draws.x, draws.y))
    # Theory is of the first order in 1 / n.
    tolerance = 4 * errors.std() / 1500**0.5 + 0.05 * setting.reverse_regression_error
    assert errors.mean() == pytest.approx(setting.reverse_regression_error, abs=tolerance)


def test_the_theory_of_a_normal_line_by_hand():
    assert SYNTHETIC["normal-high"].reverse_regression_error == pytest.approx((1 + 100 / 12 / 0.25) / 1024)


FORWARD = {
    "curve-cubic": lambda x: (x + x**3) / 2,
    "curve-sinh": lambda x: np.sinh(2 * x) / np.sinh(2),
    "curve-asinh": lambda x: np.arcsinh(3 * x) / np.arcsinh(3),
    "curve-bend": lambda x: x + 0.6 * (np.sqrt(x**2 + 0.01) - 0.1),
}


@pytest.mark.parametrize("name", CURVES)
def test_a_curve_is_what_its_docstring_says_and_splines_reach_it(name):
    setting, y = SYNTHETIC[name], np.linspace(-3, 13, 200)
    x = setting.oracle.inverse(y)
    assert 5 + 5 * FORWARD[name](x) == pytest.approx(y)
    assert (np.diff(x) > 0).all()
    assert setting.test().best_error < 0.003
    # Splines of a constant add up to it, inside the knots and beyond.
    assert setting.oracle.features(np.linspace(-3, 3, 50)[:, None]).sum(1) == pytest.approx(1)
