"""Where to cut a row of counts so that the parts are as equal as can be."""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_PLACES = 4000


def equal_mass_cuts(counts: Ints, n: int) -> Ints:
    """The cuts ``(n + 1,)``, from 0 to m, that give n parts with the least sum of squared sums.

    Quantiles fail where one count exceeds a part's share: several of them fall into it. Dynamic programming
    over the last cut is exact: with ``best_k(i)`` of the first i counts in k parts and S their running sum,

        best_(k+1)(i) = min_j best_k(j) + (S_i - S_j)²

    The j that is best does not fall as i rises (the cost is a Monge array), which makes it n m log m steps.
    Of more than 4,000 counts (or 4 n) cuts are tried at about that many places, half of them evenly over the
    counts' sum, half over their number.

    Args:
        counts: ``(m,)`` counts above 0.
        n: Parts, 1 to m.

    Example:
        >>> equal_mass_cuts(np.array([1, 1, 1, 1, 90, 1, 1]), 3).tolist()
        [0, 4, 5, 7]
    """
    running = np.concatenate([[0], np.cumsum(counts)])
    places = _places(running, max(_PLACES, 4 * n))
    sums = running[places].astype(np.float64)
    best, last_cut = np.where(sums > 0, np.square(sums), np.inf), []
    for _ in range(n - 1):
        last_cut.append(_best_last_cut(best, sums))
        best = best[last_cut[-1]] + np.square(sums - sums[last_cut[-1]])
        best[0] = np.inf
    cuts = [len(places) - 1]
    for last in reversed(last_cut):
        cuts.append(int(last[cuts[-1]]))
    return places[[0, *cuts[::-1]]]


def _best_last_cut(best: Floats, sums: Floats) -> Ints:
    """For each place i the j < i with the least ``best[j] + (sums[i] - sums[j])²``, the first of equals.

    Places half way between two that are done are done next, all at once: their j lies between the two.
    """
    last = len(sums) - 1
    found = np.zeros(last + 2, dtype=np.int64)
    found[-1] = last
    step = 1 << last.bit_length()
    while step > 1:
        step //= 2
        i = np.arange(step, last + 1, 2 * step)
        low, high = found[i - step], np.minimum(found[np.minimum(i + step, last + 1)], i - 1)
        width = high - low + 1
        start = np.cumsum(width) - width
        j = np.arange(width.sum()) + np.repeat(low - start, width)
        cost = best[j] + np.square(np.repeat(sums[i], width) - sums[j])
        least = np.repeat(np.minimum.reduceat(cost, start), width)
        first = np.flatnonzero(cost == least)
        found[i] = j[first[np.searchsorted(first, start)]]
    return found[:-1]


def _places(running: Ints, most: int) -> Ints:
    """Where cuts are tried: everywhere, or at about ``most`` places."""
    m = len(running) - 1
    if m <= most:
        return np.arange(m + 1)
    evenly = np.linspace(0, m, most // 2).astype(np.int64)
    below = np.searchsorted(running, np.linspace(0, running[-1], most // 4), side="right") - 1
    return np.unique(np.concatenate([evenly, below, np.minimum(below + 1, m)]))
