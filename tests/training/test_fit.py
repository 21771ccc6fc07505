"""Training: best weights kept, cuts survived bit-identically, and every mistake one sentence."""

import errno
import os
import shutil
import signal

import lightning.pytorch as pl
import numpy as np
import pytest
import torch
from torch import nn

from evenreg.errors import CheckpointError, InputError, TrainingError
from evenreg.features import RankNContrast
from evenreg.labels import LabelSpace
from evenreg.losses import BMCLoss, L1Loss
from evenreg.training import (
    BalancedBatchSampler,
    Budget,
    RegressionTask,
    Rows,
    TargetScaler,
    _fit,
    fit,
    memory_loader,
)

CPU = {"accelerator": "cpu", "devices": 1}
BUDGET = Budget(epochs=6, patience=10, checkpoint_seconds=0.0, trainer=CPU)


class Encoder(nn.Module):
    """Dropout, so that a resumed run must draw the same random numbers."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2, width), nn.ReLU(), nn.Dropout(0.3))

    def forward(self, x):
        return self.layers(x)


def data(n=64, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 2, generator=generator)
    y = (10 + 3 * x[:, :1]).double()
    return Rows((x,), y, torch.ones(n), torch.zeros(n, dtype=torch.long))


def task(loss=None, width=8, scaler=None, schedule="constant", **settings):
    torch.manual_seed(0)
    return RegressionTask(
        Encoder(width),
        nn.Linear(width, 1),
        loss or L1Loss(),
        scaler=scaler,
        learning_rate=1e-2,
        schedule=schedule,
        **settings,
    )


def loaders():
    return memory_loader(data(), 16, shuffle=True, seed=1), memory_loader(data(seed=1), 64, shuffle=False)


def scaler():
    return TargetScaler().fit(data().batch.target.numpy()[:, 0])


def weights(trained):
    return {name: value.clone() for name, value in trained.state_dict().items() if torch.is_tensor(value)}


def test_training_learns_and_leaves_the_best_weights(tmp_path):
    told = []
    trained = task(scaler=scaler())
    score = fit(
        trained, *loaders(), tmp_path, budget=BUDGET, tell=lambda epoch, error: told.append((epoch, error))
    )
    assert [epoch for epoch, _ in told] == [1, 2, 3, 4, 5, 6]
    assert score == pytest.approx(min(error for _, error in told))
    assert score < told[0][1]
    prediction = _fit.predict(trained, data(seed=1).batch.inputs)
    assert (prediction - data(seed=1).batch.target).abs().mean().item() == pytest.approx(score, rel=1e-5)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["best.ckpt"]


def test_patience_stops_training(tmp_path):
    told = []
    frozen = task(scaler=scaler())
    frozen.learning_rate = 1e-12
    fit(
        frozen,
        *loaders(),
        tmp_path,
        budget=Budget(50, 2, trainer=CPU),
        tell=lambda epoch, error: told.append(epoch),
    )
    assert len(told) < 10


def test_a_learned_noise_scale_is_trained_and_kept(tmp_path):
    trained = task(BMCLoss(noise_sigma=1.0), scaler=scaler())
    fit(trained, *loaders(), tmp_path, budget=BUDGET)
    again = task(BMCLoss(noise_sigma=1.0), scaler=scaler())
    assert trained.loss.noise_sigma.item() != pytest.approx(1.0, abs=1e-3)
    _fit.load_best(again, tmp_path)
    assert again.loss.noise_sigma.item() == trained.loss.noise_sigma.item()


@pytest.mark.parametrize("schedule", ["constant", "one-cycle", "cosine"])
def test_ctrl_c_keeps_the_best_and_a_resumed_run_is_bit_identical(tmp_path, schedule):
    torch.manual_seed(5)
    straight = task(BMCLoss(), scaler=scaler(), schedule=schedule)
    fit(straight, *loaders(), tmp_path / "straight", budget=BUDGET)

    def press_ctrl_c(epoch, error):
        if epoch == 4:
            os.kill(os.getpid(), signal.SIGINT)

    handler = signal.getsignal(signal.SIGINT)
    cut = task(BMCLoss(), scaler=scaler(), schedule=schedule)
    with pytest.raises(KeyboardInterrupt):
        fit(cut, *loaders(), tmp_path / "cut", budget=BUDGET, tell=press_ctrl_c)
    assert signal.getsignal(signal.SIGINT) is handler
    assert sorted(p.name for p in (tmp_path / "cut").iterdir()) == ["best.ckpt", "last.ckpt"]

    epochs = []
    resumed = task(BMCLoss(), scaler=scaler(), schedule=schedule)
    torch.manual_seed(999)  # whatever the random state is, the checkpoint brings its own
    fit(resumed, *loaders(), tmp_path / "cut", budget=BUDGET, tell=lambda epoch, error: epochs.append(epoch))
    assert epochs[0] > 1
    for name, value in weights(straight).items():
        assert torch.equal(value, weights(resumed)[name]), name


class Snapshots(pl.Callback):
    """Copies the folder again and again: what would be left of a run killed at that moment."""

    def __init__(self, folder, into):
        self.folder, self.into = folder, into

    def copy(self, *_):
        shutil.copytree(self.folder, self.into / str(len(list(self.into.iterdir()))))

    on_train_epoch_start = on_train_batch_start = on_train_batch_end = copy
    on_validation_start = on_validation_end = on_train_epoch_end = on_train_end = copy


def test_a_run_killed_at_any_moment_ends_as_one_that_was_not(tmp_path):
    """Also between an epoch's end and what is made of its error, by the best weights and by early stopping."""
    (tmp_path / "left").mkdir()

    def trained(folder, *callbacks):
        # At this rate the error goes down and up, and patience ends the run before its last epoch.
        part = task(BMCLoss(), scaler=scaler())
        part.learning_rate = 0.02
        told = []
        budget = Budget(9, 3, 0.0, trainer={**CPU, "callbacks": list(callbacks)})
        score = fit(part, *loaders(), folder, budget=budget, tell=lambda epoch, error: told.append(error))
        return weights(part), score, told

    straight, score, errors = trained(tmp_path / "run", Snapshots(tmp_path / "run", tmp_path / "left"))
    best = errors.index(score)
    assert 0 < best < len(errors) - 1 < 8
    assert any(later < errors[best - 1] for later in errors[best + 1 :])  # a forgotten score would be seen
    left = sorted((tmp_path / "left").iterdir(), key=lambda path: int(path.name))
    assert len(left) > 10 * len(errors)
    for folder in left:
        found, its_score, _ = trained(folder)
        assert its_score == score
        assert all(torch.equal(straight[name], found[name]) for name in straight), folder.name


