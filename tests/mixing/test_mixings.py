"""Mixup, ManifoldMixup, CMixup: who is blended with whom, how much, and what that does to a model."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from evenreg.errors import InputError, UnknownNameError
from evenreg.mixing import CMixup, ManifoldMixup, Mixup

MIXINGS = [Mixup(), ManifoldMixup(["input", "0", "1"]), CMixup()]


def drawn(mixing, target, times, seed=0):
    torch.manual_seed(seed)
    return [mixing(target) for _ in range(times)]


@pytest.mark.parametrize("mixing", MIXINGS, ids=repr)
@given(rows=st.integers(1, 40), seed=st.integers(0, 1000), dim=st.integers(1, 3))
def test_blends_lie_between_their_parents_and_follow_the_seed(mixing, rows, seed, dim):
    generator = torch.Generator().manual_seed(seed)
    y = torch.randn(rows, dim, generator=generator)
    (mix,), (again,) = drawn(mixing, y, 1, seed), drawn(mixing, y, 1, seed)
    assert torch.equal(mix.partner, again.partner)
    assert torch.equal(mix.share, again.share)
    assert mix.partner.shape == mix.share.shape == (rows,)
    assert mix.layer in mixing.layers
    other = y[mix.partner]
    assert (mix(y) >= torch.minimum(y, other) - 1e-5).all()
    assert (mix(y) <= torch.maximum(y, other) + 1e-5).all()


@pytest.mark.parametrize("alpha", [0.01, 0.2, 1.0, 2.0, 50.0])
@pytest.mark.parametrize("kind", [Mixup, CMixup, lambda alpha: ManifoldMixup(alpha=alpha)])
def test_shares_have_the_moments_of_their_beta(kind, alpha):
    torch.manual_seed(1)
    share = torch.cat([kind(alpha=alpha)(torch.randn(400)).share for _ in range(50)])
    deviation = math.sqrt(1 / (4 * (2 * alpha + 1)))
    assert share.mean() == pytest.approx(0.5, abs=5 * deviation / math.sqrt(20_000))
    assert share.std() == pytest.approx(deviation, rel=0.03)


@pytest.mark.parametrize("mixing", MIXINGS[:2], ids=repr)
def test_any_row_is_a_partner_once_and_partners_change(mixing):
    mixes = drawn(mixing, torch.randn(30), 5)
    assert all(sorted(mix.partner.tolist()) == list(range(30)) for mix in mixes)
    assert len({tuple(mix.partner.tolist()) for mix in mixes}) == 5


def test_a_layer_is_drawn_for_each_batch_all_alike():
    mixes = drawn(ManifoldMixup(["input", "0", "2"]), torch.randn(3), 3000)
    for layer in ("input", "0", "2"):
        assert sum(mix.layer == layer for mix in mixes) == pytest.approx(1000, abs=5 * math.sqrt(667))


def test_partners_of_similar_label_come_as_often_as_the_kernel_says():
    y, width, times = [0.0, 0.4, 1.0, 1.1, 9.0], 0.5, 4000
    mixes = drawn(CMixup(bandwidth=width), torch.tensor(y), times)
    for i, own in enumerate(y):
        kernel = [math.exp(-((own - other) ** 2) / (2 * width**2)) for other in y]
        for j, k in enumerate(kernel):
            chance = k / sum(kernel)
            found = sum(int(mix.partner[i]) == j for mix in mixes) / times
            assert found == pytest.approx(chance, abs=5 * math.sqrt(chance / times) + 1e-9)
    assert all(int(mix.partner[4]) == 4 for mix in mixes)  # far from all others


def test_distances_count_all_dimensions_of_a_label():
    y = torch.tensor([[0.0, 0.0], [0.0, 9.0], [0.0, 0.1]])
    partners = {int(mix.partner[0]) for mix in drawn(CMixup(bandwidth=1.0), y, 200)}
    assert partners == {0, 2}


def test_a_row_without_a_label_is_its_own_partner_and_nobody_elses():
    y = torch.tensor([0.0, torch.nan, 0.0, torch.inf])
    for mix in drawn(CMixup(bandwidth=1e9), y, 200):
        assert mix.partner[1] == 1
        assert mix.partner[3] == 3
        assert set(mix.partner[[0, 2]].tolist()) <= {0, 2}


def test_a_huge_bandwidth_makes_any_row_a_partner():
    mixes = drawn(CMixup(bandwidth=1e6), torch.tensor([0.0, 5.0, 900.0]), 3000)
    for i in range(3):
        counts = [sum(int(mix.partner[i]) == j for mix in mixes) for j in range(3)]
        assert counts == pytest.approx([1000] * 3, abs=5 * math.sqrt(667))


@pytest.mark.parametrize("mixing", MIXINGS, ids=repr)
def test_labels_of_any_kind_are_taken(mixing):
    for target in (torch.tensor([1, 2, 3]), torch.randn(3, 1, 4, 4), torch.randn(3).to(torch.bfloat16)):
        assert mixing(target).share.dtype == torch.float32


@pytest.mark.parametrize("mixing", MIXINGS, ids=repr)
def test_the_slope_of_a_linear_answer_is_left_alone(mixing):
    """Where labels are linear in inputs, so are blends: the least-squares slope of noisy rows is not biased."""
    torch.manual_seed(0)
    x = torch.randn(4000, 1, dtype=torch.float64)
    y = 3 * x + 1
    mix = mixing(y)
    torch.testing.assert_close(mix(y), 3 * mix(x) + 1, rtol=1e-5, atol=1e-5)


def test_a_step_is_kept_by_similar_labels_and_smeared_by_any():
    """Labels 0 and 1 on two sides: between the sides any-row blends put labels that nobody has."""
    x = torch.cat([torch.full((500, 1), -1.0), torch.full((500, 1), 1.0)])
    y = (x > 0).float()
    (near,), (any_row,) = drawn(CMixup(bandwidth=0.1), y, 1), drawn(Mixup(alpha=2.0), y, 1)
    assert torch.equal(near(y), y)
    inside = (any_row(y) > 0.01) & (any_row(y) < 0.99)
    assert 0.4 < inside.float().mean() < 0.6  # half of all pairs lie across the step


@pytest.mark.parametrize("mixing", MIXINGS, ids=repr)
def test_mixing_changes_the_loss_and_gradients_reach_the_first_layer(mixing):
    torch.manual_seed(0)
    net, x, y = (
        nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1)),
        torch.randn(64, 3),
        torch.randn(64, 1),
    )
    plain = (net(x) - y).abs().mean()
    mix = mixing(y)
    loss = (mix.run(net, x) - mix(y)).abs().mean()
    assert abs(float((loss - plain).detach())) > 1e-5
    loss.backward()
    assert net[0].weight.grad.abs().sum() > 0


@pytest.mark.parametrize("value", [0, -1, 0.001, float("nan")])
@pytest.mark.parametrize("kind", [Mixup, CMixup, lambda alpha: ManifoldMixup(alpha=alpha)])
def test_alpha_is_checked(kind, value):
    with pytest.raises(InputError, match=r"alpha: expected a (finite )?number"):
        kind(alpha=value)


def test_what_cannot_be_is_told():
    with pytest.raises(InputError, match="bandwidth"):
        CMixup(bandwidth=0)
    with pytest.raises(InputError, match=r"layers: expected a list of layer names, got 'layer1'"):
        ManifoldMixup("layer1")
    with pytest.raises(InputError, match="layers: expected a list"):
        ManifoldMixup([])
    with pytest.raises(UnknownNameError, match="layer"):
        ManifoldMixup(["input", "9"]).check(nn.Sequential(nn.Linear(1, 1)))
    ManifoldMixup(["input", "0"]).check(nn.Sequential(nn.Linear(1, 1)))
    with pytest.raises(InputError, match="Mixup"):
        Mixup()(torch.empty(0, 1))


def test_a_mixing_tells_its_arguments():
    assert repr(CMixup(bandwidth=2)) == "CMixup(alpha=2.0, bandwidth=2.0)"
    assert repr(ManifoldMixup(["input"])) == "ManifoldMixup(alpha=0.2, layers=('input',))"
