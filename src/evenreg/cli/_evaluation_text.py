"""An evaluation as a page of text for a terminal of 100 columns; the same when it is piped."""

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, final

import numpy as np

from evenreg.cli._number_text import edge_step, label_text, ratio_text, rows_of, span_text
from evenreg.evaluation import Evaluation, RegionScores, ResultTable, to_latex, to_markdown
from evenreg.evaluation._numbers import short
from evenreg.labels import LabelSpace

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH = 100
_REGIONS = ("all", "many", "medium", "few")
_ERRORS = {"mae": "MAE", "rmse": "RMSE", "gm": "GM", "bmae": "b-MAE", "brmse": "b-RMSE"}
_CORRELATIONS = {"pearson": "Pearson", "spearman": "Spearman"}
_WITH_INTERVAL = ("mae", "rmse", "bmae")
_WORST = 5


@final
@dataclass(frozen=True, eq=False, repr=False)
class EvaluatedTable:
    """What ``evenreg evaluate`` found; ``print`` gives its page, a notebook shows it with tables and a figure.

    Attributes:
        evaluation: All numbers.
        space: The training labels.
        unit: What all training labels are multiples of where bins are named by labels, 1 for ages; else 0.
        target: Name of the column of labels.
        prediction: Name of the column of predictions.
        source: The file of both; empty for a DataFrame.
        train: The file of the training table; empty for a DataFrame.
        slope: Slope of the least-squares line of predictions on labels, 1 without pull; NaN when all test
            labels are equal.
    """

    evaluation: Evaluation
    space: LabelSpace
    unit: float
    target: str
    prediction: str
    source: str
    train: str
    slope: float

    def table(self) -> ResultTable:
        """The MAE by region as a table of one row, as papers print it."""
        found = ResultTable.from_evaluations({self.prediction: [self.evaluation]}, target=self.target)
        return replace(found, title=f"MAE of {self.target}")

    def to_markdown(self) -> str:
        """`table` in Markdown."""
        return to_markdown(self.table())

    def to_latex(self) -> str:
        """`table` in LaTeX."""
        return to_latex(self.table())

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Error and bias over the label range; None draws on new axes."""
        from evenreg.plots import error_by_bin

        ax = error_by_bin(self.evaluation, ax=ax)
        ax.set_xlabel(self.target, parse_math=False)
        ax.set_ylabel(f"error of {self.prediction}", parse_math=False)
        return ax

    def __str__(self) -> str:
        parts = [
            textwrap.wrap(headline(self), WIDTH),
            [
                *_aligned(region_rows(self)),
                *(li for note in notes(self) for li in textwrap.wrap(note, WIDTH)),
            ],
            [*_aligned(worst_rows(self)), *textwrap.wrap(beyond(self), WIDTH)],
            textwrap.wrap(reading(self), WIDTH, break_on_hyphens=False),
        ]
        return "\n\n".join("\n".join(part) for part in parts if part)

    # What an interpreter shows of the last line; the fields would fill several screens.
    __repr__ = __str__

    def _repr_html_(self) -> str:
        from evenreg.cli._evaluation_html import evaluated_html

        return evaluated_html(self)


def headline(found: EvaluatedTable) -> str:
    """What was held against what."""
    where = f" in {found.source}" if found.source else ""
    counted = (
        f"the {rows_of(found.space.n)} of {found.train}"
        if found.train
        else f"{found.space.n:,} training rows"
    )
    return (
        f"{found.prediction} against {found.target}{where}: {rows_of(found.evaluation['all'].n)}; "
        f"regions count {counted}"
    )


@final
@dataclass(frozen=True)
class _Figures:
    """How errors of one size are written: three digits that count, in units of a power of 1,000.

    Attributes:
        unit: What they are divided by.
        step: What the quotients are rounded to.
    """

    unit: float
    step: float

    @classmethod
    def of(cls, size: float, *, scaled: bool = False) -> "_Figures":
        """For errors around ``size``; ``scaled`` where columns are narrow."""
        power = math.floor(math.log10(size)) if size > 0 else 2
        thousands = 3 * (power // 3) if scaled and not -2 <= power < 4 else 0
        return cls(10.0**thousands, 10.0 ** (power - thousands - 2))

    def at(self, size: float) -> "_Figures":
        """The same unit, rounded for errors around ``size``; as it is where there are none."""
        power = math.floor(math.log10(size / self.unit)) if size > 0 else math.nan
        return self if math.isnan(power) else replace(self, step=10.0 ** (power - 2))

    def text(self, value: float) -> str:
        """``value`` as text."""
        return label_text(value / self.unit, self.step)

    def metric(self, scores: RegionScores, metric: str) -> str:
        """A metric of a region; a dash where it has none."""
        value = scores.values.get(metric)
        return "–" if value is None else self.text(value)

    def interval(self, scores: RegionScores, metric: str) -> str:
        """Its 95 % interval; nothing where it has none."""
        low, high = scores.interval(metric) if scores.values.get(metric) is not None else (math.nan, math.nan)
        return "" if math.isnan(low) else f"{self.text(low)} to {self.text(high)}"


def region_rows(found: EvaluatedTable) -> list[list[str]]:
    """Every metric by region, the head first."""
    ev = found.evaluation
    names = [*_REGIONS, *(["zero"] if ev["zero"].n else [])]
    columns = [*(ev[name] for name in names), ev.own]
    common = _common(ev)
    columns = [(scores, common.at(scores["mae"])) for scores in columns]
    rows = [
        ["", *(name.capitalize() for name in names), "Own"],
        ["rows", *(f"{ev[name].n:,}" for name in names), ""],
    ]
    for metric, title in _ERRORS.items():
        # The person's own distribution has no bins of its own to average over.
        rows.append([title, *(figures.metric(scores, metric) for scores, figures in columns)])
        if metric in _WITH_INTERVAL:
            rows.append(["  95 %", *(figures.interval(scores, metric) for scores, figures in columns)])
    for metric, title in _CORRELATIONS.items():
        values = [scores.values.get(metric) for scores, _ in columns]
        rows.append([title, *("–" if value is None else f"{value:.3f}" for value in values)])
    values = [scores.values.get("sera") for scores, _ in columns]
    rows.append(["SERA", *("–" if value is None else short(value) for value in values)])
    return rows


def notes(found: EvaluatedTable) -> list[str]:
    """What stands under `region_rows`."""
    ev = found.evaluation
    common = _common(ev)
    told = [f"Errors in units of {common.unit:,g}."] if common.unit != 1 else []
    told += ["Own: test rows weighted to the distribution of the training rows.", f"{ev.thresholds}."]
    if ev["zero"].n:
        inner, outer = ev["interpolation"], ev["extrapolation"]
        told.append(
            f"Zero: {inner.n:,} inside gaps (MAE {common.metric(inner, 'mae')}), {outer.n:,} beyond the "
            f"training range (MAE {common.metric(outer, 'mae')})."
        )
    told.append(
        "SERA: none, since no training label is more extreme or rarer than others."
        if ev.relevance is None
        else "SERA: sum over rows of squared error (label units) times relevance, which is "
        f"{ev.relevance.describe()}."
    )
    return told


def _common(evaluation: Evaluation) -> _Figures:
    return _Figures.of(evaluation["all"]["mae"], scaled=True)


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Cells under each other: the first of a row to the left, the others to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(
            c.rjust(w) if i else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def worst_rows(found: EvaluatedTable) -> list[list[str]]:
    """The bins with the largest error, of those with three test rows or more where enough have them."""
    bins = found.evaluation.bins
    least = 3 if int((bins.n >= 3).sum()) >= _WORST else 1
    held = np.flatnonzero(bins.n >= least)
    worst = held[np.argsort(-bins.mae[held], kind="stable")[:_WORST]]
    figures = _Figures.of(found.evaluation["all"]["mae"])
    step = edge_step(np.append(bins.low, bins.high[-1]))
    # A bin of one bad row may be missing here and stand out in the plot: the heading says why.
    some_left_out = bool(((bins.n > 0) & (bins.n < least)).any())
    heading = f"worst bins of {least} test rows or more" if some_left_out else "worst bins"
    rows = [[heading, "test rows", "training rows", "MAE", "bias"]]
    for b in worst:
        where = span_text(float(bins.low[b]), float(bins.high[b]), step, found.unit)
        error, bias = figures.text(float(bins.mae[b])), figures.text(float(bins.bias[b]))
        rows.append(
            [where, f"{bins.n[b]:,}", f"{bins.training[b]:,}", error, bias if bias[0] in "-0" else f"+{bias}"]
        )
    return rows


def beyond(found: EvaluatedTable) -> str:
    """What stands under `worst_rows`: which test rows are in no bin."""
    ev = found.evaluation
    left = ev["all"].n - int(ev.bins.n.sum())
    are = "is" if left == 1 else "are"
    return f"{rows_of(left)} beyond the outer bins {are} in none of these." if left else ""


def reading(found: EvaluatedTable) -> str:
    """What the numbers say, in words."""
    many, few = found.evaluation["many"], found.evaluation["few"]
    said = []
    if many.n and few.n and many["mae"] > 0:
        figures = _Figures.of(found.evaluation["all"]["mae"])
        (low_many, high_many), (low_few, high_few) = many.interval("mae"), few.interval("mae")
        if math.isnan(low_many) or math.isnan(low_few):
            noise = "one of them has too few rows for an interval"
        elif low_few > high_many or high_few < low_many:
            noise = "their intervals do not overlap"
        else:
            noise = "their intervals overlap, so it may be chance"
        said.append(
            f"The error on few-shot rows is {ratio_text(few['mae'] / many['mae'])} times that on many-shot "
            f"rows (MAE {figures.metric(few, 'mae')} against {figures.metric(many, 'mae')}; {noise})."
        )
    elif not few.n:
        said.append("No test row is few-shot: these predictions say nothing about rare labels.")
    if found.slope < 0.9:
        said.append(
            f"Predictions rise by {found.slope:.2f} per unit of the label: high labels come out too low, "
            "low ones too high. Imbalance does that, and so does noise; compare tells what a remedy gives."
        )
    return " ".join(said)