def press_ctrl_c_after(epoch):
    return lambda done, _: os.kill(os.getpid(), signal.SIGINT) if done == epoch else None


def opposed():
    """Loaders with which validation errors rise from the first epoch on."""
    rows = data(seed=1)
    rows.batch.target.mul_(-1).add_(20)
    return memory_loader(data(), 16, shuffle=True, seed=1), memory_loader(rows, 64, shuffle=False)


def test_a_moved_run_remembers_its_best_epoch(tmp_path):
    straight, resumed = task(scaler=scaler()), task(scaler=scaler())
    score = fit(straight, *opposed(), tmp_path / "straight", budget=BUDGET)
    with pytest.raises(KeyboardInterrupt):
        fit(task(scaler=scaler()), *opposed(), tmp_path / "cut", budget=BUDGET, tell=press_ctrl_c_after(4))
    (tmp_path / "cut").rename(tmp_path / "moved")
    assert fit(resumed, *opposed(), tmp_path / "moved", budget=BUDGET) == score
    for name, value in weights(straight).items():
        assert torch.equal(value, weights(resumed)[name]), name


@pytest.mark.parametrize("kept", [0, 1000, -1000])
def test_a_checkpoint_in_pieces_is_as_good_as_none(tmp_path, kept):
    with pytest.raises(KeyboardInterrupt):
        fit(task(scaler=scaler()), *loaders(), tmp_path / "cut", budget=BUDGET, tell=press_ctrl_c_after(4))
    last = tmp_path / "cut" / "last.ckpt"
    last.write_bytes(last.read_bytes()[:kept])
    epochs = []
    resumed = task(scaler=scaler())
    fit(resumed, *loaders(), tmp_path / "cut", budget=BUDGET, tell=lambda epoch, _: epochs.append(epoch))
    assert epochs[0] == 1
    assert sorted(p.name for p in (tmp_path / "cut").iterdir()) == ["best.ckpt"]


