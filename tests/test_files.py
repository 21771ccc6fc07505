"""Files that are written: whole, new, and with an error that names them."""

import json

import pytest

from evenreg._files import check_new, write_json, write_text, written_whole
from evenreg.errors import RunFolderError


def test_a_file_is_written_whole(tmp_path):
    write_text(tmp_path / "new" / "a.json", "é")
    assert (tmp_path / "new" / "a.json").read_text(encoding="utf-8") == "é"
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["a.json"]


def test_an_error_names_the_file_and_leaves_nothing(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file") as caught:
        write_text(tmp_path / "file" / "a.json", "text")
    assert caught.value.filename == str(tmp_path / "file")  # what is in the way
    target = tmp_path / "folder"
    target.mkdir()
    with pytest.raises(OSError, match="folder"):
        write_text(target, "text")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]


def test_a_cut_leaves_the_old_file_and_nothing_else(tmp_path):
    def cut():
        with written_whole(tmp_path / "a.json") as part:
            part.write_text("hal")
            raise KeyboardInterrupt

    write_text(tmp_path / "a.json", "old")
    with pytest.raises(KeyboardInterrupt):
        cut()
    assert (tmp_path / "a.json").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_json_is_strict(tmp_path):
    write_json(tmp_path / "result.json", {"mae": 1.0})
    with pytest.raises(ValueError, match="Out of range float"):
        write_json(tmp_path / "result.json", {"mae": float("nan")})
    assert json.loads((tmp_path / "result.json").read_text()) == {"mae": 1.0}


def test_what_is_there_is_refused(tmp_path):
    (tmp_path / "a.json").write_text("mine")
    with pytest.raises(
        RunFolderError, match=r"exists; expected a new file: name another one, or add --overwrite\."
    ):
        check_new(tmp_path / "a.json", overwrite=False)
    with pytest.raises(RunFolderError, match="exists"):
        check_new(tmp_path, overwrite=True)
    assert check_new(tmp_path / "a.json", overwrite=True) == tmp_path / "a.json"
