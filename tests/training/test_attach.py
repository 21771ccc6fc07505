"""Parts on a layer of a plain model: the same numbers as written by hand, and every mistake in a sentence."""

import copy
import io

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from evenreg.errors import InputError, NotFittedError, ShapeError, UnknownNameError
from evenreg.features import FDS, ConR, RankNContrast, RankSim
from evenreg.labels import Bins, LabelSpace
from evenreg.training import attach

BINS = Bins.uniform(-0.5, 4.5, 1)
SPACE = LabelSpace.fit([0.0, 4.0], BINS)
Y = torch.arange(40) % 5 * (torch.arange(40) % 3 > 0).float()


class Model(nn.Module):
    """An encoder with dropout and a pooled map, in the manner of image networks."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.ModuleDict(
            {
                "conv": nn.Sequential(nn.Conv2d(1, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU()),
                "pool": nn.AdaptiveAvgPool2d(1),
            }
        )
        self.drop, self.head = nn.Dropout(0.1), nn.Linear(6, 1)

    def forward(self, x):
        return self.head(self.drop(self.encoder["pool"](self.encoder["conv"](x)).flatten(1))).squeeze(1)


def model():
    torch.manual_seed(0)
    return Model()


def images(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(40, 1, 6, 6, generator=generator) + Y.view(-1, 1, 1, 1) / 4


def smooth(**options):
    return FDS(**({"start_update": 0, "start_smooth": 1} | options)).fit(SPACE)


def train(network, forward, term=lambda: 0.0, end_epoch=lambda: None, epochs=3):
    """Losses of a small training."""
    torch.manual_seed(1)
    optimizer, x, losses = torch.optim.SGD(network.parameters(), 0.05, momentum=0.9), images(), []
    for _ in range(epochs):
        for rows in torch.arange(40).split(16):
            loss = (forward(x[rows], Y[rows]) - Y[rows]).square().mean() + term()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        end_epoch()
    return losses


def same_weights(one, other):
    assert one.state_dict().keys() == other.state_dict().keys()
    for name, weight in one.state_dict().items():
        assert torch.equal(weight, other.state_dict()[name]), name


# the same as by hand


@pytest.mark.parametrize("covariance", ["diagonal", "full"])
def test_attached_fds_equals_fds_in_the_forward(covariance):
    by_hand, fds = model(), smooth(covariance=covariance)

    def forward(x, y):
        z = by_hand.encoder["pool"](by_hand.encoder["conv"](x)).flatten(1)
        fds.observe(z, y)
        return by_hand.head(by_hand.drop(fds(z, y))).squeeze(1)

    wanted = train(by_hand, forward, end_epoch=fds.end_epoch)
    hooked, attached = model(), smooth(covariance=covariance)
    with attach(attached, hooked, "encoder.pool") as handle:

        def through_the_hook(x, y):
            with handle.target(y):
                return hooked(x)

        assert train(hooked, through_the_hook, end_epoch=handle.end_epoch) == wanted
    same_weights(hooked, by_hand)
    same_weights(attached, fds)
    plain = model()
    assert train(plain, lambda x, y: plain(x)) != wanted


@pytest.mark.parametrize("make", [RankSim, RankNContrast, ConR], ids=lambda make: make.__name__)
def test_an_attached_regularizer_has_the_gradient_of_one_in_the_loss(make):
    by_hand, part = model(), make().fit(SPACE)
    torch.manual_seed(2)
    z = by_hand.encoder["pool"](by_hand.encoder["conv"](images())).flatten(1)
    predicted = by_hand.head(by_hand.drop(z)).squeeze(1)
    extra = (predicted,) if part.needs_prediction else ()
    wanted = part(z, Y, *extra)
    ((predicted - Y).abs().mean() + wanted).backward()
    hooked = model()
    with attach(part, hooked, "encoder.pool") as handle:
        torch.manual_seed(2)
        with handle.target(Y):
            prediction = hooked(images())
        term = handle.loss(*((prediction,) if extra else ()))
        ((prediction - Y).abs().mean() + term).backward()
    assert term.item() == wanted.item() > 0
    for one, other in zip(hooked.parameters(), by_hand.parameters(), strict=True):
        assert torch.equal(one.grad, other.grad)
        assert one.grad.any()


@pytest.mark.parametrize("fds_first", [True, False])
def test_a_regularizer_sees_the_features_before_fds_whichever_came_first(fds_first):
    network, fds, seen = model(), smooth(), []

    def part(features, target):
        seen.append(features.detach().clone())
        return features.sum() * 0

    layer, order = "encoder.pool", [fds, part] if fds_first else [part, fds]
    handles = {attached: attach(attached, network, layer) for attached in order}
    raw = []
    network.encoder["conv"].register_forward_hook(lambda *a: raw.append(a[2].mean((2, 3), keepdim=True)))
    for _ in range(2):
        with handles[fds].target(Y), handles[part].target(Y):
            network(images())
        handles[part].loss()
        handles[fds].end_epoch()
    for one, other in zip(seen, raw, strict=True):
        torch.testing.assert_close(one, other)


def test_eval_mode_changes_nothing_and_needs_no_labels():
    network, fds, rank = model(), smooth(), RankSim()
    handles = [attach(part, network, "encoder.pool") for part in (fds, rank)]
    for _ in range(2):
        with handles[0].target(Y), handles[1].target(Y):
            network(images())
        handles[1].loss()
        handles[0].end_epoch()
    before = {name: tensor.clone() for name, tensor in fds.state_dict().items()}
    network.eval()
    plain = model()
    plain.load_state_dict(network.state_dict())
    assert torch.equal(network(images()), plain.eval()(images()))
    with handles[0].target(Y), handles[1].target(Y):
        assert torch.equal(network(images()), plain(images()))
    assert handles[1].loss() > 0  # of rows that are held out, where one asks for it
    for name, tensor in fds.state_dict().items():
        assert torch.equal(tensor, before[name]), name


def test_maps_with_a_label_a_pixel():
    network, fds = nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), nn.ReLU()), smooth()
    labels = Y.view(-1, 1, 1).expand(-1, 6, 6).clone()
    labels[:, 0] = torch.nan
    with attach(fds, network, "1") as handle:
        for _ in range(2):
            with handle.target(labels):
                out = network(images())
            handle.end_epoch()
    plain = network(images())
    assert int(fds.counts.sum()) == 40 * 5 * 6
    assert torch.equal(out[:, :, 0], plain[:, :, 0])
    assert not torch.equal(out[:, :, 1:], plain[:, :, 1:])


def test_an_extra_pass():
    network, fds = model(), smooth(statistics="extra_pass", momentum=0)
    with attach(fds, network, "encoder.pool") as handle:
        for _ in range(2):
            with handle.target(Y):
                out = network(images())
            assert handle.wants_extra_pass
            with handle.extra_pass():
                assert not network.training
                for rows in torch.arange(40).split(16):
                    with handle.target(Y[rows]):
                        network(images()[rows])
            handle.end_epoch()
    assert network.training
    features = network.eval().encoder["pool"](network.encoder["conv"](images())).flatten(1)
    assert torch.allclose(fds.running_mean[4], features[Y == 4].mean(0).double())
    assert not torch.equal(out, network(images()))
    with (
        attach(smooth(), network, "encoder.pool") as handle,
        pytest.raises(InputError, match="extra_pass"),
        handle.extra_pass(),
    ):
        pass


def test_activation_checkpointing_beside_the_layer():
    network, rank = model(), RankSim()
    inner = network.encoder["conv"].forward
    network.encoder["conv"].forward = lambda x: checkpoint(inner, x, use_reentrant=False)
    with attach(rank, network, "encoder.pool") as handle:
        with handle.target(Y):
            network(images())
        handle.loss().backward()
    assert network.encoder["conv"][0].weight.grad.any()


# labels in a batch


@pytest.mark.parametrize(
    ("batch", "target"),
    [
        (Y, None),
        ((None, Y), None),
        ([None, Y, 3], None),
        ({"labels": Y}, None),
        ({"target": Y}, None),
        ({"age": Y}, lambda batch: batch["age"]),
        (Y + 1, lambda y: y - 1),
    ],
)
def test_labels_are_found_in_a_batch(batch, target):
    network = model()
    with attach(RankSim(), network, "encoder.pool") as handle, handle.target(Y):
        network(images())
    wanted = handle.loss().item()
    torch.manual_seed(0)
    with attach(RankSim(), network, "encoder.pool", target=target) as handle, handle.target(batch):
        network(images())
    assert handle.loss().item() == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("batch", "target", "got"),
    [
        ((Y,), None, "got tuple"),
        ("text", None, "got str"),
        ((None, [1.0, 2.0]), None, "got list"),
        ({"age": Y, "x": Y}, None, "got a batch of 'age', 'x'"),
        ({}, None, "got a batch of nothing"),
        (Y, lambda y: y.tolist(), r"from target=, got list"),
    ],
)
def test_a_batch_without_labels(batch, target, got):
    handle = attach(RankSim(), model(), "head", target=target)
    with (
        pytest.raises(InputError, match=rf"target: expected a tensor of labels.*{got}; say where"),
        handle.target(batch),
    ):
        pass


# the model holds nothing


def test_state_dict_copies_files_and_exports_hold_nothing():
    network, plain = model(), model()
    names = list(network.state_dict())
    fds = smooth()
    handle, other = attach(fds, network, "encoder.pool"), attach(RankSim(), network, "encoder.pool")
    with handle.target(Y), other.target(Y):
        network(images())
    other.loss()
    handle.end_epoch()
    assert list(network.state_dict()) == names
    assert [type(m) for m in network.modules()] == [type(m) for m in plain.modules()]
    file = io.BytesIO()
    torch.save(network, file)
    assert b"evenreg" not in file.getvalue()
    file.seek(0)
    loaded, copied = torch.load(file, weights_only=False), copy.deepcopy(network)
    for twin in (loaded, copied):
        assert torch.isfinite(twin(images())).all()  # in training mode: nothing asks it for labels
        same_weights_after = twin.eval()(images())
        assert torch.isfinite(same_weights_after).all()
    plain.load_state_dict(network.state_dict())
    exported, clean = (torch.export.export(m.eval(), (images(),)) for m in (network, plain))
    assert str(exported.graph) == str(clean.graph)
    assert list(exported.state_dict) == list(clean.state_dict)
    assert torch.equal(exported.module()(images()), clean.module()(images()))


def test_removing_leaves_the_model_as_it_was():
    network = model()
    with attach(smooth(), network, "encoder.pool"), attach(RankSim(), network, "head"):
        assert network.head._forward_hooks
    assert not network.head._forward_hooks
    assert not network.encoder["pool"]._forward_hooks
    network(images())


def test_the_handle_carries_the_state():
    def half(network, handle):
        def forward(x, y):
            with handle.target(y):
                return network(x)

        return train(network, forward, end_epoch=handle.end_epoch, epochs=2)

    one, other = model(), model()
    first = attach(smooth(), one, "encoder.pool")
    half(one, first)
    other.load_state_dict(one.state_dict())
    second = attach(FDS(start_update=0, start_smooth=1), other, "encoder.pool")
    second.load_state_dict(first.state_dict())
    assert half(other, second) == half(one, first)
    function = attach(lambda features, target: features.sum(), one, "head")
    assert function.state_dict() == {}
    function.load_state_dict({})


# mistakes


def attached(part=None, layer="encoder.pool", network=None):
    network = model() if network is None else network
    return network, attach(part or smooth(), network, layer)


@pytest.mark.parametrize("part", [None, RankSim()])
def test_forgotten_labels(part):
    network, _ = attached(part)
    with pytest.raises(
        InputError,
        match=r"layer 'encoder.pool': expected labels in training mode, got none; call the model inside `with",
    ):
        network(images())


def test_a_layer_that_the_model_never_calls():
    network = model()
    network.unused = nn.Identity()
    _, handle = attached(layer="unused", network=network)
    with (
        pytest.raises(
            InputError, match=r"layer 'unused': expected one call in each forward, got none inside target"
        ),
        handle.target(Y),
    ):
        network(images())


def test_a_layer_that_is_called_twice():
    network, handle = attached()
    sentence = "layer 'encoder.pool': expected one call in each forward, got a second; name"
    with handle.target(Y):
        network(images())
        with pytest.raises(InputError, match=sentence):
            network(images())
    for _ in range(2):
        with handle.target(Y):
            network(images())


def test_activation_checkpointing_around_the_layer():
    network, handle = attached(RankSim())
    with handle.target(Y):
        prediction = checkpoint(network, images(), use_reentrant=False)
    with pytest.raises(InputError, match="activation checkpointing calls a layer a second time"):
        (prediction.sum() + handle.loss()).backward()


@pytest.mark.parametrize("name", ["encoder.pol", "encoder.pool.", "Head", ""])
def test_a_layer_that_does_not_exist(name):
    with pytest.raises(
        UnknownNameError, match=rf"no layer named '{name}'; (did you mean|known are)"
    ) as error:
        attach(smooth(), model(), name)
    assert "encoder.pool" in str(error.value) or "'head'" in str(error.value)


@pytest.mark.parametrize(
    ("output", "got"),
    [
        (lambda z: (z, z), "a tuple of 2"),
        (lambda z: [z], "a list of 1"),
        (lambda z: {"hidden": z}, "dict"),
        (lambda z: z.flatten(), r"\(240,\)"),
        (lambda z: z.flatten(2).transpose(1, 2), r"\(40, 1, 6\)"),
        (lambda z: None, "NoneType"),
    ],
)
@pytest.mark.parametrize("part", [None, RankSim()])
def test_a_layer_whose_output_cannot_be_features(output, got, part):
    network = model()
    pool = network.encoder["pool"].forward
    network.encoder["pool"].forward = lambda x: output(pool(x))
    _, handle = attached(part, network=network)
    sentence = (
        rf"layer 'encoder.pool': expected an output of shape \(n, d\) or \(n, c, h, w\), got {got}; name"
    )
    with pytest.raises(ShapeError, match=sentence), handle.target(Y):
        network(images())


@pytest.mark.parametrize("part", [None, RankSim()])
def test_labels_of_another_length(part):
    network, handle = attached(part)
    with pytest.raises(ShapeError, match=r"got 40 of features of layer 'encoder.pool' and 39 of target"):  # noqa: SIM117
        with handle.target(Y[:39]):
            network(images())
    if part is not None:
        with pytest.raises(InputError, match="expected a forward inside"):
            handle.loss()
    with handle.target(Y):  # a mistake leaves nothing behind
        network(images())


def test_maps_need_a_label_a_pixel():
    network, handle = attached(layer="encoder.conv")
    with (
        pytest.raises(ShapeError, match=r"target: expected shape \(40, 6, 6\), got \(40,\)"),
        handle.target(Y),
    ):
        network(images())


def test_an_fds_before_fit():
    network, handle = attached(FDS())
    with pytest.raises(NotFittedError, match="call fit"), handle.target(Y):
        network(images())


@pytest.mark.parametrize(("part", "got"), [(FDS, "the class FDS"), ("ranksim", "'ranksim'"), (None, "None")])
def test_something_else_than_a_part(part, got):
    with pytest.raises(
        InputError, match=f"part: expected an FDS or a regularizer, such as .*, got {got}; make"
    ):
        attach(part, model(), "head")


def test_a_term_without_a_forward():
    network, handle = attached(RankSim())
    with pytest.raises(
        InputError, match=r"RankSim: expected a forward inside `with .*got none since the last"
    ):
        handle.loss()
    with handle.target(Y):
        network(images())
    handle.loss()
    with pytest.raises(InputError, match="got none since the last"):
        handle.loss()


def test_a_term_that_nobody_asks_for():
    network, handle = attached(RankSim())
    with handle.target(Y):
        network(images())
    with (
        pytest.raises(InputError, match=r"RankSim: expected loss\(\) after each forward in training mode"),
        handle.target(Y),
    ):
        pass
    handle.loss()
    network.eval()
    for _ in range(2):
        with handle.target(Y):
            network(images())


def test_a_forward_that_fails_owes_nothing():
    network, handle = attached(RankSim())
    head, network.head = network.head, nn.Linear(7, 1)
    with pytest.raises(RuntimeError), handle.target(Y):
        network(images())
    network.head = head
    with pytest.raises(InputError, match="expected a forward inside"):
        handle.loss()
    with handle.target(Y):
        network(images())
    assert handle.loss() > 0


def test_a_part_that_needs_predictions():
    network, handle = attached(ConR())
    with handle.target(Y):
        prediction = network(images())
    with pytest.raises(
        InputError, match=r"ConR: expected predictions too, got none; give handle.loss\(prediction\)"
    ):
        handle.loss()
    assert handle.loss(prediction).isfinite()


def test_an_epoch_without_rows():
    network, handle = attached()
    network.eval()
    with handle.target(Y):
        network(images())
    with pytest.raises(InputError, match="expected rows in every epoch"):
        handle.end_epoch()


@pytest.mark.parametrize("part", [FDS(), RankSim()])
def test_swapped_arguments_are_told(part):
    network, name = nn.Sequential(nn.Linear(2, 3)), type(part).__name__
    sentence = (
        rf"the part first, got Sequential and {name}, which look swapped; write attach\(part, model, '0'\)"
    )
    with pytest.raises(InputError, match=sentence):
        attach(network, part, "0")


@pytest.mark.parametrize("shapes", [((8, 1), (8,)), ((8,), (8, 1)), ((8, 1), (8, 1))])
def test_conr_takes_labels_and_predictions_of_either_shape(shapes):
    torch.manual_seed(0)
    network, x, y = nn.Sequential(nn.Linear(3, 4), nn.ReLU()), torch.randn(8, 3), torch.arange(8.0)
    predicted = y / 10
    with attach(ConR(window=2.0), network, "1") as handle:
        with handle.target(y.reshape(shapes[1])):
            features = network(x)
        term = handle.loss(predicted.reshape(shapes[0]))
    assert term == ConR(window=2.0)(features, y, predicted) > 0


def test_conr_refuses_other_numbers_of_labels():
    network = nn.Sequential(nn.Linear(3, 4), nn.ReLU())
    with attach(ConR(), network, "1") as handle:
        with handle.target(torch.zeros(8)):
            network(torch.zeros(8, 3))
        with pytest.raises(ShapeError):
            handle.loss(torch.zeros(8, 2))
