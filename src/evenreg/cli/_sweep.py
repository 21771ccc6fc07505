"""A sweep: every combination of values of the words' arguments, each a method of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from evenreg import _check
from evenreg._words import WORDS, Word, parse
from evenreg.errors import InputError, UnknownNameError

_COST = "cost"
_FORM = "write word.argument=value,value such as 'lds.size=5,9', or cost=l1,mse, and join several by ';'."


def swept(methods: Sequence[Sequence[Word]], sweep: str) -> list[list[Word]]:
    """The methods with every combination of the swept values in place of each method that takes them.

    Why: how much a method hangs on its arguments is told by rows of one table, trained and tested alike.

    ``lds.size=5,9`` acts on every method with the word ``lds``. ``cost=l1,mse`` acts on every method that may
    have the cost: it replaces the one there is, or is added. Methods that take none of the values stay as they
    are, and a value that the words forbid in one method (``hgb`` with ``huber``) is left out there.

    Args:
        methods: The words of each method, from `evenreg._words.parse`.
        sweep: ``word.argument=value,value`` or ``cost=value,value``; several joined by semicolons.

    Returns:
        The words of each method, duplicates included; the last argument of the sweep varies fastest.

    Raises:
        UnknownNameError: A word, argument or option nobody knows; the nearest known one is offered.
        InputError: A sweep that cannot be read, an argument without values or given twice, a value its word
            refuses, values that contradict together, or something that no method takes.

    Example:
        >>> found = swept([parse("vanilla"), parse("sqinv + lds")], "lds.size=5,9; lds.sigma=1,2")
        >>> for words in found:
        ...     print(" + ".join(map(str, words)))
        vanilla
        sqinv + lds(sigma=1)
        sqinv + lds
        sqinv + lds(size=9, sigma=1)
        sqinv + lds(size=9)
    """
    axes = _axes(sweep)
    for key, values in axes.items():
        for value in values:
            _check_taken(methods, key, value)
    found: list[list[Word]] = []
    for words in methods:
        mine = {
            key: taken
            for key, values in axes.items()
            if (taken := [v for v in values if _with(words, key, v) is not None])
        }
        for combination in product(*mine.values()):
            changed = list(words)
            for key, value in zip(mine, combination, strict=True):
                changed = _with(changed, key, value) or changed
            parse(" + ".join(map(str, changed)))  # what is read one by one may contradict together
            found.append(changed)
    return found


def _axes(sweep: str) -> Mapping[tuple[str, str], list[Any]]:
    """``{(word, argument): values}``; the cost of a method is ``("", "cost")``."""
    axes: dict[tuple[str, str], list[Any]] = {}
    for part in filter(None, map(str.strip, sweep.split(";"))):
        name, equals, listed = (text.strip() for text in part.partition("="))
        word, _, argument = (text.strip().lower() for text in name.rpartition("."))
        word, argument = word.replace("_", "-"), argument.replace("-", "_")
        if not equals or not argument or not (word or argument == _COST):
            raise InputError(f"sweep: expected an argument of a word and its values, got {part!r}; {_FORM}")
        if word:
            _check.known(word, WORDS, "method word to sweep")
        arguments = WORDS[word or "vanilla"][1]
        if argument not in arguments:
            way_out = _check.nearest(argument, arguments) if arguments else "it takes none."
            raise UnknownNameError(f"sweep: {word} has no argument {argument!r}; {way_out}")
        if (word, argument) in axes:
            raise InputError(f"sweep: {name} is given twice; write all its values after one {name}=.")
        texts = [text.strip() for text in listed.split(",")]
        if not all(texts):
            what = "an empty one" if any(texts) else "none"
            raise InputError(f"sweep: expected values of {name}, got {what} in {part!r}; {_FORM}")
        axes[word, argument] = [arguments[argument].read(text, f"sweep: {name}") for text in texts]
    if not axes:
        raise InputError(f"sweep: expected an argument of a word and its values, got {sweep!r}; {_FORM}")
    return axes


def _check_taken(methods: Sequence[Sequence[Word]], key: tuple[str, str], value: Any) -> None:
    """An `InputError` for a value without effect: no method takes it."""
    if any(_with(words, key, value) is not None for words in methods):
        return
    word, argument = key
    told = "; ".join(" + ".join(map(str, words)) for words in methods)
    wanted = (
        f"with the word {word} to sweep {word}.{argument} in" if word else f"that may have the cost {value}"
    )
    raise InputError(f"sweep: expected a method {wanted}, got {told!r}; add one to methods.")


def _with(words: Sequence[Word], key: tuple[str, str], value: Any) -> list[Word] | None:
    """The method with this value; None where it takes none."""
    name, argument = key
    if not name:
        return _with_cost(words, value)
    if all(word.name != name for word in words):
        return None
    return [replace(w, args={**w.args, argument: value}) if w.name == name else w for w in words]


def _with_cost(words: Sequence[Word], cost: str) -> list[Word] | None:
    """The method with this cost in the place of its own; None where the words forbid it."""
    others = [str(word) for word in words if word.role != "cost"]
    own = next((word for word in words if word.role == "cost"), None)
    try:
        if own is not None and _COST in own.args:  # vanilla and focal-r hold the name of a cost
            named = WORDS[own.name][1][_COST].read(cost, own.name)
            mine = str(replace(own, args={**own.args, _COST: named}))
        else:
            mine = str(own) if own is not None and own.name == cost else cost
        return list(parse(" + ".join([*others, mine])))
    except InputError:
        return None
