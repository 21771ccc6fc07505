"""What a comparison found, as numbers, as text, and as files."""

import json
import shutil
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, final

import numpy as np
from numpy.typing import NDArray

from evenreg._files import write_json, write_text
from evenreg.cli._compare_cells import Cells
from evenreg.cli._resampled_note import resampled_notes
from evenreg.evaluation import (
    Comparison,
    Evaluation,
    GroupRouting,
    ResultTable,
    compare_to_reference,
    evaluate,
    own_weight,
    routing_sentence,
    to_latex,
    to_markdown,
    to_terminal,
    tradeoff_sentence,
)
from evenreg.labels import LabelSpace, ShotRegions
from evenreg.training import AbstractSource, load_model

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from evenreg.training import TrainedNetwork, TrainedTrees

_WIDTH = 100


@final
@dataclass(frozen=True, repr=False)
class CompareResult:
    """A finished comparison; ``str()`` gives the report that the command prints, a notebook shows it as a page.

    Attributes:
        comparison: Every row against the reference, with intervals and p-values.
        evaluations: Per row one `Evaluation` a seed, on the same test rows.
        val_bmae: Per row its validation b-MAE, one a seed.
        seconds: Per row its training times.
        routing: Per row with group experts what they do with the test rows, one a seed.
        chosen: The row with the lowest mean validation b-MAE.
        sentences: What it comes to.
        heading: What was compared on what.
        target: Name of the target.
        notes: Sentences under the table.
        folder: The run's folder; ``folder / "best"`` is the chosen row's best seed, for `evenreg.load_model`.
        temporary: Whether the folder goes with this object.
        predictions: Columns of ``predictions.csv``: row number, target, region and each cell's prediction.
        model: Folder of the model to keep.
    """

    comparison: Comparison
    evaluations: Mapping[str, Sequence[Evaluation]]
    val_bmae: Mapping[str, Sequence[float]]
    seconds: Mapping[str, Sequence[float]]
    routing: Mapping[str, Sequence[GroupRouting]]
    chosen: str
    sentences: tuple[str, ...]
    heading: str
    target: str
    notes: tuple[str, ...]
    folder: Path
    temporary: bool
    predictions: Mapping[str, Any]
    model: Path

    @classmethod
    def of(
        cls,
        source: AbstractSource,
        cells: Cells,
        regions: ShotRegions,
        folder: Path,
        *,
        cost: str,
        reference: str,
        temporary: bool,
    ) -> Self:
        """Evaluate trained cells on the test rows; regions count what `AbstractSource.counted` has."""
        test = source.test
        y = source.y[test]
        space = LabelSpace.fit(source.y[source.counted], source.bins)
        assigned = regions.assign(y, space)
        evaluations = {
            row: [evaluate(y, cell.prediction, space, regions) for cell in seeds]
            for row, seeds in cells.rows.items()
        }
        errors = {
            row: np.stack([np.abs(c.prediction - y) for c in seeds]) for row, seeds in cells.rows.items()
        }
        comparison = compare_to_reference(
            errors, assigned, reference, own=own_weight(y, space), groups=source.groups[test]
        )
        val_bmae = {row: [cell.val_bmae for cell in seeds] for row, seeds in cells.rows.items()}
        chosen = min(val_bmae, key=lambda row: float(np.mean(val_bmae[row])))
        seeds = len(val_bmae[chosen])
        routing = {
            row: [cell.routing for cell in trained if cell.routing is not None]
            for row, trained in cells.rows.items()
            if trained[0].routing is not None
        }
        resampled = {
            row: [cell.resampled for cell in trained if cell.resampled is not None]
            for row, trained in cells.rows.items()
            if trained[0].resampled is not None
        }
        recipe = (
            f"Networks: {source.encoder_name}, {_trained_by(source)}, cost {cost}, {_selected_by(source)}."
        )
        model = cells.rows[chosen][int(np.argmin(val_bmae[chosen]))].model
        told = f"Chosen on validation: {chosen} (b-MAE {_mean(val_bmae[chosen])}"
        told += ")." if chosen == reference else f", {reference} {_mean(val_bmae[reference])})."
        return cls(
            comparison=comparison,
            evaluations=evaluations,
            val_bmae=val_bmae,
            seconds={row: [cell.seconds for cell in trained] for row, trained in cells.rows.items()},
            routing=routing,
            chosen=chosen,
            sentences=(told, tradeoff_sentence(comparison, chosen)),
            heading=_heading(source, seeds),
            target=source.target,
            notes=(
                recipe,
                *source.notes,
                *resampled_notes(resampled),
                *(routing_sentence(*row) for row in routing.items()),
                *cells.failed.values(),
            ),
            folder=folder,
            temporary=temporary,
            predictions=_predictions(source, cells, assigned),
            model=model,
        )

    def table(self, metric: str = "mae") -> ResultTable:
        """A metric by region, mean and spread over seeds; the MAE is marked where rows differ beyond noise.

        Args:
            metric: One of `mae mse rmse gm pearson spearman bmae brmse sera`.

        Raises:
            UnknownNameError: Another metric; the nearest is offered.
        """
        marked = metric == "mae"
        notes = self.notes if marked else ("Nothing is marked: only the MAE is tested.", *self.notes)
        return ResultTable.from_evaluations(
            self.evaluations,
            self.comparison if marked else None,
            metric=metric,
            target=self.target,
            notes=notes,
        )

    @cached_property
    def best(self) -> "TrainedNetwork | TrainedTrees":
        """The chosen row's model of the seed that did best on validation, read when it is first asked for."""
        return load_model(self.model)

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """What each row gains and loses by region, with intervals; None draws on new axes."""
        from evenreg.plots import error_by_region

        return error_by_region(self.comparison, ax)

    @property
    def kept(self) -> str:
        """Where the files are."""
        if self.temporary:
            return (
                f"Kept as long as this result: .best is the trained {self.chosen}; out= names a folder that keeps "
                "every model, the predictions and the tables."
            )
        return (
            f"Kept in {self.folder}: best ({self.chosen}; every other model in rows), predictions.csv, result.json, "
            "table.md, table.tex."
        )

    def __str__(self) -> str:
        said = "\n".join(
            textwrap.fill(text, _WIDTH, break_on_hyphens=False) for text in (*self.sentences, self.kept)
        )
        heading = textwrap.fill(self.heading, _WIDTH, break_on_hyphens=False)
        return f"{heading}\n\n{to_terminal(self.table())}\n{said}"

    __repr__ = __str__  # an interpreter shows the report, not its fields

    def _repr_html_(self) -> str:
        from evenreg.cli._compare_html import compare_html

        return compare_html(self)

    def to_dict(self) -> dict[str, Any]:
        """All numbers as plain values for JSON."""
        return {
            "heading": self.heading,
            "sentences": list(self.sentences),
            "chosen": self.chosen,
            "rows": {
                row: {
                    "val_bmae": list(self.val_bmae[row]),
                    "seconds": list(self.seconds[row]),
                    "routing": [routing.to_dict() for routing in self.routing.get(row, [])],
                    "evaluations": [json.loads(ev.to_json()) for ev in evs],
                }
                for row, evs in self.evaluations.items()
            },
            "comparison": self.comparison.to_dict(),
        }

    def store(self) -> None:
        """Write predictions, tables, the chosen model and ``result.json`` into the run's folder."""
        import pandas as pd

        write_text(self.folder / "predictions.csv", pd.DataFrame(self.predictions).to_csv(index=False))
        write_text(
            self.folder / "table.md", to_markdown(self.table()) + "\n\n" + "\n".join(self.sentences) + "\n"
        )
        write_text(self.folder / "table.tex", to_latex(self.table()) + "\n")
        best = self.folder / "best"
        shutil.rmtree(best, ignore_errors=True)
        shutil.copytree(self.model, best)
        write_json(self.folder / "result.json", self.to_dict())


