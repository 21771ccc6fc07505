"""RankSim against the loop over anchors, what must hold for any batch, and what it does to an encoder."""

import copy
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from evenreg.errors import InputError, ShapeError, TargetError, UnknownNameError
from evenreg.features import RankSim, neighbour_rank_correlation
from evenreg.labels import Bins, LabelSpace
from reference import rank_sim as reference


def batch(n: int, d: int = 4, seed: int = 0, labels: int | None = None) -> tuple[Tensor, Tensor]:
    """float64 features and, where ``labels`` is given, whole labels that repeat."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.rand(n, generator=generator, dtype=torch.float64)
    y = 10 * y if labels is None else (labels * y).floor()
    return torch.randn(n, d, generator=generator, dtype=torch.float64), y


def run(regularizer: RankSim, features: Tensor, target: Tensor, scale: float = 1.0) -> tuple[Tensor, Tensor]:
    """Value, and gradient of the scaled value."""
    z = features.detach().clone().requires_grad_()
    value = regularizer(z, target)
    (scale * value).backward()
    assert z.grad is not None
    return value.detach(), z.grad


def assert_equals_the_loop(regularizer, features, target, **options):
    value, gradient = run(regularizer, features, target)
    expected, slope = reference.rank_sim(features.numpy(), target.numpy(), **options)
    assert value.item() == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert np.abs(slope).max() > 0
    assert gradient.numpy() == pytest.approx(slope, rel=1e-6, abs=1e-7)


# ---------------------------------------------------------------------------------------- the loop and the paper


@pytest.mark.parametrize("gamma", [2.0, 20.0, 100.0])
@pytest.mark.parametrize("interpolation", [0.5, 2.0])
def test_it_equals_the_loop(gamma, interpolation):
    for seed in range(3):
        features, target = batch(9, seed=seed)
        assert_equals_the_loop(
            RankSim(gamma, interpolation), features, target, gamma=gamma, interpolation=interpolation
        )


@pytest.mark.parametrize("penalty", reference.PENALTIES)
@pytest.mark.parametrize("similarity", reference.SIMILARITIES)
def test_every_penalty_and_similarity_equals_the_loop(penalty, similarity):
    features, target = batch(7, d=3, seed=3)
    assert_equals_the_loop(
        RankSim(2.0, penalty=penalty, similarity=similarity),
        features,
        target,
        gamma=2.0,
        penalty=penalty,
        similarity=similarity,
    )


@pytest.mark.parametrize("ties", ["equal", "average"])
def test_tied_labels_equal_the_loop(ties):
    features, target = batch(12, seed=1, labels=5)
    assert len(target.unique()) < 12
    rank = {"equal": reference.ranks, "average": reference.average_ranks}[ties]
    assert_equals_the_loop(RankSim(ties=ties, sample=False), features, target, rank=rank)
    values = [RankSim(ties=other, sample=False)(features, target).item() for other in ("equal", "average")]
    assert values[0] != values[1]


def test_gammas_saturation_is_as_measured():
    """50 labels, 2048 random features, λ = 2: gradient norms of the released code by reference/released-code."""
    features = torch.randn(50, 2048, generator=torch.manual_seed(0))
    target = torch.arange(50.0)
    for gamma, norm in {
        0.01: 0.0069,
        0.1: 0.041,
        1.0: 0.434,
        10.0: 0.558,
        100.0: 0.571,
        1000.0: 0.5715,
    }.items():
        assert run(RankSim(gamma), features, target)[1].norm().item() == pytest.approx(norm, rel=0.15)


@pytest.mark.parametrize("width", [2, 16, 2048])
def test_ages_in_order_on_an_arc_cost_nothing(width):
    ages = torch.arange(20.0, 70.0)
    angle = ages.double() / 17
    plane = torch.linalg.qr(torch.randn(width, 2, generator=torch.manual_seed(0), dtype=torch.float64)).Q
    arc = (torch.stack([angle.cos(), angle.sin()], 1) @ plane.T * (1 + ages.unsqueeze(1))).float()
    shuffled = torch.randperm(50, generator=torch.manual_seed(1))
    for order in (torch.arange(50), shuffled):
        value, gradient = run(RankSim(), arc[order], ages[order])
        assert value == 0
        assert not gradient.any()
    assert RankSim()(arc, ages[shuffled]) > 100


def test_decimals_tie_as_they_read():
    """3.2 − 3.0 is 3.0 − 2.8, although not in float32."""
    features, _ = batch(41)
    tenths = torch.arange(41)
    expected = RankSim(sample=False)(features, tenths)
    for unit in (10, 100, 7):
        assert RankSim(sample=False)(features, (tenths / unit).float()) == expected


# ---------------------------------------------------------------------------------------------------- invariants


@settings(max_examples=15, deadline=None)
@given(st.integers(2, 30), st.integers(0, 10**6), st.sampled_from([None, 6]), st.booleans())
def test_order_unit_and_length_do_not_matter(n, seed, labels, sample):
    features, target = batch(n, seed=seed, labels=labels)
    regularizer = RankSim(sample=sample and labels is None)
    value, gradient = run(regularizer, features, target)
    order = torch.randperm(n, generator=torch.manual_seed(seed))
    moved = run(regularizer, features[order], target[order])
    assert moved[0].item() == pytest.approx(value.item(), rel=1e-12)
    assert torch.allclose(moved[1], gradient[order], rtol=1e-9, atol=1e-14)
    assert run(regularizer, features, 3.7 * target + 11)[1].allclose(gradient)
    assert run(regularizer, features, -target)[1].allclose(gradient)
    length = 0.1 + torch.rand(n, 1, generator=torch.manual_seed(seed), dtype=torch.float64)
    scaled = run(regularizer, features * length, target)
    assert scaled[0].item() == pytest.approx(value.item(), rel=1e-12)
    assert scaled[1].allclose(gradient / length)
    # A cosine does not change along a row.
    assert (gradient * features).sum(1).abs().max() < 1e-12


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_loss_scaling_and_accumulation_change_nothing(dtype):
    features, target = batch(40, 32)
    regularizer = RankSim()
    gradient = run(regularizer, features.to(dtype), target)[1]
    assert gradient.abs().max() > 0
    for scale in (65536.0, 1 / 8):
        assert run(regularizer, features.to(dtype), target, scale)[1].equal(scale * gradient)
    z = features.to(dtype).requires_grad_()
    for _ in range(8):
        (regularizer(z, target) / 8).backward()
    assert z.grad is not None
    assert z.grad.allclose(gradient, rtol=1e-6)


def test_a_gradient_scaler_gives_back_the_gradient_of_half_features():
    features, target = batch(40, 32)
    half = features.half()
    plain = run(RankSim(), half, target)[1]
    scaled = run(RankSim(), half, target, scale=4096.0)[1]
    assert plain.dtype == scaled.dtype == torch.half
    assert scaled.float().norm().item() / 4096 == pytest.approx(plain.float().norm().item(), rel=1e-2)
    exact = run(RankSim(), half.float(), target)[1]
    assert torch.allclose(scaled.float() / 4096, exact, rtol=1e-3, atol=1e-9)


def test_autocast_and_half_precision_are_computed_in_float32():
    features, target = batch(40, 32)
    features = features.float()
    value, gradient = run(RankSim(), features, target)
    assert value.dtype == torch.float32
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = run(RankSim(), features, target)
    assert inside[0] == value
    assert inside[1].equal(gradient)
    short = features.bfloat16()
    assert run(RankSim(), short, target)[0] == run(RankSim(), short.float(), target)[0]
    assert RankSim()(*batch(40, 32)).dtype == torch.float64


def test_a_step_without_gradient_has_the_same_value():
    features, target = batch(30)
    with torch.no_grad():
        value = RankSim()(features, target)
    assert value == run(RankSim(), features, target)[0]
    assert not value.requires_grad


def test_features_behind_a_relu_with_dead_rows():
    features, target = batch(20, 8, labels=9)
    features = features.relu()
    features[[3, 4]] = 0
    value, gradient = run(RankSim(sample=False), features, target)
    assert value.isfinite()
    assert gradient.isfinite().all()
    assert not gradient[[3, 4]].any()
    assert gradient[5].any()


def test_maps_of_features_are_flattened_and_whole_labels_are_fine():
    features, target = batch(12, 12, labels=6)
    value = RankSim()(features, target)
    assert RankSim()(features.view(12, 3, 2, 2), target.unsqueeze(1)) == value
    whole = RankSim(sample=False)(features, target.long())
    assert RankSim(sample=False)(features, target.float()) == whole


# ------------------------------------------------------------------------------------------------------- the draw


def test_one_row_of_each_label_is_drawn_and_only_those_are_ranked():
    for seed in range(5):
        features, target = batch(60, 16, seed=seed, labels=9)
        value, gradient = run(RankSim(), features, target)
        drawn = gradient.any(1)
        assert sorted(target[drawn].tolist()) == target.unique().tolist()
        regularizer = RankSim()
        regularizer(features, target)
        assert regularizer.rows == drawn.sum()
        alone = run(RankSim(sample=False), features[drawn], target[drawn])
        assert value == alone[0]
        assert gradient[drawn].equal(alone[1])


def test_after_fit_one_row_of_each_bin_is_drawn_and_labels_keep_their_distance():
    features, target = batch(60, 16)
    bins = Bins.uniform(0, 10, 1.0)
    value, gradient = run(RankSim().fit(LabelSpace.fit(target.numpy(), bins)), features, target)
    drawn = gradient.any(1)
    assert drawn.sum() == 10
    assert sorted(bins.index(target[drawn].numpy()).tolist()) == list(range(10))
    assert value == RankSim(sample=False)(features[drawn], target[drawn])
    assert value != RankSim(sample=False)(features[drawn], target[drawn].floor())


def test_all_rows_count_without_the_draw():
    features, target = batch(60, 16, labels=9)
    assert run(RankSim(sample=False), features, target)[1].any(1).all()


def test_the_draw_is_that_of_the_labels_or_of_the_generator():
    features, target = batch(60, 16, labels=5)
    before = torch.get_rng_state()
    assert RankSim()(features, target) == RankSim()(features, target)
    assert torch.get_rng_state().equal(before)
    order = torch.randperm(60, generator=torch.manual_seed(0))
    assert RankSim()(features, target) != RankSim()(features[order], target[order])
    first, again, other = (
        RankSim(generator=torch.Generator().manual_seed(seed))(features, target) for seed in (1, 1, 2)
    )
    assert first == again != other
    regularizer = RankSim(generator=torch.Generator().manual_seed(1))
    assert regularizer(features, target) != regularizer(features, target)


def test_all_processes_rank_the_joined_rows_with_process_zeros_draw(monkeypatch):
    """What `gather_rows` gives is what is ranked; the keys of the draw are the first process's."""
    features, target = batch(24, 8, labels=6)
    first = torch.Generator().manual_seed(5)
    keys = torch.rand(24, generator=torch.Generator().manual_seed(5))

    def joined(rows: Tensor) -> Tensor:
        if rows.shape == keys.shape and rows.dtype == keys.dtype:
            return torch.cat([keys, rows])
        return torch.cat(
            [features[:10], rows] if rows.ndim == 2 and rows.shape[1] == 8 else [target[:10, None], rows]
        )

    alone = RankSim(generator=first)(features, target), RankSim()(features, target)
    for module in ("_rank_sim", "_contrast_batch"):
        monkeypatch.setattr(f"evenreg.features.{module}.gather_rows", joined)
    second = torch.Generator().manual_seed(99)
    assert RankSim(generator=second)(features[10:], target[10:]) == alone[0]
    assert RankSim()(features[10:], target[10:]) == alone[1]


