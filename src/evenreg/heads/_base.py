"""AbstractHead: how every head is fitted, called, trained and built again."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Self

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from evenreg import _check
from evenreg.heads._prediction import Prediction
from evenreg.labels import LabelSpace

Cost = Callable[[Tensor, Tensor, Tensor | None], Tensor]
"""``cost(prediction, target, weight) -> scalar``, such as a module of `evenreg.losses`."""


class AbstractHead(nn.Module, ABC):
    """Features to predictions, and the terms of the loss that such predictions are trained by.

    A training loop that knows no more than this can train any head:

        prediction = head(features)
        loss = head.loss(prediction, target, weight, cost=cost)

    What a head learns from the labels it learns in `fit`, once, from a space in the units it shall predict in,
    and keeps in its state dict: ``type(head)(**head.config)`` and ``load_state_dict`` make the same head again,
    without the labels. At inference labels are never needed.

    Shapes: features ``(batch, in_features)``; value ``(batch, out)``.

    Example:
        >>> from evenreg.heads import LinearHead
        >>> head = LinearHead(4)
        >>> again = LinearHead(**head.config)
        >>> again.load_state_dict(head.state_dict())
        <All keys matched successfully>
        >>> torch.equal(again(torch.ones(2, 4)).value, head(torch.ones(2, 4)).value)
        True
    """

    @property
    @abstractmethod
    def config(self) -> dict[str, Any]:
        """The constructor's arguments, plain values."""

    def fit(self, space: LabelSpace) -> Self:
        """Learn what the head needs from the training labels; returns itself, as every part does."""
        del space
        return self

    @abstractmethod
    def forward(self, features: Float[Tensor, "..."]) -> Prediction:
        """The prediction of a batch of features ``(batch, in_features)``."""

    @abstractmethod
    def terms(
        self,
        prediction: Prediction,
        target: Shaped[Tensor, "..."],
        weight: Shaped[Tensor, "..."] | None = None,
        *,
        cost: Cost,
    ) -> dict[str, Float[Tensor, ""]]:
        """The terms of the loss by name, for a log; `total` makes the loss of them. Arguments as `loss`."""

    def total(self, terms: Mapping[str, Float[Tensor, ""]]) -> Float[Tensor, ""]:
        """The loss that its terms add up to, each with its coefficient (1 unless the head says otherwise)."""
        total: Any = sum(terms.values())
        return total

    def loss(
        self,
        prediction: Prediction,
        target: Shaped[Tensor, "..."],
        weight: Shaped[Tensor, "..."] | None = None,
        *,
        cost: Cost,
    ) -> Float[Tensor, ""]:
        """The loss of a batch.

        Args:
            prediction: What the head returned for the batch.
            target: ``(batch, out)``, in the units of ``value``.
            weight: ``(batch,)``, ``(batch, 1)`` or, where the cost takes it, the target's shape; None weighs all
                the same.
            cost: ``cost(prediction, target, weight) -> scalar``, such as a module of `evenreg.losses`.
        """
        return self.total(self.terms(prediction, target, weight, cost=cost))

    def extra_repr(self) -> str:
        """The constructor's arguments, for ``print``."""
        return ", ".join(f"{name}={value!r}" for name, value in self.config.items())


def check_features(features: Tensor, in_features: int) -> None:
    """A `ShapeError` unless features are ``(batch, in_features)``."""
    way_out = "flatten or pool the encoder's output, and make the head with its width as in_features"
    _check.shape(features, "features", ("batch", in_features), way_out)


def at_least_float32(tensor: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Half precision as float32: a label of 57.3 is 57.25 in bfloat16, and probabilities do not add up to 1."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))
