"""GAI against loops, quadrature and the closed form of one component."""

import numpy as np
import pytest
import torch
from scipy import integrate, stats

from evenreg.errors import InputError, NotFittedError, ShapeError
from evenreg.labels import LabelSpace
from evenreg.losses import GAILoss, MSELoss
from reference import losses as reference


def mixture(k, d, seed=0):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(k, d, d))
    return (
        rng.dirichlet(np.ones(k)),
        2 * rng.normal(size=(k, d)),
        root @ root.transpose(0, 2, 1) + 0.05 * np.eye(d),
    )


def batch(n, d, seed=1):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)) * 2, rng.normal(size=(n, d)) * 2


@pytest.mark.parametrize(("k", "d"), [(1, 1), (3, 1), (2, 2), (4, 5)])
@pytest.mark.parametrize("sigma", [0.2, 1.5])
def test_it_equals_the_loop(k, d, sigma):
    parts, (p, y) = mixture(k, d), batch(9, d)
    expected = np.array(reference.gai_nll(p, y, *parts, sigma))
    weight = np.random.default_rng(2).random(9)
    loss = GAILoss.from_mixture(*parts, noise_sigma=sigma)
    value = loss(torch.from_numpy(p), torch.from_numpy(y), torch.from_numpy(weight))
    assert value.item() == pytest.approx(2 * sigma**2 * np.mean(weight * expected), rel=1e-10)


def test_the_integral_is_that_of_the_mixture():
    weights, means, covariances = mixture(2, 1)
    p, y, sigma = 0.7, -0.4, 0.9

    def integrand(v):
        prior = sum(
            w * stats.norm.pdf(v, m[0], np.sqrt(c[0, 0]))
            for w, m, c in zip(weights, means, covariances, strict=True)
        )
        return stats.norm.pdf(v, p, sigma) * prior

    integral, _ = integrate.quad(integrand, -30, 30, points=[p, *means[:, 0]], epsabs=0, epsrel=1e-12)
    expected = 2 * sigma**2 * (-stats.norm.logpdf(y, p, sigma) + np.log(integral))
    loss = GAILoss.from_mixture(weights, means, covariances, noise_sigma=sigma)
    value = loss(torch.tensor([[p]], dtype=torch.float64), torch.tensor([[y]], dtype=torch.float64))
    assert value.item() == pytest.approx(expected, rel=1e-9)


def test_the_gradient_of_one_component_is_the_closed_form():
    p, y = (torch.from_numpy(a) for a in batch(11, 1))
    p.requires_grad_()
    s2, m, n2 = 1.7, 0.6, 0.4
    GAILoss.from_mixture([1.0], [[m]], [[[s2]]], noise_sigma=n2**0.5, learn_noise=False)(p, y).backward()
    expected = 2 * ((p - y) - n2 / (s2 + n2) * (p - m)) / 11
    assert p.grad is not None
    assert torch.allclose(p.grad, expected.detach(), rtol=1e-12, atol=1e-14)


