"""RandomOver: rare rows repeated."""

from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from evenreg.resampling._made import Made, copies
from evenreg.resampling._region_base import AbstractRegionSampler, Progress
from evenreg.resampling._regions import Region
from evenreg.resampling._relevance import RelevanceLike
from evenreg.resampling._sizes import Sampling
from evenreg.resampling._table import Table


@final
class RandomOver(AbstractRegionSampler):
    """Rare rows repeated; every input row stays.

    Each row of a region is repeated equally often, to within one. A model that takes sample weights gets the
    same from `evenreg.sample_weight`, without the rows.

    Args:
        relevance: None for the box plot's (extreme is relevant), ``"density"``, an `LDS` or a `KernelDensity`
            (rare is relevant), a `Relevance`, or control points ``(label, relevance)``.
        threshold: Relevance, 0 to 1, from which a label is rare.
        sampling: ``"balance"``: each rare region gets the mean size of the frequent ones; ``{"rare": 500}``
            rows, ``{"rare": 3.0}`` times as many; or one size a region.
        random_state: Seed or NumPy generator; None for other rows every time.
        progress: Called with (rows made, rows to make) after each region.

    Example:
        >>> X, y = [[i] for i in range(20)], [*range(1, 19), 60, 61]
        >>> X_res, y_res = RandomOver(sampling={"rare": 2.0}).fit_resample(X, y)
        >>> y_res[18:].tolist()
        [60, 61, 60, 61]

    Torgo et al. 2015 (Resampling strategies for regression, Expert Systems 32); Branco et al. 2019
    (Pre-processing approaches for imbalanced distributions in regression, Neurocomputing 343).
    """

    _shrinks = False

    def __init__(
        self,
        *,
        relevance: RelevanceLike = None,
        threshold: float = 0.8,
        sampling: Sampling = "balance",
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
        progress: Progress = None,
    ) -> None:
        self.relevance, self.threshold, self.sampling = relevance, threshold, sampling
        self.random_state, self.progress = random_state, progress

    def _make(
        self,
        table: Table,
        y: NDArray[np.float64],
        embedding: Any,
        region: Region,
        seeds: NDArray[np.int64],
        rng: np.random.Generator,
    ) -> list[Made]:
        return [copies(table, y, seeds)]
