"""Stages in training: what each moves, what a cut leaves, and that a resumed run ends as one that was not cut."""

import shutil

import lightning.pytorch as pl
import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from evenreg.data import Images, table_from_frame
from evenreg.errors import CheckpointError, InputError
from evenreg.heads import GroupHead
from evenreg.models import TableMLP
from evenreg.training import Budget, Draw, ImageSource, Method, Rows, TableSource, load_model, train_cell

CPU = {"accelerator": "cpu", "devices": 1}


def frame(n=160):
    rng = np.random.default_rng(0)
    size = rng.gamma(2.0, 2.0, n)
    return pd.DataFrame(
        {"price": 1 + 5 * size + rng.normal(0, 0.1, n), "size": size, "noise": rng.normal(size=n)}
    )


def draw_of(augments=False):
    source = TableSource(table_from_frame(frame(), "price"), bin_width=5.0)
    source.batch_size, source.augments = 48, augments
    return Draw(source, seed=0)


@pytest.fixture(scope="module")
def draw():
    return draw_of()


def trained(words, draw, folder, *callbacks, epochs=2, seconds=1e9, **options):
    budget = Budget(epochs, epochs, seconds, trainer={**CPU, "callbacks": list(callbacks)})
    return train_cell(Method.parse(words), draw, folder, budget=budget, **options)


def state(module):
    return {name: value.clone() for name, value in module.state_dict().items() if torch.is_tensor(value)}


def same(found, expected):
    return found.keys() == expected.keys() and all(torch.equal(found[name], expected[name]) for name in found)


def parts(result):
    """Weights of encoder and head."""
    return state(result.model.task.encoder), state(result.model.task.head)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("stages")


@pytest.fixture(scope="module")
def vanilla(draw, folder):
    return trained("vanilla", draw, folder / "vanilla")


@pytest.fixture(scope="module")
def rrt(draw, folder):
    return trained("rrt", draw, folder / "rrt")


class Watch(pl.Callback):
    """Notes the task, the loader and the batches of every stage."""

    def __init__(self):
        self.tasks, self.rows, self.bins = [], [], []

    def on_train_start(self, trainer, pl_module):
        self.tasks.append(pl_module)
        data = trainer.train_dataloader.dataset
        self.rows.append(data[torch.arange(len(data))])
        self.bins.append([])

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        self.bins[-1].append(batch.bin.tolist())


class TestRRT:
    def test_the_first_stage_is_vanilla_and_the_second_leaves_its_encoder_alone(self, vanilla, rrt):
        (encoder, head), (expected, head_before) = parts(rrt), parts(vanilla)
        assert same(encoder, expected)
        assert not same(head, head_before)

    def test_curves_tell_the_stages(self, vanilla, rrt):
        assert [(row["stage"], row["epoch"]) for row in rrt.curves] == [(1, 1), (1, 2), (2, 1), (2, 2)]
        assert rrt.curves[:2] == vanilla.curves

    def test_folders(self, rrt, folder):
        assert sorted(p.relative_to(folder / "rrt").as_posix() for p in (folder / "rrt").rglob("*.*")) == [
            f"stage-{i}/{name}" for i in (1, 2) for name in ("best.ckpt", "done.json")
        ]

    def test_the_head_is_fresh(self, draw, tmp_path):
        """It starts neither at the first stage's end nor at its start."""
        starts, ends = [], []

        class Ends(pl.Callback):
            def on_train_start(self, trainer, pl_module):
                starts.append(state(pl_module.head))

            def on_train_end(self, trainer, pl_module):
                ends.append(state(pl_module.head))

        trained("rrt", draw, tmp_path, Ends())
        assert len(starts) == len(ends) == 2
        for other in (starts[0], ends[0]):
            assert not torch.allclose(starts[1]["linear.weight"], other["linear.weight"])

    @pytest.mark.parametrize("words", ["rrt + cb(beta=0.9)", "rrt + sqinv + lds", "rrt + bmc", "rrt + mse"])
    def test_what_stands_beside_it_acts(self, words, draw, rrt, tmp_path):
        found = trained(words, draw, tmp_path)
        assert not np.array_equal(found.prediction, rrt.prediction)
        # Weights and Balanced MSE act in the second stage only; a cost in both.
        assert same(parts(found)[0], parts(rrt)[0]) == (words != "rrt + mse")

    def test_weights_are_those_of_the_second_stage(self, draw, tmp_path):
        watch = Watch()
        trained("rrt", draw, tmp_path, watch)
        first, second = (rows.weight.numpy() for rows in watch.rows)
        assert np.array_equal(first, np.ones(len(draw.train)))
        np.testing.assert_allclose(second, draw.weights(Method.parse("inv")), rtol=1e-6)
        assert second.std() > 0.1

    def test_ranksim_and_fds_act_in_the_first_stage(self, draw, rrt, tmp_path):
        for i, words in enumerate(("rrt + ranksim", "rrt + fds(start_update=0, start_smooth=1)")):
            watch = Watch()
            found = trained(words, draw, tmp_path / str(i), watch)
            assert not same(parts(found)[0], parts(rrt)[0])
            first, second = watch.tasks
            assert len(first.regularizers) + (first.calibration is not None) == 1
            assert len(second.regularizers) + (second.calibration is not None) == 0

    def test_features_that_are_kept_give_the_same_head(self, rrt, tmp_path):
        watch = Watch()
        found = trained("rrt", draw_of(augments=True), tmp_path, watch)
        assert watch.tasks[1].encoder.encoder is found.model.task.encoder  # not kept, and frozen
        assert same(parts(found)[0], parts(rrt)[0])
        for name, value in parts(rrt)[1].items():
            torch.testing.assert_close(parts(found)[1][name], value, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(found.prediction, rrt.prediction, rtol=1e-5)


class Normed(nn.Module):
    """An encoder whose buffers move in train mode."""

    out_features, config = 16, {}

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3))

    def forward(self, numeric, other):
        return self.layers(torch.cat([numeric, other], 1))


