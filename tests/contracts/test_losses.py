"""What every loss keeps, whatever its cost: one suite over all public subclasses of AbstractLoss."""

import copy
import inspect

import numpy as np
import pytest
import torch
from torch import Tensor

from evenreg import losses
from evenreg.errors import EvenregError
from evenreg.labels import LabelSpace
from evenreg.losses import AbstractBalancedLoss, AbstractLoss

PUBLIC = [getattr(losses, name) for name in losses.__all__]
CONCRETE = [c for c in PUBLIC if not inspect.isabstract(c)]
LABELS = np.random.default_rng(0).gamma(2.0, size=300)


def fresh(kind: type[AbstractLoss], labels: np.ndarray = LABELS) -> AbstractLoss:
    return kind().fit(LabelSpace.fit(labels))


def batch(n: int = 8, dtype: torch.dtype = torch.float32, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    y = torch.rand(n, 1, generator=generator, dtype=torch.float64) * 4
    p = y + torch.randn(n, 1, generator=generator, dtype=torch.float64)
    return p.to(dtype).requires_grad_(), y.to(dtype)


def gradient(
    loss: AbstractLoss, p: Tensor, y: Tensor, weight: Tensor | None = None, scale: float = 1.0
) -> Tensor:
    loss.zero_grad()
    q = p.detach().clone().requires_grad_()
    (scale * loss(q, y, weight)).backward()
    assert q.grad is not None
    return q.grad


every_loss = pytest.mark.parametrize("kind", CONCRETE, ids=lambda kind: kind.__name__)


def test_only_abstract_classes_are_open_and_none_of_them_can_be_made():
    assert len(CONCRETE) == 7
    for kind in PUBLIC:
        assert issubclass(kind, AbstractLoss)
        if inspect.isabstract(kind):
            assert kind.__name__.startswith("Abstract")
            with pytest.raises(TypeError, match="abstract"):
                kind()
        else:
            assert getattr(kind, "__final__", False)


@every_loss
def test_the_result_is_a_scalar_of_the_predictions_precision(kind):
    loss = fresh(kind)
    values = {}
    for dtype in (torch.float32, torch.float64):
        p, y = batch(dtype=dtype)
        values[dtype] = loss(p, y)
        assert values[dtype].shape == ()
        assert values[dtype].dtype == dtype
    assert values[torch.float32].item() == pytest.approx(values[torch.float64].item(), rel=1e-5)


@every_loss
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_computed_in_float32(kind, dtype):
    loss, (p, y) = fresh(kind), batch(dtype=dtype)
    value = loss(p, y)
    assert value.dtype == torch.float32
    assert value.item() == loss(p.float(), y.float()).item()
    assert gradient(loss, p, y).dtype == dtype
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert loss(p.float(), y.float()).item() == value.item()


@every_loss
def test_the_gradient_reaches_every_prediction(kind):
    p, y = batch()
    assert (gradient(fresh(kind), p, y) != 0).all()


@every_loss
def test_a_weight_has_one_meaning_in_all_its_shapes(kind):
    loss, (p, y) = fresh(kind), batch()
    weight = torch.rand(8, generator=torch.manual_seed(0))
    by_sample = loss(p, y, weight)
    assert by_sample.item() == loss(p, y, weight.unsqueeze(1)).item()
    assert loss(p, y, torch.ones(8)).item() == pytest.approx(loss(p, y).item(), rel=1e-6)
    assert loss(p, y, 3 * weight).item() == pytest.approx(3 * by_sample.item(), rel=1e-6)
    one = sum(loss(p, y, weight * (torch.arange(8) == i)).item() for i in range(8))
    assert one == pytest.approx(by_sample.item(), rel=1e-5)


@every_loss
def test_a_zero_weight_silences_a_sample(kind):
    loss, (p, y) = fresh(kind), batch()
    weight = torch.ones(8)
    weight[3] = 0
    silenced = gradient(loss, p, y, weight)
    assert silenced[3] == 0
    assert (silenced[:3] != 0).all()
    assert loss(p, y, torch.zeros(8)).item() == 0
    assert (gradient(loss, p, y, torch.zeros(8)) == 0).all()


@every_loss
def test_one_sample_gives_a_number_or_an_error(kind):
    p, y = batch(1)
    if kind is losses.BMCLoss:
        with pytest.raises(EvenregError, match="batch of at least 2 samples"):
            fresh(kind)(p, y)
    else:
        assert fresh(kind)(p, y).isfinite()


@every_loss
def test_a_constant_target_gives_finite_gradients(kind):
    loss = fresh(kind, np.full(50, 2.0))
    p, y = torch.randn(6, 1, generator=torch.manual_seed(0)), torch.full((6, 1), 2.0)
    assert loss(p, y).isfinite()
    assert gradient(loss, p, y).isfinite().all()
    assert gradient(loss, y, y).isfinite().all()


@every_loss
@pytest.mark.parametrize("where", ["prediction", "target", "weight"])
def test_nan_is_never_silently_finite(kind, where):
    loss, (p, y) = fresh(kind), batch()
    given = {"prediction": p.detach().clone(), "target": y, "weight": torch.ones(8)}
    given[where][2] = torch.nan
    assert loss(**given).isnan()


@every_loss
def test_a_scaled_loss_scales_the_gradient_exactly(kind):
    loss, (p, y) = fresh(kind), batch()
    assert torch.equal(gradient(loss, p, y, scale=65536.0), 65536 * gradient(loss, p, y))


@every_loss
def test_mismatched_shapes_are_never_broadcast(kind):
    loss = fresh(kind)
    for p, y in (((4,), (4, 1)), ((4, 1), (4,)), ((4, 1), (1, 1)), ((4, 1), (4, 2)), ((4, 4), (4, 1))):
        with pytest.raises(EvenregError, match="expected equal shapes, got prediction"):
            loss(torch.zeros(p), torch.zeros(y))
    for weight in ((1,), (3,), (4, 4), (1, 4), (4, 1, 1)):
        with pytest.raises(EvenregError, match=r"weight: expected shape \(4,\) or \(4, 1\), got"):
            loss(torch.zeros(4, 1), torch.zeros(4, 1), torch.ones(weight))
    with pytest.raises(EvenregError, match="expected a batch of at least 1 sample, got 0"):
        loss(torch.zeros(0, 1), torch.zeros(0, 1))


@every_loss
def test_a_state_taken_mid_run_continues_the_run(kind):
    def steps(loss, optimizer, n):
        for i in range(n):
            optimizer.zero_grad()
            loss(*batch(seed=i)).backward()
            optimizer.step()

    def with_optimizer(loss):
        parameters = [*loss.parameters()] or [torch.nn.Parameter(torch.zeros(1))]
        return loss, torch.optim.Adam(parameters, lr=0.1)

    loss, optimizer = with_optimizer(fresh(kind))
    steps(loss, optimizer, 3)
    resumed, other = with_optimizer(kind())
    resumed.load_state_dict(loss.state_dict())
    other.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    steps(loss, optimizer, 3)
    steps(resumed, other, 3)
    p, y = batch(seed=9)
    assert resumed(p, y).item() == loss(p, y).item()


@every_loss
def test_fit_returns_the_loss_itself(kind):
    loss = kind()
    assert loss.fit(LabelSpace.fit(LABELS)) is loss


@every_loss
def test_a_learned_noise_scale_moves_and_has_a_group_of_its_own(kind):
    loss, (p, y) = fresh(kind), batch()
    assert [id(q) for q in loss.noise_parameters()] == [id(q) for q in loss.parameters()]
    assert bool(loss.noise_parameters()) == issubclass(kind, AbstractBalancedLoss)
    if isinstance(loss, AbstractBalancedLoss):
        before = loss.noise_sigma.item()
        loss(p, y).backward()
        assert loss.noise.rho is not None
        assert loss.noise.rho.grad is not None
        assert loss.noise.rho.grad != 0
        torch.optim.SGD(loss.noise_parameters(), lr=0.1).step()
        assert 0 < loss.noise_sigma.item() != before


@every_loss
def test_a_loss_shows_its_arguments(kind):
    assert repr(kind()).startswith(kind.__name__)


def test_pixels_go_through_every_cost_that_is_elementwise():
    p, y = torch.randn(2, 1, 3, 3, generator=torch.manual_seed(0)), torch.randn(2, 1, 3, 3)
    for kind in CONCRETE:
        loss = fresh(kind)
        if issubclass(kind, AbstractBalancedLoss):
            with pytest.raises(EvenregError, match=r"give a map's valid pixels as samples, \(pixels, out\)"):
                loss(p, y)
        else:
            assert loss(p, y).isfinite()
