"""What every contrast keeps: shapes, precisions, few and bad rows, several processes, compiled steps."""

import copy
import subprocess
import sys

import pytest
import torch

from evenreg.errors import InputError, ShapeError, TargetError
from evenreg.features import ConR, GroupContrast, RankNContrast
from evenreg.features._contrast_batch import joined_batch, label_distance
from evenreg.labels import LabelSpace

KINDS = [RankNContrast, GroupContrast, ConR]
every_contrast = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


def make(kind, **options):
    options |= {"n": None} if kind is GroupContrast else {}
    options |= {"window": 1.0} if kind is ConR else {}
    return kind(**options)


def batch(n=12, seed=0):
    """Features, labels, predictions; whole-number labels, so that group numbers are the same."""
    generator = torch.Generator().manual_seed(seed)
    z, y = torch.randn(n, 5, generator=generator), torch.randint(0, 5, (n,), generator=generator).float()
    return z, y, y + 2 * torch.randn(n, generator=generator)


def run(part, z, y, p, scale=1.0):
    """Value and gradient; predictions only to the part that wants them."""
    z = z.detach().clone().requires_grad_()
    value = part(z, y, p) if part.needs_prediction else part(z, y)
    (scale * value).backward()
    assert z.grad is not None
    return value, z.grad


def same(one, other, tolerance=1e-6):
    for a, b in zip(one, other, strict=True):
        torch.testing.assert_close(a.double(), b.double(), rtol=tolerance, atol=tolerance)


# ------------------------------------------------------------------------------------------- shapes and precisions


@every_contrast
def test_the_shape_of_labels_and_features_is_free(kind):
    part, (z, y, p) = make(kind), batch()
    expected = run(part, z, y, p)
    assert expected[0].shape == ()
    same(run(part, z, y[:, None], p[:, None]), expected)
    value, gradient = run(part, torch.cat([z, z], 1).view(12, 2, 5, 1), y, p)
    same((value, gradient.flatten(1)), run(part, torch.cat([z, z], 1), y, p))


@every_contrast
@pytest.mark.parametrize("dtype", [torch.int64, torch.int32, torch.uint8, torch.float64, torch.bfloat16])
def test_the_dtype_of_labels_is_free(kind, dtype):
    part, (z, y, p) = make(kind), batch()
    same(run(part, z, y.to(dtype), p), run(part, z, y, p))


@every_contrast
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_computed_in_float32(kind, dtype):
    part, (z, y, p) = make(kind), batch()
    value, gradient = run(part, z.to(dtype), y, p)
    assert (value.dtype, gradient.dtype) == (torch.float32, dtype)
    expected = run(part, z.to(dtype).float(), y, p)
    same((value, gradient), (expected[0], expected[1].to(dtype)))
    with torch.autocast("cpu", dtype=dtype):
        same(run(part, z.to(dtype).float(), y, p), expected)


@every_contrast
def test_float64_stays_float64(kind):
    part, (z, y, p) = make(kind), batch()
    value, gradient = run(part, z.double(), y, p)
    assert (value.dtype, gradient.dtype) == (torch.float64, torch.float64)
    same((value, gradient), run(part, z, y, p), 1e-5)


@every_contrast
def test_a_scaled_loss_scales_the_gradient_exactly(kind):
    part, (z, y, p) = make(kind), batch()
    assert torch.equal(run(part, z, y, p, scale=65536.0)[1], 65536 * run(part, z, y, p)[1])


@every_contrast
def test_its_weight_is_inside(kind):
    z, y, p = batch()
    one, three, none = (run(make(kind, weight=w), z, y, p) for w in (1.0, 3.0, 0.0))
    same([3 * t for t in one], three)
    assert none[0] == 0
    assert not none[1].any()
    assert one[1].any(1).all()


@every_contrast
def test_it_is_driven_like_every_part(kind):
    part = make(kind)
    assert part.needs_prediction == (kind is ConR)
    assert part.fit(LabelSpace.fit(range(60))) is part
    assert repr(part).startswith(f"{kind.__name__}(")
    assert "weight=" in repr(part)
    assert "temperature=" in repr(part)
    assert not list(part.parameters())
    z, y, p = batch()
    other = copy.deepcopy(part)
    other.load_state_dict(part.state_dict())
    assert run(other, z, y, p)[0] == run(part, z, y, p)[0]