def test_a_prior_of_huge_variance_is_mse():
    p, y = (torch.from_numpy(a) for a in batch(8, 1))
    loss = GAILoss.from_mixture([1.0], [[0.0]], [[[1e12]]], learn_noise=False)
    gradients = []
    for part in (loss, MSELoss()):
        q = p.clone().requires_grad_()
        part(q, y).backward()
        gradients.append(q.grad)
    assert torch.allclose(*gradients, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("d", [1, 3])
def test_gradients(d):
    loss = GAILoss.from_mixture(*mixture(3, d)).double()
    p, y = (torch.from_numpy(a).requires_grad_() for a in batch(5, d))
    assert torch.autograd.gradcheck(loss, (p, y))
    assert torch.autograd.gradcheck(
        lambda rho: _with_rho(loss, rho, p, y), (torch.tensor(0.1, dtype=torch.float64).requires_grad_(),)
    )


def _with_rho(loss, rho, p, y):
    sigma = (loss.noise.start * (1 + 0.999 * torch.expm1(rho))).to(p.dtype)
    return loss._nll(p.detach(), y.detach(), sigma).mean()


def test_shift_and_rotation_of_the_frame_change_nothing():
    weights, means, covariances = mixture(3, 2)
    p, y = batch(6, 2)
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    value = [
        GAILoss.from_mixture(weights, m, c, noise_sigma=0.5)(torch.from_numpy(a), torch.from_numpy(b)).item()
        for m, c, a, b in (
            (means, covariances, p, y),
            (means + 100, covariances, p + 100, y + 100),
            (means @ turn.T, turn @ covariances @ turn.T, p @ turn.T, y @ turn.T),
        )
    ]
    assert value[1:] == pytest.approx([value[0]] * 2, rel=1e-9)


def test_predictions_far_away_have_finite_gradients_in_float32():
    loss = GAILoss.from_mixture([0.5, 0.5], [0.0, 1.0], [1e-6, 1.0], noise_sigma=0.01)
    p = torch.tensor([[1e3], [-1e4], [0.5]], requires_grad=True)
    value = loss(p, torch.zeros(3, 1))
    value.backward()
    assert p.grad is not None
    assert value.isfinite()
    assert p.grad.isfinite().all()


def test_fit_takes_the_mixture_of_the_labels():
    y = np.random.default_rng(0).gamma(2.0, size=500)
    loss = GAILoss(1).fit(LabelSpace.fit(y))
    same = GAILoss.from_mixture([1.0], [y.mean()], [y.var()])
    for name in ("weights", "means", "variances"):
        assert getattr(loss, name).numpy() == pytest.approx(getattr(same, name).numpy(), rel=1e-9)
    two = GAILoss(2).fit(LabelSpace.fit(y))
    assert two.means is not None
    assert two.means.shape == (2, 1)


def test_fit_takes_labels_of_several_dimensions():
    y = np.random.default_rng(0).normal(size=(300, 3)) @ np.diag([1.0, 2.0, 3.0])
    loss = GAILoss(1).fit(LabelSpace.fit(y, coordinate=lambda v: np.linalg.norm(v, axis=1)))
    assert loss.axes is not None
    assert loss.variances is not None
    covariance = (loss.axes[0] * loss.variances[0]) @ loss.axes[0].T
    assert covariance.numpy() == pytest.approx(np.cov(y.T, bias=True), rel=1e-6, abs=1e-6)


def test_lists_arrays_and_tensors_give_the_same_loss():
    weights, means, covariances = mixture(2, 2)
    p, y = (torch.from_numpy(a) for a in batch(4, 2))
    values = {
        GAILoss.from_mixture(*(convert(a) for a in (weights, means, covariances)))(p, y).item()
        for convert in (np.asarray, np.ndarray.tolist, torch.from_numpy)
    }
    assert len(values) == 1


def test_a_fitted_state_loads_into_an_instance_that_never_was():
    p, y = (torch.from_numpy(a).float() for a in batch(4, 3))
    fitted = GAILoss.from_mixture(*mixture(4, 3), noise_sigma=0.7)
    for other in (GAILoss(), GAILoss.from_mixture([1.0], [0.0], [1.0])):
        other.load_state_dict(fitted.state_dict())
        assert other(p, y).item() == fitted(p, y).item()


def test_what_is_no_mixture_is_refused():
    good = ([0.5, 0.5], [[0.0], [1.0]], [[[1.0]], [[1.0]]])
    with pytest.raises(
        InputError, match=r"weights: expected numbers that add up to 1, got a sum of 2; divide by it"
    ):
        GAILoss.from_mixture([1.0, 1.0], *good[1:])
    with pytest.raises(
        InputError, match=r"weights: expected numbers of at least 0, not all 0, got a smallest of -0.5"
    ):
        GAILoss.from_mixture([1.5, -0.5], *good[1:])
    with pytest.raises(
        ShapeError, match=r"weights: expected shape \(K,\), got \(1, 2\); give one weight a component"
    ):
        GAILoss.from_mixture([[0.5, 0.5]], *good[1:])
    with pytest.raises(
        ShapeError, match=r"means: expected shape \(2, d\), got \(3, 1\); give one row a component"
    ):
        GAILoss.from_mixture(good[0], [[0.0], [1.0], [2.0]], good[2])
    with pytest.raises(
        ShapeError, match=r"covariances: expected shape \(2, 1, 1\), got \(2, 1\); give one full matrix"
    ):
        GAILoss.from_mixture(*good[:2], [[1.0], [1.0]])
    with pytest.raises(
        InputError, match=r"covariances: expected no negative variance, got one along some direction"
    ):
        GAILoss.from_mixture(*good[:2], [1.0, -1.0])
    with pytest.raises(
        InputError, match=r"covariances: expected symmetric matrices, got one that is not; symmetrise"
    ):
        GAILoss.from_mixture([1.0], [[0.0, 0.0]], [[[1.0, 0.5], [0.0, 1.0]]])
    with pytest.raises(InputError, match=r"means: expected finite numbers, got NaN or infinity"):
        GAILoss.from_mixture(good[0], [0.0, np.nan], good[2])
    with pytest.raises(InputError, match=r"means: expected numbers, got list that holds text or uneven rows"):
        GAILoss.from_mixture(good[0], [[0.0], [1.0, 2.0]], good[2])


def test_use_before_fit_and_other_dimensions_are_refused():
    with pytest.raises(NotFittedError, match=r"GAILoss has learned no labels yet; call fit\(space\) first"):
        GAILoss()(torch.zeros(2, 1), torch.zeros(2, 1))
    with pytest.raises(
        ShapeError, match=r"prediction: expected shape \(batch, 2\), got \(4, 1\); the mixture has"
    ):
        GAILoss.from_mixture(*mixture(2, 2))(torch.zeros(4, 1), torch.zeros(4, 1))
    with pytest.raises(InputError, match=r"n_components: expected a whole number of at least 1, got 0"):
        GAILoss(0)
