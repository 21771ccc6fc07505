"""The parser's sentences that no verb of the frame's own tests shows."""

import pytest

from evenreg.cli._parser import Parser
from evenreg.errors import InputError, UnknownNameError


@pytest.fixture
def parser():
    parser = Parser(prog="evenreg act")
    parser.add_argument("data")
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--resume", action="store_true")
    group.add_argument("--overwrite", action="store_true")
    parser.add_argument("--few", type=float)
    return parser


def refusal(parser, words, kind=InputError):
    with pytest.raises(kind) as caught:
        parser.parse_args(words)
    return str(caught.value)


def test_required_argument(parser):
    assert refusal(parser, []) == "expected data; see 'evenreg act --help'."


def test_options_that_exclude_each_other(parser):
    told = refusal(parser, ["t.csv", "--resume", "--overwrite"])
    assert told == "expected one of --overwrite and --resume, got both; see 'evenreg act --help'."


def test_unknown_option_comes_before_a_missing_argument(parser):
    assert "did you mean '--resume'?" in refusal(parser, ["--resum"], UnknownNameError)


def test_negative_numbers_and_what_follows_two_dashes_are_no_options(parser):
    assert parser.parse_args(["t.csv", "--few", "-3"]).few == -3
    assert parser.parse_args(["--", "--odd-name.csv"]).data == "--odd-name.csv"
