"""Error measures: pure NumPy functions of (target, prediction), and torchmetrics classes beside them.

Where labels are imbalanced, a mean over rows mostly tells how the frequent values fare. `bmae` and `brmse`
take the mean inside each bin first and weigh every bin alike; `bin_errors` shows the bins themselves; `sera`
adds up squared errors by the relevance of their labels. `group_accuracy`, `group_distance` and
`group_confusion` tell how well the group of a label is found. The classes `BalancedMAE` and
`GeometricMeanError` gather the same numbers over batches and processes; importing this package does not load
torch, using one of them does (PEP 562).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from evenreg.metrics._balanced import BinErrors as BinErrors
from evenreg.metrics._balanced import bin_errors as bin_errors
from evenreg.metrics._balanced import bmae as bmae
from evenreg.metrics._balanced import brmse as brmse
from evenreg.metrics._correlation import pearson as pearson
from evenreg.metrics._correlation import spearman as spearman
from evenreg.metrics._groups import group_accuracy as group_accuracy
from evenreg.metrics._groups import group_confusion as group_confusion
from evenreg.metrics._groups import group_distance as group_distance
from evenreg.metrics._pointwise import gm as gm
from evenreg.metrics._pointwise import mae as mae
from evenreg.metrics._pointwise import mse as mse
from evenreg.metrics._pointwise import rmse as rmse
from evenreg.metrics._sera import sera as sera

if TYPE_CHECKING:
    from evenreg.metrics._balanced_mae import BalancedMAE as BalancedMAE
    from evenreg.metrics._geometric_mean_error import GeometricMeanError as GeometricMeanError

_LATE = {"BalancedMAE": "_balanced_mae", "GeometricMeanError": "_geometric_mean_error"}

__all__ = [
    "BalancedMAE",
    "BinErrors",
    "GeometricMeanError",
    "bin_errors",
    "bmae",
    "brmse",
    "gm",
    "group_accuracy",
    "group_confusion",
    "group_distance",
    "mae",
    "mse",
    "pearson",
    "rmse",
    "sera",
    "spearman",
]


def __getattr__(name: str) -> Any:
    if name in _LATE:
        return getattr(import_module(f"evenreg.metrics.{_LATE[name]}"), name)
    raise AttributeError(f"module 'evenreg.metrics' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
