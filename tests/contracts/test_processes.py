"""Two processes with unequal shards against one process with the joined batch: one spawn for every check.

The job runs without pytest's type checks, in a fresh interpreter that forks its two processes. A check is a
function of (rank, world) in JOB, run by both processes and, with world 1, by one on the joined rows; it
returns tensors, which must agree between the processes and with the lone one.
"""

import os
import subprocess
import sys

import pytest
import torch

from contracts.public_parts import HEADS, LOSSES, REGULARIZERS

JOB = '''
import os, sys, tempfile, warnings
import torch
from torch import nn
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
from evenreg._torch import gather_rows, own_rows, sum_over_processes
from evenreg.features import FDS
from evenreg.heads import LinearHead
from evenreg.labels import Bins, LabelSpace
from evenreg.losses import L1Loss
from evenreg.training import Batch, RegressionTask, TargetScaler
from contracts import public_parts as parts

warnings.filterwarnings("ignore", "You are trying to `self.log")  # no Trainer is there to log to
SPACE = LabelSpace.fit([0.5, 9.5], Bins.uniform(0, 10, 1))


def shard(rank, world, *tensors):
    """Five rows for the first process, the rest for the second; all for a lone one."""
    part = slice(None) if world == 1 else [slice(0, 5), slice(5, None)][rank]
    return [t[part] for t in tensors]


def data(n=12, seed=0):
    g = torch.Generator().manual_seed(seed)
    return torch.randn(n, 4, generator=g, dtype=torch.float64), torch.rand(n, generator=g, dtype=torch.float64) * 10


def wrapped(module, world):
    torch.manual_seed(0)
    for p in module.parameters():
        nn.init.normal_(p)
    return module if world == 1 else DistributedDataParallel(module)


def gathered(rank, world):
    """Pairs across processes, with DDP's mean of gradients; rows, labels and a shard of no rows."""
    x, y = data()
    x, y = shard(rank, world, x, y)
    model = wrapped(nn.Linear(4, 3).double(), world)
    z = gather_rows(model(x))
    labels = gather_rows(y)
    ids = gather_rows((10 * y).long())
    loss = (torch.cdist(z, z) * (labels[:, None] - labels).abs()).sum()
    loss.backward()
    none = gather_rows(x[: len(x) * (rank == 0)])
    own = own_rows(len(x))
    assert torch.equal(labels[own], y)
    found = [p.grad for p in model.parameters()]
    return [z.detach(), labels, ids, loss.detach(), *found, none[:5], sum_over_processes(y.sum())]


def run_fds(rank, world, **options):
    """Three epochs of a DDP-wrapped model that holds the FDS, of which DDP broadcasts the buffers."""

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder, self.head = nn.Linear(4, 3).double(), nn.Linear(3, 1).double()
            self.fds = FDS(start_update=0, start_smooth=1, **options).fit(SPACE)

        def forward(self, x, y):
            z = self.encoder(x).relu()
            if self.fds.statistics == "stream":
                self.fds.observe(z, y)
            return self.head(self.fds(z, y))

    model = wrapped(Model(), world)
    inner = model if world == 1 else model.module
    optimizer = torch.optim.SGD(model.parameters(), lr=0.002)
    for epoch in range(3):
        for step in range(2):
            x, y = shard(rank, world, *data(seed=2 * epoch + step))
            # A mean over all rows, though DDP takes the mean of unequal shards' means.
            loss = (model(x, y)[:, 0] - y).square().sum() / 12 * world
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if epoch == 0:
                inner.fds.join_processes()  # as for a checkpoint, and the run goes on
            if epoch == 1 and step == 0 and options.get("statistics") != "extra_pass":
                # A checkpoint in mid-epoch: written by the first process, loaded by all.
                inner.fds.join_processes()
                state = [inner.fds.state_dict()]
                if world > 1:
                    dist.broadcast_object_list(state)
                inner.fds.load_state_dict(state[0])
        if inner.fds.wants_extra_pass:
            with inner.fds.extra_pass(inner):
                for step in range(3 if rank else 2):  # numbers of batches differ
                    x, y = shard(rank, world, *data(seed=2 * epoch + min(step, 1)))
                    if step == 2:
                        x, y = x[:0], y[:0]
                    inner.fds.observe(inner.encoder(x).relu(), y)
        inner.fds.end_epoch()
    fds = inner.fds
    assert (fds.counts > 1).any() and not torch.equal(fds.running_mean, fds.smoothed_mean)
    tables = [fds.running_mean, fds.running_var, fds.smoothed_mean, fds.smoothed_var, fds.counts]
    return [*tables, *(p.detach() for p in model.parameters())]


class Step(nn.Module):
    """The task's own training step as the forward of what DDP wraps, as Lightning has it."""

    def __init__(self, task):
        super().__init__()
        self.task = task

    def forward(self, batch):
        return self.task.training_step(batch, 0)


def run_task(rank, world, loss=None, head=None, regularizers=("RankSim",)):
    """Three epochs of a whole task, with FDS between encoder and head; shards of 5 rows and 8, then of 12 and 1."""
    scaler = TargetScaler().fit(parts.SPACE.sample)
    space = LabelSpace.fit(scaler.standardize(parts.SPACE.sample)[:, 0], Bins.uniform(-2, 2, 0.25))
    torch.manual_seed(0)
    task = RegressionTask(
        nn.Sequential(nn.Linear(parts.INPUTS, parts.WIDTH), nn.ReLU()),
        (parts.make(head, parts.HEADS, parts.WIDTH) if head else LinearHead(parts.WIDTH)).fit(space),
        (parts.make(loss, parts.LOSSES) if loss else L1Loss()).fit(space),
        scaler=scaler,
        calibration=FDS(start_update=0, start_smooth=1).fit(parts.SPACE),
        regularizers=[parts.make(name, parts.REGULARIZERS).fit(parts.SPACE) for name in regularizers],
    ).double()
    model = Step(task) if world == 1 else DistributedDataParallel(Step(task))
    optimizer = torch.optim.SGD(task.parameters(), lr=0.01)
    losses, gradients = [], []
    for epoch in range(3):
        for step, cut in enumerate((5, 12)):
            x, y = parts.batch(13, 2 * epoch + step, torch.float64)
            rows = slice(None) if world == 1 else [slice(0, cut), slice(cut, None)][rank]
            weight = torch.linspace(0.5, 1.5, 13, dtype=torch.float64)
            value = model(Batch((x[rows],), y[rows], weight[rows], torch.zeros(13)[rows].long()))
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            losses.append(sum_over_processes(value) / world)
            gradients.append(torch.cat([g.flatten() for g in parts.gradients(task)]))
        task.calibration.end_epoch()
    assert gradients[0].any() and torch.stack(losses).unique().numel() == len(losses)
    fds = task.calibration
    tables = [fds.running_mean, fds.running_var, fds.smoothed_mean, fds.smoothed_var, fds.counts]
    return [*losses, *gradients, *tables, *(p.detach() for p in task.parameters())]


def tasks():
    """A check for each public class, among plain parts otherwise."""
    named = {name: {"loss": name} for name in parts.LOSSES} | {name: {"head": name} for name in parts.HEADS}
    named |= {name: {"regularizers": [name]} for name in parts.REGULARIZERS}
    named |= {"all regularizers": {"regularizers": list(parts.REGULARIZERS)}}
    return {
        f"task, {name}": lambda rank, world, options=options: run_task(rank, world, **options)
        for name, options in named.items()
    }


CHECKS = {
    "gather_rows": gathered,
    "fds": run_fds,
    "fds, extra pass": lambda rank, world: run_fds(rank, world, statistics="extra_pass"),
    "fds, full covariance": lambda rank, world: run_fds(rank, world, covariance="full"),
    **tasks(),
}


def process(rank, world, folder):
    if world > 1:
        dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=world)
    torch.save({name: check(rank, world) for name, check in CHECKS.items()}, f"{folder}/{world}-{rank}.pt")
    if world > 1:
        dist.destroy_process_group()


folder = sys.argv[1]
children = []
for rank, world in ((0, 2), (1, 2), (0, 1)):
    if (child := os.fork()) == 0:
        try:
            process(rank, world, folder)
            os._exit(0)
        except BaseException:
            import traceback
            traceback.print_exc()
            os._exit(1)
    children.append(child)
codes = [os.waitpid(child, 0)[1] for child in children]
sys.exit(any(codes))
'''

PUBLIC = [*LOSSES, *HEADS, *REGULARIZERS, "all regularizers"]
CHECKS = [
    "gather_rows",
    "fds",
    "fds, extra pass",
    "fds, full covariance",
    *(f"task, {name}" for name in PUBLIC),
]


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("processes")
    done = subprocess.run(
        [sys.executable, "-c", JOB, str(folder)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return {name: torch.load(folder / f"{name}.pt") for name in ("2-0", "2-1", "1-0")}


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="needs fork")
@pytest.mark.parametrize("check", CHECKS)
def test_two_processes_are_one_with_the_joined_batch(check, results):
    assert set(results["1-0"]) == set(CHECKS)
    first, second, lone = (results[name][check] for name in ("2-0", "2-1", "1-0"))
    for one, other, expected in zip(first, second, lone, strict=True):
        assert torch.equal(one, other)
        torch.testing.assert_close(one, expected, rtol=1e-9, atol=1e-9)
