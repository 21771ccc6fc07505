"""The losses as loops over Python floats, straight from their printed definitions."""

import math
from collections.abc import Sequence

import numpy as np
from scipy import integrate, stats


def l1(e: float) -> float:
    return abs(e)


def mse(e: float) -> float:
    return e * e


def huber(e: float, beta: float) -> float:
    return e * e / (2 * beta) if abs(e) < beta else abs(e) - beta / 2


def focal_r(e: float, cost: str, beta: float, gamma: float) -> float:
    sigmoid = 1 / (1 + math.exp(-beta * abs(e)))
    return (2 * sigmoid - 1) ** gamma * (abs(e) if cost == "l1" else e * e)


def log_normal(y: Sequence[float], mean: Sequence[float], sigma: float) -> float:
    """log N(y; mean, sigma²·I)."""
    total = 0.0
    for a, b in zip(y, mean, strict=True):
        total += -((a - b) ** 2) / (2 * sigma**2) - math.log(sigma) - math.log(2 * math.pi) / 2
    return total


def log_sum(terms: Sequence[float]) -> float:
    """log Σ exp."""
    top = max(terms)
    return top + math.log(sum(math.exp(t - top) for t in terms))


def bmc_nll(p: np.ndarray, y: np.ndarray, sigma: float) -> list[float]:
    """Eq. 3.14, sample by sample."""
    return [
        -log_normal(y[i], p[i], sigma) + log_sum([log_normal(y[j], p[i], sigma) for j in range(len(y))])
        for i in range(len(y))
    ]


def gai_nll(
    p: np.ndarray,
    y: np.ndarray,
    weights: np.ndarray,
    means: np.ndarray,
    covariances: np.ndarray,
    sigma: float,
) -> list[float]:
    """Eq. 3.12, sample by sample."""
    eye = np.eye(p.shape[1])
    result = []
    for a, b in zip(p, y, strict=True):
        terms = [
            math.log(w) + float(stats.multivariate_normal(m, c + sigma**2 * eye).logpdf(a))
            for w, m, c in zip(weights, means, covariances, strict=True)
        ]
        result.append(-log_normal(b, a, sigma) + log_sum(terms))
    return result


def bni_centers_nll(
    p: np.ndarray, y: np.ndarray, centers: np.ndarray, probabilities: np.ndarray, sigma: float
) -> list[float]:
    """Eq. 3.16, sample by sample."""
    return [
        -log_normal(b, a, sigma)
        + log_sum(
            [math.log(q) + log_normal(c, a, sigma) for c, q in zip(centers, probabilities, strict=True)]
        )
        for a, b in zip(p, y, strict=True)
    ]


def bni_density_nll(
    p: np.ndarray, y: np.ndarray, edges: np.ndarray, mass: np.ndarray, sigma: float
) -> list[float]:
    """Eq. 3.6 with the density of a histogram, the integral by adaptive quadrature bin by bin."""
    result = []
    for a, b in zip(p[:, 0], y[:, 0], strict=True):
        total = 0.0
        for low, high, q in zip(edges[:-1], edges[1:], mass, strict=True):
            piece, _ = integrate.quad(
                lambda v, a=a: stats.norm.pdf(v, a, sigma), low, high, epsabs=0, epsrel=1e-12
            )
            total += q / (high - low) * piece
        result.append(-log_normal([b], [a], sigma) + math.log(total))
    return result
