"""Ctrl-C: training stops where a checkpoint can be written, and a resumed run ends as one that was never cut."""

import os
import signal

import lightning.pytorch as pl
import pytest
import torch
from torch import nn

from evenreg.errors import InputError, TrainingError
from evenreg.losses import BMCLoss
from evenreg.training import Budget, RegressionTask, Rows, fit, memory_loader

CPU = {"accelerator": "cpu", "devices": 1}


def loaders():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(128, 2, generator=generator)
    rows = Rows((x,), (10 + 3 * x[:, :1]).double(), torch.ones(128), torch.zeros(128, dtype=torch.long))
    return memory_loader(rows, 16, shuffle=True, seed=1), memory_loader(rows, 64)


def trained(folder, *callbacks, epochs=3, seconds=1e9, **trainer):
    """Weights after a training that writes no checkpoint by itself."""
    torch.manual_seed(3)
    encoder = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Dropout(0.3))
    task = RegressionTask(encoder, nn.Linear(8, 1), BMCLoss(), learning_rate=1e-2)
    budget = Budget(epochs, 10, seconds, trainer={**CPU, "callbacks": list(callbacks), **trainer})
    fit(task, *loaders(), folder, budget=budget)
    return {name: value.clone() for name, value in task.state_dict().items() if torch.is_tensor(value)}


class Press(pl.Callback):
    """Presses Ctrl-C in a hook of an epoch, inside a batch where the hook is one of a batch."""

    def __init__(self, hook, epoch=0, batch=2, times=1):
        self.epoch, self.batch, self.times = epoch, batch, times
        setattr(self, hook, self.press)

    def press(self, trainer, module, *rest):
        if trainer.current_epoch == self.epoch and (len(rest) < 2 or rest[-1] == self.batch):
            for _ in range(self.times):
                os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize(
    ("press", "trainer"),
    [
        (Press("on_train_batch_start"), {}),
        (Press("on_train_batch_start", batch=7), {}),  # the epoch's last: its end has the checkpoint
        (Press("on_train_batch_start"), {"accumulate_grad_batches": 4}),
        (Press("on_validation_epoch_end"), {}),
        (Press("on_validation_epoch_end", epoch=2), {}),
        (Press("on_train_start"), {}),
    ],
)
def test_a_run_stopped_before_its_first_checkpoint_goes_on_from_there(tmp_path, press, trainer):
    straight = trained(tmp_path / "straight", **trainer)
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path / "cut", press, **trainer)
    assert signal.getsignal(signal.SIGINT) is handler
    assert (tmp_path / "cut/last.ckpt").exists()
    torch.manual_seed(999)
    seen = Seen()
    found = trained(tmp_path / "cut", seen, **trainer)
    assert (0, 0) not in seen.batches
    assert all(torch.equal(found[name], straight[name]) for name in straight)


class Seen(pl.Callback):
    def __init__(self):
        self.batches = []

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        self.batches.append((trainer.current_epoch, batch_idx))


def test_pressed_twice_it_stops_at_once(tmp_path):
    seen = Seen()
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path, Press("on_train_batch_start", times=2), seen)
    assert seen.batches[-1] == (0, 1)
    assert not (tmp_path / "last.ckpt").exists()


def test_somebodys_own_handler_stays(tmp_path):
    pressed = []
    before = signal.signal(signal.SIGINT, lambda *_: pressed.append(1))
    try:
        trained(tmp_path, Press("on_train_batch_start"))
    finally:
        signal.signal(signal.SIGINT, before)
    assert pressed == [1]


class TestTrainingThatWentNowhere:
    def test_without_a_validation(self, tmp_path):
        sentence = (
            r"^training: expected at least one validation, got none in 3 epoch\(s\); give it more epochs or time, and "
            r"leave out trainer arguments that skip batches\.$"
        )
        with pytest.raises(TrainingError, match=sentence):
            trained(tmp_path, check_val_every_n_epoch=5)

    def test_with_none_that_is_finite_leaves_no_checkpoint(self, tmp_path):
        class Break(pl.Callback):
            def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
                with torch.no_grad():
                    next(pl_module.parameters()).fill_(float("nan"))

        sentence = (
            r"^training diverged: expected a finite val_bmae, got none in 1 epoch\(s\); look at features and labels "
            r"for extreme values, or lower learning_rate, 0.01 here\.$"
        )
        with pytest.raises(TrainingError, match=sentence):
            trained(tmp_path, Break(), seconds=0.0)
        assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("argument", [{"strategy": "foo"}, {"devics": 2}, {"limit_train_batches": 1e-3}])
def test_what_lightning_refuses_is_one_sentence(tmp_path, argument):
    sentence = (
        r"^trainer: expected arguments that Lightning's Trainer takes, got some that it refuses \([^\n]*"
    )
    with pytest.raises(InputError, match=sentence):
        trained(tmp_path, **argument)
