"""BiLSTM: a slow reference for each sentence, padding that does not matter, word vectors that stay or move."""

import json

import numpy as np
import pytest
import torch

from evenreg.errors import InputError, ShapeError
from evenreg.mixing import ManifoldMixup
from evenreg.models import BiLSTM

FIRST = [[3, 4, 5], [6], [7, 2, 9, 4, 11, 3], [1, 1]]
SECOND = [[5, 2], [8, 9, 10, 2], [3], [12, 11, 10, 9, 8, 7, 6]]


def build(words=13, dim=5, hidden=4, **options):
    torch.manual_seed(0)
    return BiLSTM(words, dim, hidden, **options)


def ids(sentences, length=8):
    return torch.tensor([s + [0] * (length - len(s)) for s in sentences])


def run(encoder, first=FIRST, second=SECOND, lengths=(8, 8)):
    return encoder(ids(first, lengths[0]), ids(second, lengths[1]))


def sentence_by_hand(encoder, words):
    """Cell by cell in float64, one sentence at a time, after the equations of an LSTM."""
    weights = {name: p.detach().double() for name, p in encoder.lstm.named_parameters()}
    steps = [encoder.embedding.weight[w].detach().double() for w in words]
    for layer in range(encoder.config["layers"]):
        ways = []
        for suffix, order in (("", 1), ("_reverse", -1)):
            h = c = torch.zeros(encoder.config["hidden"], dtype=torch.float64)
            states = []
            for x in steps[::order]:
                gates = torch.zeros(4 * len(h), dtype=torch.float64)
                for kind, vector in (("ih", x), ("hh", h)):
                    gates += weights[f"weight_{kind}_l{layer}{suffix}"] @ vector
                    gates += weights[f"bias_{kind}_l{layer}{suffix}"]
                i, f, g, o = gates.chunk(4)
                c = f.sigmoid() * c + i.sigmoid() * g.tanh()
                h = o.sigmoid() * c.tanh()
                states.append(h)
            ways.append(states[::order])
        steps = [torch.cat(both) for both in zip(*ways, strict=True)]
    return torch.stack(steps).max(dim=0).values


@pytest.mark.parametrize("layers", [1, 2])
def test_it_is_the_slow_reference_of_each_sentence(layers):
    encoder = build(layers=layers).eval()
    got = run(encoder)
    for row, (first, second) in enumerate(zip(FIRST, SECOND, strict=True)):
        u, v = sentence_by_hand(encoder, first), sentence_by_hand(encoder, second)
        expected = torch.cat([u, v, (u - v).abs(), u * v])
        torch.testing.assert_close(got[row].double(), expected, rtol=1e-5, atol=1e-6)


def test_padding_and_company_do_not_matter():
    encoder = build().eval()
    features = run(encoder)
    assert features.shape == (4, encoder.out_features) == (4, 32)
    torch.testing.assert_close(run(encoder, lengths=(6, 40)), features, rtol=1e-6, atol=1e-7)
    order = [2, 0, 3, 1]
    shuffled = run(encoder, [FIRST[i] for i in order], [SECOND[i] for i in order])
    torch.testing.assert_close(shuffled, features[order], rtol=1e-6, atol=1e-7)
    for row in range(4):
        alone = run(encoder, [FIRST[row]], [SECOND[row]])
        torch.testing.assert_close(alone[0], features[row], rtol=1e-6, atol=1e-7)


def test_turned_round_the_vectors_change_places():
    encoder = build().eval()
    one, other = run(encoder), run(encoder, SECOND, FIRST)
    torch.testing.assert_close(one[:, 8:16], other[:, :8])
    torch.testing.assert_close(one[:, 16:], other[:, 16:])


def test_the_order_of_words_matters():
    encoder = build().eval()
    one, other = run(encoder, [[3, 4, 5]], [[6]]), run(encoder, [[5, 4, 3]], [[6]])
    assert not torch.allclose(one, other, atol=1e-3)


