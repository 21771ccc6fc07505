"""Sample weights for any model that takes them: trees, linear models, somebody else's network."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenreg._words import Word, parse
from evenreg.errors import InputError
from evenreg.labels._bins import Bins
from evenreg.labels._inverse_frequency import InverseFrequency
from evenreg.labels._label_space import LabelSpace
from evenreg.labels._lds import LDS

_POWERS = {"inv": 1.0, "sqinv": 0.5}


def weighting_from(words: Iterable[Word], *, max_ratio: float | None = None) -> InverseFrequency | None:
    """The weighting that a method's words ask for, not fitted yet; None where no word asks for one.

    ``inv`` is power 1, cut at 200 times the smallest weight; ``sqinv`` is power ½; ``lds`` smooths the counts
    of the one beside it and alone stands for ``inv + lds``. Beside ``bni`` it smooths that loss's density and
    weighs nothing.

    Args:
        words: Checked words of one method; others than these three are passed over.
        max_ratio: Largest weight over the smallest one, in place of the words' own.

    Example:
        >>> weighting_from(parse("lds(size=3)"))
        InverseFrequency(power=1, smoothing=LDS(kernel='gaussian', size=3, sigma=2, boundary='zero'),
        clip=None,
            smooth='counts', max_ratio=200.0)
    """
    by_role = {word.role: word for word in words}
    lds = by_role.get("smoothing")
    weighting = by_role.get("weighting")
    if "balanced" in by_role or (lds is None and weighting is None):
        return None
    if weighting is None:
        (weighting,) = parse("inv")
    return InverseFrequency(
        _POWERS[weighting.name],
        smoothing=None if lds is None else LDS(**lds.args),
        max_ratio=weighting.args["max_ratio"] if max_ratio is None else max_ratio,
    )


def sample_weight(
    y: ArrayLike,
    method: str = "sqinv+lds",
    bin_width: float | None = None,
    max_ratio: float | None = None,
) -> NDArray[np.float64]:
    """One weight a training row, mean 1: what a label's rarity is worth to a model of any kind.

    Pass it as ``sample_weight=`` to ``fit`` of trees and linear models. Weights belong to training rows only;
    a validation score on weighted rows measures something else.

    Args:
        y: ``(n,)`` training labels.
        method: ``inv``, ``sqinv``, ``lds(kernel=, size=, sigma=)`` or ``inv + lds``, ``sqinv + lds``.
        bin_width: Width of a bin in label units; None for `Bins.fit`'s rule.
        max_ratio: Largest weight over the smallest one; None for 200 with ``inv`` and no limit with
            ``sqinv``.

    Raises:
        TargetError: NaN, infinite, text or no labels.
        InputError: A word that is no weighting, a width not above 0, a ratio below 1.
        UnknownNameError: A word or argument nobody knows; the nearest is offered.

    Example:
        >>> sample_weight([1, 1, 1, 1, 9], "sqinv").round(3).tolist()
        [0.833, 0.833, 0.833, 0.833, 1.667]

    Papers: papers/000 sections 3.1, 4 and D.1.
    """
    words = parse(method)
    for word in words:
        if word.role not in ("weighting", "smoothing"):
            raise InputError(
                f"method {method!r}: sample weights come from inv, sqinv and lds, got {word.name}; "
                "leave it out."
            )
    space = LabelSpace.fit(y, Bins.fit(y, bin_width))
    weighting = weighting_from(words, max_ratio=max_ratio)
    assert weighting is not None
    return weighting.fit(space)(y)
