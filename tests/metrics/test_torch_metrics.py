"""The torchmetrics classes against the NumPy functions, over batches, shards and state dicts."""

import subprocess
import sys

import jaxtyping
import numpy as np
import pytest
import torch

from evenreg import metrics
from evenreg.errors import InputError, ShapeError
from evenreg.metrics import BalancedMAE, GeometricMeanError


def draw(n=101, d=2, seed=0):
    g = torch.Generator().manual_seed(seed)
    t = torch.randn(n, d, generator=g)
    return t, t + torch.randn(n, d, generator=g), torch.randint(0, 7, (n,), generator=g)


@pytest.mark.parametrize("d", [1, 3])
def test_batches_equal_the_functions_on_all_rows(d):
    t, p, i = draw(d=d)
    b, g = BalancedMAE(9), GeometricMeanError()
    for part in torch.arange(len(t)).split(8):
        b.update(p[part], t[part], i[part])
        g.update(p[part], t[part])
    assert b.compute().item() == pytest.approx(metrics.bmae(t.numpy(), p.numpy(), i.numpy()), rel=1e-5)
    assert g.compute().item() == pytest.approx(metrics.gm(t.numpy(), p.numpy()), rel=1e-5)


def test_flat_predictions():
    t, p, i = draw(d=1)
    b = BalancedMAE(7)
    b.update(p[:, 0], t[:, 0], i)
    assert b.compute().item() == pytest.approx(metrics.bmae(t.numpy(), p.numpy(), i.numpy()), rel=1e-5)


def test_unequal_shards_add_up():
    t, p, i = draw()
    whole, shards = BalancedMAE(7), [BalancedMAE(7), BalancedMAE(7)]
    whole.update(p, t, i)
    shards[0].update(p[:90], t[:90], i[:90])
    shards[1].update(p[90:], t[90:], i[90:])
    assert all(m._reductions[s] is torchmetrics_sum() for m in shards for s in ("total", "count"))
    total, count = (sum(getattr(m, s) for m in shards) for s in ("total", "count"))
    torch.testing.assert_close(total, whole.total)
    torch.testing.assert_close(count, whole.count)


def torchmetrics_sum():
    from torchmetrics.utilities import dim_zero_sum

    return dim_zero_sum


@pytest.mark.filterwarnings("ignore:The ``compute`` method of metric")
@pytest.mark.parametrize("metric", [BalancedMAE(4), GeometricMeanError()], ids=["bmae", "gm"])
def test_nothing_seen_is_nan(metric):
    assert torch.isnan(metric.compute())


def test_reset():
    t, p, i = draw()
    b = BalancedMAE(7)
    b.update(p + 5, t, i)
    b.reset()
    b.update(p, t, i)
    assert b.compute().item() == pytest.approx(metrics.bmae(t.numpy(), p.numpy(), i.numpy()), rel=1e-5)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_any_float_prediction(dtype):
    t, p, i = draw()
    b, g = BalancedMAE(7), GeometricMeanError()
    b.update(p.to(dtype), t, i)
    g.update(p.to(dtype), t)
    p = p.to(dtype).double().numpy()
    assert b.compute().item() == pytest.approx(metrics.bmae(t.numpy(), p, i.numpy()), rel=1e-5)
    assert g.compute().item() == pytest.approx(metrics.gm(t.numpy(), p), rel=1e-4)


def test_exact_hits_count_as_the_floor():
    g = GeometricMeanError()
    g.update(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 3.0]))
    assert g.compute().item() == pytest.approx(1e-5, rel=1e-4)


def test_no_graph_is_kept():
    b = BalancedMAE(1)
    b.update(torch.ones(3, 1, requires_grad=True), torch.zeros(3, 1), torch.zeros(3, dtype=torch.int32))
    assert not b.total.requires_grad


@pytest.fixture
def unchecked_shapes():
    """As outside pytest, where jaxtyping's shapes are not checked."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.mark.usefixtures("unchecked_shapes")
def test_shapes_are_never_broadcast():
    flat, column, index = torch.zeros(4), torch.zeros(4, 1), torch.zeros(4, dtype=torch.long)
    with pytest.raises(ShapeError, match=r"got prediction \(4, 1\) and target \(4,\)"):
        BalancedMAE(2).update(column, flat, index)
    with pytest.raises(ShapeError, match=r"got prediction \(4, 1\) and target \(4,\)"):
        GeometricMeanError().update(column, flat)
    with pytest.raises(ShapeError, match="got 4 of prediction and 3 of index"):
        BalancedMAE(2).update(flat, flat, index[:3])


def test_bins_are_counted():
    with pytest.raises(InputError, match="n_bins: expected a whole number of at least 1, got 0"):
        BalancedMAE(0)


def test_unknown_name():
    with pytest.raises(AttributeError, match="has no attribute 'BalancedMea'"):
        metrics.BalancedMea  # noqa: B018
    assert "BalancedMAE" in dir(metrics)


def test_the_functions_do_not_load_torch_nor_scipy():
    code = "import sys, evenreg.metrics as m; m.mae([1], [2]);"
    code += "print([k for k in ('torch', 'scipy') if k in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_many_batches_stay_within_single_precision():
    rng = np.random.default_rng(0)
    t = rng.gamma(2, 3, 200_000).astype(np.float32)
    p, i = t + rng.normal(0, 2, len(t)).astype(np.float32), np.minimum(t, 30).astype(int)
    b = BalancedMAE(31)
    for part in torch.arange(len(t)).split(256):
        b.update(torch.from_numpy(p)[part], torch.from_numpy(t)[part], torch.from_numpy(i)[part])
    assert b.compute().item() == pytest.approx(metrics.bmae(t, p, i), rel=2e-6)
