"""LinearHead: a linear layer, the head of plain regression."""

from typing import Any, final

from jaxtyping import Float, Shaped
from torch import Tensor, nn

from evenreg import _check
from evenreg.heads._base import AbstractHead, Cost, check_features
from evenreg.heads._prediction import Prediction


@final
class LinearHead(AbstractHead):
    """One linear layer, trained by the cost alone.

        value = features Wᵀ + b,   loss = cost(value, target, weight)

    It learns nothing from the labels: `fit` may be left out.

    Args:
        in_features: Width of the features, at least 1.
        out: Numbers predicted a sample, at least 1.

    Shapes: features ``(batch, in_features)``, value ``(batch, out)``; no extras.

    Raises:
        InputError: A width below 1.
        ShapeError: Features of another shape.

    Example:
        >>> import torch
        >>> head = LinearHead(3)
        >>> prediction = head(torch.ones(2, 3))
        >>> loss = head.loss(prediction, torch.zeros(2, 1), cost=lambda p, y, w: (p - y).abs().mean())
        >>> prediction.value.shape, bool(loss == prediction.value.abs().mean())
        (torch.Size([2, 1]), True)
    """

    def __init__(self, in_features: int, out: int = 1) -> None:
        super().__init__()
        self.in_features = _check.integer(in_features, "in_features", 1)
        self.out = _check.integer(out, "out", 1)
        self.linear = nn.Linear(self.in_features, self.out)

    @property
    def config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"in_features": self.in_features, "out": self.out}

    def forward(self, features: Float[Tensor, "..."]) -> Prediction:
        """The prediction, in the precision of the layer."""
        check_features(features, self.in_features)
        return Prediction(self.linear(features), {})

    def terms(
        self,
        prediction: Prediction,
        target: Shaped[Tensor, "..."],
        weight: Shaped[Tensor, "..."] | None = None,
        *,
        cost: Cost,
    ) -> dict[str, Float[Tensor, ""]]:
        """``regression``, the cost."""
        return {"regression": cost(prediction.value, target, weight)}
