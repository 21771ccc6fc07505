"""Geometric mean of absolute errors over batches and processes."""

from typing import final

import torch
from jaxtyping import Float
from torch import Tensor
from torchmetrics import Metric

from evenreg import _check
from evenreg.metrics._inputs import FLOOR


@final
class GeometricMeanError(Metric):
    """`evenreg.metrics.gm` gathered over batches: ``exp(mean log max(|prediction - target|, 1e-10))``.

    State is the sum of the logarithms and their count, added over processes.

    >>> metric = GeometricMeanError()
    >>> metric.update(torch.tensor([1.0, 4.0]), torch.zeros(2))
    >>> metric.compute()
    tensor(2.)
    """

    is_differentiable = False
    higher_is_better = False
    full_state_update = False

    total: Tensor
    count: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.add_state("total", torch.tensor(0.0), dist_reduce_fx="sum")
        self.add_state("count", torch.tensor(0), dist_reduce_fx="sum")

    def update(self, prediction: Float[Tensor, "batch *out"], target: Float[Tensor, "batch *out"]) -> None:
        """Adds one batch of predictions and targets, ``(batch,)`` or ``(batch, out)``, in label units.

        Raises:
            ShapeError: Shapes differ.
        """
        _check.same_shape(prediction=prediction, target=target)
        wide = prediction.detach().to(
            torch.promote_types(prediction.dtype, torch.float32)
        )  # half types round errors
        error = (wide - target).abs().to(self.total).clamp_min(FLOOR)
        self.total += error.log().sum()
        self.count += error.numel()

    def compute(self) -> Float[Tensor, ""]:
        """The geometric mean so far; NaN before the first row."""
        return (self.total / self.count).exp()
