"""Training that goes on from a checkpoint inside an epoch, in modules that never saw the labels."""

import io

import pytest
import torch

from contracts.public_parts import NETWORKS, Network, batch


def training(name, fitted):
    torch.manual_seed(0 if fitted else 1)
    network = Network(name, fitted=fitted, calibrated=True)
    return network, torch.optim.Adam(network.parameters(), lr=0.05)


def steps(network, optimizer, first, last):
    """Steps of three batches an epoch."""
    losses = []
    for step in range(first, last):
        optimizer.zero_grad()
        loss = network(*batch(seed=step))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if step % 3 == 2:
            network.end_epoch()
    return losses


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("cut", [2, 4])  # before FDS calibrates, while it does
def test_a_fresh_network_goes_on_as_the_first_would_have(name, cut):
    network, optimizer = training(name, fitted=True)
    steps(network, optimizer, 0, cut)
    file = io.BytesIO()
    torch.save({"network": network.state_dict(), "optimizer": optimizer.state_dict()}, file)
    expected = steps(network, optimizer, cut, 8)

    resumed, other = training(name, fitted=False)
    file.seek(0)
    state = torch.load(file, weights_only=True)
    resumed.load_state_dict(state["network"])
    other.load_state_dict(state["optimizer"])
    assert steps(resumed, other, cut, 8) == expected

    end, found = network.state_dict(), resumed.state_dict()
    assert end.keys() == found.keys()
    assert all(torch.equal(found[key].nan_to_num(7.0), end[key].nan_to_num(7.0)) for key in end)
    assert not torch.equal(state["network"]["encoder.0.weight"], end["encoder.0.weight"])
    assert end["fds.epoch"] == 2
    assert (end["fds.epoch_count"] > 0).any()
