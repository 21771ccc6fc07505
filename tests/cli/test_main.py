"""The frame of the command line, on a verb made up for the test."""

import argparse
import os
import subprocess
import sys
import types
import warnings

import pytest

import evenreg
from evenreg.cli import _main, main
from evenreg.errors import InputError


def verb(run):
    module = types.ModuleType("evenreg.cli._act")

    def add_arguments(parser):
        parser.add_argument("data", nargs="?")
        parser.add_argument("--target")
        parser.add_argument("--bin-width", type=float)
        parser.add_argument("--seeds", type=int)
        parser.add_argument("--form", choices=["text", "latex"])

    module.add_arguments, module.run = add_arguments, run
    return module


@pytest.fixture
def act(monkeypatch):
    """Installs a verb ``act`` that does what the test says."""

    def install(run=lambda args: 0):
        monkeypatch.setitem(_main.VERBS, "act", "does what the test says")
        monkeypatch.setitem(sys.modules, "evenreg.cli._act", verb(run))

    return install


def test_runs_the_verb_with_its_arguments(act):
    seen = []
    act(lambda args: seen.append(args) or 7)
    assert main(["act", "t.csv", "--bin-width", "0.5", "--target=-x"]) == 7
    assert (seen[0].data, seen[0].bin_width, seen[0].target) == ("t.csv", 0.5, "-x")
    assert isinstance(seen[0], argparse.Namespace)


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"]])
def test_help_lists_every_verb(words, capsys):
    assert main(words) == 0
    out = capsys.readouterr().out
    assert all(f"    {name}" in out for name in ("diagnose", "compare", "evaluate"))


def test_help_of_a_verb(act, capsys):
    act()
    assert main(["act", "--help"]) == 0
    assert "Does what the test says." in capsys.readouterr().out


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"evenreg {evenreg.__version__}\n"


@pytest.mark.parametrize(("words", "code"), [(["--version"], 0), (["no-such-verb"], 2)])
def test_python_dash_m_is_the_script(words, code, capsys):
    done = subprocess.run([sys.executable, "-m", "evenreg", *words], capture_output=True, text=True)
    assert (done.returncode, main(words)) == (code, code)
    assert (done.stdout, done.stderr) == capsys.readouterr()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["actt"], "no command named 'actt'; did you mean 'act'?"),
        (["zzzzzz"], f"no command named 'zzzzzz'; known are: {', '.join(_main.VERBS)}, act."),
        (["--verison"], "no option named '--verison'; did you mean '--version'?"),
        (["act", "--taget", "y"], "no option named '--taget'; did you mean '--target'?"),
        (["act", "--bin_width=3"], "no option named '--bin_width'; did you mean '--bin-width'?"),
        (["act", "--targ", "y"], "no option named '--targ'; did you mean '--target'?"),
        (
            ["act", "-t", "y"],
            "no option named '-t'; known are: --help, --target, --bin-width, --seeds, --form.",
        ),
        (["act", "--bin-width", "x"], "--bin-width: expected a number, got 'x'; see 'evenreg act --help'."),
        (["act", "--seeds", "1.5"], "--seeds: expected a whole number, got '1.5'; see 'evenreg act --help'."),
        (
            ["act", "--target"],
            "--target: expected a value; one that starts with a dash is written --target=VALUE; "
            "see 'evenreg act --help'.",
        ),
        (
            ["act", "--form", "pdf"],
            "--form: expected one of 'text', 'latex', got 'pdf'; see 'evenreg act --help'.",
        ),
        (
            ["act", "my", "table.csv"],
            "unexpected word 'table.csv'; a name that holds spaces goes into quotes.",
        ),
    ],
)
def test_a_wrong_command_line_is_one_sentence(words, sentence, act, capsys):
    act()
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"evenreg: {sentence}\n")


def raises(error):
    def run(args):
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (InputError("y: expected\n  numbers."), 2, "evenreg: y: expected numbers.\n"),
        (OSError(28, "No space left on device", "runs/a"), 2, "evenreg: runs/a: No space left on device.\n"),
        (OSError(28, "No space left on device"), 2, "evenreg: No space left on device.\n"),
        (PermissionError(13, "Permission denied", "/x.png"), 2, "evenreg: /x.png: Permission denied.\n"),
        (KeyboardInterrupt(), 130, "evenreg: interrupted.\n"),
    ],
)
def test_what_goes_wrong_is_one_line_and_a_code(error, code, line, act, capsys):
    act(raises(error))
    assert main(["act"]) == code
    out, err = capsys.readouterr()
    assert (out, err) == ("", line)


def test_a_bug_keeps_its_traceback(act):
    act(raises(ZeroDivisionError("a bug")))
    with pytest.raises(ZeroDivisionError):
        main(["act"])


def test_library_warnings_are_silent_unless_asked_for(act, monkeypatch, recwarn):
    act(lambda args: warnings.warn("a page of it", UserWarning, stacklevel=1) or 0)
    monkeypatch.setattr(sys, "warnoptions", [])
    assert main(["act"]) == 0
    assert not recwarn.list
    monkeypatch.setattr(sys, "warnoptions", ["error"])
    warnings.simplefilter("error")
    with pytest.raises(UserWarning, match="a page of it"):
        main(["act"])


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
def test_a_reader_that_leaves_is_no_error():
    run = "m._run = lambda words: print('x' * 9**6)"
    script = f"from evenreg.cli import _main as m; import sys; {run}; sys.exit(m.main())"
    done = subprocess.run(
        ["bash", "-c", '"$0" -c "$1" | head -c 1; echo ":${PIPESTATUS[0]}"', sys.executable, script],
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("x:141\n", "")


@pytest.mark.skipif(os.name != "posix", reason="locale of POSIX")
def test_a_poor_terminal_gets_question_marks():
    done = subprocess.run(
        [sys.executable, "-c", "from evenreg.cli import _main; _main._forgive_encoding(); print('█ ok')"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "? ok\n"
