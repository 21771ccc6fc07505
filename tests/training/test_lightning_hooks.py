"""FDSCallback and Regularize in real trainings of somebody's LightningModule."""

import copy
import io
import warnings

import lightning.pytorch as pl
import pytest
import torch
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from evenreg.errors import InputError, UnknownNameError
from evenreg.features import FDS, ConR, RankSim
from evenreg.labels import Bins, LabelSpace
from evenreg.training import FDSCallback, Regularize

SPACE = LabelSpace.fit([0.0, 4.0], Bins.uniform(-0.5, 4.5, 1))
N = 40
QUIET = {
    "accelerator": "cpu",
    "devices": 1,
    "logger": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
    "enable_checkpointing": False,
}


@pytest.fixture(autouse=True)
def one_thread():
    """Threads of models this small wait for each other longer than they compute."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class Task(pl.LightningModule):
    """Somebody's module: knows nothing of evenreg, draws random numbers, counts what it is asked."""

    def __init__(self, returns="tensor") -> None:
        super().__init__()
        torch.manual_seed(0)
        self.encoder = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU())
        self.drop, self.head = nn.Dropout(0.2), nn.Linear(8, 1)
        self.returns, self.steps, self.losses, self.validated = returns, 0, [], []

    def forward(self, x):
        return self.head(self.drop(self.encoder(x))).squeeze(1)

    def training_step(self, batch, batch_idx):
        x, y = (batch["x"], batch["age"]) if isinstance(batch, dict) else batch
        prediction = self(x)
        loss = (prediction - y).square().mean()
        self.steps += 1
        self.losses.append(loss.item())
        self.log("train_loss", loss)
        return loss if self.returns == "tensor" else {"loss": loss, "prediction": prediction.detach()}

    def validation_step(self, batch, batch_idx):
        self.validated.append(self(batch[0]).detach().clone())

    def predict_step(self, batch, batch_idx):
        return self(batch[0])

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.05, momentum=0.9)


def rows(seed=0):
    generator = torch.Generator().manual_seed(seed)
    y = torch.arange(N) % 5 * (torch.arange(N) % 3 > 0).float()
    return torch.randn(N, 3, generator=generator) + y.unsqueeze(1), y


class Loader:
    """Batches in an order of the epoch's own, from any position: what resuming inside an epoch needs."""

    def __init__(self) -> None:
        self.epoch, self.start, self.position = 0, 0, 0
        self.x, self.y = rows()

    def set_epoch(self, epoch):
        self.epoch = epoch

    def __len__(self):
        return 4

    def __iter__(self):
        order = torch.randperm(N, generator=torch.Generator().manual_seed(self.epoch)).split(10)
        start, self.start = self.start, 0
        for i in range(start, 4):
            self.position = i + 1
            yield self.x[order[i]], self.y[order[i]]

    def state_dict(self):
        return {"position": self.position}

    def load_state_dict(self, state):
        self.start = state["position"] % 4


def plain_loader(**options):
    return DataLoader(TensorDataset(*rows()), **({"batch_size": 10} | options))


def smooth(**options):
    return FDS(**({"start_update": 0, "start_smooth": 1} | options)).fit(SPACE)


def fit(callbacks, task=None, loader=None, epochs=3, path=None, validation=True, **options):
    task = Task() if task is None else task
    torch.manual_seed(7)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="lightning|torch")
        trainer = pl.Trainer(max_epochs=epochs, callbacks=callbacks, **(QUIET | options))
        held_out = plain_loader() if validation else None
        trainer.fit(
            task, loader or plain_loader(shuffle=True), held_out, ckpt_path=path, weights_only=path and True
        )
    return task


def both(**options):
    return [FDSCallback(smooth(**options), "encoder"), Regularize(RankSim().fit(SPACE), "encoder")]


def same(one, other):
    assert one.keys() == other.keys()
    for name, value in one.items():
        assert torch.equal(value, other[name]), name


# what they do


class ByHand(Task):
    """The same with FDS and RankSim written into the step."""

    def __init__(self, fds, rank) -> None:
        super().__init__()
        self.parts = (fds, rank)  # a tuple: no submodules

    def training_step(self, batch, batch_idx):
        (x, y), (fds, rank) = batch, self.parts
        z = self.encoder(x)
        fds.observe(z, y)
        prediction = self.head(self.drop(fds(z, y))).squeeze(1)
        loss = (prediction - y).square().mean()
        self.losses.append(loss.item())
        return loss + rank(z, y)

    def on_train_epoch_end(self):
        self.parts[0].end_epoch()