def _mean(values: Sequence[float]) -> str:
    return f"{float(np.mean(values)):#.4g}".rstrip(".")


def _trained_by(source: AbstractSource) -> str:
    return {"adamw": "AdamW", "adam": "Adam", "sgd": "SGD"}[source.optimizer.get("optimizer", "adamw")]


def _selected_by(source: AbstractSource) -> str:
    errors = {"bmae": "b-MAE", "mae": "MAE", "mse": "MSE"}
    return f"stopped and selected on validation {errors[source.select]}"


def _heading(source: AbstractSource, seeds: int) -> str:
    train, val = source.train_and_validation(0)
    return (
        f"{source.target}: {len(source.y):,} rows, {len(train):,} to train, {len(val):,} to validate, "
        f"{len(source.test):,} to test; {seeds} seed{'s' if seeds > 1 else ''}."
    )


def _predictions(source: AbstractSource, cells: Cells, regions: NDArray[Any]) -> dict[str, Any]:
    """Columns of ``predictions.csv``: a test row, its label and region, and what each cell predicts for it."""
    target = source.target
    columns: list[tuple[str, Any]] = [
        ("row", source.row_numbers[source.test]), (target, source.y[source.test]), ("region", regions),
    ]  # fmt: skip
    for row, trained in cells.rows.items():
        columns += [(f"{row} (seed {seed})", cell.prediction) for seed, cell in enumerate(trained)]
    # The target keeps its name; what else has that name gives way.
    return {name + "_" * (name == target and i != 1): values for i, (name, values) in enumerate(columns)}
