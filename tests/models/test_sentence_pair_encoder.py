"""SentencePairEncoder: a slow reference of each sentence, padding that does not matter, folders that are refused."""

import json
import logging
import warnings
from typing import Any

import pytest
import torch

from evenreg.errors import InputError, MissingDependencyError
from evenreg.mixing import ManifoldMixup
from evenreg.models import SentencePairEncoder
from tiny_encoders import tiny_config, tiny_encoder

FIRST = [[2, 5, 6, 3], [2, 3], [2, 7, 8, 9, 10, 11, 3], [2, 6, 3]]
SECOND = [[2, 16, 12, 13, 14, 15, 9, 3], [2, 8, 3], [2, 5, 3], [2, 6, 10, 3]]


def build(layers=(0, 2), trained_layers=None, width=8, **options: Any):
    torch.manual_seed(0)
    return SentencePairEncoder(
        tiny_config(**options), layers=layers, trained_layers=trained_layers, width=width
    )


def ids(sentences, length=9):
    return torch.tensor([s + [0] * (length - len(s)) for s in sentences])


def many(pairs):
    """More sentences than pass the transformer together, of unlike lengths."""
    draw = torch.Generator().manual_seed(0)
    rows = torch.randint(1, 17, (2 * pairs, 12), generator=draw)
    ends = torch.randint(1, 13, (2 * pairs, 1), generator=draw)
    return rows.where(torch.arange(12) < ends, 0).chunk(2)


@pytest.mark.parametrize("layers", [(-1,), (0, 1, 2), (-3, -1)])
def test_it_is_the_mean_over_the_words_of_each_sentence_alone(layers):
    encoder = build(layers=layers).eval()
    got = encoder(ids(FIRST), ids(SECOND))
    assert got.shape == (4, encoder.out_features) == (4, 8)
    for row in range(4):
        # Without padding and without a mask.
        vectors = []
        for sentence in (FIRST[row], SECOND[row]):
            told = encoder.transformer(input_ids=torch.tensor([sentence]), output_hidden_states=True)
            vectors.append(torch.cat([told.hidden_states[layer][0].mean(dim=0) for layer in layers])[None])
        torch.testing.assert_close(got[row : row + 1], encoder.pairs(*vectors), rtol=1e-4, atol=1e-5)


