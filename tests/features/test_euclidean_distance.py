"""Euclidean distances of all pairs against differences, above all where rows are close or equal."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from evenreg.features._euclidean_distance import euclidean_distance


def rows(n, d, seed=0, dtype=torch.float64):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def from_differences(z):
    return (z[:, None] - z).square().sum(2).sqrt()


def gradient(z, weight):
    z = z.clone().requires_grad_()
    (euclidean_distance(z) * weight).sum().backward()
    assert z.grad is not None
    return z.grad


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 20), st.integers(1, 40), st.floats(1e-3, 1e3), st.integers(0, 10**6))
def test_it_equals_the_differences(n, d, scale, seed):
    z = scale * rows(n, d, seed)
    assert torch.allclose(euclidean_distance(z), from_differences(z), rtol=1e-9, atol=1e-7 * scale)
    single = z.float()
    torch.testing.assert_close(
        euclidean_distance(single), from_differences(single.double()).float(), rtol=1e-6, atol=0
    )


@pytest.mark.parametrize("offset", [0.0, 100.0, 1e4])
def test_close_rows_far_from_the_origin_keep_their_digits_in_float32(offset):
    z = (offset + 0.01 * rows(40, 64)).float()
    expected = from_differences(z.double())
    assert torch.allclose(euclidean_distance(z).double(), expected, rtol=1e-6)


def test_its_gradient():
    assert torch.autograd.gradcheck(euclidean_distance, rows(7, 3).requires_grad_())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("d", [1, 3, 64, 512, 2048])
def test_equal_rows_are_at_zero_and_have_no_gradient(d, dtype):
    half = 5 + rows(30, d, dtype=dtype)
    z = torch.cat([half, half])[torch.randperm(60, generator=torch.Generator().manual_seed(0))]
    equal = (z[:, None] == z).all(2)
    distance = euclidean_distance(z)
    assert (distance[equal] == 0).all()
    assert (distance[~equal] > 0).all()
    assert not gradient(z, equal * 1e3).any()


def test_a_batch_of_equal_rows():
    assert not euclidean_distance(torch.ones(5, 3)).any()
    assert not gradient(torch.ones(5, 3), torch.randn(5, 5)).any()


def test_the_gradient_is_that_of_differences_where_none_is_zero():
    z, weight = rows(12, 5), rows(12, 12, seed=1)
    reference = z.clone().requires_grad_()
    # The diagonal apart, where the square root has no slope.
    squared = (reference[:, None] - reference).square().sum(2) + torch.eye(12)
    (squared.sqrt() * weight).sum().backward()
    assert reference.grad is not None
    torch.testing.assert_close(gradient(z, weight), reference.grad, rtol=1e-10, atol=1e-12)


def test_nan_stays_nan():
    z = rows(5, 3)
    z[2, 1] = torch.nan
    assert euclidean_distance(z)[2].isnan().all()
    assert gradient(z, torch.ones(5, 5))[2].isnan().all()
