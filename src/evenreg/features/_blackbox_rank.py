"""The gradient that a rank has none of, by interpolation."""

from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor


def blackbox_gradient(
    values: Float[Tensor, "*rows n"],
    ranked: Float[Tensor, "*rows n"],
    slope: Float[Tensor, "*rows n"],
    interpolation: float,
    rank: Callable[[Tensor], Tensor],
) -> Float[Tensor, "*rows n"]:
    """Gradient of a cost of ranks with respect to the ranked values.

    A rank stands still almost everywhere, so the values are moved as the cost of the ranks wishes, ranked
    once more, and the ranks compared:

        dL/da = -(rk(a) - rk(a + λ · dL/drk)) / λ

    ``slope`` decides which pairs swap places, 1 / λ how long the gradient is.

    Args:
        values: What was ranked, a.
        ranked: ``rank(values)``.
        slope: Gradient of the cost with respect to the ranks, with every factor of the cost in it.
        interpolation: λ, above 0.
        rank: The function that ranks.

    Example:
        >>> import torch
        >>> from evenreg.features._ranks import ranks
        >>> a = torch.tensor([0.9, 0.8, 0.1])  # the middle one should be first
        >>> blackbox_gradient(a, ranks(a), torch.tensor([-0.5, 0.5, 0.0]), 1.0, ranks).tolist()
        [1.0, -1.0, 0.0]

    Paper: papers/003 Eqs. 6, 7.
    """
    return (rank(values + interpolation * slope) - ranked) / interpolation
