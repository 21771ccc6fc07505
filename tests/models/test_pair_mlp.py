"""PairMLP: its features by hand, scales of training rows, sentences that change places."""

import json
from typing import Any

import numpy as np
import pytest
import torch

from evenreg.errors import InputError, ShapeError
from evenreg.models import PairMLP


def rows(n=50, width=6, seed=0):
    return torch.randn(2, n, width, generator=torch.Generator().manual_seed(seed)).unbind()


def build(in_features=6, pieces=2, width=8, **options: Any):
    torch.manual_seed(0)
    return PairMLP(in_features, pieces, width, **options)


def by_hand(u, v, pieces):
    """Features of one pair, in NumPy."""
    differences, products, cosines = [], [], []
    for a, b in zip(np.split(u, pieces), np.split(v, pieces), strict=True):
        a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
        differences += abs(a - b).tolist()
        products += (a * b).tolist()
        cosines.append(float(a @ b))
    return differences + products + cosines


@pytest.mark.parametrize("pieces", [1, 2, 3])
def test_it_is_the_formula(pieces):
    (u, v), (more_u, more_v) = rows(7), rows(3000, seed=1)
    encoder = build(pieces=pieces).fit(more_u, more_v).eval()
    scale = np.array([by_hand(*pair, pieces) for pair in zip(more_u.numpy(), more_v.numpy(), strict=True)])
    features = np.array([by_hand(*pair, pieces) for pair in zip(u.numpy(), v.numpy(), strict=True)])
    standard = torch.tensor((features - scale.mean(axis=0)) / scale.std(axis=0), dtype=torch.float32)
    expected = torch.relu(encoder.layers[1](standard))
    torch.testing.assert_close(encoder(u, v), expected, rtol=1e-4, atol=1e-5)


def test_sentences_may_change_places_and_embeddings_any_length():
    u, v = rows()
    encoder = build().fit(u, v).eval()
    torch.testing.assert_close(encoder(v, u), encoder(u, v), rtol=0, atol=0)
    longer = torch.cat([3 * u[:, :3], 0.1 * u[:, 3:]], dim=1)  # piece by piece
    torch.testing.assert_close(encoder(longer, v), encoder(u, v), rtol=1e-5, atol=1e-6)


def test_what_never_varies_is_not_blown_up():
    u, v = rows()
    u[:, 2] = v[:, 2] = 0  # a dead unit: its difference and product are always 0
    encoder = build().fit(u, v)
    assert encoder.sd[2] == encoder.sd[8] == 1
    assert torch.isfinite(encoder(u, v)).all()
    assert torch.isfinite(encoder(torch.zeros(2, 6), v[:2])).all()


def test_dropout_acts_in_training_only():
    u, v = rows()
    for encoder in (build(dropout=0.0), build(input_dropout=0.0)):
        assert not torch.equal(encoder(u, v), encoder(u, v))
    encoder = build().eval()
    assert torch.equal(encoder(u, v), encoder(u, v))
    still = build(dropout=0.0, input_dropout=0.0)
    assert torch.equal(still(u, v), still(u, v))


def test_a_state_dict_brings_the_scales_as_well():
    u, v = rows()
    encoder = build().fit(u, v).eval()
    again = PairMLP(**json.loads(json.dumps(encoder.config))).eval()
    again.load_state_dict(encoder.state_dict())
    torch.testing.assert_close(again(u, v), encoder(u, v), rtol=0, atol=0)
    assert again.out_features == encoder.out_features == 8


def test_every_parameter_gets_a_gradient():
    encoder = build().fit(*rows())
    encoder(*rows()).sum().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in encoder.parameters())


@pytest.mark.parametrize("n", [0, 1])
def test_small_batches(n):
    u, v = rows(n)
    assert build()(u, v).shape == (n, 8)


def test_hidden_layers_are_there():
    names = dict(build().named_modules())
    assert all(layer in names for layer in build().hidden_layers)


def test_what_does_not_fit_is_refused():
    with pytest.raises(
        InputError, match="pieces: expected a number that divides in_features, 6, got 4; an emb"
    ):
        PairMLP(6, pieces=4)
    with pytest.raises(
        ShapeError, match=r"first: expected shape \(batch, 6\), got \(2, 5\); embed sentences as in"
    ):
        build()(torch.zeros(2, 5), torch.zeros(2, 5))
    with pytest.raises(ShapeError, match=r"expected equal shapes, got first \(2, 6\) and second \(1, 6\)"):
        build()(torch.zeros(2, 6), torch.zeros(1, 6))
    with pytest.raises(
        InputError, match="fit: expected a batch of at least 1 sample, got 0; give the embeddings"
    ):
        build().fit(torch.zeros(0, 6), torch.zeros(0, 6))
    options: list[dict[str, Any]] = [{"width": 0}, {"pieces": 0}, {"input_dropout": 2.0}, {"dropout": -1.0}]
    for option in options:
        with pytest.raises(InputError, match=next(iter(option))):
            build(**option)
