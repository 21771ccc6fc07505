"""The sorted contrast against the loop over triples, for any similarities, with and without ties."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from evenreg.features._contrast_batch import label_distance
from evenreg.features._ordered_contrast import ordered_contrast
from reference import contrast as reference

NONE = torch.zeros((), dtype=torch.float64)


def square(n, seed=0, scale=1.0):
    return scale * torch.randn(n, n, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def labels(n, kinds, seed=0, out=1):
    """Whole numbers, so that distances are exact: many ties for few kinds."""
    return torch.randint(0, kinds, (n, out), generator=torch.Generator().manual_seed(seed)).double()


def loop(s, y):
    """The reference takes its similarities from the table ``s``; rows stand for themselves."""
    places = torch.arange(len(s))
    return reference.ordered_contrast(places, y.tolist(), 1.0, lambda i, j: s[i, j])


def value_and_gradient(function, s):
    s = s.clone().requires_grad_()
    value = function(s)
    value.backward()
    assert s.grad is not None
    return value.detach(), s.grad


@pytest.mark.parametrize(("kinds", "out"), [(1, 1), (2, 1), (4, 1), (3, 2), (1000, 1)])
def test_it_equals_the_loop_in_value_and_gradient(kinds, out):
    s, y = square(13, scale=3), labels(13, kinds, out=out)
    distance, rounding = label_distance(y)
    for dtype, tolerance in ((torch.float64, 1e-12), (torch.float32, 1e-6)):
        expected = value_and_gradient(lambda t: loop(t, y), s)
        found = value_and_gradient(lambda t: ordered_contrast(t, distance, rounding), s.to(dtype))
        for one, other in zip(found, expected, strict=True):
            assert torch.allclose(one.double(), other, rtol=tolerance, atol=tolerance / 13)


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 9), st.integers(1, 9), st.floats(0.01, 50), st.integers(0, 10**6))
def test_it_equals_the_loop_on_any_batch(n, kinds, scale, seed):
    s, y = square(n, seed, scale), labels(n, kinds, seed)
    found, expected = ordered_contrast(s, *label_distance(y)), loop(s, y)
    assert found.item() == pytest.approx(expected.item(), rel=1e-10, abs=1e-10)


@pytest.mark.parametrize("kinds", [1, 3, 1000])
def test_its_backward(kinds):
    distance, rounding = label_distance(labels(8, kinds))
    assert torch.autograd.gradcheck(
        lambda s: ordered_contrast(s, distance, rounding), square(8).requires_grad_()
    )


def test_there_is_no_second_derivative():
    s = square(4).requires_grad_()
    (gradient,) = torch.autograd.grad(
        ordered_contrast(s, *label_distance(labels(4, 3))), s, create_graph=True
    )
    assert not gradient.requires_grad


@pytest.mark.parametrize("n", [0, 1])
def test_less_than_two_samples_are_no_pair(n):
    value, gradient = value_and_gradient(lambda s: ordered_contrast(s, s.detach(), NONE), square(n))
    assert value == 0
    assert not gradient.any()


def test_two_samples_have_nothing_to_be_held_against():
    assert ordered_contrast(square(2), *label_distance(labels(2, 9))) == 0


def test_the_diagonal_is_not_read():
    s, distance = square(9), label_distance(labels(9, 4))
    value, gradient = value_and_gradient(lambda t: ordered_contrast(t, *distance), s)
    assert not gradient.diagonal().any()
    for other in (0.0, 1e9, torch.nan):
        assert ordered_contrast(s.clone().fill_diagonal_(other), *distance) == value


def test_a_row_may_be_shifted():
    s, distance = square(9), label_distance(labels(9, 4))
    value, gradient = value_and_gradient(lambda t: ordered_contrast(t, *distance), s)
    assert ordered_contrast(s + 100 * square(9)[:, :1], *distance).item() == pytest.approx(value.item())
    assert gradient.sum(1).abs().max() < 1e-15


@pytest.mark.parametrize("scale", [1e3, 1e30])
def test_large_similarities_neither_overflow_nor_lose_their_digits(scale):
    s, y = square(12, scale=scale), labels(12, 5)
    expected = value_and_gradient(lambda t: loop(t, y), s.float().double())
    value, gradient = value_and_gradient(lambda t: ordered_contrast(t, *label_distance(y)), s.float())
    assert value.item() == pytest.approx(expected[0].item(), rel=1e-6)
    assert gradient.isfinite().all()
    if scale == 1e3:  # beyond, neighbouring float32 numbers are more than an exponent apart
        assert torch.allclose(gradient.double(), expected[1], rtol=1e-4, atol=1e-6)


def test_a_common_offset_costs_no_digits_in_float32():
    s = (64 * square(40)).round() / 64  # exact in float32, with the offset too
    distance = label_distance(labels(40, 12))
    expected = value_and_gradient(lambda t: ordered_contrast(t, *distance), s)
    value, gradient = value_and_gradient(lambda t: ordered_contrast(t, *distance), (s - 1e5).float())
    assert value.item() == pytest.approx(expected[0].item(), rel=1e-6)
    assert torch.allclose(gradient.double(), expected[1], rtol=1e-5, atol=1e-9)


def test_labels_that_tie_as_whole_numbers_tie_however_they_are_scaled():
    y, s = labels(30, 25), square(30)
    expected = ordered_contrast(s, *label_distance(y)).item()
    rng = np.random.default_rng(0)
    for _ in range(20):
        mean, sd = rng.normal(10, 5), rng.lognormal()
        scaled = (y - mean) / sd
        for dtype in (torch.float64, torch.float32):
            value = ordered_contrast(s, *label_distance(scaled.to(dtype))).item()
            assert value == pytest.approx(expected, rel=1e-12)


def test_real_differences_are_told_apart():
    y = torch.tensor([[0.0], [1.0], [-1.0001], [5.0]])
    distance, rounding = label_distance(y)
    assert (distance[0, 1] - distance[0, 2]).abs() > rounding
