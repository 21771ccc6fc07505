"""Ordinal group contrast against the loop on group numbers, and how labels get their groups."""

import numpy as np
import pytest
import torch
from torch import nn

from evenreg.errors import InputError, NotFittedError, ShapeError, UnknownNameError
from evenreg.features import GroupContrast, RankNContrast
from evenreg.labels import Bins, LabelGroups, LabelSpace
from reference import contrast as reference

SPACE = LabelSpace.fit(np.random.default_rng(0).gamma(2.0, size=400).round(1))
SIMILARITIES = {"euclidean": reference.nearness, "cosine": reference.cosine}


def batch(n=12, seed=0):
    generator = torch.Generator().manual_seed(seed)
    z = torch.randn(n, 4, generator=generator, dtype=torch.float64)
    z[n // 2] = z[0]
    return z, torch.randint(0, 3, (n,), generator=generator)


def value_and_gradient(function, z):
    z = z.clone().requires_grad_()
    value = function(z)
    value.backward()
    assert z.grad is not None
    return value.item(), z.grad


@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_it_equals_the_loop_in_value_and_gradient(similarity):
    z, g = batch()
    part = GroupContrast(None, 0.5, 2.0, similarity=similarity)
    value, gradient = value_and_gradient(lambda t: part(t, g), z)
    expected = value_and_gradient(
        lambda t: 2 * reference.ordered_contrast(t, g[:, None].tolist(), 0.5, SIMILARITIES[similarity]), z
    )
    assert value == pytest.approx(expected[0], rel=1e-10)
    assert torch.allclose(gradient, expected[1], rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_gradcheck(similarity):
    z = torch.randn(7, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64).requires_grad_()
    g = torch.tensor([0, 0, 1, 1, 1, 2, 4])
    part = GroupContrast(None, 0.7, similarity=similarity)
    assert torch.autograd.gradcheck(lambda t: part(t, g), z)


def test_two_views():
    z, g = batch(6)
    both = torch.cat([z, z + 0.1 * batch(6, seed=1)[0]])
    value = GroupContrast(None)(both, torch.cat([g, g])).item()
    expected = reference.ordered_contrast(both, torch.cat([g, g])[:, None].tolist(), 2.5)
    assert value == pytest.approx(expected.item(), rel=1e-10)


def test_it_is_rank_n_contrast_on_group_numbers():
    z, g = batch()
    assert GroupContrast(None)(z, g) == RankNContrast(2.5)(z, g)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("grouping", ["uniform", "equal_mass"])
def test_labels_get_the_groups_of_label_groups(grouping, dtype):
    part = GroupContrast(4, grouping=grouping).fit(SPACE)
    groups = getattr(LabelGroups, grouping)(SPACE, 4)
    assert part.edges is not None
    assert part.edges.tolist() == groups.edges.tolist()
    y = torch.tensor([*np.arange(-20, 150) / 10, *groups.edges]).to(dtype)  # beyond both ends too
    ids = torch.from_numpy(groups.index(y.double().numpy()))
    z = torch.randn(len(y), 3, generator=torch.Generator().manual_seed(0))
    assert part(z, y) == GroupContrast(None)(z, ids)


def test_labels_within_a_group_are_all_one():
    space = LabelSpace.fit(range(20))
    z, part = batch(4)[0], GroupContrast(2).fit(space)
    assert part(z, torch.tensor([0.0, 9.0, 10.0, 19.0])) == part(z, torch.tensor([5.0, 5.0, 15.0, 15.0]))


def test_groups_survive_a_state_dict_and_a_lower_precision():
    part = GroupContrast(4, grouping="equal_mass").fit(SPACE).half().double()
    fresh = GroupContrast(4)
    assert fresh.edges is None
    fresh.load_state_dict(part.state_dict())
    z, y = torch.randn(30, 3), torch.tensor(SPACE.sample[:300:10, 0])
    assert fresh(z, y) == part(z, y)
    assert GroupContrast(None).edges is None
    GroupContrast(None).load_state_dict(GroupContrast(None).state_dict())


def test_vector_labels_are_cut_along_their_coordinate():
    y = np.random.default_rng(0).normal(size=(60, 2))
    space = LabelSpace.fit(y, coordinate=lambda labels: np.hypot(*labels.T))
    part, z = GroupContrast(3, grouping="equal_mass").fit(space), torch.randn(60, 3, dtype=torch.float64)
    ids = LabelGroups.equal_mass(space, 3).index(space.scalars(y))
    assert part(z, torch.from_numpy(y)) == GroupContrast(None)(z, torch.from_numpy(ids))
    with pytest.raises(
        ShapeError, match=r"got \(60, 2\); give each row of features one label, or fit a space"
    ):
        GroupContrast(3, grouping="equal_mass").fit(SPACE)(z, torch.from_numpy(y))


def test_before_fit():
    with pytest.raises(
        NotFittedError, match=r"GroupContrast has learned no labels yet; call fit\(space\) first"
    ):
        GroupContrast(3)(torch.zeros(2, 2), torch.zeros(2))


def test_what_is_refused():
    with pytest.raises(InputError, match=r"n: expected a whole number of at least 1, got 0"):
        GroupContrast(0)
    with pytest.raises(UnknownNameError, match=r"no grouping named 'uniforn'; did you mean 'uniform'\?"):
        GroupContrast(grouping="uniforn")
    with pytest.raises(UnknownNameError, match=r"no similarity named 'cos'; did you mean 'cosine'\?"):
        GroupContrast(similarity="cos")
    with pytest.raises(
        ShapeError, match=r"target: expected shape \(batch, 1\), got \(4, 2\); give one group number"
    ):
        GroupContrast(None)(torch.zeros(4, 2), torch.zeros(4, 2))
    with pytest.raises(InputError, match=r"got none in group 1.* take fewer groups"):
        GroupContrast(3).fit(LabelSpace.fit([0, 1, 99], Bins.uniform(0, 100, 1)))


def test_training_separates_the_groups_in_their_order():
    generator = torch.Generator().manual_seed(0)
    g = torch.arange(60) % 3
    x = torch.cat([nn.functional.one_hot(g, 3).float(), torch.randn(60, 5, generator=generator)], 1)
    torch.manual_seed(0)
    encoder, part = nn.Linear(8, 4), GroupContrast(None)
    optimizer = torch.optim.Adam(encoder.parameters(), lr=0.1)
    for _ in range(30):
        optimizer.zero_grad()
        part(encoder(x), g).backward()
        optimizer.step()
    z = encoder(x).detach()
    distance = torch.cdist(z, z)
    step = (g[:, None] - g).abs()
    same, near, far = ((distance * (step == k)).sum() / (step == k).sum() for k in range(3))
    assert same < 0.3 * near
    assert near < 0.8 * far
