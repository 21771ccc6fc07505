"""Arguments of Lightning's Trainer: only what was given, of the right type, or one sentence."""

import lightning.pytorch as pl
import pytest
from lightning.pytorch.callbacks import LearningRateMonitor
from lightning.pytorch.loggers import CSVLogger
from lightning.pytorch.strategies import DDPStrategy

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
        (
            {},
            ["--trainer.precision"],
            InputError,
            r"trainer.precision: expected a value, got none; write --trainer.precision VALUE\.",
        ),
        ({}, ["--trainer.benchmark", "--trainer.devices", "2"], InputError, "benchmark: expected a value"),
        (
            {},
            ["--trainer.", "16"],
            InputError,
            "expected the name of an argument of .* after the dot, got none",
        ),
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


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"accelerator": "tpu"}, r"trainer.accelerator: Lightning's Trainer does not take 'tpu' \(.+\); see"),
        ({"accelerator": "gpuu"}, r"does not take 'gpuu' \(You selected an invalid accelerator name: .*cpu"),
        ({"devices": 0, "accelerator": "cpu"}, r"trainer.devices: Lightning's Trainer does not take 0 \("),
        ({"devices": -5, "accelerator": "cpu"}, r"trainer.devices: .* does not take -5 \("),
        ({"devices": "abc", "accelerator": "cpu"}, r"trainer.devices: .* does not take 'abc' \("),
        ({"strategy": "foo"}, r"trainer.strategy: .* does not take 'foo' \(.*invalid strategy name"),
        ({"max_time": "foo"}, r"trainer.max_time: .* does not take 'foo' \(.*DD:HH:MM:SS\)"),
        ({"profiler": "foo"}, r"trainer.profiler: .* does not take 'foo' \(.*simple"),
        ({"gradient_clip_algorithm": "foo"}, r"trainer.gradient_clip_algorithm: .*Allowed algorithms"),
        ({"limit_train_batches": 1.5}, r"trainer.limit_train_batches: .* does not take 1.5 \("),
        ({"limit_train_batches": 0}, "trainer.limit_train_batches: expected a number above 0, got 0"),
        (
            {"accumulate_grad_batches": 0},
            "trainer.accumulate_grad_batches: expected a whole number of at least 1",
        ),
        ({"max_steps": 1}, "trainer.max_steps: expected nothing, evenreg sets it itself; say --epochs"),
        ({"limit_val_batches": 0}, "the best epoch is chosen on all validation rows"),
        ({"val_check_interval": 100}, "every epoch is validated at its end"),
        ({"check_val_every_n_epoch": 2}, "every epoch is validated"),
        ({"overfit_batches": 1}, "rows come a batch at a time in an order of their own"),
        ({"min_epochs": 2}, "--patience tells when to stop"),
        (
            {"devices": 4096, "accelerator": "cpu"},
            r"devices: expected at most \d+, the cores there are, got 4096",
        ),
        (
            {"num_nodes": 2},
            "trainer.num_nodes: expected 1 where nothing tells of other machines, got 2; start with",
        ),
    ],
)
def test_what_lightning_refuses_names_the_argument(given, sentence):
    with pytest.raises(InputError, match=sentence) as caught:
        trainer_arguments(given)
    assert "\n" not in str(caught.value)


def test_several_machines_are_believed_where_something_tells_of_them(monkeypatch):
    monkeypatch.setenv("MASTER_ADDR", "10.0.0.1")
    assert trainer_arguments({"num_nodes": 2, "devices": 1}) == {"num_nodes": 2, "devices": 1}


def test_a_strategy_object_is_not_spent_on_the_check():
    strategy = DDPStrategy()
    given = trainer_arguments({"strategy": strategy, "accelerator": "cpu", "devices": 1})
    assert pl.Trainer(**given, logger=False).strategy is strategy
