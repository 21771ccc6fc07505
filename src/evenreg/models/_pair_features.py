"""pair_features: what a regressor is given of two sentences."""

import torch
from jaxtyping import Float
from torch import Tensor

from evenreg import _check


def pair_features(
    first: Float[Tensor, "batch width"], second: Float[Tensor, "rows other"]
) -> Float[Tensor, "batch features"]:
    """Both vectors, how far they are apart in each place, and where they agree.

        [u; v; |u − v|; u v]

    Args:
        first: u ``(batch, width)``, a vector for the first sentence of each pair.
        second: v, of the same shape.

    Returns:
        ``(batch, 4 * width)``.

    Raises:
        ShapeError: Other shapes for first and second.

    Example:
        >>> pair_features(torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, -1.0]]))
        tensor([[ 1.,  2.,  3., -1.,  2.,  3.,  3., -2.]])

    Paper: papers/000 C.1.
    """
    _check.same_shape(first=first, second=second)
    return torch.cat([first, second, (first - second).abs(), first * second], dim=1)
