"""Windows of label distribution smoothing: what a label counts for its neighbours, by distance in bins."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def gaussian(size: int, sigma: float) -> Floats:
    """exp(-x² / 2σ²) at whole distances x from the centre."""
    return np.exp(-(_distances(size) ** 2) / (2 * sigma**2))


def folded_gaussian(size: int, sigma: float) -> Floats:
    """A Gaussian whose tails beyond the window are folded back into it, the window of the authors' code.

    An impulse of length ``size`` is filtered with reflecting ends and divided by its largest value; at size
    5, σ 2 that is .858 .946 1 .946 .858, flatter than the Gaussian's .607 .882 1 .882 .607.
    """
    from scipy.ndimage import gaussian_filter1d

    impulse = (_distances(size) == 0).astype(np.float64)
    window = gaussian_filter1d(impulse, sigma, mode="reflect", truncate=4.0)
    return window / window.max()


def laplacian(size: int, sigma: float) -> Floats:
    """exp(-|x| / σ) at whole distances x from the centre."""
    return np.exp(-_distances(size) / sigma)


def triangular(size: int, sigma: float) -> Floats:
    """1 - |x| / (half + 1), half = (size - 1) / 2; it has no σ of its own and ignores the argument."""
    del sigma
    return 1 - _distances(size) / (size // 2 + 1)


def _distances(size: int) -> Floats:
    return np.abs(np.arange(size, dtype=np.float64) - size // 2)


KERNELS: Mapping[str, Callable[[int, float], Floats]] = {
    "folded_gaussian": folded_gaussian,
    "gaussian": gaussian,
    "laplacian": laplacian,
    "triangular": triangular,
}
