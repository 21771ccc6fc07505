"""How alike the features of one label are to those of all others."""

from collections.abc import Sequence
from typing import NamedTuple, final

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor

from evenreg import _check
from evenreg._torch import BinIndex
from evenreg.labels import Bins


@final
class CosineCurves(NamedTuple):
    """Mean cosine of features between labels.

    Attributes:
        labels: ``(m,)`` the distinct labels, or mean labels of the populated bins.
        counts: ``(m,)`` samples of each.
        similarity: ``(anchors, m)`` mean cosine between the samples of an anchor and those of each label; at
            the anchor itself over pairs of two samples, NaN where it has one sample.
    """

    labels: Float[Tensor, " m"]
    counts: Int[Tensor, " m"]
    similarity: Float[Tensor, "anchors m"]


def cosine_curves(
    features: Float[Tensor, "n d"],
    target: Shaped[Tensor, " _"],
    anchors: Sequence[float],
    bins: Bins | None = None,
) -> CosineCurves:
    """Mean cosine similarity of each anchor's features to the features of every label, in float64.

    Features that keep the order of labels give curves that fall on both sides of their anchor. The mean over
    pairs is a product of mean directions, so that no pair is formed.

    Args:
        features: ``(n, d)``.
        target: ``(n,)`` labels.
        anchors: Labels that occur in ``target``; with bins, labels in populated bins.
        bins: Pool labels by bin; None takes every distinct label by itself.

    Raises:
        ShapeError: Features and target that do not go together.
        InputError: An anchor without a sample.

    Example:
        >>> import torch
        >>> features = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.6, 0.8], [0.0, 1.0]])
        >>> curves = cosine_curves(features, torch.tensor([20, 20, 30, 50]), anchors=[20])
        >>> curves.labels.tolist(), curves.similarity.round(decimals=2).tolist()
        ([20.0, 30.0, 50.0], [[1.0, 0.6, 0.0]])

    Paper: papers/003 Fig. 4.
    """
    _check.same_length(features=features, target=target)
    target = target.detach() if target.is_floating_point() else target.double()
    place = torch.nn.Identity() if bins is None else BinIndex(bins).to(target.device)
    values, group, counts = place(target).unique(return_inverse=True, return_counts=True)
    unit = torch.nn.functional.normalize(features.detach().double())
    rows = torch.cat([target.double().unsqueeze(1), unit.square().sum(1, keepdim=True), unit], 1)
    sums = rows.new_zeros((len(values), rows.shape[1])).index_add_(0, group, rows)
    labels, itself, directions = sums[:, 0] / counts, sums[:, 1], sums[:, 2:]
    wanted = place(target.new_tensor(list(anchors))).unsqueeze(1) == values
    for anchor, found in zip(anchors, wanted.any(1).tolist(), strict=True):
        _check.occurs(found, anchor, labels[(labels - anchor).abs().argmin()].item(), "anchors")
    total = directions[wanted.nonzero()[:, 1]] @ directions.T - wanted * itself
    pairs = counts[wanted.nonzero()[:, 1]].unsqueeze(1) * counts - wanted * counts
    return CosineCurves(labels, counts, total / pairs)
