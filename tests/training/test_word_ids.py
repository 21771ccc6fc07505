"""WordIds: how sentences are cut, the vocabulary, vectors out of a file, folders."""

from typing import Any

import numpy as np
import pytest
import torch

from evenreg.errors import InputError, MissingFileError, ShapeError
from evenreg.training._glove import read_glove
from evenreg.training._pair_inputs import check_sentences
from evenreg.training._sentence_words import sentence_words
from evenreg.training._word_ids import WordIds

SENTENCES = ["The cat sat.", "The dog sat.", "A dog isn't a cat.", "the end"]
SMALL: dict[str, Any] = {"dim": 3, "hidden": 4}


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("A man, a plan.", ["A", "man", ",", "a", "plan", "."]),
        ("It isn't; can't, won’t", ["It", "is", "n't", ";", "ca", "n't", ",", "wo", "n't"]),
        ("They've seen he'll say I'm", ["They", "'ve", "seen", "he", "'ll", "say", "I", "'m"]),
        ("the dog's O'Neill", ["the", "dog", "'s", "O'Neill"]),
        ("well-known state-of-the-art", ["well-known", "state-of-the-art"]),
        ("$1,000.50 at 10:30 in the U.S.", ["$", "1,000.50", "at", "10:30", "in", "the", "U.S."]),
        ("what?! no... -- yes", ["what", "?", "!", "no", "...", "--", "yes"]),
        ('"quoted" (so)', ['"', "quoted", '"', "(", "so", ")"]),
        ("Zürich 東京", ["Zürich", "東京"]),
        (" \t\n", []),
    ],
)
def test_how_sentences_are_cut(sentence, words):
    assert sentence_words(sentence) == words


def test_the_vocabulary_is_by_frequency_then_alphabet():
    pairs = WordIds.from_sentences(SENTENCES)
    assert pairs.words[:7] == (".", "The", "cat", "dog", "sat", "A", "a")
    assert WordIds.from_sentences(SENTENCES[::-1]).words == pairs.words
    assert WordIds.from_sentences(SENTENCES, most_words=3).words == pairs.words[:3]
    assert "the" in pairs.words  # case is kept


def test_ids_padding_and_unknown_words():
    pairs = WordIds.from_sentences(SENTENCES, most_words=4)
    first, second = pairs.inputs(["The dog barks.", ""], ["cat", "dog cat cat"])
    assert first.dtype == torch.int64
    assert first.tolist() == [[3, 5, 1, 2], [0, 0, 0, 0]]
    assert second.tolist() == [[4, 0, 0], [5, 4, 4]]
    none, also_none = pairs.inputs([], [])
    assert none.shape == also_none.shape == (0, 1)


def test_long_sentences_are_cut():
    pairs = WordIds.from_sentences(["a b c d e"], length=3)
    assert pairs.words == ("a", "b", "c")
    assert pairs.inputs(["c b a a a a"], ["a"])[0].tolist() == [[4, 3, 2]]
    assert WordIds.from_sentences(["a"]).inputs(["a " * 60], ["a"])[0].shape == (1, 40)


def glove(folder, lines, name="vectors.txt"):
    (folder / name).write_text("".join(lines), encoding="utf-8")
    return folder / name


def test_vectors_of_the_file_and_random_ones_for_the_rest(tmp_path):
    path = glove(
        tmp_path, ["zebra 9 9 9\n", "cat 1 2 -3.5\n", ". . . 5 5 5\n", "dog 4 5e-1 6\n", "cat 7 7 7\n"]
    )
    pairs = WordIds.from_sentences(SENTENCES, glove=path, **SMALL)
    assert pairs.vectors is not None
    row = {word: vector.tolist() for word, vector in zip(pairs.words, pairs.vectors[2:], strict=True)}
    assert row["cat"] == [1, 2, -3.5]
    assert row["dog"] == [4, 0.5, 6]
    others = np.array([v for w, v in row.items() if w not in ("cat", "dog")])
    assert abs(others).max() < 4
    assert len(np.unique(others)) == others.size
    encoder = pairs.encoder(())
    np.testing.assert_array_equal(encoder.embedding.weight[1:].detach(), pairs.vectors[1:])
    assert encoder.embedding.weight[0].abs().max() == 0
    assert not encoder.embedding.weight.requires_grad
    assert pairs.name == "BiLSTM"
    assert "GloVe: 2 of 11 words have a vector (18%), the others a random one." in pairs.notes
    again = WordIds.from_sentences(SENTENCES, glove=path, **SMALL)
    np.testing.assert_array_equal(again.vectors, pairs.vectors)


def test_without_a_file_words_are_trained_and_it_is_told():
    pairs = WordIds.from_sentences(SENTENCES, **SMALL)
    encoder = pairs.encoder(())
    assert encoder.embedding.weight.requires_grad
    assert encoder(*pairs.inputs(["The cat sat."], ["A dog"])).shape == (1, encoder.out_features) == (1, 32)
    assert pairs.name == "BiLSTM without GloVe"
    notes = " ".join(pairs.notes)
    assert "papers/000 takes NLTK's word_tokenize" in notes
    assert "No GloVe file was given: word vectors are learned from the pairs alone" in notes
    assert "The LSTM has 4 units per direction, that of papers/000 1,500." in notes
    assert "units per direction" not in " ".join(WordIds(["a"]).notes)


