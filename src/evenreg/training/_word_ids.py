"""WordIds: sentences as rows of word numbers, for the BiLSTM of papers/000."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Self, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from evenreg import _check
from evenreg._files import write_json, written_whole
from evenreg.errors import InputError
from evenreg.models import BiLSTM
from evenreg.training._glove import read_glove
from evenreg.training._pair_inputs import ABOUT_INPUTS, AbstractPairInputs, check_sentences
from evenreg.training._sentence_words import sentence_words

# Ids 0 and 1 are padding and any word that is not in the vocabulary.
_UNKNOWN, _FIRST = 1, 2
_VECTORS = "vectors.npy"
_PAPERS_UNITS = 1500


@final
class WordIds(AbstractPairInputs):
    """Each sentence as the numbers of its words, and a `BiLSTM` that takes them.

    Args:
        words: The vocabulary, most frequent first; `from_sentences` learns it.
        vectors: ``(len(words) + 2, dim)`` vectors that stay as they are, after those of padding and of unknown words;
            None trains them with the rest.
        found: How many words have vectors out of a file.
        length: Words of a sentence that are read, from its beginning.
        dim: Width of a word vector.
        hidden: Units of the LSTM per direction.
        layers: Layers of the LSTM.
        dropout: As for `BiLSTM`.

    Example:
        >>> pairs = WordIds.from_sentences(["A cat sleeps.", "A dog sleeps."], hidden=8, dim=5)
        >>> pairs.words
        ('.', 'A', 'sleeps', 'cat', 'dog')
        >>> pairs.inputs(["A cow sleeps."], ["A dog"])
        (tensor([[3, 1, 4, 2]]), tensor([[3, 6]]))

    Paper: papers/000 C.1; 40 words, at most 30,000 of them, and N(0, 1) for words without a vector are from the
    released code.
    """

    def __init__(
        self,
        words: Sequence[str],
        vectors: NDArray[np.float32] | None = None,
        *,
        found: int = 0,
        length: int = 40,
        dim: int = 300,
        hidden: int = _PAPERS_UNITS,
        layers: int = 2,
        dropout: float = 0.2,
    ) -> None:
        self.words, self.vectors, self.found = tuple(words), vectors, found
        self.length = _check.integer(length, "length", 1)
        self.options = {"dim": dim, "hidden": hidden, "layers": layers, "dropout": dropout}
        self._ids = {word: number for number, word in enumerate(self.words, start=_FIRST)}

    @classmethod
    def from_sentences(
        cls,
        sentences: Iterable[str],
        *,
        glove: str | Path | None = None,
        most_words: int = 30_000,
        length: int = 40,
        dim: int = 300,
        hidden: int = _PAPERS_UNITS,
        layers: int = 2,
        dropout: float = 0.2,
    ) -> Self:
        """Learn the vocabulary: the most frequent words, those of equal frequency in alphabetical order.

        Args:
            sentences: Whose words are counted; the papers take those of all parts.
            glove: Text file of word vectors, such as ``glove.840B.300d.txt``; None trains vectors.
            most_words: Size of the vocabulary.
            length: As above, and so on.
            dim: That of ``glove``.
            hidden: As above.
            layers: As above.
            dropout: As above.

        Raises:
            InputError: No words at all; see `read_glove`.
            MissingFileError: No such file of vectors.
        """
        length, most_words = _check.integer(length, "length", 1), _check.integer(most_words, "most_words", 1)
        dim = _check.integer(dim, "dim", 1)
        counts = Counter(word for sentence in sentences for word in sentence_words(sentence)[:length])
        if not counts:
            raise InputError("sentences: expected some with words, got none; give those to train on.")
        words = sorted(counts, key=lambda word: (-counts[word], word))[:most_words]
        vectors, found = None, 0
        if glove is not None:
            read, known = read_glove(glove, words, dim)
            vectors, found = _drawn(len(words) + _FIRST, dim), int(known.sum())
            vectors[_FIRST:][known] = read[known]
        return cls(
            words, vectors, found=found, length=length, dim=dim, hidden=hidden, layers=layers, dropout=dropout
        )

    @property
    def name(self) -> str:
        """What it is called in tables."""
        return "BiLSTM without GloVe" if self.vectors is None else "BiLSTM"

    @property
    def notes(self) -> tuple[str, ...]:
        """What differs from the papers' encoder."""
        notes = ["Words are cut by a rule of evenreg's; papers/000 takes NLTK's word_tokenize."]
        if self.vectors is None:
            notes.append(
                "No GloVe file was given: word vectors are learned from the pairs alone, where papers/000 takes fixed "
                "ones of GloVe 840B; expect larger errors than the paper's."
            )
        else:
            notes.append(
                f"GloVe: {self.found:,} of {len(self.words):,} words have a vector "
                f"({self.found / len(self.words):.0%}), the others a random one."
            )
        if self.options["hidden"] != _PAPERS_UNITS:
            notes.append(
                f"The LSTM has {self.options['hidden']:,} units per direction, that of papers/000 {_PAPERS_UNITS:,}."
            )
        return tuple(notes)

    @property
    def fingerprint(self) -> str:
        """Of vocabulary, vectors and options."""
        digest = hashlib.sha256(json.dumps(["WordIds 1", self.words, self.length, self.options]).encode())
        if self.vectors is not None:
            digest.update(self.vectors.tobytes())
        return digest.hexdigest()

    def inputs(self, first: Sequence[str], second: Sequence[str]) -> tuple[Tensor, ...]:
        """Ids ``(pairs, words of the longest)`` of both sentences, int64."""
        check_sentences(first, second)
        return self._padded(first), self._padded(second)

    def _padded(self, sentences: Sequence[str]) -> Tensor:
        rows = [
            [self._ids.get(word, _UNKNOWN) for word in sentence_words(sentence)[: self.length]]
            for sentence in sentences
        ]
        ids = np.zeros((len(rows), max(map(len, rows), default=0) or 1), np.int64)
        for row, numbers in enumerate(rows):
            ids[row, : len(numbers)] = numbers
        return torch.from_numpy(ids)

    def encoder(self, train: tuple[Tensor, ...]) -> BiLSTM:
        """A fresh `BiLSTM`, with the word vectors if there are any; ``train`` is not needed."""
        del train
        encoder = BiLSTM(
            len(self.words) + _FIRST,
            int(self.options["dim"]),
            int(self.options["hidden"]),
            int(self.options["layers"]),
            self.options["dropout"],
            train_words=self.vectors is None,
        )
        if self.vectors is not None:
            encoder.set_word_vectors(self.vectors)
        return encoder

    def save(self, folder: Path) -> None:
        """Write ``inputs.json`` and, where there are any, ``vectors.npy``."""
        facts = {"kind": "WordIds", "words": self.words, "found": self.found, "length": self.length}
        if self.vectors is not None:
            with written_whole(folder / _VECTORS) as part, part.open("wb") as file:
                np.save(file, self.vectors)
        write_json(folder / ABOUT_INPUTS, facts | {"vectors": self.vectors is not None, **self.options})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        facts = json.loads((folder / ABOUT_INPUTS).read_text(encoding="utf-8"))
        del facts["kind"]
        vectors = np.load(folder / _VECTORS, allow_pickle=False) if facts.pop("vectors") else None
        return cls(facts.pop("words"), vectors, **facts)


def _drawn(rows: int, dim: int) -> NDArray[np.float32]:
    """The same random vectors every time, for words that no file has."""
    return np.random.default_rng(0).standard_normal((rows, dim), dtype=np.float32)
