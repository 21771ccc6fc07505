"""The linear head is a linear layer."""

import pytest
import torch

from evenreg.errors import InputError
from evenreg.heads import LinearHead
from evenreg.losses import L1Loss, MSELoss


@pytest.mark.parametrize("out", [1, 3])
@pytest.mark.parametrize("cost", [L1Loss(), MSELoss()])
def test_value_and_loss_are_those_of_a_layer_and_a_cost(cost, out):
    torch.manual_seed(0)
    head = LinearHead(4, out)
    torch.manual_seed(0)
    layer = torch.nn.Linear(4, out)
    z, y, weight = torch.randn(5, 4), torch.randn(5, out), torch.rand(5)
    prediction = head(z)
    assert prediction.extras == {}
    assert torch.equal(prediction.value, layer(z))
    assert torch.equal(head.loss(prediction, y, weight, cost=cost), cost(layer(z), y, weight))
    assert head.config == {"in_features": 4, "out": out}


def test_arguments():
    with pytest.raises(InputError, match=r"out: expected a whole number of at least 1, got 0"):
        LinearHead(3, 0)
