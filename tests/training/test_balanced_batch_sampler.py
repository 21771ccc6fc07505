"""Balanced batches in one process and in two, in plain loaders and in Lightning."""

import json
import os
import socket
import subprocess
import sys
from copy import deepcopy
from inspect import unwrap
from pickle import dumps, loads

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.data import DataLoader, TensorDataset

from evenreg.errors import InputError, TargetError
from evenreg.labels import Bins, LabelSpace
from evenreg.training import BalancedBatchSampler

quick = settings(max_examples=30, deadline=None)
BINS = Bins.uniform(0, 10, 1)
SPACE = LabelSpace(BINS)
Y = np.random.default_rng(0).exponential(2, size=203).clip(0, 10)

# Each process draws batches by itself, then trains with both settings of use_distributed_sampler.
WORKER = """
import json, logging, sys, warnings
warnings.filterwarnings("ignore")
import lightning.pytorch as pl
import numpy as np
import torch
from torch.utils.data import DataLoader, TensorDataset
from evenreg.labels import Bins, LabelSpace
from evenreg.training import BalancedBatchSampler

logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
y = np.array(json.load(sys.stdin))
torch.distributed.init_process_group("gloo")

def sampler():
    return BalancedBatchSampler(LabelSpace(Bins.uniform(0, 10, 1)), y, 12, seed=3)

class Model(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer, self.seen = torch.nn.Linear(1, 1), [[], []]
    def training_step(self, batch):
        self.seen[self.current_epoch].append(batch[0].tolist())
        return self.layer(batch[0].float()[:, None]).mean()
    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.0)

def trained(flag):
    model = Model()
    loader = DataLoader(TensorDataset(torch.arange(len(y))), batch_sampler=sampler())
    trainer = pl.Trainer(
        accelerator="cpu", devices=2, strategy="ddp", max_epochs=2, use_distributed_sampler=flag, logger=False,
        enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
    )
    trainer.fit(model, loader)
    return model.seen

plain = sampler()
found = {"length": len(plain), "plain": []}
for epoch in (0, 1):
    plain.set_epoch(epoch)
    found["plain"].append(list(plain))
found["lightning"] = {str(flag): trained(flag) for flag in (True, False)}
print("found:" + json.dumps(found))
"""


def sampler(y=Y, size=24, **kwargs):
    return BalancedBatchSampler(SPACE, y, size, **kwargs)


def batches(epoch=0, **kwargs):
    drawn = sampler(**kwargs)
    drawn.set_epoch(epoch)
    return list(drawn)