def test_a_full_disk_is_told_of_the_folder_one_knows(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device", "/tmp/tmp1234")

    monkeypatch.setattr(_fit.pl.Trainer, "save_checkpoint", full)
    with pytest.raises(OSError, match="No space left on device") as told:
        fit(task(scaler=scaler()), *loaders(), tmp_path, budget=BUDGET)
    assert told.value.filename == str(tmp_path)


def test_training_that_diverges_says_so(tmp_path):
    broken = data()
    broken.batch.inputs[0][3] = float("nan")
    loader = memory_loader(broken, 16, shuffle=True)
    with pytest.raises(TrainingError, match="training diverged: expected a finite val_bmae, got none"):
        fit(task(scaler=scaler()), loader, memory_loader(broken, 64, shuffle=False), tmp_path, budget=BUDGET)


def test_another_models_checkpoint_is_refused(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        fit(
            task(),
            *loaders(),
            tmp_path,
            budget=BUDGET,
            tell=lambda e, _: os.kill(os.getpid(), signal.SIGINT) if e > 2 else None,
        )
    with pytest.raises(CheckpointError, match="expected a checkpoint of this very run, got another model's"):
        fit(task(width=9), *loaders(), tmp_path, budget=BUDGET)
    differing = r"of another shape encoder\.layers\.0\.bias, encoder\.layers\.0\.weight, head\.weight"
    with pytest.raises(
        CheckpointError,
        match=rf"expected a checkpoint of this task, got another's \({differing}\); train again",
    ):
        _fit.load_best(task(width=9), tmp_path)
    with pytest.raises(CheckpointError, match="expected a checkpoint, got no file"):
        _fit.load_best(task(), tmp_path / "nowhere")


def test_weights_change_what_is_learned_and_gradients_reach_the_encoder(tmp_path):
    rows = data()
    heavy = torch.where(rows.batch.target[:, 0] > 12, 5.0, 0.1)
    unit = Rows(rows.batch.inputs, rows.batch.target, torch.ones(64), rows.batch.bin)
    tail = Rows(rows.batch.inputs, rows.batch.target, heavy, rows.batch.bin)
    grads = []
    for some in (unit, tail):
        model = task(scaler=scaler())
        model.log = lambda *args, **kwargs: None
        model.training_step(some[torch.arange(64)], 0).backward()
        grads.append(model.encoder.layers[0].weight.grad.clone())
    assert all(g.abs().sum() > 0 for g in grads)
    assert not torch.allclose(grads[0], grads[1])


def test_predictions_do_not_hang_on_batching():
    model, rows = task(scaler=scaler()), data(37)
    np.testing.assert_allclose(
        _fit.predict(model, rows.batch.inputs, 5), _fit.predict(model, rows.batch.inputs, 100), rtol=1e-6
    )


def test_one_cycle_ends_at_rest(tmp_path):
    rates = []
    model = task(scaler=scaler(), schedule="one-cycle")

    def note(epoch, error):
        rates.append(model.optimizers().param_groups[0]["lr"])

    fit(model, *loaders(), tmp_path, budget=BUDGET, tell=note)
    assert max(rates) > 50 * rates[-1]


class TestWithoutALoss:
    """The encoder alone is trained, by a contrast."""

    def contrast(self):
        part = RankNContrast().fit(LabelSpace.fit(data().batch.target.numpy()[:, 0]))
        torch.manual_seed(0)
        return RegressionTask(Encoder(), nn.Linear(8, 1), None, scaler=scaler(), regularizers=[part])

    def test_it_is_chosen_on_the_contrast(self, tmp_path):
        told, trained = [], self.contrast()
        before = weights(trained)
        score = fit(
            trained, *loaders(), tmp_path, budget=BUDGET, tell=lambda epoch, error: told.append(error)
        )
        assert score == pytest.approx(min(told))
        assert score < told[0]
        with torch.no_grad():
            batch = data(seed=1).batch
            again = trained.regularizers[0](trained.eval().encoder(*batch.inputs), batch.target)
        assert again.item() == pytest.approx(score, rel=1e-5)
        after = weights(trained)
        assert not torch.equal(after["encoder.layers.0.weight"], before["encoder.layers.0.weight"])

    def test_its_checkpoint_is_no_regressions(self, tmp_path):
        fit(self.contrast(), *loaders(), tmp_path, budget=BUDGET)
        with pytest.raises(CheckpointError, match=r"got another's \(it lacks loss\."):
            _fit.load_best(task(BMCLoss(), scaler=scaler()), tmp_path)

    def test_nothing_to_train_by(self):
        with pytest.raises(
            InputError, match="loss: expected a loss or regularizers to train by, got neither"
        ):
            RegressionTask(Encoder(), nn.Linear(8, 1), None)


def test_balanced_batches_are_others_in_every_epoch_and_the_same_after_a_cut(tmp_path):
    rows, seen = data(), []
    y = rows.batch.target.numpy()[:, 0]

    class Watch(pl.Callback):
        def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
            seen.append((trainer.current_epoch, batch_idx, batch.target.flatten().tolist()))

    def run(folder, tell=None):
        sampler = BalancedBatchSampler(LabelSpace.fit(y), y, 16, seed=1)
        trained = task(scaler=scaler())
        budget = Budget(4, 4, 0.0, trainer={**CPU, "callbacks": [Watch()]})
        fit(trained, memory_loader(rows, sampler), loaders()[1], folder, budget=budget, tell=tell)
        return weights(trained)

    straight = run(tmp_path / "straight")
    batches, seen[:] = {(epoch, i): rows for epoch, i, rows in seen}, []
    assert len(batches) == 16
    assert len({tuple(rows) for rows in batches.values()}) == 16
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "cut", tell=press_ctrl_c_after(3))
    seen.clear()
    found = run(tmp_path / "cut")
    assert min(seen)[:2] == (3, 0)  # between epochs; inside one only its own order can go on
    assert all(batches[epoch, i] == rows for epoch, i, rows in seen)
    assert all(torch.equal(found[name], straight[name]) for name in straight)