def test_it_prints_its_arguments():
    assert "gamma=3, interpolation=2, sample=False" in repr(RankSim(3.0, sample=False))


def test_bins_are_in_the_state_dict():
    features, target = batch(60, 16)
    fitted = RankSim().fit(LabelSpace.fit(target.numpy(), Bins.uniform(0, 10, 2.0)))
    fresh = RankSim()
    assert fresh(features, target) != fitted(features, target)
    fresh.load_state_dict(fitted.state_dict())
    assert fresh(features, target) == fitted(features, target) == copy.deepcopy(fitted)(features, target)
    assert RankSim().load_state_dict(RankSim().state_dict()).missing_keys == []


# ------------------------------------------------------------------------------------------ labels of many numbers


def test_vector_labels_through_a_given_similarity():
    features, _ = batch(8)
    target = batch(8, d=2, seed=1)[0]
    assert_equals_the_loop(
        RankSim(label_similarity="negative_mse"), features, target, label_similarity="negative_mse"
    )
    given = RankSim(label_similarity=lambda y: -(torch.cdist(y, y) ** 2))
    assert given(features, target) == RankSim(label_similarity="negative_mse")(features, target)
    assert RankSim(label_similarity="negative_mae")(features, target[:, :1]) == RankSim()(
        features, target[:, 0]
    )


