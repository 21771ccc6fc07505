"""Config files: rows, recipes, what wins, and one sentence for everything that is wrong in them."""

from pathlib import Path

import pytest

from evenreg.cli import main, recipes
from evenreg.cli._settings import Settings, read_config
from evenreg.errors import EvenregError, InputError, MissingFileError, UnknownNameError


@pytest.fixture
def config(tmp_path):
    def write(text: str) -> Path:
        path = tmp_path / "my.yaml"
        path.write_text(text)
        return path

    return write


def test_what_is_said_wins_over_the_row_and_the_row_over_the_file(config):
    path = config(
        "data: a.csv\nepochs: 5\nseed: 3\nrows:\n  long:\n    method: bmc\n    epochs: 50\n  sqinv:\n"
    )
    assert Settings.of(path, "long", {}).epochs == 50
    assert Settings.of(path, "long", {"epochs": 7, "seed": None}).epochs == 7
    chosen = Settings.of(path, "SQINV", {"seed": None})
    assert (chosen.method, chosen.epochs, chosen.seed, chosen.data) == ("sqinv", 5, 3, "a.csv")


def test_milestones_go_with_the_schedule_they_stand_beside(config):
    path = config(
        "schedule: steps\nmilestones: [6, 8]\nrows:\n  bmc: {schedule: cosine}\n  gai: {epochs: 9}\n"
    )
    assert Settings.of(path, "bmc", {}).milestones is None
    assert Settings.of(path, "gai", {}).milestones == [6, 8]


def test_trainer_arguments_add_up(config):
    path = config("method: bmc\ntrainer: {precision: 32-true, devices: 1}\n")
    assert Settings.of(path, None, {"trainer": {"devices": 2}}).trainer == {
        "precision": "32-true",
        "devices": 2,
    }


def test_numbers_that_yaml_takes_for_text_are_numbers(config):
    assert Settings.of(config("method: bmc\nlearning_rate: 1e-3\n"), None, {}).learning_rate == 1e-3


def test_a_second_stage_is_read_like_the_first(config):
    stage = Settings.of(
        config("method: rrt\nsecond_stage: {learning_rate: 1e-4, epochs: 3, schedule:}\n"), None, {}
    )
    assert stage.second_stage == {"learning_rate": 1e-4, "epochs": 3}


