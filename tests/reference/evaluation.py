"""Evaluation as loops: own weights, crossed variances, Holm's procedure, the bootstrap of rows."""

import math

import numpy as np


def own_weight(test_index, inside, counts, centers):
    held = sorted({int(i) for i, ok in zip(test_index, inside, strict=True) if ok})
    mass = dict.fromkeys(held, 0.0)
    for b, count in enumerate(counts):
        if not count:
            continue
        nearest, distance = held[0], math.inf
        for h in held:  # ascending, strict: of two equally near the lower
            if abs(centers[h] - centers[b]) < distance:
                nearest, distance = h, abs(centers[h] - centers[b])
        mass[nearest] += count
    raw = []
    for i, ok in zip(test_index, inside, strict=True):
        rows = sum(1 for j, k in zip(test_index, inside, strict=True) if k and j == i)
        raw.append(mass[int(i)] / rows if ok else 0.0)
    return [w * len(raw) / sum(raw) for w in raw]


def crossed_variances(d):
    """Variance of the mean over seeds and over rows, from the mean squares of a two-way table."""
    s_count, n = len(d), len(d[0])
    mean = sum(map(sum, d)) / (s_count * n)
    a = [sum(row) / n for row in d]
    b = [sum(d[s][i] for s in range(s_count)) / s_count for i in range(n)]
    ms_seed = n * sum((x - mean) ** 2 for x in a) / (s_count - 1)
    ms_row = s_count * sum((x - mean) ** 2 for x in b) / (n - 1)
    return ms_seed / (s_count * n), ms_row / (s_count * n)


def holm_rejects(p, alpha):
    """The hypotheses Holm's procedure rejects at ``alpha``, by its definition."""
    rejected, left = set(), sorted(range(len(p)), key=lambda i: p[i])
    while left and p[left[0]] <= alpha / len(left):
        rejected.add(left.pop(0))
    return rejected


def bin_mean_error(bins):
    """Standard error of the mean of bin means and its degrees of freedom; ``bins`` are lists of values.

    Every bin's variance is moderated by two degrees of freedom of the coefficient of variation they share.
    """
    means = [sum(b) / len(b) for b in bins]
    squares = [sum((v - m) ** 2 for v in b) for b, m in zip(bins, means, strict=True)]
    above = below = 0.0
    for b, m, ss in zip(bins, means, squares, strict=True):
        if len(b) > 1:
            variance = ss / (len(b) - 1)
            above += (len(b) - 1) * variance
            below += (len(b) - 1) * max(m * m - variance / len(b), 0)
    relative = above / below
    parts, freedoms = [], []
    for b, m, ss in zip(bins, means, squares, strict=True):
        prior = relative * m * m / (1 + relative / len(b))
        freedoms.append(len(b) - 1 + 2)
        parts.append((ss + 2 * prior) / freedoms[-1] / len(b))
    error = math.sqrt(sum(parts)) / len(bins)
    return error, sum(parts) ** 2 / sum(p * p / f for p, f in zip(parts, freedoms, strict=True))


def bootstrap(metric, n, resamples, seed):
    """``metric(rows)`` for resamples of the row numbers, one at a time."""
    rng = np.random.default_rng(seed)
    return np.array([metric(rng.integers(0, n, n)) for _ in range(resamples)])