def test_one_row_of_each_distinct_vector_is_drawn():
    features, _ = batch(60, 16)
    target = torch.randint(0, 3, (60, 2), generator=torch.manual_seed(0)).float()
    gradient = run(RankSim(label_similarity="negative_mse"), features, target)[1]
    assert torch.equal(target[gradient.any(1)].unique(dim=0), target.unique(dim=0))
    assert gradient.any(1).sum() == 9


def test_the_coordinate_of_a_space_serves_the_draw():
    features, _ = batch(60, 16)
    target = batch(60, d=2, seed=1)[0]
    space = LabelSpace.fit(target.numpy(), Bins.uniform(0, 2, 0.5), coordinate=lambda y: np.hypot(*y.T))
    value, gradient = run(RankSim(label_similarity="negative_mse").fit(space), features, target)
    drawn = gradient.any(1)
    assert sorted(space.index(target[drawn].numpy())) == [0, 1, 2, 3]
    assert value == RankSim(label_similarity="negative_mse", sample=False)(features[drawn], target[drawn])


# ------------------------------------------------------------------------------------------------- few and bad rows


@pytest.mark.parametrize("n", [1, 7])
def test_one_distinct_label_costs_nothing_and_keeps_the_gradient_path(n):
    features, _ = batch(n)
    for regularizer in (RankSim(), RankSim().fit(LabelSpace.fit(np.full(5, 3.0)))):
        value, gradient = run(regularizer, features, torch.full((n,), 3.0))
        assert value == 0
        assert not gradient.any()


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
@pytest.mark.parametrize("drawn", [None, [True] * 10, [False] + [True] * 9])
def test_ranks_do_not_hide_nan(bad, drawn):
    """Where rows are not asked for NaN beforehand, on an accelerator and in a compiled graph."""
    features, target = batch(10)
    regularizer = RankSim()
    mask = None if drawn is None else torch.tensor(drawn)
    broken = features.clone()
    broken[3, 1] = bad
    for requires_grad in (False, True):
        assert regularizer._value(broken.requires_grad_(requires_grad), target[:, None], mask).isnan()
    broken = target.clone()
    broken[3] = bad
    assert regularizer._value(features, broken[:, None], mask).isnan()


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_nan_is_named(bad):
    features, target = batch(10)
    broken = features.clone()
    broken[3, 1] = bad
    with pytest.raises(InputError, match=r"features: expected finite numbers, got NaN .* \(row 3, counted"):
        RankSim()(broken, target)
    target[4] = bad
    with pytest.raises(TargetError, match=r"target: expected finite numbers, got NaN .* \(row 4, counted"):
        RankSim()(features, target)


