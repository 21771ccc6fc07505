"""The words of ``evenreg data``: nested ones, help, refusals, progress. What they do is tested in tests/data."""

import pytest

from evenreg.cli import _data, _pass_progress, main
from evenreg.cli._pass_progress import progress_of
from evenreg.data import BENCHMARKS


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["data"], "prepare"),
        (["data", "prepare"], "imdb-wiki-dir"),
        (["data", "--help"], "verify"),
        (["data", "prepare", "sts-b-dir", "--help"], "--from FOLDER"),
        (["data", "prepare", "agedb-dir", "--help"], "--skip-missing"),
        (["data", "verify", "--help"], "exit code 2"),
    ],
)
def test_help_at_every_level(words, told, capsys):
    assert main(words) == 0
    assert told in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["data", "preprae"],
            "expected one of 'prepare', 'verify', got 'preprae'; see 'evenreg data --help'.",
        ),
        (
            ["data", "prepare", "agedb"],
            "expected one of 'sts-b-dir', 'agedb-dir', 'imdb-wiki-dir', got 'agedb'",
        ),
        (["data", "prepare", "sts-b-dir", "--form", "x"], "no option named '--form'; did you mean '--from'"),
        (["data", "prepare", "sts-b-dir", "--images", "x"], "no option named '--images'"),
        (["data", "prepare", "sts-b-dir", "--to", "x"], "expected --from (folder with train_new.tsv,"),
        (["data", "verify"], "expected folder (what prepare made;"),
        (["data", "verify", "a", "b"], "unexpected word 'b'"),
    ],
)
def test_wrong_words_are_one_sentence(words, sentence, capsys):
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert sentence in err
    assert err.count("\n") == 1


def test_every_benchmark_has_its_words():
    assert set(_data._SENTENCES) | set(_data._IMAGES) == set(BENCHMARKS)


def test_progress_is_a_line_now_and_then(capsys, monkeypatch):
    monkeypatch.setattr(_pass_progress, "_SECONDS_BETWEEN_LINES", -1.0)
    with progress_of("decoding", quiet=False) as tell:
        tell(1, 4)
        tell(4, 4)
    with progress_of("decoding", quiet=True) as tell:
        tell(1, 4)
    assert capsys.readouterr().err == "decoding: 25%\n"
    monkeypatch.setattr(_pass_progress, "_SECONDS_BETWEEN_LINES", 10.0)
    with progress_of("decoding", quiet=False) as tell:
        tell(1, 4)
    assert capsys.readouterr().err == ""


def test_progress_is_a_bar_on_a_terminal(monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with progress_of("reading", quiet=False) as tell:
        tell(1, 4)
        tell(4, 4)
