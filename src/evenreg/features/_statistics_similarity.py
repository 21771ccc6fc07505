"""How alike the feature statistics of one label are to those of the others."""

from jaxtyping import Float
from torch import Tensor

from evenreg import _check


def statistics_similarity(
    mean: Float[Tensor, "..."], var: Float[Tensor, "..."], anchor: int
) -> tuple[Float[Tensor, " bins"], Float[Tensor, " bins"]]:
    """Cosine similarity of each bin's feature mean and variance to an anchor bin's.

    Where labels are continuous and data plenty it falls off evenly from the anchor; bins with few rows that
    resemble a far anchor have borrowed the statistics of frequent labels. ``running_mean`` and
    ``running_var`` of an `FDS` that has observed the features in question will do.

    Args:
        mean: ``(bins, features)`` mean of each bin's features.
        var: ``(bins, features)`` their variance.
        anchor: Bin to compare with, from 0.

    Returns:
        Similarity of the means and of the variances, NaN for a bin of zeros (one without statistics).

    Raises:
        ShapeError: Means and variances of different shape.
        InputError: No such bin.

    Example:
        >>> import torch
        >>> mean = torch.tensor([[1.0, 0.0], [1.0, 1.0], [0.0, 0.0]])
        >>> similarity, _ = statistics_similarity(mean, mean**2, anchor=0)
        >>> similarity
        tensor([1.0000, 0.7071,    nan])

    Paper: papers/000 Figs. 4, 8 (a, b) and 10.
    """
    _check.shape(mean, "mean", ("bins", "features"), "give one row a bin")
    _check.same_shape(mean=mean, var=var)
    anchor = int(_check.in_range(_check.integer(anchor, "anchor", 0), "anchor", 0, len(mean) - 1))
    return _cosine(mean, anchor), _cosine(var, anchor)


def _cosine(rows: Float[Tensor, "bins features"], anchor: int) -> Float[Tensor, " bins"]:
    unit = rows / rows.norm(dim=1, keepdim=True)
    return unit @ unit[anchor]
