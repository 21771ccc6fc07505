"""ConR against the loop, which pairs it looks at, and what it does to rare samples taken for frequent ones."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from evenreg.errors import InputError, ShapeError
from evenreg.features import ConR
from reference import contrast as reference


def batch(n=14, out=1, seed=0):
    """Features with a duplicate, whole-number labels, predictions that take some for others."""
    generator = torch.Generator().manual_seed(seed)
    z = torch.randn(n, 4, generator=generator, dtype=torch.float64)
    z[n // 2] = z[0]
    y = torch.randint(0, 6 // out, (n, out), generator=generator).double()
    return z, y, y + 2 / out * torch.randn(n, out, generator=generator, dtype=torch.float64)


def loop(z, y, p, window=1.0, temperature=0.2, push=0.3):
    return reference.conr(z, y.tolist(), p.tolist(), window, temperature, push)


def value_and_gradient(function, z):
    z = z.clone().requires_grad_()
    value = function(z)
    value.backward()
    assert z.grad is not None
    return value.item(), z.grad.double()


@pytest.mark.parametrize("out", [1, 2])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_it_equals_the_loop_in_value_and_gradient(out, seed):
    z, y, p = batch(out=out, seed=seed)
    part = ConR(1.0, 0.2, 0.3, weight=2.0)
    expected = value_and_gradient(lambda t: 2 * loop(t, y, p), z)
    for dtype, tolerance in ((torch.float64, 1e-10), (torch.float32, 1e-5)):
        value, gradient = value_and_gradient(lambda t: part(t, y, p), z.to(dtype))
        assert value == pytest.approx(expected[0], rel=tolerance)
        assert torch.allclose(gradient, expected[1], rtol=tolerance, atol=tolerance)
    assert expected[0] > 0


def test_two_views():
    z, y, p = batch(7)
    both = torch.cat([z, z + 0.1 * batch(7, seed=1)[0]])
    twice = [torch.cat([t, t]) for t in (y, p)]
    expected = value_and_gradient(lambda t: loop(t, *twice, window=0.5), both)
    value, gradient = value_and_gradient(lambda t: ConR(0.5, 0.2, 0.3, 1)(t, *twice), both)
    assert value == pytest.approx(expected[0], rel=1e-10)
    assert torch.allclose(gradient, expected[1], rtol=1e-9, atol=1e-12)


def test_gradcheck():
    z, y, p = batch(8)
    z[4] += 1
    assert torch.autograd.gradcheck(lambda t: ConR(1.0, 0.5)(t, y, p), z.requires_grad_())


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.floats(-1e3, 1e3), st.floats(1e-3, 1e3))
def test_what_changes_nothing(seed, shift, scale):
    z, y, p = batch(seed=seed)
    part = ConR(1.0, 0.2, 0.3)
    expected = part(z, y, p).item()
    order = torch.randperm(len(z), generator=torch.Generator().manual_seed(seed))
    lengths = torch.rand(len(z), 1, generator=torch.Generator().manual_seed(seed)).double() + 0.1
    for inputs in ((z[order], y[order], p[order]), (z, y + shift, p + shift), (z * lengths, y, p)):
        assert part(*inputs).item() == pytest.approx(expected, rel=1e-9)
    in_other_units = ConR(scale, 0.2, 0.3 / scale)(z, scale * y, scale * p)
    assert in_other_units.item() == pytest.approx(expected, rel=1e-6)


def test_labels_at_the_edge_of_the_window_are_near_however_they_are_scaled():
    z, y, p = batch(40)
    expected = ConR(1.0)(z, y, p).item()
    for mean, sd in ((2.5, 1.7), (7.3, 0.3), (0.1, 15.776)):
        scaled = ((y - mean) / sd).float(), ((p - mean) / sd).float()
        assert ConR(1 / sd, push=0.16 * sd)(z, *scaled).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("target", "prediction"),
    [
        ([1.0, 1.0, 5.0], [1.0, 1.0, 5.0]),  # far in label, told apart: no negative
        ([1.0, 1.0, 1.5], [1.0, 9.0, 3.0]),  # all near: no negative
        ([1.0, 3.0, 5.0], [1.0, 1.0, 1.0]),  # no positive
        ([2.0, 2.0, 2.0], [2.0, 2.0, 2.0]),
    ],
)
def test_without_a_positive_or_a_negative_there_is_no_term(target, prediction):
    z = torch.randn(3, 4, generator=torch.Generator().manual_seed(0))
    part = ConR(window=1.0)
    with torch.autograd.set_detect_anomaly(True):  # which stops at a NaN on the way back, masked or not
        value, gradient = value_and_gradient(
            lambda t: part(t, torch.tensor(target), torch.tensor(prediction)), z
        )
    assert value == 0
    assert not gradient.any()


def test_a_lone_rare_label_gives_no_nan():
    z = torch.randn(4, 4, generator=torch.Generator().manual_seed(0))
    y, p = torch.tensor([1.0, 1.0, 1.0, 50.0]), torch.tensor([1.0, 1.0, 1.0, 1.0])
    value, gradient = value_and_gradient(lambda t: ConR(window=1.0)(t, y, p), z)
    assert value > 0
    assert gradient.isfinite().all()
    assert gradient[3].any()  # it is a negative of the others


def test_a_row_of_zeros_as_a_relu_gives_it():
    z, y, p = batch()
    z[:3] = 0
    value, gradient = value_and_gradient(lambda t: ConR(1.0)(t, y, p), z.float())
    assert value > 0
    assert gradient.isfinite().all()
    assert gradient.abs().max() < 100
    assert not gradient[:3].any()


def test_predictions_get_no_gradient():
    z, y, p = batch()
    prediction = p.requires_grad_()
    ConR(1.0)(z.requires_grad_(), y, prediction).backward()
    assert prediction.grad is None


def test_labels_far_apart_are_pushed_harder_without_overflow():
    z = torch.eye(3)
    p = torch.zeros(3)
    values = [
        ConR(1.0, 0.5, push=1.0, weight=1.0)(z, torch.tensor([0.0, 0.0, far]), p).item()
        for far in (2, 8, 1e4)
    ]
    assert values[0] < values[1] < values[2] < torch.inf
    # At right angles two anchors of three have one positive and one negative, exp(push · distance) strong.
    assert values[2] == pytest.approx(2 / 3 * 1e4, rel=1e-6)


def test_unequal_shapes_of_target_and_prediction():
    with pytest.raises(ShapeError, match=r"expected equal shapes, got prediction \(4,\) and target \(4, 1\)"):
        ConR()(torch.zeros(4, 2), torch.zeros(4, 1), torch.zeros(4))


@pytest.mark.parametrize("name", ["window", "temperature"])
def test_what_is_not_above_zero(name):
    with pytest.raises(InputError, match=rf"{name}: expected a number above 0, got 0"):
        ConR(**{name: 0})


def test_a_negative_push():
    with pytest.raises(InputError, match=r"push: expected a number of at least 0, got -1"):
        ConR(push=-1)


def test_rare_samples_taken_for_frequent_ones_are_parted_from_them():
    """Frequent labels 0 and rare labels 3; only where the latter are predicted 0 too is anything done."""
    generator = torch.Generator().manual_seed(0)
    y = torch.cat([torch.zeros(50), torch.full((6,), 3.0)])
    x = torch.cat([torch.randn(56, 8, generator=generator), y[:, None]], 1)

    def cosines(prediction):
        torch.manual_seed(0)
        encoder, part = nn.Linear(9, 4), ConR(weight=1.0)
        optimizer = torch.optim.SGD(encoder.parameters(), lr=0.1)
        for _ in range(40):
            optimizer.zero_grad()
            part(encoder(x), y, prediction).backward()
            optimizer.step()
        unit = nn.functional.normalize(encoder(x).detach())
        return (unit[:50] @ unit[:50].T).mean(), (unit[:50] @ unit[50:].T).mean()

    same, apart = cosines(prediction=torch.zeros(56))
    assert same > apart + 0.5
    same, apart = cosines(prediction=y)
    assert same < apart + 0.1
