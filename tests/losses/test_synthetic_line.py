"""Facts with a known answer on the synthetic line of papers/002 B.1.1, every model solved to convergence."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.func import grad, vmap

from evenreg.labels import Bins, LabelSpace
from evenreg.losses import AbstractLoss, BMCLoss, BNILoss, GAILoss, MSELoss
from evenreg.losses._gai import gai_nll
from reference import synthetic_line as line

DRAWS, SEED = 200, 1
LEAST_SQUARES = {0.5: 16 / 3, 0.75: 3.4133333333333336, 1.0: 25 / 12}
"""(1 − q)² E (y − 5)², y uniform on [0, 10], q = s² / (s² + 1)."""


# ----------------------------------------------------------------------------------------- many draws at once


def newton(objective, start: Tensor, *data: Tensor) -> Tensor:
    """Minimise one small problem per row of ``start``, all at once, until every row's gradient is zero."""
    slope, h = vmap(grad(objective)), 1e-5
    point = start
    for _ in range(30):
        g = slope(point, *data)
        if g.abs().max() < 1e-11:
            return point
        # Curvature from differences of exact gradients: it steers the steps, the gradient says when to stop.
        moves = h * torch.eye(point.shape[1], dtype=point.dtype)
        curvature = torch.stack([(slope(point + move, *data) - g) / h for move in moves], 2)
        point = point - torch.linalg.solve(curvature, g)
    raise AssertionError(f"not converged: gradient {g.abs().max():.1e}")


def gai_objective(theta: Tensor, x: Tensor, y: Tensor, mean: Tensor, variance: Tensor) -> Tensor:
    """Mean NLL of a line under GAI with one component; sigma is 1, or exp of the third parameter."""
    sigma = theta[2].exp() if len(theta) == 3 else torch.ones((), dtype=theta.dtype)
    one = torch.ones(1, dtype=theta.dtype)
    prediction = (theta[0] + theta[1] * x).unsqueeze(1)
    mixture = (one, mean.reshape(1, 1), variance.reshape(1, 1), one.reshape(1, 1, 1))
    return gai_nll(prediction, y.unsqueeze(1), *mixture, sigma).mean()


@dataclass(frozen=True)
class Lines:
    """One spread: data and, per draw, the intercept and slope of every model."""

    x: np.ndarray
    y: np.ndarray
    models: dict[str, tuple[np.ndarray, np.ndarray]]
    sigma: np.ndarray

    def errors(self, name: str) -> np.ndarray:
        return line.uniform_test_error(*self.models[name])

    def mean_error(self, name: str) -> float:
        return float(self.errors(name).mean())


@cache
def solved(spread: float) -> Lines:
    x, y = line.normal_line(spread, DRAWS, SEED)
    x_, y_ = torch.from_numpy(x), torch.from_numpy(y)
    mean, variance = y_.mean(1), y_.var(1, correction=0)
    start = torch.zeros(DRAWS, 2, dtype=torch.float64)
    start[:, 0] = mean
    mse = MSELoss()
    plain = newton(lambda t, a, b: mse(t[0] + t[1] * a, b), start, x_, y_)
    true = newton(gai_objective, plain, x_, y_, mean, variance)
    learned = newton(
        gai_objective, torch.cat([true, torch.zeros(DRAWS, 1).double()], 1), x_, y_, mean, variance
    )
    models = {
        name: (theta[:, 0].numpy(), theta[:, 1].numpy())
        for name, theta in (
            ("least squares", plain),
            ("GAI, true noise", true),
            ("GAI, learned noise", learned),
        )
    }
    models["reverse regression"] = line.reverse_regression(x, y)
    return Lines(x, y, models, learned[:, 2].exp().numpy())


every_spread = pytest.mark.parametrize("spread", LEAST_SQUARES)


@every_spread
def test_least_squares_reaches_what_theory_says(spread):
    errors = solved(spread).errors("least squares")
    tolerance = 4 * errors.std(ddof=1) / DRAWS**0.5
    assert errors.mean() == pytest.approx(LEAST_SQUARES[spread], abs=tolerance)
    assert tolerance < 0.03 * LEAST_SQUARES[spread]


@every_spread
def test_gai_with_true_noise_divides_the_slope_by_q_of_the_draw(spread):
    lines = solved(spread)
    variance = lines.y.var(axis=1)
    expected = line.least_squares(lines.x, lines.y)[1] * (variance + 1) / variance
    assert lines.models["GAI, true noise"][1] == pytest.approx(expected, rel=1e-8)


