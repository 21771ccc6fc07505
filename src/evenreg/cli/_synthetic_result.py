"""What a run of the synthetic benchmark found."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np

from evenreg.cli._synthetic_published import published_synthetic
from evenreg.cli._synthetic_text import synthetic_text
from evenreg.data import SYNTHETIC
from evenreg.errors import UnknownNameError
from evenreg.training import SyntheticCell


@final
@dataclass(frozen=True, repr=False)
class SyntheticResult:
    """Every cell of a run of the synthetic benchmark; ``print`` gives it beside papers/002 Table 4.

    Attributes:
        seeds: Draws of each cell.
        mode: ``converged`` or ``sgd``.
        prior: What GAI and BNI learned the label distribution from, ``labels`` or ``generator``.
        cells: Settings and methods, in order.
        by_labels: With ``prior="generator"`` the cells of GAI and BNI once more, from the training labels.
        seconds: Time of the whole run.
    """

    seeds: tuple[int, ...]
    mode: str
    prior: str
    cells: tuple[SyntheticCell, ...] = field(repr=False)
    by_labels: tuple[SyntheticCell, ...] = field(repr=False)
    seconds: float

    def cell(self, setting: str, method: str) -> SyntheticCell:
        """One cell.

        Raises:
            UnknownNameError: It was not in the run.
        """
        for cell in self.cells:
            if (cell.setting, cell.method) == (setting, method):
                return cell
        raise UnknownNameError(f"no cell of {setting!r} and {method!r} in this run; look at its cells.")

    def to_json(self) -> str:
        """All numbers as JSON; an error that is not finite, of training that diverged, is null."""
        told = {
            "benchmark": "synthetic",
            "seeds": list(self.seeds),
            "mode": self.mode,
            "prior": self.prior,
            "seconds": round(self.seconds, 1),
            "cells": [_numbers(cell) for cell in self.cells],
            "by_labels": [_numbers(cell) for cell in self.by_labels],
        }
        return json.dumps(told, indent=1, allow_nan=False)

    def __str__(self) -> str:
        return synthetic_text(self.cells, self.by_labels, self.seeds, self.mode, self.prior, self.seconds)

    __repr__ = __str__


def _numbers(cell: SyntheticCell) -> dict[str, Any]:
    paper = published_synthetic().get((cell.setting, cell.method))
    setting = SYNTHETIC[cell.setting]
    return {
        "setting": cell.setting,
        "method": cell.method,
        "components": cell.components if cell.method.startswith("gai") else None,
        "mse": _finite([cell.mean])[0],
        "paper": None if paper is None else float(paper),
        "reverse_regression": float(np.mean(cell.reference)) if cell.reference else None,
        "reverse_regression_theory": setting.reverse_regression_error if setting.is_line else None,
        "unsolved": cell.unsolved,
        "seconds": round(cell.seconds, 2),
        "mse_of_draws": _finite(cell.errors),
        "sigma_of_draws": _finite(cell.sigma),
    }


def _finite(values: Sequence[float]) -> list[float | None]:
    return [value if np.isfinite(value) else None for value in values]
