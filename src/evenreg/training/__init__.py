"""Parts to trained models: methods in words, the one training loop, run folders.

    Method.parse("sqinv + lds") ── parts ──┐
    TableSource, ImageSource ── Draw ──────┴── train_cell ── TrainedNetwork or TrainedTrees, predictions

Names are loaded when they are first used (PEP 562), so that a folder can be looked at without torch; all but
`RunFolder`, `read_about` and the tables of the synthetic benchmark load torch, and most of them Lightning.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evenreg.training._about import read_about as read_about
    from evenreg.training._attach import attach as attach
    from evenreg.training._augmentation import Augmentation as Augmentation
    from evenreg.training._balanced_batch_sampler import BalancedBatchSampler as BalancedBatchSampler
    from evenreg.training._batches import Batch as Batch
    from evenreg.training._batches import Rows as Rows
    from evenreg.training._batches import memory_loader as memory_loader
    from evenreg.training._cached_image_source import CachedImageSource as CachedImageSource
    from evenreg.training._cell import CellResult as CellResult
    from evenreg.training._cell import Draw as Draw
    from evenreg.training._cell import train_cell as train_cell
    from evenreg.training._fds_callback import FDSCallback as FDSCallback
    from evenreg.training._fds_handle import FDSHandle as FDSHandle
    from evenreg.training._fit import Budget as Budget
    from evenreg.training._fit import fit as fit
    from evenreg.training._frozen_encoder import FrozenEncoder as FrozenEncoder
    from evenreg.training._frozen_encoder import encode as encode
    from evenreg.training._hugging_face import hugging_face_trainer as hugging_face_trainer
    from evenreg.training._image_source import ImageSource as ImageSource
    from evenreg.training._method import Method as Method
    from evenreg.training._model import TrainedNetwork as TrainedNetwork
    from evenreg.training._model import TrainedTrees as TrainedTrees
    from evenreg.training._model import load_model as load_model
    from evenreg.training._optimizer import Optimizer as Optimizer
    from evenreg.training._pair_inputs import AbstractPairInputs as AbstractPairInputs
    from evenreg.training._pair_kinds import pair_inputs as pair_inputs
    from evenreg.training._pair_source import PairSource as PairSource
    from evenreg.training._regularize import Regularize as Regularize
    from evenreg.training._regularizer_handle import RegularizerHandle as RegularizerHandle
    from evenreg.training._run import RunFolder as RunFolder
    from evenreg.training._scaler import TargetScaler as TargetScaler
    from evenreg.training._sentence_embeddings import SentenceEmbeddings as SentenceEmbeddings
    from evenreg.training._source import AbstractSource as AbstractSource
    from evenreg.training._stage import Stage as Stage
    from evenreg.training._stage import stages_of as stages_of
    from evenreg.training._synthetic_cell import SyntheticCell as SyntheticCell
    from evenreg.training._synthetic_cell import solve_synthetic as solve_synthetic
    from evenreg.training._synthetic_methods import SYNTHETIC_METHODS as SYNTHETIC_METHODS
    from evenreg.training._synthetic_methods import SYNTHETIC_MODES as SYNTHETIC_MODES
    from evenreg.training._synthetic_methods import SYNTHETIC_PRIORS as SYNTHETIC_PRIORS
    from evenreg.training._synthetic_methods import SyntheticMethod as SyntheticMethod
    from evenreg.training._table_source import TableSource as TableSource
    from evenreg.training._task import RegressionTask as RegressionTask
    from evenreg.training._token_ids import TokenIds as TokenIds
    from evenreg.training._trained_on_sts_b import trained_on_sts_b as trained_on_sts_b
    from evenreg.training._word_ids import WordIds as WordIds

_NAMES = {
    "AbstractPairInputs": "_pair_inputs",
    "WordIds": "_word_ids",
    "TokenIds": "_token_ids",
    "SentenceEmbeddings": "_sentence_embeddings",
    "trained_on_sts_b": "_trained_on_sts_b",
    "AbstractSource": "_source",
    "Optimizer": "_optimizer",
    "attach": "_attach",
    "Augmentation": "_augmentation",
    "BalancedBatchSampler": "_balanced_batch_sampler",
    "Batch": "_batches",
    "Budget": "_fit",
    "CachedImageSource": "_cached_image_source",
    "CellResult": "_cell",
    "Draw": "_cell",
    "FDSCallback": "_fds_callback",
    "FDSHandle": "_fds_handle",
    "encode": "_frozen_encoder",
    "fit": "_fit",
    "FrozenEncoder": "_frozen_encoder",
    "hugging_face_trainer": "_hugging_face",
    "ImageSource": "_image_source",
    "load_model": "_model",
    "memory_loader": "_batches",
    "Method": "_method",
    "pair_inputs": "_pair_kinds",
    "PairSource": "_pair_source",
    "read_about": "_about",
    "Regularize": "_regularize",
    "RegularizerHandle": "_regularizer_handle",
    "RegressionTask": "_task",
    "Rows": "_batches",
    "RunFolder": "_run",
    "Stage": "_stage",
    "solve_synthetic": "_synthetic_cell",
    "stages_of": "_stage",
    "SYNTHETIC_METHODS": "_synthetic_methods",
    "SYNTHETIC_MODES": "_synthetic_methods",
    "SYNTHETIC_PRIORS": "_synthetic_methods",
    "SyntheticCell": "_synthetic_cell",
    "SyntheticMethod": "_synthetic_methods",
    "TableSource": "_table_source",
    "TargetScaler": "_scaler",
    "train_cell": "_cell",
    "TrainedNetwork": "_model",
    "TrainedTrees": "_model",
}

__all__ = [
    "SYNTHETIC_METHODS",
    "SYNTHETIC_MODES",
    "SYNTHETIC_PRIORS",
    "AbstractPairInputs",
    "AbstractSource",
    "Augmentation",
    "BalancedBatchSampler",
    "Batch",
    "Budget",
    "CachedImageSource",
    "CellResult",
    "Draw",
    "FDSCallback",
    "FDSHandle",
    "FrozenEncoder",
    "ImageSource",
    "Method",
    "Optimizer",
    "PairSource",
    "RegressionTask",
    "Regularize",
    "RegularizerHandle",
    "Rows",
    "RunFolder",
    "SentenceEmbeddings",
    "Stage",
    "SyntheticCell",
    "SyntheticMethod",
    "TableSource",
    "TargetScaler",
    "TokenIds",
    "TrainedNetwork",
    "TrainedTrees",
    "WordIds",
    "attach",
    "encode",
    "fit",
    "hugging_face_trainer",
    "load_model",
    "memory_loader",
    "pair_inputs",
    "read_about",
    "solve_synthetic",
    "stages_of",
    "train_cell",
    "trained_on_sts_b",
]


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(import_module(f"evenreg.training.{_NAMES[name]}"), name)
    raise AttributeError(f"module 'evenreg.training' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