def test_fresh_encoders_follow_torchs_generator():
    pairs = WordIds.from_sentences(SENTENCES, **SMALL)
    torch.manual_seed(0)
    one, other = pairs.encoder(()), pairs.encoder(())
    torch.manual_seed(0)
    again = pairs.encoder(())
    weights = [e.state_dict()["lstm.weight_ih_l0"] for e in (one, other, again)]
    assert torch.equal(weights[0], weights[2])
    assert not torch.equal(weights[0], weights[1])


def test_a_first_line_that_counts_is_passed_over(tmp_path):
    vectors, found = read_glove(
        glove(tmp_path, ["2 3\n", "cat 1 2 3 \n", "dog 4 5 6\n", "\n"]), ["dog", "cow"], 3
    )
    assert vectors.tolist() == [[4, 5, 6], [0, 0, 0]]
    assert found.tolist() == [True, False]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            ["cat 1 2\n"],
            r"glove: expected vectors of 3 numbers, got 2 in line 1 of .*; take a file of that width, or",
        ),
        (["cat 1 2 3 4\n"], "expected vectors of 3 numbers, got 4 in line 1"),
        (
            ["zoo 1 2 3\n", "cat 1 2"],
            "a word and 3 numbers in every line, got 2 numbers in line 2 of .*; the file is",
        ),
        (["zoo 1 2 3\n", "other 1"], "got 1 numbers in line 2"),
        (["cat 1 x 3\n"], "glove: expected finite numbers behind the word, got something else in line 1 of"),
        (["zoo 1 2 3\n", "cat 1 nan 3\n"], "got something else in line 2"),
        (["cat 1 1e99 3\n"], "got something else in line 1"),
        (
            ["zoo 1 2 3\n"],
            r"glove: expected vectors of some of the 11 words, got none of them in .*; is it of another",
        ),
        ([], "expected vectors of some of the 11 words, got none"),
    ],
)
def test_files_that_cannot_be_used(tmp_path, lines, message):
    with pytest.raises(InputError, match=message):
        WordIds.from_sentences(SENTENCES, glove=glove(tmp_path, lines), **SMALL)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(
        MissingFileError, match=r"glove: expected a text file of word vectors, got .*, which is none"
    ):
        WordIds.from_sentences(SENTENCES, glove=tmp_path / "none.txt")


@pytest.mark.parametrize("with_vectors", [True, False])
def test_a_folder_gives_the_same_back(tmp_path, with_vectors):
    path = glove(tmp_path, ["cat 1 2 3\n"]) if with_vectors else None
    pairs = WordIds.from_sentences(SENTENCES, glove=path, length=5, layers=1, dropout=0.1, **SMALL)
    pairs.save(tmp_path / "model")
    again = WordIds.load(tmp_path / "model")
    sentences = ["The cat isn't here."], ["A dog"]
    assert all(map(torch.equal, again.inputs(*sentences), pairs.inputs(*sentences)))
    assert (again.fingerprint, again.name, again.notes) == (pairs.fingerprint, pairs.name, pairs.notes)
    assert again.encoder(()).config == pairs.encoder(()).config
    if with_vectors:
        np.testing.assert_array_equal(again.vectors, pairs.vectors)


def test_the_fingerprint_tells_apart_what_differs(tmp_path):
    one, other = (glove(tmp_path, [f"cat 1 2 {n}\n"], f"{n}.txt") for n in (3, 4))
    made = [
        WordIds.from_sentences(SENTENCES, **SMALL),
        WordIds.from_sentences(SENTENCES[:3], **SMALL),
        WordIds.from_sentences(SENTENCES, length=39, **SMALL),
        WordIds.from_sentences(SENTENCES, dropout=0.3, **SMALL),
        WordIds.from_sentences(SENTENCES, glove=one, **SMALL),
        WordIds.from_sentences(SENTENCES, glove=other, **SMALL),
    ]
    assert len({pairs.fingerprint for pairs in made}) == len(made)
    assert made[0].fingerprint == WordIds.from_sentences(SENTENCES, **SMALL).fingerprint


def test_what_is_no_sentence_is_refused():
    pairs = WordIds.from_sentences(SENTENCES, **SMALL)
    with pytest.raises(
        ShapeError, match="expected the same number of rows everywhere, got 2 of first and 1 of second"
    ):
        pairs.inputs(["a", "b"], ["a"])
    with pytest.raises(
        InputError, match="second: expected sentences, got int in row 1, counted from 0; make it text"
    ):
        check_sentences(["a", "b"], ["a", 3])
    with pytest.raises(
        InputError, match=r"first: expected a list of sentences, got one text; give \[first\]"
    ):
        pairs.inputs("a", "b")
    with pytest.raises(
        InputError, match="sentences: expected some with words, got none; give those to train on"
    ):
        WordIds.from_sentences(["", " "])
    with pytest.raises(InputError, match="length"):
        WordIds.from_sentences(SENTENCES, length=0)
    with pytest.raises(InputError, match="most_words"):
        WordIds.from_sentences(SENTENCES, most_words=0)
