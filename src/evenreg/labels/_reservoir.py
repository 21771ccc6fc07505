"""A uniform sample of a stream of rows that can be merged with the sample of another stream."""

import zlib

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_FINGERPRINT = 65536  # rows of a chunk that go into its seed


class Reservoir:
    """The rows with the smallest of random keys: every row draws one, the ``capacity`` smallest stay.

    The sample of a union is then the smallest keys of the union, whichever way the stream was cut. Keys that
    cannot stay are never drawn: a chunk of ``m`` rows meets the largest key ``t`` kept so far, so Binomial(m,
    t) of its rows have a smaller one, and of these only the smallest ``capacity`` are drawn (order statistics
    of the uniform). A billion rows cost about ``capacity * log(n / capacity)`` draws.

    Keys are seeded by ``seed``, the rows seen before and the chunk's own content, so that two processes that
    see different shards draw different keys without being told their number.

    Args:
        capacity: Most rows kept.
        seed: Seed of the keys.
    """

    def __init__(self, capacity: int, seed: int) -> None:
        self.capacity, self.seed, self.seen = capacity, seed, 0
        self.keys: Floats = np.empty(0)
        self.rows: Floats = np.empty((0, 0))

    def update(self, rows: Floats) -> None:
        """Sees a chunk of rows, ``(m, d)``."""
        fingerprint = zlib.crc32(np.ascontiguousarray(rows[:_FINGERPRINT]).tobytes())
        rng = np.random.default_rng([self.seed, self.seen, fingerprint])
        full = len(self.keys) == self.capacity
        threshold = float(self.keys.max()) if full else 1.0
        candidates = int(rng.binomial(len(rows), threshold)) if full else len(rows)
        drawn = min(candidates, self.capacity)
        positions = rng.choice(len(rows), drawn, replace=False)
        keys = threshold * _smallest_uniforms(candidates, drawn, rng)
        self.seen += len(rows)
        self._join(keys, rows[positions])

    def merge(self, other: "Reservoir") -> None:
        """Takes in what another reservoir has seen."""
        self.seen += other.seen
        self._join(other.keys, other.rows)

    def _join(self, keys: Floats, rows: Floats) -> None:
        if not len(keys):
            return
        if len(self.keys):
            keys, rows = np.concatenate([self.keys, keys]), np.concatenate([self.rows, rows])
        if len(keys) > self.capacity:
            kept = np.argpartition(keys, self.capacity - 1)[: self.capacity]
            keys, rows = keys[kept], rows[kept]
        self.keys, self.rows = keys, rows


def _smallest_uniforms(n: int, k: int, rng: np.random.Generator) -> Floats:
    """The ``k`` smallest of ``n`` independent uniform numbers, in random order, in time of order ``k``.

    The ordered uniforms are S_1 / S_(n+1), ..., S_n / S_(n+1) with S the running sums of n + 1 exponentials
    (Devroye 1986, chapter V, theorem 2.2); the sum of the last n + 1 - k is one gamma draw.
    """
    if k == n:
        return rng.random(n)
    sums = np.cumsum(rng.exponential(size=k))
    smallest = sums / (sums[-1] + rng.gamma(n + 1 - k))
    rng.shuffle(smallest)
    return smallest
