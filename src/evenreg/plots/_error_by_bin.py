"""Error and bias of one model over the label range."""

from typing import TYPE_CHECKING

import numpy as np

from evenreg.evaluation import Evaluation
from evenreg.plots._figure import given_or_shown, legend_above, thousands

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ERROR, _BIAS, _ROWS = "#0072B2", "#D55E00", "#DDDDDD"


def error_by_bin(evaluation: Evaluation, ax: "Axes | None" = None) -> "Axes":
    """Mean absolute error and bias of every bin that holds test rows, training rows as a shade behind them.

    Why: one number hides where a model fails; a bias that falls along the range is the pull to the middle.

    Args:
        evaluation: What `evenreg.evaluate` returned.
        ax: Where to draw; None for new axes.

    Returns:
        The axes; label its x-axis with the name of the target.

    Raises:
        MissingDependencyError: matplotlib is not installed.

    Example:
        >>> from evenreg.evaluation import evaluate
        >>> from evenreg.labels import LabelSpace
        >>> from evenreg.plots import new_axes
        >>> ev = evaluate([1, 2, 3], [1, 2, 2], LabelSpace.fit([1, 1, 2, 3]))
        >>> error_by_bin(ev, ax=new_axes()).get_ylabel()
        'error (label units)'
    """
    ax = given_or_shown(ax)
    bins = evaluation.bins
    edges = np.append(bins.low, bins.high[-1])
    behind = ax.twinx()
    shade = behind.stairs(bins.training, edges, fill=True, color=_ROWS, label="training rows (right axis)")
    behind.set_ylabel("training rows per bin")
    most, least = bins.training.max(), bins.training[bins.training > 0].min()
    if most > 50 * least:
        behind.set_yscale("log")
        behind.set_ylim(0.5, None)
    thousands(behind.yaxis, top=int(most))
    thousands(ax.xaxis, top=float(np.abs(edges).max()))
    # The lines belong in front, and twin axes are drawn as a whole.
    ax.set_zorder(behind.get_zorder() + 1)
    ax.patch.set_visible(False)
    seen = bins.n > 0
    size = np.clip(np.sqrt(bins.n[seen]), 2, 8)
    mae = ax.plot(
        bins.center[seen],
        bins.mae[seen],
        color=_ERROR,
        linewidth=1.2,
        label="mean absolute error (dots: test rows)",
    )
    bias = ax.plot(bins.center[seen], bins.bias[seen], color=_BIAS, linewidth=1.2, label="bias")
    ax.scatter(bins.center[seen], bins.mae[seen], s=size**2, color=_ERROR, linewidth=0)
    ax.axhline(0, color="#333333", linewidth=0.6)
    ax.set_xlim(edges[0], edges[-1])
    ax.set_xlabel("label")
    ax.set_ylabel("error (label units)")
    for axes in (ax, behind):
        axes.spines["top"].set_visible(False)
    legend_above(ax, [*mae, *bias, shade])
    return ax
