"""STS-B-DIR: read as it is, refused with a sentence, kept, found again and checked."""

import json

import numpy as np
import pytest

from evenreg.cli import main
from evenreg.data import BENCHMARKS, SentencePairs, prepare_sentences, verify
from evenreg.data._sts_b import read_sts_b
from evenreg.errors import InputError, MissingFileError, RunFolderError, TargetError
from standins import sts_b_files


@pytest.fixture
def source(tmp_path):
    return sts_b_files(tmp_path / "raw")


def change(source, name, old, new, count=1):
    path = source / f"{name}_new.tsv"
    text = path.read_bytes()
    assert old in text
    path.write_bytes(text.replace(old, new, count))


def test_prepared_and_read_back_character_by_character(source, tmp_path):
    change(source, "test", b"A ", "\u2028Ünï\x0bcode\x1c \u0085 ".encode())  # what splitlines would split at
    prepare_sentences(source, tmp_path / "to")
    read, kept = read_sts_b(source), SentencePairs.open(tmp_path / "to")
    assert (kept.first, kept.second) == (read.first, read.second)
    np.testing.assert_array_equal(kept.y, read.y)
    assert kept.split.tolist() == read.split.tolist()
    assert kept.fingerprint == read.fingerprint
    assert [len(kept.rows(part)) for part in ("train", "val", "test")] == [600, 100, 100]
    assert len(kept) == 800
    with pytest.raises(InputError, match="no part named 'dev'; known are: train, val, test"):
        kept.rows("dev")
    raw = (source / "train_new.tsv").read_text().split("\n")[1].split("\t")
    assert (read.first[0], read.second[0], read.y[0]) == (raw[7], raw[8], float(raw[9]))
    assert read.first[0].startswith('He said: "')
    assert read.first[7].startswith('"A ')  # a quote that is never closed swallows nothing


def test_line_ends_of_windows_change_nothing(source):
    read = read_sts_b(source)
    path = source / "dev_new.tsv"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert read_sts_b(source).fingerprint == read.fingerprint


def test_how_a_score_is_written_does_not_make_another_draw(source):
    read = read_sts_b(source)
    change(source, "train", b"\t5\n", b"\t5.00\n")
    assert read_sts_b(source).fingerprint == read.fingerprint
    change(source, "train", b"\t5.00\n", b"\t4.9\n")
    assert read_sts_b(source).fingerprint != read.fingerprint


def test_bins_are_those_of_float32_scores():
    """Ruling 9: bin = floor(10 y + 1e-4) on float32, for scores read as float64 and as float32."""
    written = [f"{i / 1000:.3f}" for i in range(5001)]
    single = np.array(written, np.float32)
    expected = np.minimum(np.floor(np.float32(10) * single + np.float32(1e-4)).astype(int), 49)
    bins = BENCHMARKS["sts-b-dir"].bins
    for y in (single, np.array([float(text) for text in written])):
        np.testing.assert_array_equal(bins.index(y), expected)


def test_the_manifest_tells_version_counts_bins_thresholds_checksums(source, tmp_path):
    prepare_sentences(source, tmp_path / "to", stand_in=True)
    told = json.loads((tmp_path / "to" / "manifest.json").read_text())
    assert told["format"] == 1
    assert told["made_by"].startswith("evenreg ")
    assert told["rows"] == {"train": 600, "val": 100, "test": 100}
    assert told["bins"] == {"low": 0.0, "high": 5.0, "width": 0.1}
    assert told["thresholds"] == {"many": 100, "few": 30}
    assert sum(told["test_regions"].values()) == 100
    assert set(told["files"]) == {"pairs.tsv"}


def test_doubles_are_told_not_refused(source, tmp_path):
    lines = (source / "train_new.tsv").read_bytes().split(b"\n")
    with (source / "test_new.tsv").open("ab") as file:
        file.write(b"\n".join(lines[1:4]) + b"\n")
    found = prepare_sentences(source, tmp_path / "to")
    assert found.facts.doubles == {("train", "test"): 3, ("train", "val"): 0, ("val", "test"): 0}
    assert "doubles       3 in train and test; told, not taken out" in str(verify(tmp_path / "to"))