@pytest.mark.parametrize("name", ["gamma", "interpolation"])
@pytest.mark.parametrize("value", [0, -1.0])
def test_weights_not_above_zero(name, value):
    with pytest.raises(InputError, match=rf"{name}: expected a number above 0, got {value}\."):
        RankSim(**{name: value})


def test_unknown_options_are_refused_with_the_nearest():
    for name, value, near in [
        ("penalty", "mean", "'mse'|known are"),
        ("penalty", "hubert", "did you mean 'huber'"),
        ("similarity", "cosin", "did you mean 'cosine'"),
        ("label_similarity", "negative_l1", "did you mean .*'negative_l_inf'"),
        ("ties", "averaged", "did you mean 'average'"),
    ]:
        with pytest.raises(UnknownNameError, match=rf"no {name} of RankSim named '{value}'; .*({near})"):
            RankSim(**dict[str, Any]({name: value}))


def test_shapes_that_do_not_go_together():
    features, target = batch(6)
    with pytest.raises(
        ShapeError, match=r"same number of rows everywhere, got 6 of features and 5 of target"
    ):
        RankSim()(features, target[:5])
    with pytest.raises(
        ShapeError,
        match=r"target: expected shape \(batch, 1\), got \(6, 2\); labels of several dimensions need label_similarity",
    ):
        RankSim()(features, torch.zeros(6, 2))
    fitted = RankSim(label_similarity="cosine").fit(LabelSpace.fit([1.0, 2.0]))
    with pytest.raises(ShapeError, match=r"target: expected shape \(6,\), got \(6, 2\); .* coordinate="):
        fitted(features, torch.zeros(6, 2))
    with pytest.raises(ShapeError, match=r"target: expected shape \(batch, out\), got \(6, 1, 2\)"):
        RankSim()(features, torch.zeros(6, 1, 2))
    with pytest.raises(
        ShapeError,
        match=r"label_similarity: expected shape \(6, 6\), got \(6,\); give the similarity of all pairs",
    ):
        RankSim(label_similarity=lambda y: y[:, 0], sample=False)(features, target)
    with pytest.raises(
        InputError, match=r"RankSim: expected a batch of at least 1 sample, got 0; skip a batch"
    ):
        RankSim()(features[:0], target[:0])


