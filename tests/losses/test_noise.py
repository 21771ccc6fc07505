"""The noise scale: positive, learnable, exact at its start, and carried by a checkpoint."""

import pytest
import torch

from evenreg.errors import InputError
from evenreg.losses import BMCLoss, L1Loss
from evenreg.losses._noise import FLOOR, NoiseScale


def test_it_starts_exactly_where_it_was_told():
    for learn in (True, False):
        assert NoiseScale(0.3, learn)().item() == 0.3


def test_a_fixed_scale_is_a_buffer_and_a_learned_one_a_parameter():
    fixed, learned = BMCLoss(2.0, learn_noise=False), BMCLoss(2.0)
    assert not list(fixed.parameters())
    assert fixed.noise_parameters() == L1Loss().noise_parameters() == []
    assert [p is q for p, q in zip(learned.noise_parameters(), learned.parameters(), strict=True)] == [True]
    assert "noise_sigma=2, learn_noise=False" in repr(fixed)


def test_no_step_makes_it_negative_or_stuck():
    noise = NoiseScale(4.0, True)
    assert noise.rho is not None
    noise.rho.data.fill_(-100.0)
    assert noise().item() == pytest.approx(4.0 * FLOOR, rel=1e-3)
    noise.rho.data.fill_(-5.0)
    noise().backward()
    assert noise.rho.grad is not None
    assert noise.rho.grad.item() > 0


def test_its_value_survives_a_checkpoint_into_another_start():
    p, y = torch.randn(64, 1, generator=torch.manual_seed(0)), torch.randn(64, 1)
    loss = BMCLoss(3.0)
    optimizer = torch.optim.SGD(loss.noise_parameters(), lr=0.05)
    for _ in range(5):
        optimizer.zero_grad()
        loss(p, y).backward()
        optimizer.step()
    assert abs(loss.noise_sigma.item() - 3.0) > 0.1
    fresh = BMCLoss(1.0)
    fresh.load_state_dict(loss.state_dict())
    assert fresh.noise_sigma.item() == loss.noise_sigma.item()
    assert fresh(p, y).item() == loss(p, y).item()


@pytest.mark.parametrize("sigma", [0.0, -1.0, float("nan")])
def test_a_scale_that_is_not_positive_is_refused(sigma):
    with pytest.raises(InputError, match="noise_sigma: expected a"):
        BMCLoss(sigma)


def test_half_precision_leaves_scale_and_prior_alone():
    loss = BMCLoss(0.3).half()
    assert loss.noise_sigma.item() == 0.3
    assert loss.to(torch.bfloat16).noise.start.dtype == torch.float64
    assert loss.float().noise.start.dtype == torch.float32


def test_a_device_without_float64_gets_float32():
    def to_such_a_device(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.dtype == torch.float64:
            raise TypeError("Cannot convert a MPS Tensor to float64 dtype")
        return tensor.clone()

    loss = BMCLoss(0.3)
    loss._apply(to_such_a_device)
    assert loss.noise.start.dtype == torch.float32
    assert loss.noise_sigma.item() == pytest.approx(0.3)
