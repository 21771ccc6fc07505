"""Arguments of Lightning's Trainer: only what was given, of the right type, or one sentence."""

import pytest
from lightning.pytorch.callbacks import LearningRateMonitor
from lightning.pytorch.loggers import CSVLogger

from evenreg.cli._trainer_arguments import trainer_arguments
from evenreg.errors import InputError, UnknownNameError


def test_only_what_was_given_is_handed_on_and_the_command_line_wins():
    given = trainer_arguments({"devices": 1, "precision": "bf16-mixed"}, ["--trainer.devices", "2"])
    assert given == {"devices": "2", "precision": "bf16-mixed"}
    assert trainer_arguments({}) == {}


def test_numbers_are_read_as_numbers():
    assert trainer_arguments(
        {}, ["--trainer.accumulate_grad_batches=4", "--trainer.gradient_clip_val", "0.5"]
    ) == {
        "accumulate_grad_batches": 4,
        "gradient_clip_val": 0.5,
    }


def test_classes_are_made_from_their_names(tmp_path):
    words = ["--trainer.logger", "CSVLogger", "--trainer.logger.save_dir", str(tmp_path)]
    assert isinstance(trainer_arguments({}, words)["logger"], CSVLogger)
    made = trainer_arguments({"callbacks": [{"class_path": "LearningRateMonitor"}]})["callbacks"]
    assert [type(callback) for callback in made] == [LearningRateMonitor]


def test_objects_are_taken_as_they_are(tmp_path):
    logger = CSVLogger(str(tmp_path))
    assert trainer_arguments({"logger": logger})["logger"] is logger


@pytest.mark.parametrize(
    ("given", "words", "error", "sentence"),
    [
        (
            {},
            ["--trainer.devics", "2"],
            UnknownNameError,
            "Lightning's Trainer has no argument 'devics'; did you mean",
        ),
        ({"precison": 1}, [], UnknownNameError, "no argument 'precison'; did you mean 'precision'"),
        (
            {},
            ["--trainer.accumulate_grad_batches", "x"],
            InputError,
            r"trainer.accumulate_grad_batches: Lightning's Trainer does not take 'x'; expected int\.",
        ),
        (
            {},
            ["--trainer.precision=bf16mix"],
            UnknownNameError,
            "does not take 'bf16mix'; did you mean .*'bf16-mixed'",
        ),
        ({"gradient_clip_val": "a"}, [], InputError, r"does not take 'a'; expected int, float or nothing\."),
        ({}, ["--trainer.devices"], InputError, "trainer.devices: Lightning's Trainer does not take ''"),
        ({}, ["--trainer.logger", "CSVLoger"], InputError, "does not take 'CSVLoger'; expected Logger, "),
        (
            {"logger": {"class_path": "CSVLogger", "init_args": {"save_dirr": "x"}}},
            [],
            InputError,
            r"trainer.logger: lightning.*CSVLogger cannot be made \(Option 'save_dirr' is not accepted\)",
        ),
        (
            {"max_epochs": 3},
            [],
            InputError,
            "trainer.max_epochs: expected nothing, evenreg sets it itself; say --epochs.",
        ),
        ({}, ["--trainer.fast_dev_run", "true"], InputError, "say --epochs 1"),
    ],
)
def test_what_is_wrong_is_one_sentence(given, words, error, sentence):
    with pytest.raises(error, match=sentence) as caught:
        trainer_arguments(given, words)
    assert "\n" not in str(caught.value)