def test_files_of_two_draws_are_refused(source, tmp_path):
    (source / "test_new.tsv").write_bytes((source / "train_new.tsv").read_bytes())
    with pytest.raises(
        InputError, match=r"three files of one draw, got 600 of 600 test pairs in the training file"
    ):
        prepare_sentences(source, tmp_path / "to")
    assert not (tmp_path / "to").exists()


@pytest.mark.parametrize(
    ("old", "new", "error", "sentence"),
    [
        (
            b"\tnone\tnone\t",
            b"\tnone\t",
            InputError,
            r"expected 10 columns between tabs in every row, got 9 in row 2;",
        ),
        (
            b"\tnone\tnone\t",
            b"\t\tnone\tnone\t",
            InputError,
            r"got 11 in row 2; is it the file of STS-B-DIR\?",
        ),
        (b".\tA ", b".\t \tA ", InputError, r"got 11 in row \d+"),
        (b"\n0\t", b"\n\xff\t", InputError, r"expected text in UTF-8, got byte 0xff in line 2"),
    ],
)
def test_a_broken_row_is_refused(source, old, new, error, sentence):
    change(source, "train", old, new)
    with pytest.raises(error, match=f"train_new.tsv: .*{sentence}"):
        read_sts_b(source)


@pytest.mark.parametrize("score", ["5.001", "-0.1", "nan", "inf", "", "four", "1_0"])
def test_a_score_that_is_none_is_refused(source, score):
    path = source / "dev_new.tsv"
    lines = path.read_text().split("\n")
    lines[3] = lines[3].rpartition("\t")[0] + "\t" + score
    path.write_text("\n".join(lines))
    sentence = rf"dev_new.tsv: expected a score from 0 to 5 in every row, got '{score}' in row 4; correct or delete it"
    with pytest.raises(TargetError, match=sentence):
        read_sts_b(source)


def test_an_empty_sentence_is_refused(source):
    path = source / "dev_new.tsv"
    lines = path.read_text().split("\n")
    cells = lines[5].split("\t")
    lines[5] = "\t".join([*cells[:8], " ", cells[9]])
    path.write_text("\n".join(lines))
    with pytest.raises(InputError, match=r"expected two sentences in every row, got an empty one in row 6"):
        read_sts_b(source)


def test_missing_files_and_headers_are_told(source):
    first, *rows = (source / "dev_new.tsv").read_text().split("\n")
    (source / "dev_new.tsv").write_text("\n".join(rows))
    with pytest.raises(InputError, match=r"dev_new.tsv: expected a header and rows, got no header"):
        read_sts_b(source)
    (source / "dev_new.tsv").write_text(first + "\n")
    with pytest.raises(InputError, match=r"dev_new.tsv: expected a header and rows, got no rows"):
        read_sts_b(source)
    (source / "dev_new.tsv").unlink()
    (source / "test_new.tsv").unlink()
    with pytest.raises(MissingFileError, match=r"got no dev_new.tsv and no test_new.tsv; name the folder"):
        read_sts_b(source)


def test_a_folder_that_holds_something_is_refused(source, tmp_path):
    to = tmp_path / "to"
    to.mkdir()
    (to / "thesis.tex").write_text("years of work")
    with pytest.raises(RunFolderError, match=r"got one that holds 'thesis.tex'; name another"):
        prepare_sentences(source, to)
    (to / "thesis.tex").unlink()
    (to / "pairs.tsv").write_text("half of it")  # what a cut run leaves
    (to / "pairs.tsv.part").write_text("half of it")
    prepare_sentences(source, to)
    assert verify(to).damaged == ()
    with pytest.raises(RunFolderError, match=r"is prepared already; look at it with evenreg data verify"):
        prepare_sentences(source, to)
    with pytest.raises(RunFolderError, match=r"dev_new.tsv is a file; expected a new folder"):
        prepare_sentences(source, source / "dev_new.tsv")


