"""BNI against loops and quadrature, and its integral far from the bins."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from evenreg.errors import InputError, NotFittedError, ShapeError, UnknownNameError
from evenreg.labels import LDS, Bins, LabelSpace
from evenreg.losses import BNILoss, MSELoss
from evenreg.losses._density_nll import density_nll
from reference import losses as reference


def space(n=400, width=0.25, seed=0):
    y = np.random.default_rng(seed).exponential(size=n)
    return LabelSpace.fit(y, Bins.uniform(0, np.ceil(y.max()), width))


def batch(n=9, seed=1):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 1)) * 3, rng.exponential(size=(n, 1))


def gradient(loss, p, y):
    q = p.clone().requires_grad_()
    loss(q, y).backward()
    return q.grad


@pytest.mark.parametrize("sigma", [0.05, 0.5, 4.0])
def test_density_equals_quadrature(sigma):
    labels, (p, y) = space(), batch()
    p = np.abs(p)  # near the labels: quadrature underflows far from them
    weight = np.random.default_rng(2).random(9)
    expected = reference.bni_density_nll(p, y, labels.bins.edges, labels.counts / labels.n, sigma)
    value = BNILoss(noise_sigma=sigma).fit(labels)(*map(torch.from_numpy, (p, y, weight)))
    assert value.item() == pytest.approx(2 * sigma**2 * np.mean(weight * expected), rel=1e-8)


@pytest.mark.parametrize("d", [1, 2])
@pytest.mark.parametrize("sigma", [0.3, 2.0])
def test_centers_equal_the_loop(d, sigma):
    rng = np.random.default_rng(0)
    centers, mass, p, y = (
        rng.normal(size=(7, d)),
        rng.random(7),
        rng.normal(size=(5, d)),
        rng.normal(size=(5, d)),
    )
    expected = 2 * sigma**2 * np.mean(reference.bni_centers_nll(p, y, centers, mass, sigma))
    value = BNILoss.from_bins(centers, mass, noise_sigma=sigma)(torch.from_numpy(p), torch.from_numpy(y))
    assert value.item() == pytest.approx(expected, rel=1e-10)


def test_centers_and_density_agree_where_bins_are_narrow():
    labels, (p, y) = space(width=0.01), map(torch.from_numpy, batch())
    gradients = [gradient(BNILoss(integration=i).fit(labels), p, y) for i in ("density", "centers")]
    assert torch.allclose(*gradients, rtol=1e-4, atol=1e-5)
    coarse = [
        gradient(BNILoss(integration=i, noise_sigma=0.05).fit(space(width=1)), p, y)
        for i in ("density", "centers")
    ]
    assert not torch.allclose(*coarse, rtol=0.1, atol=0.1)


@pytest.mark.parametrize("integration", ["density", "centers"])
def test_fitted_centers_and_bins_hold_the_counts(integration):
    labels, (p, y) = space(), batch()
    mass = LDS().smooth(labels.counts)
    mass = mass / mass.sum()
    loss = BNILoss(LDS(), integration).fit(labels)(torch.from_numpy(p), torch.from_numpy(y))
    if integration == "density":
        expected = reference.bni_density_nll(p, y, labels.bins.edges, mass, 1.0)
    else:
        kept = mass > 0
        expected = reference.bni_centers_nll(p, y, labels.bins.centers[kept, None], mass[kept], 1.0)
    assert loss.item() == pytest.approx(2 * np.mean(expected), rel=1e-8)


@pytest.mark.parametrize("integration", ["density", "centers"])
def test_a_uniform_prior_well_beyond_the_batch_is_mse(integration):
    even = LabelSpace.fit(np.arange(-49.95, 50, 0.1), Bins.uniform(-50, 50, 0.1))
    p, y = map(torch.from_numpy, batch())
    ours = gradient(BNILoss(integration=integration).fit(even), p, y)
    assert torch.allclose(ours, gradient(MSELoss(), p, y), rtol=1e-9, atol=1e-9)


def test_equal_neighbours_are_one_bin():
    even = LabelSpace.fit(np.arange(0.5, 10), Bins.uniform(-5, 15, 1))
    assert BNILoss().fit(even).edges.tolist() == [0.0, 10.0]


@pytest.mark.parametrize("integration", ["density", "centers"])
def test_a_common_shift_changes_nothing(integration):
    labels, (p, y) = space(), map(torch.from_numpy, batch())
    moved = LabelSpace.fit(labels.sample + 100, Bins(labels.bins.edges + 100))
    value, same = (
        BNILoss(integration=integration).fit(s)(p + shift, y + shift).item()
        for s, shift in ((labels, 0), (moved, 100))
    )
    assert same == pytest.approx(value, rel=1e-9)


# ---------------------------------------------------------------------------------------- the integral itself


def log_difference(a, b):
    """log(Φ(b) − Φ(a)) by SciPy's log_ndtr, on the side where it has digits."""
    a, b = (-b, -a) if a + b > 0 else (a, b)
    return special.log_ndtr(b) + np.log(-np.expm1(special.log_ndtr(a) - special.log_ndtr(b)))