def test_every_recipe_reads_and_every_row_of_it_is_a_method(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert len(recipes()) >= 2
    for recipe in recipes():
        for row in recipe.rows:
            for name in (recipe.name, f"recipes/{recipe.name}.yaml"):
                assert Settings.of(name, row, {}).method


def test_the_table_recipe_tells_every_setting():
    from dataclasses import fields

    keys = set(read_config("table")) - {"about", "rows"}
    of_folders = {"encoder", "encoder_arguments", "augmentation", "recipe_class"}
    assert keys == {f.name for f in fields(Settings)} - {"method"} - of_folders


def test_recipes_are_listed_and_printed(capsys):
    assert main(["recipes"]) == 0
    assert "digits-rotation\n  Handwritten digits" in capsys.readouterr().out
    assert main(["recipes", "table"]) == 0
    assert "learning_rate: 0.001" in capsys.readouterr().out
    assert main(["recipes", "tabel"]) == 2
    assert "no recipe named 'tabel'; did you mean 'table'?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "row", "error", "sentence"),
    [
        ("methd: bmc\n", None, UnknownNameError, "no setting of .*my.yaml named 'methd'; did you mean 'method'"),
        ("rows:\n  a:\n    epoch: 3\n", "a", UnknownNameError, "no setting of row 'a' of .* named 'epoch'; did you"),
        ("rows:\n  bmc:\n  gai:\n", "bcm", UnknownNameError, "no row of .* named 'bcm'; did you mean 'bmc'"),
        ("rows:\n  bmc:\n  gai:\n", None, InputError, "got nothing; add --row with one of bmc, gai"),
        ("seed: 1\nmethod: bmc\nseed: 2\n", None, InputError, "every setting once, got 'seed' in lines 1 and 3"),
        ("rows:\n  a: {seed: 1, seed: 2}\n", "a", InputError, "got 'seed' in lines 2 and 2; delete one"),
        ("data: a.csv\n", None, InputError, "got nothing; add --method"),
        ("rows: [bmc]\n", "bmc", InputError, "expected rows as names with a colon each"),
        ("rows:\n  bmc: 3\n", "bmc", InputError, "row 'bmc' of .*: expected a method, settings or nothing, got 3"),
        ("- a\n- b\n", None, InputError, "expected settings such as 'data: sales.csv', got list"),
        ("a: [1\n", None, InputError, r"my.yaml, line 2: expected YAML"),
        ("method: bmc\nepochs: many\n", None, InputError, "epochs: expected a number, got 'many'"),
        ("method: bmc\nbatch_size: 1\n", None, InputError, "batch_size: expected a whole number of at least 2, got 1"),
        ("method: bmc\ncost: l3\n", None, UnknownNameError, "no cost named 'l3'; known are: l1"),
        ("method: bmc\ntrainer: 3\n", None, InputError, "trainer: expected arguments of .* by name, got 3"),
        ("method: bmc\ndrop_missing: 3\n", None, InputError, "drop_missing: expected true or false, got 3"),
        ("method: rrt\nmilestones: 60\n", None, InputError, "milestones: expected a list of epochs, got 60; for"),
        ("method: rrt\nmomentum: 2\n", None, InputError, "momentum: expected a number from 0 to 1, got 2"),
        ("method: rrt\nsecond_stage: 3\n", None, InputError, "expected settings of a second stage by name, got 3"),
        ("method: rrt\nsecond_stage: {epochs: x}\n", None, InputError, "epochs: expected a number, got 'x'"),
        ("method: rrt\nsecond_stage: {lr: 3}\n", None, UnknownNameError, "no setting of second_stage named 'lr'"),
        ("method: bcm\n", None, UnknownNameError, "no method word named 'bcm'"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_config_is_one_sentence(config, text, row, error, sentence):
    with pytest.raises(error, match=sentence) as caught:
        Settings.of(config(text), row, {})
    assert "\n" not in str(caught.value)


def test_a_row_needs_a_config_and_a_config_a_file():
    with pytest.raises(
        InputError, match="row: expected a config whose row it is, got none for 'bmc'; add --config"
    ):
        Settings.of(None, "bmc", {})
    with pytest.raises(
        MissingFileError, match=r"no file 'digit-rotation\.yaml', and no recipe of that name; did you mean"
    ):
        Settings.of("digit-rotation.yaml", None, {})
    assert issubclass(MissingFileError, EvenregError)


@pytest.mark.parametrize(
    ("config", "told"), [(None, "there is no config"), ("table", "table has no variants")]
)
def test_a_variant_of_nothing_is_refused(config, told):
    with pytest.raises(InputError, match=f"recipe: expected none, as {told}, got 'heavy'; leave it out"):
        Settings.of(config, None, {"method": "bmc"}, "heavy")


def test_a_row_and_a_method_are_one_too_many():
    with pytest.raises(
        InputError, match="expected one of row and method, got row 'bmc' and method 'sqinv'; leave one"
    ):
        Settings.of("table", "bmc", {"method": "sqinv"})


@pytest.mark.parametrize(("said", "patience"), [({}, 90), ({"epochs": 200}, None), ({"patience": 3}, 3)])
def test_a_recipe_that_never_stops_early_does_not_with_other_epochs(said, patience):
    assert Settings.of("agedb-dir", "VANILLA", said).patience == patience
    assert Settings.of("agedb-dir", "VANILLA", {**said, "epochs": 200}, "heavy").patience in (None, 3)
