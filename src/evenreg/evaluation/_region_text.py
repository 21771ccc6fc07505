"""An `Evaluation` as text."""

import math
import textwrap
from typing import TYPE_CHECKING

from evenreg.evaluation._numbers import short

if TYPE_CHECKING:
    from evenreg.evaluation._evaluation import Evaluation

WIDTH = 100


def region_text(evaluation: "Evaluation") -> str:
    """Errors by region in columns, the MAE with its 95 % interval; Zero only where such rows exist.

    >>> from evenreg.evaluation import evaluate
    >>> from evenreg.labels import Bins, LabelSpace
    >>> space = LabelSpace.fit([1] * 50 + [2] * 50 + [3] * 5, Bins.uniform(0.5, 3.5, 1))
    >>> print(region_text(evaluate([1, 2, 3, 3], [1.1, 2.0, 2.0, 2.6], space)))
            rows     MAE           95 %    RMSE   b-MAE
    All        4   0.375      0 to 1.00   0.541   0.267
    Many       2  0.0500     0 to 0.100  0.0707  0.0500
    Medium     0       –              –       –       –
    Few        2   0.700  0.400 to 1.00   0.762   0.700
    Own           0.0810      0 to 1.00   0.180       –
    many: more than 35 rows in a bin; medium: 7 to 35; few: fewer than 7 (3 bins, width 1: given)
    """
    rows = region_rows(evaluation)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(c.rjust(w) if i else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True)))
        for row in rows
    ]
    return "\n".join([*lines, *textwrap.wrap(evaluation.thresholds, WIDTH, break_on_hyphens=False)])


def region_rows(evaluation: "Evaluation") -> list[list[str]]:
    """The cells of `region_text`, the head first."""
    shown = [evaluation[name] for name in ("all", "many", "medium", "few")]
    shown += [evaluation["zero"]] * (evaluation["zero"].n > 0)
    rows = [["", "rows", "MAE", "95 %", "RMSE", "b-MAE"]]
    for scores in [*shown, evaluation.own]:
        mae, rmse, bmae = (
            "–" if (value := scores.values.get(metric)) is None else short(value)
            for metric in ("mae", "rmse", "bmae")
        )
        low, high = scores.interval("mae")
        interval = "–" if math.isnan(low) else f"{short(low)} to {short(high)}"
        n = "" if scores is evaluation.own else f"{scores.n:,}"
        rows.append([scores.name.capitalize(), n, mae, interval, rmse, bmae])
    return rows