@every_contrast
def test_inputs_are_left_as_they_are(kind):
    z, y, p = batch()
    before = [t.clone() for t in (z, y, p)]
    run(make(kind), z, y, p)
    assert all(torch.equal(a, b) for a, b in zip(before, (z, y, p), strict=True))


# ---------------------------------------------------------------------------------------------- few and bad rows


@every_contrast
@pytest.mark.parametrize("n", [0, 1])
def test_no_pair_gives_zero_with_a_gradient_path(kind, n):
    value, gradient = run(make(kind), *batch(n))
    assert value == 0
    assert gradient.shape == (n, 5)
    assert not gradient.any()


@every_contrast
@pytest.mark.parametrize("collapsed", [0.0, 1.0])
def test_equal_features_and_one_label_are_finite(kind, collapsed):
    z, y, p = batch()
    for features, target in ((torch.full_like(z, collapsed), y), (z, torch.ones_like(y))):
        value, gradient = run(make(kind), features, target, p)
        assert value.isfinite()
        assert gradient.isfinite().all()


@every_contrast
@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_nan_is_named(kind, bad):
    part = make(kind)
    for name, error, text in (
        ("features", InputError, r"look for them in the inputs, or lower the learning rate"),
        ("target", TargetError, r"drop or fill them first"),
        ("prediction", InputError, r"look for them in the inputs, or lower the learning rate"),
    ):
        if name == "prediction" and not part.needs_prediction:
            continue
        given = dict(zip(("features", "target", "prediction"), batch(), strict=True))
        given[name][[2, 7]] = bad
        with pytest.raises(
            error,
            match=rf"{name}: expected finite numbers, got NaN or infinity in 2 of 12 \(rows 2 and 7, counted from "
            rf"0\); {text}\.",
        ):
            run(part, *given.values())


@every_contrast
@pytest.mark.parametrize("place", [0, 1, 2])
def test_nan_is_not_hidden_where_it_is_not_asked_for(kind, place, monkeypatch):
    """As on an accelerator, where asking would wait for the device."""
    part, given = make(kind), [t.clone() for t in batch()]
    if place == 2 and not part.needs_prediction:
        return
    monkeypatch.setattr("evenreg._check.finite_rows", lambda *_: None)
    given[place][3] = torch.nan
    assert run(part, *given)[0].isnan()


@every_contrast
def test_what_does_not_go_together_is_refused(kind):
    part, (z, y, p) = make(kind), batch()
    with pytest.raises(
        ShapeError, match=r"expected the same number of rows everywhere, got 11 of features and 12 of target"
    ):
        run(part, z[:11], y, p)
    with pytest.raises(
        ShapeError,
        match=r"features: expected shape \(batch, features\), got \(12,\); give one row of features a sample",
    ):
        run(part, z[:, 0], y, p)
    maps = torch.zeros(12, 2, 2)
    with pytest.raises(
        ShapeError,
        match=r"target: expected shape \(batch, out\), got \(12, 2, 2\); give one row of labels a row of features",
    ):
        run(part, z, maps, maps)


@every_contrast
def test_arguments_that_are_refused(kind):
    for value in (0, -1.0):
        with pytest.raises(InputError, match=rf"temperature: expected a number above 0, got {value}\."):
            make(kind, temperature=value)
    with pytest.raises(InputError, match=r"weight: expected a number of at least 0, got -1\."):
        make(kind, weight=-1)


def test_labels_of_several_dimensions_are_apart_by_their_sum():
    y = torch.tensor([[0.0, 0.0], [1.0, -2.0]])
    assert label_distance(y)[0].tolist() == [[0, 3], [3, 0]]
    assert label_distance(torch.zeros(0, 1))[0].shape == (0, 0)


