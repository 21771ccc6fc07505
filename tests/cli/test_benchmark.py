"""``evenreg benchmark``: the papers' numbers in a terminal, and what cannot be had."""

import pytest

from evenreg.cli import _main


@pytest.mark.parametrize(
    ("name", "held"),
    [
        ("agedb-dir", "SQINV + LDS + FDS         7.55    7.01    8.24  10.79   4.72   4.36    5.45   6.79"),
        ("imdb-wiki-dir", "Yang et al. 2021 (LDS and FDS), Table 1"),
        ("sts-b-dir", "on RankSim's own split"),
    ],
)
def test_the_papers_numbers_are_listed_in_a_hundred_columns(name, held, capsys):
    assert _main.main(["benchmark", name, "--list"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f"{name}: ")
    assert held in printed
    assert max(map(len, printed.splitlines())) <= 100


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["agedb"], "did you mean 'agedb-dir'?"),
        (["agedb-dir"], "expected --list, which prints the papers' numbers for agedb-dir"),
    ],
)
def test_what_cannot_be_had_is_told(words, told, capsys):
    assert _main.main(["benchmark", *words]) == 2
    assert told in capsys.readouterr().err