@every_spread
def test_gai_with_learned_noise_is_reverse_regression(spread):
    lines = solved(spread)
    for ours, theirs in zip(
        lines.models["GAI, learned noise"], lines.models["reverse regression"], strict=True
    ):
        assert ours == pytest.approx(theirs, rel=1e-7, abs=1e-7)


@every_spread
def test_balanced_mse_is_near_the_best_that_is_known(spread):
    lines = solved(spread)
    # Over 200 draws the first ratio is .66, .55, .54 for the three spreads on average, with an SD of .06
    # between seeds: in 1 of 40 seeds it exceeds .8 (seed 0, spread .5: .849).
    reverse = lines.mean_error("reverse regression")
    assert lines.mean_error("GAI, true noise") <= 0.8 * reverse
    assert lines.mean_error("GAI, learned noise") <= 1.1 * reverse
    assert 10 * reverse < lines.mean_error("least squares")


def test_the_class_is_at_rest_where_the_formula_is_solved():
    lines = solved(0.75)
    x, y = torch.from_numpy(lines.x[0])[:, None], torch.from_numpy(lines.y[0])[:, None]
    loss = GAILoss(1, noise_sigma=float(lines.sigma[0])).fit(LabelSpace.fit(lines.y[0]))
    intercept, slope = (torch.tensor(v[0], requires_grad=True) for v in lines.models["GAI, learned noise"])
    loss(intercept + slope * x, y).backward()
    assert loss.noise.rho is not None
    for parameter in (intercept, slope, loss.noise.rho):
        assert parameter.grad is not None
        assert abs(parameter.grad.item()) < 1e-6


# -------------------------------------------------------------------------------------- the losses themselves


def solve(loss: AbstractLoss, x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Intercept and slope of the line that minimises the loss over batches of 256, by L-BFGS."""
    x_, y_ = torch.from_numpy(x)[:, None], torch.from_numpy(y)[:, None]
    middle, scale = x_.mean(), x_.std()
    weights = torch.zeros(2, dtype=torch.float64)
    weights[0] = y_.mean()
    weights.requires_grad_()
    parameters = [weights, *loss.double().parameters()]
    optimizer = torch.optim.LBFGS(
        parameters, max_iter=200, tolerance_grad=1e-8, tolerance_change=1e-12, line_search_fn="strong_wolfe"
    )

    def closure():
        optimizer.zero_grad()
        prediction = weights[0] + weights[1] * (x_ - middle) / scale
        batches = zip(prediction.split(256), y_.split(256), strict=True)
        value = torch.stack([loss(p, t) for p, t in batches]).mean()
        # The loss's factor 2·sigma² has no gradient; a line search wants the likelihood, whose gradient it
        # follows.
        if loss.noise_parameters():
            value = value / (2 * loss.noise_sigma.detach() ** 2)
        value.backward()
        return value

    optimizer.step(closure)
    closure()
    assert all(p.grad is not None and p.grad.abs().max() < 1e-6 for p in parameters)
    slope = (weights[1] / scale).item()
    return weights[0].item() - slope * middle.item(), slope


def prior(y: np.ndarray, shift: float) -> LabelSpace:
    return LabelSpace.fit(y + shift, Bins(np.linspace(0, 10, 101) + shift))


def balanced(learn: bool, space: LabelSpace, components: int) -> dict[str, AbstractLoss]:
    parts = {
        "BMC": BMCLoss(learn_noise=learn),
        "GAI": GAILoss(components, learn_noise=learn),
        "BNI": BNILoss(learn_noise=learn),
    }
    return {name: part.fit(space) for name, part in parts.items()}


@pytest.mark.parametrize("learn", [False, True])
@pytest.mark.parametrize("name", ["BMC", "GAI", "BNI"])
def test_a_shift_of_100_changes_no_test_error(name, learn):
    x, y = (a[0] for a in line.normal_line(1.0, 1))
    errors = []
    for shift in (0.0, 100.0):
        loss = balanced(learn, prior(y, shift), components=1)[name]
        errors.append(line.uniform_test_error(*map(np.float64, solve(loss, x + shift, y + shift)), shift))
    assert errors[1] == pytest.approx(errors[0], rel=1e-8)


@pytest.mark.parametrize("learn", [False, True])
@pytest.mark.parametrize("name", ["BMC", "GAI", "BNI"])
def test_every_form_improves_on_least_squares_under_an_exponential_prior(name, learn):
    x, y = (a[0] for a in line.exponential_line(1.0, 1))
    loss = balanced(learn, prior(y, 0.0), components=4)[name]
    error, plain = (
        line.uniform_test_error(*map(np.float64, solve(part, x, y))) for part in (loss, MSELoss())
    )
    assert error < 0.2 * plain
