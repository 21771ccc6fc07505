"""The heads as loops over Python floats, straight from their definitions; experts' inputs and logits are given."""

import math
from collections.abc import Callable, Sequence

import numpy as np

Cost = Callable[[float], float]


def softmax(logits: Sequence[float]) -> list[float]:
    top = max(logits)
    total = math.fsum(math.exp(v - top) for v in logits)
    return [math.exp(v - top) / total for v in logits]


def soft_label(g: int, n: int, beta: float) -> list[float]:
    """papers/001: |G| at the true group, beta less with each step away, then a softmax."""
    return softmax([n - beta * abs(k - g) for k in range(n)])


def group_of(y: float, edges: Sequence[float]) -> int:
    found = 0
    for g in range(len(edges) - 1):
        if y >= edges[g]:
            found = g
    return found


def expert(u: float, g: int, edges: Sequence[float]) -> float:
    """A bounded expert; the outer sides of the end groups are open."""
    center, half = (edges[g] + edges[g + 1]) / 2, (edges[g + 1] - edges[g]) / 2
    last = len(edges) - 2
    open_side = (g == 0 and u < 0) or (g == last and u > 0)
    return center + 1.1 * half * (u if open_side else math.tanh(u))


def cross_entropy(q: Sequence[float], logits: Sequence[float]) -> float:
    p = softmax(logits)
    return -math.fsum(a * math.log(b) for a, b in zip(q, p, strict=True))


def posterior(logits: Sequence[float], beta: float) -> np.ndarray:
    """clip(Q⁻ᵀp), divided by its sum, with a matrix inverse."""
    n = len(logits)
    q = np.array([soft_label(g, n, beta) for g in range(n)])
    found = np.clip(np.linalg.inv(q).T @ np.array(softmax(logits)), 0, None)
    return found / found.sum()


def group_terms(
    logits: Sequence[Sequence[float]],
    experts: Sequence[Sequence[float]],
    y: Sequence[float],
    edges: Sequence[float],
    label: Callable[[int], Sequence[float]],
    prior: Sequence[float],
    cost: Cost,
    weight: Sequence[float],
) -> tuple[float, float]:
    """The means of w · cost(true expert) and of the cross-entropy with ``label(g)`` of logits + prior."""
    regression = classification = 0.0
    for row, values, target, w in zip(logits, experts, y, weight, strict=True):
        g = group_of(target, edges)
        regression += w * cost(values[g] - target)
        shifted = [a + b for a, b in zip(row, prior, strict=True)]
        classification += cross_entropy(label(g), shifted)
    return regression / len(y), classification / len(y)


def confusion(true: Sequence[int], predicted: Sequence[int], n: int) -> list[list[int]]:
    counts = [[0] * n for _ in range(n)]
    for t, p in zip(true, predicted, strict=True):
        counts[t][p] += 1
    return counts


def distance(true: Sequence[int], predicted: Sequence[int]) -> float:
    means = []
    for g in sorted(set(true)):
        steps = [abs(p - t) for t, p in zip(true, predicted, strict=True) if t == g]
        means.append(sum(steps) / len(steps))
    return sum(means) / len(means)