@pytest.mark.parametrize(
    "options", [{}, {"accumulate_grad_batches": 3, "gradient_clip_val": 0.5}, {"precision": "bf16-mixed"}]
)
def test_callbacks_equal_parts_written_into_the_step(options):
    fds = smooth()
    by_hand = fit([], ByHand(fds, RankSim().fit(SPACE)), **options)
    callbacks = both()
    hooked = fit(callbacks, **options)
    assert hooked.losses == by_hand.losses
    same(hooked.state_dict(), by_hand.state_dict())
    same(callbacks[0].part.state_dict(), fds.state_dict())
    for one, other in zip(hooked.validated, by_hand.validated, strict=True):
        assert torch.equal(one, other)
    assert fit([], **options).losses != by_hand.losses
    assert int(fds.epoch) == 3
    assert int(fds.counts.sum()) == N


def test_a_mapping_is_returned_with_its_other_keys():
    class Watch(Callback):
        seen = ()

        def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
            self.seen = (*self.seen, set(outputs))

    watch = Watch()
    one, other = (
        fit([*both(), *more], Task(returns)) for returns, more in (("dict", [watch]), ("tensor", []))
    )
    same(one.state_dict(), other.state_dict())
    assert set().union(*watch.seen) == {"loss", "prediction"}


def test_the_term_is_logged():
    class Watch(Callback):
        def __init__(self):
            self.seen = []

        def on_train_batch_end(self, trainer, *rest):
            metrics = {name: value.item() for name, value in trainer.callback_metrics.items()}
            self.seen.append(metrics)

    watch = Watch()
    second = Regularize(lambda z, y: z.sum() * 0 + 3, "head", name="three")
    task = fit([Regularize(RankSim(), "encoder"), second, watch])
    assert set(watch.seen[-1]) == {"train_loss", "RankSim_loss", "three"}
    assert watch.seen[-1]["train_loss"] == pytest.approx(task.losses[-1])
    assert watch.seen[-1]["RankSim_loss"] > 0
    assert watch.seen[-1]["three"] == 3


def test_a_batch_that_is_a_mapping_and_a_target_function():
    loader = DataLoader([{"x": x, "age": y} for x, y in zip(*rows(), strict=True)], batch_size=10)
    by_name = [
        FDSCallback(smooth(), "encoder", target=lambda batch: batch["age"]),
        Regularize(RankSim().fit(SPACE), "encoder", target=lambda batch: batch["age"]),
    ]
    one, other = fit(by_name, loader=loader), fit(both(), loader=plain_loader())
    same(one.state_dict(), other.state_dict())
    with pytest.raises(InputError, match="got a batch of 'x', 'age'; say where they are"):
        fit(both(), loader=loader)


def test_a_part_that_needs_predictions():
    target = {"target": lambda batch: batch[1].unsqueeze(1)}
    conr = Regularize(ConR(window=1.0), "encoder", prediction="head", **target)
    assert fit([conr]).losses != fit([]).losses
    with pytest.raises(InputError, match="expected the name of the layer that predicts for ConR, got None"):
        Regularize(ConR(), "encoder")
    with pytest.raises(InputError, match=r"prediction: expected None for RankSim, got 'head'; only parts"):
        Regularize(RankSim(), "encoder", prediction="head")
    with pytest.raises(UnknownNameError, match="no layer named 'heat'; did you mean 'head'"):
        fit([Regularize(ConR(), "encoder", prediction="heat", **target)])


def test_manual_optimization():
    class Manual(Task):
        def __init__(self):
            super().__init__()
            self.automatic_optimization = False

        def training_step(self, batch, batch_idx):
            loss = super().training_step(batch, batch_idx)
            self.optimizers().zero_grad()
            self.manual_backward(loss)
            self.optimizers().step()

    fds = FDSCallback(smooth(), "encoder")
    fit([fds], Manual())
    assert int(fds.part.epoch) == 3
    with pytest.raises(
        InputError, match=r"Regularize: expected automatic optimization, .*handle.loss\(\) yourself"
    ):
        fit(both(), Manual())


# the extra pass


class Random(Task):
    """Draws random numbers before the layer."""

    def forward(self, x):
        return super().forward(x + 0.1 * torch.randn_like(x))


