"""Curves: what was logged at the end of each epoch, remembered across a cut."""

import lightning.pytorch as pl
import pytest
import torch
from torch import nn

from evenreg.features import RankNContrast
from evenreg.heads import GroupHead
from evenreg.labels import LabelSpace
from evenreg.losses import L1Loss
from evenreg.training import Budget, RegressionTask, Rows, TargetScaler, fit, memory_loader
from evenreg.training._curves import Curves

X = torch.randn(50, 2, generator=torch.Generator().manual_seed(0))
Y = (10 + 3 * X[:, :1]).double()


def task(regularizers=()):
    torch.manual_seed(0)
    scaler = TargetScaler().fit(Y.numpy()[:, 0])
    space = LabelSpace.fit(scaler.standardize(Y.numpy()[:, 0]))
    head = GroupHead(8, 2).fit(space)
    encoder = nn.Sequential(nn.Linear(2, 8), nn.ReLU())
    return RegressionTask(
        encoder, head, L1Loss(), scaler=scaler, regularizers=regularizers, learning_rate=1e-2
    )


def fitted(folder, *callbacks, curves, epochs=4, regularizers=()):
    rows = Rows((X,), Y, torch.ones(50), torch.zeros(50, dtype=torch.long))
    trainer = {"accelerator": "cpu", "devices": 1, "callbacks": [curves, *callbacks]}
    train, validation = memory_loader(rows, 16, shuffle=True, seed=1), memory_loader(rows, 50)
    part = task(regularizers)
    fit(part, train, validation, folder, budget=Budget(epochs, epochs, 0.0, trainer))
    return part


class Means(pl.Callback):
    """The means of an epoch by hand, batches weighed by their rows."""

    def __init__(self):
        self.means, self.sums, self.rows = [], {}, 0

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        rows = len(batch.target)
        with torch.no_grad():
            prediction = pl_module.predicted(pl_module.encoder(*batch.inputs))
            scaled = pl_module.scaler(batch.target)
            terms = pl_module.head.terms(prediction, scaled, batch.weight, cost=pl_module.loss)
            told = {f"{name}_loss": term for name, term in terms.items()}
            told["train_loss"] = pl_module.head.total(terms)
            told["train_mae"] = (pl_module.scaler.inverse(prediction.value) - batch.target).abs().mean()
            for part in pl_module.regularizers:
                told["RankNContrast_loss"] = part(pl_module.encoder(*batch.inputs), batch.target)
        for name, value in told.items():
            self.sums[name] = self.sums.get(name, 0.0) + rows * value.item()
        self.rows += rows

    def on_train_epoch_end(self, trainer, pl_module):
        self.means.append({name: value / self.rows for name, value in self.sums.items()})
        self.sums, self.rows = {}, 0


def test_every_number_is_the_mean_of_its_epoch(tmp_path):
    curves, means = Curves(), Means()
    contrast = RankNContrast().fit(LabelSpace.fit(Y.numpy()[:, 0]))
    fitted(tmp_path, means, curves=curves, regularizers=[contrast])
    assert [row["epoch"] for row in curves.rows] == [1, 2, 3, 4]
    for row, mean in zip(curves.rows, means.means, strict=True):
        assert len(mean) == 5
        for name, value in mean.items():
            assert row[name] == pytest.approx(value, rel=1e-5), name
        assert all(type(value) in (int, float) for value in row.values())


def test_validation_is_that_of_the_same_epoch(tmp_path):
    told, curves = [], Curves()

    class Validation(pl.Callback):
        def on_validation_end(self, trainer, pl_module):
            with torch.no_grad():
                told.append((pl_module(X) - Y).abs().mean().item())

    fitted(tmp_path, Validation(), curves=curves)
    assert [row["val_mae"] for row in curves.rows] == pytest.approx(told, rel=1e-5)
    assert len(set(told)) == 4


class Cut(pl.Callback):
    def __init__(self, epoch, batch):
        self.at = epoch, batch

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        if (trainer.current_epoch, batch_idx) == self.at:
            raise RuntimeError("power cut")


@pytest.mark.parametrize(("batch", "differing"), [(0, []), (2, [3])])
def test_a_cut_run_remembers_the_epochs_before(batch, differing, tmp_path):
    """Only the epoch that was cut inside, after a checkpoint inside it, has the training means of its rest."""
    straight, cut, resumed = Curves(), Curves(), Curves()
    fitted(tmp_path / "straight", curves=straight)
    with pytest.raises(RuntimeError, match="power cut"):
        fitted(tmp_path / "cut", Cut(2, batch), curves=cut)
    assert cut.rows == straight.rows[:2]
    fitted(tmp_path / "cut", curves=resumed)
    assert [a["epoch"] for a, b in zip(resumed.rows, straight.rows, strict=True) if a != b] == differing
    for mine, theirs in zip(resumed.rows, straight.rows, strict=True):
        assert all(mine[name] == value for name, value in theirs.items() if name.startswith("val"))


def test_state_is_plain():
    curves = Curves()
    curves.rows = [{"epoch": 1, "val_bmae": 2.0}]
    again = Curves()
    again.load_state_dict(curves.state_dict())
    again.rows.append({"epoch": 2, "val_bmae": 1.0})
    assert curves.rows == [{"epoch": 1, "val_bmae": 2.0}]
