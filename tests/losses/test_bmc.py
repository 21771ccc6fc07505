"""BMC against the loop over the batch, and what must hold for any batch."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from evenreg.errors import InputError, ShapeError
from evenreg.losses import BMCLoss
from evenreg.losses._bmc import bmc_nll, sampled_bmc_nll
from evenreg.losses._log_ratio import log_density_ratio
from reference import losses as reference


def lone(prediction, target, sigma):
    """The likelihood in a lone process, whose labels are all there are."""
    return bmc_nll(prediction, target, sigma, target, 0)


def batch(n, d, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.normal(size=(n, d))
    return y + rng.normal(size=(n, d)), y


@pytest.mark.parametrize("d", [1, 2, 5])
@pytest.mark.parametrize("sigma", [0.1, 0.7, 3.0])
def test_it_equals_the_loop(d, sigma):
    p, y = batch(12, d)
    expected = reference.bmc_nll(p, y, sigma)
    assert lone(
        torch.from_numpy(p), torch.from_numpy(y), torch.tensor(sigma, dtype=torch.float64)
    ).numpy() == pytest.approx(np.array(expected), rel=1e-10, abs=1e-12)
    weight = np.random.default_rng(1).random(12)
    loss = BMCLoss(sigma)(torch.from_numpy(p), torch.from_numpy(y), torch.from_numpy(weight))
    assert loss.item() == pytest.approx(2 * sigma**2 * np.mean(weight * expected), rel=1e-10)


def test_out_equal_to_the_batch_size_is_not_confused_with_it():
    p, y = batch(4, 4)
    loss = BMCLoss(1.0)(torch.from_numpy(p), torch.from_numpy(y))
    assert loss.item() == pytest.approx(2 * np.mean(reference.bmc_nll(p, y, 1.0)), rel=1e-10)


@pytest.mark.parametrize("d", [1, 3])
def test_gradients(d):
    p, y = (torch.from_numpy(a).requires_grad_() for a in batch(6, d))
    sigma = torch.tensor(0.8, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lone, (p, y, sigma))


def test_the_noise_scale_gets_its_likelihood_gradient_and_the_factor_none():
    p, y = map(torch.from_numpy, batch(8, 1))
    loss = BMCLoss(0.8).double()
    loss(p, y).backward()
    sigma = torch.tensor(0.8, dtype=torch.float64, requires_grad=True)
    (expected,) = torch.autograd.grad(2 * 0.8**2 * lone(p, y, sigma).mean(), sigma)
    assert loss.noise.rho is not None
    assert loss.noise.rho.grad is not None
    assert loss.noise.rho.grad.item() == pytest.approx(0.8 * 0.999 * expected.item(), rel=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 20), st.integers(1, 3), st.floats(0.01, 100), st.integers(0, 10**6), st.booleans())
def test_it_is_at_least_zero_in_float32(n, d, sigma, seed, repeated):
    p, y = batch(n, d, seed)
    y = np.round(y) if repeated else y
    nll = lone(torch.tensor(p).float(), torch.tensor(y).float(), torch.tensor(sigma).float())
    assert nll.min() >= 0


def test_a_common_shift_changes_nothing():
    p, y = map(torch.from_numpy, batch(10, 3))
    loss = BMCLoss(0.5)
    assert loss(p + 100, y + 100).item() == pytest.approx(loss(p, y).item(), rel=1e-10)


@pytest.mark.parametrize("d", [1, 2])
def test_predictions_far_away_keep_their_digits_in_float32(d):
    rng = np.random.default_rng(0)
    y = rng.normal(size=(16, d)).astype(np.float32)
    p = (y + 1000).astype(np.float32)
    expected = 2 * np.mean(reference.bmc_nll(p.astype(float), y.astype(float), 1.0))
    p_ = torch.from_numpy(p).requires_grad_()
    loss = BMCLoss(1.0)(p_, torch.from_numpy(y))
    loss.backward()
    assert loss.item() == pytest.approx(expected, rel=1e-5)
    assert p_.grad is not None
    assert p_.grad.isfinite().all()


def test_the_support_may_differ_from_the_batch():
    rng = np.random.default_rng(0)
    p, y, c = rng.normal(size=(4, 2)), rng.normal(size=(4, 2)), rng.normal(size=(3, 2))
    ratio = log_density_ratio(*map(torch.from_numpy, (p, y, c)), torch.tensor(0.6, dtype=torch.float64))
    for i in range(4):
        for j in range(3):
            expected = reference.log_normal(c[j], p[i], 0.6) - reference.log_normal(y[i], p[i], 0.6)
            assert ratio[i, j].item() == pytest.approx(expected, rel=1e-10)


def test_a_batch_of_one_is_refused():
    with pytest.raises(
        InputError,
        match=r"BMCLoss: expected a batch of at least 2 samples, got 1; merge it with its neighbour",
    ):
        BMCLoss()(torch.zeros(1, 1), torch.zeros(1, 1))


def test_maps_are_refused_with_the_way_out():
    with pytest.raises(ShapeError, match=r"got \(2, 1, 3\); give a map's valid pixels as samples"):
        BMCLoss()(torch.zeros(2, 1, 3), torch.zeros(2, 1, 3))


# -------------------------------------------------------------------------------------- sub-sampled negatives


def test_all_labels_drawn_is_the_whole_sum():
    p, y = map(torch.from_numpy, batch(9, 2))
    sigma = torch.tensor(0.7, dtype=torch.float64)
    drawn = torch.randperm(9, generator=torch.manual_seed(0))
    assert sampled_bmc_nll(p, y, sigma, y, 0, drawn).numpy() == pytest.approx(
        lone(p, y, sigma).numpy(), rel=1e-10
    )


def test_the_sampled_sum_is_right_on_average():
    p, y = map(torch.from_numpy, batch(7, 1))
    sigma, generator = torch.tensor(1.0, dtype=torch.float64), torch.Generator().manual_seed(0)
    draws = [torch.randperm(7, generator=generator)[:3] for _ in range(4000)]
    sums = torch.stack([sampled_bmc_nll(p, y, sigma, y, 0, drawn).exp() for drawn in draws])
    error = sums.std(0) / 4000**0.5
    assert ((sums.mean(0) - lone(p, y, sigma).exp()).abs() < 4 * error).all()


def test_negatives_are_drawn_by_the_given_generator_and_hold_the_positive():
    p, y = map(torch.from_numpy, batch(32, 1))
    values = [
        BMCLoss(0.1, negatives=4, generator=torch.Generator().manual_seed(s))(p, y).item() for s in (1, 1, 2)
    ]
    assert values[0] == values[1] != values[2]
    assert min(values) >= 0
    assert BMCLoss(0.1, negatives=32)(p, y).item() == BMCLoss(0.1)(p, y).item()
    with pytest.raises(InputError, match=r"negatives: expected a whole number of at least 2, got 1"):
        BMCLoss(negatives=1)