def test_an_extra_pass_leaves_no_trace_but_the_statistics():
    # momentum 0 and the last weights: the statistics must be those of all rows under the trained encoder
    fds = smooth(statistics="extra_pass", momentum=0, start_smooth=9)
    one, other = fit([FDSCallback(fds, "encoder")], loader=Loader()), fit([], loader=Loader())
    same(one.state_dict(), other.state_dict())
    assert (one.steps, one.losses) == (other.steps, other.losses)
    assert one.training
    x, y = rows()
    with torch.no_grad():
        z = one.encoder.eval()(x)
    wanted = torch.stack([z[y == k].mean(0) for k in range(5)])
    assert torch.allclose(fds.running_mean, wanted.double(), atol=1e-6)
    assert torch.allclose(fds.running_var[4], z[y == 4].double().var(0), atol=1e-6)


@pytest.mark.parametrize("options", [{"shuffle": True}, {"shuffle": True, "generator": torch.Generator()}])
def test_an_extra_pass_leaves_random_states_as_they_were(options):
    fds = smooth(statistics="extra_pass", start_smooth=9)
    tasks = []
    for callbacks in ([FDSCallback(fds, "encoder")], []):
        if "generator" in options:
            options["generator"].manual_seed(3)
        tasks.append(fit(callbacks, Random(), plain_loader(**options)))
    assert tasks[0].losses == tasks[1].losses


def test_an_extra_pass_takes_as_many_batches_as_training():
    counts = []
    for limit in (3, 1.0):
        fds = smooth(statistics="extra_pass")
        fit([FDSCallback(fds, "encoder")], loader=plain_loader(), limit_train_batches=limit)
        counts.append(int(fds.counts.sum()))
    assert counts == [30, 40]


# several


def test_two_of_a_kind_on_one_layer_are_told():
    sentence = "callbacks: expected one FDSCallback with FDS on layer 'encoder', got two; leave one out"
    with pytest.raises(InputError, match=sentence):
        fit([FDSCallback(smooth(), "encoder"), FDSCallback(smooth(), "encoder")])
    fit([FDSCallback(smooth(), "encoder"), FDSCallback(smooth(), "encoder.0")])
    fit([Regularize(RankSim(), "encoder"), Regularize(ConR(), "encoder", prediction="head")])


# checkpoints


class Saves(Callback):
    """A checkpoint after every batch, every validation and every epoch."""

    def __init__(self, folder):
        self.folder, self.paths = folder, []

    def save(self, trainer):
        self.paths.append(self.folder / f"{len(self.paths)}.ckpt")
        trainer.save_checkpoint(self.paths[-1])

    def on_train_batch_end(self, trainer, *rest):
        self.save(trainer)

    def on_validation_end(self, trainer, *rest):
        if not trainer.sanity_checking:
            self.save(trainer)

    def on_train_epoch_end(self, trainer, *rest):
        self.save(trainer)


class NoDropout(Task):
    """Lightning's checkpoints have no random state; what is cut must not draw."""

    def __init__(self):
        super().__init__()
        self.drop = nn.Identity()


@pytest.mark.parametrize("statistics", ["stream", "extra_pass"])
def test_a_fit_that_was_cut_anywhere_ends_as_one_that_was_not(statistics, tmp_path):
    saves, callbacks = Saves(tmp_path), both(statistics=statistics)
    straight = fit([*callbacks, saves], NoDropout(), Loader())
    assert len(saves.paths) == 3 * (4 + 1 + 1)
    fresh = [FDSCallback(FDS(start_update=0, start_smooth=1, statistics=statistics), "encoder")]
    # inside an epoch, after its last batch, after its validation, after its end, inside the next
    for path in saves.paths[1:2] + saves.paths[3:6] + saves.paths[8:9]:
        resumed = [copy.deepcopy(fresh[0]), Regularize(RankSim(), "encoder")]
        task = fit(resumed, NoDropout(), Loader(), path=path)
        same(task.state_dict(), straight.state_dict())
        for one, other in zip(resumed, callbacks, strict=True):
            same(one.part.state_dict(), other.part.state_dict())


class Skips(NoDropout):
    """Leaves a batch out, and stops an epoch before its end."""

    def training_step(self, batch, batch_idx):
        loss = super().training_step(batch, batch_idx)
        return None if batch_idx == 1 else loss

    def on_train_batch_start(self, batch, batch_idx):
        return -1 if self.current_epoch == 1 and batch_idx == 2 else None


def test_steps_that_are_skipped_and_epochs_that_stop_early(tmp_path):
    saves, callbacks = Saves(tmp_path), both()
    task = fit([*callbacks, saves], Skips(), Loader())
    assert task.steps == 4 + 2 + 4
    assert int(callbacks[0].part.epoch) == 3
    resumed = both()
    again = fit(resumed, Skips(), Loader(), path=saves.paths[4 + 1 + 1 + 2])  # the end of the short epoch
    same(again.state_dict(), task.state_dict())
    same(resumed[0].part.state_dict(), callbacks[0].part.state_dict())


