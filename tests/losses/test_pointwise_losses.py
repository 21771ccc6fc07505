"""L1, MSE, Huber and Focal-R against loops, and the weighted mean that all losses share."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from evenreg.errors import InputError, ShapeError, UnknownNameError
from evenreg.losses import FocalRLoss, HuberLoss, L1Loss, MSELoss
from reference import losses as reference

PARTS = [
    (L1Loss(), reference.l1),
    (MSELoss(), reference.mse),
    (HuberLoss(), lambda e: reference.huber(e, 1.0)),
    (HuberLoss(0.3), lambda e: reference.huber(e, 0.3)),
    (FocalRLoss(), lambda e: reference.focal_r(e, "l1", 0.2, 1.0)),
    (FocalRLoss("mse", beta=2.0, gamma=0.5), lambda e: reference.focal_r(e, "mse", 2.0, 0.5)),
    (FocalRLoss("l1", beta=20.0, gamma=0.0), lambda e: reference.focal_r(e, "l1", 20.0, 0.0)),
]
SHAPES = [(5, 1), (5, 3), (5, 2, 4), (5, 1, 2, 3)]


@pytest.mark.parametrize(("loss", "cost"), PARTS, ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_weighted_mean_equals_the_loop(loss, cost, shape):
    rng = np.random.default_rng(0)
    p, y, by_element = rng.normal(size=shape), rng.normal(size=shape), rng.random(shape)
    by_sample = rng.random(shape[0])
    p_, y_ = torch.from_numpy(p), torch.from_numpy(y)

    def loop(weight):
        return np.mean([weight[i] * cost(p[i] - y[i]) for i in np.ndindex(*shape)])

    spread = np.broadcast_to(by_sample.reshape(-1, *[1] * (len(shape) - 1)), shape)
    assert loss(p_, y_).item() == pytest.approx(loop(np.ones(shape)), rel=1e-12)
    assert loss(p_, y_, torch.from_numpy(by_element)).item() == pytest.approx(loop(by_element), rel=1e-12)
    assert loss(p_, y_, torch.from_numpy(by_sample)).item() == pytest.approx(loop(spread), rel=1e-12)
    assert loss(p_, y_, torch.from_numpy(by_sample[:, None])).item() == pytest.approx(loop(spread), rel=1e-12)


@pytest.mark.parametrize(("loss", "cost"), PARTS, ids=str)
def test_gradients(loss, cost):
    del cost
    p = torch.randn(6, 2, dtype=torch.float64, generator=torch.manual_seed(0), requires_grad=True)
    y = torch.randn(6, 2, dtype=torch.float64)
    assert torch.autograd.gradcheck(loss, (p, y, torch.rand(6, dtype=torch.float64)))


@settings(max_examples=25, deadline=None)
@given(st.floats(-50, 50), st.floats(0.01, 20), st.floats(0, 4))
def test_focal_r_never_exceeds_the_plain_cost_and_is_even(error, beta, gamma):
    loss, zero = FocalRLoss("l1", beta, gamma), torch.zeros(1, 1, dtype=torch.float64)
    e = torch.full_like(zero, error)
    assert 0 <= loss(e, zero).item() <= abs(error)
    assert loss(e, zero).item() == loss(-e, zero).item()


@pytest.mark.parametrize("gamma", [0.0, 0.3, 1.0, 2.0])
@pytest.mark.parametrize("cost", ["l1", "mse"])
def test_focal_r_has_a_zero_gradient_at_a_perfect_prediction(cost, gamma):
    p = torch.zeros(2, 1, requires_grad=True)
    FocalRLoss(cost, gamma=gamma)(p, torch.zeros(2, 1)).backward()
    assert p.grad is not None
    assert p.grad.tolist() == [[0.0], [0.0]]


def test_two_flat_vectors_count_as_one_output():
    p, y, w = torch.tensor([1.0, 4.0]), torch.tensor([2.0, 2.0]), torch.tensor([1.0, 3.0])
    assert L1Loss()(p, y, w).item() == 3.5


def test_whole_number_targets_and_weights_are_welcome():
    assert MSELoss()(torch.tensor([[1.5]]), torch.tensor([[1]]), torch.tensor([2])).item() == 0.5


def test_what_does_not_go_together_is_refused():
    loss = L1Loss()
    with pytest.raises(
        ShapeError, match=r"expected equal shapes, got prediction \(3,\) and target \(3, 1\); reshape"
    ):
        loss(torch.zeros(3), torch.zeros(3, 1))
    with pytest.raises(
        ShapeError,
        match=r"weight: expected shape \(3,\) or \(3, 1\) or \(3, 2\), got \(2,\); give one weight a sample",
    ):
        loss(torch.zeros(3, 2), torch.zeros(3, 2), torch.ones(2))
    with pytest.raises(
        ShapeError, match=r"prediction: expected shape \(batch, out\), got \(\); add the batch axis"
    ):
        loss(torch.tensor(0.0), torch.tensor(0.0))
    with pytest.raises(
        InputError, match=r"L1Loss: expected a batch of at least 1 sample, got 0; skip a batch"
    ):
        loss(torch.zeros(0, 1), torch.zeros(0, 1))


def test_arguments_are_checked():
    with pytest.raises(InputError, match=r"beta: expected a number above 0, got 0.0"):
        HuberLoss(0.0)
    with pytest.raises(UnknownNameError, match=r"no cost of Focal-R named 'l2'; known are: l1, mse"):
        FocalRLoss("l2")
    with pytest.raises(InputError, match=r"gamma: expected a number of at least 0, got -1.0"):
        FocalRLoss(gamma=-1.0)
