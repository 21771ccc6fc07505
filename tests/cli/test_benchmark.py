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
        (["agedb-dir"], "expected a folder that 'evenreg data prepare agedb-dir' made, got data/agedb-dir"),
        (["agedb-dir", "--methods", "gai"], "methods: agedb-dir has no use for it, got 'gai'; leave it out"),
        (["agedb-dir", "--model", "m"], "model: agedb-dir has no use for it"),
        (["sts-b-dir", "--subset", "1-peak"], "subset: sts-b-dir has no use for it"),
        (["synthetic", "--rows", "gai"], "rows: synthetic has no use for it"),
        (["agedb-dir", "--components", "0"], "components: agedb-dir has no use for it, got 0"),
        (["agedb-dir", "--list", "--seeds", "0"], "expected --list alone, which runs nothing, got --seeds"),
        (["agedb-dir", "--seeds", "0"], "seeds: expected a whole number of at least 1, got 0"),
        (["synthetic", "--seeds", "0"], "seeds: expected a whole number of at least 1, got 0"),
        (["synthetic", "--jobs", "0"], "jobs: expected a whole number of at least 1, got 0"),
        (["sts-b-dir", "--encoder", "frozen", "--recipe", "frozen"], "expected one of recipe and encoder"),
    ],
)
def test_what_cannot_be_had_is_told(words, told, capsys):
    assert _main.main(["benchmark", *words]) == 2
    assert told in capsys.readouterr().err
