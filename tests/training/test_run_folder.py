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


def test_resume_tells_in_a_persons_words_what_differs(tmp_path):
    before = CONFIG | {
        "fingerprint": "ab" * 32,
        "bins": "width 1",
        "test_rows": "cd" * 8,
        "trainer_words": [],
    }
    before |= {"optimizer": {"learning_rate": 0.1}, "learning_rate": 0.1, "note": "x" * 200}
    RunFolder.open(tmp_path / "run", before)

    def told(**changes):
        with pytest.raises(RunFolderError) as error:
            RunFolder.open(tmp_path / "run", before | changes, resume=True)
        return str(error.value).split("got another ")[1].removesuffix("; use another --out.")

    # Bins and test rows follow from the data, the optimizer from its learning rate.
    other_data = {"fingerprint": "ef" * 32, "bins": "width 2", "test_rows": "01" * 8}
    assert told(**other_data) == "content of the data (was 'abababab…', is 'efefefef…')"
    assert told(learning_rate=1, optimizer={"learning_rate": 1}) == "learning_rate (was 0.1, is 1)"
    assert told(trainer_words=["--trainer.devices", "2"]) == (
        "--trainer arguments (was '', is '--trainer.devices 2')"
    )
    before |= {"rows": {"VANILLA": {"method": "vanilla", "epochs": 2}, "RRT": {"method": "rrt", "epochs": 2}}}
    RunFolder.open(tmp_path / "run", before, overwrite=True)
    longer = {"VANILLA": {"method": "vanilla", "epochs": 3}, "RRT": {"method": "rrt", "epochs": 3}}
    assert told(rows=longer) == "rows.VANILLA.epochs (was 2, is 3)"
    assert told(rows={"VANILLA": longer["VANILLA"]}) == "rows (was 'VANILLA RRT', is 'VANILLA')"
    assert told(note="y" * 200) == f"note (was '{'x' * 56}…, is '{'y' * 56}…)"


def test_a_folder_where_nothing_was_trained_is_given_back(tmp_path):
    run = RunFolder.open(tmp_path / "run", CONFIG)
    (run.path / "lightning_logs").mkdir()
    with pytest.raises(ValueError, match="early"), run.given_back():
        raise ValueError("early")
    assert not run.path.exists()


@pytest.mark.parametrize("kept", ["fit/last.ckpt", "best/model.json", "rows/bmc/seed-0/result.json"])
def test_a_folder_with_something_trained_is_kept(tmp_path, kept):
    run = RunFolder.open(tmp_path / "run", CONFIG)
    (run.path / kept).parent.mkdir(parents=True)
    (run.path / kept).touch()
    with pytest.raises(ValueError, match="late"), run.given_back():
        raise ValueError("late")
    assert (run.path / kept).exists()


def test_neither_an_earlier_calls_folder_nor_that_of_a_stopped_run_is_given_back(tmp_path):
    run = RunFolder.open(tmp_path / "run", CONFIG)
    with pytest.raises(KeyboardInterrupt), run.given_back():
        raise KeyboardInterrupt
    with pytest.raises(ValueError, match="early"), RunFolder.open(run.path, CONFIG, resume=True).given_back():
        raise ValueError("early")
    assert run.path.exists()


def test_resume_needs_the_same_settings_and_tells_which_differ(tmp_path):
    RunFolder.open(tmp_path / "run", CONFIG)
    RunFolder.open(tmp_path / "run", CONFIG | {"versions": {"torch": "2"}}, resume=True)
    with pytest.raises(RunFolderError, match=r"got another seeds \(was 3, is 5\); use another --out"):
        RunFolder.open(tmp_path / "run", CONFIG | {"seeds": 5}, resume=True)


def test_settings_that_json_writes_otherwise_are_the_same_settings(tmp_path):
    config = CONFIG | {"optimizer": {"schedule": "steps", "milestones": (60, 80)}}
    RunFolder.open(tmp_path / "run", config)
    RunFolder.open(tmp_path / "run", config, resume=True)
    other = {"optimizer": {"schedule": "steps", "milestones": (60, 90)}}
    with pytest.raises(RunFolderError, match="another optimizer settings"):
        RunFolder.open(tmp_path / "run", config | other, resume=True)
