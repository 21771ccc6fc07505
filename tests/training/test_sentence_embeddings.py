"""SentenceEmbeddings: a slow reference, the cache and what damages it, folders, the same vectors as in fine-tuning."""

import pickle

import numpy as np
import pytest
import torch

from evenreg.errors import InputError, MissingFileError
from evenreg.models._transformers import load_transformer
from evenreg.training._sentence_embeddings import SentenceEmbeddings
from evenreg.training._token_ids import TokenIds
from tiny_encoders import tiny_encoder

FIRST = ["A cat sleeps.", "The dog plays", "a", "the man is on the mat"]
SECOND = ["a dog is sleeping on the mat.", "a", "The dog plays", ""]
OPTIONS = {"layers": [0, -1], "max_length": 16, "width": 8}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_encoder(tmp_path_factory.mktemp("hub") / "tiny-bert")


def make(folder, **options):
    return SentenceEmbeddings(folder, **(OPTIONS | options))


def never(*args):
    raise AssertionError("the encoder is not to be asked")


def test_each_sentence_is_its_mean_over_words(folder):
    pairs = make(folder)
    inputs = pairs.inputs(FIRST, SECOND)
    transformer = load_transformer(str(folder)).eval()
    for sentences, embeddings in zip((FIRST, SECOND), inputs, strict=True):
        assert embeddings.shape == (4, 32)
        assert embeddings.dtype == torch.float32
        for sentence, got in zip(sentences, embeddings, strict=True):
            ids = torch.tensor(pairs.tokens.rows([sentence]))
            states = transformer(input_ids=ids, output_hidden_states=True).hidden_states
            expected = torch.cat([states[layer][0].mean(dim=0) for layer in (0, -1)])
            torch.testing.assert_close(got, expected.detach(), rtol=1e-4, atol=1e-5)


def test_they_are_the_vectors_that_fine_tuning_starts_from(folder):
    frozen = make(folder).inputs(FIRST, SECOND)
    tuned = TokenIds(folder, max_length=16, layers=[0, -1], trained_layers=1)
    ids = tuned.inputs(FIRST, SECOND)
    vectors = tuned.encoder(ids)._vectors(*ids)
    torch.testing.assert_close(vectors, torch.stack(frozen, dim=1), rtol=1e-4, atol=1e-5)


def test_each_sentence_is_computed_once_and_progress_told(folder, monkeypatch):
    monkeypatch.setattr("evenreg.training._sentence_embeddings._TOGETHER", 2)
    told = []
    pairs = make(folder)
    pairs.tell = lambda done, total: told.append((done, total))
    pairs.inputs(FIRST, SECOND)
    assert told == [(2, 6), (4, 6), (6, 6)]


def test_the_encoder_is_fresh_its_scales_those_of_the_training_rows(folder):
    pairs = make(folder)
    train = pairs.inputs(FIRST, SECOND)
    torch.manual_seed(0)
    encoder = pairs.encoder(train)
    assert encoder.config == {
        "in_features": 32,
        "pieces": 2,
        "width": 8,
        "input_dropout": 0.6,
        "dropout": 0.5,
    }
    torch.testing.assert_close(encoder.mean, encoder._features(*train).mean(dim=0), rtol=1e-4, atol=1e-5)
    assert encoder(*train).shape == (4, 8)


