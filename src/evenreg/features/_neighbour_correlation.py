"""How well the order of neighbours in features follows that in labels, as one number."""

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from evenreg import _check
from evenreg.features._rank_similarities import cosine
from evenreg.features._ranks import average_ranks


def neighbour_rank_correlation(
    features: Float[Tensor, "n d"], target: Shaped[Tensor, " _"]
) -> Float[Tensor, ""]:
    """Spearman's correlation of the others' label distances and feature cosines, mean over the samples.

    1 where every sample's neighbours come in the same order in features as in labels, about 0 where they have
    nothing to do with each other; permuted targets are the control. A sample is no neighbour of itself. Memory
    grows with n²: 50 MB a matrix at 2,500 samples.

    Args:
        features: ``(n, d)``, at least 3 samples.
        target: ``(n,)`` labels; a sample that is equally far from all others is left out of the mean.

    Raises:
        ShapeError: Features and target that do not go together.
        InputError: Fewer than 3 samples.

    Example:
        >>> import torch
        >>> angle = torch.tensor([0.0, 0.2, 0.5, 0.6])
        >>> arc = torch.stack([angle.cos(), angle.sin()], 1)
        >>> round(neighbour_rank_correlation(arc, torch.tensor([1.0, 3.0, 6.0, 7.0])).item(), 6)
        1.0
    """
    n = _check.same_length(features=features, target=target)
    _check.batch_size(n, 3, "neighbour_rank_correlation", "two samples have no order of neighbours")
    labels = target.detach().double()
    others = ~torch.eye(n, dtype=torch.bool, device=features.device)
    distance = (labels - labels.unsqueeze(1)).abs()[others].view(n, n - 1)
    likeness = cosine(features.detach().double())[others].view(n, n - 1)
    # float32 labels are known to 6e-8 of the largest, so are their distances.
    by_label = average_ranks(-distance, 1e-6 * labels.abs().amax())
    by_feature = average_ranks(likeness, 1e-12)
    by_label, by_feature = (r - r.mean(1, keepdim=True) for r in (by_label, by_feature))
    product = (by_label * by_feature).sum(1)
    return (product / (by_label.norm(dim=1) * by_feature.norm(dim=1))).nanmean()
