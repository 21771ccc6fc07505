"""What training on a benchmark of the papers found, as numbers and as text."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from evenreg import _check
from evenreg._files import write_json, write_text
from evenreg._words import parse
from evenreg.cli._benchmark_sentences import heading, sentences
from evenreg.cli._benchmark_table import BenchmarkTable, main_metric
from evenreg.cli._benchmark_text import brief_text, table_text, wrapped
from evenreg.errors import InputError
from evenreg.evaluation import Comparison, Evaluation, compare_to_reference, published

# What the papers' main tables print beside the metric that rows are compared by.
_BESIDE = {"sts-b-dir": "pearson", "agedb-dir": "gm", "imdb-wiki-dir": "gm"}
_TOLD = ("heading", "benchmark", "subset", "encoder", "recipe", "selection", "seeds", "best", "vanilla")


@final
@dataclass(frozen=True, repr=False, eq=False)
class BenchmarkResult:
    """Rows trained on a benchmark, beside the papers'; ``print`` gives the report of the command.

    Attributes:
        benchmark: ``sts-b-dir``, ``agedb-dir`` or ``imdb-wiki-dir``.
        methods: Name of a row to its method, in the order of the tables.
        evaluations: Per row one `Evaluation` a seed, on the same test rows, many, medium and few by the papers'
            thresholds.
        predictions: Per row its predictions ``(test rows,)``, one a seed, in label units.
        validation: Per row its scores on the validation rows, one a seed; lower is better.
        seconds: Per row its training times, one a seed.
        target: ``(test rows,)`` labels.
        regions: ``(test rows,)`` of `many medium few interpolation extrapolation`.
        encoder: What makes features, in words.
        recipe: The class of the recipe: ``light``, ``heavy`` or ``pretrained``.
        selection: How the validation scores are called, such as MSE.
        notes: Sentences to stand at the end of the report.
        split: Rows to train and to validate; None for the papers'.
        subset: Which rows were trained and tested on: ``dir``, or one of the papers' other splits, such as ``1-peak``.
            Only numbers of the same split stand beside ours.

    Raises:
        UnknownNameError: Another benchmark.
        InputError: No rows, or rows with unlike numbers of seeds or of test rows.
    """

    benchmark: str
    methods: Mapping[str, str]
    evaluations: Mapping[str, Sequence[Evaluation]]
    predictions: Mapping[str, Sequence[NDArray[np.float64]]]
    validation: Mapping[str, Sequence[float]]
    seconds: Mapping[str, Sequence[float]]
    target: NDArray[np.float64]
    regions: NDArray[Any]
    encoder: str
    recipe: str
    selection: str
    notes: tuple[str, ...] = ()
    split: tuple[int, int] | None = None
    subset: str = "dir"

    def __post_init__(self) -> None:
        _check.known(self.benchmark, _BESIDE, "benchmark")
        held = (self.evaluations, self.predictions, self.validation, self.seconds)
        seeds = {len(part.get(row, ())) for part in held for row in self.methods}
        lengths = {len(prediction) for row in self.predictions.values() for prediction in row}
        if len(seeds) != 1 or 0 in seeds or lengths != {len(self.target)}:
            raise InputError(
                "methods: expected one or more rows, each with an evaluation, predictions of all test rows, a "
                f"validation score and a time for every seed, got {len(self.methods)} rows, {sorted(seeds)} seeds "
                f"and predictions of {sorted(lengths)} rows for {len(self.target)}; leave out rows that lack any."
            )

    @property
    def seeds(self) -> int:
        """Trainings of each row."""
        return len(self.validation[self.best])

    @property
    def metric(self) -> str:
        """The metric that rows are compared by: ``mse`` or ``mae``."""
        return main_metric(self.benchmark)

    @property
    def metrics(self) -> tuple[str, ...]:
        """Metrics of the report: those of the papers' main tables, and ``bmae`` where a paper prints it for a row."""
        printed = any(row.source is not None for row in self.table("bmae").rows)
        return (self.metric, _BESIDE[self.benchmark], *["bmae"] * printed)

    @cached_property
    def best(self) -> str:
        """The row with the lowest mean validation score, one that diverged last; test rows have no say."""
        means = {row: float(np.mean(self.validation[row])) for row in self.methods}
        return min(means, key=lambda row: np.inf if np.isnan(means[row]) else means[row])

    @cached_property
    def vanilla(self) -> str | None:
        """The row that the others are held against; None where none trains the cost alone."""
        cost = published(self.benchmark).cost
        plain = ("vanilla", f"vanilla({cost})", cost)
        alone = (
            name for name, method in self.methods.items() if " + ".join(map(str, parse(method))) in plain
        )
        return next(alone, None)

    @cached_property
    def comparison(self) -> Comparison | None:
        """Every row against vanilla in the main metric, region by region; None without vanilla."""
        if self.vanilla is None:
            return None
        power = 2 if self.metric == "mse" else 1
        errors = {row: np.abs(np.stack(self.predictions[row]) - self.target) ** power for row in self.methods}
        return compare_to_reference(errors, self.regions, self.vanilla)

    def table(self, metric: str | None = None) -> BenchmarkTable:
        """A metric by region, ours beside the papers'; the main one is marked where rows differ beyond noise.

        Args:
            metric: ``mse mae gm bmae pearson spearman``; None for the main one.

        Raises:
            UnknownNameError: Another metric; the nearest is offered.
        """
        metric = self.metric if metric is None else metric
        if metric not in self._tables:
            evaluations = {row: self.evaluations[row] for row in self.methods}
            comparison = self.comparison if metric == self.metric else None
            self._tables[metric] = BenchmarkTable.of(
                self.benchmark, self.methods, evaluations, metric, comparison, split=self.subset
            )
        return self._tables[metric]

    @cached_property
    def _tables(self) -> dict[str, BenchmarkTable]:
        """Tables by metric, once asked for: a report takes each more than once."""
        return {}

    @property
    def heading(self) -> str:
        """What was trained on what."""
        return heading(self)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What it comes to, and what to know before numbers are compared."""
        return tuple(sentences(self))

    def __str__(self) -> str:
        main, *others = self.metrics
        parts = ["\n".join(wrapped([self.heading])), table_text(self.table(main))]
        parts += [brief_text(self.table(metric)) for metric in others]
        return "\n\n".join([*parts, "\n".join(wrapped(self.sentences))])

    __repr__ = __str__  # an interpreter shows the report, not its fields

    def to_dict(self) -> dict[str, Any]:
        """All numbers but the predictions as plain values for JSON; a validation score that is none is None."""
        return {
            "format": "evenreg.benchmark/1",
            **{name: getattr(self, name) for name in _TOLD},
            "sentences": list(self.sentences),
            "tables": {metric: self.table(metric).to_dict() for metric in self.metrics},
            "rows": {
                row: {
                    "method": method,
                    "validation": [v if np.isfinite(v) else None for v in map(float, self.validation[row])],
                    "seconds": [float(s) for s in self.seconds[row]],
                    "evaluations": [json.loads(ev.to_json()) for ev in self.evaluations[row]],
                }
                for row, method in self.methods.items()
            },
            "comparison": None if self.comparison is None else self.comparison.to_dict(),
        }

    def to_json(self) -> str:
        """`to_dict` as text."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False, ensure_ascii=False)

    def store(self, folder: Path) -> None:
        """Write ``report.txt``, ``predictions.csv`` (label, region, a column a row and seed) and ``result.json``.

        Args:
            folder: A folder that is there.
        """
        import pandas as pd

        columns = {"target": self.target, "region": self.regions}
        for row in self.methods:
            columns |= {f"{row} (seed {s})": values for s, values in enumerate(self.predictions[row])}
        write_text(folder / "report.txt", f"{self}\n")
        write_text(folder / "predictions.csv", pd.DataFrame(columns).to_csv(index_label="row"))
        write_json(folder / "result.json", self.to_dict())
