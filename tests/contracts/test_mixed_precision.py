"""Autocast, loss scaling and accumulation of every public part, inside a network."""

import pytest
import torch

from contracts.public_parts import HEADS, LOSSES, NETWORKS, Network, batch, gradients

MEANS = [*(name for name in LOSSES if name != "BMCLoss"), *HEADS, "FDS"]
BATCHWISE = [name for name in NETWORKS if name not in MEANS]

every_network = pytest.mark.parametrize("name", NETWORKS)


def trained(name, dtype=torch.float32):
    """A network at rest on eighths, which bfloat16 and float16 hold as float32 does; FDS calibrates."""
    torch.manual_seed(1)
    network = Network(name).to(dtype)
    network(*on_eighths(48, dtype)).backward()
    network.end_epoch()
    network.zero_grad()
    with torch.no_grad():
        for p in [*network.encoder.parameters(), *network.head.parameters()]:
            p.copy_((8 * p).round() / 8)
    return network


def on_eighths(n=24, dtype=torch.float32):
    x, y = batch(n, seed=1, dtype=dtype)
    return x.clamp(-2, 2).round(), y


def run(network, *inputs, scale=1.0):
    network.zero_grad()
    loss = network(*inputs)
    (scale * loss).backward()
    return loss.detach(), gradients(network)


def close(found, expected, share):
    """Within that share of their common length: a bias's gradient alone may be a small rest of large ones."""
    one, other = (torch.cat([g.flatten() for g in many]) for many in (found, expected))
    assert one.isfinite().all()
    assert (one - other).norm() <= share * other.norm()


@every_network
@pytest.mark.parametrize(("dtype", "share"), [(torch.bfloat16, 0.02), (torch.float16, 0.005)])
def test_under_autocast_and_a_gradient_scaler_gradients_are_those_of_float32(name, dtype, share):
    """Features are the same numbers in each precision, so that ranks, windows and bins are too."""
    network, (x, y) = trained(name), on_eighths()
    loss, expected = run(network, x, y)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu")
    before = [p.detach().clone() for p in network.parameters()]
    for attempt in range(12):  # float16 overflows at first, and the scaler halves its factor
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=dtype):
            value = network(x, y)
        assert value.dtype == torch.float32
        assert value.item() == pytest.approx(loss.item(), rel=share)
        scale = scaler.get_scale()
        scaler.scale(value).backward()
        scaler.unscale_(optimizer)
        found = gradients(network)
        scaler.step(optimizer)
        scaler.update()
        if scaler.get_scale() == scale:
            break
        assert dtype == torch.float16, attempt
        assert all(torch.equal(p, q) for p, q in zip(before, network.parameters(), strict=True))
    assert scaler.get_scale() == scale
    close(found, expected, share)
    assert not all(torch.equal(p, q) for p, q in zip(before, network.parameters(), strict=True))


@every_network
def test_a_scaled_loss_gives_the_same_gradient_once_unscaled(name):
    network, (x, y) = trained(name), batch(24)
    (_, plain), (_, scaled) = run(network, x, y), run(network, x, y, scale=2.0**16)
    assert any(g.any() for g in plain)
    assert all(torch.equal(g, s / 2**16) for g, s in zip(plain, scaled, strict=True))


@pytest.mark.parametrize("name", MEANS)
def test_two_half_batches_of_a_mean_are_the_whole_batch(name):
    network, (x, y) = trained(name, torch.float64), batch(24, dtype=torch.float64)
    weight = torch.rand(24, generator=torch.manual_seed(0), dtype=torch.float64)
    loss, whole = run(network, x, y, weight)
    network.zero_grad()
    halves = [network(x[half], y[half], weight[half]) / 2 for half in (slice(0, 12), slice(12, None))]
    for part in halves:
        part.backward()
    torch.testing.assert_close(sum(halves).detach(), loss, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(gradients(network), whole, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", BATCHWISE)
def test_half_batches_of_a_term_of_the_whole_batch_add_up_their_own_gradients(name):
    """Labels of other rows are part of the term, so two halves are no whole batch; but they keep no state."""
    network, (x, y) = trained(name, torch.float64), batch(24, dtype=torch.float64)
    halves = [(x[:12], y[:12]), (x[12:], y[12:])]
    alone = [run(network, *half)[1] for half in halves]
    network.zero_grad()
    for half in halves:
        network(*half).backward()
    torch.testing.assert_close(
        gradients(network), [a + b for a, b in zip(*alone, strict=True)], rtol=1e-12, atol=1e-12
    )
    whole = run(network, x, y)[1]
    assert not torch.allclose(whole[0], (alone[0][0] + alone[1][0]) / 2, rtol=1e-6)


def test_every_public_class_is_run():
    assert sorted(NETWORKS) == sorted(
        [
            *("BMCLoss", "BNILoss", "FocalRLoss", "GAILoss", "HuberLoss", "L1Loss", "MSELoss"),
            *("ConR", "GroupContrast", "RankNContrast", "RankSim"),
            *("ClassifierHead", "GroupHead", "LinearHead", "FDS"),
        ]
    )
