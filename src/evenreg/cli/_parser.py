"""An argument parser whose every complaint is one sentence."""

import argparse
import re
from collections.abc import Sequence
from typing import Any, NoReturn, final

from evenreg.errors import InputError, UnknownNameError

# What argparse says (Python 3.11 to 3.14), and what a person can act on.
_SENTENCES = (
    (r"argument (\S+): invalid float value: (.*)", r"{0}: expected a number, got {1}"),
    (r"argument (\S+): invalid int value: (.*)", r"{0}: expected a whole number, got {1}"),
    (
        r"argument (\S+): expected one argument",
        r"{0}: expected a value; one that starts with a dash is written {0}=VALUE",
    ),
    (r"argument (\S+): invalid choice: (\S+) \(choose from (.*)\)", r"{0}: expected one of {2}, got {1}"),
    (r"argument (\S+): not allowed with argument (\S+)", r"expected one of {0} and {1}, got both"),
    (r"argument (\S+): (.*)", r"{0}: {1}"),
)


@final
class Parser(argparse.ArgumentParser):
    """`argparse.ArgumentParser` that raises one sentence where the original prints its usage and leaves.

    Options are never abbreviated, so that a new one cannot change what an old command means, and an unknown
    one is refused before anything else is looked at, the nearest known one offered.

    Example:
        >>> parser = Parser(prog="evenreg")
        >>> _ = parser.add_argument("--target")
        >>> parser.parse_args(["--taget", "price"])
        Traceback (most recent call last):
            ...
        evenreg.errors.UnknownNameError: no option named '--taget'; did you mean '--target'?
    """

    def __init__(self, **kwargs: object) -> None:
        super().__init__(allow_abbrev=False, **kwargs)  # pyright: ignore[reportArgumentType]
        self._handed_on: str | None = None

    def hand_on(self, prefix: str) -> None:
        """Leave options such as ``--trainer.devices 2`` to whoever knows them: as words, in ``args.<prefix>``."""
        self._handed_on = prefix

    def _divided(self, args: Sequence[str]) -> tuple[list[str], list[str]]:
        """Our words, and those handed on: an option that begins with the prefix, and its value."""
        ours: list[str] = []
        theirs: list[str] = []
        words = list(args)
        while words:
            word = words.pop(0)
            if self._handed_on is None or not word.startswith(f"--{self._handed_on}."):
                ours.append(word)
                continue
            theirs.append(word)
            if "=" not in word and words and not words[0].startswith("--"):
                theirs.append(words.pop(0))
        return ours, theirs

    def error(self, message: str) -> NoReturn:
        """Raise ``message`` as a sentence that ends in the way out.

        Raises:
            InputError: Always.
        """
        if lacking := re.fullmatch(r"the following arguments are required: (.*)", message):
            message = f"expected {self._described(lacking[1].split(', '))}"
        for pattern, sentence in _SENTENCES:
            found = re.fullmatch(pattern, message)
            if found:
                message = sentence.format(*found.groups())
                break
        raise InputError(f"{message}; see '{self.prog} --help'.")

    def _described(self, names: Sequence[str]) -> str:
        """Arguments with what they are: ``--target (column of labels) and data (file)``."""
        told = {}
        for action in self._actions:
            name = "/".join(action.option_strings) or str(action.metavar or action.dest)
            told[name] = f"{name} ({action.help})" if action.help else name
        return " and ".join(told.get(name, name) for name in names)

    def refuse_unknown(self, argv: Sequence[str]) -> None:
        """Refuse the first option of ``argv`` that this parser does not know.

        Raises:
            UnknownNameError: With the nearest option.
        """
        for word in argv:
            if word == "--":
                return
            option = word.split("=", 1)[0]
            is_option = option.startswith("--") or re.fullmatch(r"-[A-Za-z]\w*", option)
            if is_option and option not in self._option_string_actions:
                from evenreg._check import nearest  # NumPy comes with it: only on the way to an error

                long = [o for o in self._option_string_actions if o.startswith("--")]
                raise UnknownNameError(f"no option named {option!r}; {nearest(option, long)}")

    def parse_known_args(  # pyright: ignore[reportIncompatibleMethodOverride] (the original is overloaded)
        self, args: Any = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """As the original; unknown options and surplus words are refused here."""
        theirs: list[str] = []
        if args is not None and self._subparsers is None:
            args, theirs = self._divided(args)
            self.refuse_unknown(args)
        parsed, extra = super().parse_known_args(args, namespace)
        if self._handed_on is not None:
            setattr(parsed, self._handed_on, theirs)
        if extra:
            raise InputError(f"unexpected word {extra[0]!r}; a name that holds spaces goes into quotes.")
        return parsed, extra