@pytest.mark.parametrize("augments", [False, True])
@pytest.mark.parametrize("words", ["rrt", "cls + crt"])
def test_running_statistics_stand_still_bit_for_bit(words, augments, tmp_path, monkeypatch):
    draw = draw_of(augments)
    monkeypatch.setattr(draw.prepared, "encoder", Normed)
    first = trained(words.split(" + crt")[0].replace("rrt", "vanilla"), draw, tmp_path / "first")
    both = trained(words, draw, tmp_path / "both")
    assert parts(both)[0]["layers.1.num_batches_tracked"] > 0
    assert same(parts(both)[0], parts(first)[0])
    assert not same(parts(both)[1], parts(first)[1])


class TestClassifier:
    def test_the_second_stage_meets_every_bin_alike(self, draw, tmp_path):
        watch = Watch()
        trained("cls + crt", draw, tmp_path, watch)
        populated = np.flatnonzero(draw.space.counts)
        assert draw.space.counts.max() > 3 * draw.space.counts[populated].min()
        for batch in watch.bins[1]:
            counts = np.bincount(batch, minlength=len(draw.space.bins))[populated]
            assert counts.max() - counts.min() <= 1
        counts = np.bincount(np.concatenate(watch.bins[0]), minlength=len(draw.space.bins))[populated]
        assert counts.max() > 3 * counts.min()

    @pytest.mark.parametrize(
        "words", ["cls + cb(beta=0.9)", "cls + crt", "cls(decode=expectation)", "cls + inv"]
    )
    def test_what_stands_beside_it_acts(self, words, draw, tmp_path):
        # By probabilities: bin centres alone may well be the same.
        plain, other = (trained(w, draw, tmp_path / w) for w in ("cls(expectation)", words))
        plain_state, other_state = parts(plain), parts(other)
        if words == "cls(decode=expectation)":
            assert same(other_state[0], plain_state[0])
            assert not np.array_equal(trained("cls", draw, tmp_path / "argmax").prediction, plain.prediction)
        else:
            assert not same(other_state[1], plain_state[1])