@pytest.fixture(scope="module")
def two_processes():
    """What each of two processes that share the work saw."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"}
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
        )
        for rank in range(2)
    ]
    for worker in workers:
        worker.stdin.write(json.dumps(Y.tolist()))
        worker.stdin.close()
        worker.stdin = None
    said = [worker.communicate(timeout=240) for worker in workers]
    assert not any(worker.returncode for worker in workers), said[0][1][-2000:] + said[1][1][-2000:]
    return [json.loads(out.split("found:")[1]) for out, _ in said]


class TestBatches:
    @quick
    @given(size=st.integers(1, 60), seed=st.integers(0, 5), epoch=st.integers(0, 3))
    def test_every_populated_bin_comes_equally_often(self, size, seed, epoch):
        populated = np.unique(BINS.index(Y))
        drawn = np.array(batches(size=size, seed=seed, epoch=epoch))
        assert drawn.shape == (-(-len(Y) // size), size)
        counts = np.array([np.bincount(BINS.index(Y[batch]), minlength=10)[populated] for batch in drawn])
        assert np.ptp(counts, axis=1).max() <= 1
        assert np.ptp(counts.sum(axis=0)) <= 1

    def test_seed_and_epoch_decide_and_the_global_generators_stand_still(self):
        torch.manual_seed(1)
        np.random.seed(1)  # noqa: NPY002
        before = torch.get_rng_state(), np.random.get_state()[1]  # noqa: NPY002
        assert batches(seed=1) == batches(seed=1) != batches(seed=2)
        assert batches(epoch=4) == batches(epoch=4) != batches(epoch=5)
        assert torch.equal(before[0], torch.get_rng_state())
        assert np.array_equal(before[1], np.random.get_state()[1])  # noqa: NPY002

    def test_an_epoch_cut_short_goes_on_with_the_same_batches(self):
        begun = sampler()
        begun.set_epoch(2)
        iterator = iter(begun)
        first = [next(iterator) for _ in range(3)]
        resumed = loads(dumps(begun))
        assert first == list(resumed)[:3]
        assert list(iterator) == list(resumed)[3:] == list(deepcopy(begun))[3:]

    def test_a_plain_loader_with_workers_gives_the_same_rows(self):
        loader = DataLoader(TensorDataset(torch.arange(len(Y))), batch_sampler=sampler(), num_workers=2)
        assert len(loader) == len(sampler())
        assert [batch.tolist() for (batch,) in loader] == batches()

    def test_places_in_a_batch_say_nothing_about_the_label(self):
        rows = np.array(batches(batches=400, size=10))
        assert abs(np.corrcoef(np.arange(10), Y[rows].mean(axis=0))[0, 1]) < 0.9
        means = Y[rows].mean(axis=0)
        assert np.ptp(means) < 8 * Y[rows].std() / np.sqrt(400)

    def test_number_of_batches_is_an_argument(self):
        assert len(batches(batches=3)) == len(sampler(batches=3)) == 3
        assert len(batches(y=[1.0], size=5)[0]) == 5

    def test_bins_come_from_the_space_and_labels_outside_clamp(self):
        space = LabelSpace.fit([0.0, 1.0], Bins([0, 1, 2]))
        drawn = list(BalancedBatchSampler(space, [-5.0, 0.5, 7.0, 1.5], 4))
        assert all(sorted(batch) == [0, 1, 2, 3] for batch in drawn)

    def test_labels_of_several_dimensions_by_their_coordinate(self):
        y = np.random.default_rng(1).normal(size=(60, 2))
        space = LabelSpace.fit(y, coordinate=lambda rows: np.abs(rows).sum(axis=1))
        drawn = next(iter(BalancedBatchSampler(space, y, 20)))
        assert np.ptp(np.bincount(space.index(y[drawn]))[np.unique(space.index(y))]) <= 1

    def test_evens_out_an_imbalance_of_a_thousand_to_one(self):
        y = np.repeat([0.5, 9.5], [5000, 5])
        rows = np.concatenate(batches(y=y, size=50))
        assert np.bincount(rows >= 5000).tolist() == [2525, 2525]
        assert len(np.unique(rows[rows < 5000])) == 2525  # no common row twice while others wait
        assert np.ptp(np.bincount(rows[rows >= 5000])[5000:]) <= 1


class TestShards:
    @quick
    @given(size=st.integers(1, 12), replicas=st.integers(1, 4), epoch=st.integers(0, 3))
    def test_together_they_are_the_batches_of_one_process(self, size, replicas, epoch):
        whole = batches(size=size * replicas, epoch=epoch)
        parts = [batches(size=size, num_replicas=replicas, rank=r, epoch=epoch) for r in range(replicas)]
        assert {len(part) for part in parts} == {len(whole)}
        for i, batch in enumerate(whole):
            assert sorted(batch) == sorted(row for part in parts for row in part[i])
            assert all(len(part[i]) == size for part in parts)

    def test_every_part_is_balanced_and_holds_all_bins_in_turn(self):
        for rank in range(3):
            part = np.array(batches(size=7, num_replicas=3, rank=rank, batches=60))
            counts = np.array([np.bincount(BINS.index(Y[batch]), minlength=10) for batch in part])
            assert np.ptp(counts, axis=1).max() <= 1
            assert np.ptp(counts.sum(axis=0)) < 30

    def test_no_row_on_two_processes_where_bins_are_large_enough(self):
        y = np.repeat(np.arange(10) + 0.5, 6)
        parts = [batches(y=y, size=30, num_replicas=2, rank=r, epoch=1) for r in range(2)]
        for one, other in zip(*parts, strict=True):
            assert not set(one) & set(other)

    def test_two_real_processes_share_the_batches_of_one(self, two_processes):
        for epoch in (0, 1):
            whole = batches(seed=3, epoch=epoch)
            assert [found["length"] for found in two_processes] == [len(whole)] * 2
            for batch, one, other in zip(
                whole, *(found["plain"][epoch] for found in two_processes), strict=True
            ):
                assert len(one) == len(other) == 12
                assert sorted(batch) == sorted(one + other)

    @pytest.mark.parametrize("flag", ["True", "False"])
    def test_lightning_trains_on_these_batches_whatever_it_does_to_samplers(self, two_processes, flag):
        for found in two_processes:
            assert found["lightning"][flag] == found["plain"]


class TestSentences:
    @pytest.mark.parametrize(
        ("make", "text"),
        [
            (
                lambda: unwrap(BalancedBatchSampler.__init__)(object.__new__(BalancedBatchSampler), Y, Y, 4),
                "space: expected a LabelSpace, got ndarray; fit one",
            ),
            (lambda: sampler(size=0), "batch_size: expected a whole number of at least 1, got 0"),
            (lambda: sampler(batches=0), "batches: expected a whole number of at least 1, got 0"),
            (lambda: sampler(seed=-1), "seed: expected a whole number of at least 0, got -1"),
            (
                lambda: sampler(rank=0),
                "num_replicas, rank: expected both or neither, got None and 0; leave both",
            ),
            (lambda: sampler(num_replicas=2, rank=2), "rank: expected a whole number from 0 to 1, got 2"),
            (lambda: sampler().set_epoch(-1), "epoch: expected a whole number of at least 0, got -1"),
        ],
    )
    def test_refuses(self, make, text):
        with pytest.raises(InputError, match=text):
            make()

    def test_refuses_bad_labels(self):
        with pytest.raises(TargetError, match="y: expected finite numbers, got NaN or infinity in 1 of 2"):
            sampler(y=[1.0, np.nan])
        with pytest.raises(TargetError, match="y: expected at least one label, got none"):
            sampler(y=[])
