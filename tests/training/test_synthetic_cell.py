"""Cells of the synthetic benchmark against closed forms, our loss classes, and themselves alone."""

import numpy as np
import pytest
import torch

from evenreg.data import SYNTHETIC, reverse_regression
from evenreg.labels import LabelSpace
from evenreg.losses import BMCLoss, BNILoss, GAILoss
from evenreg.training import SYNTHETIC_METHODS, solve_synthetic
from evenreg.training._synthetic_cell import _converged
from evenreg.training._synthetic_losses import SyntheticLosses
from evenreg.training._synthetic_sgd import least_squares_rmse, sgd_recipe
from reference import synthetic_line as line

SEEDS = range(3)


def solved(name, method, seeds=SEEDS, components=None):
    setting, row = SYNTHETIC[name], SYNTHETIC_METHODS[method]
    features, x, y = setting.draw(seeds)
    losses = SyntheticLosses(setting, list(y), components)
    found = _converged(setting, losses, row.loss, row.learn, torch.from_numpy(features), torch.from_numpy(y))
    assert found.converged.all()
    return x, y, found


@pytest.mark.parametrize("name", ["normal-high", "exponential-moderate"])
def test_vanilla_is_least_squares(name):
    x, y, found = solved(name, "vanilla")
    intercept, slope = line.least_squares(x[..., 0], y[..., 0])
    assert found.theta[:, 0, 0].numpy() == pytest.approx(intercept, rel=1e-8)
    assert found.theta[:, 1, 0].numpy() == pytest.approx(slope, rel=1e-8)


def test_inv_is_least_squares_weighted_by_the_true_density():
    x, y, found = solved("exponential-low", "inv")
    for k in range(len(x)):
        root = np.sqrt(np.exp(y[k]))  # density exp(-y)
        design = np.column_stack([np.ones(len(x[k])), x[k]]) * root
        expected = np.linalg.lstsq(design, y[k] * root, rcond=None)[0]
        assert found.theta[k].numpy() == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("name", ["normal-low", "exponential-high"])
def test_gai_with_true_noise_and_one_component_divides_the_slope_by_q_of_the_draw(name):
    x, y, found = solved(name, "gai-true", components=1)
    variance = y[..., 0].var(axis=1)
    expected = line.least_squares(x[..., 0], y[..., 0])[1] * (variance + 1) / variance
    assert found.theta[:, 1, 0].numpy() == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("name", ["normal-moderate", "exponential-low"])
def test_gai_with_learned_noise_and_one_component_is_reverse_regression(name):
    x, y, found = solved(name, "gai", components=1)
    assert found.theta.numpy() == pytest.approx(reverse_regression(x, y), rel=1e-6, abs=1e-6)


def fitted(method, y):
    space = LabelSpace.fit(y[:, 0])
    return {
        "gai": lambda: GAILoss(16).fit(space),
        "bmc": lambda: BMCLoss(),
        "bni": lambda: BNILoss().fit(space),
    }[method]()


@pytest.mark.parametrize("method", ["gai", "bmc", "bni"])
def test_the_classes_are_at_rest_where_the_benchmark_came_to_rest(method):
    x, y, found = solved("exponential-high", method)
    loss = fitted(method, y[0]).double()
    theta = found.theta[0].clone().requires_grad_()
    features = torch.cat([torch.ones(1024, 1).double(), torch.from_numpy(x[0])], 1)

    def gradients(sigma):
        with torch.no_grad():
            loss.noise.start.fill_(sigma)
        parameters = [theta, *loss.noise_parameters()]
        return torch.autograd.grad(loss(features @ theta, torch.from_numpy(y[0])), parameters)

    assert all(g.abs().max() < 1e-6 for g in gradients(float(found.sigma[0])))
    assert any(g.abs().max() > 1e-3 for g in gradients(1.1 * float(found.sigma[0])))  # it can fail