def test_the_cache_is_used(folder, tmp_path, monkeypatch):
    first = make(folder, cache=tmp_path / "cache").inputs(FIRST, SECOND)
    (file,) = (tmp_path / "cache").iterdir()
    again = make(folder, cache=tmp_path / "cache", width=16)  # the encoder behind them may be another
    monkeypatch.setattr(again, "_embedded", never)
    assert again.embeddings_fingerprint[:16] in file.name
    assert all(map(torch.equal, again.inputs(FIRST, SECOND), first))
    swapped = again.inputs(SECOND, FIRST)  # the same sentences
    assert torch.equal(swapped[0], first[1])


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "nan", "rows", "kind"])
def test_a_damaged_cache_is_made_anew(folder, tmp_path, damage):
    pairs = make(folder, cache=tmp_path)
    expected = pairs.inputs(FIRST, SECOND)
    (file,) = tmp_path.iterdir()
    content, array = file.read_bytes(), np.load(file)
    if damage in ("nan", "rows", "kind"):
        array[0] = np.nan if damage == "nan" else array[0]
        kept = {"rows": array[:-1], "kind": array.astype(np.float64)}
        np.save(file, kept.get(damage, array))
    else:
        file.write_bytes({"cut": content[:-5], "empty": b"", "text": b"no array"}[damage])
    got = make(folder, cache=tmp_path).inputs(FIRST, SECOND)
    torch.testing.assert_close(got, expected)
    assert file.read_bytes() == content


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(folder, tmp_path):
    (tmp_path / "file").write_text("")
    got = make(folder, cache=tmp_path / "file" / "cache").inputs(FIRST, SECOND)
    torch.testing.assert_close(got, make(folder).inputs(FIRST, SECOND))


def test_the_fingerprint_tells_apart_what_differs(folder, tmp_path):
    other = tiny_encoder(tmp_path / "tiny-bert", seed=1)
    changed = [
        make(folder),
        make(folder, layers=[-1]),
        make(folder, max_length=12),
        make(other),
    ]
    assert len({pairs.embeddings_fingerprint for pairs in changed}) == len(changed)
    changed.append(make(folder, dropout=0.2))
    assert len({pairs.fingerprint for pairs in changed}) == len(changed)
    assert make(folder, cache=tmp_path).fingerprint == changed[0].fingerprint


def test_what_it_is_called(folder):
    pairs = make(folder)
    assert (pairs.name, pairs.notes, pairs.saw_sts_b) == ("tiny-bert, frozen", (), False)


def test_a_folder_gives_the_same_back_where_the_encoder_still_is(tmp_path):
    first = tiny_encoder(tmp_path / "first", card="---\ndatasets: stsb_multi_mt\n---\n")
    pairs = make(first)
    pairs.save(tmp_path / "model")
    assert sum(file.stat().st_size for file in (tmp_path / "model").iterdir()) < 2000
    expected, fingerprint = pairs.inputs(FIRST, SECOND), pairs.fingerprint
    again = SentenceEmbeddings.load(tmp_path / "model")
    assert all(map(torch.equal, again.inputs(FIRST, SECOND), expected))
    assert (again.name, again.fingerprint) == (pairs.name, fingerprint)
    assert again.saw_sts_b
    assert again.encoder(expected).config == pairs.encoder(expected).config
    again.save(tmp_path / "twice")
    assert (tmp_path / "twice/inputs.json").read_text() == (tmp_path / "model/inputs.json").read_text()
    first.rename(tmp_path / "elsewhere")
    with pytest.raises(MissingFileError, match="first"):
        SentenceEmbeddings.load(tmp_path / "model")
    tiny_encoder(tmp_path / "first", seed=1)
    with pytest.raises(
        InputError, match="expected the encoder first that the model was trained on, got another"
    ):
        SentenceEmbeddings.load(tmp_path / "model")


def test_it_goes_to_other_processes_without_the_encoder(folder):
    pairs = make(folder)
    pairs.tell = lambda done, total: None
    expected = pairs.inputs(FIRST, SECOND)
    sent = pickle.dumps(pairs)
    assert len(sent) < 60_000  # the tokenizer; the weights of an encoder are none of it
    assert b"attention.self" not in sent
    again = pickle.loads(sent)
    assert again.tell is None
    assert all(map(torch.equal, again.inputs(FIRST, SECOND), expected))


def test_layers_that_are_not_there_are_refused(folder):
    with pytest.raises(InputError, match="layers: expected numbers from -3 to 2"):
        make(folder, layers=[3]).inputs(FIRST, SECOND)


def test_no_sentences_at_all(folder):
    assert [t.shape for t in make(folder).inputs([], [])] == [(0, 32), (0, 32)]


def test_nothing_is_printed(folder, capfd):
    make(folder).inputs(FIRST, SECOND)
    assert capfd.readouterr() == ("", "")
