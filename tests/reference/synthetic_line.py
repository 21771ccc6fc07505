"""The synthetic line of papers/002 B.1.1: y = x + noise of SD 1, labels skewed in training only."""

import numpy as np

LOW, HIGH, ROWS = 0.0, 10.0, 1024


def trimmed(sample: np.ndarray) -> np.ndarray:
    """The first 1,024 labels inside [0, 10] of every row."""
    inside = (sample >= LOW) & (sample <= HIGH)
    order = np.argsort(~inside, axis=1, kind="stable")[:, :ROWS]
    kept = np.take_along_axis(sample, order, axis=1)
    assert ((kept >= LOW) & (kept <= HIGH)).all()
    return kept


def normal_line(spread: float, draws: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(x, y), each (draws, 1024), with y ~ N(5, spread²)."""
    rng = np.random.default_rng(seed)
    y = trimmed(rng.normal(5.0, spread, (draws, 2 * ROWS)))
    return y - rng.normal(size=y.shape), y


def exponential_line(rate: float, draws: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(x, y), each (draws, 1024), with y ~ Exp(rate)."""
    rng = np.random.default_rng(seed)
    y = trimmed(rng.exponential(1 / rate, (draws, 2 * ROWS)))
    return y - rng.normal(size=y.shape), y


def uniform_test_error(intercept: np.ndarray, slope: np.ndarray, shift: float = 0.0) -> np.ndarray:
    """E (intercept + slope·x − x)² for x uniform on [0, 10] + shift: the oracle is the identity."""
    middle, variance = (LOW + HIGH) / 2 + shift, (HIGH - LOW) ** 2 / 12
    return (intercept + (slope - 1) * middle) ** 2 + (slope - 1) ** 2 * variance


def least_squares(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Intercept and slope of y on x, a pair per row."""
    xm, ym = x.mean(-1, keepdims=True), y.mean(-1, keepdims=True)
    slope = ((x - xm) * (y - ym)).mean(-1) / ((x - xm) ** 2).mean(-1)
    return ym[..., 0] - slope * xm[..., 0], slope


def reverse_regression(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """x regressed on y and the line inverted."""
    intercept, slope = least_squares(y, x)
    return -intercept / slope, 1 / slope
