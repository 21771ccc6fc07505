"""The top of the command line: finds the verb, runs it, and turns what goes wrong into one sentence.

A verb named ``x`` is a module ``evenreg/cli/_x.py`` with two functions besides its public ones:

``add_arguments(parser: Parser) -> None``
    declares its options (and may set ``parser.description``). Cheap: nothing heavier than NumPy is imported.
``run(args: argparse.Namespace) -> int``
    does the work, prints the result to stdout and returns the exit code, 0 when all is well. What a person
    got wrong is raised as an `EvenregError`; files and options are checked before anything heavy is imported.

A new verb needs its module and its line in `VERBS`, nothing else. Exit codes: 0; 1 for a bug, with its
traceback; 2 for an error a person can act on, in one sentence on stderr; 130 after Ctrl-C; 141 when the
reader of a pipe left.
"""

import os
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module

import evenreg
from evenreg.cli._parser import Parser
from evenreg.errors import EvenregError

VERBS = {
    "diagnose": "is imbalance your problem? counts, gaps, regions and weights of a target column",
    "resample": "a table with more rare rows and fewer frequent ones, to train on: SMOGN, SMOTER and others",
    "compare": "train several methods on a table and tell which is better where, beyond noise",
    "train": "train one method and keep the model",
    "predict": "a model's predictions for new rows, beside the rows' own columns",
    "evaluate": "error by region of any model's predictions",
    "benchmark": "the papers' benchmarks: the synthetic one run, and what the papers print for all",
    "data": "the benchmarks of the papers, prepared once from their own files and checked",
    "recipes": "configs that come with the package",
}

_EPILOG = "'evenreg COMMAND --help' tells the options of a command."


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line; what the ``evenreg`` script calls.

    Args:
        argv: The words after ``evenreg``; None takes those of the process.

    Returns:
        The exit code.

    Example:
        >>> main(["--version"])
        evenreg 0.1.0
        0
    """
    words = list(sys.argv[1:] if argv is None else argv)
    with warnings.catch_warnings():
        if not sys.warnoptions:  # -W and PYTHONWARNINGS have the last word
            warnings.simplefilter("ignore")
        try:
            _forgive_encoding()
            code = _run(words)
            sys.stdout.flush()
        except EvenregError as error:
            return _say(str(error))
        except KeyboardInterrupt:
            _say("interrupted.")
            return 130
        except BrokenPipeError:
            _leave_pipe()
            return 141
        except OSError as error:
            return _say(_os_sentence(error))
    return code


def _run(words: list[str]) -> int:
    verb = next((word for word in words if not word.startswith("-")), None)
    if verb is not None and verb not in VERBS:
        from evenreg._check import known  # NumPy comes with it: only on the way to an error

        known(verb, VERBS, "command")

    parser = Parser(prog="evenreg", description=_description(), epilog=_EPILOG)
    parser.add_argument("--version", action="version", version=f"evenreg {evenreg.__version__}")
    commands = parser.add_subparsers(dest="verb", metavar="COMMAND", title="commands")
    run = None
    for name, summary in VERBS.items():
        command = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
        if name == verb:
            module = import_module(f"evenreg.cli._{name}")
            module.add_arguments(command)
            run = module.run
    parser.refuse_unknown(words[: words.index(verb)] if verb else words)
    try:
        args = parser.parse_args(words)
    except SystemExit as done:  # --help and --version
        return int(done.code or 0)
    if run is None:
        parser.print_help()
        return 0
    return run(args)


def _description() -> str:
    """The first line of the package's docstring, without its name."""
    first = (evenreg.__doc__ or "evenreg:").splitlines()[0]
    return first.split(":", 1)[1].strip().capitalize()


def _say(sentence: str) -> int:
    """One line on stderr, whatever the sentence holds; the exit code of an error."""
    with suppress(OSError):
        print("evenreg:", " ".join(sentence.split()), file=sys.stderr, flush=True)
    return 2


def _os_sentence(error: OSError) -> str:
    """What the operating system refused, and of which file."""
    reason = error.strerror or str(error) or type(error).__name__
    return f"{error.filename}: {reason}." if error.filename else f"{reason}."


def _forgive_encoding() -> None:
    """A terminal that cannot show a character gets "?" where Python would raise."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError):  # a stream put in its place, by a notebook or a test
            stream.reconfigure(errors="replace")  # pyright: ignore[reportAttributeAccessIssue]


def _leave_pipe() -> None:
    """Python flushes stdout once more at exit; let that go nowhere."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
