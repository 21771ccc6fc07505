"""FDS as loops in float64: per bin, per feature, per epoch, from papers/000 Algorithm 2.

Statistics are kept as dictionaries that hold only the bins that have them: nothing is smoothed, blended or
calibrated that is not there.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
import scipy.linalg

Row = Sequence[float]


def kernel(name: str, sigma: float, half: int) -> Callable[[int], float]:
    if name == "gaussian":
        return lambda x: math.exp(-(x**2) / (2 * sigma**2))
    if name == "laplacian":
        return lambda x: math.exp(-abs(x) / sigma)
    assert name == "triangular"
    return lambda x: 1 - abs(x) / (half + 1)


def bin_of(label: float, edges: Sequence[float]) -> int:
    found = 0
    for b in range(len(edges) - 1):
        if label >= edges[b]:
            found = b
    return found


def mean_of(rows: Sequence[Row]) -> list[float]:
    return [math.fsum(row[j] for row in rows) / len(rows) for j in range(len(rows[0]))]


def covariance_of(rows: Sequence[Row]) -> np.ndarray:
    mean, width = mean_of(rows), len(rows[0])
    result = np.zeros((width, width))
    for j in range(width):
        for k in range(width):
            products = ((row[j] - mean[j]) * (row[k] - mean[k]) for row in rows)
            result[j, k] = math.fsum(products) / (len(rows) - 1)
    return result


def shrunk(s: np.ndarray, n: int) -> np.ndarray:
    """Chen et al. (2010), eq. 23."""
    p = len(s)
    trace = sum(s[j, j] for j in range(p))
    trace_of_square = sum(s[j, k] * s[k, j] for j in range(p) for k in range(p))
    above = (1 - 2 / p) * trace_of_square + trace**2
    below = (n + 1 - 2 / p) * (trace_of_square - trace**2 / p)
    rho = 1.0 if below <= 0 else min(1.0, above / below)
    return (1 - rho) * s + rho * trace / p * np.eye(p)


class LoopFDS:
    def __init__(
        self,
        edges: Sequence[float],
        *,
        name: str = "gaussian",
        size: int = 5,
        sigma: float = 2.0,
        momentum: float = 0.9,
        limits: tuple[float, float] = (0.1, 10.0),
        full: bool = False,
    ) -> None:
        self.edges, self.momentum, self.limits, self.full = edges, momentum, limits, full
        self.half = size // 2
        self.kernel = kernel(name, sigma, self.half)
        self.mean: dict[int, np.ndarray] = {}
        self.spread: dict[int, np.ndarray] = {}
        self.smoothed_mean: dict[int, np.ndarray] = {}
        self.smoothed_spread: dict[int, np.ndarray] = {}

    def epoch(self, rows: Sequence[Row], labels: Sequence[float]) -> None:
        """Algorithm 2's second part: statistics of the epoch, momentum update, smoothing."""
        for b in range(len(self.edges) - 1):
            own = [row for row, label in zip(rows, labels, strict=True) if bin_of(label, self.edges) == b]
            if own:
                self._learn(self.mean, b, np.array(mean_of(own)))
            if len(own) > 1:
                spread = covariance_of(own)
                if not self.full:
                    spread = np.diag(spread).copy()
                elif len(own) <= len(own[0]):
                    spread = shrunk(spread, len(own))
                self._learn(self.spread, b, spread)
        self.smoothed_mean = self._smooth(self.mean)
        self.smoothed_spread = self._smooth(self.spread)

    def _learn(self, running: dict[int, np.ndarray], b: int, current: np.ndarray) -> None:
        known = b in running
        running[b] = self.momentum * running[b] + (1 - self.momentum) * current if known else current

    def _smooth(self, running: dict[int, np.ndarray]) -> dict[int, np.ndarray]:
        smoothed = {}
        for b in range(len(self.edges) - 1):
            near = [other for other in running if abs(other - b) <= self.half]
            total = sum(self.kernel(other - b) for other in near)
            if near:
                parts = [self.kernel(other - b) / total * running[other] for other in near]
                smoothed[b] = np.sum(parts, axis=0)
        return smoothed

    def calibrate(self, row: Row, label: float) -> np.ndarray:
        """Algorithm 2's first part."""
        b, z = bin_of(label, self.edges), np.array(row, dtype=float)
        if b not in self.mean:
            return z
        if b not in self.spread:
            return z - self.mean[b] + self.smoothed_mean[b]
        low, high = self.limits
        if self.full:
            white = np.linalg.inv(scipy.linalg.sqrtm(self.spread[b]).real)
            both = scipy.linalg.sqrtm(self.smoothed_spread[b]).real @ white
            turn, stretch = scipy.linalg.polar(both)
            ratios, axes = np.linalg.eigh(stretch)
            clamped = axes @ np.diag(np.clip(ratios, math.sqrt(low), math.sqrt(high))) @ axes.T
            return turn @ clamped @ (z - self.mean[b]) + self.smoothed_mean[b]
        result = np.empty_like(z)
        for j in range(len(z)):
            own, smoothed = self.spread[b][j], self.smoothed_spread[b][j]
            scale = math.sqrt(min(max(smoothed / own, low), high)) if own > 0 else 1.0
            result[j] = scale * (z[j] - self.mean[b][j]) + self.smoothed_mean[b][j]
        return result