class TestContrastFirst:
    WORDS = "rnc(stage=first, views=2) + sqinv"

    def test_the_encoder_alone_is_trained_and_chosen_on_the_contrast(self, draw, tmp_path):
        starts, watch = [], Watch()

        class Heads(pl.Callback):
            def on_train_start(self, trainer, pl_module):
                starts.append(state(pl_module.head))

        found = trained(self.WORDS, draw, tmp_path, Heads(), watch, epochs=3)
        assert same(state(watch.tasks[0].head), starts[0])
        assert not any(p.requires_grad for p in watch.tasks[0].head.parameters())
        assert not same(state(watch.tasks[1].head), starts[1])
        first = [row for row in found.curves if row["stage"] == 1]
        second = [row for row in found.curves if row["stage"] == 2]
        assert all(set(row) == {"stage", "epoch", "RankNContrast_loss", "val_contrast"} for row in first)
        assert all(set(row) == {"stage", "epoch", "train_loss", "val_bmae"} for row in second)
        assert first[-1]["RankNContrast_loss"] < first[0]["RankNContrast_loss"]
        best = torch.load(tmp_path / "stage-1" / "best.ckpt", weights_only=True)
        lowest = min(first, key=lambda row: row["val_contrast"])
        assert best["epoch"] + 1 == lowest["epoch"]

    @pytest.mark.parametrize("words", ["group-contrast(3, stage=first)", "rnc(stage=first) + ranksim"])
    def test_others_train_too(self, words, draw, tmp_path):
        found = trained(words, draw, tmp_path)
        plain = trained("rnc(stage=first)", draw, tmp_path / "plain")
        assert np.isfinite(found.prediction).all()
        assert not same(parts(found)[0], parts(plain)[0])

    def test_groups_on_it(self, draw, tmp_path):
        found = trained("group(3) + group-contrast(3, stage=first)", draw, tmp_path)
        assert isinstance(found.model.task.head, GroupHead)
        assert found.routing is not None


@pytest.fixture(scope="module")
def pictures():
    rng = np.random.default_rng(1)
    images = rng.random((90, 1, 16, 16)).astype(np.float32)
    split = np.where(np.arange(90) < 75, "pool", "test")
    source = ImageSource(
        Images(images, rng.gamma(1.0, 10.0, 90), split, np.arange(90), "angle", "f" * 64), 5.0
    )
    return Draw(source, 0)


class TestViews:
    @pytest.mark.parametrize("words", ["rnc", "group-contrast(n=3{})"])
    def test_a_second_view_changes_what_is_learned(self, words, draw, tmp_path):
        both = ("rnc", "rnc(views=2)") if words == "rnc" else (words.format(""), words.format(", views=2"))
        one, two = (trained(w, draw, tmp_path / w) for w in both)
        assert not same(parts(one)[0], parts(two)[0])

    @pytest.mark.parametrize("kind", ["table", "images"])
    def test_the_term_is_of_both_views_and_draws_from_torchs_generator(self, kind, draw, pictures, tmp_path):
        of, watch = {"table": draw, "images": pictures}[kind], Watch()
        result = trained("rnc(views=2)", of, tmp_path, watch, epochs=1)
        task = watch.tasks[0].eval()
        batch = trained_rows(watch)[torch.arange(20)]
        features = task.encoder(*batch.inputs)
        scaled = task.scaler(batch.target)

        def term(seed):
            torch.manual_seed(seed)
            found = task._regularized(features, batch, task.predicted(features).value, scaled)
            return found["RankNContrast_loss"].item()

        assert term(0) == term(0)
        assert term(0) != term(1)
        # By hand: the other view is of the same rows, a little moved, and its rows have their labels again.
        torch.manual_seed(0)
        moved = of.prepared.second_view(batch.inputs)
        if kind == "table":
            assert not torch.equal(moved[0], batch.inputs[0])
            assert (moved[0] - batch.inputs[0]).std() < 0.2 * batch.inputs[0].std()
            assert moved[1] is batch.inputs[1]
        else:
            inside = batch.inputs[0][:, :, 1:-1, 1:-1]
            shifts = [(0, 1), (1, 0), (0, -1), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1)]
            for image, original in zip(moved[0], batch.inputs[0], strict=True):
                assert any(
                    torch.equal(image[:, 1:-1, 1:-1], original.roll(s, (1, 2))[:, 1:-1, 1:-1]) for s in shifts
                )
            assert not torch.equal(moved[0][:, :, 1:-1, 1:-1], inside)
        (part,) = task.regularizers
        both, labels = torch.cat([features, task.encoder(*moved)]), torch.cat([batch.target] * 2)
        assert part(both, labels).item() == pytest.approx(term(0), rel=1e-5)
        assert part(features, batch.target).item() != pytest.approx(term(0), rel=1e-3)
        assert np.isfinite(result.prediction).all()


def trained_rows(watch):
    return Rows(*watch.rows[0])


