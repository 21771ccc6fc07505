"""RankSim as loops over Python floats, straight from papers/003 Eqs. 1 to 7 (ranks divided by n)."""

import math
from collections.abc import Callable, Sequence

import numpy as np

Row = Sequence[float]


def ranks(a: Row) -> list[float]:
    """Eq. 1."""
    return [1.0 + sum(other > value for other in a) for value in a]


def average_ranks(a: Row) -> list[float]:
    """The mean of the places that a value and its equals take."""
    return [sum(o > v for o in a) + (1 + sum(o == v for o in a)) / 2 for v in a]


# ------------------------------------------------------------------------------------- similarities, Table 5


def cosine(u: Row, v: Row) -> float:
    dot = sum(a * b for a, b in zip(u, v, strict=True))
    return dot / math.sqrt(sum(a * a for a in u)) / math.sqrt(sum(b * b for b in v))


def correlation(u: Row, v: Row) -> float:
    mean_u, mean_v = sum(u) / len(u), sum(v) / len(v)
    return cosine([a - mean_u for a in u], [b - mean_v for b in v])


def negative_mse(u: Row, v: Row) -> float:
    return -sum((a - b) ** 2 for a, b in zip(u, v, strict=True)) / len(u)


def negative_mae(u: Row, v: Row) -> float:
    return -sum(abs(a - b) for a, b in zip(u, v, strict=True)) / len(u)


def negative_l_inf(u: Row, v: Row) -> float:
    return -max(abs(a - b) for a, b in zip(u, v, strict=True))


SIMILARITIES = {f.__name__: f for f in (cosine, correlation, negative_mse, negative_mae, negative_l_inf)}


# ----------------------------------------------------------------------------------------- penalties, Table 4


def mse(a: Row, b: Row) -> float:
    return sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) / len(a)


def mae(a: Row, b: Row) -> float:
    return sum(abs(x - y) for x, y in zip(a, b, strict=True)) / len(a)


def huber(a: Row, b: Row, delta: float = 1.0) -> float:
    total = 0.0
    for x, y in zip(a, b, strict=True):
        gap = abs(x - y)
        total += 0.5 * gap**2 if gap < delta else delta * (gap - 0.5 * delta)
    return total / len(a)


def l_inf(a: Row, b: Row) -> float:
    return max(abs(x - y) for x, y in zip(a, b, strict=True))


PENALTIES = {
    "mse": mse,
    "mae": mae,
    "huber": huber,
    "l_inf": l_inf,
    "cosine": lambda a, b: 1 - cosine(a, b),
}


def slope(penalty: str, a: Row, b: Row) -> list[float]:
    """Gradient with respect to ``a`` by central differences; where several differ most they share it evenly."""
    if penalty == "l_inf":
        most = l_inf(a, b)
        sides = [math.copysign(abs(x - y) == most, x - y) for x, y in zip(a, b, strict=True)]
        return [s / sum(map(abs, sides)) for s in sides] if most else [0.0] * len(a)
    result, h = [], 1e-6
    for i in range(len(a)):
        up, down = list(a), list(a)
        up[i], down[i] = up[i] + h, down[i] - h
        result.append((PENALTIES[penalty](up, b) - PENALTIES[penalty](down, b)) / (2 * h))
    return result


# ------------------------------------------------------------------------------------------------- Eqs. 4 to 7


def rank_sim(
    z: np.ndarray,
    y: np.ndarray,
    gamma: float = 100.0,
    interpolation: float = 2.0,
    penalty: str = "mse",
    similarity: str = "cosine",
    label_similarity: str | None = None,
    rank: Callable[[Row], list[float]] = ranks,
) -> tuple[float, np.ndarray]:
    """The value and its gradient with respect to ``z``, anchor by anchor."""
    n, alike = len(z), SIMILARITIES[similarity]
    value, gradient, h = 0.0, np.zeros_like(z), 1e-6
    for i in range(n):
        if label_similarity is None:
            s_y = [-abs(float(y[i]) - float(y[j])) for j in range(n)]
        else:
            s_y = [SIMILARITIES[label_similarity](y[i], y[j]) for j in range(n)]
        s_z = [alike(z[i], z[j]) for j in range(n)]
        wanted, found = [r / n for r in rank(s_y)], [r / n for r in rank(s_z)]
        value += gamma * PENALTIES[penalty](found, wanted)
        incoming = [gamma * s for s in slope(penalty, found, wanted)]
        moved = [s + interpolation * g for s, g in zip(s_z, incoming, strict=True)]  # Eq. 7
        perturbed = [r / n for r in rank(moved)]
        for j in range(n):
            swap = -(found[j] - perturbed[j]) / interpolation  # Eq. 6
            if swap == 0 or i == j:  # the similarity of a row to itself is constant
                continue
            for row in (i, j):
                for k in range(z.shape[1]):
                    up, down = z.copy(), z.copy()
                    up[row, k], down[row, k] = up[row, k] + h, down[row, k] - h
                    gradient[row, k] += swap * (alike(up[i], up[j]) - alike(down[i], down[j])) / (2 * h)
    return value, gradient


# --------------------------------------------------------------------------------------------- what is drawn on


def neighbour_rank_correlation(z: np.ndarray, y: np.ndarray) -> float:
    """Spearman's correlation of the others' label distances and cosines, mean over the samples."""
    found = []
    for i in range(len(z)):
        others = [j for j in range(len(z)) if j != i]
        a = average_ranks([-abs(y[i] - y[j]) for j in others])
        b = average_ranks([cosine(z[i], z[j]) for j in others])
        found.append(float(np.corrcoef(a, b)[0, 1]))
    return float(np.mean(found))


def mean_cosine(z: np.ndarray, y: np.ndarray, one: float, other: float) -> float:
    """Mean cosine over all pairs of two different samples with these labels."""
    pairs = [
        cosine(z[i], z[j])
        for i in range(len(z))
        for j in range(len(z))
        if i != j and y[i] == one and y[j] == other
    ]
    return sum(pairs) / len(pairs) if pairs else math.nan
