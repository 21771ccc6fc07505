"""RankNContrast: features in the order of their labels."""

from typing import final

from jaxtyping import Float, Shaped
from torch import Tensor

from evenreg import _check
from evenreg._torch import float32_island
from evenreg.features._contrast_batch import joined_batch, label_distance
from evenreg.features._euclidean_distance import euclidean_distance
from evenreg.features._ordered_contrast import ordered_contrast
from evenreg.features._regularizer import AbstractRegularizer


@final
class RankNContrast(AbstractRegularizer):
    """Rank-N-Contrast: of two samples the one nearer in label shall be nearer in the features, for every anchor.

    Regression alone leaves the features in fragments, frequent labels apart from rare ones. Every sample j is
    held against all samples k at least as far in label from the anchor i as itself, so that rare labels take
    their place along the same line as frequent ones:

        L = −weight / (B·(B − 1)) · Σ_i Σ_{j≠i} log( e_ij / Σ_{k≠i, d_ik ≥ d_ij} e_ik )
        e_ij = exp(−|z_i − z_j| / t)

    with Euclidean distances of features as they are, not normalised, and d the L1 distance of labels: the sum
    of absolute differences over their dimensions. Only the order of label distances counts, so their unit
    does not. Ties, up to rounding, are all in one another's denominators. A batch of one gives 0; in a batch
    of one label every sample's denominator is the whole batch, and L is least, log(B − 1), where all are
    equally far.

    Two views, as in the paper, are stacked on the batch axis with labels repeated: ``loss(cat([z, z2]),
    cat([y, y]))``. Among several processes the rows of all are contrasted.

    Args:
        temperature: t, above 0, in the unit of the features; the smaller, the more the nearest samples count.
        weight: Factor of the loss, at least 0.

    Shapes: features ``(batch, ...)``, flattened a row; target ``(batch,)`` or ``(batch, out)``; half precision is
    computed in float32. O(B² log B) time and O(B²) memory, about 60 bytes a pair.

    Raises:
        InputError: A ``temperature`` not above 0, a negative ``weight``; NaN features (rows named; on an
            accelerator and under ``torch.compile`` the loss is NaN).
        TargetError: NaN targets.
        ShapeError: Features and target of different length or other shapes.

    Example:
        >>> import torch
        >>> ordered, target = torch.tensor([[0.0], [1.0], [5.0]]), torch.tensor([10.0, 11.0, 15.0])
        >>> RankNContrast()(ordered, target), RankNContrast()(ordered[[1, 0, 2]], target)
        (tensor(0.1337), tensor(0.2171))

    Paper: Zha et al. 2023, "Rank-N-Contrast: Learning Continuous Representations for Regression".
    The released code goes through the positives one by one, O(B³) in all.
    """

    def __init__(self, temperature: float = 2.0, weight: float = 1.0) -> None:
        super().__init__()
        self.temperature = _check.positive(temperature, "temperature")
        self.weight = _check.positive(weight, "weight", zero=True)

    def forward(self, features: Shaped[Tensor, "..."], target: Shaped[Tensor, "..."]) -> Float[Tensor, ""]:
        """The weighted contrast of a batch."""
        joined, labels, nothing = joined_batch(features, target=target)
        with float32_island():
            similarity = -euclidean_distance(joined) / self.temperature
            contrast = ordered_contrast(similarity, *label_distance(labels["target"]))
            return self.weight * contrast + nothing

    def extra_repr(self) -> str:
        """The arguments, for ``print``."""
        return f"temperature={self.temperature:g}, weight={self.weight:g}"
