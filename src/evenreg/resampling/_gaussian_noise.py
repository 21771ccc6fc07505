"""GaussianNoise: rare rows repeated with noise."""

from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from evenreg import _check
from evenreg.errors import InputError
from evenreg.resampling._made import Made, noisy
from evenreg.resampling._region_base import AbstractRegionSampler, Progress
from evenreg.resampling._regions import Region
from evenreg.resampling._relevance import RelevanceLike
from evenreg.resampling._sizes import Sampling
from evenreg.resampling._table import Table


@final
class GaussianNoise(AbstractRegionSampler):
    """Rare rows repeated with Gaussian noise on numbers and labels; frequent rows dropped at random.

        x = x_a + N(0, (perturbation · sd)²),    y alike

    with the standard deviation of the column, or of the labels, in the row's region. Categories are drawn by
    their frequencies there, missing values stay missing. Noise knows no limits: a price may come out below 0.

    Args:
        perturbation: Standard deviation of the noise in those of the region, above 0.
        relevance: None for the box plot's (extreme is relevant), ``"density"``, an `LDS` or a `KernelDensity`
            (rare is relevant), a `Relevance`, or control points ``(label, relevance)``.
        threshold: Relevance, 0 to 1, from which a label is rare.
        sampling: ``"balance"``: regions of equal size; ``"extreme"``: proportions turned round; ``{"rare": 500,
            "frequent": 0.5}``: rows (whole numbers) or multiples (floats); or one size a region.
        keep_originals: Whether no row is dropped.
        random_state: Seed or NumPy generator; None for other rows every time.
        progress: Called with (rows made, rows to make) after each region.

    Raises:
        InputError: From ``fit_resample``, a rare region of one row, which has no spread.

    Example:
        >>> X, y = [[i] for i in range(20)], [*range(1, 19), 60.0, 61.0]
        >>> sampler = GaussianNoise(sampling={"rare": 2.0}, random_state=0)
        >>> X_res, y_res = sampler.fit_resample(X, y)
        >>> y_res[sampler.synthetic_].round(2).tolist(), sampler.sample_indices_[-2:].tolist()
        ([59.91, 60.96], [18, 19])

    Branco et al. 2016 (UBL: an R package for utility-based learning) and 2019 (Pre-processing approaches for
    imbalanced distributions in regression, Neurocomputing 343), after Lee 1999 and 2000.
    """

    def __init__(
        self,
        perturbation: float = 0.1,
        *,
        relevance: RelevanceLike = None,
        threshold: float = 0.8,
        sampling: Sampling = "balance",
        keep_originals: bool = False,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
        progress: Progress = None,
    ) -> None:
        self.perturbation, self.relevance, self.threshold = perturbation, relevance, threshold
        self.sampling, self.keep_originals = sampling, keep_originals
        self.random_state, self.progress = random_state, progress

    def _plan(self, y: NDArray[np.float64], relevance: NDArray[np.float64]) -> None:
        _check.positive(self.perturbation, "perturbation")
        super()._plan(y, relevance)

    def _can_grow(self, region: Region) -> bool:
        if len(region.rows) > 1:
            return True
        raise InputError(
            f"X: expected at least 2 rows in each rare region, of whose spread noise is a part, got {region.told()}; "
            f"take a lower threshold than {self.threshold:g}, another relevance, or RandomOver, which repeats rows as "
            "they are."
        )

    def _make(
        self,
        table: Table,
        y: NDArray[np.float64],
        embedding: Any,
        region: Region,
        seeds: NDArray[np.int64],
        rng: np.random.Generator,
    ) -> list[Made]:
        return [noisy(table, y, seeds, float(self.perturbation), region.rows, rng)]
