"""Optimizers and schedules from plain values, and that each of them moves weights as it says."""

import math

import pytest
import torch
from torch import nn

from evenreg.errors import InputError, UnknownNameError
from evenreg.losses import BMCLoss
from evenreg.training import Optimizer


def parts():
    torch.manual_seed(0)
    return nn.Linear(3, 4), nn.Linear(4, 1)


def built(steps=10, **settings):
    encoder, head = parts()
    return Optimizer(**settings).build(encoder, head, BMCLoss().noise_parameters(), steps=steps)


def rates(steps, every="step", **settings):
    """The encoder's learning rate at each step (or epoch) of a training."""
    found = built(steps, **settings)
    scheduler = found["lr_scheduler"]
    assert scheduler["interval"] == every
    rates = []
    for _ in range(steps):
        rates.append(found["optimizer"].param_groups[0]["lr"])
        found["optimizer"].step()
        scheduler["scheduler"].step()
    return rates


def test_matrices_decay_and_nothing_else_does():
    groups = built(weight_decay=0.3)["optimizer"].param_groups
    decays = {tuple(p.shape): group["weight_decay"] for group in groups for p in group["params"]}
    assert decays == {(4, 3): 0.3, (1, 4): 0.3, (4,): 0.0, (1,): 0.0, (): 0.0}


def test_every_part_has_the_rate_that_is_said_for_it():
    groups = built(learning_rate=0.01, head_learning_rate=0.2, loss_learning_rate=0.5)[
        "optimizer"
    ].param_groups
    found = {tuple(p.shape): group["lr"] for group in groups for p in group["params"]}
    assert found == {(4, 3): 0.01, (4,): 0.01, (1, 4): 0.2, (1,): 0.2, (): 0.5}
    alone = built(learning_rate=0.02)["optimizer"].param_groups
    assert [group["lr"] for group in alone] == [0.02, 0.02, 0.01]


def test_new_layers_of_an_encoder_learn_as_fast_as_the_head():
    class Encoder(nn.Module):
        new_layers = ("top",)

        def __init__(self):
            super().__init__()
            self.old, self.top = nn.Linear(3, 5), nn.Linear(5, 4)

    settings = Optimizer(learning_rate=0.01, head_learning_rate=0.2)
    groups = settings.build(Encoder(), nn.Linear(4, 1), [], steps=1)["optimizer"].param_groups
    found = {tuple(p.shape): group["lr"] for group in groups for p in group["params"]}
    assert found == {(5, 3): 0.01, (5,): 0.01, (4, 5): 0.2, (4,): 0.2, (1, 4): 0.2, (1,): 0.2}


def test_what_needs_no_gradient_is_left_out():
    encoder, head = parts()
    encoder.requires_grad_(False)
    optimizer = Optimizer().build(encoder, head, [], steps=1)["optimizer"]
    assert {id(p) for group in optimizer.param_groups for p in group["params"]} == {
        id(p) for p in head.parameters()
    }


def test_steps_take_a_tenth_from_each_milestone_on():
    found = rates(6, "epoch", optimizer="adam", schedule="steps", milestones=(2, 4), learning_rate=1.0)
    assert found == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01])


def test_a_cosine_goes_from_the_rate_to_nothing():
    found = rates(8, schedule="cosine", learning_rate=2.0)
    assert found == pytest.approx([1 + math.cos(math.pi * i / 8) for i in range(8)])


def test_one_cycle_rises_over_a_tenth_of_all_steps_and_falls():
    found = rates(40, schedule="one-cycle", learning_rate=2.0)
    assert max(found) == pytest.approx(2.0)
    assert found.index(max(found)) == 3
    assert found[0] < 0.1
    assert found[-1] < 1e-3


@pytest.mark.parametrize("steps", [1, 2, 3, 9, 10, 11, 20])
def test_one_cycle_of_few_steps(steps):
    found = rates(steps, schedule="one-cycle", learning_rate=2.0)
    assert all(0 < rate <= 2.0 + 1e-9 for rate in found)
    assert steps < 3 or max(found) == pytest.approx(2.0)


@pytest.mark.parametrize("name", ["adamw", "adam", "sgd"])
def test_one_step_is_that_of_the_formula(name):
    """Weight decay is part of Adam's and SGD's gradient, and a shrinking of its own in AdamW."""
    weight = nn.Linear(2, 1, bias=False)
    before = weight.weight.detach().clone()
    settings = {"optimizer": name, "learning_rate": 0.1, "weight_decay": 0.5, "momentum": 0.0}
    optimizer = Optimizer(**settings).build(weight, nn.Identity(), [], steps=1)["optimizer"]
    gradient = torch.tensor([[1.0, -3.0]])
    weight.weight.grad = gradient.clone()
    optimizer.step()
    decayed = gradient + 0.5 * before
    expected = {
        "sgd": before - 0.1 * decayed,
        "adam": before - 0.1 * decayed.sign(),  # the first step of Adam is the sign
        "adamw": before * (1 - 0.1 * 0.5) - 0.1 * gradient.sign(),
    }[name]
    torch.testing.assert_close(weight.weight.detach(), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("settings", "error", "told"),
    [
        ({"optimizer": "adamx"}, UnknownNameError, "did you mean"),
        ({"schedule": "cosin"}, UnknownNameError, "did you mean 'cosine'"),
        ({"learning_rate": 0}, InputError, "learning_rate"),
        ({"head_learning_rate": -1}, InputError, "head_learning_rate"),
        ({"momentum": 2}, InputError, "momentum"),
        ({"weight_decay": -1}, InputError, "weight_decay"),
        (
            {"milestones": (3,)},
            InputError,
            "expected rising epochs beside schedule 'steps' and none beside another",
        ),
        ({"schedule": "steps"}, InputError, r"got \[\] beside 'steps'"),
        ({"schedule": "steps", "milestones": (8, 3)}, InputError, r"got \[8, 3\]"),
        ({"schedule": "steps", "milestones": (0, 3)}, InputError, "milestones"),
    ],
)
def test_what_cannot_be_is_refused(settings, error, told):
    with pytest.raises(error, match=told):
        Optimizer(**settings)
