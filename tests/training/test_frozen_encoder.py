"""An encoder that a second stage does not move: weights, running statistics and dropout stand still."""

import torch
from torch import nn

from evenreg.losses import L1Loss
from evenreg.training import Budget, RegressionTask, Rows, fit, memory_loader
from evenreg.training._frozen_encoder import FrozenEncoder, encode

BUDGET = Budget(3, 3, trainer={"accelerator": "cpu", "devices": 1})


def encoder():
    torch.manual_seed(0)
    made = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5))
    made(2 + torch.randn(64, 3))  # running statistics of their own
    return made


def rows(n=60):
    x = torch.randn(n, 3, generator=torch.Generator().manual_seed(1))
    return Rows((x,), (2 + x[:, :1]).double(), torch.ones(n), torch.zeros(n, dtype=torch.long))


def state(module):
    return {name: value.clone() for name, value in module.state_dict().items()}


def same(found, expected):
    return found.keys() == expected.keys() and all(torch.equal(found[name], expected[name]) for name in found)


class TestFrozenEncoder:
    def test_the_mode_around_it_does_not_reach_inside(self):
        plain, x = encoder(), rows().batch.inputs[0]
        plain.eval()
        expected = plain(x)
        frozen = FrozenEncoder(plain.train())
        for mode in (True, False, True):
            around = nn.Sequential(frozen, nn.Linear(8, 1)).train(mode)
            assert around.training == frozen.training == mode
            assert not any(module.training for module in plain.modules())
            assert torch.equal(frozen(x), expected)

    def test_no_gradient_and_none_wanted(self):
        frozen = FrozenEncoder(encoder())
        x = rows().batch.inputs[0].requires_grad_()
        assert not frozen(x).requires_grad
        assert not any(p.requires_grad for p in frozen.parameters())

    def test_training_moves_the_head_alone(self, tmp_path):
        plain = encoder()
        torch.manual_seed(2)
        head = nn.Linear(8, 1)
        before, head_before = state(plain), state(head)
        task = RegressionTask(FrozenEncoder(plain), head, L1Loss(), learning_rate=0.1, weight_decay=0.1)
        modes = []

        plain[1].register_forward_pre_hook(lambda norm, _: modes.append((task.training, norm.training)))
        fit(task, memory_loader(rows(), 16, shuffle=True), memory_loader(rows(), 60), tmp_path, budget=BUDGET)
        assert same(state(plain), before)
        assert not same(state(head), head_before)
        # It was looked at in both modes of the task, and never in train mode itself.
        assert {around for around, _ in modes} == {True, False}
        assert not any(inside for _, inside in modes)

    def test_the_same_task_without_it_moves_the_encoder(self, tmp_path):
        """What the tests above would not see if the encoder had nothing that moves."""
        plain = encoder().requires_grad_(False)
        before = state(plain)
        torch.manual_seed(2)
        task = RegressionTask(plain, nn.Linear(8, 1), L1Loss())
        fit(task, memory_loader(rows(), 16, shuffle=True), memory_loader(rows(), 60), tmp_path, budget=BUDGET)
        assert not torch.equal(plain.state_dict()["1.running_mean"], before["1.running_mean"])


class TestEncode:
    def test_features_in_eval_mode_for_any_number_at_a_time(self):
        plain, x = encoder(), rows().batch.inputs[0]
        before, random = state(plain), torch.get_rng_state()
        found = encode(plain.train(), (x,))
        assert plain.training
        assert all(module.training for module in plain.modules())
        assert same(state(plain), before)
        assert torch.equal(torch.get_rng_state(), random)
        assert not found.requires_grad
        assert torch.equal(found, plain.eval()(x))
        torch.testing.assert_close(encode(plain, (x,), batch_size=7), found)
        assert not plain.training

    def test_several_inputs_stay_aligned(self):
        class Sum(nn.Module):
            def forward(self, a, b):
                return a + b

        a, b = torch.randn(25, 2), torch.randn(25, 2)
        assert torch.equal(encode(Sum(), (a, b), batch_size=10), a + b)
