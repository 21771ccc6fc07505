"""What a training left: a model, and its error on rows it has not seen."""

import json
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self, final

import numpy as np

from evenreg._files import write_json, write_text
from evenreg._html import Html, html_page, html_said
from evenreg.cli._evaluation_text import WIDTH, EvaluatedTable
from evenreg.cli._label_facts import lattice_unit, slope_of
from evenreg.cli._resampled_note import resampled_notes
from evenreg.cli._settings import Settings
from evenreg.cli._trainer import facts_of_cell, routing_in, write_curves
from evenreg.evaluation import Evaluation, GroupRouting, evaluate, routing_sentence
from evenreg.labels import LabelSpace, ShotRegions
from evenreg.training import AbstractSource, CellResult, TrainedNetwork, TrainedTrees, load_model

_FACTS, _PREDICTION = "training.json", "prediction.npy"


@final
@dataclass(frozen=True, eq=False, repr=False)
class TrainResult:
    """A finished training; ``str()`` gives the report that the command prints.

    Attributes:
        method: What was trained.
        found: The evaluation of its test predictions, as a page.
        val_bmae: Balanced MAE on the validation rows, by which the best epoch was chosen.
        val_rmse: RMSE on them.
        seconds: Training time, of the last part of a run that was cut.
        folder: The run's folder; ``folder / "best"`` is the model's.
        heading: What was trained on what.
        routing: What group experts do with the test rows; None for other heads.
        resampled: How many rows it was trained on, where training rows were resampled.
        predictions: Columns of ``predictions.csv``: row, target and prediction of the test rows.
    """

    method: str
    found: EvaluatedTable
    val_bmae: float
    val_rmse: float
    seconds: float
    folder: Path
    heading: str
    routing: GroupRouting | None
    resampled: Mapping[str, int] | None
    predictions: Mapping[str, Any]

    @property
    def evaluation(self) -> Evaluation:
        """Error on the test rows, region by region."""
        return self.found.evaluation

    @cached_property
    def best(self) -> TrainedNetwork | TrainedTrees:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The model with the weights of the best epoch."""
        return load_model(self.folder / "best")

    @classmethod
    def read(cls, source: AbstractSource, folder: Path, settings: Settings, regions: ShotRegions) -> Self:
        """Evaluate what `keep` wrote; regions count what `AbstractSource.counted` has."""
        facts = json.loads((folder / _FACTS).read_text(encoding="utf-8"))
        prediction = np.load(folder / _PREDICTION, allow_pickle=False)
        test = source.test
        y, seen = source.y[test], source.y[source.counted]
        space = LabelSpace.fit(seen, source.bins)
        train, val = source.train_and_validation(settings.seed)
        return cls(
            method=str(settings.method),
            found=EvaluatedTable(
                evaluation=evaluate(y, prediction, space, regions),
                space=space,
                unit=lattice_unit(seen, source.bins.edges),
                target=source.target,
                prediction=str(settings.method),
                source="the test rows",
                train="training and validation" if source.regions is None else "training",
                slope=slope_of(y, prediction),
            ),
            routing=routing_in(facts),
            resampled=facts.get("resampled"),
            val_bmae=facts["val_bmae"],
            val_rmse=facts["val_rmse"],
            seconds=facts["seconds"],
            folder=folder,
            predictions={
                "row": source.row_numbers[test],
                source.target: y,
                f"predicted_{source.target}": prediction,
            },
            heading=(
                f"{source.target}: {len(source.y):,} rows, {len(train):,} to train, {len(val):,} to validate, "
                f"{len(test):,} to test; seed {settings.seed}; trained in {facts['seconds']:.1f} s."
            ),
        )

    def store(self) -> None:
        """Write predictions and numbers into the run's folder."""
        import pandas as pd

        write_text(self.folder / "predictions.csv", pd.DataFrame(self.predictions).to_csv(index=False))
        write_json(self.folder / "result.json", self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """All numbers as plain values for JSON."""
        return {
            "method": self.method,
            "val_bmae": self.val_bmae,
            "val_rmse": self.val_rmse,
            "seconds": self.seconds,
            "routing": None if self.routing is None else self.routing.to_dict(),
            "resampled": None if self.resampled is None else dict(self.resampled),
            "evaluation": json.loads(self.evaluation.to_json()),
        }

    def _said(self) -> tuple[str, ...]:
        routed = () if self.routing is None else (routing_sentence(self.method, [self.routing]),)
        resampled = [] if self.resampled is None else resampled_notes({self.method: [self.resampled]})
        return (
            *resampled,
            *routed,
            f"Validation b-MAE of the model kept: {self.val_bmae:.4g}.",
            f"Kept in {self.folder}: best (the model, for 'evenreg predict'), predictions.csv, result.json"
            + (", curves.csv." if (self.folder / "curves.csv").exists() else "."),
        )

    def __str__(self) -> str:
        heading, *said = (
            textwrap.fill(text, WIDTH, break_on_hyphens=False) for text in (self.heading, *self._said())
        )
        return "\n".join([heading, "", str(self.found), "", *said])

    __repr__ = __str__  # where no notebook draws it

    def _repr_html_(self) -> str:
        """The report with its figure, for notebooks."""
        from evenreg.cli._evaluation_html import evaluated_html

        page = Html(evaluated_html(self.found))
        return html_page(html_said(self.heading), page, *map(html_said, self._said()))


def keep(result: CellResult, folder: Path) -> None:
    """Write the model and what `TrainResult.read` needs."""
    result.model.save(folder / "best")
    np.save(folder / _PREDICTION, result.prediction)
    write_curves(result, folder)
    write_json(folder / _FACTS, facts_of_cell(result))