def expected_nll(p, y, edges, densities, sigma):
    terms = [
        np.log(h) + log_difference((a - p) / sigma, (b - p) / sigma)
        for a, b, h in zip(edges[:-1], edges[1:], densities, strict=True)
        if h > 0
    ]
    return (p - y) ** 2 / (2 * sigma**2) + np.log(sigma * np.sqrt(2 * np.pi)) + special.logsumexp(terms)


EDGES, DENSITIES = [0.0, 0.5, 1.0, 3.0, 20.0, 20.1], [0.4, 0.9, 0.15, 0.0, 0.5]


@pytest.mark.parametrize(
    "p", [-1000.0, -40.0, -6.0, -1.0, 0.0, 0.25, 0.5, 2.0, 3.0, 7.0, 11.5, 19.0, 20.05, 26.0, 1100.0]
)
@pytest.mark.parametrize("sigma", [0.02, 1.0, 50.0])
def test_it_is_right_at_any_distance(p, sigma):
    y = 0.7
    expected = expected_nll(p, y, EDGES, DENSITIES, sigma)
    for dtype, tolerance in ((torch.float64, 1e-9), (torch.float32, 2e-5)):
        values = [torch.tensor([[v]], dtype=dtype) for v in (p, y)]
        tensors = [torch.tensor(v, dtype=dtype) for v in (EDGES, DENSITIES, sigma)]
        value = density_nll(*values, *tensors).item()
        assert value == pytest.approx(expected, rel=tolerance, abs=tolerance)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_thousand_noise_scales_away_the_gradient_points_back(dtype):
    loss = BNILoss(noise_sigma=1.0, learn_noise=False).fit(space())
    p = torch.tensor([[1000.0], [-1000.0]], dtype=dtype)
    y = torch.tensor([[1.0], [1.0]], dtype=dtype)
    assert loss.edges is not None
    low, high = loss.edges[0].item(), loss.edges[-1].item()
    # Only the nearest edge counts there: gradient = (edge − y) + sigma² / distance, up to higher orders, × 2
    # / n.
    expected = [(high - 1) - 1 / (1000 - high), (low - 1) + 1 / (1000 + low)]
    assert gradient(loss, p, y)[:, 0].tolist() == pytest.approx(
        expected, abs=2e-3 if dtype == torch.float32 else 2e-5
    )


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(1e-6, 1e3), min_size=1, max_size=6),
    st.floats(-1e10, 1e10),
    st.floats(1e-2, 1e4),
    st.integers(0, 10**6),
)
def test_no_distance_width_or_scale_gives_nan(widths, p, sigma, seed):
    rng = np.random.default_rng(seed)
    edges = torch.tensor(np.cumsum([0.0, *widths])).float()
    densities = torch.tensor(rng.random(len(widths)) + 1e-3).float()
    q = torch.tensor([[p]], requires_grad=True)
    scale = torch.tensor(sigma, requires_grad=True)
    value = density_nll(q, torch.zeros(1, 1), edges, densities, scale)
    value.sum().backward()
    assert q.grad is not None
    assert scale.grad is not None
    assert value.isfinite().all()
    assert q.grad.isfinite().all()
    assert scale.grad.isfinite()


