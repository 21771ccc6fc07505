"""The numbers of a results table, before anything is drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from evenreg import _check
from evenreg.errors import InputError
from evenreg.evaluation._comparison import Comparison
from evenreg.evaluation._evaluation import Evaluation

if TYPE_CHECKING:
    from pandas import DataFrame

METRIC_NAMES = {
    "mae": "MAE",
    "mse": "MSE",
    "rmse": "RMSE",
    "gm": "GM",
    "bmae": "b-MAE",
    "brmse": "b-RMSE",
    "sera": "SERA",
    "pearson": "Pearson",
    "spearman": "Spearman",
}
COLUMN_NAMES = {"all": "All", "many": "Many", "medium": "Medium", "few": "Few", "zero": "Zero", "own": "Own"}
HIGHER_IS_BETTER = ("pearson", "spearman")


@final
@dataclass(frozen=True)
class ResultCell:
    """One number of a table.

    Attributes:
        mean: Mean over seeds; None where the region is empty or the metric undefined.
        spread: Standard deviation over seeds (divisor seeds - 1); None with one seed.
        mark: ``+`` better or ``-`` worse than the reference beyond noise, ``++`` and ``--`` where that holds
            with correction over the whole table too; empty where neither can be told.
        best: Whether it is the best of its column.
    """

    mean: float | None
    spread: float | None = None
    mark: str = ""
    best: bool = False


@final
@dataclass(frozen=True)
class ResultRow:
    """A named row of cells, one a column."""

    name: str
    cells: tuple[ResultCell, ...]


@final
@dataclass(frozen=True, repr=False)
class ResultTable:
    """Rows of methods by columns of regions; drawn by `to_terminal`, `to_markdown`, `to_latex` and `to_html`.

    ``print`` and a notebook show it as a table.

    Attributes:
        title: Metric, target and what the spread is.
        columns: Always All, Many, Medium and Few; Zero where such test rows exist; Own where the metric has
            it.
        counts: Test rows of each column; None where a count says nothing (Own).
        rows: In the order given.
        notes: Sentences under the table.
    """

    title: str
    columns: tuple[str, ...]
    counts: tuple[int | None, ...]
    rows: tuple[ResultRow, ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        wide = {len(self.columns), len(self.counts), *(len(row.cells) for row in self.rows)}
        if not self.rows or len(wide) > 1:
            raise InputError(
                "rows: expected one or more, with as many cells as there are columns and counts, "
                f"got {len(self.rows)} and lengths {sorted(wide)}; give an empty region ResultCell(None)."
            )

    @classmethod
    def from_evaluations(
        cls,
        evaluations: Mapping[str, Sequence[Evaluation]],
        comparison: Comparison | None = None,
        *,
        metric: str = "mae",
        target: str = "",
        notes: Sequence[str] = (),
    ) -> "ResultTable":
        """Mean and spread over seeds of each row and region, marked where a comparison found a difference.

        Args:
            evaluations: Name of a row to its evaluations, one a seed, all on the same test rows.
            comparison: From `compare_to_reference`; None leaves all cells unmarked.
            metric: One of `mae mse rmse gm pearson spearman bmae brmse sera`. A comparison of absolute
                errors marks the MAE only.
            target: Name of the target, for the title.
            notes: Further sentences to stand under the table.

        Raises:
            InputError: No rows, a row without seeds, test rows that differ between rows or seeds, or a
                comparison beside another metric than MAE.
            UnknownNameError: An unknown metric.
        """
        _check.known(metric, METRIC_NAMES, "metric")
        if comparison is not None and metric != "mae":
            raise InputError(
                f"metric: expected 'mae' beside a comparison, got {metric!r}; leave the comparison out."
            )
        runs = [(name, tuple(seeds)) for name, seeds in evaluations.items()]
        if not runs or not all(seeds for _, seeds in runs):
            raise InputError(
                "evaluations: expected at least one row, each with one Evaluation a seed, got an empty one."
            )
        first = runs[0][1][0]
        keys = ["all", "many", "medium", "few"] + ["zero"] * (first["zero"].n > 0)
        counts = [first[key].n for key in keys]
        for name, seeds in runs:
            if any([ev[key].n for key in keys] != counts for ev in seeds):
                raise InputError(
                    f"evaluations of {name!r}: expected the same test rows in every row and seed, got other "
                    "counts per region; compare on one fixed test set."
                )
        keys += ["own"] * (metric in first.own.values)

        rows = []
        best = _best([[_mean(seeds, key, metric) for key in keys] for _, seeds in runs], metric)
        for r, (name, seeds) in enumerate(runs):
            cells = [
                ResultCell(
                    _mean(seeds, key, metric),
                    _spread(seeds, key, metric),
                    "" if comparison is None else comparison.mark(name, key),
                    r in best[c],
                )
                for c, key in enumerate(keys)
            ]
            rows.append(ResultRow(name, tuple(cells)))
        most = max(len(seeds) for _, seeds in runs)
        title = METRIC_NAMES[metric] + (f" of {target}" if target else "")
        title += (
            f", mean ± standard deviation over {most} seeds"
            if most > 1
            else ", one seed" * (comparison is not None)
        )
        shown = (*_legend(comparison, "own" in keys), first.thresholds, *notes)
        return cls(
            title=title,
            columns=tuple(COLUMN_NAMES[key] for key in keys),
            counts=tuple(counts) + (None,) * ("own" in keys),
            rows=tuple(rows),
            notes=tuple(note for note in shown if note),
        )

    def to_frame(self) -> "DataFrame":
        """The numbers as a DataFrame: a row a method, ``frame["mean"]`` and ``frame["sd"]`` by region.

        >>> row = ResultRow("vanilla", (ResultCell(1.2, 0.05), ResultCell(None)))
        >>> frame = ResultTable("MAE", ("Many", "Few"), (60, 0), (row,)).to_frame()
        >>> frame["mean"].loc["vanilla", "Many"], frame["sd"].loc["vanilla", "Many"]
        (np.float64(1.2), np.float64(0.05))
        """
        import pandas as pd

        told = {
            "mean": [[cell.mean for cell in row.cells] for row in self.rows],
            "sd": [[cell.spread for cell in row.cells] for row in self.rows],
        }
        names = [row.name for row in self.rows]
        frames = {
            name: pd.DataFrame(numbers, index=names, columns=list(self.columns), dtype=float)
            for name, numbers in told.items()
        }
        return pd.concat(frames, axis=1)

    def __str__(self) -> str:
        from evenreg.evaluation._render import to_terminal

        return to_terminal(self)

    __repr__ = __str__  # the fields would fill a screen

    def _repr_html_(self) -> str:
        from evenreg.evaluation._html import to_html

        return to_html(self)


def _values(seeds: Sequence[Evaluation], key: str, metric: str) -> list[float]:
    scores = [ev.own if key == "own" else ev[key] for ev in seeds]
    return [s[metric] for s in scores if not np.isnan(s[metric])]


def _mean(seeds: Sequence[Evaluation], key: str, metric: str) -> float | None:
    values = _values(seeds, key, metric)
    return float(np.mean(values)) if values else None


def _spread(seeds: Sequence[Evaluation], key: str, metric: str) -> float | None:
    values = _values(seeds, key, metric)
    return float(np.std(values, ddof=1)) if len(values) > 1 else None


def _best(means: list[list[float | None]], metric: str) -> list[set[int]]:
    """Rows that hold the best mean of each column; none where there is one row only."""
    best = []
    for column in zip(*means, strict=True):
        known = [m for m in column if m is not None]
        top = (max if metric in HIGHER_IS_BETTER else min)(known, default=None)
        best.append(
            {r for r, m in enumerate(column) if m is not None and m == top} if len(known) > 1 else set()
        )
    return best


def _legend(comparison: Comparison | None, own: bool) -> list[str]:
    notes = [] if comparison is None else [comparison.legend]
    if own:
        notes.append("Own: test rows weighted to the distribution of your own training rows.")
    return notes
