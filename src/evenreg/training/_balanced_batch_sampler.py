"""BalancedBatchSampler: batches in which every part of the label range counts alike."""

import math
from collections.abc import Iterator
from typing import final

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch.utils.data import Sampler

from evenreg import _check
from evenreg.errors import InputError
from evenreg.labels import LabelSpace
from evenreg.training._deals import bins_of_batches, rows_of_bins


@final
class BalancedBatchSampler(Sampler[list[int]]):
    """Batches that hold every populated label bin equally often, for ``DataLoader(data, batch_sampler=...)``.

    Batches drawn at random hold rare labels rarely. Here each batch holds every bin ⌊B / m⌋ or ⌈B / m⌉ times
    (B rows over m populated bins; which bins come once more changes from batch to batch, and over an epoch
    evens out to one row). Inside a bin rows are dealt like cards: each once, then shuffled anew, over the ends
    of epochs too, so that a common bin is gone through in as many epochs as it takes. No row comes twice in a
    batch unless its bin has fewer rows than the batch takes of it; for that, where one deal ends and the next
    begins, as few rows as a batch takes may be passed over or come again.

    **Balanced batches correct the label distribution already. Use no weighting (inv, sqinv, lds, dense, cb) and
    no Balanced MSE beside them: that corrects twice.**

    Every epoch's batches follow from ``seed`` and the epoch alone, so that any epoch can be drawn again after a
    cut. Call ``set_epoch`` before each epoch; Lightning does so by itself, and without it every epoch is the
    same.

    In distributed training ``batch_size`` counts the rows of one process. All processes together draw the
    batches that one process would draw with ``batch_size`` times ``num_replicas`` rows, and cut each into equal
    parts, each of them balanced. With Lightning both settings of ``Trainer(use_distributed_sampler=...)`` give
    this.

    Args:
        space: Whose bins are balanced; it need not be fitted on ``y``. Labels outside count in the edge bins.
        y: ``(n,)`` labels of the data's rows, in their order (``(n, d)`` where the space has a coordinate).
        batch_size: Rows a batch (of one process); no batch is shorter.
        batches: Batches an epoch; None for as many as hold n rows (of all processes together).
        seed: Seed of the draw; PyTorch's and NumPy's own generators are neither used nor moved.
        num_replicas: Number of processes; None for what ``torch.distributed`` says once batches are drawn, 1
            where it is not in use.
        rank: Number of this process, from 0; None as above.

    Raises:
        InputError: Numbers that are not whole or too small, only one of ``num_replicas`` and ``rank``.
        TargetError: NaN, infinite, text or no labels.

    Example:
        >>> y = [1.0] * 90 + [2.0] * 8 + [3.0] * 2
        >>> sampler = BalancedBatchSampler(LabelSpace.fit(y), y, batch_size=6)
        >>> len(sampler), [y[i] for i in sorted(next(iter(sampler)))]
        (17, [1.0, 1.0, 2.0, 2.0, 3.0, 3.0])
    """

    def __init__(
        self,
        space: LabelSpace,
        y: ArrayLike,
        batch_size: int,
        *,
        batches: int | None = None,
        seed: int = 0,
        num_replicas: int | None = None,
        rank: int | None = None,
    ) -> None:
        if not isinstance(space, LabelSpace):
            raise InputError(
                f"space: expected a LabelSpace, got {type(space).__name__}; fit one: LabelSpace.fit(y)."
            )
        index = space.index(_check.labels(y))
        counts = np.bincount(index, minlength=len(space.bins))
        self._by_bin = np.argsort(index.astype(np.min_scalar_type(len(counts))), kind="stable")
        self._sizes = counts[counts > 0]
        self.batch_size = _check.integer(batch_size, "batch_size", 1)
        self.batches = None if batches is None else _check.integer(batches, "batches", 1)
        self.seed, self.epoch = _check.integer(seed, "seed", 0), 0
        self._shard = _shard(num_replicas, rank)
        # Under DDP Lightning makes batch samplers anew around a sampler of its own, by calling what was recorded
        # of the constructor under these names; told to "construct" this very object, it leaves it as it is.
        for name, value in {
            "args": (),
            "kwargs": {"explicit_cls": self._as_it_is, "sampler": None},
            "arg_names": (),
            "default_kwargs": {},
        }.items():
            setattr(self, f"__pl_saved_{name}", value)

    def _as_it_is(self, sampler: object) -> "BalancedBatchSampler":
        del sampler
        return self

    @property
    def sampler(self) -> "BalancedBatchSampler":
        """Itself: Lightning calls ``set_epoch`` of a batch sampler's ``sampler``."""
        return self

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch, from 0, whose batches are drawn."""
        self.epoch = _check.integer(epoch, "epoch", 0)

    def _replicas(self) -> tuple[int, int]:
        """How many processes there are, and which this is."""
        if self._shard is None and torch.distributed.is_available() and torch.distributed.is_initialized():
            return torch.distributed.get_world_size(), torch.distributed.get_rank()
        return self._shard or (1, 0)

    def __len__(self) -> int:
        """Batches an epoch, the same on every process."""
        together = self.batch_size * self._replicas()[0]
        return self.batches or math.ceil(len(self._by_bin) / together)

    def __iter__(self) -> Iterator[list[int]]:
        replicas, rank = self._replicas()
        rng = np.random.default_rng([self.seed, self.epoch])
        bins = bins_of_batches(len(self._sizes), len(self), self.batch_size * replicas, rng)
        rows = rows_of_bins(bins, self._sizes, self._by_bin, seed=self.seed, epoch=self.epoch)
        # Copies of a bin are side by side: every replicas-th place is as balanced as all of them. Taking turns
        # with the first place, no process gets the same bins in every batch.
        first = (rank + np.arange(len(rows))) % replicas
        own = np.take_along_axis(rows, first[:, None] + replicas * np.arange(self.batch_size), axis=1)
        for batch in rng.permuted(own, axis=1):
            yield batch.tolist()


def _shard(num_replicas: int | None, rank: int | None) -> tuple[int, int] | None:
    """Checked ``(num_replicas, rank)``; None where neither is given."""
    if num_replicas is None and rank is None:
        return None
    if num_replicas is None or rank is None:
        raise InputError(
            f"num_replicas, rank: expected both or neither, got {num_replicas!r} and {rank!r}; leave both out to "
            "take them from torch.distributed."
        )
    replicas, number = _check.integer(num_replicas, "num_replicas", 1), _check.integer(rank, "rank", 0)
    if number >= replicas:
        raise InputError(f"rank: expected a whole number from 0 to {replicas - 1}, got {rank!r}.")
    return replicas, number
