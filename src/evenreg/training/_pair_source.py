"""Pairs of sentences as rows to train on."""

from collections.abc import Callable
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, final

import numpy as np
import torch
from torch import nn

from evenreg.data import SentencePairs
from evenreg.features import noisy_view
from evenreg.training._pair_inputs import AbstractPairInputs
from evenreg.training._source import AbstractPrepared, AbstractSource, Inputs, Rows

if TYPE_CHECKING:
    from pandas import DataFrame


@final
class PreparedPairs(AbstractPrepared):
    def __init__(self, inputs: Inputs, made_by: AbstractPairInputs, train: Rows) -> None:
        self._inputs, self._train, self.preprocessor = inputs, train, made_by

    unresampled = "token ids, between which nothing lies; embeddings of a frozen encoder can be resampled"

    @property
    def inputs(self) -> Inputs:
        return self._inputs

    def columns(self, rows: Rows) -> "DataFrame | None":
        """The embeddings of both sentences side by side."""
        import pandas as pd

        if not all(t.is_floating_point() for t in self._inputs):
            return None
        return pd.DataFrame(np.concatenate([t[rows].numpy() for t in self._inputs], axis=1))

    def inputs_of(self, columns: "DataFrame") -> Inputs:
        made = torch.from_numpy(columns.to_numpy(np.float32))
        return made.split([t.shape[1] for t in self._inputs], dim=1)

    def second_view(self, inputs: Inputs) -> Inputs:
        """Embeddings with a little noise; dropout alone makes another version of words."""
        return tuple(noisy_view(t) if t.is_floating_point() else t for t in inputs)

    def encoder(self) -> nn.Module:
        return self.preprocessor.encoder(tuple(t[self._train] for t in self._inputs))


@final
class PairSource(AbstractSource):
    """Pairs of sentences that ``evenreg data prepare`` made, divided as the papers did.

    Args:
        pairs: Sentences and scores.
        inputs: What makes numbers of sentences, and the encoder that takes them.
    """

    batch_size = 128
    rows_at_once = 512
    accelerator = "auto"
    epochs, patience = 100, 10
    optimizer = MappingProxyType({"optimizer": "adam", "learning_rate": 1e-4, "weight_decay": 1e-5})
    select = "mse"

    def __init__(self, pairs: SentencePairs, inputs: AbstractPairInputs) -> None:
        self.pairs, self.made_by = pairs, inputs
        benchmark = pairs.benchmark
        self.y, self.bins, self.regions, self.target = (
            pairs.y,
            benchmark.bins,
            benchmark.regions,
            benchmark.target,
        )
        self.fingerprint = f"{pairs.fingerprint}-{inputs.fingerprint}"
        self.row_numbers = self.groups = np.arange(len(pairs))
        self.encoder_name, self.notes = inputs.name, inputs.notes
        if inputs.saw_sts_b:
            self.notes += (
                f"{inputs.name} was trained on STS-B, whose train and dev pairs the test rows of STS-B-DIR come from: "
                "its numbers are of pairs it has seen.",
            )

    def make_ready(self, tell: Callable[[int, int], None]) -> None:
        self.made_by.tell = tell
        _ = self.inputs

    @cached_property
    def inputs(self) -> Inputs:
        """The encoder's arguments for all rows; they go along with a pickled source once they are there."""
        return self.made_by.inputs(self.pairs.first, self.pairs.second)

    @cached_property
    def test(self) -> Rows:  # pyright: ignore[reportIncompatibleMethodOverride]
        return self.pairs.rows("test")

    @property
    def counted(self) -> Rows:
        """The training rows alone, as the papers count."""
        return self.pairs.rows("train")

    def train_and_validation(self, seed: int) -> tuple[Rows, Rows]:
        del seed  # the papers' division is one
        return self.pairs.rows("train"), self.pairs.rows("val")

    def prepare(self, train: Rows) -> AbstractPrepared:
        return PreparedPairs(self.inputs, self.made_by, train)