def test_padding_and_company_do_not_matter():
    encoder = build().eval()
    first, second = many(20)
    features = encoder(first, second)
    wider = torch.nn.functional.pad(second, (0, 9))
    torch.testing.assert_close(encoder(first, wider), features, rtol=1e-4, atol=1e-6)
    order = torch.randperm(20, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(encoder(first[order], second[order]), features[order], rtol=1e-4, atol=1e-6)
    one_by_one = [encoder(first[i : i + 1], second[i : i + 1]) for i in range(20)]
    torch.testing.assert_close(torch.cat(one_by_one), features, rtol=1e-4, atol=1e-6)


def test_another_padding_id():
    torch.manual_seed(0)
    encoder = SentencePairEncoder(
        tiny_config(pad_token_id=4), padding_id=4, layers=[-1], trained_layers=1
    ).eval()
    short, long = torch.tensor([[2, 0, 3]]), torch.tensor([[2, 0, 3, 4, 4]])
    torch.testing.assert_close(encoder(short, long), encoder(short, short))


def test_a_batch_without_rows():
    none = torch.zeros(0, 5, dtype=torch.long)
    assert build()(none, none).shape == (0, 8)


def test_every_parameter_gets_a_gradient():
    # What gets none, such as a layer behind the first word, stops training in several processes.
    encoder = build()
    encoder(*many(12)).square().sum().backward()
    assert all(p.grad is not None for p in encoder.parameters())
    assert "pooler" not in " ".join(encoder.state_dict())


def test_half_precision_is_near():
    encoder = build().fit(*many(100)).eval()
    with torch.autocast("cpu", torch.bfloat16):
        vectors, features = encoder._vectors(*many(20)), encoder(*many(20))
    assert vectors.dtype == torch.float32
    torch.testing.assert_close(vectors, encoder._vectors(*many(20)), rtol=0.02, atol=0.02)
    torch.testing.assert_close(features.float(), encoder(*many(20)), rtol=0.1, atol=0.2)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_only_the_last_layers_are_trained(count):
    encoder = build(trained_layers=count)
    encoder(*many(12)).square().sum().backward()
    moving = {
        name.split(".")[3]
        for name, p in encoder.transformer.named_parameters("transformer")
        if p.grad is not None
    }
    assert moving == {str(layer) for layer in range(2 - count, 2)}
    assert all((p.grad is not None) == p.requires_grad for p in encoder.parameters())
    assert all(p.requires_grad for p in encoder.pairs.parameters())


def test_dropout_of_the_transformer_is_off_that_of_the_pairs_is_not():
    encoder = build()
    first, second = many(20)
    before = encoder._vectors(first, second)
    assert torch.equal(encoder.train()._vectors(first, second), before)
    assert not torch.equal(encoder(first, second), encoder(first, second))
    encoder.eval()
    assert torch.equal(encoder(first, second), encoder(first, second))


def test_scales_are_those_of_the_rows_given():
    encoder = build()
    first, second = many(100)
    assert encoder.fit(first, second) is encoder
    seen = encoder.pairs._features(*encoder._vectors(first, second).unbind(1))
    torch.testing.assert_close(encoder.pairs.mean, seen.mean(dim=0), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(encoder.pairs.sd, seen.std(dim=0, correction=0), rtol=1e-3, atol=1e-5)


def test_a_folder_brings_its_weights(tmp_path):
    folder = str(tiny_encoder(tmp_path / "model"))
    options: dict[str, Any] = {"layers": [1, 2], "trained_layers": 1, "width": 8}
    one, other = (SentencePairEncoder.from_pretrained(folder, **options) for _ in range(2))
    assert one.training
    torch.testing.assert_close(other._vectors(*many(5)), one._vectors(*many(5)), rtol=0, atol=0)
    random = build(layers=[1, 2])
    assert not torch.allclose(random._vectors(*many(5)), one._vectors(*many(5)), atol=1e-3)
    fresh = [e.pairs.state_dict()["layers.1.weight"] for e in (one, other)]
    assert not torch.equal(*fresh)
    plain = SentencePairEncoder.from_pretrained(str(tiny_encoder(tmp_path / "b", num_hidden_layers=3)))
    assert (plain.config["layers"], plain.config["trained_layers"], plain.out_features) == (
        [-3, -2, -1],
        3,
        512,
    )


@pytest.mark.parametrize("kind", ["bert", "distilbert", "mpnet"])
def test_a_state_dict_loads_into_one_built_from_the_config(tmp_path, kind):
    names: dict[str, Any] = (
        {"dim": 16, "n_layers": 1, "n_heads": 2, "hidden_dim": 24} if kind == "distilbert" else {}
    )
    folder = tiny_encoder(tmp_path / "model", model_type=kind, tokenizer=False, **names)
    encoder = SentencePairEncoder.from_pretrained(
        str(folder), padding_id=0, layers=[-1], trained_layers=1, width=8, dropout=0.1
    ).fit(*many(50))
    config = json.loads(json.dumps(encoder.config))
    assert str(tmp_path) not in json.dumps(config)
    again = SentencePairEncoder(**config)
    again.load_state_dict(encoder.state_dict())
    torch.testing.assert_close(again.eval()(*many(5)), encoder.eval()(*many(5)), rtol=0, atol=0)
    assert again.config == encoder.config
    trained = [[p.requires_grad for p in e.parameters()] for e in (again, encoder)]
    assert trained[0] == trained[1]


def test_vectors_of_pairs_can_be_blended():
    encoder = build().eval()
    first, second = many(20)
    names = dict(encoder.named_modules())
    assert all(layer in names for layer in (*encoder.hidden_layers, *encoder.new_layers))
    mix = ManifoldMixup(encoder.hidden_layers[:1])(torch.arange(20.0)[:, None])
    blended = mix.run(encoder, first, second)
    vectors = mix(encoder._vectors(first, second))
    torch.testing.assert_close(blended, encoder.pairs(vectors[:, 0], vectors[:, 1]), rtol=1e-4, atol=1e-5)


def test_loading_prints_nothing_and_leaves_settings(tmp_path, capfd):
    import huggingface_hub.utils
    import transformers

    folder = str(tiny_encoder(tmp_path / "model"))
    told = transformers.utils.logging

    def settings():
        return (
            told.get_verbosity(),
            told.is_progress_bar_enabled(),
            huggingface_hub.utils.are_progress_bars_disabled(),
            logging.getLogger("huggingface_hub").level,
            list(warnings.filters),
        )

    before = settings()
    SentencePairEncoder.from_pretrained(folder, layers=[-1], trained_layers=1)  # told otherwise: no pooler
    assert settings() == before
    told.disable_progress_bar()
    try:
        quiet = settings()
        SentencePairEncoder.from_pretrained(folder, layers=[-1], trained_layers=1)
        assert settings() == quiet
    finally:
        told.enable_progress_bar()
    assert capfd.readouterr() == ("", "")


def test_folders_that_are_no_encoder_are_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(
        InputError, match=r"empty: expected an encoder that transformers can read .*; give another"
    ):
        SentencePairEncoder.from_pretrained(str(tmp_path / "empty"))
    folder = tiny_encoder(tmp_path / "model")
    facts = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(facts | {"num_hidden_layers": 3}))
    with pytest.raises(
        InputError,
        match=r"expected all weights of its encoder, got a file without 16 of them \(encoder.layer.2.att",
    ):
        SentencePairEncoder.from_pretrained(str(folder))
    (folder / "config.json").write_text(json.dumps(facts | {"hidden_size": 8}))
    with pytest.raises(InputError, match="expected an encoder that transformers can read"):
        SentencePairEncoder.from_pretrained(str(folder))
    (folder / "config.json").write_text(json.dumps(facts))
    (folder / "model.safetensors").write_bytes(b"PK")
    with pytest.raises(InputError, match="expected an encoder that transformers can read"):
        SentencePairEncoder.from_pretrained(str(folder))


def test_a_folder_that_names_no_padding_is_refused(tmp_path):
    folder = tiny_encoder(tmp_path / "model", pad_token_id=None)
    with pytest.raises(
        InputError, match="expected a model whose configuration names the id of padding, got none"
    ):
        SentencePairEncoder.from_pretrained(str(folder))


def test_configurations_that_are_no_encoder_are_refused():
    with pytest.raises(
        InputError, match="expected an encoder of sentences, got t5, which has a decoder as well"
    ):
        SentencePairEncoder({"model_type": "t5", "d_model": 8, "num_layers": 1})
    with pytest.raises(
        InputError, match=r"transformer: expected the configuration of an encoder .* wrote it, 99\.1\.$"
    ):
        SentencePairEncoder({"model_type": "no-such-kind", "transformers_version": "99.1"})


def test_layers_that_are_not_there_are_refused():
    for layers in ([3], [-4], []):
        with pytest.raises(
            InputError,
            match=r"layers: expected numbers from -3 to 2, where 0 goes into the first layer .* leave out",
        ):
            build(layers=layers)
    with pytest.raises(
        InputError, match="trained_layers: expected at most 2, which the transformer has, got 3; None"
    ):
        build(trained_layers=3)
    with pytest.raises(
        InputError, match="trained_layers: expected None, since its layers are no list, got 1"
    ):
        build(trained_layers=1, model_type="albert", embedding_size=8, num_hidden_groups=1)
    assert build(model_type="albert", embedding_size=8).config["trained_layers"] is None


def test_without_transformers_the_way_out_is_told(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "transformers", None)
    with pytest.raises(
        MissingDependencyError, match=r"transformers, which is not installed; run pip install 'even"
    ):
        build()


def test_wrong_ids_are_refused():
    with pytest.raises(InputError, match=r"second_ids: expected whole numbers of shape \(4, length\), got"):
        build()(ids(FIRST), torch.zeros(4, 3))
