"""Resampling words in training: which rows a model sees, which never change, and what sees rows as they were."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from lightning.pytorch import Callback

from evenreg.data import Images, table_from_frame
from evenreg.errors import InputError, TargetError
from evenreg.features import FDS
from evenreg.losses import BNILoss
from evenreg.resampling import SMOGN
from evenreg.training import Budget, Draw, ImageSource, Method, TableSource, _task, load_model, train_cell
from evenreg.training._batches import Batch
from evenreg.training._fit import predict
from evenreg.training._resample import resampled_rows
from evenreg.training._stage import stages_of
from evenreg.training._task import _observed

CPU = {"accelerator": "cpu", "devices": 1}
SAMPLERS = ["smoter", "smogn", "gn", "ro", "ru", "wercs"]


def frame(n=300):
    """Skewed prices, a column with gaps, a nominal one."""
    rng = np.random.default_rng(0)
    size = rng.gamma(1.5, 2.0, n)
    made = pd.DataFrame(
        {"price": np.exp(size / 3) + rng.normal(0, 0.1, n) + 1, "size": size, "city": rng.choice([*"abc"], n)}
    )
    made.loc[::17, "size"] = np.nan
    return made


@pytest.fixture(scope="module")
def draw():
    return draw_of(0)


def draw_of(seed):
    source = TableSource(table_from_frame(frame(), "price"), bin_width=2.0)
    source.batch_size = 64
    return Draw(source, seed=seed)


def trained(words, draw, folder, epochs=2):
    return train_cell(Method.parse(words), draw, folder, budget=Budget(epochs, epochs, 1e9, trainer=CPU))


@pytest.mark.parametrize("word", [*SAMPLERS, "smogn + lds"])
def test_rows_come_from_training_rows_alone(word, draw):
    made = resampled_rows(Method.parse(word), draw)
    y = draw.source.y[draw.train]
    assert made.before == len(y)
    assert len(made.features) == len(made.y) == len(made.observed)
    cities = set(draw.source.table.features["city"].iloc[draw.train])
    assert set(made.features["city"]) <= cities
    kept = made.features[made.observed]
    own = draw.source.table.features.iloc[draw.train]
    # Rows that count for statistics are training rows as they came, each once.
    pd.testing.assert_frame_equal(
        kept.assign(y=made.y[made.observed]).sort_values("y", ignore_index=True),
        own.assign(y=y)[np.isin(y, made.y[made.observed])].sort_values("y", ignore_index=True),
    )
    assert made.y.mean() > y.mean() * 0.9


def test_rows_are_those_of_the_sampler_with_the_seed_of_the_cell(draw):
    made = resampled_rows(Method.parse("smogn(k=3)"), draw)
    own = draw.source.table.features.iloc[draw.train].reset_index(drop=True)
    features, y = SMOGN(k=3, random_state=0).fit_resample(own, draw.source.y[draw.train])
    pd.testing.assert_frame_equal(made.features, features)
    np.testing.assert_array_equal(made.y, y)
    again = resampled_rows(Method.parse("smogn(k=3)"), draw)
    np.testing.assert_array_equal(again.y, made.y)
    one = draw_of(1)
    other = resampled_rows(Method.parse("smogn(k=3)"), one)
    own = one.source.table.features.iloc[one.train].reset_index(drop=True)
    np.testing.assert_array_equal(
        other.y, SMOGN(k=3, random_state=1).fit_resample(own, one.source.y[one.train])[1]
    )
    assert len(other.y) != len(made.y) or not np.allclose(other.y, made.y)


def test_a_method_without_such_a_word_is_left_alone(draw):
    assert resampled_rows(Method.parse("sqinv + lds"), draw) is None


def test_each_word_trains_another_model_and_says_on_how_many_rows(draw, tmp_path):
    for model, words in (("", SAMPLERS), ("hgb + ", SAMPLERS)):
        plain = trained(model.rstrip(" +") or "vanilla", draw, tmp_path / f"plain{len(model)}").prediction
        for word in words:
            result = trained(model + word, draw, tmp_path / (model + word))
            assert not np.allclose(result.prediction, plain), model + word
            made = resampled_rows(Method.parse(word), draw)
            assert result.resampled == made.facts == result.model.about["resampled"]


def test_the_whole_cell_repeats_and_is_stored_with_its_facts(draw, tmp_path):
    one, two = (trained("smogn + lds + fds", draw, tmp_path / name) for name in "ab")
    np.testing.assert_array_equal(one.prediction, two.prediction)
    one.model.save(tmp_path / "model")
    assert json.loads((tmp_path / "model" / "model.json").read_text())["resampled"] == one.resampled
    model = load_model(tmp_path / "model")
    np.testing.assert_allclose(model.predict(frame().iloc[draw.source.test]), one.prediction, rtol=1e-5)


def test_global_random_numbers_have_no_part_in_it(draw, tmp_path):
    np.random.seed(1)  # noqa: NPY002 - the very thing that must not matter
    torch.manual_seed(1)
    one = trained("smoter", draw, tmp_path / "a").prediction
    torch.manual_seed(2)
    np.testing.assert_array_equal(trained("smoter", draw, tmp_path / "b").prediction, one)


def test_validation_and_test_rows_are_as_they_were(draw, tmp_path):
    result = trained("smogn", draw, tmp_path)
    inputs = tuple(tensor[draw.source.test] for tensor in draw.prepared.inputs)
    np.testing.assert_allclose(predict(result.model.task, inputs).numpy()[:, 0], result.prediction, rtol=1e-6)


def test_the_prior_is_that_of_resampled_labels(draw, tmp_path, monkeypatch):
    seen, own = [], BNILoss.fit

    def fit(self, space):
        seen.append(space)
        return own(self, space)

    monkeypatch.setattr(BNILoss, "fit", fit)
    for words in ("bni", "smogn + bni"):
        trained(words, draw, tmp_path / words, epochs=1)
    plain, balanced = seen
    made = resampled_rows(Method.parse("smogn"), draw)
    assert balanced.n == len(made.y)
    assert np.array_equal(plain.bins.edges, balanced.bins.edges)
    assert not np.array_equal(plain.counts, balanced.counts)


@pytest.mark.parametrize("statistics", ["stream", "extra_pass"])
def test_statistics_of_features_count_each_training_row_once(statistics, draw, tmp_path, monkeypatch):
    seen, own = [], FDS.observe

    def observe(self, features, target):
        seen.append(target)
        own(self, features, target)

    monkeypatch.setattr(FDS, "observe", observe)
    words = f"smogn + fds(start_update=0, start_smooth=1, statistics={statistics})"
    result = trained(words, draw, tmp_path, epochs=1)
    made = resampled_rows(Method.parse("smogn"), draw)
    last = torch.cat(seen)[
        -len(made.y) :, 0
    ].numpy()  # of an extra pass, which comes last, or of the only one
    assert result.resampled["synthetic"] > 0
    assert np.isnan(last).sum() == (~made.observed).sum()
    np.testing.assert_allclose(np.sort(last[~np.isnan(last)]), np.sort(made.y[made.observed]))


@pytest.mark.parametrize("words", ["smogn", "ro", "wercs"])
def test_statistics_are_those_of_training_rows_once_each(words, draw, tmp_path, monkeypatch):
    """Of an encoder that does not learn, which tells what is observed from what is learned."""
    kept, own = [], FDS.end_epoch

    def end_epoch(self):
        own(self)
        kept.append(self)

    monkeypatch.setattr(FDS, "end_epoch", end_epoch)
    monkeypatch.setattr(draw.source, "optimizer", {"learning_rate": 1e-30, "weight_decay": 0.0})
    fds = "fds(start_update=0, start_smooth=1, statistics=extra_pass)"
    trained(f"{words} + {fds}", draw, tmp_path / "own", epochs=1)
    monkeypatch.setattr(_task, "_observed", lambda batch: batch.target)
    trained(f"{words} + {fds}", draw, tmp_path / "all", epochs=1)
    made = resampled_rows(Method.parse(words), draw)
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(draw.seed)
        features = draw.prepared.encoder().eval()(*draw.prepared.inputs_of(made.features))
    found, blind = kept
    expected = FDS(start_update=0, start_smooth=1).fit(draw.space)
    expected.observe(features[made.observed], torch.from_numpy(made.y[made.observed])[:, None])
    expected.end_epoch()
    for name in ("running_mean", "running_var"):
        torch.testing.assert_close(getattr(found, name), getattr(expected, name), rtol=1e-5, atol=1e-6)
    assert torch.equal(found.counts, expected.counts)
    assert not torch.equal(found.counts, blind.counts)
    assert not torch.allclose(found.running_mean, blind.running_mean, atol=1e-4)


@pytest.mark.parametrize("words", ["smogn + lds + fds", "rrt + ro"])
def test_a_run_that_was_cut_ends_like_one_that_was_not(words, draw, tmp_path):
    class Cut(Callback):
        def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
            if (trainer.current_epoch, batch_idx) == (2, 1):
                raise RuntimeError("power cut")

    def run(folder, *callbacks):
        budget = Budget(4, 4, 0.0, trainer={**CPU, "callbacks": list(callbacks)})
        return train_cell(Method.parse(words), draw, folder, budget=budget).prediction

    straight = run(tmp_path / "straight")
    with pytest.raises(RuntimeError, match="power cut"):
        run(tmp_path / "cut", Cut())
    np.random.seed(5)  # noqa: NPY002 - has no part in what is made
    np.testing.assert_array_equal(run(tmp_path / "cut"), straight)


def test_the_encoder_of_rrt_learns_from_rows_as_they_are(draw, tmp_path):
    plain, resampled = (
        trained(f"rrt{word}", draw, tmp_path / f"rrt{word}").model.task for word in ("", " + ro")
    )
    for name, value in plain.encoder.state_dict().items():
        assert torch.equal(value, resampled.encoder.state_dict()[name]), name
    assert not torch.equal(plain.head.linear.weight, resampled.head.linear.weight)


def test_labels_made_that_have_no_logarithm_are_told(tmp_path):
    rng = np.random.default_rng(0)
    y = np.r_[rng.uniform(5, 6, 180), rng.uniform(0.001, 0.2, 20)]
    table = pd.DataFrame({"y": y, "x": rng.normal(size=200)})
    draw = Draw(TableSource(table_from_frame(table, "y")), seed=0)
    with pytest.raises(
        InputError, match=r"expected labels above 0, which have a logarithm, got \d+ made by gn"
    ):
        trained("log + gn(perturbation=3)", draw, tmp_path)


def test_dates_come_from_the_row_that_a_row_was_made_from(draw):
    table = frame().assign(sold=pd.date_range("2020", periods=300))
    dated = Draw(TableSource(table_from_frame(table, "price"), bin_width=2.0), seed=0)
    made, plain = (resampled_rows(Method.parse("smoter"), d) for d in (dated, draw))
    pd.testing.assert_frame_equal(made.features.drop(columns="sold"), plain.features)
    assert set(made.features["sold"]) <= set(table["sold"].iloc[dated.train])
    alone = table[["price", "sold"]]
    with pytest.raises(InputError, match="got dates alone; leave smoter out"):
        resampled_rows(Method.parse("smoter"), Draw(TableSource(table_from_frame(alone, "price")), seed=0))


def test_a_row_that_is_not_observed_is_calibrated_all_the_same():
    batch = Batch(
        (), torch.tensor([[1.0], [2.0]]), torch.ones(2), torch.zeros(2), torch.tensor([True, False])
    )
    assert _observed(batch)[0] == 1
    assert _observed(batch)[1].isnan()
    assert torch.equal(_observed(batch._replace(observed=True)), batch.target)
    assert _observed(batch._replace(observed=False)).isnan().all()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("smogn + lds + fds", ["smogn + lds + fds"]),
        ("smogn + mixup", ["smogn + mixup"]),
        ("rrt + smogn + lds + fds", ["fds", "smogn + lds"]),
        ("rrt + ro + bmc", ["vanilla", "ro + bmc"]),
        ("rnc(stage=first) + smogn", ["smogn + rnc(stage=first)", "smogn"]),
    ],
)
def test_where_resampled_rows_act(text, expected):
    assert [str(stage.method) for stage in stages_of(Method.parse(text))] == expected


def test_every_stage_of_two_trains(draw, tmp_path):
    for words in (
        "rrt + smogn",
        "rnc(stage=first) + smoter",
        "group(3) + smogn",
        "cls + ro",
        "smogn + mixup",
    ):
        assert np.isfinite(trained(words, draw, tmp_path / words).prediction).all()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("smogn + sqinv", "corrects twice"),
        ("cls + crt + smogn", "corrects twice"),
        ("group(target=la) + smogn", r"group\(target=ce\)"),
        ("smogn + bni + lds", r"smogn\(relevance=density\) \+ bni"),
        ("vanilla + smogn", "vanilla means the cost"),
    ],
)
def test_words_that_correct_twice_are_refused(text, told):
    with pytest.raises(InputError, match=told):
        Method.parse(text)


def test_labels_without_extremes_are_told_in_words(tmp_path):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"y": rng.uniform(1, 2, 200), "x": rng.normal(size=200)})
    draw = Draw(TableSource(table_from_frame(table, "y")), seed=0)
    with pytest.raises(TargetError, match=r"take 'smogn \+ lds'"):
        trained("smogn", draw, tmp_path)


def test_images_are_not_resampled(tmp_path):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 10, 200).astype(float)
    split = np.array(["pool"] * 150 + ["test"] * 50)
    images = Images(rng.normal(size=(200, 1, 16, 16)).astype(np.float32), y, split, np.arange(200), "y", "f")
    with pytest.raises(InputError, match=r"smogn expects the columns of a table, got images"):
        trained("smogn", Draw(ImageSource(images), seed=0), tmp_path)
