"""AbstractLoss: the weighted mean of a cost, written once."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Self

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from evenreg import _check
from evenreg.labels import LabelSpace


class AbstractLoss(nn.Module, ABC):
    """A loss of predictions and targets: the mean of weight × cost over all elements.

    Every loss of the package is called, weighted, cast and checked in the same way, so that a method can be
    changed without touching the training loop. A subclass gives the cost only:

        loss = mean over elements of  w · cost(prediction, target)

    The mean is over the number of elements, not over the sum of the weights: weights of mean 1 over the
    training labels keep the scale of the loss, and a batch of rare labels counts for more than one of
    frequent labels.

    Shapes: prediction and target ``(batch, out)``, or ``(batch, out, *pixels)`` with invalid pixels selected
    out before; two ``(batch,)`` count as ``(batch, 1)``. Nothing is broadcast. Half-precision inputs are
    computed in float32, under autocast too; float64 stays float64.

    Example:
        >>> import torch
        >>> from evenreg.losses import L1Loss
        >>> prediction, target = torch.tensor([[1.0], [5.0]]), torch.tensor([[2.0], [2.0]])
        >>> L1Loss()(prediction, target, weight=torch.tensor([1.5, 0.5]))
        tensor(1.5000)
    """

    def fit(self, space: LabelSpace) -> Self:
        """Learn what the loss needs from the training labels; most need nothing and return themselves."""
        del space
        return self

    def noise_parameters(self) -> list[nn.Parameter]:
        """The learned noise scale's parameters, for an optimizer group of their own; or none."""
        return []

    def forward(
        self,
        prediction: Float[Tensor, "..."],
        target: Shaped[Tensor, "..."],
        weight: Shaped[Tensor, "..."] | None = None,
    ) -> Float[Tensor, ""]:
        """The weighted mean cost.

        Args:
            prediction: ``(batch, out)`` or ``(batch, out, *pixels)``.
            target: The same shape; cast to the prediction's precision.
            weight: ``(batch,)``, ``(batch, 1)`` or the target's shape; None weighs all the same.

        Raises:
            ShapeError: Prediction and target, or weight and target, that do not go together.
            InputError: An empty batch.
        """
        _check.same_shape(prediction=prediction, target=target)
        if prediction.ndim == 1:
            prediction, target = prediction.unsqueeze(1), target.unsqueeze(1)
        elif prediction.ndim == 0:
            _check.shape(prediction, "prediction", ("batch", "out"), "add the batch axis")
        _check.batch_size(prediction.numel(), 1, type(self).__name__, "skip a batch with nothing valid in it")
        dtype = torch.promote_types(prediction.dtype, torch.float32)
        with torch.autocast(prediction.device.type, enabled=False):
            cost = self._cost(prediction.to(dtype), target.to(dtype))
            if weight is None:
                return cost.mean()
            _check.weight_shape(weight, target)
            if weight.shape != target.shape:
                weight = weight.reshape(-1, *[1] * (target.ndim - 1))
            return (weight.to(dtype) * cost).mean()

    @abstractmethod
    def _cost(
        self, prediction: Float[Tensor, "batch out *pixels"], target: Float[Tensor, "batch out *pixels"]
    ) -> Float[Tensor, "batch per_sample *pixels"]:
        """The cost of each element, or ``(batch, 1)`` of each sample."""

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        return super()._apply(lambda tensor: _at_least_float32(fn, tensor), recurse)


def _at_least_float32(move: Callable[..., Any], tensor: Tensor) -> Tensor:
    """``move`` (what ``.to``, ``.half``, ``.cuda`` do to a tensor), but a loss never falls below float32.

    A prior or a noise scale rounded to bfloat16 is another prior: its numbers would be wrong by up to 0.4 %.
    """
    try:
        moved = move(tensor)
    except TypeError:  # a device without float64, such as MPS
        moved = move(tensor.float())
    if tensor.is_floating_point() and moved.is_floating_point() and moved.itemsize < 4:
        return tensor.to(moved.device)
    return moved
