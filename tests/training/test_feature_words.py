"""Feature words in a method: each acts, reaches the encoder, and is gone from the model that is kept."""

import numpy as np
import pandas as pd
import pytest
import torch

from evenreg.data import table_from_frame
from evenreg.errors import InputError, UnknownNameError
from evenreg.features import FDS, ConR, GroupContrast, RankNContrast, RankSim
from evenreg.training import Budget, Draw, Method, TableSource, train_cell
from evenreg.training._batches import Batch

WORDS = ["fds", "ranksim", "rnc", "group-contrast(5)", "conr"]
BUDGET = Budget(epochs=5, patience=5, checkpoint_seconds=1e9, trainer={"accelerator": "cpu", "devices": 1})


@pytest.fixture(scope="module")
def draw():
    rng = np.random.default_rng(0)
    size = rng.gamma(2.0, 2.0, 300)
    frame = pd.DataFrame(
        {"price": 5 * size + rng.normal(0, 1, 300), "size": size, "noise": rng.normal(size=300)}
    )
    return Draw(TableSource(table_from_frame(frame, "price")), seed=0)


@pytest.fixture(scope="module")
def vanilla(draw, tmp_path_factory):
    return train_cell(Method.parse("vanilla"), draw, tmp_path_factory.mktemp("vanilla"), budget=BUDGET)


@pytest.mark.parametrize("words", WORDS)
def test_a_word_changes_what_is_trained_and_is_not_in_the_model(words, draw, vanilla, tmp_path):
    result = train_cell(Method.parse(words), draw, tmp_path / "fit", budget=BUDGET)
    assert not np.array_equal(result.prediction, vanilla.prediction)
    assert np.isfinite(result.prediction).all()
    result.model.save(tmp_path / "model")
    state = torch.load(tmp_path / "model" / "weights.pt", weights_only=True)
    assert set(state) == {"encoder", "head", "scaler"}


@pytest.mark.parametrize("words", WORDS)
def test_a_run_cut_inside_an_epoch_ends_like_one_that_was_not(words, draw, tmp_path):
    from lightning.pytorch import Callback

    class Cut(Callback):
        def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
            if (trainer.current_epoch, batch_idx) == (3, 3):
                raise RuntimeError("power cut")

    def run(folder, *callbacks):
        trainer = {"accelerator": "cpu", "devices": 1, "callbacks": list(callbacks)}
        return train_cell(Method.parse(words), draw, folder, budget=Budget(5, 5, 0.0, trainer=trainer))

    size, draw.source.batch_size = draw.source.batch_size, 32
    try:
        straight = run(tmp_path / "straight")
        with pytest.raises(RuntimeError, match="power cut"):
            run(tmp_path / "cut", Cut())
        assert (tmp_path / "cut" / "last.ckpt").exists()
        assert np.array_equal(run(tmp_path / "cut").prediction, straight.prediction)
    finally:
        draw.source.batch_size = size


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ("ranksim(gamma=3)", RankSim),
        ("rnc", RankNContrast),
        ("conr(window=1)", ConR),
        ("group-contrast(3)", GroupContrast),
    ],
)
def test_a_regularizer_adds_its_term_and_its_gradient_reaches_the_encoder(words, part, draw, vanilla):
    task = vanilla.model.task
    (regularizer,) = Method.parse(words).regularizers()
    assert type(regularizer) is part
    regularizer.fit(draw.space)
    inputs = tuple(t[draw.train[:64]] for t in draw.prepared.inputs)
    y = torch.from_numpy(draw.source.y[draw.train[:64], None])
    features = task.encoder(*inputs)
    arguments = (task.scaler(y), task.head(features).value) if regularizer.needs_prediction else (y,)
    term = regularizer(features, *arguments)
    assert term.item() > 0
    gradients = torch.autograd.grad(term, list(task.encoder.parameters()), allow_unused=True)
    assert any(g is not None and g.abs().sum() > 0 for g in gradients)


def test_fds_calibrates_once_it_smooths(draw, vanilla, tmp_path):
    fds = Method.parse("fds(start_update=0, start_smooth=1)").calibration()
    assert isinstance(fds, FDS)
    task = vanilla.model.task
    task.calibration = fds.fit(draw.space)
    try:
        y = torch.from_numpy(draw.source.y[draw.train, None])
        features = task.encoder(*(t[draw.train] for t in draw.prepared.inputs)).detach()
        batch = Batch((), y, torch.ones(len(y)), torch.zeros(len(y), dtype=torch.int64))
        fds.train()
        assert torch.equal(task._calibrated(features, batch), features)
        fds.end_epoch()
        assert not torch.equal(task._calibrated(features, batch), features)
        fds.eval()
        assert torch.equal(fds(features), features)
    finally:
        task.calibration = None


def test_an_extra_pass_sees_every_training_row_once(draw, tmp_path):
    seen = []
    method = Method.parse("fds(statistics=extra_pass, start_update=0, start_smooth=1)")

    original = FDS.observe

    def observe(self, features, target):
        if self._in_extra_pass:
            seen.extend(target.flatten().tolist())
        original(self, features, target)

    FDS.observe = observe
    try:
        train_cell(
            method, draw, tmp_path / "fit", budget=Budget(1, 1, trainer={"accelerator": "cpu", "devices": 1})
        )
    finally:
        FDS.observe = original
    assert sorted(seen) == sorted(draw.source.y[draw.train].tolist())


@pytest.mark.parametrize(
    ("text", "error", "sentence"),
    [
        ("hgb + fds", InputError, "trees have no features for fds to act on"),
        ("hgb + ranksim", InputError, "trees have no features for ranksim"),
        ("vanilla + fds", InputError, "vanilla means the cost and nothing else"),
        ("rnc + conr", InputError, "rnc and conr exclude each other"),
        ("fds(start_smooth=1)", InputError, "expected start_smooth after start_update, got 1 and 1"),
        ("fds(momentum=2)", InputError, "momentum"),
        ("ranksim(penalty=l3)", UnknownNameError, "l_inf"),
        ("ranksim(gama=3)", UnknownNameError, "did you mean 'gamma'"),
        ("group-contrast(1)", InputError, "expected a whole number of at least 2"),
    ],
)
def test_what_cannot_act_is_refused_in_one_sentence(text, error, sentence):
    with pytest.raises(error, match=sentence):
        Method.parse(text)


def test_words_are_written_back():
    text = "sqinv + lds + fds(size=9) + ranksim(gamma=10) + conr"
    assert str(Method.parse("CONR + RankSim(gamma=10) + FDS(size=9) + LDS + SQINV")) == text
