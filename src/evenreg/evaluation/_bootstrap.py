"""Intervals of every metric: the bootstrap where it is a function of means, at a cost bounded for any rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from evenreg.evaluation._bin_mean_interval import bin_mean_interval
from evenreg.metrics._inputs import FLOOR, per_row

Floats = NDArray[np.float64]
Intervals = dict[str, dict[float, tuple[float, float]]]

LEVELS = (0.8, 0.9, 0.95, 0.99)
RESAMPLES = 1000
BLOCKS = 2000
"""Above this many rows, blocks of rows are resampled instead of rows."""


@final
@dataclass(frozen=True)
class Rows:
    """Test rows of one region.

    Attributes:
        target: ``(n, d)``.
        prediction: ``(n, d)``.
        index: Bin number ``(n,)``.
        weight: ``(n,)``, None for rows that weigh alike.
        relevance: ``(n,)`` for `sera`, None for none.
    """

    target: Floats
    prediction: Floats
    index: NDArray[np.int64]
    weight: Floats | None = None
    relevance: Floats | None = None


def _draws(rows: int, generator: np.random.Generator) -> tuple[NDArray[np.int64], Floats]:
    """The block of each row, and how often each resample holds each block ``(RESAMPLES, blocks)``.

    With more than `BLOCKS` rows the rows are dealt at random into that many blocks of (nearly) equal size.
    The variance of a mean over resampled random blocks is, in expectation, that over resampled rows (the
    variance of block means estimates sigma²/size without bias), its own relative error sqrt(2 / BLOCKS) = 3
    %; what is lost is the skewness, which at such n the mean has lost too.
    """
    blocks = min(rows, BLOCKS)
    block = np.arange(rows) if rows == blocks else generator.permutation(rows) % blocks
    picks = generator.integers(0, blocks, (RESAMPLES, blocks)) + np.arange(RESAMPLES)[:, None] * blocks
    counts = np.bincount(picks.ravel(), minlength=RESAMPLES * blocks).reshape(RESAMPLES, blocks)
    return block, counts.astype(np.float64)


def _resampled_means(values: Floats, weight: Floats, block: NDArray[np.int64], counts: Floats) -> Floats:
    """Weighted mean of each column of ``values (n, k)`` in each resample: ``(RESAMPLES, k)``."""
    columns = np.column_stack([weight, weight[:, None] * values])
    blocks = counts.shape[1]
    sums = np.stack([np.bincount(block, weights=c, minlength=blocks) for c in columns.T], axis=1)
    total = counts @ sums
    with np.errstate(invalid="ignore", divide="ignore"):  # a resample may miss every row of positive weight
        return total[:, 1:] / total[:, :1]


def _pearson_means(moments: Floats) -> Floats:
    """Mean over dimensions of the correlation, from the resampled means of t, p, t², p² and tp in turn."""
    t, p, tt, pp, tp = np.split(moments, 5, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return ((tp - t * p) / np.sqrt(np.maximum(tt - t * t, 0) * np.maximum(pp - p * p, 0))).mean(axis=1)


def _unit(values: Floats) -> Floats:
    """Columns centred and scaled to at most 1, for moments without cancellation or overflow."""
    centred = values - values.mean(axis=0)
    size = np.abs(centred).max(axis=0)
    return centred / np.where(size > 0, size, 1.0)


def _quantiles(replicates: Floats, rows: int) -> dict[float, tuple[float, float]]:
    """Expanded percentile intervals: percentiles further out, so that few rows get the width of Student's t.

    Tail probability ``Φ(-sqrt(n / (n - 1)) t_{α/2, n - 1})`` in place of α/2 (Hesterberg 2015, What Teachers
    Should Know about the Bootstrap, The American Statistician 69(4), section 4.3): plain percentiles are too
    narrow by sqrt((n - 1) / n) and by normal in place of t quantiles.
    """
    from scipy.special import ndtr, stdtrit

    replicates = replicates[np.isfinite(replicates)]
    if not len(replicates):
        return {}
    tails = ndtr(np.sqrt(rows / (rows - 1)) * stdtrit(rows - 1, (1 - np.array(LEVELS)) / 2))
    ends = np.quantile(replicates, [tails, 1 - tails]).T.tolist()
    return {level: (low, high) for level, (low, high) in zip(LEVELS, ends, strict=True)}


def _spearman_interval(r: float, rows: int) -> dict[float, tuple[float, float]]:
    """Fisher's z with variance (1 + r²/2) / (n - 3), as ranks cannot be resampled at the cost of means.

    Bonett and Wright 2000, Sample size requirements for estimating Pearson, Kendall and Spearman
    correlations, Psychometrika 65(1).
    """
    from scipy.special import ndtri

    if rows < 4 or not abs(r) < 1:
        return {}
    centre, error = np.arctanh(r), np.sqrt((1 + r * r / 2) / (rows - 3))
    halves = {level: ndtri((1 + level) / 2) * error for level in LEVELS}
    return {level: (float(np.tanh(centre - h)), float(np.tanh(centre + h))) for level, h in halves.items()}


def intervals(
    rows: Rows, generator: np.random.Generator, rank_correlation: float = float("nan")
) -> Intervals:
    """Intervals of every metric at every one of `LEVELS`; a metric without one (too few rows) is left out.

    `RESAMPLES` samples of the rows with replacement, all at once: a matrix of how often each sample holds
    each row, times the values whose means the metrics are made of. Memory and time are bounded for any
    number of rows by resampling blocks (`_draws`). `sera`, a sum, is the number of rows times a mean.
    Balanced metrics and ranks have formulas of their own (`bin_mean_interval`, `_spearman_interval`).
    Weighted rows have `mae`, `mse` and `rmse` only; `rank_correlation` is the rows' Spearman correlation.
    """
    n = len(rows.index)
    if n < 2:
        return {}
    error = rows.prediction - rows.target
    absolute, squared = per_row(np.abs(error)), per_row(np.square(error))
    block, counts = _draws(n, generator)
    weight = np.ones(n) if rows.weight is None else rows.weight
    values = [absolute, squared]
    if rows.weight is None:
        relevant = np.zeros(n) if rows.relevance is None else rows.relevance * squared
        t, p = _unit(rows.target), _unit(rows.prediction)
        values += [
            per_row(np.log(np.maximum(np.abs(error), FLOOR))),
            relevant,
            *np.hstack([t, p, t * t, p * p, t * p]).T,
        ]
    means = _resampled_means(np.column_stack(values), weight, block, counts)
    replicates = {"mae": means[:, 0], "mse": means[:, 1], "rmse": np.sqrt(means[:, 1])}
    if rows.weight is not None:
        return _kept({name: _quantiles(r, n) for name, r in replicates.items()})
    replicates["gm"] = np.exp(means[:, 2])
    replicates["pearson"] = _pearson_means(means[:, 4:])
    if rows.relevance is not None:
        replicates["sera"] = n * means[:, 3]
    found = {name: _quantiles(r, n) for name, r in replicates.items()}
    found["bmae"] = bin_mean_interval(absolute, rows.index, LEVELS)
    balanced = bin_mean_interval(squared, rows.index, LEVELS)
    found["brmse"] = {level: (low**0.5, high**0.5) for level, (low, high) in balanced.items()}
    found["spearman"] = _spearman_interval(rank_correlation, n)
    return _kept(found)


def _kept(found: Mapping[str, dict[float, tuple[float, float]]]) -> Intervals:
    return {name: levels for name, levels in found.items() if levels}
