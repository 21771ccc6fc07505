"""Folds and subsets the slow way: loops over rows, bisection instead of closed forms."""


def folds(labels, bins, n_splits):
    """The fold of each row without shuffling: blocks of neighbours in turn, what is left of a bin in one ring."""
    order = sorted(range(len(labels)), key=lambda row: (labels[row], row))
    fold, block, ring = [None] * len(labels), 0, 0
    for b in sorted(set(bins)):
        rows = [row for row in order if bins[row] == b]
        while len(rows) >= n_splits:
            for i in range(n_splits):
                fold[rows.pop(0)] = (i + block) % n_splits
            block += 1
        for row in rows:
            fold[row] = ring % n_splits
            ring += 1
    return fold


def largest(held, share, shortfall):
    """Most rows: the largest s, by bisection, at which enough of s · share is held."""

    def got(s):
        return sum(min(h, s * p) for h, p in zip(held, share, strict=True))

    low, high = 0.0, 2.0 * sum(held) / (1 - shortfall) + 1
    for _ in range(200):
        middle = (low + high) / 2
        enough = got(middle) >= (1 - shortfall) * middle * (1 - 1e-12)
        low, high = (middle, high) if enough else (low, middle)
    return got(low)