class TestGroups:
    def test_curves_hold_the_means_of_an_epochs_terms(self, draw, tmp_path):
        found = trained("group(3, lambda1=2, lambda2=0.5)", draw, tmp_path)
        for row in found.curves:
            total = 2 * row["regression_loss"] + 0.5 * row["classification_loss"]
            assert row["train_loss"] == pytest.approx(total, rel=1e-5)
            assert {"train_mae", "train_mae_true_group", "val_mae", "val_mae_true_group", "val_bmae"} <= set(
                row
            )

    @pytest.mark.parametrize(
        "words",
        ["group(3) + sqinv + lds", "group(3, grouping=equal_mass) + inv", "log + group(3) + inv"],
    )
    def test_weights_have_mean_one_within_each_group_and_differ_inside(self, words, draw, tmp_path):
        watch = Watch()
        trained(words, draw, tmp_path, watch, epochs=1)
        (task,), (rows,) = watch.tasks, watch.rows
        groups = task.head.groups_of(task.scaler(rows.target))
        assert groups.unique().tolist() == [0, 1, 2]
        for g in range(3):
            assert rows.weight[groups == g].mean().item() == pytest.approx(1, rel=1e-5)
        assert max(rows.weight[groups == g].std() for g in range(3)) > 0.1
        # Inside a group they are in proportion to the weights of the same rows without groups.
        plain = torch.from_numpy(draw.weights(Method.parse(words)))
        for g in range(3):
            ratio = rows.weight[groups == g] / plain[groups == g]
            torch.testing.assert_close(ratio, ratio[:1].expand_as(ratio), rtol=1e-5, atol=0)

    def test_gradients_of_both_terms_reach_the_encoder(self, draw, tmp_path):
        watch = Watch()
        trained("group(3)", draw, tmp_path, watch, epochs=1)
        task, batch = watch.tasks[0], trained_rows(watch)[torch.arange(32)]
        prediction = task.predicted(task.encoder(*batch.inputs))
        terms = task.head.terms(prediction, task.scaler(batch.target), batch.weight, cost=task.loss)
        assert set(terms) == {"regression", "classification"}
        for term in terms.values():
            gradients = torch.autograd.grad(
                term, list(task.encoder.parameters()), retain_graph=True, allow_unused=True
            )
            assert any(g is not None and g.abs().sum() > 0 for g in gradients)

    def test_every_argument_changes_the_trained_predictions(self, draw, tmp_path):
        rows = [
            "group(3)",
            "group(4)",
            "group(3, routing=soft)",
            "group(3, bounded=false)",
            "group(3, target=ce)",
        ]
        rows += ["group(3, target=la)", "group(3, beta=3)", "group(3, grouping=equal_mass)"]
        rows += [
            "group(3, lambda1=3)",
            "group(3, lambda2=3)",
            "group(3) + mse",
            "group(3) + inv",
            "group(3) + ranksim",
        ]
        found = {row: trained(row, draw, tmp_path / row).prediction.round(7).tobytes() for row in rows}
        assert len(set(found.values())) == len(rows)

    def test_one_group_is_told_by_everybody(self, draw, tmp_path):
        routing = trained("group(1)", draw, tmp_path).routing
        assert (routing.accuracy, routing.distance) == (1, 0)
        assert routing.mae == routing.mae_true_group


@pytest.fixture(scope="module")
def regimes():
    """Labels that are a constant and a slope for each of three regimes, which a column tells."""
    rng = np.random.default_rng(3)
    regime, x = np.repeat([0, 1, 2], [120, 50, 30]), rng.uniform(0, 1, 200)
    y = np.array([0.0, 40.0, 80.0])[regime] + np.array([10.0, -10.0, 10.0])[regime] * x + 10 * (regime == 1)
    table = pd.DataFrame({"y": y, "x": x, "regime": np.array(["a", "b", "c"])[regime]})
    source = TableSource(table_from_frame(table, "y"), bin_width=2.0)
    source.batch_size = 32
    return Draw(source, 0)


class TestPiecewise:
    def test_groups_find_them(self, regimes, tmp_path):
        found = trained("group(3)", regimes, tmp_path, epochs=30)
        y = regimes.source.y[regimes.source.test]
        assert found.routing.accuracy == 1
        # A constant a regime, true regimes known, is off by 2.5 on the average.
        assert 1.5 < found.routing.mae_constant < 3.5
        assert np.abs(found.prediction - y).mean() < 1.5

    def test_classes_decode_to_the_centres_of_bins(self, regimes, tmp_path):
        centers = regimes.source.bins.centers
        found = trained("cls", regimes, tmp_path / "cls", epochs=20)
        assert np.abs(found.prediction[:, None] - centers).min(1).max() < 1e-4
        assert len(np.unique(found.prediction.round(3))) > 3
        mean = trained("cls(decode=expectation)", regimes, tmp_path / "mean", epochs=20)
        assert np.abs(mean.prediction[:, None] - centers).min(1).max() > 1e-2
        # Regimes are told apart, if not the bins inside.
        y = regimes.source.y[regimes.source.test]
        assert np.abs(found.prediction - y).mean() < 8


