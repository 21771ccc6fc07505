"""RandomUnder: fewer frequent rows."""

from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from evenreg.resampling._made import Made
from evenreg.resampling._region_base import AbstractRegionSampler
from evenreg.resampling._regions import Region
from evenreg.resampling._relevance import RelevanceLike
from evenreg.resampling._sizes import Sampling
from evenreg.resampling._table import Table


@final
class RandomUnder(AbstractRegionSampler):
    """Frequent rows dropped at random; all rare ones stay.

    Args:
        relevance: None for the box plot's (extreme is relevant), ``"density"``, an `LDS` or a `KernelDensity`
            (rare is relevant), a `Relevance`, or control points ``(label, relevance)``.
        threshold: Relevance, 0 to 1, from which a label is rare.
        sampling: ``"balance"``: each frequent region gets the mean size of the rare ones; ``"extreme"``: their
            proportions are turned round; ``{"frequent": 500}`` rows, ``{"frequent": 0.5}`` of them; or one size a
            region.
        random_state: Seed or NumPy generator; None for other rows every time.

    Example:
        >>> X, y = [[i] for i in range(20)], [*range(1, 19), 60, 61]
        >>> X_res, y_res = RandomUnder(random_state=0).fit_resample(X, y)
        >>> y_res.tolist()
        [2, 17, 60, 61]

    Torgo et al. 2013 and 2015 (Resampling strategies for regression, Expert Systems 32).
    """

    _grows = False

    def __init__(
        self,
        *,
        relevance: RelevanceLike = None,
        threshold: float = 0.8,
        sampling: Sampling = "balance",
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.relevance, self.threshold, self.sampling = relevance, threshold, sampling
        self.random_state = random_state

    def _make(
        self,
        table: Table,
        y: NDArray[np.float64],
        embedding: Any,
        region: Region,
        seeds: NDArray[np.int64],
        rng: np.random.Generator,
    ) -> list[Made]:
        return []
