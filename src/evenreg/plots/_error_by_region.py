"""What every row of a comparison gains and loses, region by region."""

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from evenreg.errors import InputError
from evenreg.evaluation import Comparison
from evenreg.plots._figure import given_or_shown, legend_above
from evenreg.plots._label_histogram import COLORS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLORS = {"all": "#333333", **COLORS, "zero": "#999999", "own": "#CC79A7"}
_BAND, _NAME = "#F4F4F4", 28


def error_by_region(comparison: Comparison, ax: "Axes | None" = None) -> "Axes":
    """Mean absolute error of every row and region against the reference, in percent, with 95 % intervals.

    Why: a gain on rare labels and what it costs on frequent ones are seen at one glance, and so is how sure
    either is. Percent of the reference's error in the same region bring regions to one scale.

    The intervals are those of `Comparison`, without correction for many comparisons; a dot is filled where the
    difference is beyond noise with it, as the marks of the table are. Bars that leave the figure go on.

    Args:
        comparison: From `evenreg.evaluation.compare_to_reference`.
        ax: Where to draw; None for new axes, as high as the rows need.

    Raises:
        InputError: No row beside the reference.
        MissingDependencyError: matplotlib is not installed.

    Example:
        >>> from evenreg.evaluation import compare_to_reference
        >>> from evenreg.plots import new_axes
        >>> errors = {"vanilla": [[1.0, 2.0], [1.0, 3.0]], "sqinv": [[1.0, 1.0], [1.0, 2.0]]}
        >>> ax = error_by_region(compare_to_reference(errors, ["many", "few"]), ax=new_axes())
        >>> [label.get_text() for label in ax.get_yticklabels()], ax.get_xlabel()[:24]
        (['sqinv'], 'MAE against vanilla in %')
    """
    if not comparison.rows:
        raise InputError(
            f"comparison: expected a row beside {comparison.reference}, got none; compare it with another."
        )
    ax = given_or_shown(ax, len(comparison.differences))
    rows, regions = comparison.rows, comparison.regions
    step = 0.8 / len(regions)
    reach: list[float] = []
    handles = []
    for r, region in enumerate(regions):
        found = [comparison[row, region] for row in rows]
        y = np.arange(len(rows)) + step * (r - (len(regions) - 1) / 2)
        scale = np.array([100 / d.reference_mean if d.reference_mean > 0 else np.nan for d in found])
        change = scale * [d.difference for d in found]
        low, high = (
            scale * [np.nan if v is None else v for v in side]
            for side in zip(*((d.low, d.high) for d in found), strict=True)
        )
        beyond = np.array([bool(d.verdict) for d in found])
        color = _COLORS[region]
        ax.hlines(y, low, high, color=color, linewidth=1.4)
        ax.scatter(change, y, s=18, color=np.where(beyond, color, "white"), edgecolor=color, zorder=3)
        handles.append(ax.plot([], [], color=color, marker="o", markersize=4, label=region.capitalize())[0])
        reach += change[np.isfinite(change)].tolist()
    for r in range(0, len(rows), 2):
        ax.axhspan(r - 0.5, r + 0.5, color=_BAND, linewidth=0, zorder=0)
    ax.axvline(0, color="#333333", linewidth=0.8)
    _limit(ax, reach)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    names = ["\n".join(textwrap.wrap(row, _NAME, break_on_hyphens=False)) for row in rows]
    ax.set_yticks(range(len(rows)), names)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(
        f"MAE against {comparison.reference} in %, with 95 % intervals\nleft is better; filled: beyond noise"
    )
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    legend_above(ax, handles)
    return ax


def _limit(ax: "Axes", changes: list[float]) -> None:
    """All dots and the line of the reference are seen, and of bars as much again: few seeds make long ones."""
    low, high = min([0.0, *changes]), max([0.0, *changes])
    room = max(high - low, 1.0)
    left, right = ax.get_xlim()
    ax.set_xlim(max(left, low - room), min(right, high + room))