@pytest.mark.parametrize("sigma", [0.05, 0.7, 30.0])
def test_gradients(sigma):
    p = torch.tensor([[-8.0], [0.2], [0.5 + 1e-3], [6.0], [12.0], [20.05], [25.0]], dtype=torch.float64)
    y = torch.rand(7, 1, dtype=torch.float64, generator=torch.manual_seed(0))
    edges, densities = torch.tensor(EDGES, dtype=torch.float64), torch.tensor(DENSITIES, dtype=torch.float64)
    inputs = (
        p.requires_grad_(),
        y.requires_grad_(),
        edges,
        densities,
        torch.tensor(sigma, dtype=torch.float64).requires_grad_(),
    )
    assert torch.autograd.gradcheck(density_nll, inputs, eps=1e-6 * sigma)


def test_gradients_of_centers():
    loss = BNILoss.from_bins([[0.0, 1.0], [2.0, 0.5]], [0.2, 0.8])
    p, y = (
        torch.randn(4, 2, dtype=torch.float64, generator=torch.manual_seed(s), requires_grad=True)
        for s in (0, 1)
    )
    assert torch.autograd.gradcheck(loss, (p, y))


# ---------------------------------------------------------------------------------------- state and bad input


def test_a_fitted_state_loads_into_an_instance_that_never_was():
    p, y = (torch.from_numpy(a).float() for a in batch())
    for integration in ("density", "centers"):
        fitted = BNILoss(LDS(), integration, 0.7).fit(space())
        for other in (
            BNILoss(integration=integration),
            BNILoss(integration=integration).fit(space(width=1.0)),
        ):
            other.load_state_dict(fitted.state_dict())
            assert other(p, y).item() == fitted(p, y).item()


def test_a_state_of_the_other_integration_is_refused():
    with pytest.raises(RuntimeError, match="Unexpected key"):
        BNILoss().load_state_dict(BNILoss(integration="centers").fit(space()).state_dict())


def test_labels_of_several_dimensions_are_refused():
    flat = LabelSpace.fit(
        np.random.default_rng(0).normal(size=(50, 2)), coordinate=lambda v: np.hypot(v[:, 0], v[:, 1])
    )
    with pytest.raises(
        InputError,
        match=r"BNILoss: expected labels of one dimension, got 2; use GAILoss or BMCLoss",
    ):
        BNILoss().fit(flat)


def test_bad_bins_and_arguments_are_refused():
    with pytest.raises(
        UnknownNameError, match=r"no integration of BNILoss named 'centres'; did you mean 'centers'\?"
    ):
        BNILoss(integration="centres")
    with pytest.raises(NotFittedError, match=r"BNILoss has learned no labels yet; call fit\(space\) first"):
        BNILoss()(torch.zeros(2, 1), torch.zeros(2, 1))
    with pytest.raises(
        ShapeError, match=r"probabilities: expected shape \(2,\), got \(3,\); give one probability a bin"
    ):
        BNILoss.from_bins([0.0, 1.0], [0.2, 0.3, 0.5])
    with pytest.raises(
        ShapeError, match=r"centers: expected shape \(m, d\), got \(1, 1, 2\); give one row a bin"
    ):
        BNILoss.from_bins([[[0.0, 1.0]]], [1.0])
    with pytest.raises(
        InputError, match=r"probabilities: expected numbers of at least 0, not all 0, got a smallest of 0"
    ):
        BNILoss.from_bins([0.0, 1.0], [0.0, 0.0])
    with pytest.raises(
        ShapeError, match=r"prediction: expected shape \(batch, 1\), got \(4, 2\); the bins have"
    ):
        BNILoss().fit(space())(torch.zeros(4, 2), torch.zeros(4, 2))
