"""Which rows a comparison holds: those asked for, and those without which it would not be fair."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from evenreg._words import WORDS, Word, parse, split_methods
from evenreg.cli._resampled_note import NOT_OF_IMAGES
from evenreg.cli._sweep import swept
from evenreg.errors import InputError

DEFAULT_METHODS = "vanilla; sqinv; sqinv + lds; focal-r; bmc; gai; bni"
# A log-normal with SD 0.31 of the logarithm has this skewness; below it a logarithm changes little.
_SKEWED = 1.0


def rows_for(
    methods: str,
    *,
    cost: str = "l1",
    trees: bool,
    kind: str = "images",
    y: NDArray[np.float64],
    sweep: str | None = None,
    reference: str = "vanilla",
) -> list[str]:
    """Canonical names of all rows, vanilla first.

    Always there: ``vanilla`` and the reference. With a Balanced MSE row ``vanilla(mse)``, since Balanced MSE is
    a squared error. On tables gradient boosting plain and with sample weights, since that is what a person
    would use instead.
    ``log`` where the target is positive and skewed, since that is what a person would try first.

    Args:
        methods: Methods separated by semicolons.
        cost: The cost of rows that name none.
        trees: Whether the data is a table.
        kind: What it is called where it is none.
        y: ``(n,)`` labels outside the test set.
        sweep: See `evenreg.cli._sweep.swept`; acts on ``methods`` alone.
        reference: The method that the others are held against.

    Raises:
        UnknownNameError: A word or argument nobody knows.
        InputError: No method at all, words that contradict each other, a sweep or a reference that cannot be
            read, or trees on images.

    Example:
        >>> rows_for("SQINV+LDS; bmc", trees=False, y=np.array([-1.0, 1.0]))
        ['vanilla', 'sqinv + lds', 'bmc', 'vanilla(mse)']
    """
    asked: list[Sequence[Word]] = [parse(text) for text in split_methods(methods)]
    if not asked:
        raise InputError(
            f"methods: expected at least one method, got {methods!r}; for instance 'vanilla; sqinv + lds'."
        )
    if sweep is not None:
        asked = [*swept(asked, sweep)]
    held_against = parse(reference)
    names = ["vanilla", *(_plainest(words, cost) for words in asked)]
    roles = {word.role for words in (*asked, held_against) for word in words}
    if "model" in roles and not trees:
        raise InputError(f"methods: hgb expects the columns of a table, got {kind}; leave its rows out.")
    if "resampling" in roles and not trees and kind == "images":
        sampler = next(w.name for words in (*asked, held_against) for w in words if w.role == "resampling")
        raise InputError(f"methods: {sampler} {NOT_OF_IMAGES}; leave its rows out.")
    if "transform" in roles and y.min() <= 0:
        raise InputError(
            f"methods: log expects a target above 0, got a smallest value of {y.min():g}; leave its rows out."
        )
    if "balanced" in roles and cost != "mse":
        names.append("vanilla(mse)")
    if y.min() > 0 and _skewness(y) > _SKEWED:
        names.append("log")
    if trees:
        names += ["hgb", "hgb + sqinv + lds"]
    return list(dict.fromkeys([*names, _plainest(held_against, cost)]))


def row_name(method: str, cost: str) -> str:
    """The name of the row that trains this method.

    Example:
        >>> row_name("HGB + mse", "l1"), row_name("LDS + sqinv(max_ratio=20)", "l1")
        ('hgb', 'sqinv(max_ratio=20) + lds')
    """
    return _plainest(parse(method), cost)


def _plainest(words: Sequence[Word], cost: str) -> str:
    """One name for one training: a row that spells out the cost it would have anyway is the row without it."""
    common = "mse" if words[0].name == "hgb" else cost
    spelled = {"vanilla", f"vanilla({common})", common}
    rest = [name for word in words if (name := str(_without_idle(word))) not in spelled]
    if rest in (["l1"], ["mse"], ["huber"]):
        return f"vanilla({rest[0]})"
    return " + ".join(rest) or "vanilla"


def _without_idle(word: Word) -> Word:
    """Rows that differ only in what a word takes and has no use for are one training.

    A triangular kernel has no sigma, and labels of groups that are not soft have no steepness.
    """
    if word.args.get("kernel") == "triangular":
        idle = "sigma"
    elif word.name == "group" and word.args["target"] != "soft":
        idle = "beta"
    else:
        return word
    return replace(word, args={**word.args, idle: WORDS[word.name][1][idle].default})


def _skewness(y: NDArray[np.float64]) -> float:
    centred = y - y.mean()
    spread = centred.std()
    return float((centred**3).mean() / spread**3) if spread > 0 else 0.0
