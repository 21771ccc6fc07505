"""The group head against loops, and what theory says of its limits."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from evenreg.errors import InputError, ShapeError, TargetError, UnknownNameError
from evenreg.heads import GroupHead, Prediction
from evenreg.heads._group_labels import GroupLabels
from evenreg.labels import Bins, LabelGroups, LabelSpace, soft_labels
from evenreg.losses import BMCLoss, L1Loss, MSELoss
from reference import heads as reference

LABELS = np.random.default_rng(0).gamma(2.0, size=500).round(2)
SPACE = LabelSpace.fit(LABELS)
COSTS = {"l1": (L1Loss(), abs), "mse": (MSELoss(), lambda e: e * e)}


def fitted(d=6, space=SPACE, seed=0, scale=1.0, dtype=torch.float64, **options):
    torch.manual_seed(seed)
    head = GroupHead(d, **options).fit(space).to(dtype)
    with torch.no_grad():
        head.linear.weight.mul_(scale)
    return head


def batch(n=12, d=6, seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    z = torch.randn(n, d, generator=generator, dtype=torch.float64)
    y = torch.from_numpy(np.random.default_rng(seed).choice(LABELS, size=(n, 1)))
    y[0], y[-1] = LABELS.min() - 1, LABELS.max() + 1
    return z.to(dtype), y.to(dtype)


def value_of(head, logits, experts):
    """The head's value for given logits and experts' inputs."""
    with torch.no_grad():
        head.linear.weight.zero_()
        head.linear.bias.copy_(torch.cat([logits, experts]))
    return head(torch.zeros(1, head.in_features, dtype=head.linear.weight.dtype))


# ------------------------------------------------------------------------------------------- against the loop


@pytest.mark.parametrize("cost", COSTS)
@pytest.mark.parametrize("target", ["soft", "ce", "la"])
@pytest.mark.parametrize("grouping", ["uniform", "equal_mass"])
@pytest.mark.parametrize("bounded", [True, False])
def test_terms_equal_the_loop(bounded, grouping, target, cost):
    n, beta, (part, scalar) = 4, 0.7, COSTS[cost]
    head = fitted(
        n=n, beta=beta, bounded=bounded, target=target, grouping=grouping, lambda1=0.3, lambda2=1.7, scale=3
    )
    z, y = batch()
    weight = torch.rand(len(z), generator=torch.manual_seed(1), dtype=torch.float64)
    groups = getattr(LabelGroups, grouping)(SPACE, n)
    edges = groups.edges.tolist()
    outputs = (z @ head.linear.weight.T + head.linear.bias).tolist()
    logits = [row[:n] for row in outputs]
    experts = [
        [reference.expert(u, g, edges) if bounded else u for g, u in enumerate(row[n:])] for row in outputs
    ]

    def label(g):
        return reference.soft_label(g, n, beta) if target == "soft" else [float(k == g) for k in range(n)]

    share = [c / sum(groups.counts.tolist()) for c in groups.counts.tolist()]
    prior = [math.log(s) if target == "la" else 0.0 for s in share]
    expected = reference.group_terms(
        logits, experts, y[:, 0].tolist(), edges, label, prior, scalar, weight.tolist()
    )
    prediction = head(z)
    terms = head.terms(prediction, y, weight, cost=part)
    assert terms["regression"].item() == pytest.approx(expected[0], rel=1e-10)
    assert terms["classification"].item() == pytest.approx(expected[1], rel=1e-10)
    total = head.loss(prediction, y, weight, cost=part).item()
    assert total == pytest.approx(0.3 * expected[0] + 1.7 * expected[1], rel=1e-10)
    assert np.allclose(prediction.extras["experts"].tolist(), experts, rtol=1e-12)


@pytest.mark.parametrize("target", ["soft", "ce", "la"])
def test_values_equal_the_loop(target):
    n, beta, (z, _) = 5, 1.3, batch()
    soft, hard = (fitted(n=n, beta=beta, target=target, routing=r, scale=4) for r in ("soft", "argmax"))
    logits, experts = (soft(z).extras[key].tolist() for key in ("logits", "experts"))
    for i, (row, values) in enumerate(zip(logits, experts, strict=True)):
        pi = reference.posterior(row, beta) if target == "soft" else np.array(reference.softmax(row))
        assert np.allclose(soft(z).extras["probabilities"][i].tolist(), pi, rtol=1e-9, atol=1e-12)
        assert soft(z).value[i].item() == pytest.approx(float(pi @ np.array(values)), rel=1e-9)
        assert hard(z).value[i].item() == values[int(np.argmax(row))]


def test_gradients():
    head, (z, y) = fitted(n=4, routing="soft"), batch(5)
    z.requires_grad_()
    assert (head(z).extras["probabilities"] < 1e-9).any()  # some are clipped, so that the clip is part of it
    assert torch.autograd.gradcheck(lambda t: head.loss(head(t), y, cost=MSELoss()), z)
    assert torch.autograd.gradcheck(lambda t: head(t).value, z)


# ---------------------------------------------------------------------------------------------- the posterior


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 12), st.floats(0.05, 30), st.integers(0, 10**6))
def test_the_groups_probabilities_come_back_from_blurred_ones(n, beta, seed):
    pi = np.random.default_rng(seed).dirichlet(np.full(n, 0.5))
    p = torch.from_numpy(pi @ soft_labels(np.arange(n), n, beta)).unsqueeze(0)
    assert np.allclose(GroupLabels(n, "soft", beta).posterior(p)[0].numpy(), pi, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 12), st.floats(1e-12, 1e4), st.integers(0, 10**6), st.floats(0, 1e5))
def test_no_logits_and_no_beta_give_nan(n, beta, seed, scale):
    logits = torch.from_numpy(scale * np.random.default_rng(seed).normal(size=(3, n))).float()
    labels = GroupLabels(n, "soft", beta)
    pi = labels.posterior(logits.softmax(1))
    assert (pi >= 0).all()
    assert torch.allclose(pi.sum(1), torch.ones(3))
    assert labels.cross_entropy(logits, torch.arange(3) % n).isfinite()


# Rows x of two groups: x = 0 and x = 1 as often as the table says.
TABLE = np.array([[60, 20], [2, 8]])


def trained(target, **options):
    """A group head trained to the end on TABLE, a feature for each x; returns its probabilities by x."""
    g, x = (np.repeat(np.indices(TABLE.shape)[i].ravel(), TABLE.ravel()) for i in range(2))
    y = torch.from_numpy(g + 0.5)[:, None]
    z = torch.nn.functional.one_hot(torch.from_numpy(x), 2).double()
    space = LabelSpace.fit(y.numpy(), Bins.uniform(0, 2, 1))
    head = fitted(2, space, n=2, target=target, lambda1=0, **options)
    optimizer = torch.optim.LBFGS(head.parameters(), max_iter=200, tolerance_grad=1e-12, tolerance_change=0)

    def closure():
        optimizer.zero_grad()
        loss = head.loss(head(z), y, cost=L1Loss())
        loss.backward()
        return loss

    for _ in range(5):
        optimizer.step(closure)
    return head(torch.eye(2, dtype=torch.float64)).extras["probabilities"].detach().numpy()


def test_soft_labels_and_one_hot_labels_learn_the_posterior_of_the_training_set():
    expected = (TABLE / TABLE.sum(0)).T
    assert np.allclose(trained("ce"), expected, atol=1e-5)
    for beta in (0.5, 1.0, 4.0):
        assert np.allclose(trained("soft", beta=beta), expected, atol=1e-5)


def test_logit_adjustment_learns_the_balanced_posterior():
    likelihood = TABLE / TABLE.sum(1, keepdims=True)  # p(x | g): the posterior were groups equally frequent
    assert np.allclose(trained("la"), (likelihood / likelihood.sum(0)).T, atol=1e-5)


# ------------------------------------------------------------------------------------------------- the experts


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 8), st.integers(0, 7), st.floats(0, 1), st.floats(0, 100))
def test_an_expert_reaches_every_label_of_its_group_and_beyond_the_ends(n, g, share, beyond):
    g %= n
    head = fitted(n=n, grouping="equal_mass")
    labels = head.groups
    low, high = head.edges[g].item(), head.edges[g + 1].item()
    step = (low + share * (high - low) - labels.centers[g].item()) / (1.1 * labels.half_widths[g].item())
    wanted = [low + share * (high - low)]
    inputs = [step if (g == 0 and step < 0) or (g == n - 1 and step > 0) else math.atanh(step)]
    for end, side in ((0, -1), (n - 1, 1)):
        if g == end:
            inputs.append(side * (1 + beyond))
            wanted.append(labels.centers[g].item() + side * 1.1 * (1 + beyond) * labels.half_widths[g].item())
    for u, label in zip(inputs, wanted, strict=True):
        row = torch.zeros(1, n, dtype=torch.float64)
        row[0, g] = u
        assert labels.inside(row)[0, g].item() == pytest.approx(label, rel=1e-9, abs=1e-9)
    assert abs(inputs[0]) < 1.6  # where tanh still has a sixth of its slope


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 8), st.floats(-1e30, 1e30))
def test_no_expert_leaves_its_group_but_through_an_open_side(n, u):
    head = fitted(n=n, grouping="equal_mass", dtype=torch.float32)
    labels = head.groups
    experts = labels.inside(torch.full((1, n), u))[0].double()
    away = (experts - labels.centers) / labels.half_widths
    limit = 1.1 * (1 + 1e-5)
    assert (away[1 if u < 0 else 0 : n if u < 0 else n - 1].abs() <= limit).all()
    if abs(u) > 2:
        assert away[0 if u < 0 else -1].abs() > limit  # the open side


@pytest.mark.parametrize("n", [1, 3])
def test_an_expert_has_one_slope_at_its_centre(n):
    labels, eps = fitted(n=n).groups, 1e-6
    for sign in (-1, 1):
        u = torch.full((1, n), sign * eps, dtype=torch.float64)
        slope = (labels.inside(u)[0] - labels.centers) / (sign * eps)
        assert torch.allclose(slope, 1.1 * labels.half_widths, rtol=1e-6)
    u = torch.zeros(1, n, dtype=torch.float64, requires_grad=True)
    labels.inside(u).sum().backward()
    assert u.grad is not None
    assert torch.allclose(u.grad[0], 1.1 * labels.half_widths)


def test_an_untrained_expert_is_about_the_middle_of_its_group():
    head = fitted(n=4)
    with torch.no_grad():
        head.linear.weight.zero_()
        head.linear.bias.zero_()
    experts = head(torch.zeros(1, 6, dtype=torch.float64)).extras["experts"][0]
    assert experts.tolist() == LabelGroups.uniform(SPACE, 4).centers.tolist()


# --------------------------------------------------------------------------------------------------- its limits


def test_one_unbounded_group_is_a_linear_layer():
    head, plain, (z, y) = fitted(n=1, bounded=False), torch.nn.Linear(6, 1).double(), batch()
    with torch.no_grad():
        plain.weight.copy_(head.linear.weight[1:])
        plain.bias.copy_(head.linear.bias[1:])
    for cost in (L1Loss(), MSELoss(), BMCLoss()):
        prediction = head(z)
        assert torch.allclose(prediction.value, plain(z), rtol=1e-12)
        terms = head.terms(prediction, y, cost=cost)
        assert terms["classification"] == 0
        assert terms["regression"].item() == pytest.approx(cost(plain(z), y).item(), rel=1e-12)
        assert head.total(terms) == 0.5 * terms["regression"]


def test_one_bounded_group_is_affine():
    head, (a, _), (b, _) = fitted(n=1, scale=20), batch(), batch(seed=1)
    middle = head((a + b) / 2).value
    assert torch.allclose(middle, (head(a).value + head(b).value) / 2, rtol=1e-12, atol=1e-12)
    assert head(a).value.min() < head.edges[0]
    assert head(a).value.max() > head.edges[-1]


@pytest.mark.parametrize("target", ["ce", "soft", "la"])
def test_a_perfect_router_makes_both_routings_the_true_expert(target):
    n, scale = 5, 1e3
    for g in range(n):
        logits = torch.zeros(n, dtype=torch.float64)
        logits[g] = scale
        if target == "soft":  # as sure as soft labels let it be
            logits = torch.from_numpy(np.log(soft_labels([g], n, 1.0)[0]))
        experts = torch.linspace(-1, 1, n, dtype=torch.float64)
        head = fitted(n=n, target=target, routing="argmax")
        y = head.groups.centers[g].reshape(1, 1)
        hard = value_of(head, logits, experts)
        soft = value_of(fitted(n=n, target=target, routing="soft"), logits, experts)
        assert torch.allclose(hard.value, soft.value, rtol=1e-9)
        assert torch.equal(hard.value, head.true_routing(hard, y))


def test_soft_labels_are_one_hot_where_they_are_steep():
    z, y = batch()
    steep, one_hot = fitted(n=4, beta=700.0), fitted(n=4, target="ce")
    ours, theirs = (head.terms(head(z), y, cost=L1Loss()) for head in (steep, one_hot))
    assert ours["classification"].item() == pytest.approx(theirs["classification"].item(), rel=1e-12)
    assert torch.allclose(steep(z).extras["probabilities"], one_hot(z).extras["probabilities"])


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("grouping", ["uniform", "equal_mass"])
def test_labels_get_the_groups_of_label_groups(grouping, dtype):
    head, groups = fitted(n=4, grouping=grouping), getattr(LabelGroups, grouping)(SPACE, 4)
    y = torch.tensor([*np.arange(-20, 150) / 10, *groups.edges]).to(dtype).unsqueeze(1)
    assert head.edges.tolist() == groups.edges.tolist()
    found = head.groups_of(y)
    assert found.dtype == torch.int64
    assert found.tolist() == groups.index(y[:, 0].double().numpy()).tolist()


def test_routing_by_the_true_group():
    head, (z, y) = fitted(n=4), batch()
    prediction = head(z)
    ours = head.true_routing(prediction, y)
    assert ours.shape == (12, 1)
    for i, g in enumerate(head.groups_of(y).tolist()):
        assert ours[i, 0] == prediction.extras["experts"][i, g]


# ------------------------------------------------------------------------------------ what acts on what


def parts_of_gradient(head, z, y, weight=None):
    found = []
    for term in ("regression", "classification"):
        x = z.clone().requires_grad_()
        head.terms(head(x), y, weight, cost=L1Loss())[term].backward()
        found.append(x.grad)
    return found


def test_both_terms_reach_the_features():
    for gradient in parts_of_gradient(fitted(n=4), *batch()):
        assert (gradient != 0).any(1).all()


def test_only_the_true_expert_learns_from_a_sample():
    head, (z, _) = fitted(n=4), batch(1)
    y = head.groups.centers[2].reshape(1, 1) + 0.01
    head.terms(head(z), y, cost=L1Loss())["regression"].backward()
    assert (head.linear.bias.grad != 0).nonzero().flatten().tolist() == [4 + 2]


def test_a_weight_acts_on_the_experts_only():
    head, (z, y) = fitted(n=4), batch()
    weight = torch.zeros(12)
    weight[3] = 2.0
    plain, weighted = (head.terms(head(z), y, w, cost=L1Loss()) for w in (None, weight))
    assert weighted["classification"] == plain["classification"]
    regression, classification = parts_of_gradient(head, z, y, weight)
    assert (regression != 0).any(1).nonzero().flatten().tolist() == [3]
    assert (classification != 0).any(1).all()


OTHER = {
    "bounded": False,
    "target": "ce",
    "beta": 2.0,
    "lambda1": 0.6,
    "lambda2": 0.9,
    "grouping": "equal_mass",
}


@pytest.mark.parametrize("option", OTHER)
def test_every_option_changes_the_loss(option):
    z, y = batch()
    plain, other = (
        head.loss(head(z), y, cost=L1Loss()).item()
        for head in (fitted(n=4), fitted(n=4, **{option: OTHER[option]}))
    )
    assert other != pytest.approx(plain, rel=1e-3)


def test_routing_changes_the_value_and_not_the_loss():
    z, y = batch()
    hard, soft = (fitted(n=4, routing=r) for r in ("argmax", "soft"))
    assert not torch.allclose(hard(z).value, soft(z).value, rtol=1e-2)
    assert hard.loss(hard(z), y, cost=L1Loss()) == soft.loss(soft(z), y, cost=L1Loss())


def test_argmax_takes_the_largest_of_p_as_the_paper_does():
    p = np.array([0.45, 0.1, 0.45]) @ soft_labels(np.arange(3), 3, 0.2)  # two far groups blur into the middle
    head = fitted(n=3, beta=0.2)
    prediction = value_of(head, torch.from_numpy(np.log(p)), torch.zeros(3, dtype=torch.float64))
    assert prediction.extras["probabilities"].argmax() != 1
    assert prediction.value[0, 0] == head.groups.centers[1]


def test_soft_values_lie_between_the_experts():
    prediction = fitted(n=4, routing="soft", scale=3)(batch()[0])
    experts = prediction.extras["experts"]
    assert (prediction.value[:, 0] >= experts.min(1).values - 1e-12).all()
    assert (prediction.value[:, 0] <= experts.max(1).values + 1e-12).all()


def test_training_beats_a_constant_in_each_group():
    """Labels that the features tell exactly: groups are found and experts regress inside them."""
    rng = np.random.default_rng(0)
    labels = rng.uniform(0, 10, size=400)
    x = torch.from_numpy(labels)[:, None].float()
    z = torch.cat([((x - c) / 1.0).sigmoid() for c in range(11)], 1)
    head = fitted(11, LabelSpace.fit(labels), n=5, dtype=torch.float32)
    optimizer = torch.optim.Adam(head.parameters(), lr=0.05)
    for _ in range(300):
        optimizer.zero_grad()
        head.loss(head(z), x, cost=L1Loss()).backward()
        optimizer.step()
    prediction = head(z)
    true = (head.true_routing(prediction, x) - x).abs().mean()
    assert true < 0.1  # the middle of a group, of width 2, errs by 0.5
    assert (prediction.value - x).abs().mean() < 0.5


# ----------------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("options", "kind", "text"),
    [
        ({"n": 0}, InputError, r"n: expected a whole number of at least 1, got 0"),
        ({"beta": 0}, InputError, r"beta: expected a number above 0, got 0"),
        ({"beta": -1.0}, InputError, r"beta: expected a number above 0, got -1\.0"),
        ({"lambda1": -1}, InputError, r"lambda1: expected a number of at least 0, got -1"),
        ({"lambda2": math.nan}, InputError, r"lambda2: expected a finite number, got nan"),
        (
            {"routing": "sof"},
            UnknownNameError,
            r"no routing of GroupHead named 'sof'; did you mean 'soft'\?",
        ),
        ({"target": "lla"}, UnknownNameError, r"no target of GroupHead named 'lla'; did you mean 'la'\?"),
        (
            {"grouping": "equal-mass"},
            UnknownNameError,
            r"no grouping of GroupHead named 'equal-mass'; did you mean 'equal_mass'\?",
        ),
    ],
)
def test_arguments(options, kind, text):
    with pytest.raises(kind, match=text):
        GroupHead(3, **options)


def test_groups_that_labels_do_not_fill():
    with pytest.raises(
        InputError, match=r"n: expected at most 3 groups, one a bin that holds training labels"
    ):
        GroupHead(3, n=4).fit(LabelSpace.fit([1, 2, 3]))
    with pytest.raises(InputError, match=r"got none in group 1.* take fewer groups, or groups of equal mass"):
        GroupHead(3, n=3).fit(LabelSpace.fit([0, 1, 99], Bins.uniform(0, 100, 1)))


def test_targets():
    head, z = fitted(n=4), torch.zeros(4, 6, dtype=torch.float64)
    prediction = head(z)
    calls = (
        lambda y: head.loss(prediction, y, cost=L1Loss()),
        lambda y: head.true_routing(prediction, y),
        head.groups_of,
    )
    for call, shape in itertools.product(calls, ((4,), (4, 3))):
        with pytest.raises(
            ShapeError,
            match=r"target: expected shape \((4|batch), 1\), got .*; GroupHead predicts one number a sample",
        ):
            call(torch.zeros(shape))
    y = torch.tensor([[1.0], [torch.nan], [2.0], [torch.inf]])
    for call in calls:
        with pytest.raises(
            TargetError, match=r"in 2 of 4 \(rows 1 and 3, counted from 0\); drop or fill them"
        ):
            call(y)


def test_whole_number_targets_are_fine():
    head = GroupHead(2, n=3).fit(LabelSpace.fit(range(9)))
    assert head.groups_of(torch.tensor([[0], [4], [8]])).tolist() == [0, 1, 2]
    assert head.loss(head(torch.zeros(3, 2)), torch.tensor([[0], [4], [8]]), cost=L1Loss()).isfinite()


def test_a_state_of_other_groups_is_refused():
    state = fitted(n=4).state_dict()
    with pytest.raises(RuntimeError, match="size mismatch"):
        GroupHead(6, n=5).load_state_dict(state)


def test_fitting_again_forgets_the_first_labels():
    head, fresh = fitted(n=4), fitted(n=4, space=LabelSpace.fit(LABELS * 3))
    assert torch.equal(head.fit(LabelSpace.fit(LABELS * 3)).edges, fresh.edges)
    assert torch.equal(head.groups.centers, fresh.groups.centers)


def test_a_head_works_on_predictions_of_a_state_it_never_made():
    """Terms need only what a Prediction holds."""
    head, (z, y) = fitted(n=4), batch()
    prediction = head(z)
    copy = Prediction(prediction.value.clone(), {k: v.clone() for k, v in prediction.extras.items()})
    assert head.loss(copy, y, cost=L1Loss()) == head.loss(prediction, y, cost=L1Loss())
