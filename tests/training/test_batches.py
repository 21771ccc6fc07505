"""Whole-tensor batches: every row once, the same order for the same seed and epoch."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from evenreg.errors import InputError, ShapeError
from evenreg.training import Rows, memory_loader


def rows(n: int) -> Rows:
    return Rows(
        (torch.arange(n),), torch.arange(n)[:, None].double(), torch.ones(n), torch.zeros(n, dtype=torch.long)
    )


def drawn(loader) -> list[list[int]]:
    return [batch.inputs[0].tolist() for batch in loader]


@given(n=st.integers(1, 60), size=st.integers(2, 20))
@settings(max_examples=40, deadline=None)
def test_every_row_once_and_never_a_batch_of_one(n, size):
    loader = memory_loader(rows(n), size, shuffle=True, seed=3)
    batches = drawn(loader)
    assert sorted(row for batch in batches for row in batch) == list(range(n))
    assert len(batches) == len(loader)
    assert n == 1 or min(map(len, batches)) > 1


def test_seed_and_epoch_decide_the_order():
    loader = memory_loader(rows(50), 8, shuffle=True, seed=1)
    first = drawn(loader)
    assert first == drawn(loader)
    loader.sampler.set_epoch(1)
    assert first != drawn(loader)
    assert first != drawn(memory_loader(rows(50), 8, shuffle=True, seed=2))
    assert drawn(memory_loader(rows(5), 4, shuffle=False)) == [[0, 1, 2, 3, 4]]


def test_everything_stays_aligned():
    for batch in memory_loader(rows(20), 6, shuffle=True):
        assert batch.target[:, 0].tolist() == batch.inputs[0].tolist()


def test_sentences():
    with pytest.raises(InputError, match="batches: expected at least one row, got none"):
        memory_loader(rows(0), 4, shuffle=False)
    with pytest.raises(ShapeError, match="2 of input 0"):
        Rows((torch.zeros(2),), torch.zeros(3, 1), torch.ones(3), torch.zeros(3, dtype=torch.long))
