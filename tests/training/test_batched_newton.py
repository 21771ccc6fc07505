"""Newton's method for many problems: the known solution, no problem sees another, what is not solved is told."""

import pytest
import torch

from evenreg.training._batched_newton import batched_newton
from evenreg.training._linear_losses import batch_prior, squared_error


def problems(draws=4, n=50, dim=1):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(draws, n, 2, dtype=torch.float64, generator=generator)
    features = torch.cat([torch.ones_like(x[..., :1]), 1000 * x], 2)
    y = torch.randn(draws, n, dim, dtype=torch.float64, generator=generator)
    start = features.new_zeros(draws, 3, dim)
    return features, y, start, torch.ones(draws, dtype=torch.float64)


@pytest.mark.parametrize("dim", [1, 2])
def test_squared_error_gives_least_squares_whatever_the_unit_of_a_feature(dim):
    features, y, start, sigma = problems(dim=dim)
    solved = batched_newton(squared_error(y), features, start, sigma, learn_sigma=False)
    assert solved.converged.all()
    assert torch.allclose(solved.theta, torch.linalg.lstsq(features, y).solution, rtol=1e-9, atol=1e-12)
    assert (solved.sigma == 1).all()


def test_a_weight_of_zero_takes_a_sample_out():
    features, y, start, sigma = problems()
    weight = torch.ones(y.shape[:2], dtype=torch.float64)
    weight[:, 20:] = 0
    solved = batched_newton(squared_error(y, weight), features, start, sigma, learn_sigma=False)
    expected = torch.linalg.lstsq(features[:, :20], y[:, :20]).solution
    assert torch.allclose(solved.theta, expected, rtol=1e-8, atol=1e-12)


def gaussian_scale(y):
    """Half the log variance and squares over it, with a wall of negative curvature far off."""

    def slopes(rows, prediction, sigma):
        error = prediction - y[rows]
        square = error.square().mean((1, 2))
        value = square / (2 * sigma**2) + sigma.log()
        return (
            value,
            error / (sigma**2)[:, None, None] / error[0].numel(),
            1 / sigma - square / sigma**3,
        )

    return slopes


@pytest.mark.parametrize("start", [0.01, 1.0, 300.0])
def test_a_noise_scale_ends_at_the_rmse_from_wherever_it_starts(start):
    features, y, theta, sigma = problems()
    solved = batched_newton(gaussian_scale(y), features, theta, start * sigma, learn_sigma=True)
    rest = y - features @ torch.linalg.lstsq(features, y).solution
    assert solved.converged.all()
    assert torch.allclose(solved.sigma, rest.square().mean((1, 2)).sqrt(), rtol=2e-6)


@pytest.mark.parametrize("shift", [1.0, 3.0])
def test_a_cheap_curvature_that_is_wrong_leads_to_the_same_place(shift):
    features, y, theta, sigma = problems()
    loss = gaussian_scale(y)
    plain = batched_newton(loss, features, theta, sigma, learn_sigma=True)
    like = gaussian_scale(y + shift)
    helped = batched_newton(loss, features, theta, sigma, learn_sigma=True, like=like)
    assert helped.converged.all()
    assert torch.allclose(helped.theta, plain.theta, rtol=1e-6, atol=1e-9)


def test_what_was_not_solved_is_told():
    features, y, theta, sigma = problems()
    solved = batched_newton(gaussian_scale(y), features, theta, 300 * sigma, learn_sigma=True, iterations=2)
    assert not solved.converged.any()


def test_no_problem_sees_another():
    features, y, theta, sigma = problems()
    theta = torch.linalg.lstsq(features, y).solution
    among = batched_newton(batch_prior(y), features, theta, sigma, learn_sigma=True)
    alone = batched_newton(batch_prior(y[2:3]), features[2:3], theta[2:3], sigma[2:3], learn_sigma=True)
    assert torch.allclose(among.theta[2:3], alone.theta, rtol=1e-9, atol=1e-12)
    assert torch.allclose(among.sigma[2:3], alone.sigma, rtol=1e-9)
