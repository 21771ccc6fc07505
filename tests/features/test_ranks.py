"""Ranks against counting, the blackbox gradient, penalties and similarities against loops."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from evenreg.features._blackbox_rank import blackbox_gradient
from evenreg.features._rank_penalties import PENALTIES, huber
from evenreg.features._rank_similarities import SIMILARITIES, cosine
from evenreg.features._ranks import average_ranks, ranks
from reference import rank_sim as reference

# ------------------------------------------------------------------------------------------------------- ranks


def test_the_papers_example():
    assert ranks(torch.tensor([9.0, 5.0, 11.0, 6.0])).tolist() == [2, 4, 1, 3]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(-4, 4), min_size=7, max_size=7), min_size=1, max_size=4))
def test_they_count_what_is_larger_ties_and_all(rows):
    values = torch.tensor(rows, dtype=torch.float32)
    assert ranks(values).tolist() == [reference.ranks(row) for row in rows]
    assert average_ranks(values).tolist() == [reference.average_ranks(row) for row in rows]
    assert ranks(values[0]).tolist() == reference.ranks(rows[0])


@pytest.mark.parametrize("shape", [(1,), (0, 3), (3, 0), (3, 1), (2, 3, 4)])
def test_any_shape(shape):
    values = torch.randn(shape, generator=torch.manual_seed(0))
    found = ranks(values)
    assert found.shape == shape
    for row, got in zip(values.reshape(-1, shape[-1] or 1), found.reshape(-1, shape[-1] or 1), strict=True):
        assert got.tolist() == reference.ranks(row.tolist())
    assert ranks(values.half()).dtype == torch.half


def test_a_tolerance_ties_what_is_no_further_below():
    values = torch.tensor([1.0, 0.9, 0.5, 0.4, 0.3])
    assert ranks(values, 0.15).tolist() == [1, 1, 3, 3, 3]
    assert ranks(values, torch.tensor(0.15)).tolist() == [1, 1, 3, 3, 3]
    assert average_ranks(values, 0.15).tolist() == [1.5, 1.5, 4, 4, 4]


@pytest.mark.parametrize("rank", [ranks, average_ranks])
def test_minus_infinity_moves_no_other_rank(rank):
    values = torch.randint(0, 5, (6, 9), generator=torch.manual_seed(0)).float()
    padded = torch.cat([values, torch.full((6, 4), -torch.inf)], 1)
    assert rank(padded)[:, :9].equal(rank(values))


# ------------------------------------------------------------------------------------------- blackbox gradient


def test_blackbox_gradient_is_eqs_6_and_7():
    generator = torch.manual_seed(0)
    a, slope = torch.randn(5, 8, generator=generator), torch.randn(5, 8, generator=generator)
    found = blackbox_gradient(a, ranks(a), slope, 0.7, ranks)
    for row, push, got in zip(a.tolist(), slope.tolist(), found.tolist(), strict=True):
        moved = reference.ranks([v + 0.7 * s for v, s in zip(row, push, strict=True)])
        expected = [-(r - m) / 0.7 for r, m in zip(reference.ranks(row), moved, strict=True)]
        assert got == pytest.approx(expected, rel=1e-6)


def test_a_slope_too_weak_to_swap_anything_gives_none():
    a = torch.tensor([3.0, 2.0, 1.0])
    assert blackbox_gradient(a, ranks(a), torch.tensor([-0.4, 0.4, 0.0]), 1.0, ranks).tolist() == [0, 0, 0]


# --------------------------------------------------------------------------------------------------- penalties


def rankings(n: int, anchors: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    values = torch.rand(2, anchors, n, generator=torch.manual_seed(n), dtype=torch.float64)
    found, wanted = ranks((4 * values).round() if n > 3 else values) / n
    return found, wanted


@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.parametrize("n", [1, 2, 5, 12])
def test_penalties_and_slopes(name, n):
    found, wanted = rankings(n)
    cost, slope = PENALTIES[name].cost(found, wanted, n), PENALTIES[name].slope(found, wanted, n)
    for i in range(len(found)):
        a, b = found[i].tolist(), wanted[i].tolist()
        assert cost[i].item() == pytest.approx(reference.PENALTIES[name](a, b), rel=1e-9, abs=1e-12)
        assert slope[i].tolist() == pytest.approx(reference.slope(name, a, b), rel=1e-6, abs=1e-8)
    same = PENALTIES[name].cost(wanted, wanted, n)
    assert same.tolist() == pytest.approx([0.0] * len(found), abs=1e-12)
    assert PENALTIES[name].slope(wanted, wanted, n).abs().max() < 1e-12


@pytest.mark.parametrize("name", PENALTIES)
def test_positions_that_are_zero_in_both_do_not_count(name):
    found, wanted = rankings(6)
    zero = torch.zeros(3, 2, dtype=torch.float64)
    wide = torch.cat([found, zero], 1), torch.cat([wanted, zero], 1)
    for formula in PENALTIES[name]:
        narrow = formula(found, wanted, 6)
        padded = formula(*wide, torch.tensor(6))
        assert torch.allclose(padded if padded.ndim == 1 else padded[:, :6], narrow)
        assert padded.ndim == 1 or not padded[:, 6:].any()


def test_hubers_delta_counts_in_ranks_over_n():
    found, wanted = rankings(12)
    assert huber(found, wanted, 12).equal(PENALTIES["mse"].cost(found, wanted, 12) / 2)
    for i in range(3):
        a, b = found[i].tolist(), wanted[i].tolist()
        assert huber(found, wanted, 12, delta=0.2)[i].item() == pytest.approx(
            reference.huber(a, b, 0.2), rel=1e-9
        )


# ------------------------------------------------------------------------------------------------ similarities


@pytest.mark.parametrize("name", SIMILARITIES)
def test_similarities(name):
    rows = torch.randn(6, 4, generator=torch.manual_seed(0), dtype=torch.float64)
    found = SIMILARITIES[name](rows)
    expected = [[reference.SIMILARITIES[name](u, v) for v in rows.tolist()] for u in rows.tolist()]
    assert found.numpy() == pytest.approx(np.array(expected), rel=1e-9, abs=1e-12)
    rows.requires_grad_()
    weights = torch.randn(6, 6, generator=torch.manual_seed(1), dtype=torch.float64).fill_diagonal_(0)
    assert torch.autograd.gradcheck(lambda z: SIMILARITIES[name](z) * weights, rows)


@pytest.mark.parametrize("name", ["cosine", "correlation"])
def test_a_row_without_direction_is_alike_to_none_and_has_no_gradient(name):
    rows = torch.randn(5, 4, generator=torch.manual_seed(0))
    rows[2] = 0
    rows.requires_grad_()
    similarity = SIMILARITIES[name](rows)
    assert similarity[2].abs().max() == 0
    (similarity * torch.randn(5, 5, generator=torch.manual_seed(1))).sum().backward()
    assert rows.grad is not None
    assert rows.grad.isfinite().all()
    assert rows.grad[2].abs().max() == 0
    assert rows.grad[0].abs().max() > 0


def test_nothing_hides_nan_or_infinity():
    for bad in (torch.nan, torch.inf):
        rows = torch.ones(4, 3)
        rows[1, 2] = bad
        assert cosine(rows)[1].isnan().any()
