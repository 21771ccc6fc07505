"""Rankings by label and by feature side by side, for a picture of how well they agree."""

from typing import NamedTuple, final

from jaxtyping import Float, Shaped
from torch import Tensor

from evenreg import _check
from evenreg._torch import BinIndex
from evenreg.features._rank_similarities import cosine
from evenreg.features._ranks import ranks
from evenreg.labels import Bins


@final
class RankingMatrices(NamedTuple):
    """Row i ranks all samples (or bins) by how alike they are to sample i, 1 for the most alike.

    Attributes:
        labels: ``(m,)`` sorted labels of rows and columns.
        by_label: ``(m, m)`` ranks by minus the distance of labels.
        by_feature: ``(m, m)`` ranks by the cosine of features.
    """

    labels: Float[Tensor, " m"]
    by_label: Float[Tensor, "m m"]
    by_feature: Float[Tensor, "m m"]


def ranking_matrices(
    features: Float[Tensor, "n d"], target: Shaped[Tensor, " _"], bins: Bins | None = None
) -> RankingMatrices:
    """The ranking of every sample's neighbours by label and by feature, in float64.

    Where features keep the order of labels the two matrices are alike: bands along the diagonal.

    Args:
        features: ``(n, d)``.
        target: ``(n,)`` labels.
        bins: Compare the mean features and labels of the populated bins; None compares the samples. The
            paper's figure is the mean of the matrices of sorted test batches of 32:
            ``torch.stack([ranking_matrices(z, y).by_feature for z, y in batches]).mean(0)``.

    Raises:
        ShapeError: Features and target that do not go together.

    Example:
        >>> import torch
        >>> features = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.7, 0.7]])
        >>> found = ranking_matrices(features, torch.tensor([1.0, 9.0, 4.0]))
        >>> found.labels.tolist(), found.by_label.tolist()
        ([1.0, 4.0, 9.0], [[1.0, 2.0, 3.0], [2.0, 1.0, 3.0], [3.0, 2.0, 1.0]])
        >>> found.by_feature[0].tolist()
        [1.0, 2.0, 3.0]

    Paper: papers/003 Fig. 3, appendix C.3.
    """
    _check.same_length(features=features, target=target)
    rows, labels = features.detach().double(), target.detach().double()
    if bins is not None:
        _, group = BinIndex(bins).to(target.device)(target).unique(return_inverse=True)
        rows, labels = _group_means(rows, group), _group_means(labels.unsqueeze(1), group).squeeze(1)
    labels, order = labels.sort(stable=True)
    distance = (labels - labels.unsqueeze(1)).abs()
    # float32 labels are known to 6e-8 of the largest, so are their distances.
    rounding = 1e-6 * labels.abs().amax()
    return RankingMatrices(labels, ranks(-distance, rounding), ranks(cosine(rows[order]), 1e-12))


def _group_means(rows: Tensor, group: Tensor) -> Tensor:
    count = group.bincount().unsqueeze(1)
    return rows.new_zeros((len(count), rows.shape[1])).index_add_(0, group, rows) / count
