"""ConR: pushes apart what is predicted alike and labelled otherwise."""

from typing import ClassVar, final

import torch
from jaxtyping import Bool, Float, Shaped
from torch import Tensor

from evenreg import _check
from evenreg._torch import float32_island
from evenreg.features._contrast_batch import joined_batch, label_distance
from evenreg.features._rank_similarities import cosine
from evenreg.features._regularizer import AbstractRegularizer


@final
class ConR(AbstractRegularizer):
    """The contrastive regularizer: rare samples are pulled out from among the frequent ones they are taken for.

    Where labels are rare a model predicts what is frequent nearby, and the features follow. ConR looks for
    exactly these: around an anchor i, positives P_i are the samples whose label is near, negatives N_i those
    whose label is far but whose *prediction* is near, pushed the harder the further the label is:

        P_i = {j ≠ i: |y_i − y_j| ≤ window},    N_i = {j: |y_i − y_j| > window, |p_i − p_j| ≤ window}
        L_i = −1/|P_i| · Σ_{j∈P_i} log( e_ij / (Σ_{k∈P_i} e_ik + Σ_{k∈N_i} exp(push · |y_i − y_k|) · e_ik) )
        L = weight / B · Σ_i L_i,    e_ij = exp(cos(z_i, z_j) / t)

    Samples that are neither are left out. An anchor without a positive, or without a negative, has no term; so
    a batch of one, of one label or of perfect predictions gives 0. Distances are summed over the dimensions
    of labels (L1). Predictions only choose; no gradient reaches them.

    Two views are stacked on the batch axis with labels repeated; then each view is a positive of the other, and
    no anchor goes without. Among several processes the rows of all are contrasted.

    Args:
        window: How near is near, above 0, for labels and predictions alike, in the unit of the target.
        temperature: t, above 0; the smaller, the more the most similar samples count.
        push: How much harder a negative is pushed per unit of label distance, at least 0.
        weight: Factor of the loss, at least 0.

    Defaults are for standardised targets. Published for ages, in years and with an L1 loss in years: window 1,
    push 0.01, weight 4, which is 0.06, 0.16 and 0.25 in standard deviations of AgeDB's ages; the window here is
    wider, so that batches of 64 have positives.

    Shapes: features ``(batch, ...)``, flattened a row; target and prediction ``(batch,)`` or ``(batch, out)``; half
    precision is computed in float32. O(B²) time and memory.

    Raises:
        InputError: A ``window`` or ``temperature`` not above 0, a negative ``push`` or ``weight``; NaN features
            or predictions (rows named; on an accelerator and under ``torch.compile`` the loss is NaN).
        TargetError: NaN targets.
        ShapeError: Features, target and prediction of different length or other shapes.

    Example:
        >>> import torch
        >>> features = torch.tensor([[1.0, 0.0], [0.9, 0.1], [0.8, 0.2]])
        >>> target, prediction = torch.tensor([1.0, 1.05, 3.0]), torch.tensor([1.0, 1.1, 1.2])
        >>> ConR(window=0.5)(features, target, prediction), ConR(window=0.5)(features, target, target)
        (tensor(0.1268), tensor(0.))

    Paper: Keramati et al. 2024, "ConR: Contrastive Regularizer for Deep Imbalanced Regression", with the same
    pushing power for every anchor. The released code adds 1 to the denominator for every sample that is no
    positive, and is NaN as soon as an anchor has none.
    """

    needs_prediction: ClassVar[bool] = True

    def __init__(
        self, window: float = 0.1, temperature: float = 0.07, push: float = 0.16, weight: float = 0.25
    ) -> None:
        super().__init__()
        self.window = _check.positive(window, "window")
        self.temperature = _check.positive(temperature, "temperature")
        self.push = _check.positive(push, "push", zero=True)
        self.weight = _check.positive(weight, "weight", zero=True)

    def forward(
        self,
        features: Shaped[Tensor, "..."],
        target: Shaped[Tensor, "..."],
        prediction: Shaped[Tensor, "..."],
    ) -> Float[Tensor, ""]:
        """The weighted contrast of a batch."""
        _check.same_shape(prediction=prediction, target=target)
        joined, labels, nothing = joined_batch(features, target=target, prediction=prediction)
        with float32_island():
            distance, rounding = label_distance(labels["target"])
            near = distance <= self.window + rounding
            alike = label_distance(labels["prediction"])[0] <= self.window
            positives = near & ~torch.eye(len(near), dtype=torch.bool, device=near.device)
            negatives = ~near & alike
            push = (self.push * distance).to(joined.dtype)
            contrast = conr(cosine(joined) / self.temperature, positives, negatives, push)
            return self.weight * contrast + nothing

    def extra_repr(self) -> str:
        """The arguments, for ``print``."""
        return (
            f"window={self.window:g}, temperature={self.temperature:g}, push={self.push:g}, "
            f"weight={self.weight:g}"
        )


def conr(
    similarity: Float[Tensor, "batch batch"],
    positives: Bool[Tensor, "batch batch"],
    negatives: Bool[Tensor, "batch batch"],
    push: Float[Tensor, "batch batch"],
) -> Float[Tensor, ""]:
    """The mean of L_i over all samples, anchors or not; similarity has the temperature divided in."""
    anchors = positives.any(1) & negatives.any(1)
    # A row without a term keeps all its logits: that of none would be -inf, with NaN on the way back, which
    # stops those who look for NaN with autograd's anomaly detection.
    counted = positives | negatives | ~anchors.unsqueeze(1)
    pushed = torch.where(negatives, similarity + push, similarity)
    denominator = pushed.masked_fill(~counted, -torch.inf).logsumexp(1)
    pull = similarity.masked_fill(~positives, 0).sum(1) / positives.sum(1).clamp(min=1)
    return (denominator - pull).masked_fill(~anchors, 0).sum() / max(len(similarity), 1)
