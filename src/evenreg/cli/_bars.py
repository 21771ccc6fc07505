"""A histogram for the terminal: one line a group of bins, its rows, a bar, its regions."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from evenreg.cli._number_text import edge_step, span_text

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_STEPS = (1, 2, 3, 4, 5, 10, 20, 25, 50)
_ORDER = ("many", "medium", "few", "zero")


@dataclass(frozen=True)
class _Line:
    low: float
    high: float
    rows: int
    regions: str


def bars(
    edges: NDArray[np.float64],
    counts: NDArray[np.int64],
    regions: Sequence[str],
    *,
    unit: float = 0,
    width: int = 100,
    lines: int = 24,
) -> list[str]:
    """Horizontal bars of the rows per bin, under a line that says which scale they have.

    Neighbouring bins share a line so that there are at most ``lines``, a run of empty lines becomes one. The
    scale is linear while the shortest bar can be seen on it, logarithmic otherwise: one looks for the tail.

    Args:
        edges: Bin edges, in label units, ascending, shape ``(m + 1,)``.
        counts: Rows per bin, shape ``(m,)``.
        regions: Region of every bin, length ``m``.
        unit: What all labels are whole multiples of; 0 for labels on no lattice.
        width: Columns of text to fill.
        lines: Most bars to draw.

    Example:
        >>> import numpy as np
        >>> edges, counts = np.array([-0.5, 0.5, 1.5, 2.5]), np.array([8, 4, 0])
        >>> for line in bars(edges, counts, ["many", "few", "zero"], unit=1, width=40):
        ...     print(line)
        label  rows  linear scale         region
            0     8  ███████████████████  many
            1     4  █████████▌           few
            2     0                       zero
    """
    starts = _starts(edges, lines)
    drawn = _fold_empty([_line(edges, counts, regions, a, b) for a, b in pairwise([*starts, len(counts)])])
    step = edge_step(edges)
    labels = [span_text(line.low, line.high, step, unit) for line in drawn]
    label_width = max(len(text) for text in ["label", *labels])
    rows_width = max(len(text) for text in ["rows", *(f"{line.rows:,}" for line in drawn)])
    region_width = max(len(text) for text in ["region", *(line.regions for line in drawn)])
    room = max(10, width - label_width - rows_width - region_width - 6)
    populated = [line.rows for line in drawn if line.rows]
    log = max(populated) > 4 * room * min(populated)
    scale = "logarithmic scale" if log else "linear scale"
    text = [f"{'label':>{label_width}}  {'rows':>{rows_width}}  {scale:<{room}}  region"]
    for label, line in zip(labels, drawn, strict=True):
        bar = _bar(line.rows, max(populated), room, log)
        text.append(f"{label:>{label_width}}  {line.rows:>{rows_width},}  {bar:<{room}}  {line.regions}")
    return text


def _starts(edges: NDArray[np.float64], lines: int) -> list[int]:
    """The first bin of every line: a round number of bins each, equal ones in step with the axis."""
    bins, widths = len(edges) - 1, np.diff(edges)
    equal = bool(np.allclose(widths, widths[0]))
    scale = 1
    while True:
        for group in (step * scale for step in _STEPS):
            first = -math.ceil(edges[0] / widths[0] - 1e-6) % group if equal else 0
            starts = sorted({0, *range(first, bins, group)})
            if len(starts) <= lines:
                return starts
        scale *= 100


def _line(
    edges: NDArray[np.float64], counts: NDArray[np.int64], regions: Sequence[str], start: int, stop: int
) -> _Line:
    rows = int(counts[start:stop].sum())
    present = sorted(set(regions[start:stop]), key=_ORDER.index)
    if rows and "zero" in present:  # an empty bin beside populated ones is theirs
        present.remove("zero")
    named = present[0] if len(present) == 1 else f"{present[0]}–{present[-1]}"
    return _Line(float(edges[start]), float(edges[stop]), rows, named)


def _fold_empty(lines: Sequence[_Line]) -> list[_Line]:
    """Two or more empty lines of one region in a row become one."""
    folded: list[_Line] = []
    for line in lines:
        last = folded[-1] if folded else None
        if last and last.rows == line.rows == 0 and last.regions == line.regions:
            folded[-1] = replace(last, high=line.high)
        else:
            folded.append(line)
    return folded


def _bar(rows: int, most: int, room: int, log: bool) -> str:
    """A bar of ``rows`` in eighths of a column; one row is at least an eighth."""
    if rows == 0:
        return ""
    share = math.log1p(rows) / math.log1p(most) if log else rows / most
    eighths = max(1, round(8 * room * share))
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()
