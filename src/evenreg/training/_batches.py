"""Rows that lie in memory, batched as whole tensors."""

from collections.abc import Iterator
from typing import NamedTuple, final

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from evenreg import _check
from evenreg.errors import InputError


@final
class Batch(NamedTuple):
    """What `RegressionTask` is given.

    Attributes:
        inputs: The encoder's arguments, each ``(batch, ...)``.
        target: ``(batch, out)`` in label units.
        weight: ``(batch,)`` loss weights, mean 1 over the training rows.
        bin: ``(batch,)`` index of the label's bin in the label space.
    """

    inputs: tuple[Tensor, ...]
    target: Tensor
    weight: Tensor
    bin: Tensor


@final
class Rows(Dataset[Batch]):
    """Aligned tensors; an index tensor takes a whole batch at once (row by row would double a small model's time)."""

    def __init__(self, inputs: tuple[Tensor, ...], target: Tensor, weight: Tensor, bin: Tensor) -> None:
        _check.same_length(
            target=target, weight=weight, bin=bin, **{f"input {i}": t for i, t in enumerate(inputs)}
        )
        self.batch = Batch(inputs, target, weight, bin)

    def __len__(self) -> int:
        return len(self.batch.target)

    def __getitem__(self, index: Tensor) -> Batch:
        taken = tuple(tensor[index] for tensor in self.batch.inputs)
        return Batch(taken, self.batch.target[index], self.batch.weight[index], self.batch.bin[index])


@final
class BatchIndices(Sampler[Tensor]):
    """Index tensors of one epoch: shuffled by seed and epoch, so that any epoch can be drawn again after a cut.

    A last batch of a single row joins its neighbour: Balanced MSE by batch has no negatives in a batch of one.
    """

    def __init__(self, rows: int, batch_size: int, *, shuffle: bool, seed: int = 0) -> None:
        if rows < 1:
            raise InputError("batches: expected at least one row, got none; give the loader some data.")
        self.rows, self.batch_size = rows, _check.integer(batch_size, "batch_size", 2)
        self.shuffle, self.seed, self.epoch = shuffle, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order is drawn (Lightning calls this before every epoch, a resumed one too)."""
        self.epoch = epoch

    def _sizes(self) -> list[int]:
        full, rest = divmod(self.rows, self.batch_size)
        sizes = [self.batch_size] * full
        if rest == 1 and full:
            sizes[-1] += 1
        elif rest:
            sizes.append(rest)
        return sizes

    def __len__(self) -> int:
        return len(self._sizes())

    def __iter__(self) -> Iterator[Tensor]:
        order = torch.arange(self.rows)
        if self.shuffle:
            # A fresh generator per (seed, epoch); the odd factor keeps neighbouring seeds' epochs apart.
            generator = torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch)
            order = torch.randperm(self.rows, generator=generator)
        yield from order.split(self._sizes())


def memory_loader(rows: Rows, batch_size: int, *, shuffle: bool, seed: int = 0) -> DataLoader[Batch]:
    """A standard loader that hands over whole batches of `Rows`."""
    sampler = BatchIndices(len(rows), batch_size, shuffle=shuffle, seed=seed)
    return DataLoader(rows, sampler=sampler, batch_size=None)
