"""Densities and weightings the slow way: sums over single labels, one line a rule."""

import math

from reference.labels import count, smooth


def silverman(labels):
    mean = sum(labels) / len(labels)
    variance = sum((y - mean) ** 2 for y in labels) / len(labels)
    return 1.06 * math.sqrt(variance) * len(labels) ** -0.2


def density(x, labels, h):
    """The mean over the labels of a normal density of standard deviation h."""
    return sum(math.exp(-(((x - y) / h) ** 2) / 2) / (h * math.sqrt(2 * math.pi)) for y in labels) / len(
        labels
    )


def dense(labels, asked, h, alpha=1.0, eps=1e-6, max_ratio=None):
    """DenseWeight of the labels asked for, over the mean weight of the training labels."""
    own = [density(y, labels, h) for y in labels]
    low, high = min(own), max(own)

    def raw(p):
        share = min(max((p - low) / (high - low), 0), 1)
        return max(1 - alpha * share, eps)

    # Small weights are raised until none is below the largest over the ratio.
    floor = max(map(raw, own)) / max_ratio if max_ratio else 0
    mean = sum(max(raw(p), floor) for p in own) / len(own)
    return [max(raw(density(x, labels, h)), floor) / mean for x in asked]


def effective_number(n, beta):
    """The n-th label of a bin counts β^(n - 1): a geometric series, for whole n."""
    return sum(beta**j for j in range(n))


def class_balanced(labels, edges, beta, smoothing=None, max_ratio=None):
    """The weight of each bin, mean 1 over the labels."""
    counts = count(labels, edges)
    if smoothing is None:
        effective = [effective_number(n, beta) for n in counts]
    else:
        effective = [(1 - beta**n) / (1 - beta) for n in smooth(counts, *smoothing)]
    largest = max(1 / e for e in effective if e)
    table = [1 / e if e else largest for e in effective]
    if max_ratio:
        smallest = min(w for w, n in zip(table, counts, strict=True) if n)
        table = [min(w, max_ratio * smallest) for w in table]
    mean = sum(w * n for w, n in zip(table, counts, strict=True)) / sum(counts)
    return [w / mean for w in table]