# ------------------------------------------------------------------------------------------------------- training

MIX = torch.randn(8, 8, generator=torch.manual_seed(4))


def half_circle(n: int, even: bool, seed: int) -> tuple[Tensor, Tensor]:
    """Inputs that hold a half circle, on which the label is the angle, and six directions of noise."""
    generator = torch.Generator().manual_seed(seed)
    share = torch.rand(n, generator=generator)
    angle = ((share if even else share**3) * 60).round() / 20
    circle = torch.stack([angle.cos(), angle.sin()], 1)
    return torch.cat([circle, torch.randn(n, 6, generator=generator)], 1) @ MIX, angle


def trained(regularizer: RankSim | None, permuted: bool = False) -> tuple[nn.Module, nn.Module, list[float]]:
    """An encoder that ends in a ReLU, its head, and the training loss by step."""
    inputs, target = half_circle(1000, even=False, seed=0)
    generator = torch.Generator().manual_seed(1)
    torch.manual_seed(2)
    encoder = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU())
    head = nn.Linear(32, 1)
    optimizer = torch.optim.Adam([*encoder.parameters(), *head.parameters()], 3e-3)
    curve = []
    for _ in range(100):
        rows = torch.randint(1000, (128,), generator=generator)
        features = encoder(inputs[rows])
        loss = (head(features).squeeze(1) - target[rows]).abs().mean()
        curve.append(loss.item())
        if regularizer is not None:
            order = torch.randperm(128, generator=torch.Generator().manual_seed(len(curve)))
            loss = loss + regularizer(features, target[rows][order] if permuted else target[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return encoder, head, curve


def test_it_brings_the_neighbours_of_unseen_rows_into_order():
    inputs, target = half_circle(300, even=True, seed=7)
    found = {}
    for name, run_ in {
        "vanilla": trained(None),
        "ranksim": trained(RankSim(0.1)),
        "permuted": trained(RankSim(0.1), permuted=True),
    }.items():
        with torch.no_grad():
            features = run_[0](inputs)
            error = (run_[1](features).squeeze(1) - target).abs().mean().item()
        found[name] = neighbour_rank_correlation(features, target).item(), error, run_[2]
    assert found["ranksim"][0] > 0.95 > found["vanilla"][0] + 0.2
    assert found["permuted"][0] < found["ranksim"][0] - 0.2
    assert found["ranksim"][1] < 1.2 * found["vanilla"][1]
    assert found["ranksim"][2][0] == found["vanilla"][2][0]
    assert found["ranksim"][2][1:] != found["vanilla"][2][1:]


def test_the_switch_acts_on_a_trained_encoder():
    encoder, head, _ = trained(None)
    inputs, target = half_circle(256, even=False, seed=3)
    gradients = []
    for regularizer in (None, RankSim()):
        encoder.zero_grad()
        features = encoder(inputs)
        features.retain_grad()
        loss = (head(features).squeeze(1) - target).abs().mean()
        if regularizer is not None:
            term = regularizer(features, target)
            assert term > 0
            loss = loss + term
        loss.backward()
        gradients.append([p.grad.clone() for p in encoder.parameters() if p.grad is not None])
    for plain, with_term in zip(*gradients, strict=True):
        assert with_term.isfinite().all()
        assert (with_term - plain).abs().max() > 1e-4
    labels = len(target.unique())
    assert labels > 30
    z = features.detach().requires_grad_()
    RankSim()(z, target).backward()
    assert z.grad is not None
    assert z.grad.any(1).sum() == labels


# -------------------------------------------------------------------------------------------------------- compile

COMPILED = """
import shutil
import torch
from evenreg.features import RankSim
from evenreg.features._draw import label_keys, one_per_group, row_codes
from evenreg.labels import Bins, LabelSpace

assert not hasattr(RankSim.forward, "__wrapped__"), "types are checked: torch.compile cannot see through"
generator = torch.Generator().manual_seed(0)
bins = LabelSpace.fit([0.0, 9.0], Bins.uniform(0, 10, 1.5))
cases = [
    (RankSim(), 1, (48, 31)),
    (RankSim(penalty="cosine", ties="average").fit(bins), 1, (48,)),
    (RankSim(0.1, penalty="l_inf", similarity="negative_mse", label_similarity="negative_mae"), 2, (48,)),
]
for part, out, sizes in cases:
    encoder = torch.nn.Linear(8, 16)

    def step(x, y):
        return part(encoder(x).relu(), y)

    compiled = torch.compile(step, fullgraph=True, backend="aot_eager")
    for n in sizes:
        x = torch.randn(n, 8, generator=generator)
        y = torch.randint(0, 9, (n, out), generator=generator).float()
        found = []
        for call in (step, compiled):
            encoder.zero_grad()
            value = call(x, y)
            value.backward()
            found.append((value.item(), encoder.weight.grad.clone()))
        assert abs(found[0][0] - found[1][0]) <= 1e-5 * found[0][0], found
        assert found[0][1].any() and torch.allclose(found[0][1], found[1][1], rtol=1e-3, atol=1e-6), part
x[~one_per_group(row_codes(y), label_keys(y))] = torch.nan  # rows that are not drawn do not count
assert abs(compiled(x, y).item() - value.item()) <= 1e-5 * value.item()
x[:] = torch.nan
assert compiled(x, y).isnan()

# Generated code multiplies whole numbers by other rules than eager mode once they overflow.
if shutil.which("g++"):
    drawn = torch.compile(label_keys, dynamic=True)
    for n in (48, 31, 33):
        y = torch.rand(n, 2, generator=generator)
        assert drawn(y).equal(label_keys(y)), n
print("compiled")
"""


def test_compiled_it_is_one_graph_with_the_same_value_and_gradient():
    """In a process of its own: the hook that checks types under pytest breaks torch.compile."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", COMPILED], capture_output=True, text=True, check=False
    )
    assert done.stdout == "compiled\n", done.stderr
