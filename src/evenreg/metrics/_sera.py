"""SERA: the squared errors that matter."""

import numpy as np
from numpy.typing import ArrayLike

from evenreg import _check
from evenreg.errors import InputError
from evenreg.metrics._inputs import pair, per_row


def sera(target: ArrayLike, prediction: ArrayLike, relevance: ArrayLike) -> float:
    """Squared error-relevance area, in squared label units: the squared errors summed, each by its relevance.

        ∫_0^1 Σ_{i: φ_i >= t} (prediction_i - target_i)² dt  =  Σ_i φ_i (prediction_i - target_i)²

    since row i is in the sum while t is below φ_i. It is a *sum*: it grows with the number of rows, and
    compares predictions for the same rows only; the sums of parts of the rows add up to that of all. Rows of
    relevance 0 do not count, so read it beside an error over all rows.

    Args:
        target: Labels ``(n,)`` or ``(n, d)``; squared errors are averaged over dimensions.
        prediction: The same shape.
        relevance: φ ``(n,)``, 0 to 1, as from ``Relevance.fit(space)(target)``.

    Raises:
        TargetError: NaN, infinite values or text, or no rows.
        ShapeError: Shapes or lengths differ.
        InputError: Relevances that are not one number from 0 to 1 a row.

    >>> sera([1.0, 2.0, 9.0], [2.0, 2.0, 5.0], [0.0, 0.5, 1.0])
    16.0

    Ribeiro and Moniz 2020 (Imbalanced regression and extreme value prediction, Machine Learning 109), SERA.
    Other implementations approximate the integral with 1,000 trapezoids.
    """
    t, p = pair(target, prediction)
    phi = _check.finite_array(relevance, "relevance")
    if phi.ndim != 1 or (phi.size and not 0 <= phi.min() <= phi.max() <= 1):
        got = f"{phi.min():g} to {phi.max():g}" if phi.size else "none"
        raise InputError(
            f"relevance: expected one number from 0 to 1 a row, got {got} in shape {phi.shape}; take it from "
            "Relevance.fit(space)(target)."
        )
    _check.same_length(target=t, relevance=phi)
    return float(phi @ per_row(np.square(p - t)))