def test_labels_carry_no_gradient():
    z, y, _ = batch()
    joined, labels, nothing = joined_batch(z.requires_grad_(), target=y.requires_grad_())
    assert joined.requires_grad
    assert nothing.requires_grad
    assert nothing == 0
    assert not labels["target"].requires_grad


# ------------------------------------------------------------------------------------------ processes and compiling

JOB = '''
import os, sys, tempfile
import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from evenreg.features import ConR, GroupContrast, RankNContrast
from evenreg.labels import LabelSpace

assert not hasattr(ConR.forward, "__wrapped__"), "types are checked: torch.compile cannot see through"
PARTS = [
    RankNContrast(), RankNContrast(weight=2.0), GroupContrast(None),
    GroupContrast(3, 0.3, similarity="cosine").fit(LabelSpace.fit(range(5))), ConR(1.0),
]


def data(seed):
    g = torch.Generator().manual_seed(seed)
    x, y = torch.randn(13, 4, generator=g), torch.randint(0, 5, (13, 1), generator=g).float()
    return x.double(), y.double(), (y + 2 * torch.randn(13, 1, generator=g)).double()


def call(part, z, y, p):
    return part(z, y, p) if part.needs_prediction else part(z, y)


def train(part, rank, world):
    """Three epochs of a DDP-wrapped encoder; shards of 9 rows and 4, then of 12 and 1."""
    torch.manual_seed(0)
    encoder = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)).double()
    model = encoder if world == 1 else DistributedDataParallel(encoder)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    values = []
    for epoch in range(3):
        for step, cut in enumerate((9, 12)):
            rows = slice(None) if world == 1 else [slice(0, cut), slice(cut, None)][rank]
            x, y, p = (t[rows] for t in data(2 * epoch + step))
            value = call(part, model(x), y, p)
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            values.append(value.detach())
    return [torch.stack(values), *(q.detach() for q in model.parameters())]


def process(rank, world, folder):
    if world > 1:
        dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=world)
    torch.save([train(part, rank, world) for part in PARTS], f"{folder}/{world}-{rank}.pt")
    if world > 1:
        dist.destroy_process_group()


def compiled():
    """A whole step, encoder, head and contrast, in one graph; a NaN in it comes out."""
    for part in PARTS[2:] + PARTS[:1]:
        torch._dynamo.reset()
        torch.manual_seed(0)
        encoder, head = nn.Linear(4, 8), nn.Linear(8, 1)

        def step(x, y):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                z = encoder(x).relu()
                p = head(z)
            return (p - y).abs().mean() + call(part, z, y, p)

        x, y, _ = (t.float() for t in data(0))
        found = []
        for function in (step, torch.compile(step, fullgraph=True, backend="aot_eager")):
            encoder.zero_grad()
            value = function(x, y)
            value.backward()
            found += [value.detach(), encoder.weight.grad.clone()]
        torch.testing.assert_close(found[2:], found[:2], rtol=1e-4, atol=1e-6)
        assert function(x.fill_(torch.nan), y).isnan(), part


folder, children = sys.argv[1], []
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
compiled()
print("compiled")
sys.exit(any([os.waitpid(child, 0)[1] for child in children]))
'''


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    """In processes of their own: the hook that checks types under pytest breaks torch.compile."""
    folder = tmp_path_factory.mktemp("contrast")
    done = subprocess.run(
        [sys.executable, "-c", JOB, str(folder)], capture_output=True, text=True, timeout=300, check=False
    )
    return folder, done


def test_a_compiled_step_is_one_graph_with_the_same_value_and_gradient(job):
    assert job[1].stdout == "compiled\n", job[1].stderr[-4000:]


def test_two_processes_are_one_with_the_joined_batch(job):
    folder, done = job
    assert done.returncode == 0, done.stderr[-4000:]
    first, second, lone = (torch.load(folder / f"{name}.pt") for name in ("2-0", "2-1", "1-0"))
    assert len(lone) == 5
    for one, other, expected in zip(first, second, lone, strict=True):
        assert expected[0].unique().numel() == 6
        for a, b, c in zip(one, other, expected, strict=True):
            assert torch.equal(a, b)
            torch.testing.assert_close(a, c, rtol=1e-9, atol=1e-9)
