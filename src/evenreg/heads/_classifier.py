"""ClassifierHead: regression as classification of the label bins."""

from typing import Any, Self, final

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn
from torch.nn import functional

from evenreg import _check
from evenreg._torch import BinIndex
from evenreg.errors import InputError
from evenreg.heads._base import AbstractHead, Cost, at_least_float32, check_features
from evenreg.heads._prediction import Prediction
from evenreg.heads._scalar_target import check_scalar_space, scalar_target
from evenreg.labels import LabelSpace


@final
class ClassifierHead(AbstractHead):
    """A softmax over the bins of the labels, with the methods of imbalanced classification as a baseline.

        loss  = mean over the batch of  −w · log p_b(target)
        value = centre of the most probable bin, or  Σ_b p_b · centre_b

    A class knows nothing of its neighbours: a miss by one bin costs as much as one across the range, and labels
    outside the bins, or in bins without training labels, are never learned.

    Args:
        in_features: Width of the features, at least 1.
        bins: Classes: the number of bins of the space given to `fit`, at least 1.
        decode: ``"argmax"``, the most probable bin, or ``"expectation"``.

    Shapes: features ``(batch, in_features)``; targets ``(batch, 1)``; weights ``(batch,)`` or ``(batch, 1)``; value
    ``(batch, 1)``; extras ``logits (batch, bins)``. All are float32 at least. With ``"argmax"`` the value has no
    gradient; the loss is of the logits.

    Raises:
        NotFittedError: Use before `fit` or a state dict.
        ShapeError: Features of another width; targets that are not one number a sample, ``(batch, 1)``; weights
            of another shape.
        TargetError: NaN targets, rows named; on an accelerator and under ``torch.compile`` the loss is NaN.
        InputError: An argument out of range; a space of another number of bins.
        UnknownNameError: An unknown decode; the nearest is offered.

    Example:
        >>> space = LabelSpace.fit(range(5))
        >>> head = ClassifierHead(2, len(space.bins)).fit(space)
        >>> with torch.no_grad():
        ...     _ = head.linear.weight.zero_(), head.linear.bias.copy_(torch.tensor([0.0, 0.0, 0.0, 9.0, 0.0]))
        >>> head(torch.zeros(1, 2)).value
        tensor([[3.]])

    Paper: papers/000 appendix E.6 and Table 20, CLS-VANILLA; with class-balanced weights its CB.
    """

    def __init__(self, in_features: int, bins: int, decode: str = "argmax") -> None:
        super().__init__()
        self.in_features = _check.integer(in_features, "in_features", 1)
        self.bins = _check.integer(bins, "bins", 1)
        self.decode = _check.known(decode, _DECODERS, "decode of ClassifierHead")
        self.linear = nn.Linear(self.in_features, self.bins)
        self.index = BinIndex()

    @property
    def config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"in_features": self.in_features, "bins": self.bins, "decode": self.decode}

    @property
    def edges(self) -> Float[Tensor, " edges"] | None:
        """Where bins begin and end, in the units of the value; None before `fit`."""
        return self.index.edges if self.index.n_bins else None

    def fit(self, space: LabelSpace) -> Self:
        """Take the bins of the training labels.

        Args:
            space: The training labels, in the units that the head shall predict in.

        Raises:
            InputError: Another number of bins than classes, or labels of several dimensions.
            TargetError: A space without labels.
        """
        check_scalar_space(space, "ClassifierHead")
        if len(space.bins) != self.bins:
            raise InputError(
                f"space: expected as many bins as the head has classes, {self.bins:,}, got {len(space.bins):,}; "
                "make the head with bins=len(space.bins)."
            )
        self.index = BinIndex(space.bins).to(self.index.edges.device)
        return self

    def forward(self, features: Float[Tensor, "..."]) -> Prediction:
        """The value, with ``logits``."""
        _check.fitted(self, "edges")
        check_features(features, self.in_features)
        logits = at_least_float32(self.linear(features))
        edges = self.index.edges
        centers = edges[:-1] + edges.diff() / 2
        value = _DECODERS[self.decode](logits, centers.to(logits.dtype))
        return Prediction(value, {"logits": logits})

    def terms(
        self,
        prediction: Prediction,
        target: Shaped[Tensor, "..."],
        weight: Shaped[Tensor, "..."] | None = None,
        *,
        cost: Cost,
    ) -> dict[str, Float[Tensor, ""]]:
        """``classification``, the mean of weight × cross-entropy; ``cost`` is ignored: there is no regression."""
        del cost
        _check.fitted(self, "edges")
        labels = scalar_target(target, len(prediction.value), "ClassifierHead")
        true_bin, logits = self.index(labels), prediction.extras["logits"]
        nll = functional.cross_entropy(logits, true_bin.clamp(max=self.bins - 1), reduction="none")
        # A NaN target has no bin, and must not count as the last one.
        nll = torch.where(true_bin < self.bins, nll, torch.nan)
        if weight is not None:
            _check.weight_shape(weight, target)
            nll = weight.reshape(-1).to(nll.dtype) * nll
        return {"classification": nll.mean()}


def _most_probable(
    logits: Float[Tensor, "batch bins"], centers: Float[Tensor, " bins"]
) -> Float[Tensor, "batch 1"]:
    return centers[logits.argmax(1, keepdim=True)]


def _expectation(
    logits: Float[Tensor, "batch bins"], centers: Float[Tensor, " bins"]
) -> Float[Tensor, "batch 1"]:
    return (logits.softmax(1) * centers).sum(1, keepdim=True)


_DECODERS = {"argmax": _most_probable, "expectation": _expectation}
