"""Labels as a histogram, coloured by region, weights drawn over it."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from evenreg.errors import InputError
from evenreg.labels import AbstractWeighting, LabelSpace, ShotRegions
from evenreg.plots._figure import given_or_shown, legend_above, thousands

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's colours, which colour-blind readers tell apart; dark to light also without colour.
COLORS = {"many": "#0072B2", "medium": "#56B4E9", "few": "#E69F00"}
ZERO = "#EEEEEE"
_LINE = "#333333"


def label_histogram(
    space: LabelSpace,
    regions: ShotRegions | None = None,
    weights: AbstractWeighting | None = None,
    ax: "Axes | None" = None,
) -> "Axes":
    """Rows per bin, coloured many, medium and few; empty stretches shaded; weights on a second axis.

    Why: thresholds, bins and smoothing are numbers that mean little until they are seen on the data.

    The axis of the rows is logarithmic where bins differ by more than a factor of 50, so that the tail shows.

    Args:
        space: The labels.
        regions: What many, medium and few mean; None for `ShotRegions.relative`.
        weights: A fitted weighting to draw, mean 1 over the rows; None draws none.
        ax: Where to draw; None for new axes.

    Returns:
        The axes; label its x-axis with the name of the target.

    Raises:
        MissingDependencyError: matplotlib is not installed.
        InputError: Weights that are not fitted to these bins.

    Example:
        >>> from evenreg.plots import new_axes
        >>> space = LabelSpace.fit([1] * 80 + [2] * 30 + [3] * 2)
        >>> label_histogram(space, ax=new_axes()).get_ylabel()
        'rows per bin (width 1)'
    """
    ax = given_or_shown(ax)
    regions = ShotRegions.relative() if regions is None else regions
    bins, counts, names = space.bins, space.counts, regions.bin_regions(space)
    populated = counts[counts > 0]
    log = bool(populated.max() > 50 * populated.min())
    floor = 0.5 if log else 0.0
    many, few = (f"{t:,.0f}" if t >= 20 else f"{t:.2g}" for t in regions.thresholds(space))
    told = {"many": f"many (over {many})", "medium": f"medium ({few} to {many})", "few": f"few (under {few})"}
    for name, color in COLORS.items():
        inside = names == name
        if inside.any():
            heights = np.where(inside, counts, 0).astype(np.float64)
            ax.stairs(
                np.maximum(heights, floor),
                bins.edges,
                baseline=floor,
                fill=True,
                color=color,
                label=told[name],
            )
    zero = ~np.isin(names, list(COLORS))
    for number, (low, high) in enumerate(_stretches(bins.edges, zero)):
        ax.axvspan(
            low, high, color=ZERO, zorder=0, linewidth=0, label="zero (no rows)" if not number else None
        )
    if log:
        ax.set_yscale("log")
    thousands(ax.yaxis, top=int(populated.max()))
    thousands(ax.xaxis, top=float(np.abs(bins.edges).max()))
    top = float(populated.max())
    ax.set_ylim(floor, top**1.08 if log else 1.08 * top)
    ax.set_xlim(bins.edges[0], bins.edges[-1])
    width = bins.widths
    ax.set_ylabel(f"rows per bin (width {width[0]:,g})" if np.allclose(width, width[0]) else "rows per bin")
    ax.set_xlabel("label")
    ax.spines["top"].set_visible(False)
    drawn = [ax]
    if weights is not None:
        drawn.append(_draw_weights(space, weights, zero, ax))
    else:
        ax.spines["right"].set_visible(False)
    legend_above(ax, [handle for axes in drawn for handle in axes.get_legend_handles_labels()[0]])
    return ax


def _stretches(edges: NDArray[np.float64], inside: NDArray[np.bool_]) -> list[tuple[float, float]]:
    steps = np.diff(np.concatenate([[0], inside.astype(np.int8), [0]]))
    starts, stops = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)
    return [(float(edges[a]), float(edges[b])) for a, b in zip(starts, stops, strict=True)]


def _draw_weights(
    space: LabelSpace, weights: AbstractWeighting, gap: NDArray[np.bool_], ax: "Axes"
) -> "Axes":
    table = weights.table_
    if table is None or len(table) != len(space.bins):
        raise InputError(
            f"weights: expected a weighting fitted to this space of {len(space.bins)} bins, got "
            f"{'none fitted' if table is None else f'{len(table)} bins'}; call weights.fit(space)."
        )
    twin = ax.twinx()
    # No weight is asked for where there are no labels: none across a gap, a line over a chance-empty bin.
    populated = space.counts > 0
    drawn = populated | gap
    line = np.where(populated, table, np.nan)[drawn]
    smallest, largest = float(table[populated].min()), float(table[populated].max())
    twin.plot(
        space.bins.centers[drawn], line, color=_LINE, linewidth=1.2, marker=".", markersize=3,
        label="weight (right axis)",
    )  # fmt: skip
    if largest > 50 * smallest:
        twin.set_yscale("log")
    else:
        twin.set_ylim(0, 1.08 * largest)
    twin.yaxis.set_major_formatter("{x:g}")
    twin.set_ylabel(f"{weights.words} weight (mean 1 over rows)")
    twin.spines["top"].set_visible(False)
    return twin
