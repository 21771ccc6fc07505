"""Where rows come from: a table or images; what a network and trees are given of them."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from evenreg.data import Images, Table, TablePreprocessor
from evenreg.features import noisy_view, shifted_view
from evenreg.labels import Bins, balanced_holdout, balanced_split
from evenreg.models import SmallCNN, TableMLP, quantile_edges

if TYPE_CHECKING:
    from pandas import DataFrame

Rows = NDArray[np.int64]


class AbstractPrepared(ABC):
    """All rows of a source as numbers, whatever had to be learned for that learned from training rows only."""

    preprocessor: TablePreprocessor | None

    @property
    @abstractmethod
    def inputs(self) -> tuple[Tensor, ...]:
        """The encoder's arguments, each ``(rows, ...)``."""

    @abstractmethod
    def second_view(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Another version of a batch of inputs, of the same labels; drawn from torch's generator."""

    @abstractmethod
    def encoder(self) -> TableMLP | SmallCNN:
        """A fresh encoder for these inputs, weights drawn from torch's generator; ``config`` holds its arguments."""


class AbstractSource(ABC):
    """Labelled rows with a fixed test set.

    Attributes:
        y: ``(rows,)`` float64 labels.
        bins: Bins of the labels, shared by every seed.
        target: What the labels are, for tables and titles.
        fingerprint: Hash of the content.
        batch_size: Rows of a training batch.
        optimizer: Learning rate, weight decay and schedule for `RegressionTask`.
        epochs: Most epochs of a network, unless a person says otherwise.
        patience: Epochs without a better validation error after which it stops, likewise.
        encoder_name: The network's encoder, for tables of results.
        groups: ``(rows,)`` which rows come from one thing and are no independent observations.
        row_numbers: ``(rows,)`` how a person finds a row: its line in the file, or its number.
        trees: Whether gradient-boosted trees can be trained on the rows.
        augments: Whether rows change from epoch to epoch, so that features cannot be kept.
    """

    y: NDArray[np.float64]
    bins: Bins
    target: str
    fingerprint: str
    batch_size: int
    optimizer: Mapping[str, Any]
    epochs: int
    patience: int
    encoder_name: str
    groups: Rows
    row_numbers: Rows
    trees: bool
    augments: bool = False

    @property
    @abstractmethod
    def test(self) -> Rows:
        """Test rows, the same for every seed."""

    @abstractmethod
    def train_and_validation(self, seed: int) -> tuple[Rows, Rows]:
        """The other rows, divided anew for each seed where the source leaves that open."""

    @abstractmethod
    def prepare(self, train: Rows) -> AbstractPrepared:
        """All rows as numbers, with scales and categories learned from ``train``."""


@final
class PreparedTable(AbstractPrepared):
    def __init__(self, features: "DataFrame", train: Rows) -> None:
        self._features, self._train = features, train
        self.preprocessor = TablePreprocessor().fit(features.iloc[train])

    @cached_property
    def inputs(self) -> tuple[Tensor, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        return self.inputs_of(self._features)

    def inputs_of(self, features: "DataFrame") -> tuple[Tensor, Tensor]:
        """The encoder's arguments for other rows of the same columns."""
        assert self.preprocessor is not None
        ready = self.preprocessor.transform(features, lenient=True)
        return torch.from_numpy(ready.numeric), torch.from_numpy(ready.other)

    def second_view(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
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
        assert self.preprocessor is not None
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
        if self.table.split is None:
            return balanced_split(self.y, self.bins).test
        return np.flatnonzero(self.table.split == "test")

    def train_and_validation(self, seed: int) -> tuple[Rows, Rows]:
        split = self.table.split
        if split is None:
            drawn = balanced_split(self.y, self.bins, random_state=seed)
            return drawn.train, drawn.val
        if (split == "val").any():
            return np.flatnonzero(split == "train"), np.flatnonzero(split == "val")
        pool = np.flatnonzero(split == "train")
        held = balanced_holdout(self.y[pool], self.bins, random_state=seed)
        return np.delete(pool, held), pool[held]

    def prepare(self, train: Rows) -> AbstractPrepared:
        return PreparedTable(self.table.features, train)


@final
class PreparedImages(AbstractPrepared):
    preprocessor = None

    def __init__(self, images: NDArray[np.float32]) -> None:
        self._images = torch.from_numpy(images)

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        return (self._images,)

    def second_view(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return (shifted_view(inputs[0]),)

    def encoder(self) -> SmallCNN:
        return SmallCNN(self._images.shape[1])


@final
class ImageSource(AbstractSource):
    """Images with a fixed test set and a pool from which each seed draws its validation images.

    Args:
        images: For instance `evenreg.data.digits_rotation`.
        bin_width: In label units; None for the rule of `Bins.fit`.
    """

    batch_size = 128
    epochs, patience = 40, 40
    optimizer = MappingProxyType({"learning_rate": 5e-3, "weight_decay": 1e-4, "one_cycle": True})
    encoder_name = "SmallCNN"
    trees = False

    def __init__(self, images: Images, bin_width: float | None = None) -> None:
        self.images, self.y, self.target, self.fingerprint = (
            images,
            images.y,
            images.target,
            images.fingerprint,
        )
        self.row_numbers, self.groups = np.arange(len(images)), images.group
        self.bins = Bins.fit(images.y[images.split == "pool"], bin_width)

    @cached_property
    def test(self) -> Rows:  # pyright: ignore[reportIncompatibleMethodOverride]
        return np.flatnonzero(self.images.split == "test")

    def train_and_validation(self, seed: int) -> tuple[Rows, Rows]:
        held = self.images.holdout(self.bins, random_state=seed)
        return np.setdiff1d(np.flatnonzero(self.images.split == "pool"), held), held

    def prepare(self, train: Rows) -> AbstractPrepared:
        del train  # pixels need no statistics
        return PreparedImages(self.images.images)
