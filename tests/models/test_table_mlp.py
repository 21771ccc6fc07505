"""TableMLP: shapes at the edges, the embedding's formula, and a state dict that loads."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from evenreg.errors import InputError, ShapeError
from evenreg.models import TableMLP, quantile_edges


def build(n_numeric=3, n_other=2, n=200, **options):
    numeric = torch.randn(n, n_numeric, generator=torch.Generator().manual_seed(0))
    return (
        TableMLP(n_numeric, n_other, edges=quantile_edges(numeric), **options),
        numeric,
        torch.ones(n, n_other),
    )


@pytest.mark.parametrize(("n_numeric", "n_other"), [(3, 2), (3, 0), (0, 2), (1, 0)])
@pytest.mark.parametrize("batch", [0, 1, 5])
def test_any_mix_of_features_and_any_batch(n_numeric, n_other, batch):
    encoder, numeric, other = build(n_numeric, n_other, width=32)
    features = encoder(numeric[:batch], other[:batch])
    assert features.shape == (batch, encoder.out_features) == (batch, 32)
    assert torch.isfinite(features).all()


def test_no_feature_at_all_is_refused():
    with pytest.raises(InputError, match="expected at least one feature, got 0 and 0"):
        TableMLP(0, 0)


def test_wrong_widths_are_refused():
    encoder, numeric, other = build()
    with pytest.raises(
        ShapeError, match="expected 3 numeric and 2 other features, got 2 and 2; use the preprocessor"
    ):
        encoder(numeric[:, :2], other)
    with pytest.raises(ShapeError, match="got 3 and 1"):
        encoder(numeric, other[:, :1])


def test_edges_are_checked():
    with pytest.raises(ShapeError, match="expected one list for each of 2 numeric features, got 1"):
        TableMLP(2, 0, edges=[[0.0, 1.0]])
    for edges in ([0.0], [0.0, 0.0], [1.0, 0.0]):
        with pytest.raises(InputError, match="expected at least two increasing numbers per feature"):
            TableMLP(1, 0, edges=[edges])
    with pytest.raises(InputError, match="edges: expected a finite number"):
        TableMLP(1, 0, edges=[[0.0, float("inf")]])


@pytest.mark.parametrize("option", [{"width": 0}, {"depth": 0}, {"d_embedding": 0}, {"dropout": 1.5}])
def test_options_are_checked(option):
    with pytest.raises(InputError, match=next(iter(option))):
        build(**option)


def test_the_embedding_is_the_formula():
    torch.manual_seed(0)
    encoder = TableMLP(2, 0, edges=[[-1.0, 0.0, 2.0, 3.0], [0.0, 1.0]], d_embedding=4)
    assert encoder.embedding is not None
    assert encoder.embedding.linear0 is not None
    torch.nn.init.normal_(encoder.embedding.linear.weight)
    numeric = torch.tensor([[-0.5, 0.2], [1.0, 0.9], [2.9, 0.0]])
    got = encoder.embedding(numeric)
    # The package keeps the last bin in the last place and leaves a gap before it where features differ in
    # bins.
    places = [[0, 1, 2], [2]]
    for row in range(3):
        for feature, edges in enumerate(encoder.config["edges"]):
            x = numeric[row, feature]
            expected = encoder.embedding.linear0.weight[feature] * x + encoder.embedding.linear0.bias[feature]
            for t, place in enumerate(places[feature]):
                share = min(max((x.item() - edges[t]) / (edges[t + 1] - edges[t]), 0.0), 1.0)
                expected = expected + share * encoder.embedding.linear.weight[feature, place]
            torch.testing.assert_close(got[row, feature], expected)


def test_outside_the_training_range_nothing_changes_any_more():
    encoder, numeric, other = build()
    assert encoder.embedding is not None
    torch.nn.init.normal_(encoder.embedding.linear.weight)
    encoder.eval()
    ends = torch.stack([numeric.min(dim=0).values, numeric.max(dim=0).values])
    torch.testing.assert_close(encoder(ends * 1000, other[:2]), encoder(ends, other[:2]))


def test_a_state_dict_loads_into_one_built_from_the_config():
    # Features of unlike numbers of bins, one of a single bin.
    numeric = torch.randn(200, 3)
    numeric[:, 1] = torch.randint(0, 4, (200,))
    numeric[:, 2] = (torch.arange(200) == 0).float()
    encoder = TableMLP(3, 2, edges=quantile_edges(numeric), width=16, depth=1, d_embedding=3, dropout=0.2)
    config = json.loads(json.dumps(encoder.config))
    again = TableMLP(**config)
    again.load_state_dict(encoder.state_dict())
    encoder.eval(), again.eval()
    other = torch.randn(200, 2)
    torch.testing.assert_close(again(numeric, other), encoder(numeric, other), rtol=0, atol=0)
    assert again.config == encoder.config


def test_it_learns_a_step_that_a_linear_model_cannot():
    torch.manual_seed(0)
    numeric = torch.rand(400, 1) * 4 - 2
    target = (numeric[:, :1] > 0.7).float()
    encoder = TableMLP(1, 0, edges=quantile_edges(numeric), width=32, dropout=0.0)
    head = torch.nn.Linear(32, 1)
    optimizer = torch.optim.AdamW([*encoder.parameters(), *head.parameters()], lr=1e-2)
    for _ in range(100):
        optimizer.zero_grad()
        loss = (head(encoder(numeric, numeric[:, :0])) - target).square().mean()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.02  # the best line leaves about 0.1


def test_every_parameter_gets_a_gradient():
    encoder, numeric, other = build()
    encoder(numeric, other).sum().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in encoder.parameters())


# ---- edges


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.floats(-3, 3, width=32), min_size=1, max_size=60),
    st.integers(1, 60),
)
def test_edges_increase_and_span_the_data(values, n_bins):
    (edges,) = quantile_edges([[v] for v in values], n_bins)
    assert 2 <= len(edges) <= n_bins + 1
    assert np.diff(edges).min() >= 1e-3 * (1 - 1e-9)
    assert edges[0] == min(values)
    assert edges[-1] == max(values) or max(values) - min(values) < 1e-3
    TableMLP(1, 0, edges=[edges], width=4)  # still increasing in float32


def test_edges_are_quantiles_where_values_are_spread():
    values = np.random.default_rng(0).normal(size=(1000, 2))
    edges = quantile_edges(values)
    np.testing.assert_allclose(edges, np.quantile(values, np.linspace(0, 1, 49), axis=0).T)


def test_small_tables_get_fewer_bins():
    assert [len(e) - 1 for e in quantile_edges(np.random.default_rng(0).normal(size=(42, 2)))] == [5, 5]


def test_edges_of_no_matrix_or_of_gaps_are_refused():
    with pytest.raises(ShapeError, match=r"expected a matrix \(n, features\) with rows, got shape \(3,\)"):
        quantile_edges([1.0, 2.0, 3.0])
    with pytest.raises(ShapeError, match=r"got shape \(0, 2\)"):
        quantile_edges(np.zeros((0, 2)))
    with pytest.raises(InputError, match="expected finite inputs, got NaN or infinity"):
        quantile_edges([[1.0], [np.nan]])
