"""What every head keeps: one suite over all public subclasses of AbstractHead."""

import copy
import inspect

import numpy as np
import pytest
import torch
from torch import Tensor

from evenreg import heads
from evenreg.errors import EvenregError, InputError, NotFittedError, ShapeError, TargetError
from evenreg.heads import AbstractHead, ClassifierHead, GroupHead, LinearHead, Prediction
from evenreg.labels import Bins, LabelSpace
from evenreg.losses import L1Loss

LABELS = np.random.default_rng(0).uniform(-2, 6, size=300)
SPACE = LabelSpace.fit(LABELS, Bins.uniform(-2, 6, 0.5))
MAKE = {
    "linear": lambda: LinearHead(5),
    "group": lambda: GroupHead(5, n=4),
    "group, soft": lambda: GroupHead(5, n=4, routing="soft", target="la", grouping="equal_mass"),
    "group, unbounded": lambda: GroupHead(5, n=4, bounded=False, target="ce"),
    "classifier": lambda: ClassifierHead(5, 16),
    "classifier, expectation": lambda: ClassifierHead(5, 16, "expectation"),
}
COST = L1Loss()

every_head = pytest.mark.parametrize("name", MAKE)


def fresh(name: str, seed: int = 0, space: LabelSpace = SPACE) -> AbstractHead:
    torch.manual_seed(seed)
    return MAKE[name]().fit(space)


