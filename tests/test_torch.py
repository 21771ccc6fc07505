"""The bin index against `Bins.index`, the float32 island, and what a lone process gathers (itself)."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from evenreg._torch import (
    BinIndex,
    float32_island,
    gather_rows,
    keep_precision,
    own_rows,
    process_count,
    process_rank,
    sum_over_processes,
)
from evenreg.labels import Bins

FLOATS = (torch.float64, torch.float32, torch.bfloat16, torch.float16)


def same_bins(bins, target):
    index = BinIndex(bins)(target)
    assert index.dtype == torch.int64
    assert index.tolist() == bins.index(target.double().numpy()).tolist()


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30, unique=True),
    st.lists(st.floats(-2e6, 2e6), max_size=20),
    st.sampled_from(FLOATS),
)
def test_it_equals_the_index_of_bins(edges, labels, dtype):
    edges = np.unique(edges)
    if np.diff(edges).min() == 0:
        return
    # The edges, their roundings and the numbers next to these are where it could go wrong.
    near = [
        edges,
        edges.astype(np.float32),
        np.float32(edges),
        *(np.nextafter(edges, s) for s in (-1e9, 1e9)),
    ]
    near += [np.nextafter(np.float32(edges), np.float32(s)) for s in (-1e9, 1e9)]
    target = torch.tensor(np.concatenate([labels, *near])).to(dtype)
    same_bins(Bins(edges), target[target.isfinite()])


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("width", [0.1, 0.3, 1, 1e-3, 1e-9])
def test_it_equals_the_index_on_grids(dtype, width):
    bins = Bins.uniform(0, 150 * width, width)
    labels = torch.arange(-5, 156) * torch.tensor(width, dtype=torch.float64)
    same_bins(bins, labels.to(dtype))
    same_bins(bins, labels.float().to(dtype))


def test_labels_read_from_text_and_their_float32_roundings_share_bins():
    bins = Bins.uniform(0, 5, 0.1)
    text = np.round(np.arange(51) / 10, 1)
    index = BinIndex(bins)
    assert (
        index(torch.tensor(text)).tolist() == index(torch.tensor(text).float()).tolist() == [*range(50), 49]
    )


@pytest.mark.parametrize("dtype", [torch.int64, torch.int32, torch.uint8, torch.bool])
def test_whole_numbers_and_any_shape(dtype):
    target = torch.arange(12).view(2, 3, 2).to(dtype)
    index = BinIndex(Bins([0, 2.5, 7, 8]))(target)
    assert index.tolist() == Bins([0, 2.5, 7, 8]).index(target.numpy()).tolist()
    turned = target.permute(2, 0, 1)
    assert torch.equal(BinIndex(Bins([0, 2.5, 7, 8]))(turned), index.permute(2, 0, 1))


@pytest.mark.parametrize("edges", [[0, 1], [-1e300, 0, 1e300], [0, 1e-300, 1], [1e39, 2e39, 3e39]])
def test_edges_beyond_float32(edges):
    bins = Bins(edges)
    same_bins(bins, torch.tensor([0.0, -1.0, 0.5, 1.0, 3e38, -3e38], dtype=torch.float32))
    same_bins(bins, torch.tensor([0.0, 1e-300, 1e39, 2e39, 2.5e39, 1e300], dtype=torch.float64))


@pytest.mark.parametrize("dtype", FLOATS)
def test_what_is_no_label_has_a_place_of_its_own(dtype):
    target = torch.tensor([torch.nan, 1.5, torch.inf, -torch.inf], dtype=dtype)
    assert BinIndex(Bins([0, 1, 2]))(target).tolist() == [2, 1, 2, 2]


def test_edges_keep_their_precision_and_survive_a_state_dict():
    bins = Bins.uniform(0, 5, 0.1)
    index = BinIndex(bins)
    for cast in ("half", "bfloat16", "float", "double"):
        getattr(index, cast)()
    labels = torch.rand(2000, dtype=torch.float64) * 5
    assert index(labels).tolist() == bins.index(labels.numpy()).tolist()
    assert list(index.state_dict()) == ["edges"]
    for other in (BinIndex(), BinIndex(Bins([0, 1])), copy.deepcopy(index)):
        other.load_state_dict(index.state_dict())
        assert other.n_bins == 50
        assert torch.equal(other(labels), index(labels))
    BinIndex(bins).load_state_dict(BinIndex().state_dict() | index.state_dict())
    empty = BinIndex()
    empty.load_state_dict(BinIndex().state_dict())
    assert empty.n_bins == 0


def test_a_device_without_float64_gets_float32():
    def to_mps(tensor):
        if tensor.dtype == torch.float64:
            raise TypeError("Cannot convert a MPS Tensor to float64 dtype")
        return tensor.clone()

    assert keep_precision(to_mps, torch.zeros(2, dtype=torch.float64)).dtype == torch.float32
    assert keep_precision(to_mps, torch.zeros(2, dtype=torch.int64)).dtype == torch.int64
    assert keep_precision(lambda t: t.half(), torch.zeros(2, dtype=torch.float64)).dtype == torch.float64


def test_a_lone_process_gathers_itself():
    rows = torch.randn(3, 2, requires_grad=True)
    assert gather_rows(rows) is rows
    assert own_rows(3) == slice(0, 3)
    total = sum_over_processes(rows)
    assert torch.equal(total, rows)
    assert not total.requires_grad
    assert (process_count(), process_rank()) == (1, 0)


def settings_now():
    return (
        torch.is_autocast_enabled("cpu"),
        torch.backends.cuda.matmul.fp32_precision,
        torch.backends.mkldnn.matmul.fp32_precision,
    )


@pytest.mark.parametrize("precision", ["highest", "high", "medium"])
def test_the_island_is_exact_and_leaves_no_trace(precision):
    @float32_island()
    def inside(x):
        return x @ x, settings_now()

    x = torch.randn(64, 64)
    before = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision(precision)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            outside = settings_now()
            for _ in range(2):
                product, (autocast, gpu, cpu) = inside(x)
                assert product.dtype == torch.float32
                assert (autocast, gpu, cpu) == (False, "ieee", "ieee")
                assert settings_now() == outside
            with pytest.raises(KeyError), float32_island():
                raise KeyError
            assert settings_now() == outside
            assert (x @ x).dtype == torch.bfloat16
        assert torch.get_float32_matmul_precision() == precision
        assert torch.allclose(product.double(), x.double() @ x.double(), atol=1e-4)
    finally:
        torch.set_float32_matmul_precision(before)