def test_verify_on_the_command_line(source, tmp_path, capsys):
    to = str(tmp_path / "to")
    assert main(["data", "prepare", "sts-b-dir", "--from", str(source), "--to", to]) == 0
    assert main(["data", "verify", to]) == 2
    out = capsys.readouterr().out
    assert (
        "DIFFERS from Yang et al. (2021), Table 7: rows are 600/100/100, the papers' 5249/1000/1000;" in out
    )
    assert "draw          another than the papers'" in out
    pairs = tmp_path / "to" / "pairs.tsv"
    pairs.write_bytes(pairs.read_bytes() + b"\n")
    assert main(["data", "verify", to]) == 2
    out = capsys.readouterr().out
    assert "pairs.tsv has " in out
    assert "FAIL: files are not as they were written; prepare the folder again." in out
    (tmp_path / "to" / "pairs.tsv").unlink()
    assert verify(to).damaged == ("pairs.tsv is missing",)


def test_a_stand_in_passes_as_one(source, tmp_path, capsys):
    to = str(tmp_path / "to")
    assert main(["data", "prepare", "sts-b-dir", "--from", str(source), "--to", to, "--stand-in"]) == 0
    capsys.readouterr()
    assert main(["data", "verify", to]) == 0
    assert "PASS as a stand-in; counts are not the papers': rows are 600/100/100" in capsys.readouterr().out


def test_one_byte_is_noticed(source, tmp_path):
    prepare_sentences(source, tmp_path / "to", stand_in=True)
    content = bytearray((tmp_path / "to" / "pairs.tsv").read_bytes())
    content[1000] ^= 1
    (tmp_path / "to" / "pairs.tsv").write_bytes(content)
    assert verify(tmp_path / "to").damaged == ("pairs.tsv was changed: its checksum is another",)
    assert not verify(tmp_path / "to").passed


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", r"expected a manifest, got something else"),
        ("[]", r"expected a manifest, got something else"),
        ('{"format": 2}', r"expected format 1, got 2, which another version of evenreg wrote; prepare"),
        ('{"format": 1, "benchmark": "sts-b-dir"}', r"got entries missing"),
        (
            '{"format": 1, "benchmark": "sts-c-dir"}',
            r"no benchmark named 'sts-c-dir'; did you mean 'sts-b-dir'",
        ),
    ],
)
def test_a_manifest_of_something_else_is_refused(tmp_path, content, sentence):
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(InputError, match=sentence):
        verify(tmp_path)


def test_no_folder_is_told(tmp_path):
    with pytest.raises(
        MissingFileError, match=r"nowhere: expected a prepared folder, got no manifest.json there"
    ):
        verify(tmp_path / "nowhere")


@pytest.mark.data
def test_the_papers_split(real_data, tmp_path, capsys):
    source, to = str(real_data / "sts-b-dir"), str(tmp_path / "to")
    assert main(["data", "prepare", "sts-b-dir", "--from", source, "--to", to]) == 0
    capsys.readouterr()
    assert main(["data", "verify", to]) == 0
    out = capsys.readouterr().out
    for told in (
        "5249/1000/1000",
        "756/170/74",
        "15 in train and test",
        "1 to 428",
        "the papers' own",
        "PASS: as in",
    ):
        assert told in out
    pairs = SentencePairs.open(to)
    lines = (real_data / "sts-b-dir" / "dev_new.tsv").read_text("utf-8").split("\n")[1:-1]
    row = pairs.rows("val")[500]
    cells = lines[500].split("\t")
    assert (pairs.first[row], pairs.second[row], pairs.y[row]) == (cells[7], cells[8], float(cells[9]))


@pytest.mark.data
def test_another_draw_of_the_same_counts_is_told(real_data, tmp_path):
    """What RankSim's repository ships: the counts of Table 7, other rows."""
    source = tmp_path / "other"
    source.mkdir()
    header, parts = "", {}
    for name in ("train", "dev", "test"):
        header, *parts[name] = (
            (real_data / "sts-b-dir" / f"{name}_new.tsv").read_text("utf-8").split("\n")[:-1]
        )
    parts["train"][:500], parts["test"][:500] = parts["test"][:500], parts["train"][:500]
    for name, lines in parts.items():
        (source / f"{name}_new.tsv").write_text("\n".join([header, *lines, ""]), "utf-8")
    found = prepare_sentences(source, tmp_path / "to")
    assert found.facts.rows == (5249, 1000, 1000)
    assert found.facts.same_draw is False
    assert not found.passed
