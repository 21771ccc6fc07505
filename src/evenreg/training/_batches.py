"""Rows that lie in memory, batched as whole tensors."""

from collections.abc import Iterator
from typing import Any, NamedTuple, final

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from evenreg import _check
from evenreg._torch import process_count, process_rank
from evenreg.errors import InputError


@final
class Batch(NamedTuple):
    """What `RegressionTask` is given.

    Attributes:
        inputs: The encoder's arguments, each ``(batch, ...)``.
        target: ``(batch, out)`` in label units.
        weight: ``(batch,)`` loss weights, mean 1 over the training rows.
        bin: ``(batch,)`` index of the label's bin in the label space.
        observed: ``(batch,)`` whether statistics are made of a row: neither made up nor repeated; True says it of
            all.
    """

    inputs: tuple[Tensor, ...]
    target: Tensor
    weight: Tensor
    bin: Tensor
    # Not None: rows that are loaded one by one could not be put together.
    observed: Tensor | bool = True


@final
class Rows(Dataset[Batch]):
    """Labelled rows, of which an index takes a whole batch (row by row would double a small model's time).

    Args:
        inputs: The encoder's arguments, each ``(n, ...)``; they may lie on disk, mapped into memory.
        target: ``(rows, out)`` labels.
        weight: ``(rows,)`` loss weights.
        bin: ``(rows,)`` bins of the labels.
        observed: ``(rows,)`` whether statistics are made of a row; True says it of all.
        rows: ``(rows,)`` which of the n inputs each row has; None where they are the rows.
    """

    def __init__(
        self,
        inputs: tuple[Tensor, ...],
        target: Tensor,
        weight: Tensor,
        bin: Tensor,
        observed: Tensor | bool = True,
        rows: Tensor | None = None,
    ) -> None:
        if isinstance(observed, bool):
            observed = torch.full((len(target),), observed)
        others = {f"input {i}": t for i, t in enumerate(inputs)} if rows is None else {"rows": rows}
        _check.same_length(target=target, weight=weight, bin=bin, observed=observed, **others)
        self.batch, self.rows = Batch(inputs, target, weight, bin, observed), rows

    def __len__(self) -> int:
        return len(self.batch.target)

    def __getitem__(self, index: Tensor | list[int]) -> Batch:
        inputs, target, weight, bins, observed = self.batch
        assert isinstance(observed, Tensor)
        held = index if self.rows is None else self.rows[index]
        taken = tuple(tensor[held] for tensor in inputs)
        return Batch(taken, target[index], weight[index], bins[index], observed[index])


@final
class BatchIndices(Sampler[Tensor]):
    """Index tensors of one epoch: shuffled by seed and epoch, so that any epoch can be drawn again after a cut.

    Under distributed training every process takes every k-th row of the same batches: no row twice, the same
    number of batches everywhere, and ``batch_size`` counts the rows of all processes, so that a step means the
    same on any number of devices. A last batch too small to give every process two rows joins its neighbour:
    Balanced MSE by batch has no negatives in a batch of one.

    Args:
        rows: Rows of the data.
        batch_size: Rows of a batch, over all processes.
        shuffle: Whether rows come in random order.
        seed: Of the order.

    Attributes:
        epoch: The epoch whose order is drawn.
        skip: Batches of the next epoch that an earlier part of a cut run has seen.
    """

    def __init__(self, rows: int, batch_size: int, *, shuffle: bool, seed: int = 0) -> None:
        if rows < 1:
            raise InputError("batches: expected at least one row, got none; give the loader some data.")
        self.rows, self.batch_size = rows, _check.integer(batch_size, "batch_size", 2)
        self.shuffle, self.seed, self.epoch, self.skip = shuffle, seed, 0, 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order is drawn (Lightning calls this before every epoch, a resumed one too)."""
        self.epoch = epoch

    def _sizes(self) -> list[int]:
        least = 2 * process_count()
        _check.integer(self.batch_size, "batch_size", least)
        full, rest = divmod(self.rows, self.batch_size)
        sizes = [self.batch_size] * full
        if full and 0 < rest < least:
            sizes[-1] += rest
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
        skip, self.skip = self.skip, 0
        for batch in order.split(self._sizes())[skip:]:
            yield batch[process_rank() :: process_count()]


def memory_loader(
    rows: Rows, batches: int | Sampler[Any], *, shuffle: bool = False, seed: int = 0
) -> DataLoader[Batch]:
    """A standard loader that hands over whole batches of `Rows`.

    Args:
        rows: The rows.
        batches: Rows of a batch, or a sampler of whole batches of row numbers.
        shuffle: Whether rows come in random order, where ``batches`` is a number.
        seed: Of the order.
    """
    sampler = (
        BatchIndices(len(rows), batches, shuffle=shuffle, seed=seed) if isinstance(batches, int) else batches
    )
    # A loader without a generator of its own draws a number from the global one whenever it is iterated, also by
    # a run that goes on in the middle of an epoch, whose dropout would then differ.
    return DataLoader(rows, sampler=sampler, batch_size=None, generator=torch.Generator())
