"""A run is a folder, and nothing in a folder is lost."""

import json

import pytest

from evenreg.errors import RunFolderError
from evenreg.training import RunFolder

CONFIG = {"rows": ["vanilla"], "seeds": 3, "versions": {"torch": "1"}}
STORED = {"format": "evenreg.RunFolder 1"} | CONFIG


def test_a_new_folder_gets_its_config_first_and_done_last(tmp_path):
    run = RunFolder.open(tmp_path / "a" / "b", CONFIG)
    assert json.loads((tmp_path / "a" / "b" / "config.json").read_text()) == STORED
    assert not run.done
    run.finish()
    assert run.done


def test_a_filled_folder_is_refused_and_left_alone(tmp_path):
    RunFolder.open(tmp_path / "run", CONFIG)
    with pytest.raises(
        RunFolderError, match="already holds a run; choose another --out, or pass --resume or --overwrite"
    ):
        RunFolder.open(tmp_path / "run", CONFIG | {"seeds": 5})
    assert json.loads((tmp_path / "run" / "config.json").read_text()) == STORED


def test_overwrite_never_deletes_what_is_no_run(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(RunFolderError, match="expected a new folder or an earlier run's, got something else"):
        RunFolder.open(tmp_path, CONFIG, overwrite=True)
    with pytest.raises(RunFolderError, match="got something else"):
        RunFolder.open(tmp_path / "thesis.tex", CONFIG, overwrite=True)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


@pytest.mark.parametrize("settings", ['{"model_type": "bert"}', "[1]", "{", ""])
def test_a_config_json_alone_makes_no_run(tmp_path, settings):
    (tmp_path / "config.json").write_text(settings)
    for flags in ({"overwrite": True}, {"resume": True}):
        with pytest.raises(RunFolderError, match="got something else; choose another --out"):
            RunFolder.open(tmp_path, CONFIG, **flags)
    assert (tmp_path / "config.json").read_text() == settings


def test_overwrite_deletes_an_earlier_run(tmp_path):
    RunFolder.open(tmp_path / "run", CONFIG).finish()
    assert not RunFolder.open(tmp_path / "run", CONFIG | {"seeds": 5}, overwrite=True).done


def test_resume_needs_the_same_settings_and_tells_which_differ(tmp_path):
    RunFolder.open(tmp_path / "run", CONFIG)
    RunFolder.open(tmp_path / "run", CONFIG | {"versions": {"torch": "2"}}, resume=True)
    with pytest.raises(RunFolderError, match=r"got another seeds \(was 3, is 5\); use another --out"):
        RunFolder.open(tmp_path / "run", CONFIG | {"seeds": 5}, resume=True)