def test_a_sentence_without_words_and_a_batch_without_rows():
    encoder = build().eval()
    empty = run(encoder, [[], [3]], [[4], []])
    assert torch.isfinite(empty).all()
    torch.testing.assert_close(empty, run(encoder, [[], [3]], [[4], []], lengths=(20, 3)))
    assert encoder(ids([]).reshape(0, 8).long(), ids([]).reshape(0, 8).long()).shape == (0, 32)


def test_dropout_acts_in_training_only():
    encoder = build(dropout=0.5)
    assert not torch.equal(run(encoder), run(encoder))
    assert torch.equal(run(encoder.eval()), run(encoder))
    still = build(dropout=0.0)
    assert torch.equal(run(still), run(still))


@pytest.mark.parametrize("train_words", [True, False])
def test_word_vectors_are_trained_or_stay(train_words):
    encoder = build(train_words=train_words)
    vectors = np.random.default_rng(0).normal(size=(13, 5))
    encoder.set_word_vectors(vectors)
    assert encoder.embedding.weight[0].abs().max() == 0  # padding
    np.testing.assert_allclose(encoder.embedding.weight[1:].detach(), vectors[1:], rtol=1e-6)
    optimizer = torch.optim.SGD(encoder.parameters(), lr=1.0)
    run(encoder).sum().backward()
    optimizer.step()
    moved = not np.allclose(encoder.embedding.weight[2].detach(), vectors[2])
    assert moved == train_words
    assert encoder.embedding.weight[0].abs().max() == 0


def test_every_parameter_gets_a_gradient():
    encoder = build(layers=2)
    run(encoder).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in encoder.parameters())


def test_wrong_word_vectors_are_refused():
    encoder = build()
    with pytest.raises(
        ShapeError, match=r"vectors: expected shape \(13, 5\), got \(12, 5\); give a row for each word"
    ):
        encoder.set_word_vectors(np.zeros((12, 5)))
    with pytest.raises(InputError, match="vectors: expected finite numbers"):
        encoder.set_word_vectors(np.full((13, 5), np.nan))


def test_a_state_dict_loads_into_one_built_from_the_config():
    encoder = build(layers=1, dropout=0.1, train_words=False).eval()
    again = BiLSTM(**json.loads(json.dumps(encoder.config))).eval()
    again.load_state_dict(encoder.state_dict())
    assert torch.equal(run(again), run(encoder))
    assert again.out_features == encoder.out_features
    assert not again.embedding.weight.requires_grad


@pytest.mark.parametrize(
    "option",
    [{"words": 1}, {"dim": 0}, {"hidden": 0}, {"layers": 0}, {"dropout": 1.5}],
    ids=lambda option: next(iter(option)),
)
def test_options_are_checked(option):
    with pytest.raises(InputError, match=next(iter(option))):
        build(**option)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (torch.zeros(2, 3), torch.ones(2, 3, dtype=torch.long)),
        (torch.ones(2, 3, dtype=torch.long), torch.ones(3, 3, dtype=torch.long)),
        (torch.ones(2, 3, dtype=torch.long), torch.ones(2, 0, dtype=torch.long)),
    ],
)
def test_wrong_ids_are_refused(first, second):
    with pytest.raises(
        InputError,
        match=r"_ids: expected whole numbers of shape \(2, length\), got .* take them from the inputs",
    ):
        build()(first, second)


def test_vectors_of_pairs_can_be_blended():
    encoder = build(dropout=0.0)
    mix = ManifoldMixup(encoder.hidden_layers)(torch.arange(4.0)[:, None])
    blended = mix.run(encoder, ids(FIRST), ids(SECOND))
    plain = run(encoder)
    torch.testing.assert_close(blended[:, :16], mix(plain[:, :16]), rtol=1e-5, atol=1e-6)
    u, v = blended[:, :8], blended[:, 8:16]
    torch.testing.assert_close(blended[:, 16:], torch.cat([(u - v).abs(), u * v], dim=1))