def test_checkpoints_hold_the_model_and_beside_it_the_parts(tmp_path):
    saves = Saves(tmp_path)
    task = fit([*both(), saves])
    kept = torch.load(saves.paths[-1], weights_only=True)
    assert list(kept["state_dict"]) == list(Task().state_dict()) == list(task.state_dict())
    names = {name for name in kept["callbacks"] if "Saves" not in name}
    assert names == {
        "FDSCallback{'part': 'FDS', 'layer': 'encoder'}",
        "Regularize{'part': 'RankSim', 'layer': 'encoder'}",
    }
    Task.load_from_checkpoint(saves.paths[-1])
    fit([*both(), ModelCheckpoint(tmp_path / "best")], enable_checkpointing=True)
    assert len(list((tmp_path / "best").iterdir())) == 1


# nothing stays behind


def clean(task):
    assert "training_step" not in vars(task)
    assert not any(module._forward_hooks for module in task.modules())


def test_the_module_is_as_it_was_after_the_fit_and_after_a_failure():
    clean(fit(both()))

    class Fails(Task):
        def training_step(self, batch, batch_idx):
            raise KeyError("mine")

    for callbacks, mistake in (
        (both(), KeyError),
        ([*both(), FDSCallback(smooth(), "encodr")], UnknownNameError),
        ([FDSCallback(smooth(), "drop")], InputError),
    ):
        task = (Fails if mistake is KeyError else Unused)()
        with pytest.raises(mistake):
            fit(callbacks, task)
        clean(task)
    callbacks = both()
    assert fit(callbacks, fit(callbacks)).losses  # and can be fitted again
    assert int(callbacks[0].part.epoch) == 6


class Unused(Task):
    """Never calls its dropout."""

    def forward(self, x):
        return self.head(self.encoder(x)).squeeze(1)


def test_a_step_that_was_an_attribute_comes_back():
    task = Task()
    mine = task.training_step
    task.training_step = lambda batch, batch_idx: mine(batch, batch_idx)
    kept = task.training_step
    fit(both(), task)
    assert task.training_step is kept


def test_a_module_copied_or_pickled_in_a_fit_is_its_own():
    class Copies(Callback):
        def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
            file = io.BytesIO()
            bare = copy.deepcopy(pl_module)
            bare._trainer = pl_module._trainer = None
            torch.save(bare, file)
            pl_module._trainer = trainer
            self.file, self.copy = file, bare

    copies = Copies()
    task = fit([*both(), copies], epochs=1)
    assert b"evenreg" not in copies.file.getvalue()
    steps = copies.copy.steps
    copies.copy.log = lambda *arguments: None
    copies.copy.training_step(rows(), 0)  # needs no labels, moves no other module
    assert (copies.copy.steps, task.steps) == (steps + 1, steps)


def test_predictions_and_validation_see_the_model_alone():
    task = fit(both())
    trainer = pl.Trainer(callbacks=both(), **QUIET)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="lightning|torch")
        predicted = torch.cat(trainer.predict(task, plain_loader()))
        trainer.validate(task, plain_loader(), verbose=False)
    # Batches of another size may round otherwise.
    torch.testing.assert_close(predicted, task.eval()(rows()[0]).detach(), rtol=1e-5, atol=1e-6)


# mistakes


def test_the_wrong_callback_for_a_part():
    with pytest.raises(
        InputError, match="part: expected an FDS, got RankSim; for a regularizer take Regularize"
    ):
        FDSCallback(RankSim(), "encoder")
    with pytest.raises(InputError, match="part: expected a regularizer, got FDS; for FDS take FDSCallback"):
        Regularize(smooth(), "encoder")
    for callback in (FDSCallback, Regularize):
        with pytest.raises(InputError, match="got the class FDS; make one of it"):
            callback(FDS, "encoder")


@pytest.mark.parametrize(
    ("callbacks", "mistake", "sentence"),
    [
        (
            lambda: [FDSCallback(smooth(), "encodr")],
            UnknownNameError,
            "no layer named 'encodr'; did you mean 'encoder'",
        ),
        (
            lambda: [Regularize(RankSim(), "drop")],
            InputError,
            "layer 'drop': expected one call in each forward, got none",
        ),
        (lambda: [FDSCallback(smooth(), "encoder", target=lambda b: 3)], InputError, "from target=, got int"),
    ],
)
def test_mistakes_are_told_when_the_fit_begins(callbacks, mistake, sentence):
    with pytest.raises(mistake, match=sentence):
        fit(callbacks(), Unused())
