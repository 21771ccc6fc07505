"""Rows drawn one a group: how many, how evenly, and by whom."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from evenreg.features._draw import label_keys, one_per_group, row_codes


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 1000)), min_size=1, max_size=20, unique=True))
def test_the_smallest_key_of_each_group_is_drawn(rows):
    groups, keys = (torch.tensor(column) for column in zip(*rows, strict=True))
    drawn = one_per_group(groups, keys).nonzero().squeeze(1).tolist()
    assert sorted(rows[i][0] for i in drawn) == sorted({group for group, _ in rows})
    for i in drawn:
        assert rows[i][1] == min(key for group, key in rows if group == rows[i][0])


def test_float_groups_nothing_and_nan():
    drawn = one_per_group(torch.tensor([0.5, -0.0, 0.0, torch.nan]), torch.tensor([3, 2, 1, 0]))
    assert drawn.tolist() == [True, False, True, True]
    assert one_per_group(torch.tensor([]), torch.tensor([])).tolist() == []


def test_every_row_of_a_label_is_drawn_equally_often_and_independently():
    generator, times = torch.manual_seed(0), 2000
    labels = torch.tensor([1.0, 2.0, 1.0, 3.0, 1.0, 2.0, 1.0])
    counts, pairs = torch.zeros(7), torch.zeros(4, 2)
    for _ in range(times):
        # Another label elsewhere in the batch is another draw.
        batch = torch.cat([labels, torch.rand(1, generator=generator)])
        drawn = one_per_group(batch, label_keys(batch.unsqueeze(1)))
        assert drawn.sum() == 4
        counts += drawn[:7]
        pairs += drawn[[0, 2, 4, 6]].float().outer(drawn[[1, 5]].float())
    expected = times / torch.tensor([4.0, 2, 4, 1, 4, 2, 4])
    assert (
        (counts - expected).square() / expected
    ).sum() < 20  # chi-square, 4 degrees of freedom: 1 in 2,000
    assert ((pairs - times / 8).square() / (times / 8)).sum() < 28  # 7 degrees of freedom: 1 in 4,000


def test_keys_are_those_of_the_labels_and_their_order():
    labels = torch.rand(50, 2, generator=torch.manual_seed(0)).round(decimals=1)
    keys = label_keys(labels)
    assert keys.equal(label_keys(labels.clone()))
    assert len(keys.unique()) == 50
    assert not keys.equal(label_keys(labels.flip(0)))
    before = torch.get_rng_state()
    label_keys(labels)
    assert torch.get_rng_state().equal(before)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_rows_have_one_code_exactly_where_they_are_equal(dtype):
    rows = torch.randint(-3, 4, (200, 2), generator=torch.manual_seed(0)).to(dtype)
    rows[rows == 0] *= -1  # minus zero among the zeros
    rows[:100][rows[:100] == 0] = 0.0
    codes = row_codes(rows)
    equal = (rows.unsqueeze(1) == rows).all(2)
    assert equal.equal(codes.unsqueeze(1) == codes)
    assert not row_codes(rows).equal(row_codes(rows.flip(1)))
