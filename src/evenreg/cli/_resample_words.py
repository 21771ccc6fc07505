"""From the words of a method to a sampler, and a sampler's sentences in the words that were given."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evenreg._words import WORDS, Word, parse_resampling
from evenreg.errors import InputError, TargetError

if TYPE_CHECKING:
    from evenreg.labels import Relevance
    from evenreg.resampling import AbstractSampler

_CLASSES = {
    "smoter": "SMOTER",
    "smogn": "SMOGN",
    "gn": "GaussianNoise",
    "ro": "RandomOver",
    "ru": "RandomUnder",
    "wercs": "WERCS",
}
_OF_WORDS = ("relevance", "sampling", "rare", "frequent", "over", "under")  # what a sampler takes otherwise
# What samplers offer in Python, as it is written in a method.
_SPELLED = {
    "small_regions='keep'": "small_regions=keep",
    "whole numbers are rows and floats are multiples": "whole numbers are rows, shares are written as 50%",
    "RandomOver": "the method ro",
    "Relevance.from_density, where rare is relevant, or Relevance.from_points": (
        "'+ lds', where rare is relevant, or control points of your own (--relevance)"
    ),
}


def resampling_words(method: str, given: Mapping[str, Any], relevance: Any) -> tuple[Word, ...]:
    """The checked words of a method, with what was given beside them in its place.

    Args:
        method: For instance ``"smogn(k=3) + lds"``.
        given: Arguments of the first word by name; None for the word's own.
        relevance: What says which labels are rare in place of the words; None where they do.

    Raises:
        UnknownNameError: A word or argument nobody knows.
        InputError: Words that make no table; an argument that the word has not, or that is given twice; a
            relevance beside words that say it.
    """
    sampler, *lds = parse_resampling(method)
    if relevance is not None and (lds or sampler.args["relevance"] != "extremes"):
        said = "lds" if lds else f"relevance={sampler.args['relevance']}"
        raise InputError(
            f"relevance: expected one thing that says what is rare, got {said} in {method!r} too; leave one out."
        )
    for name, value in given.items():
        if value is not None:
            sampler = _with(sampler, name, value, method)
    return (sampler, *lds)


def _with(word: Word, name: str, value: Any, method: str) -> Word:
    """The word with an argument that was given beside it."""
    arguments = WORDS[word.name][1]
    if name not in arguments:
        knowing = [other for other, (role, own) in WORDS.items() if role == "resampling" and name in own]
        raise InputError(
            f"{name}: expected a method that has it, which are {', '.join(knowing)}, got {word.name}; leave it out."
        )
    value = arguments[name].read(str(value), name)
    said = word.args[name]
    if said not in (arguments[name].default, value):
        raise InputError(
            f"{name}: expected it once, got {said} in {method!r} and {value} beside it; leave one out."
        )
    return replace(word, args={**word.args, name: value})


def sampler_from(
    words: Sequence[Word], y: NDArray[np.float64], name: str, relevance: Any, seed: int
) -> "AbstractSampler":
    """The sampler that words stand for.

    Args:
        words: From `resampling_words`.
        y: ``(n,)`` labels to be resampled.
        name: How sentences call them.
        relevance: A `Relevance` or control points; None for what the words say.
        seed: Of all that is drawn.

    Raises:
        TargetError: Labels none of which is rare.
    """
    from evenreg import resampling

    word = words[0]
    given = {key: value for key, value in word.args.items() if key not in _OF_WORDS}
    if word.name == "wercs":
        given |= {key: _amount(word.args[key]) for key in ("over", "under")}
    else:
        sizes = {
            key: _amount(word.args[key]) for key in ("rare", "frequent") if word.args.get(key) is not None
        }
        given["sampling"] = sizes or word.args.get("sampling", "balance")
    if relevance is None:
        relevance = _relevance(words, y, name)
    return getattr(resampling, _CLASSES[word.name])(**given, relevance=relevance, random_state=seed)


@contextmanager
def told_in_words(method: str) -> Iterator[None]:
    """A sampler's sentence with what it offers in Python as it is written in a method."""
    try:
        yield
    except InputError as error:
        text = str(error)
        for python, words in _SPELLED.items():
            text = text.replace(python, words)
        raise type(error)(f"method {method!r}: {text}") from None


def _amount(amount: int | str) -> int | float:
    """Rows, or a share as a float."""
    return float(amount.rstrip("%")) / 100 if isinstance(amount, str) else amount


def _relevance(words: Sequence[Word], y: NDArray[np.float64], name: str) -> "Relevance":
    from evenreg.labels import LDS, LabelSpace, Relevance

    kind = words[0].args["relevance"]
    try:
        if len(words) > 1:
            return Relevance.from_density(LabelSpace.fit(y), LDS(**words[1].args))
        if kind == "density":
            return Relevance.from_density(LabelSpace.fit(y))
        return Relevance.fit(y, "both" if kind == "extremes" else kind)
    except TargetError as error:
        reason = str(error).partition(": ")[2].partition("; ")[0]
        by_density = len(words) > 1 or kind == "density"
        way_out = "" if by_density else f"'{words[0].name} + lds', where rare is relevant, or "
        raise TargetError(
            f"{name}: {reason}; take {way_out}control points of your own, --relevance 'LABEL:0,LABEL:1' (in Python "
            "relevance=[[label, 0], [label, 1]])."
        ) from None
