"""The classifier head against a loop, and its two ways back to a value."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from evenreg.errors import InputError, ShapeError, UnknownNameError
from evenreg.heads import ClassifierHead
from evenreg.labels import Bins, LabelSpace
from evenreg.losses import L1Loss
from reference import heads as reference

EDGES = [0.0, 0.5, 2.0, 2.5, 4.0]
SPACE = LabelSpace.fit([0.1, 0.2, 1.0, 2.2, 3.0], Bins(EDGES))


def fitted(decode="argmax", seed=0):
    torch.manual_seed(seed)
    return ClassifierHead(3, 4, decode).fit(SPACE).double()


def test_loss_and_values_equal_the_loop():
    z = torch.randn(7, 3, generator=torch.manual_seed(1), dtype=torch.float64)
    y = torch.tensor([[-1.0], [0.0], [0.5], [1.9], [2.4], [4.0], [9.0]], dtype=torch.float64)
    weight = torch.rand(7, dtype=torch.float64)
    head = fitted()
    prediction = head(z)
    logits = (z @ head.linear.weight.T + head.linear.bias).tolist()
    centers = [0.25, 1.25, 2.25, 3.25]
    expected = 0.0
    for i, row in enumerate(logits):
        one_hot = [float(k == reference.group_of(y[i].item(), EDGES)) for k in range(4)]
        expected += weight[i].item() * reference.cross_entropy(one_hot, row) / 7
        assert prediction.value[i].item() == centers[int(np.argmax(row))]
        mean = sum(p * c for p, c in zip(reference.softmax(row), centers, strict=True))
        assert fitted("expectation")(z).value[i].item() == pytest.approx(mean, rel=1e-12)
    for w in (weight, weight.unsqueeze(1)):
        assert head.loss(prediction, y, w, cost=L1Loss()).item() == pytest.approx(expected, rel=1e-12)


def test_the_cost_is_ignored():
    def never(*arguments):
        raise AssertionError

    head = fitted()
    z, y = torch.zeros(2, 3, dtype=torch.float64), torch.ones(2, 1)
    assert head.loss(head(z), y, cost=never).isfinite()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.floats(0, 1e4))
def test_an_expectation_never_leaves_the_bins(seed, scale):
    head = fitted("expectation", seed)
    z = torch.from_numpy(scale * np.random.default_rng(seed).normal(size=(5, 3)))
    value = head(z).value
    assert (value >= 0.25 - 1e-9).all()
    assert (value <= 3.25 + 1e-9).all()


def test_one_class():
    head = ClassifierHead(3, 1).fit(LabelSpace.fit([5.0, 5.0], Bins([4.0, 6.0])))
    prediction = head(torch.randn(2, 3))
    assert prediction.value.tolist() == [[5.0], [5.0]]
    assert head.loss(prediction, torch.tensor([[5.0], [5.0]]), cost=L1Loss()) == 0


def test_what_is_refused():
    with pytest.raises(InputError, match=r"bins: expected a whole number of at least 1, got 0"):
        ClassifierHead(3, 0)
    with pytest.raises(
        UnknownNameError, match=r"no decode of ClassifierHead named 'expected'; did you mean 'expectation'\?"
    ):
        ClassifierHead(3, 4, "expected")
    with pytest.raises(
        InputError,
        match=r"space: expected as many bins as the head has classes, 5, got 4; make the head with",
    ):
        ClassifierHead(3, 5).fit(SPACE)
    head = fitted()
    with pytest.raises(ShapeError, match=r"ClassifierHead predicts one number a sample, from targets"):
        head.loss(head(torch.zeros(2, 3, dtype=torch.float64)), torch.zeros(2, 3), cost=L1Loss())
    with pytest.raises(RuntimeError, match="size mismatch"):
        ClassifierHead(3, 5).load_state_dict(head.state_dict())
