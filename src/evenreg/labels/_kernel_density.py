"""KernelDensity: the label density as a sum of Gaussians, on a grid."""

from typing import Self, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenreg import _check
from evenreg.errors import InputError
from evenreg.labels._label_space import LabelSpace
from evenreg.labels._training_points import training_points
from evenreg.labels._uniform_grid import UniformGrid

Floats = NDArray[np.float64]

_NODES = 128  # in a bandwidth; the error falls with its square
_REACH = 8  # bandwidths beyond the outermost labels: exp(-8² / 2) is 1e-14
_MOST = 2**22  # nodes in all: 32 MB a curve


@final
class KernelDensity:
    """Gaussian kernel density of the training labels, free of bins: p(y) = Σ_i N(y; y_i, h²) / n.

    Counts jump from bin to bin and depend on where the edges lie; a kernel density is smooth and depends on
    one bandwidth. Labels are shared out to the nodes of a fine grid, the kernel is applied by a fast Fourier
    transform, and densities are read off the grid: the cost is that of the labels plus that of the grid,
    not their product.

    Beside the sum itself, densities are off by at most 1e-4 of themselves where the density is above a
    hundredth of its largest value, by 5e-4 where it is above a billionth. Beyond 100,000 labels the sum runs
    over the space's sample, brought back to the exact count of every bin.

    Args:
        bandwidth: h in label units, above 0; or ``"silverman"``, h = 1.06 · σ · n^(-1/5) with the labels'
            standard deviation σ (of the sample's coordinates, where the space has a coordinate). If all
            labels are equal it is the width of their bin.

    Attributes:
        bandwidth_: h, label units.
        grid_: ``(k,)`` equally spaced labels, 128 to a bandwidth, from 8 bandwidths below the smallest label
            to 8 above the largest; fewer to a bandwidth where that would be more than 4 million.
        density_: ``(k,)`` density at the grid, per label unit.
        uniform_grid: The grid as start, step and size.

    Raises:
        InputError: A bandwidth that is not above 0.
        UnknownNameError: A rule other than ``"silverman"``.

    Example:
        >>> density = KernelDensity().fit(LabelSpace.fit([1.0, 2.0, 2.0, 3.0]))
        >>> round(density.bandwidth_, 3), density.density([2.0, 9.0]).round(3).tolist()
        (0.568, [0.426, 0.0])

    Papers: Silverman (1986), Eq. 3.28, as used by Steininger et al. (2021); binning and transform as in his
    section 3.5.
    """

    def __init__(self, bandwidth: float | str = "silverman") -> None:
        if isinstance(bandwidth, str):
            self.bandwidth: float | str = _check.known(bandwidth, ("silverman",), "bandwidth")
        else:
            self.bandwidth = _check.positive(bandwidth, "bandwidth")
        self.bandwidth_: float | None = None
        self.density_: Floats | None = None
        self.uniform_grid: UniformGrid | None = None
        self._space: LabelSpace | None = None

    def fit(self, space: LabelSpace) -> Self:
        """The density of the labels in ``space``.

        Raises:
            TargetError: A space without labels.
            InputError: A bandwidth below a two-millionth of the labels' range.
        """
        space.require_labels()
        extent = space.high - space.low
        width, narrowest = self.bandwidth, 2 * extent / _MOST
        if isinstance(width, str):
            # One far label among a billion could ask for a narrower one than the grid can show.
            width = max(silverman(space), narrowest)
        elif width < narrowest:
            raise InputError(
                f"bandwidth: expected at least {narrowest:.3g}, a two-millionth of the labels' range, got "
                f"{width:g}; it is in label units."
            )
        grid = _grid(space.low, extent, width)
        values, weights = training_points(space, grid)
        density = _smoothed(grid.spread(values, weights / space.n), width / grid.step) / grid.step
        density[[0, -1]] = 0  # what is read beyond the ends
        self.bandwidth_, self.density_, self.uniform_grid, self._space = width, density, grid, space
        return self

    @property
    def grid_(self) -> Floats:
        """The labels at which the density was computed, ``(k,)``."""
        _check.fitted(self, "uniform_grid")
        assert self.uniform_grid is not None
        return self.uniform_grid.nodes()

    def density(self, y: ArrayLike) -> Floats:
        """The density at each label, ``(n,)``, per label unit (per unit of the coordinate).

        Raises:
            NotFittedError: Before ``fit``.
            TargetError: NaN, infinite or text labels.
        """
        _check.fitted(self, "density_")
        assert self._space is not None
        return self.at(self._space.scalars(y))

    def at(self, scalars: Floats) -> Floats:
        """`density` without its checks, for scalar labels that were checked, ``(n,)``."""
        assert self.uniform_grid is not None
        assert self.density_ is not None
        return self.uniform_grid.read(self.density_, scalars)

    def __repr__(self) -> str:
        shown = repr(self.bandwidth) if isinstance(self.bandwidth, str) else f"{self.bandwidth:g}"
        return f"KernelDensity(bandwidth={shown})"


def silverman(space: LabelSpace) -> float:
    """Silverman's bandwidth 1.06 · σ · n^(-1/5), label units; the bin's width where all labels are equal."""
    if space.low == space.high:
        return float(space.bins.widths[space.bins.index([space.low])[0]])
    plain = space.coordinate is None
    sigma = float(space.std[0] if plain else space.scalars(space.sample).std())
    return 1.06 * sigma * space.n**-0.2


def _grid(low: float, extent: float, bandwidth: float) -> UniformGrid:
    whole = extent + 2 * _REACH * bandwidth
    step = max(bandwidth / _NODES, whole / (_MOST - 2))
    steps = int(np.ceil(whole / step))
    # Centred, so that labels that are turned round have the same density turned round, bit for bit or nearly.
    return UniformGrid(low + (extent - steps * step) / 2, step, steps + 1)


def _smoothed(mass: Floats, sigma: float) -> Floats:
    """Mass on a grid, convolved with a Gaussian of ``sigma`` steps.

    Sharing mass out to nodes and reading between them each widen the kernel by 1/6 of a step squared on
    average, which is taken off it. Ends need no padding: they lie so far from the labels that what wraps
    around is beyond precision.
    """
    size = 1 << (len(mass) - 1).bit_length()  # powers of two are the fastest
    kernel = np.exp(-2 * (sigma**2 - 1 / 3) * (np.pi * np.fft.rfftfreq(size)) ** 2)
    # Rounding leaves -1e-17 where there is nothing.
    return np.maximum(np.fft.irfft(np.fft.rfft(mass, size) * kernel, size)[: len(mass)], 0)
