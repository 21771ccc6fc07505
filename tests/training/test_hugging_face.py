"""The Trainer of transformers with parts: equal to parts by hand, across accumulation, cuts and its own losses."""

import copy
import gc
import sys

import pytest
import torch
from torch import nn

from evenreg.errors import CheckpointError, InputError, MissingDependencyError, UnknownNameError
from evenreg.features import FDS, ConR, RankSim
from evenreg.labels import Bins, LabelSpace
from evenreg.training import attach, hugging_face_trainer

SPACE = LabelSpace.fit([0.0, 4.0], Bins.uniform(-0.5, 4.5, 1))
N = 40
LAYER = "bert.pooler"


@pytest.fixture(autouse=True)
def one_thread():
    """Threads of models this small wait for each other longer than they compute."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def labels():
    return torch.arange(N) % 5 * (torch.arange(N) % 3 > 0).float()


def smooth(**options):
    return FDS(**({"start_update": 0, "start_smooth": 1} | options)).fit(SPACE)


def test_without_transformers_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(
        MissingDependencyError, match=r"hugging_face_trainer expects transformers .*evenreg\[all\]"
    ):
        hugging_face_trainer([(smooth(), LAYER)])


def test_what_is_no_part():
    with pytest.raises(InputError, match=r"part: expected an FDS or a regularizer, .*the class FDS"):
        hugging_face_trainer([(FDS, LAYER)])


@pytest.fixture(scope="module")
def hf():
    pytest.importorskip("accelerate")
    library = pytest.importorskip("transformers")
    assert library.Trainer
    gc.collect()
    gc.freeze()  # every training collects garbage first, half a second of it among what pytest and the hook hold
    yield library
    gc.unfreeze()


@pytest.fixture
def bert(hf):
    """A small BERT with random weights and dropout."""

    def make(dropout=0.1):
        torch.manual_seed(0)
        config = hf.BertConfig(
            vocab_size=20, hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16,
            max_position_embeddings=8, num_labels=1, problem_type="regression",
            hidden_dropout_prob=dropout, attention_probs_dropout_prob=dropout,
        )  # fmt: skip
        return hf.BertForSequenceClassification(config)

    return make


def texts():
    generator = torch.Generator().manual_seed(0)
    words = torch.randint(2, 20, (N, 6), generator=generator)
    words[:, 1] = 2 + labels().long()
    return [{"input_ids": w, "labels": y} for w, y in zip(words, labels(), strict=True)]


def trainer(hf, model, parts, folder, base=None, target=None, data=None, **options):
    arguments = hf.TrainingArguments(
        str(folder),
        **(
            {
                "num_train_epochs": 3, "per_device_train_batch_size": 8, "learning_rate": 1e-2, "use_cpu": True,
                "report_to": [], "disable_tqdm": True, "save_strategy": "no", "logging_steps": 1, "seed": 3,
                "lr_scheduler_type": "constant", "dataloader_pin_memory": False,
            } | options
        ),
    )  # fmt: skip
    made = base or hugging_face_trainer(parts, target=target) if parts is not None else hf.Trainer
    return made(model, arguments, train_dataset=data or texts(), eval_dataset=data or texts())


def losses(trained):
    return [told["loss"] for told in trained.state.log_history if "loss" in told]


def same(one, other):
    assert one.keys() == other.keys()
    for name, value in one.items():
        assert torch.equal(value, other[name]), name


def by_hand(hf, model, fds, rank, folder, **options):
    """The Trainer with both parts written into its loss."""
    handles = attach(fds, model, LAYER), attach(rank, model, LAYER)

    class ByHand(hf.Trainer):
        def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
            if not model.training:
                return super().compute_loss(model, inputs, return_outputs)
            with handles[0].target(inputs), handles[1].target(inputs):
                predicted = model(input_ids=inputs["input_ids"]).logits[:, 0]
            return (predicted - inputs["labels"]).square().mean() + handles[1].loss()

    class Ends(hf.TrainerCallback):
        def on_epoch_end(self, *arguments, **named):
            handles[0].end_epoch()

    made = trainer(hf, model, (), folder, base=ByHand, **options)
    made.add_callback(Ends())
    made.train()
    return made


@pytest.mark.parametrize("accumulation", [1, 2])
def test_it_equals_parts_written_into_the_loss(hf, bert, tmp_path, accumulation):
    options = {"gradient_accumulation_steps": accumulation}
    fds, rank = smooth(), RankSim().fit(SPACE)
    wanted = by_hand(hf, bert(), fds, rank, tmp_path, **options)
    own, model = smooth(), bert()
    found = trainer(hf, model, [(own, LAYER), (RankSim().fit(SPACE), LAYER)], tmp_path, **options)
    found.train()
    assert losses(found) == pytest.approx(losses(wanted), rel=1e-5)
    for one, other in zip(model.parameters(), wanted.model.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(own.running_mean, fds.running_mean, rtol=1e-4, atol=1e-6)
    assert int(own.epoch) == 3
    assert all(told["RankSim_loss"] > 0 for told in found.state.log_history if "loss" in told)
    plain = trainer(hf, bert(), None, tmp_path, **options)
    plain.train()
    assert losses(plain) != losses(found)


def test_the_model_is_as_it_was_and_evaluation_sees_it_alone(hf, bert, tmp_path):
    model = bert()
    made = trainer(hf, model, [(smooth(), LAYER), (RankSim(), LAYER)], tmp_path, eval_strategy="epoch")
    made.train()
    assert not any(module._forward_hooks for module in model.modules())
    assert list(model.state_dict()) == list(bert().state_dict())
    plain = trainer(hf, copy.deepcopy(model), None, tmp_path)
    assert made.evaluate()["eval_loss"] == plain.evaluate()["eval_loss"]
    evaluated = [told["eval_loss"] for told in made.state.log_history if "eval_loss" in told]
    assert evaluated[-2] == evaluated[-1]  # within training and after it
    made.save_model(tmp_path / "saved")
    assert "evenreg.pt" not in [path.name for path in (tmp_path / "saved").iterdir()]


class Odd(nn.Module):
    """A model of one's own: another name for labels, a mapping for its outputs."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.encoder, self.head = nn.Sequential(nn.Linear(3, 8), nn.Tanh()), nn.Linear(8, 1)

    def forward(self, x, age=None):
        logits = self.head(self.encoder(x))
        return {"loss": (logits[:, 0] - age).square().mean(), "logits": logits}


