"""Where labels become extreme: control points from the box plot, or what would have to change."""

import math

import numpy as np
from numpy.typing import NDArray

from evenreg.errors import TargetError
from evenreg.labels._bin_rule import readable
from evenreg.labels._box_plot import BoxPlot, box_plot

Floats = NDArray[np.float64]

SIDES = {"both": ("low", "high"), "low": ("low",), "high": ("high",)}


def extreme_points(
    y: Floats, low: float, high: float, *, extremes: str, coef: float, adjusted: bool
) -> tuple[list[tuple[float, float]], str]:
    """Control points: relevance 0 at the median, 1 at the fence of each side with labels beyond it.

    Args:
        y: ``(n,)`` finite labels, or a sample of them.
        low: The smallest label.
        high: The largest label.
        extremes: One of `SIDES`.
        coef: See `box_plot`.
        adjusted: See `box_plot`.

    Returns:
        Rows (label, relevance), and how they came about.

    Raises:
        TargetError: Equal quartiles, or no label beyond a fence.
    """
    box = box_plot(y, coef, adjusted=adjusted)
    if not box.upper > box.lower:
        raise TargetError(_spike(y, box))
    found = {"low": low < box.low_fence, "high": high > box.high_fence}
    sides = [side for side in SIDES[extremes] if found[side]]
    if not sides:
        raise TargetError(_nothing_beyond(low, high, box, extremes, coef, adjusted))
    points = [(box.median, 0.0)]
    beyond = np.zeros(len(y), dtype=bool)
    if "low" in sides:
        points.insert(0, (box.low_fence, 1.0))
        beyond |= y < box.low_fence
    if "high" in sides:
        points.append((box.high_fence, 1.0))
        beyond |= y > box.high_fence
    share = 100 * max(int(beyond.sum()), 1) / len(y)
    kind = f"adjusted box plot, medcouple {box.medcouple:.2g}" if adjusted else "box plot"
    return points, f"{kind}, {share:.2g} % of labels beyond"


def told(value: float) -> str:
    """A label as it is where it is short, else to four digits.

    Example:
        >>> told(2013.5), told(6.344539), told(1 / 3e6)
        ('2,013.5', '6.345', '3.333e-07')
    """
    return readable(value if float(f"{value:.6g}") == value else float(f"{value:.4g}"))


def _spike(y: Floats, box: BoxPlot) -> str:
    equal = int((y == box.median).sum())
    return (
        f"y: expected labels whose middle half spreads, got {equal:,} of {len(y):,} equal to "
        f"{told(box.median)}, so that the box plot has no width to tell extremes by; take "
        "Relevance.from_density, where rare is relevant, or Relevance.from_points."
    )


def _nothing_beyond(low: float, high: float, box: BoxPlot, extremes: str, coef: float, adjusted: bool) -> str:
    """Fences and labels, and every change under which some label is beyond."""
    lengths = {"low": (low - box.lower, box.low_fence - box.lower)}
    lengths["high"] = (high - box.upper, box.high_fence - box.upper)
    sides = SIDES[extremes]
    needed = coef * max(lengths[side][0] / lengths[side][1] for side in sides)
    iqr = box.upper - box.lower
    plain = {"low": low < box.lower - coef * iqr, "high": high > box.upper + coef * iqr}
    coef_reaching = (math.ceil(100 * needed) - 1) / 100
    ways = [f"coef={coef_reaching:g}"] if needed >= 0.1 else []
    ways += ["adjusted=False"] if adjusted and any(plain[side] for side in sides) else []
    ways += ["extremes='both'"] if any(label / fence > 1 for label, fence in lengths.values()) else []
    ways += ["Relevance.from_density, where rare is relevant,", "Relevance.from_points"]
    fences = {"low": f"below {told(box.low_fence)}", "high": f"above {told(box.high_fence)}"}
    return (
        f"y: expected labels {' or '.join(fences[side] for side in sides)}, the fences of the box plot "
        f"(coef {coef:g}, medcouple {box.medcouple:.2g}), got all from {told(low)} to {told(high)}, so that "
        f"every relevance would be 0; take {', '.join(ways[:-1])} or {ways[-1]}."
    )
