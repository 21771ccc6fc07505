"""The contrasts as loops over samples, straight from their printed definitions; gradients by autograd."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Similarity = Callable[[Tensor, Tensor], Tensor]


def nearness(a: Tensor, b: Tensor) -> Tensor:
    """Minus the Euclidean distance; its gradient at 0 is 0."""
    return -torch.linalg.vector_norm(a - b)


def cosine(a: Tensor, b: Tensor) -> Tensor:
    return a @ b / (a.norm() * b.norm())


def label_distance(a: Sequence[float], b: Sequence[float]) -> float:
    return sum(abs(p - q) for p, q in zip(a, b, strict=True))


def log_sum(terms: Sequence[Tensor]) -> Tensor:
    """log Σ exp."""
    top = max(float(t.detach()) for t in terms)
    total = torch.zeros((), dtype=torch.float64)
    for term in terms:
        total = total + (term - top).exp()
    return top + total.log()


def ordered_contrast(
    z: Tensor, y: Sequence[Sequence[float]], temperature: float, similarity: Similarity = nearness
) -> Tensor:
    """papers/001 eq. 2, and Rank-N-Contrast where y are labels: −1/(B(B−1)) Σ_i Σ_j log share of j."""
    size = len(z)
    total = torch.zeros((), dtype=torch.float64)
    for i in range(size):
        for j in range(size):
            if j == i:
                continue
            held = [
                similarity(z[i], z[k]) / temperature
                for k in range(size)
                if k != i and label_distance(y[i], y[k]) >= label_distance(y[i], y[j])
            ]
            total = total + similarity(z[i], z[j]) / temperature - log_sum(held)
    return -total / (size * (size - 1))


def conr(
    z: Tensor,
    y: Sequence[Sequence[float]],
    p: Sequence[Sequence[float]],
    window: float,
    temperature: float,
    push: float,
) -> Tensor:
    """ConR: −1/B Σ_i 1/|P_i| Σ_P log share of the positive among positives and negatives."""
    size = len(z)
    total = torch.zeros((), dtype=torch.float64)
    for i in range(size):
        others = [j for j in range(size) if j != i]
        positives = [j for j in others if label_distance(y[i], y[j]) <= window]
        negatives = [
            j for j in others if label_distance(y[i], y[j]) > window and label_distance(p[i], p[j]) <= window
        ]
        if not positives or not negatives:
            continue
        held = [cosine(z[i], z[j]) / temperature for j in positives]
        for j in negatives:
            # log(S · exp(cos / t)) with S = exp(push · distance)
            strength = math.exp(push * label_distance(y[i], y[j]))
            held.append(math.log(strength) + cosine(z[i], z[j]) / temperature)
        bottom = log_sum(held)
        for j in positives:
            total = total + (cosine(z[i], z[j]) / temperature - bottom) / len(positives)
    return -total / size
