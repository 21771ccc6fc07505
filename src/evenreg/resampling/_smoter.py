"""SMOTER: rows between a rare row and one of its neighbours."""

from collections.abc import Callable
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from evenreg.resampling._made import Made, between
from evenreg.resampling._neighbour_base import AbstractNeighbourSampler, Pairs
from evenreg.resampling._region_base import Progress
from evenreg.resampling._regions import Region
from evenreg.resampling._relevance import RelevanceLike
from evenreg.resampling._sizes import Sampling
from evenreg.resampling._table import Table


@final
class SMOTER(AbstractNeighbourSampler):
    """SMOTE for regression: new rare rows between two of one region, frequent rows dropped at random.

        x = x_a + u (x_b - x_a),    y = (d_b y_a + d_a y_b) / (d_a + d_b)

    b is one of the k nearest rows of a in a's region, u uniform from 0 to 1, d the distance of the new row to
    a parent. A category is that of either parent; where either has no value, the new row has a's, missing or
    not. Distances of mixed columns are HEOM's: scaled differences of numbers, 1 for unlike categories and for
    missing values.

    Args:
        k: Neighbours to choose from, at least 1 and fewer than the rows of a rare region.
        relevance: None for the box plot's (extreme is relevant), ``"density"``, an `LDS` or a `KernelDensity`
            (rare is relevant), a `Relevance`, or control points ``(label, relevance)``.
        threshold: Relevance, 0 to 1, from which a label is rare.
        sampling: ``"balance"``: regions of equal size; ``"extreme"``: proportions turned round; ``{"rare": 500,
            "frequent": 0.5}``: rows (whole numbers) or multiples (floats); or one size a region.
        keep_originals: Whether no row is dropped.
        scale: What numbers are divided by for distances: their ``range`` or their ``sd`` in the table, or
            ``none``. Embeddings are not scaled.
        small_regions: What becomes of rare regions with k rows or fewer: ``raise`` an error, or ``keep`` them as
            they are.
        embed: ``X -> (n, d)``, where rows are near each other if they are alike, such as the ``transform`` of a fitted
            transformer; also in a pipeline, whose steps get no ``embedding``. None for the distances of X itself.
        random_state: Seed or NumPy generator; None for other rows every time.
        progress: Called with (rows made, rows to make) after each region.

    Example:
        >>> X, y = [[i, i % 3] for i in range(24)], [*range(1, 19), *range(60, 66)]
        >>> sampler = SMOTER(k=2, relevance=[[18, 0], [60, 1]], sampling={"rare": 2.0}, random_state=0)
        >>> X_res, y_res = sampler.fit_resample(X, y)
        >>> sampler.regions_[1].told(), sampler.sizes_
        ('the 6 rare rows with labels from 60 to 65', [18, 12])
        >>> bool((y_res[sampler.synthetic_] >= 60).all())
        True

    Torgo, Ribeiro, Pfahringer and Branco 2013 (SMOTE for Regression, EPIA), Algorithms 1 and 2. There u is drawn
    for each column, here for each row, which keeps columns together that go together.
    """

    def __init__(
        self,
        k: int = 5,
        *,
        relevance: RelevanceLike = None,
        threshold: float = 0.8,
        sampling: Sampling = "balance",
        keep_originals: bool = False,
        scale: str = "range",
        small_regions: str = "raise",
        embed: Callable[[Any], Any] | None = None,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
        progress: Progress = None,
    ) -> None:
        self.k, self.relevance, self.threshold, self.sampling = k, relevance, threshold, sampling
        self.keep_originals, self.scale, self.small_regions = keep_originals, scale, small_regions
        self.embed, self.random_state, self.progress = embed, random_state, progress

    def _paired(
        self, table: Table, y: NDArray[np.float64], pairs: Pairs, region: Region, rng: np.random.Generator
    ) -> list[Made]:
        return [between(table, y, pairs.parents(), pairs.scales, rng)]
