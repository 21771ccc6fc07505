"""The words of ``evenreg resample``, with what was given beside them in its place."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from evenreg._words import WORDS, Word, parse_resampling
from evenreg.errors import InputError


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