def batch(n: int = 8, dtype: torch.dtype = torch.float32, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    z = torch.randn(n, 5, generator=generator, dtype=torch.float64)
    y = torch.rand(n, 1, generator=generator, dtype=torch.float64) * 8 - 2
    return z.to(dtype), y.to(dtype)


def loss_of(head: AbstractHead, z: Tensor, y: Tensor, weight: Tensor | None = None) -> Tensor:
    return head.loss(head(z), y, weight, cost=COST)


def gradient(head: AbstractHead, z: Tensor, y: Tensor, scale: float = 1.0) -> Tensor:
    z = z.detach().clone().requires_grad_()
    (scale * loss_of(head, z, y)).backward()
    assert z.grad is not None
    return z.grad


def test_the_suite_covers_every_public_head():
    public = [getattr(heads, name) for name in heads.__all__ if name != "Prediction"]
    concrete = {kind for kind in public if not inspect.isabstract(kind)}
    assert {type(make()) for make in MAKE.values()} == concrete
    with pytest.raises(TypeError, match="abstract"):
        AbstractHead()  # pyright: ignore[reportAbstractUsage]


@every_head
def test_it_predicts_one_value_a_sample_and_the_loss_is_a_scalar(name):
    head, (z, y) = fresh(name), batch()
    prediction = head(z)
    assert isinstance(prediction, Prediction)
    assert prediction.value.shape == (8, 1)
    assert all(len(extra) == 8 for extra in prediction.extras.values())
    assert head.loss(prediction, y, cost=COST).shape == ()
    assert head(z[:0]).value.shape == (0, 1)


@every_head
def test_the_terms_add_up_to_the_loss(name):
    head, (z, y) = fresh(name), batch()
    prediction = head(z)
    terms = head.terms(prediction, y, cost=COST)
    assert set(terms) <= {"regression", "classification"}
    assert head.total(terms) == head.loss(prediction, y, cost=COST)


@every_head
def test_fit_returns_the_head_itself(name):
    head = MAKE[name]()
    assert head.fit(SPACE) is head


@every_head
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_a_state_dict_makes_the_same_head_without_the_labels(name, dtype):
    head, (z, y) = fresh(name).to(dtype), batch(dtype=dtype)
    again = type(head)(**head.config).to(dtype)
    again.load_state_dict(head.state_dict())
    ours, theirs = head(z), again(z)
    assert torch.equal(ours.value, theirs.value)
    assert all(torch.equal(ours.extras[key], theirs.extras[key]) for key in ours.extras)
    assert torch.equal(loss_of(head, z, y), loss_of(again, z, y))


@every_head
def test_what_was_learned_keeps_its_precision(name):
    """From a float32 head into one that was moved to another precision before the load, or after."""
    head, (z, y) = fresh(name), batch()
    for dtype, tolerance in ((torch.float64, 1e-5), (torch.bfloat16, 0.05)):
        for move_first in (True, False):
            again = type(head)(**head.config)
            again = again.to(dtype) if move_first else again
            again.load_state_dict(head.state_dict())
            again = again.to(dtype)
            for key, buffer in head.named_buffers():
                other = dict(again.named_buffers())[key]
                assert other.dtype == buffer.dtype
                assert torch.equal(other.nan_to_num(7.0), buffer.nan_to_num(7.0))
            value = loss_of(again, z.to(dtype), y)
            assert value.item() == pytest.approx(loss_of(head, z, y).item(), rel=tolerance)


@every_head
def test_a_state_taken_mid_run_continues_the_run(name):
    def steps(head, optimizer, n):
        for i in range(n):
            optimizer.zero_grad()
            loss_of(head, *batch(seed=i)).backward()
            optimizer.step()

    head = fresh(name)
    optimizer = torch.optim.Adam(head.parameters(), lr=0.1)
    steps(head, optimizer, 3)
    resumed = MAKE[name]()
    resumed.load_state_dict(head.state_dict())
    other = torch.optim.Adam(resumed.parameters(), lr=0.1)
    other.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    steps(head, optimizer, 3)
    steps(resumed, other, 3)
    z, _ = batch(seed=9)
    assert torch.equal(resumed(z).value, head(z).value)


@every_head
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_autocast_is_finite_and_close_to_float32(name, dtype):
    head, (z, y) = fresh(name), batch(64)
    plain, loss, slope = head(z), loss_of(head, z, y), gradient(head, z, y)
    with torch.autocast("cpu", dtype=dtype):
        prediction = head(z)
        value = head.loss(prediction, y, cost=COST)
        rough = gradient(head, z, y)
    assert value.dtype == torch.float32
    assert value.item() == pytest.approx(loss.item(), rel=0.02)
    assert torch.allclose(rough, slope, rtol=0.1, atol=0.02 * slope.abs().max().item())
    for key, extra in prediction.extras.items():
        assert extra.dtype == torch.float32
        assert torch.allclose(extra, plain.extras[key], rtol=0.05, atol=0.05)


@every_head
def test_large_features_stay_finite(name):
    z, y = batch()
    assert loss_of(fresh(name), 1e4 * z, y).isfinite()
    assert gradient(fresh(name), 1e4 * z, y).isfinite().all()


@every_head
def test_the_gradient_reaches_features_and_parameters(name):
    head, (z, y) = fresh(name), batch()
    assert (gradient(head, z, y) != 0).any(1).all()
    for parameter in head.parameters():
        assert parameter.grad is not None
        assert (parameter.grad != 0).any()


@every_head
def test_a_scaled_loss_scales_the_gradient_exactly(name):
    head, (z, y) = fresh(name), batch()
    assert torch.equal(gradient(head, z, y, scale=65536.0), 65536 * gradient(head, z, y))


@every_head
def test_a_weight_has_one_meaning_in_both_its_shapes(name):
    head, (z, y) = fresh(name), batch()
    weight = torch.rand(8, generator=torch.manual_seed(0))
    assert loss_of(head, z, y, weight) == loss_of(head, z, y, weight.unsqueeze(1))
    assert loss_of(head, z, y, torch.ones(8)).item() == pytest.approx(loss_of(head, z, y).item(), rel=1e-6)
    assert loss_of(head, z, y, 3 * weight) > loss_of(head, z, y, weight)
    with pytest.raises(ShapeError, match=r"weight: expected shape \(8,\) or \(8, 1\), got \(3,\)"):
        loss_of(head, z, y, torch.ones(3))


@every_head
def test_one_sample_and_a_constant_target(name):
    head = fresh(name)
    assert loss_of(head, *batch(1)).isfinite()
    z, y = batch()
    assert gradient(head, z, torch.full_like(y, 2.0)).isfinite().all()


@every_head
def test_nan_is_never_silently_finite(name):
    head, (z, y) = fresh(name), batch()
    bad = z.clone()
    bad[2, 0] = torch.nan
    assert loss_of(head, bad, y).isnan()
    weight = torch.ones(8)
    weight[2] = torch.nan
    assert loss_of(head, z, y, weight).isnan()
    y[2] = torch.nan
    if isinstance(head, LinearHead):
        assert loss_of(head, z, y).isnan()
        return
    with pytest.raises(
        TargetError, match=r"target: expected finite numbers, got NaN or infinity in 1 of 8 \(row 2"
    ):
        loss_of(head, z, y)


@every_head
def test_nan_targets_give_nan_where_the_host_must_not_look(name, monkeypatch):
    """As on an accelerator and under torch.compile."""
    monkeypatch.setattr(torch.compiler, "is_compiling", lambda: True)
    head, (z, y) = fresh(name), batch()
    for bad in (torch.nan, torch.inf):
        y[2] = bad
        for term in head.terms(head(z), y, cost=COST).values():
            assert not term.isfinite()
        assert not loss_of(head, z, y).isfinite()


@every_head
def test_shapes_are_never_broadcast(name):
    head, (z, _) = fresh(name), batch(4)
    prediction = head(z)
    for shape in ((4,), (4, 2), (1, 1), (3, 1), (1, 4)):
        with pytest.raises(ShapeError, match=r"expected (equal shapes|shape \(4, 1\)), got"):
            head.loss(prediction, torch.zeros(shape), cost=COST)
    for shape in ((4, 6), (5,), (4, 5, 2)):
        with pytest.raises(
            ShapeError, match=r"features: expected shape \(batch, 5\), got .*; flatten or pool"
        ):
            head(torch.zeros(shape))
    with pytest.raises(EvenregError, match="expected a batch of at least 1 sample, got 0"):
        loss_of(head, z[:0], torch.zeros(0, 1))


@every_head
def test_before_fit(name):
    head = MAKE[name]()
    if isinstance(head, LinearHead):
        assert head(torch.zeros(2, 5)).value.shape == (2, 1)
        return
    with pytest.raises(NotFittedError, match=rf"{type(head).__name__} has learned no labels yet; call fit"):
        head(torch.zeros(2, 5))
    prediction = fresh(name)(torch.zeros(2, 5))
    with pytest.raises(NotFittedError, match="has learned no labels yet"):
        head.loss(prediction, torch.zeros(2, 1), cost=COST)


@every_head
def test_a_space_that_says_nothing(name):
    head = MAKE[name]()
    if isinstance(head, LinearHead):
        return
    with pytest.raises(TargetError, match="space: expected at least one training label, got none"):
        head.fit(LabelSpace(Bins.uniform(0, 1, 0.1)))
    plane = LabelSpace.fit(np.ones((9, 2)), coordinate=lambda y: y[:, 0])
    with pytest.raises(InputError, match=r"expected labels of one dimension, got 2; take LinearHead"):
        head.fit(plane)


@every_head
def test_a_head_shows_its_arguments(name):
    head = MAKE[name]()
    assert "in_features=5" in repr(head)
    assert type(head)(**head.config).config == head.config
    with pytest.raises(InputError, match="in_features: expected a whole number of at least 1, got 0"):
        type(head)(**(head.config | {"in_features": 0}))
    assert head.config["in_features"] == 5


@every_head
def test_it_exports_for_any_batch_size(name):
    head, (z, _) = fresh(name).eval(), batch()
    program = torch.export.export(head, (z,), dynamic_shapes=({0: torch.export.Dim("batch", min=1)},))
    for n in (1, 3, 8):
        other, _ = batch(n, seed=1)
        assert torch.allclose(program.module()(other).value, head(other).value)
