"""`torch.compile` of whole training steps without a graph break: one spawn, without pytest's type checks.

A check is an object of CHECKS in JOB: a function that makes a step and the end of an epoch from a compiler.
It is run eagerly and compiled, and must give the same losses from no more graphs than its states; where its
batches are ragged, the last of each epoch has another number of rows, for all of which one more graph must do.
"""

import json
import os
import subprocess
import sys

import pytest

from contracts.public_parts import HEADS, LOSSES, REGULARIZERS

JOB = """
import json, traceback
import torch
from torch import nn
from torch._dynamo.testing import CompileCounterWithBackend
from evenreg._torch import BinIndex, float32_island, gather_rows
from evenreg.features import FDS
from evenreg.heads import ClassifierHead, GroupHead, LinearHead
from evenreg.labels import Bins, LabelSpace
from evenreg.losses import BMCLoss, BNILoss, GAILoss, L1Loss
from contracts import public_parts as parts

BINS = Bins.uniform(0, 5, 0.1)
Y = torch.rand(4, 32, generator=torch.Generator().manual_seed(0)) * 5
X = torch.randn(4, 32, 8, generator=torch.Generator().manual_seed(1))


def losses_of(make, compiler, ragged=False):
    torch.manual_seed(0)
    encoder, head = nn.Linear(8, 6), nn.Linear(6, 1)
    optimizer = torch.optim.SGD([*encoder.parameters(), *head.parameters()], lr=0.01)
    step, end_epoch = make(encoder, head)
    step, losses = compiler(step), []
    for epoch in range(6):
        for number, (x, y) in enumerate(zip(X, Y)):
            rows = 20 + epoch if ragged and number == 3 else 32
            loss = step(x[:rows], y[:rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        end_epoch()
    return losses


def fds(pixels=False, autocast=False, **options):
    def make(encoder, head):
        part = FDS(**options).fit(LabelSpace.fit([1, 4], BINS))
        def step(x, y):
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
                z = encoder(x).relu()
                if pixels:
                    z, labels = z.view(4, 8, 6).movedim(1, 2), y.view(4, 1, 8)
                    part.observe(z, labels)
                    z = part(z, labels).movedim(1, 2).reshape(32, 6)
                else:
                    part.observe(z, y)
                    z = part(z, y)
                return (head(z)[:, 0].float() - y).square().mean()
        return step, part.end_epoch
    return make


def bin_index(encoder, head):
    index, table = BinIndex(BINS), torch.arange(51.0) / 100
    def step(x, y):
        by = table[index(y)] + table[index(y.double())] + table[index(y.bfloat16())]
        with float32_island():
            z = gather_rows(encoder(x))
        return (by * (head(z)[:, 0] - y).square()).mean()
    return step, lambda: None


def with_head(kind, autocast=False, **options):
    def make(encoder, _):
        part, cost = kind(6, **options).fit(LabelSpace.fit(Y.flatten(), BINS)), L1Loss()
        def step(x, y):
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
                prediction = part(encoder(x).relu())
                loss = part.loss(prediction, y[:, None], y / 2, cost=cost)
            return loss + 0 * prediction.value.mean()
        return step, lambda: None
    return make


def with_loss(part, autocast=False):
    # A learned noise scale moves.
    def make(encoder, head):
        part.load_state_dict(START[part])
        noise = part.noise_parameters()
        step_noise = torch.optim.SGD(noise, lr=1e-4).step if noise else lambda: None
        def step(x, y):
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
                prediction = head(encoder(x).relu())
                return part(prediction, y[:, None], y / 2)
        def end_epoch():
            step_noise()
            part.zero_grad()
        return step, end_epoch
    START[part] = {name: value.clone() for name, value in part.state_dict().items()}
    return make


def with_regularizer(part):
    def make(encoder, head):
        def step(x, y):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                z = encoder(x).relu()
                prediction = head(z)
                needed = [prediction] if part.needs_prediction else []
                return (prediction.float() - y[:, None]).abs().mean() + part(z, y[:, None], *needed) / 10
        return step, lambda: None
    return make


START, Y_SPACE = {}, LabelSpace.fit(Y.flatten(), BINS)
# Two graphs, for 32 rows and for any number; a learned noise scale has the first one traced twice.
LOSSES = {name: (with_loss(kind().fit(Y_SPACE), True), 3, True) for name, kind in parts.LOSSES.items()}
LOSSES["BMCLoss, negatives"] = (with_loss(BMCLoss(negatives=5)), 3, True)
LOSSES["BNILoss, centers"] = (with_loss(BNILoss(integration="centers").fit(Y_SPACE)), 3, True)
REGULARIZERS = {
    name: (with_regularizer(parts.make(name, parts.REGULARIZERS).fit(Y_SPACE)), 2, True)
    for name in parts.REGULARIZERS
}

# Graphs: for the first batch, which gives the width, before FDS observes, while it does, once it calibrates.
CHECKS = {
    "bin index": (bin_index, 1),
    "fds": (fds(), 4),
    "fds, maps": (fds(pixels=True), 4),
    "fds, autocast": (fds(autocast=True), 4),
    "fds, width given": (fds(feature_dim=6, start_update=0, start_smooth=1), 3, True),
    "fds, full covariance": (fds(covariance="full"), 4),
    "linear head": (with_head(LinearHead), 2, True),
    "group head": (with_head(GroupHead), 2, True),
    "group head, soft, autocast": (with_head(GroupHead, True, routing="soft", target="la"), 2, True),
    "classifier head": (with_head(ClassifierHead, bins=50, decode="expectation"), 2, True),
    **LOSSES,
    **REGULARIZERS,
}

found = {}
for name, (make, graphs, *ragged) in CHECKS.items():
    torch._dynamo.reset()
    counter = CompileCounterWithBackend("aot_eager")
    try:
        eager = losses_of(make, lambda step: step, *ragged)
        compiled = losses_of(make, lambda step: torch.compile(step, backend=counter, fullgraph=True), *ragged)
        found[name] = {"eager": eager, "compiled": compiled, "graphs": counter.frame_count, "most": graphs}
    except BaseException:
        found[name] = traceback.format_exc()
print(json.dumps(found))
"""

CHECKS = [
    "bin index",
    "fds",
    "fds, maps",
    "fds, autocast",
    "fds, width given",
    "fds, full covariance",
    "linear head",
    "group head",
    "group head, soft, autocast",
    "classifier head",
    *LOSSES,
    "BMCLoss, negatives",
    "BNILoss, centers",
    *REGULARIZERS,
]


@pytest.fixture(scope="module")
def results():
    done = subprocess.run(
        [sys.executable, "-c", JOB],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("check", CHECKS)
def test_a_step_compiles_into_one_graph(check, results):
    assert set(results) == set(CHECKS)
    found = results[check]
    assert not isinstance(found, str), found
    assert found["compiled"] == pytest.approx(found["eager"], rel=1e-5)
    assert 1 <= found["graphs"] <= found["most"]


def test_every_public_head_is_compiled():
    """Losses and regularizers are compiled by their class, heads by the names above."""
    assert set(HEADS) == {"LinearHead", "GroupHead", "ClassifierHead"}
