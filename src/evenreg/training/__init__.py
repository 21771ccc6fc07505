"""Parts to trained models: methods in words, the one training loop, run folders.

    Method.parse("sqinv + lds") ── parts ──┐
    TableSource, ImageSource ── Draw ──────┴── train_cell ── TrainedNetwork or TrainedTrees, predictions

Importing this package loads torch and Lightning.
"""

from evenreg.training._batches import Batch as Batch
from evenreg.training._batches import Rows as Rows
from evenreg.training._batches import memory_loader as memory_loader
from evenreg.training._cell import CellResult as CellResult
from evenreg.training._cell import Draw as Draw
from evenreg.training._cell import train_cell as train_cell
from evenreg.training._fit import Budget as Budget
from evenreg.training._fit import fit as fit
from evenreg.training._method import Method as Method
from evenreg.training._model import TrainedNetwork as TrainedNetwork
from evenreg.training._model import TrainedTrees as TrainedTrees
from evenreg.training._model import load_model as load_model
from evenreg.training._run import RunFolder as RunFolder
from evenreg.training._run import write_json as write_json
from evenreg.training._run import write_text as write_text
from evenreg.training._scaler import TargetScaler as TargetScaler
from evenreg.training._sources import ImageSource as ImageSource
from evenreg.training._sources import TableSource as TableSource
from evenreg.training._task import RegressionTask as RegressionTask

__all__ = [
    "Batch",
    "Budget",
    "CellResult",
    "Draw",
    "ImageSource",
    "Method",
    "RegressionTask",
    "Rows",
    "RunFolder",
    "TableSource",
    "TargetScaler",
    "TrainedNetwork",
    "TrainedTrees",
    "fit",
    "load_model",
    "memory_loader",
    "train_cell",
    "write_json",
    "write_text",
]
