"""Which relevance a sampler goes by: the box plot's, a density's, or one that was given."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenreg import _check
from evenreg.errors import TargetError
from evenreg.labels import LDS, KernelDensity, LabelSpace, Relevance

RelevanceLike = Relevance | LDS | KernelDensity | ArrayLike | str | None


def relevance_of(given: Any, y: NDArray[np.float64]) -> Relevance:
    """The relevance of labels.

    Args:
        given: None for `Relevance.fit` (extreme is relevant); ``"density"``, an `LDS` or a `KernelDensity` for
            `Relevance.from_density` (rare is relevant); a `Relevance`; or control points.
        y: ``(n,)`` training labels.

    Raises:
        TargetError: Labels without extremes, or of one density.
        UnknownNameError: Another word.
        InputError: Points that no relevance can be made of.

    Example:
        >>> relevance_of([[0, 0], [10, 1]], np.array([1.0, 2.0]))
        Relevance(0 up to 0, 1 from 10 (points given))
    """
    if given is None:
        try:
            return Relevance.fit(y)
        except TargetError as error:
            raise TargetError(
                f"{str(error).rstrip('.')}: here relevance=Relevance.fit(y, ...), relevance='density' or "
                "relevance=[[label, 0], [label, 1]]."
            ) from None
    if isinstance(given, Relevance):
        return given
    if isinstance(given, str):
        _check.known(given, ("density",), "relevance")
        return Relevance.from_density(LabelSpace.fit(y))
    if isinstance(given, LDS | KernelDensity):
        return Relevance.from_density(LabelSpace.fit(y), given)
    return Relevance.from_points(given)