@pytest.mark.parametrize("name", ["exponential-high", "mvn-low", "curve-sinh"])
@pytest.mark.parametrize("method", SYNTHETIC_METHODS)
def test_a_seed_among_others_is_that_seed_alone(name, method):
    among = solve_synthetic(name, method, [4, 1])
    alone = solve_synthetic(name, method, [1])
    assert among.unsolved == alone.unsolved == 0
    assert among.errors[1] == pytest.approx(alone.errors[0], rel=1e-5)
    assert among.sigma[1] == pytest.approx(alone.sigma[0], rel=1e-6)


@pytest.mark.parametrize("name", ["normal-high", "mvn-moderate"])
def test_the_prior_changes_what_learns_one_and_nothing_else(name):
    for method in SYNTHETIC_METHODS:
        labels, generator = (
            solve_synthetic(name, method, [0], prior=prior).errors[0] for prior in ("labels", "generator")
        )
        if SYNTHETIC_METHODS[method].loss in ("gai", "bni"):
            assert abs(labels - generator) > 1e-4
        else:
            assert labels == generator


@pytest.mark.parametrize("name", SYNTHETIC)
@pytest.mark.parametrize("method", ["gai-true", "bmc-true", "bni-true"])
def test_balanced_mse_is_far_better_than_weights_and_these_than_vanilla(name, method):
    errors = [solve_synthetic(name, row, range(4)).mean for row in (method, "inv", "vanilla")]
    assert errors[0] < errors[1] < errors[2]


def test_the_ratio_is_to_reverse_regression_on_the_same_draws():
    cell = solve_synthetic("normal-low", "bmc", SEEDS)
    draws = SYNTHETIC["normal-low"].draw(SEEDS)
    reverse = SYNTHETIC["normal-low"].test().error(reverse_regression(draws.x, draws.y))
    assert cell.reference == pytest.approx(reverse)
    assert cell.ratio == pytest.approx(np.mean(cell.errors) / reverse.mean())
    assert solve_synthetic("curve-bend", "vanilla", [0]).ratio is None


# ------------------------------------------------------------------------------------------ the paper's recipe


def trained(name, method, seeds, epochs):
    setting = SYNTHETIC[name]
    features, _, y = setting.draw(seeds)
    losses = SyntheticLosses(setting, list(y), None)
    return sgd_recipe(
        setting,
        losses,
        SYNTHETIC_METHODS[method],
        torch.from_numpy(features),
        torch.from_numpy(y),
        seeds,
        epochs,
    )


@pytest.mark.parametrize("method", ["vanilla", "gai-true", "gai"])
def test_the_recipe_comes_near_the_solution(method):
    by_steps = trained("exponential-low", method, [0], 400)
    _, _, found = solved("exponential-low", method, [0])
    assert by_steps.converged.all()
    assert by_steps.theta[0].numpy() == pytest.approx(found.theta[0].numpy(), abs=0.2)
    assert float(by_steps.sigma[0]) == pytest.approx(float(found.sigma[0]), abs=0.05)


@pytest.mark.parametrize(
    ("name", "method"), [("normal-high", "bmc"), ("mvn-low", "bni"), ("curve-bend", "inv")]
)
def test_a_draw_is_trained_as_it_is_alone(name, method):
    among, alone = trained(name, method, [2, 5], 3), trained(name, method, [5], 3)
    assert torch.allclose(among.theta[1], alone.theta[0], rtol=1e-9)
    assert torch.allclose(among.sigma[1], alone.sigma[0], rtol=1e-9)
    assert not torch.allclose(among.theta[0], among.theta[1])


def test_learned_noise_starts_at_the_rmse_of_least_squares_not_at_the_truth():
    draws = SYNTHETIC["normal-high"].draw([0, 1])
    sigma = least_squares_rmse(torch.from_numpy(draws.features), torch.from_numpy(draws.y))
    assert sigma.tolist() == pytest.approx([0.447] * 2, abs=0.03)  # √(.25 / 1.25)
