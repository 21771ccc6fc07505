"""EpochSums: what an epoch has shown of the features of each bin, so far."""

from collections.abc import Callable, Mapping
from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from evenreg._torch import keep_precision, process_rank, sum_over_processes
from evenreg.features._spread import AbstractSpread

_CELLS = 2**22  # numbers worked on at a time: the temporaries stay small


@final
class EpochSums:
    """Rows, sums and sums of products of the features by bin, in float64; this process's own.

    Sums, and nothing else, so that neither the order of rows nor their split into batches or processes
    matters, and a batch costs its own size, whatever the number of bins. Rows without a label go to a bin of
    their own, the last. These are no buffers of a module: DistributedDataParallel would overwrite them with
    those of the first process at every step.

    Args:
        bins: Number of bins.
        width: Number of features.
        spread: Which products are summed.
        zero: A number of the device and the precision of the sums (float32 on a device without float64).
    """

    def __init__(self, bins: int, width: int, spread: AbstractSpread, zero: Float[Tensor, ""]) -> None:
        self.spread = spread
        self.count = torch.zeros(bins + 1, dtype=torch.int64, device=zero.device)
        self.total = zero.new_zeros(bins + 1, width)
        self.products = zero.new_zeros(bins + 1, *spread.shape(width))

    def add(self, index: Int[Tensor, " n"], rows: Float[Tensor, "n width"]) -> None:
        """Take in rows of the given bins."""
        self.count.index_add_(0, index, torch.ones_like(index))
        at_once = max(1, _CELLS // self.products[0].numel())
        for part, bins in zip(rows.split(at_once), index.split(at_once), strict=True):
            exact = part.to(self.total.dtype, copy=True)
            self.total.index_add_(0, bins, exact)
            self.spread.add(self.products, bins, exact)

    def clear(self) -> None:
        """Forget everything."""
        self._set(torch.Tensor.zero_)

    def of_all_processes(self) -> tuple[Tensor, Tensor, Tensor]:
        """Rows, sums and products of every bin in all processes; these must call it together."""
        count, total, products = (sum_over_processes(t)[:-1] for t in (self.count, self.total, self.products))
        return count, total, products

    def join_processes(self) -> None:
        """Bring the sums of all processes together in the first one."""
        self._set(sum_over_processes)
        if process_rank():
            self.clear()

    def move(self, fn: Callable[[Tensor], Tensor]) -> None:
        """To another device, in the same precision."""
        self._set(lambda tensor: keep_precision(fn, tensor))

    def state(self) -> dict[str, Tensor]:
        """The tensors by the names they have in a state dict."""
        return {"epoch_count": self.count, "epoch_total": self.total, "epoch_products": self.products}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Take the tensors of a state dict; one state goes to all processes, and only the first has its sums."""
        if process_rank() == 0:
            self.count = state["epoch_count"].to(self.count, copy=True)
            self.total = state["epoch_total"].to(self.total, copy=True)
            self.products = state["epoch_products"].to(self.products, copy=True)

    def _set(self, fn: Callable[[Tensor], Tensor]) -> None:
        self.count, self.total, self.products = fn(self.count), fn(self.total), fn(self.products)
