"""TokenIds: ids of sentences, an encoder with pretrained weights and its scales, folders."""

import json
import pickle

import pytest
import torch

from evenreg.errors import InputError
from evenreg.training._token_ids import TokenIds
from tiny_encoders import WORDS, tiny_encoder

FIRST = ["A cat sleeps.", "The dog plays", ""]
SECOND = ["a dog is sleeping on the mat.", "unknownword", "a man"]
OPTIONS = {"layers": [1, 2], "trained_layers": 1, "width": 8, "max_length": 10}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_encoder(tmp_path_factory.mktemp("hub") / "tiny-bert")


def make(folder, **options):
    return TokenIds(folder, **(OPTIONS | options))


def ids(words):
    return [WORDS.index(word) for word in words.split()]


def test_sentences_become_ids_padded_at_the_end(folder):
    first, second = make(folder).inputs(FIRST, SECOND)
    assert first.dtype == torch.int64
    assert first.tolist() == [
        ids("[CLS] a cat [UNK] . [SEP]"),
        [*ids("[CLS] the dog plays [SEP]"), 0],
        [*ids("[CLS] [SEP]"), 0, 0, 0, 0],
    ]
    assert second[0].tolist() == ids("[CLS] a dog is sleep ##ing on the mat [SEP]")  # cut after 10
    none = make(folder).inputs([], [])
    assert [t.shape for t in none] == [(0, 1), (0, 1)]


def test_the_encoder_has_the_weights_of_the_folder_and_scales_of_training_rows(folder):
    pairs = make(folder)
    train = pairs.inputs(FIRST * 20, SECOND * 20)
    torch.manual_seed(0)
    one = pairs.encoder(train)
    torch.manual_seed(0)
    again = pairs.encoder(train)
    other = pairs.encoder(train)
    states = [e.state_dict() for e in (one, again, other)]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    differ = {name for name in states[0] if not torch.equal(states[0][name], states[2][name])}
    assert differ == {"pairs.layers.1.weight", "pairs.layers.1.bias"}
    features = one.pairs._features(*one._vectors(*train).unbind(1))
    torch.testing.assert_close(one.pairs.mean, features.mean(dim=0), rtol=1e-4, atol=1e-5)
    assert one(*train).shape == (60, 8)
    assert one.training
    assert one.config["padding_id"] == 0


def test_scales_are_of_a_sample_over_all_rows(folder, monkeypatch):
    monkeypatch.setattr("evenreg.training._token_ids._FOR_SCALES", 2)
    pairs = make(folder)
    train = pairs.inputs(FIRST, SECOND)
    ends = pairs.encoder(tuple(t[[0, 2]] for t in train))
    torch.testing.assert_close(pairs.encoder(train).pairs.mean, ends.pairs.mean)


def test_what_it_is_called(folder):
    pairs = make(folder)
    assert (pairs.name, pairs.notes, pairs.saw_sts_b) == ("tiny-bert, fine-tuned", (), False)
    seen = tiny_encoder(folder.parent / "other", card="---\ndatasets: [stsb_multi_mt]\n---\n")
    assert make(seen).saw_sts_b


def test_the_fingerprint_tells_apart_what_differs(folder, tmp_path):
    made = [
        make(folder),
        make(folder, max_length=9),
        make(folder, dropout=0.1),
        make(folder, layers=[2]),
        make(tiny_encoder(tmp_path / "tiny-bert", seed=1)),
    ]
    assert len({pairs.fingerprint for pairs in made}) == len(made)
    assert make(folder).fingerprint == made[0].fingerprint


def test_a_folder_gives_the_same_inputs_back(folder, tmp_path):
    pairs = make(folder)
    pairs.save(tmp_path / "model")
    again = TokenIds.load(tmp_path / "model")
    assert all(map(torch.equal, again.inputs(FIRST, SECOND), pairs.inputs(FIRST, SECOND)))
    assert (again.name, again.notes, again.fingerprint, again.saw_sts_b) == (
        pairs.name,
        pairs.notes,
        pairs.fingerprint,
        pairs.saw_sts_b,
    )
    assert not list((tmp_path / "model").rglob("*.safetensors"))
    again.save(tmp_path / "twice")
    assert TokenIds.load(tmp_path / "twice").fingerprint == pairs.fingerprint
    with pytest.raises(
        InputError,
        match=r"tokenizer: expected model.safetensors, the weights to start from, got none \(those of a",
    ):
        again.encoder(again.inputs(FIRST, SECOND))


def test_it_goes_to_other_processes(folder):
    pairs = make(folder)
    pairs.tell = lambda done, total: None  # which does not
    again = pickle.loads(pickle.dumps(pairs))
    assert all(map(torch.equal, again.inputs(FIRST, SECOND), pairs.inputs(FIRST, SECOND)))
    assert again.tell is None


def test_folders_that_do_not_do_are_refused(folder, tmp_path):
    bare = tiny_encoder(tmp_path / "bare", tokenizer=False)
    with pytest.raises(
        InputError,
        match="expected the files of a tokenizer beside the encoder, got none that can be read; save",
    ):
        TokenIds(bare)
    with pytest.raises(
        InputError, match="max_length: expected at most 32, what tiny-bert can take, got 64; lower it"
    ):
        TokenIds(folder, max_length=64)
    assert TokenIds(folder).tokens.length == 32
    with pytest.raises(InputError, match="max_length: expected a whole number of at least 3, got 2"):
        TokenIds(folder, max_length=2)


def test_a_tokenizer_that_does_not_pad_is_refused(tmp_path):
    import transformers
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel

    folder = tiny_encoder(tmp_path / "plain", tokenizer=False)
    words = Tokenizer(WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    transformers.PreTrainedTokenizerFast(tokenizer_object=words, unk_token="[UNK]").save_pretrained(folder)
    with pytest.raises(
        InputError, match="expected a tokenizer that pads, got one without an id for it; give another"
    ):
        TokenIds(folder, max_length=8)


def test_nothing_is_printed(folder, capfd):
    pairs = TokenIds(folder, max_length=8, layers=[-1], trained_layers=1)
    pairs.encoder(pairs.inputs(FIRST, SECOND))
    assert capfd.readouterr() == ("", "")
    assert json.dumps(pairs.facts)
