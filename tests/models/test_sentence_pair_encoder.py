"""SentencePairEncoder: a slow reference of each sentence, padding that does not matter, folders that are refused."""

import json
import logging
import warnings
from typing import Any

import pytest
import torch

from evenreg.errors import InputError, MissingDependencyError
from evenreg.mixing import ManifoldMixup
from evenreg.models import SentencePairEncoder, pair_features
from tiny_encoders import tiny_config, tiny_encoder

FIRST = [[2, 5, 6, 3], [2, 3], [2, 7, 8, 9, 10, 11, 3], [2, 6, 3]]
SECOND = [[2, 16, 12, 13, 14, 15, 9, 3], [2, 8, 3], [2, 5, 3], [2, 6, 10, 3]]


def build(seed=0, cosine=True, train_words=True, **options):
    torch.manual_seed(seed)
    return SentencePairEncoder(tiny_config(**options), cosine=cosine, train_words=train_words)


def ids(sentences, length=9):
    return torch.tensor([s + [0] * (length - len(s)) for s in sentences])


def many(pairs):
    """More sentences than pass the transformer together, of unlike lengths."""
    draw = torch.Generator().manual_seed(0)
    rows = torch.randint(1, 17, (2 * pairs, 12), generator=draw)
    ends = torch.randint(1, 13, (2 * pairs, 1), generator=draw)
    return rows.where(torch.arange(12) < ends, 0).chunk(2)


@pytest.mark.parametrize("cosine", [True, False])
def test_it_is_the_mean_over_the_words_of_each_sentence_alone(cosine):
    encoder = build(cosine=cosine).eval()
    got = encoder(ids(FIRST), ids(SECOND))
    assert got.shape == (4, encoder.out_features) == (4, 64 + cosine)
    for row in range(4):
        # Without padding and without a mask.
        u, v = (
            encoder.transformer(input_ids=torch.tensor([s[row]])).last_hidden_state[0].mean(dim=0)
            for s in (FIRST, SECOND)
        )
        torch.testing.assert_close(got[row, :64], pair_features(u[None], v[None])[0], rtol=1e-4, atol=1e-6)
        if cosine:
            assert got[row, 64].item() == pytest.approx((u @ v / u.norm() / v.norm()).item(), abs=1e-5)


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
    encoder = SentencePairEncoder(tiny_config(pad_token_id=4), padding_id=4).eval()
    short, long = torch.tensor([[2, 0, 3]]), torch.tensor([[2, 0, 3, 4, 4]])
    torch.testing.assert_close(encoder(short, long), encoder(short, short))


def test_a_batch_without_rows():
    none = torch.zeros(0, 5, dtype=torch.long)
    assert build()(none, none).shape == (0, 65)


def test_every_parameter_gets_a_gradient():
    # What gets none, such as a layer behind the first word, stops training in several processes.
    encoder = build()
    encoder(*many(12)).square().sum().backward()
    assert all(p.grad is not None for p in encoder.parameters())
    assert "pooler" not in " ".join(encoder.state_dict())


def test_words_that_stay():
    encoder = build(train_words=False)
    encoder(*many(12)).square().sum().backward()
    still = [name for name, p in encoder.named_parameters() if p.grad is None]
    assert still == ["transformer.embeddings.word_embeddings.weight"]


def test_dropout_acts_in_training_only():
    encoder = build()
    assert not torch.equal(encoder(*many(3)), encoder(*many(3)))
    encoder.eval()
    assert torch.equal(encoder(*many(3)), encoder(*many(3)))


def test_a_folder_brings_its_weights_and_the_mode_of_training(tmp_path):
    folder = tiny_encoder(tmp_path / "model")
    encoder = SentencePairEncoder.from_pretrained(str(folder), cosine=False)
    again = SentencePairEncoder.from_pretrained(str(folder), cosine=False, train_words=False)
    assert encoder.training
    assert encoder.transformer.training
    assert encoder.out_features == 64
    assert not again.transformer.embeddings.word_embeddings.weight.requires_grad
    torch.testing.assert_close(again.eval()(*many(5)), encoder.eval()(*many(5)), rtol=0, atol=0)
    assert not torch.allclose(build(cosine=False).eval()(*many(5)), encoder(*many(5)), atol=1e-3)


@pytest.mark.parametrize("kind", ["bert", "distilbert", "mpnet"])
def test_a_state_dict_loads_into_one_built_from_the_config(tmp_path, kind):
    names: dict[str, Any] = (
        {"dim": 16, "n_layers": 1, "n_heads": 2, "hidden_dim": 24} if kind == "distilbert" else {}
    )
    folder = tiny_encoder(tmp_path / "model", model_type=kind, tokenizer=False, **names)
    encoder = SentencePairEncoder.from_pretrained(str(folder), padding_id=0, train_words=False).eval()
    config = json.loads(json.dumps(encoder.config))
    assert str(tmp_path) not in json.dumps(config)
    again = SentencePairEncoder(**config).eval()
    again.load_state_dict(encoder.state_dict())
    torch.testing.assert_close(again(*many(5)), encoder(*many(5)), rtol=0, atol=0)
    assert again.config == encoder.config
    assert not again.transformer.get_input_embeddings().weight.requires_grad


def test_vectors_of_pairs_can_be_blended():
    encoder = build(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, cosine=False)
    first, second = many(20)
    mix = ManifoldMixup(encoder.hidden_layers)(torch.arange(20.0)[:, None])
    blended, plain = mix.run(encoder, first, second), encoder(first, second)
    torch.testing.assert_close(blended[:, :32], mix(plain[:, :32]), rtol=1e-4, atol=1e-5)


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
    SentencePairEncoder.from_pretrained(
        folder
    )  # its file holds the layer that is left out, which is told otherwise
    assert settings() == before
    told.disable_progress_bar()
    try:
        quiet = settings()
        SentencePairEncoder.from_pretrained(folder)
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


def test_without_transformers_the_way_out_is_told(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "transformers", None)
    with pytest.raises(
        MissingDependencyError, match=r"transformers, which is not installed; run pip install 'even"
    ):
        build()


def test_wrong_ids_are_refused():
    with pytest.raises(InputError, match=r"second_ids: expected whole numbers of shape \(4, length\), got"):
        build()(ids(FIRST), torch.zeros(4, 3))
