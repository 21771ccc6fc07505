"""LDS: label distribution smoothing."""

from typing import final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenreg import _check
from evenreg.errors import InputError, ShapeError
from evenreg.labels._kernels import KERNELS

Floats = NDArray[np.float64]

BOUNDARIES = ("zero", "renormalize", "reflect")


@final
class LDS:
    """Label distribution smoothing: counts that include, by a kernel, those of neighbouring labels.

    Neighbouring labels share evidence: a rare age between two common ones is less rare to a model than its
    own count says.

        p̃(b) = Σ_b' k(b, b') p(b')

    The kernel is 1 at its centre, so that p̃ is a bin's own count plus its neighbours' share; in weights,
    which average 1, the scale cancels. The cost is bins times size.

    Args:
        kernel: ``gaussian`` exp(-x²/2σ²), ``folded_gaussian`` (the authors' code; .858 .946 1 .946 .858 at
            size 5, σ 2), ``laplacian`` exp(-|x|/σ) or ``triangular`` 1 - |x|/(half + 1), which ignores σ.
        size: Bins under the window, odd.
        sigma: Width of the kernel in bins, above 0.
        boundary: Beyond the first and last bin: ``zero`` (Eq. 1: nothing is there), ``renormalize`` (a cut
            window weighs as much as a whole one) or ``reflect`` (the counts are mirrored, the edge bin
            repeated).

    Raises:
        InputError: An even or non-positive size, a sigma not above 0.
        UnknownNameError: An unknown kernel or boundary; the nearest is offered.

    Example:
        >>> LDS().smooth([0, 0, 8, 0, 0, 0]).round(2).tolist()
        [4.85, 7.06, 8.0, 7.06, 4.85, 0.0]

    Papers: papers/000 Eq. 1, section 3.1; size 5, σ 2 from its appendix C. The released code folds the window
    (``kernel="folded_gaussian"``), smooths the root of the counts (``smooth="powered"`` of
    `InverseFrequency`), and cuts smoothed counts of INV to whole numbers, which is not reproduced.
    """

    def __init__(
        self, kernel: str = "gaussian", size: int = 5, sigma: float = 2.0, boundary: str = "zero"
    ) -> None:
        self.kernel = _check.known(kernel, KERNELS, "kernel")
        self.size = _check.integer(size, "size", 1)
        if self.size % 2 == 0:
            raise InputError(
                f"size: expected an odd number of bins, so that the window has a centre, got {size!r}."
            )
        self.sigma = _check.positive(sigma, "sigma")
        self.boundary = _check.known(boundary, BOUNDARIES, "boundary")

    def window(self) -> Floats:
        """The kernel at each distance in bins, ``(size,)``, 1 at the centre."""
        return KERNELS[self.kernel](self.size, self.sigma)

    def smooth(self, counts: ArrayLike) -> Floats:
        """Counts with their neighbours' share, ``(m,)`` to ``(m,)``.

        Raises:
            ShapeError: Counts that are not one-dimensional.
        """
        values = np.asarray(counts, dtype=np.float64)
        if values.ndim != 1 or not len(values):
            raise ShapeError(f"counts: expected one number a bin, got shape {values.shape}.")
        window = self.window()
        if self.boundary == "reflect":
            return _convolve(values, window, "reflect")
        smoothed = _convolve(values, window, "constant")
        if self.boundary == "renormalize":
            smoothed *= window.sum() / _convolve(np.ones_like(values), window, "constant")
        return smoothed

    def __repr__(self) -> str:
        return (
            f"LDS(kernel={self.kernel!r}, size={self.size}, sigma={self.sigma:g}, boundary={self.boundary!r})"
        )


def _convolve(values: Floats, window: Floats, mode: str) -> Floats:
    """Direct sums: a Fourier transform's rounding would give empty bins counts, and those huge weights."""
    from scipy.ndimage import convolve1d

    return convolve1d(values, window, mode=mode)
