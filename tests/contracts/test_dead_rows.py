"""Features straight out of a ReLU with rows of zeros, and batches of one, in front of every public part."""

import pytest
import torch

from contracts.public_parts import NETWORKS, Network, batch, gradients
from evenreg.errors import InputError

pytestmark = pytest.mark.filterwarnings("ignore:Anomaly Detection has been enabled")
every_network = pytest.mark.parametrize("name", NETWORKS)


def network_with_dead_rows(name):
    """Inputs 0 give features 0; FDS calibrates from the second epoch on."""
    torch.manual_seed(0)
    network = Network(name, calibrated=True)
    with torch.no_grad():
        network.encoder[0].bias.fill_(-0.1)
    return network


def rows(n, dead):
    x, y = batch(n)
    x[torch.tensor(dead, dtype=torch.long)] = 0
    return x, y


@every_network
@pytest.mark.parametrize(
    ("n", "dead"), [(12, [1, 4, 5]), (12, range(12)), (2, [0]), (2, [0, 1]), (1, []), (1, [0])]
)
def test_loss_and_gradients_are_finite_over_two_epochs(name, n, dead):
    """Under anomaly detection, which stops at a NaN on the way back even where it is masked later."""
    network, (x, y) = network_with_dead_rows(name), rows(n, list(dead))
    if name == "BMCLoss" and n == 1:
        with pytest.raises(
            InputError, match="BMCLoss: expected a batch of at least 2 samples, got 1; merge it"
        ):
            network(x, y)
        return
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-3)
    assert not network.encoder(x)[list(dead)].any()
    for _ in range(2):
        optimizer.zero_grad()
        with torch.autograd.detect_anomaly(check_nan=True):
            loss = network(x, y)
            loss.backward()
        assert loss.isfinite()
        assert all(g.isfinite().all() for g in gradients(network))
        optimizer.step()
        network.end_epoch()
    assert all(p.isfinite().all() for p in network.parameters())
