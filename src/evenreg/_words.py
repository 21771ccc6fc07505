"""The grammar of a method: ``"SQINV + LDS(size=9)"`` to words with checked arguments, and back.

A method is a sum of words; a word is a name with arguments in brackets, by position or by name; case and
spaces do not matter. Nothing here loads torch, so that `evenreg.sample_weight` and the command line can
check a method before anything heavy is imported.

    method    := word ("+" word)*
    word      := name [ "(" [argument ("," argument)*] ")" ]
    argument  := [name "="] value

The words themselves are in `evenreg._vocabulary`.
"""

import re
from collections.abc import Collection

from evenreg import _check
from evenreg._vocabulary import ROLES as ROLES
from evenreg._vocabulary import WORDS as WORDS
from evenreg._vocabulary import Word as Word
from evenreg._word_rules import check_resampled, check_together
from evenreg._word_rules import contrast_first as contrast_first
from evenreg.errors import InputError, UnknownNameError

_WORD = re.compile(r"\s*(?P<name>[A-Za-z][\w-]*)\s*(?:\((?P<args>[^()]*)\))?\s*\Z")


def _split(text: str, mark: str) -> list[str]:
    """``text`` at every ``mark`` outside brackets."""
    return re.split(re.escape(mark) + r"(?![^(]*\))", text)


def split_methods(text: str) -> list[str]:
    """``"vanilla; sqinv + lds"`` at its semicolons, empty parts dropped."""
    return [part.strip() for part in text.split(";") if part.strip()]


def parse(text: str) -> tuple[Word, ...]:
    """The words of one method, in writing order (`ROLES`), arguments checked and filled in.

    Args:
        text: For instance ``"SQINV + LDS(size=9)"``; case and spaces do not matter.

    Raises:
        UnknownNameError: A word, argument or option nobody knows; the nearest known one is offered.
        InputError: A word that cannot be read, a word given twice, or words that contradict each other.

    Example:
        >>> [str(word) for word in parse("lds + SQINV")]
        ['sqinv', 'lds']
    """
    words = _words(text)
    check_together(words, text)
    return words


def parse_resampling(text: str) -> tuple[Word, ...]:
    """The words that make a table before training: one that says how, perhaps with ``lds``.

    Args:
        text: For instance ``"smogn(k=3) + lds"``; case and spaces do not matter.

    Raises:
        UnknownNameError: A word, argument or option nobody knows; the nearest known one is offered.
        InputError: As from `parse`, and words that make no table.

    Example:
        >>> [str(word) for word in parse_resampling("lds + SMOGN(3)")]
        ['smogn(k=3)', 'lds']
    """
    words = _words(text, [*(name for name, (role, _) in WORDS.items() if role == "resampling"), "lds"])
    check_resampled(words, text)
    check_together(words, text)
    return words


def _words(text: str, offered: Collection[str] = WORDS) -> tuple[Word, ...]:
    """Words in writing order, each checked by itself; ``offered`` are those to mean by an unknown one."""
    words = [_word(part, text, offered) for part in _split(text, "+")]
    return tuple(sorted(words, key=lambda word: ROLES.index(word.role)))


def _word(part: str, whole: str, offered: Collection[str]) -> Word:
    match = _WORD.match(part)
    if match is None:
        got = repr(part.strip()) if part.strip() else "nothing between the plus signs"
        raise InputError(
            f"method {whole!r}: expected words such as 'sqinv + lds(size=9)', got {got}; "
            "write name(argument=value) and join words by +."
        )
    name = match["name"].lower().replace("_", "-")
    if name not in WORDS:
        _check.known(name, offered, "method word")
    arguments = WORDS[name][1]
    args = {key: argument.default for key, argument in arguments.items()}
    given: set[str] = set()
    for position, item in enumerate(filter(str.strip, (match["args"] or "").split(","))):
        key, _, value = (s.strip() for s in item.rpartition("="))
        if not key:
            if position >= len(arguments):
                raise InputError(
                    f"{name}: takes {len(arguments)} argument(s), got {match['args']!r}; leave the rest out."
                )
            key = list(arguments)[position]
        key = key.lower().replace("-", "_")
        if key not in arguments:
            way_out = _check.nearest(key, arguments) if arguments else "it takes none."
            raise UnknownNameError(f"{name} has no argument {key!r}; {way_out}")
        if key in given:
            raise InputError(f"{name}: argument {key!r} is given twice; keep one.")
        given.add(key)
        args[key] = arguments[key].read(value, f"{name}({key})")
    return Word(name, args)
