"""Sample weights for any model that takes them: trees, linear models, somebody else's network."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenreg import _check
from evenreg._words import Word, parse
from evenreg.errors import InputError
from evenreg.labels._bins import Bins
from evenreg.labels._class_balanced import ClassBalanced
from evenreg.labels._dense_weight import DenseWeight
from evenreg.labels._inverse_frequency import InverseFrequency
from evenreg.labels._kernel_density import KernelDensity
from evenreg.labels._label_space import LabelSpace
from evenreg.labels._lds import LDS
from evenreg.labels._weighting import AbstractWeighting


def _dense(alpha: float, bandwidth: float | str, max_ratio: float | None) -> DenseWeight:
    return DenseWeight(alpha, KernelDensity(bandwidth), max_ratio=max_ratio)


# Each takes its word's arguments; those whose counts can be smoothed take smoothing= too.
_PARTS: Mapping[str, Callable[..., AbstractWeighting]] = {
    "inv": partial(InverseFrequency, 1.0),
    "sqinv": partial(InverseFrequency, 0.5),
    "dense": _dense,
    "cb": ClassBalanced,
}


def weighting_from(words: Iterable[Word], *, max_ratio: float | None = None) -> AbstractWeighting | None:
    """The weighting that a method's words ask for, not fitted yet; None where no word asks for one.

    ``inv`` is power 1, cut at 200 times the smallest weight; ``sqinv`` is power ½; ``dense`` weighs by a
    kernel density, ``cb`` by the effective number of rows in a bin. ``lds`` smooths the counts of the one
    beside it and alone stands for ``inv + lds``. Beside ``bni`` it smooths that loss's density, beside a
    resampling word it says what is rare, and weighs nothing.

    Args:
        words: Checked words of one method; others than these five are passed over.
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
    if by_role.keys() & {"balanced", "resampling"} or (lds is None and weighting is None):
        return None
    if weighting is None:
        (weighting,) = parse("inv")
    arguments = dict(weighting.args)
    if max_ratio is not None:
        arguments["max_ratio"] = max_ratio
    if lds is not None:
        arguments["smoothing"] = LDS(**lds.args)
    return _PARTS[weighting.name](**arguments)


def sample_weight(
    y: ArrayLike,
    method: str = "sqinv+lds",
    bin_width: float | None = None,
    max_ratio: float | None = None,
    *,
    train: ArrayLike | None = None,
) -> NDArray[np.float64]:
    """One weight a row, mean 1 over the training rows: what a label's rarity is worth to a model of any kind.

    Pass it as ``sample_weight=`` to ``fit`` of trees and linear models. Rows that a model is watched on while
    it trains (LightGBM's ``eval_sample_weight=``, XGBoost's ``sample_weight_eval_set=``) get their weights
    with ``train=``, so that training stops where the weighted error does; without them it stops where the
    error on frequent labels does, which undoes the weights. Scores that are reported take no weights.

    Args:
        y: ``(n,)`` labels of the rows to weigh: the training labels, or with ``train=`` those of an
            evaluation set.
        method: ``inv``, ``sqinv``, ``lds(kernel=, size=, sigma=)``, ``cb(beta=)``, one of ``inv``, ``sqinv``,
            ``cb`` with ``+ lds``, or ``dense(alpha=, bandwidth=)``.
        bin_width: Width of a bin in label units; None for `Bins.fit`'s rule.
        max_ratio: Largest weight of a training row over the smallest one; None for 200 with ``inv`` and no
            limit with the others.
        train: Training labels; each row of ``y`` weighs as a training row of the same label would, so that
            the mean is 1 over these. None where ``y`` is them.

    Raises:
        TargetError: NaN, infinite, text or no labels.
        InputError: A word that is no weighting, a width not above 0, a ratio below 1.
        UnknownNameError: A word or argument nobody knows; the nearest is offered.

    Warns:
        LabelRangeWarning: Labels outside the bins of ``train``, which weigh as the edge bins do.

    Example:
        >>> y = [1, 1, 1, 1, 9]
        >>> sample_weight(y, "sqinv").round(3).tolist()
        [0.833, 0.833, 0.833, 0.833, 1.667]
        >>> sample_weight([9, 1], "sqinv", train=y).round(3).tolist()
        [1.667, 0.833]

    Papers: papers/000 sections 3.1, 4 and D.1; `DenseWeight` and `ClassBalanced` name theirs.
    """
    words = parse(method)
    for word in words:
        if word.role == "resampling":
            raise InputError(
                f"method {method!r}: {word.name} makes a table and no weights; make the table of training rows with "
                f"'evenreg resample DATA --target COLUMN --method {word.name} --out FILE' (in Python "
                f"evenreg.resample), or leave {word.name} out."
            )
        if word.role not in ("weighting", "smoothing"):
            raise InputError(
                f"method {method!r}: sample weights come from {', '.join(_PARTS)} and lds, got {word.name}; "
                "leave it out."
            )
        said = word.args.get("max_ratio")
        if max_ratio is not None and said != parse(word.name)[0].args.get("max_ratio"):
            raise InputError(
                f"max_ratio: expected it once, got {said:g} in {method!r} and {max_ratio} beside it; "
                "leave one of them out."
            )
    y = _check.labels(y, empty=train is not None)
    labels, name = (y, "y") if train is None else (_check.labels(train, "train"), "train")
    _check.squares_fit(labels, name)
    space = LabelSpace.fit(labels, Bins.fit(labels, bin_width))
    weighting = weighting_from(words, max_ratio=max_ratio)
    assert weighting is not None
    return weighting.fit(space)(y)
