"""Where rows come from, and what a network is given of them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from evenreg.labels import Bins, ShotRegions, balanced_holdout, balanced_split

if TYPE_CHECKING:
    from pandas import DataFrame

Rows = NDArray[np.int64]
Inputs = tuple[Tensor, ...]


class AbstractPrepared(ABC):
    """All rows of a source as numbers, whatever had to be learned for that learned from training rows only.

    Attributes:
        preprocessor: What makes the encoder's inputs of raw rows, kept with a model; None where they go in as they are.
        augment: Another version of a training batch, made anew whenever it comes; None where rows stay the same.
        unresampled: Why rows cannot be resampled, where ``columns`` is None.
    """

    preprocessor: Any = None
    augment: Callable[[Inputs], Inputs] | None = None
    unresampled: str = "images, between whose pixels rows make no sense"

    @property
    @abstractmethod
    def inputs(self) -> Inputs:
        """The encoder's arguments, each ``(rows, ...)``; they may lie on disk, mapped into memory."""

    @abstractmethod
    def second_view(self, inputs: Inputs) -> Inputs:
        """Another version of a batch of inputs, of the same labels; drawn from torch's generator."""

    def columns(self, rows: Rows) -> "DataFrame | None":
        """Columns of some rows, between which other rows can be made; None where there are none."""
        del rows
        return None

    def inputs_of(self, columns: "DataFrame") -> Inputs:
        """The encoder's arguments of rows that were made in the same columns."""
        raise NotImplementedError

    @abstractmethod
    def encoder(self) -> nn.Module:
        """A fresh encoder for these inputs, weights drawn from torch's generator; ``config`` holds its arguments."""


class AbstractSource(ABC):
    """Labelled rows with a fixed test set.

    Attributes:
        y: ``(rows,)`` float64 labels.
        bins: Bins of the labels, shared by every seed.
        regions: Thresholds that come with the data; None for those relative to the uniform count.
        target: What the labels are, for tables and titles.
        fingerprint: Hash of the content.
        batch_size: Rows of a training batch.
        rows_at_once: Rows that are validated or predicted at a time.
        optimizer: Attributes of `evenreg.training.Optimizer`.
        second_stage: What is other where a fresh head is trained on a frozen encoder: attributes of the optimizer, and
            ``epochs``.
        unit: Label units that count as one in training; None for one SD.
        select: The validation error by which the best epoch is chosen.
        epochs: Most epochs of a network, unless a person says otherwise.
        patience: Epochs without a better validation error after which it stops, likewise; None never stops early.
        encoder_name: The network's encoder, for tables of results.
        notes: What else there is to know of it, sentences for under a table.
        groups: ``(rows,)`` which rows come from one thing and are no independent observations.
        row_numbers: ``(rows,)`` how a person finds a row: its line in the file, its path, or its number.
        accelerator: Where networks are trained in a comparison: rows that lie in memory and models as small as those
            of tables are faster on the processor than on the way to a GPU.
        trees: Whether gradient-boosted trees can be trained on the rows.
        augments: Whether rows change from epoch to epoch, so that features cannot be kept.
    """

    y: NDArray[np.float64]
    bins: Bins
    regions: ShotRegions | None = None
    target: str
    fingerprint: str
    batch_size: int
    rows_at_once: int = 4096
    optimizer: Mapping[str, Any]
    second_stage: Mapping[str, Any] = MappingProxyType({})
    unit: float | None = None
    select: str = "bmae"
    epochs: int
    patience: int | None
    encoder_name: str
    notes: tuple[str, ...] = ()
    groups: Rows
    row_numbers: NDArray[Any]
    accelerator: str = "cpu"
    trees: bool = False
    augments: bool = False

    def budget(self, epochs: int | None = None, patience: int | None = None) -> tuple[int, int]:
        """Most epochs and patience, as said or the source's own."""
        most = epochs or self.epochs
        return most, patience or self.patience or most

    def make_ready(self, tell: Callable[[int, int], None]) -> None:
        """Do what takes long and serves all seeds, before rows go to other processes; ``tell`` hears done and all."""
        del tell

    @property
    def counted(self) -> Rows:
        """Rows that regions count: training and validation rows, so that regions are the same in every seed."""
        return np.sort(np.concatenate(self.train_and_validation(0)))

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


def test_rows(y: NDArray[np.float64], split: NDArray[Any] | None, bins: Bins) -> Rows:
    """The rows that ``split`` calls ``"test"``; without a split, rows drawn evenly over the labels."""
    return balanced_split(y, bins).test if split is None else np.flatnonzero(split == "test")


def training_rows(
    y: NDArray[np.float64], split: NDArray[Any] | None, bins: Bins, seed: int
) -> tuple[Rows, Rows]:
    """Training and validation rows as ``split`` says; what it leaves open is drawn evenly over the labels."""
    if split is None:
        drawn = balanced_split(y, bins, random_state=seed)
        return drawn.train, drawn.val
    if (split == "val").any():
        return np.flatnonzero(split == "train"), np.flatnonzero(split == "val")
    pool = np.flatnonzero(split == "train")
    held = balanced_holdout(y[pool], bins, random_state=seed)
    return np.delete(pool, held), pool[held]
