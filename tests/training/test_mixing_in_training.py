"""Mixing in training: what is blended, what sees rows as they are, and the words for it."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from evenreg.data import table_from_frame
from evenreg.errors import InputError, UnknownNameError
from evenreg.features import FDS, RankNContrast
from evenreg.labels import LabelSpace
from evenreg.losses import BNILoss, L1Loss
from evenreg.mixing import AbstractMixing, CMixup, ManifoldMixup, Mix, Mixup
from evenreg.models import SmallCNN, TableMLP
from evenreg.training import Budget, Draw, Method, RegressionTask, Rows, TableSource, train_cell
from evenreg.training._batches import Batch, memory_loader
from evenreg.training._blended_labels import blended_labels
from evenreg.training._fit import fit
from evenreg.training._scaler import TargetScaler
from evenreg.training._stage import stages_of

CPU = {"accelerator": "cpu", "devices": 1}
WORDS = ["mixup", "manifold-mixup", "c-mixup"]


class Fixed(AbstractMixing):
    """The first row is blended with the last, and so on."""

    def __init__(self):
        super().__init__(1.0)
        self.seen = []

    def __call__(self, target):
        self.seen.append(target)
        return Mix(self._partners(target), torch.full((len(target),), 0.25))

    def _partners(self, target):
        return torch.arange(len(target)).flip(0)


def task_of(mixing=None, loss=None, **options):
    torch.manual_seed(0)
    return RegressionTask(nn.Linear(2, 3), nn.Linear(3, 1), loss or L1Loss(), mixing=mixing, **options)


def batch_of(rows=6):
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(rows, 2, generator=generator)
    y = torch.rand(rows, 1, generator=generator).double() * 9 + 1
    weight = torch.rand(rows, generator=generator)
    return Batch((x,), y, weight, torch.zeros(rows, dtype=torch.int64))


def quiet(task):
    """The task outside a trainer."""
    task.log = lambda *args, **kwargs: None
    return task


def test_inputs_labels_and_weights_are_blended_by_the_same_shares():
    batch, mix = batch_of(), Fixed()(batch_of().target)
    found = quiet(task_of(Fixed())).training_step(batch, 0)
    blended = Batch((mix(batch.inputs[0]),), mix(batch.target), mix(batch.weight), batch.bin)
    torch.testing.assert_close(found, quiet(task_of()).training_step(blended, 0))
    for left in ("inputs", "target", "weight"):  # and one that is not would be seen
        other = blended._replace(**{left: getattr(batch, left)})
        assert abs(float((found - quiet(task_of()).training_step(other, 0)).detach())) > 1e-3


def test_a_layer_of_the_encoder_is_blended():
    torch.manual_seed(0)
    encoder = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 3))
    mixing = ManifoldMixup(["1"])
    task = quiet(RegressionTask(encoder, nn.Linear(3, 1), L1Loss(), mixing=mixing))
    batch = batch_of()
    torch.manual_seed(3)
    found = task.training_step(batch, 0)
    torch.manual_seed(3)
    mix = mixing(batch.target)
    features = encoder[2](mix(encoder[1](encoder[0](batch.inputs[0]))))
    expected = (mix(batch.weight)[:, None] * (task.head(features) - mix(batch.target).float()).abs()).mean()
    torch.testing.assert_close(found, expected)


def test_labels_are_blended_where_the_network_learns_them():
    scaler = TargetScaler(log=True).fit(np.array([1.0, 2.0, 9.0]))
    mix = Mix(torch.tensor([1, 0]), torch.tensor([0.5, 1.0]))
    y = torch.tensor([[1.0], [4.0]], dtype=torch.float64)
    torch.testing.assert_close(scaler.blended(y, mix), torch.tensor([[2.0], [4.0]], dtype=torch.float64))
    torch.testing.assert_close(scaler(scaler.blended(y, mix)), mix(scaler(y)))
    plain = TargetScaler().fit(np.array([1.0, 2.0, 9.0]))
    torch.testing.assert_close(plain.blended(y, mix), torch.tensor([[2.5], [4.0]], dtype=torch.float64))


def test_bandwidths_count_in_standard_deviations():
    batch, mixing = batch_of(), Fixed()
    scaler = TargetScaler().fit(batch.target.numpy())
    quiet(task_of(mixing, scaler=scaler)).training_step(batch, 0)
    torch.testing.assert_close(mixing.seen[0], scaler(batch.target))


def test_validation_and_prediction_see_rows_as_they_are():
    batch, task = batch_of(), quiet(task_of(Fixed()).eval())
    task.validation_step(batch, 0)
    torch.testing.assert_close(task.predict_step(batch, 0), quiet(task_of().eval()).predict_step(batch, 0))


def test_statistics_of_features_are_those_of_rows_as_they_are(tmp_path):
    """With an encoder that stands still they equal those of the rows, whatever was blended in training."""
    batch = batch_of(12)
    fds = FDS(statistics="extra_pass", start_update=0, start_smooth=1).fit(
        LabelSpace.fit(batch.target[:, 0].numpy())
    )
    task = task_of(Fixed(), calibration=fds, learning_rate=1e-12)
    loader = memory_loader(Rows(*batch), len(batch.target))
    fit(task, loader, loader, tmp_path, budget=Budget(epochs=1, trainer=CPU))
    alone = FDS(statistics="stream", start_update=0, start_smooth=1).fit(
        LabelSpace.fit(batch.target[:, 0].numpy())
    )
    alone.observe(task.encoder(batch.inputs[0]), batch.target)
    alone.end_epoch()
    torch.testing.assert_close(fds.running_mean, alone.running_mean, rtol=1e-5, atol=1e-6)
    assert fds.counts.sum() == 12


def test_streamed_statistics_beside_mixing_are_refused():
    fds = FDS().fit(LabelSpace.fit([1.0, 2.0, 7.0]))
    with pytest.raises(InputError, match=r"statistics='extra_pass' beside mixing, got 'stream'"):
        task_of(Mixup(), calibration=fds)


def test_a_layer_that_the_encoder_has_not_is_told_before_training():
    with pytest.raises(UnknownNameError, match="layer"):
        RegressionTask(nn.Sequential(nn.Linear(2, 3)), nn.Linear(3, 1), L1Loss(), mixing=ManifoldMixup(["7"]))


def test_two_views_are_blended_alike():
    """The second view of a batch, left as it is, has the features of the first."""
    seen, batch, contrast = [], batch_of(), RankNContrast()
    contrast.register_forward_pre_hook(lambda part, given: seen.append(given))
    quiet(task_of(Fixed(), regularizers=[contrast], second_view=lambda inputs: inputs)).training_step(
        batch, 0
    )
    features, target = seen[0]
    torch.testing.assert_close(features[:6], features[6:])
    torch.testing.assert_close(target[:6], Fixed()(batch.target)(batch.target))


@pytest.mark.parametrize("mixing", [Mixup(alpha=1.0), CMixup(alpha=1.0, bandwidth=1e6)], ids=repr)
def test_blended_labels_have_the_spread_that_theory_gives(mixing):
    """Var(λ a + (1 − λ) b) = Var(y) (E λ² + E (1 − λ)²) for independent a and b: 2/3 at alpha 1."""
    y = np.random.default_rng(0).gamma(2.0, size=5000)
    torch.manual_seed(0)
    found = blended_labels(y, mixing, 256)
    assert len(found) == 100_000
    assert found.mean() == pytest.approx(y.mean(), abs=0.02)
    assert found.var() / y.var() == pytest.approx(2 / 3, rel=0.03)
    assert len(blended_labels(y[:7], mixing, 256)) == 100_000


def frame(n=200):
    rng = np.random.default_rng(0)
    size = rng.gamma(2.0, 2.0, n)
    return pd.DataFrame(
        {"price": 1 + 5 * size + rng.normal(0, 0.1, n), "size": size, "kind": rng.choice([*"ab"], n)}
    )


@pytest.fixture(scope="module")
def draw():
    source = TableSource(table_from_frame(frame(), "price"), bin_width=5.0)
    source.batch_size = 48
    return Draw(source, seed=0)


def trained(words, draw, folder, epochs=2):
    return train_cell(Method.parse(words), draw, folder, budget=Budget(epochs, epochs, 1e9, trainer=CPU))


def test_each_word_trains_another_network(draw, tmp_path):
    found = {w: trained(w, draw, tmp_path / w).prediction for w in ["vanilla", *WORDS, "mixup(alpha=2)"]}
    for i, one in enumerate(found):
        for other in list(found)[:i]:
            assert not np.allclose(found[one], found[other]), (one, other)


@pytest.mark.parametrize(
    "words",
    [
        "mixup + sqinv + lds + fds(start_update=0, start_smooth=1, statistics=extra_pass) + ranksim",
        "manifold-mixup + rnc(views=2)",
        "group(n=3) + manifold-mixup(layers=blocks.2)",
        "log + c-mixup + gai",
        "rrt + mixup",
        "cls + crt + c-mixup",
    ],
)
def test_words_beside_mixing_train(words, draw, tmp_path):
    result = trained(words, draw, tmp_path)
    assert np.isfinite(result.prediction).all()
    assert result.model.about["method"] == words


def test_the_prior_is_that_of_blended_labels(draw, tmp_path, monkeypatch):
    seen, own = [], BNILoss.fit

    def fit(self, space):
        seen.append(space)
        return own(self, space)

    monkeypatch.setattr(BNILoss, "fit", fit)
    for words in ("bni", "mixup(alpha=5) + bni"):
        trained(words, draw, tmp_path / words, epochs=1)
    plain, blended = seen
    assert np.array_equal(plain.bins.edges, blended.bins.edges)
    assert blended.std < 0.85 * plain.std


@pytest.mark.parametrize("words", WORDS)
def test_inputs_are_blended_in_the_layers_that_the_encoder_names(words):
    for encoder, inputs in (
        (SmallCNN(), (torch.randn(4, 1, 16, 16),)),
        (TableMLP(1, 1, edges=[[0.0, 1.0]], dropout=0.0), (torch.rand(4, 1), torch.rand(4, 1))),
    ):
        mixing = Method.parse(words).mixing(encoder.hidden_layers)
        mixing.check(encoder)
        for layer in mixing.layers:
            mix = Mix(torch.tensor([1, 0, 3, 2]), torch.full((4,), 0.3), layer)
            assert not torch.allclose(mix.run(encoder, *inputs), encoder(*inputs))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rrt + mixup + fds(statistics=extra_pass)", ["mixup + fds(statistics=extra_pass)", "inv"]),
        ("cls + crt + c-mixup", ["cls + c-mixup", "cls"]),
        ("rnc(stage=first) + mixup + sqinv", ["mixup + rnc(stage=first)", "sqinv"]),
        ("mixup + sqinv", ["mixup + sqinv"]),
    ],
)
def test_mixing_acts_where_the_encoder_learns(text, expected):
    assert [str(stage.method) for stage in stages_of(Method.parse(text))] == expected


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("mixup + fds", r"write fds\(statistics=extra_pass\)"),
        ("hgb + c-mixup", "trees take all rows at once"),
        ("mixup + c-mixup", "exclude each other"),
        ("mixup(alpha=0)", "from 0.01"),
        ("c-mixup(bandwidth=0)", "bandwidth"),
        ("manifold-mixup(layers=a//b)", "names of layers such as input/layers.1"),
    ],
)
def test_words_that_cannot_be_are_told(text, told):
    with pytest.raises(InputError, match=told):
        Method.parse(text)


def test_an_encoder_that_names_no_layers_leaves_manifold_mixup_nothing_but_its_argument():
    with pytest.raises(InputError, match="an encoder that names hidden layers"):
        Method.parse("manifold-mixup").mixing(())
    assert Method.parse("manifold-mixup(layers=input)").mixing(()).layers == ("input",)


def test_names_of_layers_keep_their_case():
    text = "manifold-mixup(layers=input/Encoder.layerNorm)"
    assert str(Method.parse(text)) == text
    assert Method.parse(text).mixing(()).layers == ("input", "Encoder.layerNorm")
