"""Tokens: sentences as the ids that a pretrained encoder was trained with."""

from collections.abc import Sequence
from typing import Any, final

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from evenreg import _check
from evenreg.errors import InputError
from evenreg.models._quiet_transformers import quiet_transformers
from evenreg.training._pretrained_folder import PretrainedFolder

_LENGTH = 64  # one sentence of STS-B in 14,498 has more ids
_VOCABULARIES = ("tokenizer.json", "vocab.txt", "vocab.json")


@final
class Tokens:
    """The tokenizer of a folder.

    Args:
        folder: Of the encoder.
        length: Ids of a sentence, those at its ends included; what is longer is cut. None for 64, or as many as the
            encoder can take.

    Raises:
        InputError: A folder without a tokenizer, one that has no padding, or a length that the encoder cannot take.
        MissingDependencyError: transformers is not installed.
    """

    def __init__(self, folder: PretrainedFolder, length: int | None) -> None:
        if length is not None:
            _check.integer(length, "max_length", 3)
        refused = (
            f"{folder.path}: expected the files of a tokenizer beside the encoder, got none that can be read"
        )
        # Without a vocabulary transformers makes a tokenizer that knows no word, and says nothing.
        if not any(file.name in _VOCABULARIES or file.suffix == ".model" for file in folder.files):
            raise InputError(f"{refused}; save both with save_pretrained.")
        with quiet_transformers() as transformers:
            try:
                tokenizer: Any = transformers.AutoTokenizer.from_pretrained(
                    str(folder.path), trust_remote_code=False, local_files_only=True
                )
            except Exception as error:  # whatever a damaged or foreign file makes of some dozen readers
                raise InputError(
                    f"{refused} ({_check.reason(error)}); save both with save_pretrained."
                ) from error
        if tokenizer.pad_token_id is None:
            raise InputError(
                f"{folder.path}: expected a tokenizer that pads, got one without an id for it; give another encoder."
            )
        self.length = min(_LENGTH, tokenizer.model_max_length) if length is None else int(length)
        if self.length > tokenizer.model_max_length:
            raise InputError(
                f"max_length: expected at most {tokenizer.model_max_length}, what {folder.name} can take, got "
                f"{self.length}; lower it."
            )
        self.padding_id = int(tokenizer.pad_token_id)
        self._tokenizer = tokenizer

    def rows(self, sentences: Sequence[str]) -> list[list[int]]:
        """The ids of each sentence."""
        if not len(sentences):
            return []
        with quiet_transformers():
            cut = self._tokenizer(list(sentences), truncation=True, max_length=self.length)
        return cut["input_ids"]

    def padded(self, rows: Sequence[Sequence[int]]) -> Int[Tensor, "sentences longest"]:
        """Rows side by side, int64, padded at their ends to the longest, at least one id wide."""
        ids = np.full((len(rows), max(map(len, rows), default=0) or 1), self.padding_id, np.int64)
        for row, numbers in enumerate(rows):
            ids[row, : len(numbers)] = numbers
        return torch.from_numpy(ids)