def odd_rows():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(N, 3, generator=generator) + labels().unsqueeze(1)
    return [{"x": row, "age": y} for row, y in zip(x, labels(), strict=True)]


def test_a_model_of_ones_own_and_a_part_that_needs_predictions(hf, tmp_path):
    parts = [(smooth(), "encoder"), (ConR(window=1.0), "encoder")]
    made = trainer(hf, Odd(), parts, tmp_path, target=lambda batch: batch["age"], data=odd_rows())
    made.train()
    assert any(told.get("ConR_loss", 0) > 0 for told in made.state.log_history)
    with pytest.raises(InputError, match="got a batch of 'x', 'age'; say where they are"):
        trainer(hf, Odd(), parts, tmp_path, data=odd_rows()).train()


def test_a_trainer_of_ones_own_and_a_loss_of_ones_own(hf, bert, tmp_path):
    class Mine(hf.Trainer):
        pass

    made = hugging_face_trainer([(smooth(), LAYER)], base=Mine)
    assert issubclass(made, Mine)
    arguments = hf.TrainingArguments(
        str(tmp_path), use_cpu=True, report_to=[], disable_tqdm=True, save_strategy="no", max_steps=2,
        dataloader_pin_memory=False,
    )  # fmt: skip

    def loss(outputs, labels, num_items_in_batch=None):
        return (outputs["logits"][:, 0] - labels).abs().sum() / num_items_in_batch

    made(bert(), arguments, train_dataset=texts(), compute_loss_func=loss).train()
    with pytest.raises(
        InputError, match=r"base: expected a subclass of transformers.Trainer, got <class 'int'>"
    ):
        hugging_face_trainer([(smooth(), LAYER)], base=int)


