"""Balanced mean absolute error over batches and processes."""

from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torchmetrics import Metric

from evenreg import _check


@final
class BalancedMAE(Metric):
    """`evenreg.metrics.bmae` gathered over batches: the mean over bins of each bin's mean absolute error.

    It is what models are selected by (``val_bmae``): a mean over rows would choose the model that is best
    where data is plentiful. State is a sum and a count per bin, added over processes, so unequal shards give
    the same value as one process.

    Args:
        n_bins: Number of bins, ``len(space.bins)``.

    >>> metric = BalancedMAE(n_bins=3)
    >>> prediction, target = torch.tensor([[1.0], [1.0], [5.0]]), torch.tensor([[0.0], [0.0], [2.0]])
    >>> metric.update(prediction, target, index=torch.tensor([0, 0, 2]))
    >>> metric.compute()
    tensor(2.)
    """

    is_differentiable = False
    higher_is_better = False
    full_state_update = False

    total: Tensor
    count: Tensor

    def __init__(self, n_bins: int) -> None:
        super().__init__()
        n_bins = _check.integer(n_bins, "n_bins", 1)
        self.add_state("total", torch.zeros(n_bins), dist_reduce_fx="sum")
        self.add_state("count", torch.zeros(n_bins, dtype=torch.long), dist_reduce_fx="sum")

    def update(
        self,
        prediction: Float[Tensor, "batch *out"],
        target: Float[Tensor, "batch *out"],
        index: Int[Tensor, " batch"],
    ) -> None:
        """Adds one batch.

        Args:
            prediction: ``(batch,)`` or ``(batch, out)``, in label units; dimensions are averaged first.
            target: The same shape.
            index: Bin number of each row, ``(batch,)``, below ``n_bins``.

        Raises:
            ShapeError: Shapes differ.
        """
        _check.same_shape(prediction=prediction, target=target)
        _check.same_length(prediction=prediction, index=index)
        wide = prediction.detach().to(
            torch.promote_types(prediction.dtype, torch.float32)
        )  # half types round errors
        error = (wide - target).abs().reshape(len(target), -1).mean(dim=1)
        index = index.to(self.count.device, torch.long)
        self.total.index_add_(0, index, error.to(self.total))
        self.count.index_add_(0, index, torch.ones_like(index))

    def compute(self) -> Float[Tensor, ""]:
        """The mean over the bins seen so far; NaN before the first row."""
        seen = self.count > 0
        return (self.total[seen] / self.count[seen]).mean()
