"""Relevance, groups and SERA the slow way: pairs, single steps and every partition, in Python floats."""

import itertools
import math


def medcouple(labels):
    """The median of the kernel over all pairs, by its definition; ties at the median by their rank."""
    y = sorted(float(v) for v in labels)
    n = len(y)
    median = y[n // 2] if n % 2 else (y[n // 2 - 1] + y[n // 2]) / 2
    tied = [i for i, v in enumerate(y) if v == median]
    kernel = []
    for i, high in enumerate(y):
        for j, low in enumerate(y):
            if high < median or low > median:
                continue
            if high == median == low:
                rank = (i - tied[0] + 1) + (j - tied[0] + 1) - 1
                kernel.append((rank > len(tied)) - (rank < len(tied)))
            else:
                kernel.append(((high - median) - (median - low)) / (high - low))
    kernel.sort()
    middle = len(kernel) // 2
    return kernel[middle] if len(kernel) % 2 else (kernel[middle - 1] + kernel[middle]) / 2


def curve(points, y):
    """The cubic with given values and slopes at the ends of its piece (Hermite's basis), constant outside."""
    if y <= points[0][0]:
        return points[0][1]
    for (x0, v0, s0), (x1, v1, s1) in itertools.pairwise(points):
        if y <= x1:
            h = x1 - x0
            t = (y - x0) / h
            return (
                v0 * (1 + 2 * t) * (1 - t) ** 2
                + h * s0 * t * (1 - t) ** 2
                + v1 * t * t * (3 - 2 * t)
                + h * s1 * t * t * (t - 1)
            )
    return points[-1][1]


def sera(target, prediction, relevance, steps):
    """The area under the sum of squared errors of rows with relevance of at least t, by the midpoint rule."""
    total = 0.0
    for k in range(steps):
        t = (k + 0.5) / steps
        total += sum(
            (p - y) ** 2 for y, p, phi in zip(target, prediction, relevance, strict=True) if phi >= t
        )
    return total / steps


def least_squares_of_sums(counts, n):
    """The smallest sum of squared sums of any way to cut the counts into n parts."""
    best = math.inf
    for inner in itertools.combinations(range(1, len(counts)), n - 1):
        cuts = (0, *inner, len(counts))
        best = min(best, sum(sum(counts[a:b]) ** 2 for a, b in itertools.pairwise(cuts)))
    return best


def soft_label(group, n, beta):
    """The softmax of papers/001: the number of groups at the true one, beta less a step."""
    scores = [n - beta * abs(k - group) for k in range(n)]
    total = sum(math.exp(s) for s in scores)
    return [math.exp(s) / total for s in scores]
