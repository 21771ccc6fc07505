"""WERCS: rows drawn and dropped by relevance."""

from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from evenreg import _check
from evenreg.errors import InputError, TargetError
from evenreg.resampling._base import AbstractSampler, Drawn
from evenreg.resampling._made import copies
from evenreg.resampling._relevance import RelevanceLike
from evenreg.resampling._table import Table

Floats = NDArray[np.float64]


@final
class WERCS(AbstractSampler):
    """Relevance-weighted over- and under-sampling: no threshold says what is rare.

    Rows to repeat are drawn with probabilities in proportion to the relevance φ of their labels, with
    replacement; rows to drop in proportion to 1 - φ, without. A row of relevance 1 is never dropped.

    Args:
        over: Rows to repeat: a share of all rows (a float) or their number (an integer), at least 0.
        under: Rows to drop, likewise.
        relevance: None for the box plot's (extreme is relevant), ``"density"``, an `LDS` or a `KernelDensity`
            (rare is relevant), a `Relevance`, or control points ``(label, relevance)``.
        random_state: Seed or NumPy generator; None for other rows every time.

    Example:
        >>> X, y = [[i] for i in range(20)], [*range(1, 19), 60, 61]
        >>> _, y_res = WERCS(over=4, under=0.5, relevance=[[18, 0], [60, 1]], random_state=0).fit_resample(X, y)
        >>> y_res.tolist()
        [2, 5, 6, 7, 9, 11, 13, 16, 60, 61, 60, 60, 60, 61]

    Branco, Torgo and Ribeiro 2019 (Pre-processing approaches for imbalanced distributions in regression,
    Neurocomputing 343), WEighted Relevance-based Combination Strategy.
    """

    def __init__(
        self,
        over: float = 0.5,
        under: float = 0.5,
        *,
        relevance: RelevanceLike = None,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.over, self.under, self.relevance, self.random_state = over, under, relevance, random_state

    def _plan(self, y: Floats, relevance: Floats) -> None:
        self._generator()
        n, droppable = len(y), int((relevance < 1).sum())
        over, under = _rows(self.over, n, "over"), _rows(self.under, n, "under")
        if over and not relevance.any():
            raise TargetError(
                f"relevance: expected some labels with one above 0 to repeat, got 0 for all {n:,}; take another "
                "relevance or over=0."
            )
        if under > droppable or under == n:
            most = min(droppable, n - 1)
            raise InputError(
                f"under: expected at most {most:,} rows to drop, as {n - droppable:,} of {n:,} have relevance 1 "
                f"and one must stay, got {under:,} ({self.under!r}); take a smaller one."
            )

    def _draw(self, table: Table, y: Floats, relevance: Floats, embedding: Any) -> Drawn:
        n, rng = len(y), self._generator()
        over, under = _rows(self.over, n, "over"), _rows(self.under, n, "under")
        added = rng.choice(n, over, p=relevance / relevance.sum()) if over else np.empty(0, dtype=np.int64)
        # The smallest of exponential waiting times with rates 1 - φ come first: a weighted draw without replacement.
        waits = np.full(n, np.inf)
        np.divide(rng.standard_exponential(n), 1 - relevance, out=waits, where=relevance < 1)
        kept = np.ones(n, dtype=bool)
        kept[np.argsort(waits, kind="stable")[:under]] = False
        return Drawn(np.flatnonzero(kept), [copies(table, y, np.sort(added))])


def _rows(amount: Any, n: int, name: str) -> int:
    """A float is a share of n, a whole number is rows."""
    if isinstance(amount, float | np.floating):
        return round(_check.positive(amount, name, zero=True) * n)
    return _check.integer(amount, name, 0)
