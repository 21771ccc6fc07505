"""GroupContrast: features in the order of their label groups."""

from typing import Self, final

from jaxtyping import Float, Shaped
from torch import Tensor

from evenreg import _check
from evenreg._torch import float32_island
from evenreg.features._contrast_batch import joined_batch, label_distance
from evenreg.features._euclidean_distance import euclidean_distance
from evenreg.features._label_bins import LabelBins
from evenreg.features._ordered_contrast import ordered_contrast
from evenreg.features._rank_similarities import cosine
from evenreg.features._regularizer import AbstractRegularizer
from evenreg.labels import GROUPINGS, Bins, LabelGroups, LabelSpace


@final
class GroupContrast(AbstractRegularizer):
    """Ordinal group contrast: samples of a group together, the further the groups the further the features.

    The labels are cut into a few groups in order, and `RankNContrast` is taken on their numbers g: samples
    within a group are pulled together whatever their labels, other groups keep their order around it.

        L = −weight / (B·(B − 1)) · Σ_i Σ_{j≠i} log( e_ij / Σ_{k≠i, |g_i − g_k| ≥ |g_i − g_j|} e_ik )
        e_ij = exp(s_ij / t)

    Nearly all distances of groups are ties; a tie is whole in the denominators of its members. The similarity
    s is minus the Euclidean distance of features as they are, or their cosine. A batch of one gives 0.

    Two views are stacked on the batch axis with labels repeated: ``loss(cat([z, z2]), cat([y, y]))``; one view
    is fine too. Among several processes the rows of all are contrasted.

    Args:
        n: Groups that `fit` cuts the labels into, at least 1; None where targets are group numbers already.
        temperature: t, above 0: in the unit of the features for ``"euclidean"``, where the paper advises 1 or
            more; for ``"cosine"``, between −1 and 1, such values leave the loss nearly flat: take 0.1 to 0.5.
        weight: Factor of the loss, at least 0.
        grouping: How `fit` cuts: ``"uniform"``, groups of equal width, as in the paper, or ``"equal_mass"``,
            of equal counts.
        similarity: ``"euclidean"`` or ``"cosine"``.

    Shapes: features ``(batch, ...)``, flattened a row; target ``(batch,)`` or ``(batch, 1)``, or ``(batch, d)`` where
    the space has a coordinate; half precision is computed in float32.

    Raises:
        InputError: A ``temperature`` not above 0, a negative ``weight``, an ``n`` below 1; NaN features (rows
            named; on an accelerator and under ``torch.compile`` the loss is NaN).
        TargetError: NaN targets.
        ShapeError: Features and target of different length or other shapes.
        UnknownNameError: A grouping or similarity nobody knows.
        NotFittedError: Before `fit`, with ``n`` given.

    Example:
        >>> import torch
        >>> features = torch.tensor([[0.0], [1.0], [5.0], [6.0]])
        >>> contrast = GroupContrast(2).fit(LabelSpace.fit(range(20)))
        >>> contrast(features, torch.tensor([3.0, 4.0, 15.0, 16.0]))
        tensor(0.5917)
        >>> GroupContrast(None)(features, torch.tensor([0, 0, 1, 1]))
        tensor(0.5917)

    Paper: papers/001 eq. 2. The paper leaves similarity and label distance open ("e.g. cosine", "e.g. L1") and
    sets t = 2.5; the released code takes Euclidean distances of normalised features at t = 0.02 to 0.07, or
    Rank-N-Contrast's encoder, whose choice (Euclidean, not normalised) is the default here.
    """

    def __init__(
        self,
        n: int | None = 10,
        temperature: float = 2.5,
        weight: float = 1.0,
        *,
        grouping: str = "uniform",
        similarity: str = "euclidean",
    ) -> None:
        super().__init__()
        self.n = None if n is None else _check.integer(n, "n", 1)
        self.temperature = _check.positive(temperature, "temperature")
        self.weight = _check.positive(weight, "weight", zero=True)
        self.grouping = _check.known(grouping, GROUPINGS, "grouping")
        self.similarity = _check.known(similarity, _SIMILARITIES, "similarity")
        self.groups = LabelBins()

    @property
    def edges(self) -> Float[Tensor, " edges"] | None:
        """Where groups begin and end, in label units; None before `fit` and where targets are group numbers."""
        return self.groups.index.edges if len(self.groups) else None

    def fit(self, space: LabelSpace) -> Self:
        """Cut the training labels into groups.

        Raises:
            InputError: More groups than bins with training labels, or a uniform group without any.
        """
        if self.n is not None:
            edges = LabelGroups.cut(space, self.n, self.grouping).edges
            self.groups.fit(LabelSpace(Bins(edges), coordinate=space.coordinate))
        return self

    def forward(self, features: Shaped[Tensor, "..."], target: Shaped[Tensor, "..."]) -> Float[Tensor, ""]:
        """The weighted contrast of a batch."""
        joined, labels, nothing = joined_batch(features, target=target)
        groups = labels["target"]
        if self.n is not None:
            _check.fitted(self, "edges")
            groups = self.groups(groups, (len(joined),)).to(joined.dtype).unsqueeze(1)
        _check.shape(groups, "target", ("batch", 1), "give one group number a row of features")
        with float32_island():
            similarity = _SIMILARITIES[self.similarity](joined) / self.temperature
            return self.weight * ordered_contrast(similarity, *label_distance(groups)) + nothing

    def extra_repr(self) -> str:
        """The arguments, for ``print``."""
        return (
            f"n={self.n}, temperature={self.temperature:g}, weight={self.weight:g}, "
            f"grouping={self.grouping!r}, similarity={self.similarity!r}"
        )


def _nearness(features: Float[Tensor, "batch features"]) -> Float[Tensor, "batch batch"]:
    return -euclidean_distance(features)


_SIMILARITIES = {"euclidean": _nearness, "cosine": cosine}
