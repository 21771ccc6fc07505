"""A person's own table as rows to train on."""

from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, final

import numpy as np
import torch
from numpy.typing import NDArray

from evenreg.data import Table, TablePreprocessor
from evenreg.features import noisy_view
from evenreg.labels import Bins
from evenreg.models import TableMLP, quantile_edges
from evenreg.training._source import (
    AbstractPrepared,
    AbstractSource,
    Inputs,
    Rows,
    test_rows,
    training_rows,
)

if TYPE_CHECKING:
    from pandas import DataFrame


@final
class PreparedTable(AbstractPrepared):
    def __init__(self, features: "DataFrame", train: Rows) -> None:
        self._features, self._train = features, train
        self.preprocessor = TablePreprocessor().fit(features.iloc[train])

    @cached_property
    def inputs(self) -> Inputs:  # pyright: ignore[reportIncompatibleMethodOverride]
        return self.inputs_of(self._features)

    def columns(self, rows: Rows) -> "DataFrame":
        return self._features.iloc[rows].reset_index(drop=True)

    def inputs_of(self, columns: "DataFrame") -> Inputs:
        ready = self.preprocessor.transform(columns, lenient=True)
        return torch.from_numpy(ready.numeric), torch.from_numpy(ready.other)

    def second_view(self, inputs: Inputs) -> Inputs:
        numeric, other = inputs
        return noisy_view(numeric), other

    def encoder(self) -> TableMLP:
        numeric, other = self.inputs
        return TableMLP(numeric.shape[1], other.shape[1], edges=quantile_edges(numeric[self._train]))

    @cached_property
    def matrix(self) -> NDArray[np.float32]:
        """``(rows, columns)`` as trees take them, missing values left missing."""
        return self.matrix_of(self._features)

    def matrix_of(self, features: "DataFrame") -> NDArray[np.float32]:
        """``matrix`` for other rows of the same columns."""
        return self.preprocessor.transform_for_trees(features, lenient=True).features


@final
class TableSource(AbstractSource):
    """A person's own table; without a split column, test and validation rows are drawn evenly over the labels.

    Args:
        table: Checked rows.
        bin_width: In label units; None for the rule of `Bins.fit`.
    """

    batch_size = 256
    epochs, patience = 200, 16
    optimizer = MappingProxyType({"learning_rate": 1e-3, "weight_decay": 1e-4})
    encoder_name = "TableMLP"
    trees = True

    def __init__(self, table: Table, bin_width: float | None = None) -> None:
        self.table, self.y, self.target, self.fingerprint = table, table.y, table.target, table.fingerprint
        self.row_numbers = self.groups = table.rows
        seen = table.y if table.split is None else table.y[table.split != "test"]
        self.bins = Bins.fit(seen, bin_width)

    @cached_property
    def test(self) -> Rows:  # pyright: ignore[reportIncompatibleMethodOverride]
        return test_rows(self.y, self.table.split, self.bins)

    def train_and_validation(self, seed: int) -> tuple[Rows, Rows]:
        return training_rows(self.y, self.table.split, self.bins, seed)

    def prepare(self, train: Rows) -> AbstractPrepared:
        return PreparedTable(self.table.features, train)
