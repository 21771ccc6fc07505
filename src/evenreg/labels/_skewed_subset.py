"""Training subsets with one to four peaks, and nothing in some parts of the range."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from evenreg import _check
from evenreg.errors import InputError
from evenreg.labels._bin_rule import readable
from evenreg.labels._bins import Bins
from evenreg.labels._density_subset import density_subset, largest
from evenreg.labels._draws import Floats, Rows, Seed, generator, one_column
from evenreg.labels._peak import Peak

#: What a number of peaks stands for. As in papers/000 Table 18, two and four leave a gap between peaks, one and
#: three do not, and all leave both ends of the range empty.
_DEFAULTS = {
    1: (Peak(0.40, 0.10, 0.4),),
    2: (Peak(0.22, 0.04, 0.4), Peak(0.72, 0.04, -0.4)),
    3: (Peak(0.18, 0.04, 0.25), Peak(0.45, 0.05, 0.2), Peak(0.78, 0.04, -0.25)),
    4: (Peak(0.16, 0.025, 0.4), Peak(0.38, 0.025, -0.4), Peak(0.58, 0.025, 0.4), Peak(0.80, 0.025, -0.4)),
}


def skewed_subset(
    y: ArrayLike,
    peaks: int | Sequence[Peak | Sequence[float]] = 2,
    *,
    bins: Bins | None = None,
    size: int | None = None,
    shortfall: float = 0.05,
    random_state: Seed = 0,
) -> Rows:
    """Training rows whose labels form skewed Gaussians, as many as there are, and leave regions without data.

    How a method does under another imbalance, and on targets it has never seen, between the peaks
    (interpolation) and beyond them (extrapolation): train on these rows, test on the whole range.

    Args:
        y: ``(n,)`` training labels.
        peaks: 1, 2, 3 or 4 for a fixed set (below), or `Peak`s (or tuples of a peak's numbers) of your own,
            in units of the range of the bins.
        bins: Where labels are counted, and the range that peaks are laid on; rows outside are left out. None
            for `Bins.fit` on the labels; for a fixed set on the middle 90 % of them, since few far labels would
            make a range with nothing under its peaks. For another range give bins, or pass the logarithm.
        size: Rows to draw; None for the largest subset.
        shortfall: Largest share of the rows the density asks for that may be missing for want of labels.
        random_state: Seed or NumPy generator of the draw; None for other rows every time.

    Returns:
        Ascending row numbers, counted from 0.

    The fixed sets, each peak as (position, width, skewness), as high as the labels allow::

        1   (.40, .10, .4)                                    labels from .22 to .82 of the range
        2   (.22, .04, .4)  (.72, .04, -.4)                   .15 to .39, .55 to .79
        3   (.18, .04, .25)  (.45, .05, .2)  (.78, .04, -.25) .09 to .33, .33 to .63, .63 to .87
        4   (.16, .025, .4)  (.38, .025, -.4)                 .11 to .27, .27 to .43,
            (.58, .025, .4)  (.80, .025, -.4)                 .53 to .69, .69 to .85

    Raises:
        InputError: Another number of peaks, numbers that make no peak, a size that cannot be had.
        TargetError: NaN, infinite, text or no labels; peaks where there are no labels.
        ShapeError: Several labels a row.

    Example:
        >>> ages = np.arange(100).repeat(50)
        >>> kept = ages[skewed_subset(ages, 2, bins=Bins.fit(ages))]
        >>> np.flatnonzero(np.bincount(kept, minlength=100)).tolist() == [*range(15, 39), *range(55, 79)]
        True

    Papers: papers/000 section E.4, Fig. 9, Table 18; section 4.2 and Table 6 (the set of two). The paper gives
    no numbers for its peaks; these follow which of its sets have interpolation regions.
    """
    labels = one_column(y)
    if bins is None:
        bins = Bins.fit(_middle(labels) if isinstance(peaks, int) else labels)
    shortfall = _check.in_range(shortfall, "shortfall", 0, 0.5)
    index, rows = bins.index(labels), np.flatnonzero(bins.contains(labels))
    held = np.bincount(index[rows], minlength=len(bins)).astype(np.float64)
    low, high = map(readable, bins.edges[[0, -1]].tolist())
    way_out = (
        f"positions count in ranges of the bins, 0 at {low} and 1 at {high}: move peaks, give other bins"
    )
    density = _density(bins, _peaks(peaks), held, shortfall, way_out)
    return density_subset(
        index,
        rows,
        density,
        name="peaks",
        size=size,
        shortfall=shortfall,
        rng=generator(random_state),
        way_out=way_out,
    )


def _middle(labels: Floats) -> Floats:
    """The labels without a twentieth at each end."""
    low, high = np.quantile(labels, [0.05, 0.95])
    return labels[(labels >= low) & (labels <= high)]


def _peaks(peaks: int | Sequence[Peak | Sequence[float]]) -> list[Peak]:
    try:
        given = (
            _DEFAULTS[peaks]
            if isinstance(peaks, int)
            else [p if isinstance(p, Peak) else Peak(*p) for p in peaks]
        )
    except (KeyError, TypeError):
        given = ()
    if not given:
        raise InputError(
            f"peaks: expected 1, 2, 3 or 4, or peaks as (position, width, skewness, height), got {peaks!r}."
        )
    free = sum(peak.height is None for peak in given)
    if 0 < free < len(given):
        raise InputError(
            f"peaks: expected a height for every peak or for none, got {len(given) - free} heights for {len(given)} "
            "peaks; None lets the labels decide."
        )
    return [peak.checked() for peak in given]


def _density(bins: Bins, peaks: list[Peak], held: Floats, shortfall: float, way_out: str) -> Floats:
    """What each bin is asked for: at its centre the peaks' densities, times its width."""
    low, high = bins.edges[[0, -1]]
    total = np.zeros(len(bins))
    for number, peak in enumerate(peaks):
        name = f"peaks[{number}]"
        density = peak.density((bins.centers - low) / (high - low)) * bins.widths
        if not density.any():
            raise InputError(
                f"{name}: expected the centre of a bin within three SDs of it, got none of {len(bins)}; "
                "widen the peak or give narrower bins."
            )
        if peak.height is None:
            density /= density.sum()
            density *= largest(held, density, shortfall, name, way_out)
        total += density
    return total
