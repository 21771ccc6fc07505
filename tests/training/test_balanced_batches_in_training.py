"""A balanced sampler under the task: it trains, and whoever corrects twice is told."""

import warnings

import lightning.pytorch as pl
import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader

from evenreg.labels import LabelSpace
from evenreg.losses import BMCLoss, L1Loss
from evenreg.training import BalancedBatchSampler, Batch, RegressionTask, Rows, memory_loader


def by_row(y, weight, sampler):
    rows = [
        Batch((torch.randn(2),), torch.tensor([label]), torch.tensor(w), torch.tensor(int(label)))
        for label, w in zip(y, weight, strict=True)
    ]
    return DataLoader(rows, batch_sampler=sampler)


def by_batch(y, weight, sampler):
    labels, inputs = torch.from_numpy(y), (torch.randn(len(y), 2),)
    return memory_loader(Rows(inputs, labels[:, None], torch.tensor(weight), labels.long()), sampler)


def trained(loss, weight, loader):
    """One epoch on rows of which nine in ten have the label 0; the share of each label that the task saw."""
    y = np.repeat([0.0, 1.0], [90, 10])
    seen = []

    class Encoder(nn.Module):
        def forward(self, x):
            return x

    class Task(pl.Callback):
        def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
            seen.append(float(Batch(*batch).target.mean()))

    sampler = BalancedBatchSampler(LabelSpace.fit(y), y, batch_size=10)
    task = RegressionTask(Encoder(), nn.Linear(2, 1), loss)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="lightning|torch")
        pl.Trainer(
            max_epochs=1, accelerator="cpu", devices=1, logger=False, enable_checkpointing=False,
            enable_progress_bar=False, enable_model_summary=False, callbacks=[Task()],
        ).fit(task, loader(y, weight, sampler))  # fmt: skip
    return seen


@pytest.mark.parametrize("loader", [by_row, by_batch])
def test_equal_weights_train_quietly_on_even_labels(loader):
    assert trained(L1Loss(), [1.0] * 100, loader) == [0.5] * 10


@pytest.mark.parametrize("loader", [by_row, by_batch])
@pytest.mark.parametrize(
    ("loss", "weight", "what"),
    [(L1Loss(), [0.5] * 90 + [5.5] * 10, "loss weights"), (BMCLoss(), [1.0] * 100, "BMCLoss")],
)
def test_correcting_twice_is_told_once(loss, weight, what, loader):
    with pytest.warns(
        UserWarning, match=f"already correct for the label distribution, {what} beside them"
    ) as told:
        trained(loss, weight, loader)
    assert len([w for w in told if "corrects twice" in str(w.message)]) == 1
