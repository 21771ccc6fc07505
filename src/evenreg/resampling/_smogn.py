"""SMOGN: rows between a rare row and a close neighbour, noise on it where the neighbour is far."""

from collections.abc import Callable
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from evenreg import _check
from evenreg.resampling._made import Made, between, noisy
from evenreg.resampling._neighbour_base import AbstractNeighbourSampler, Pairs
from evenreg.resampling._region_base import Progress
from evenreg.resampling._regions import Region
from evenreg.resampling._relevance import RelevanceLike
from evenreg.resampling._sizes import Sampling
from evenreg.resampling._table import Table


@final
class SMOGN(AbstractNeighbourSampler):
    """SMOTER where the neighbour is at a safe distance, Gaussian noise where it is not; frequent rows dropped.

    With maxD half the median distance of the seed a to the other rows of its region, and b one of its k nearest
    there,

        d(a, b) < maxD    x = x_a + u (x_b - x_a), as `SMOTER`
        otherwise         x = x_a + N(0, (min(maxD, perturbation) · sd)²), y alike, as `GaussianNoise`

    ``SMOGN(relevance=LDS())`` is the papers' "SMOGN + LDS": what is rare is said by the smoothed density.

    Args:
        k: Neighbours to choose from, at least 1 and fewer than the rows of a rare region.
        perturbation: Largest standard deviation of the noise in those of the region, above 0.
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
        >>> sampler = SMOGN(k=2, relevance=[[18, 0], [60, 1]], random_state=0)
        >>> X_res, y_res = sampler.fit_resample(X, y)
        >>> sampler.sizes_, int(sampler.synthetic_.sum())
        ([12, 12], 6)

    Branco, Torgo and Ribeiro 2017 (SMOGN: a pre-processing approach for imbalanced regression, PMLR 74), section
    3. In regions of more than 2,001 rows the median is that over 2,000 others drawn at random.
    """

    def __init__(
        self,
        k: int = 5,
        perturbation: float = 0.02,
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
        self.k, self.perturbation, self.relevance, self.threshold = k, perturbation, relevance, threshold
        self.sampling, self.keep_originals, self.scale = sampling, keep_originals, scale
        self.small_regions, self.random_state, self.progress = small_regions, random_state, progress
        self.embed = embed

    def _plan(self, y: NDArray[np.float64], relevance: NDArray[np.float64]) -> None:
        _check.positive(self.perturbation, "perturbation")
        super()._plan(y, relevance)

    def _paired(
        self, table: Table, y: NDArray[np.float64], pairs: Pairs, region: Region, rng: np.random.Generator
    ) -> list[Made]:
        safe = (pairs.distances.median(pairs.used, rng) / 2)[pairs.turn]
        near = pairs.distances.between(pairs.used[pairs.turn], pairs.chosen) < safe
        seeds, neighbours = pairs.parents()
        amount = np.minimum(safe, float(self.perturbation))[~near]
        return [
            between(table, y, (seeds[near], neighbours[near]), pairs.scales, rng),
            noisy(table, y, seeds[~near], amount, region.rows, rng),
        ]
