"""Our numbers beside the papers' by region, before anything is printed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from evenreg import _check
from evenreg.cli._benchmark_cells import REGIONS, BenchmarkCell, BenchmarkRow
from evenreg.cli._published_match import published_match
from evenreg.evaluation import (
    Comparison,
    Evaluation,
    ResultCell,
    ResultTable,
    published,
)

if TYPE_CHECKING:
    from pandas import DataFrame

_PER_CENT = ("pearson", "spearman")
_METRICS = ("mse", "mae", "gm", "bmae", *_PER_CENT)


@final
@dataclass(frozen=True, repr=False)
class BenchmarkTable:
    """A metric of every trained row, by region, beside what the papers print; ``print`` shows it.

    Attributes:
        benchmark: Its name.
        metric: ``mse mae gm bmae pearson spearman``; correlations in per cent.
        digits: Decimals that the papers print.
        seeds: Trainings of each row.
        counts: Test rows of `all many medium few`.
        rows: In the order given.
        comparison: What the marks come from; None where nothing is marked.
    """

    benchmark: str
    metric: str
    digits: int
    seeds: int
    counts: tuple[int, ...]
    rows: tuple[BenchmarkRow, ...]
    comparison: Comparison | None = None

    @classmethod
    def of(
        cls,
        benchmark: str,
        methods: Mapping[str, str],
        evaluations: Mapping[str, Sequence[Evaluation]],
        metric: str,
        comparison: Comparison | None = None,
        *,
        split: str = "dir",
    ) -> "BenchmarkTable":
        """Mean and spread over seeds beside the published row of each method (`published_match`).

        Args:
            benchmark: ``sts-b-dir``, ``agedb-dir`` or ``imdb-wiki-dir``.
            methods: Name of a row to its method.
            evaluations: Name of a row to its evaluations, one a seed, all on the same test rows.
            metric: One of `mse mae gm bmae pearson spearman`.
            comparison: Of this metric; None leaves all cells unmarked.
            split: Which rows were trained and tested on, as in `PublishedRow`.

        Raises:
            UnknownNameError: Another benchmark or metric.
            InputError: As from `ResultTable.from_evaluations`.
        """
        _check.known(metric, _METRICS, "metric")
        printed = published(benchmark)
        ours = ResultTable.from_evaluations(evaluations, metric=metric)
        failing = {
            (id(check.row), check.metric)
            for check in printed.identity()
            if not (check.holds or check.bracketed)
        }
        rows = []
        for row in ours.rows:
            source, elsewhere = published_match(printed, row.name, methods[row.name], metric, split)
            cells = tuple(
                _cell(
                    cell,
                    100.0 if metric in _PER_CENT else 1.0,
                    "" if comparison is None else comparison.mark(row.name, region),
                    None if source is None else source.value(metric, region),
                    region == "all" and (id(source), metric) in failing,
                )
                for region, cell in zip(REGIONS, row.cells, strict=False)
            )
            rows.append(BenchmarkRow(row.name, methods[row.name], cells, source, elsewhere))
        return cls(
            benchmark=benchmark,
            metric=metric,
            digits=1 if metric in _PER_CENT else printed.digits,
            seeds=max(map(len, evaluations.values())),
            counts=tuple(n or 0 for n in ours.counts[: len(REGIONS)]),
            rows=tuple(rows),
            comparison=comparison,
        )

    @property
    def main(self) -> str:
        """The benchmark's metric that rows are compared by: ``mse`` where the papers train by it, else ``mae``."""
        return main_metric(self.benchmark)

    def to_frame(self) -> "DataFrame":
        """The numbers as a DataFrame: ``frame["ours"]``, ``["sd"]``, ``["paper"]`` and ``["difference"]`` by region."""
        import pandas as pd

        names = [row.name for row in self.rows]
        fields = {"ours": "mean", "sd": "spread", "paper": "paper", "difference": "difference"}
        frames = {
            head: pd.DataFrame(
                [[getattr(cell, name) for cell in row.cells] for row in self.rows],
                index=names,
                columns=list(REGIONS),
                dtype=float,
            )
            for head, name in fields.items()
        }
        return pd.concat(frames, axis=1)

    def to_dict(self) -> dict[str, Any]:
        """Row by row, region by region, as plain values for JSON."""
        return {row.name: row.to_dict() for row in self.rows}

    def __str__(self) -> str:
        from evenreg.cli._benchmark_text import table_text

        return table_text(self)

    __repr__ = __str__  # the fields would fill a screen


def main_metric(benchmark: str) -> str:
    """See `BenchmarkTable.main`."""
    return "mse" if published(benchmark).cost == "mse" else "mae"


def _cell(cell: ResultCell, unit: float, mark: str, paper: float | None, fails: bool) -> BenchmarkCell:
    mean = None if cell.mean is None else cell.mean * unit
    return BenchmarkCell(mean, None if cell.spread is None else cell.spread * unit, mark, paper, fails)