class Snapshots(pl.Callback):
    """Copies the folder again and again: what would be left of a run killed at that moment."""

    def __init__(self, folder, into):
        self.folder, self.into = folder, into
        into.mkdir()

    def copy(self, *_):
        shutil.copytree(self.folder, self.into / f"{len(list(self.into.iterdir())):03}")

    on_train_epoch_start = on_train_batch_start = copy
    on_validation_start = on_validation_end = on_train_epoch_end = on_train_end = copy


def same_curves(found, straight):
    """All numbers of validation, and those of training but for the epoch that was cut inside."""
    assert [(row["stage"], row["epoch"]) for row in found] == [
        (row["stage"], row["epoch"]) for row in straight
    ]
    assert [{k for k in row if k.startswith("val")} for row in found] == [
        {k for k in row if k.startswith("val")} for row in straight
    ]
    for mine, theirs in zip(found, straight, strict=True):
        assert all(mine[k] == theirs[k] for k in mine if k.startswith("val"))
    return sum(mine != theirs for mine, theirs in zip(found, straight, strict=True))


CUT = {
    "rrt": 2,
    "rnc(stage=first, views=2) + inv": 3,
    "cls + crt": 3,
    "group(3) + group-contrast(3, stage=first) + inv": 5,
}


@pytest.mark.parametrize("words", CUT)
def test_a_run_killed_at_any_moment_ends_as_one_that_was_not(words, draw, tmp_path):
    straight = trained(words, draw, tmp_path / "straight", epochs=3)
    watched = Snapshots(tmp_path / "run", tmp_path / "left")
    assert same(
        *(
            parts(r)[0]
            for r in (straight, trained(words, draw, tmp_path / "run", watched, epochs=3, seconds=0))
        )
    )
    left = sorted((tmp_path / "left").iterdir())
    stages = [(folder / "stage-1" / "done.json").exists() for folder in left]
    assert min(sum(stages), len(stages) - sum(stages)) > 15
    inside = []
    for folder in left[:: CUT[words]]:
        torch.manual_seed(999)  # whatever the random state is
        found = trained(words, draw, folder, epochs=3, seconds=0)
        assert np.array_equal(found.prediction, straight.prediction), folder.name
        assert all(same(a, b) for a, b in zip(parts(found), parts(straight), strict=True)), folder.name
        inside.append(same_curves(found.curves, straight.curves))
    assert max(inside) <= 1
    assert inside.count(0) > len(inside) / 5  # cuts between epochs change nothing at all


def test_a_run_killed_before_a_stage_was_called_done_trains_it_again(draw, rrt, folder, tmp_path):
    shutil.copytree(folder / "rrt" / "stage-1", tmp_path / "stage-1")
    (tmp_path / "stage-1" / "done.json").unlink()
    found = trained("rrt", draw, tmp_path)
    assert np.array_equal(found.prediction, rrt.prediction)
    assert found.curves == rrt.curves


def test_a_finished_run_is_read_and_not_trained(draw, rrt, folder):
    told = []
    again = trained("rrt", draw, folder / "rrt", tell=lambda *_: told.append(1))
    assert told == []
    assert np.array_equal(again.prediction, rrt.prediction)
    assert again.curves == rrt.curves


def press_ctrl_c_after(calls):
    told = []

    def tell(epoch, error):
        told.append(epoch)
        if len(told) == calls:
            raise KeyboardInterrupt

    return tell