@pytest.mark.parametrize("own_loss", [True, False])
def test_accumulated_batches_equal_one_large_batch(hf, bert, tmp_path, own_loss):
    def loss(outputs, labels, num_items_in_batch=None):
        return (outputs["logits"][:, 0] - labels).square().sum() / num_items_in_batch

    trained = []
    for accumulation in (1, 4):
        model = bert(dropout=0.0) if own_loss else Odd()
        part = (lambda z, y: (z * y.unsqueeze(1)).mean(), LAYER if own_loss else "encoder")  # a sum over rows
        made = hugging_face_trainer([part], target=None if own_loss else lambda batch: batch["age"])
        arguments = hf.TrainingArguments(
            str(tmp_path), use_cpu=True, report_to=[], disable_tqdm=True, save_strategy="no", seed=3,
            per_device_train_batch_size=8 // accumulation, gradient_accumulation_steps=accumulation,
            max_steps=4, learning_rate=0.1, optim="sgd", dataloader_pin_memory=False,
        )  # fmt: skip
        own = {"compute_loss_func": loss} if own_loss else {}
        made(model, arguments, train_dataset=texts() if own_loss else odd_rows(), **own).train()
        trained.append(model)
    for one, other in zip(*(model.parameters() for model in trained), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def test_an_extra_pass_leaves_no_trace_but_the_statistics(hf, bert, tmp_path):
    model, fds = bert(), smooth(statistics="extra_pass", momentum=0, start_smooth=9)
    made = trainer(hf, model, [(fds, LAYER)], tmp_path)
    made.train()
    plain = trainer(hf, bert(), None, tmp_path)
    plain.train()
    assert losses(made) == losses(plain)
    same(model.state_dict(), plain.model.state_dict())
    words = torch.stack([row["input_ids"] for row in texts()])
    with torch.no_grad():
        z = model.eval().bert(words).pooler_output
    wanted = torch.stack([z[labels() == k].mean(0) for k in range(5)])
    assert torch.allclose(fds.running_mean, wanted.double(), atol=1e-6)


@pytest.mark.parametrize(
    ("statistics", "options"),
    [("stream", {"gradient_accumulation_steps": 2, "save_steps": 1}), ("extra_pass", {"save_steps": 2})],
)
def test_training_that_was_cut_ends_as_training_that_was_not(hf, bert, tmp_path, statistics, options):
    def parts():
        return [(smooth(statistics=statistics), LAYER), (RankSim().fit(SPACE), LAYER)]

    straight, own = bert(), parts()
    options = options | {"num_train_epochs": 2, "save_strategy": "steps"}
    trainer(hf, straight, own, tmp_path, **options).train()
    folders = sorted(tmp_path.glob("checkpoint-*"), key=lambda path: int(path.name[11:]))
    assert len(folders) >= 5
    for folder in folders[:-1]:
        model, again = bert(), parts()
        trainer(hf, model, again, tmp_path / "resumed", **options | {"save_strategy": "no"}).train(
            resume_from_checkpoint=str(folder)
        )
        same(model.state_dict(), straight.state_dict())
        for (one, _), (other, _) in zip(again, own, strict=True):
            same(one.state_dict(), other.state_dict())


def test_the_last_checkpoint_and_the_parts_of_another_training(hf, bert, tmp_path):
    fds = smooth()
    trainer(hf, bert(), [(fds, LAYER)], tmp_path, num_train_epochs=2, save_strategy="epoch").train()
    more, model = smooth(), bert()
    made = trainer(hf, model, [(more, LAYER)], tmp_path, save_strategy="epoch")
    made.train(resume_from_checkpoint=True)
    assert int(more.epoch) == 3
    with pytest.raises(CheckpointError, match="expected the states of 2 parts, got 1; go on with the parts"):
        trainer(hf, bert(), [(fds, LAYER), (RankSim(), LAYER)], tmp_path).train(resume_from_checkpoint=True)
    trainer(hf, bert(), [(fds, LAYER)], tmp_path / "fresh").train(resume_from_checkpoint=False)
    assert int(fds.epoch) == 2 + 3  # goes on with what it has, unless a checkpoint says otherwise


def test_a_layer_that_does_not_exist(hf, bert, tmp_path):
    model = bert()
    made = trainer(hf, model, [(RankSim(), LAYER), (smooth(), "bert.poolr")], tmp_path)
    with pytest.raises(UnknownNameError, match=r"no layer named 'bert.poolr'; did you mean 'bert.pooler'"):
        made.train()
    assert not any(module._forward_hooks for module in model.modules())
    made = trainer(hf, model, [(smooth(), "bert.encoder")], tmp_path)
    with pytest.raises(InputError, match=r"expected an output of shape .*got BaseModelOutput"):
        made.train()