class TestCtrlC:
    @pytest.mark.parametrize("calls", [2, 3, 4, 5])
    @pytest.mark.parametrize("words", ["rrt + bmc", "cls + crt"])
    def test_it_leaves_a_usable_model_and_the_run_goes_on(self, words, calls, draw, tmp_path):
        straight = trained(words, draw, tmp_path / "straight", epochs=3)
        with pytest.raises(KeyboardInterrupt):
            trained(words, draw, tmp_path / "cut", epochs=3, seconds=0, tell=press_ctrl_c_after(calls))
        model = load_model(tmp_path / "cut" / "best")
        assert np.isfinite(model.predict(frame())).all()
        assert model.about["method"] == str(Method.parse(words))
        # In the second stage its encoder is that of the first.
        if calls > 3:
            assert same(state(model.task.encoder), parts(straight)[0])
        assert (tmp_path / "cut" / "stage-1" / "done.json").exists() == (calls > 3)
        found = trained(words, draw, tmp_path / "cut", epochs=3)
        assert np.array_equal(found.prediction, straight.prediction)
        assert same_curves(found.curves, straight.curves) <= 1

    class Early(pl.Callback):
        """Ctrl-C before the second stage has been validated."""

        def __init__(self):
            self.starts = 0

        def on_train_start(self, trainer, pl_module):
            self.starts += 1

        def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
            if self.starts == 2:
                raise KeyboardInterrupt

    def test_early_in_the_second_stage_the_first_one_is_the_best_so_far(self, draw, vanilla, tmp_path):
        with pytest.raises(KeyboardInterrupt):
            trained("rrt", draw, tmp_path, self.Early())
        model = load_model(tmp_path / "best")
        assert all(
            same(state(p), q)
            for p, q in zip((model.task.encoder, model.task.head), parts(vanilla), strict=True)
        )
        np.testing.assert_allclose(model.predict(frame())[draw.source.test], vanilla.prediction, rtol=1e-5)

    @pytest.mark.parametrize("early", [True, False])
    def test_an_encoder_without_a_head_is_no_model(self, early, draw, tmp_path):
        words = "rnc(stage=first) + inv"
        callbacks, tell = ([self.Early()], None) if early else ([], press_ctrl_c_after(2))
        with pytest.raises(KeyboardInterrupt):
            trained(words, draw, tmp_path, *callbacks, tell=tell)
        assert not (tmp_path / "best").exists()
        with pytest.raises(KeyboardInterrupt):
            trained(words, draw, tmp_path, seconds=0, tell=press_ctrl_c_after(2 if early else 4))
        assert np.isfinite(load_model(tmp_path / "best").predict(frame())).all()


def test_a_first_stage_of_another_model_is_refused_with_what_differs(
    draw, folder, rrt, tmp_path, monkeypatch
):
    shutil.copytree(folder / "rrt" / "stage-1", tmp_path / "stage-1")
    made = draw.prepared.encoder().config
    monkeypatch.setattr(draw.prepared, "encoder", lambda: TableMLP(**{**made, "width": 32}))
    with pytest.raises(
        CheckpointError,
        match=r"stage-1/best\.ckpt: expected a checkpoint of this task, got another's \(of another shape "
        r"encoder\.blocks\.0\.bias, encoder\.blocks\.0\.weight, encoder\.blocks\.3\.bias and 2 more\); train again\.",
    ):
        trained("rrt", draw, tmp_path)
    monkeypatch.setattr(draw.prepared, "encoder", lambda: TableMLP(**{**made, "depth": 1}))
    with pytest.raises(
        CheckpointError, match=r"\(it has in addition encoder\.blocks\.3\.bias, encoder\.blocks"
    ):
        trained("rrt", draw, tmp_path)


@pytest.mark.parametrize("words", ["rrt", "rnc(stage=first, views=2)", "cls + crt", "group(3)"])
def test_the_same_seed_gives_the_same_numbers_and_leaves_global_random_state_alone(words, draw, tmp_path):
    torch.manual_seed(3)
    before = torch.get_rng_state()
    first = trained(words, draw, tmp_path / "1", epochs=1)
    assert torch.equal(before, torch.get_rng_state())
    torch.manual_seed(4)
    second = trained(words, draw, tmp_path / "2", epochs=1)
    assert np.array_equal(first.prediction, second.prediction)
    assert first.curves == second.curves


def test_a_persons_own_callbacks_see_every_stage_and_are_left_as_they_are(draw, tmp_path):
    watch, budget = Watch(), Budget(1, 1, trainer=CPU)
    trainer = {**CPU, "callbacks": watch}  # one, not in a list, as Lightning takes it
    train_cell(Method.parse("rrt"), draw, tmp_path, budget=Budget(1, 1, trainer=trainer))
    assert len(watch.tasks) == 2
    assert trainer["callbacks"] is watch
    assert dict(budget.trainer) == CPU


def test_groups_without_rows_are_refused_in_label_units(tmp_path):
    gap = frame().assign(price=lambda rows: np.where(rows["price"] > 30, 200 + rows["price"], rows["price"]))
    source = TableSource(table_from_frame(gap, "price"), bin_width=5.0)
    with pytest.raises(InputError, match=r"got none in group \d, .* take fewer groups") as caught:
        trained("group(6)", Draw(source, seed=0), tmp_path)
    low, high = (float(edge) for edge in str(caught.value).split(", ")[2].split(" and ")[0].split(" to "))
    assert 10 < low < high < 220  # not in standard deviations
