"""A trained model as a folder: predict with it anywhere, read it back without pickle."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

import evenreg
from evenreg import _check
from evenreg._files import write_json
from evenreg.data import TablePreprocessor
from evenreg.errors import InputError
from evenreg.heads import AbstractHead, ClassifierHead, GroupHead, LinearHead
from evenreg.losses import L1Loss
from evenreg.models import BiLSTM, PairMLP, PixelEncoder, SentencePairEncoder, SmallCNN, TableMLP
from evenreg.training._about import ABOUT, read_about, unreadable
from evenreg.training._export import export_network
from evenreg.training._fit import predict
from evenreg.training._pair_inputs import AbstractPairInputs
from evenreg.training._raw_inputs import images_of, sentences_of, table_of
from evenreg.training._scaler import TargetScaler
from evenreg.training._task import RegressionTask

if TYPE_CHECKING:
    from pandas import DataFrame
    from sklearn.ensemble import HistGradientBoostingRegressor

_ROWS_AT_ONCE = 256  # of pixels and words, which grow in the encoder
_WEIGHTS, _INPUTS, _TREES, _SENTENCES = "weights.pt", "inputs.skops", "trees.skops", "sentences"
_ENCODERS: dict[str, Callable[..., nn.Module]] = {
    "TableMLP": TableMLP,
    "SmallCNN": SmallCNN,
    "PixelEncoder": PixelEncoder.from_config,
    "PairMLP": PairMLP,
    "BiLSTM": BiLSTM,
    "SentencePairEncoder": SentencePairEncoder,
}
_HEADS: dict[str, type[AbstractHead]] = {
    "LinearHead": LinearHead,
    "GroupHead": GroupHead,
    "ClassifierHead": ClassifierHead,
}
# What skops does not know by itself in scikit-learn's gradient boosting: arrays of nodes.
_TRUSTED_TREES = ("sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",)


class AbstractTrainedModel(ABC):
    """What all trained models can do.

    Attributes:
        about: Plain facts: version, kind, method, target, columns.
    """

    about: dict[str, Any]

    @abstractmethod
    def predict(
        self, inputs: "DataFrame | NDArray[np.float32]", *, rows: NDArray[np.integer] | int = 0
    ) -> NDArray[np.float64]:
        """Predictions ``(rows,)`` in label units for raw rows: a table with the training columns, or images."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write the model into a folder; `load_model` reads it back."""


@final
class TrainedNetwork(AbstractTrainedModel):
    """Encoder, head and target scaling, with whatever turns raw rows into the encoder's inputs.

    Args:
        task: The trained task; its loss is not kept.
        preprocessor: For tables, and for pairs of sentences; None for images, which go in as they are.
        about: Plain facts; ``encoder`` and ``encoder_config`` are needed to build the network again.
    """

    def __init__(
        self,
        task: RegressionTask,
        preprocessor: TablePreprocessor | AbstractPairInputs | None,
        about: dict[str, Any],
    ) -> None:
        self.task, self.preprocessor = task, preprocessor
        self.about = {**about, "evenreg": evenreg.__version__, "kind": "network"}
        if isinstance(task.head, AbstractHead):
            self.about |= {"head": type(task.head).__name__, "head_config": task.head.config}

    def predict(
        self, inputs: "DataFrame | NDArray[np.float32]", *, rows: NDArray[np.integer] | int = 0
    ) -> NDArray[np.float64]:
        """Predictions ``(rows,)`` in label units.

        Args:
            inputs: A DataFrame with the training columns (others are ignored; a category that training never saw
                is fine); one with columns ``first`` and ``second``, for pairs of sentences; or ``(rows, channels,
                height, width)`` images, for encoders of pixels also ``(rows, height, width, 3)`` uint8.
            rows: ``(rows,)`` numbers that a person finds the rows of a table by, such as the lines of a file, for
                error sentences; or the place of the first one, counted from 0.

        Raises:
            InputError: No rows, absent columns, text where training had numbers, or images for the model of a table
                and the other way round.
        """
        if isinstance(self.preprocessor, AbstractPairInputs):
            tensors = self.preprocessor.inputs(*sentences_of(inputs))
        elif self.preprocessor is None:
            tensors = (images_of(inputs, pixels=isinstance(self.task.encoder, PixelEncoder)),)
        else:
            ready = self.preprocessor.transform(table_of(inputs), rows=rows)
            tensors = (torch.from_numpy(ready.numeric), torch.from_numpy(ready.other))
        small = tensors[0].is_floating_point() and not isinstance(self.task.encoder, PixelEncoder)
        at_once = 4096 if small else _ROWS_AT_ONCE
        return predict(self.task, tensors, at_once).double().numpy()[:, 0]

    def export(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the network as a ``.pt2`` of `torch.export`, which needs torch and nothing of evenreg.

        It takes what the encoder takes and gives predictions ``(batch, 1)`` in label units, float64; batches may
        have any size, images sides of 16 pixels or more. Dropout is off, and nothing of loss or method is inside.

            network = torch.export.load("model.pt2").module()
            prediction = network(numeric, other)          # images: network(images)

        For a table the inputs are those of ``model.preprocessor.transform(frame)``: its ``numeric`` ``(batch, p)`` and
        ``other`` ``(batch, q)``, float32, as tensors. Where evenreg is not at hand, that step is still needed:
        transform the rows where it is, and hand over the two arrays.

        Args:
            path: File to write; its name ends in ``.pt2``.
            overwrite: Whether a file there may be replaced.

        Raises:
            InputError: Another ending, or a model of sentences, whose words are told apart outside of torch.
            RunFolderError: The file is there already.
        """
        if isinstance(self.preprocessor, AbstractPairInputs):
            raise InputError(
                "export: expected a model of a table or of images, got one of sentences; it is stored as a folder "
                "(save, load_model)."
            )
        if self.preprocessor is None:
            # Sides that differ: what is equal or 1 in the example would be taken for fixed.
            channels = self.about["encoder_config"].get("in_channels", 3)
            example, sides = (torch.zeros(2, channels, 24, 32),), 2
        else:
            config = self.about["encoder_config"]
            example, sides = tuple(torch.zeros(2, config[n]) for n in ("n_numeric", "n_other")), 0
        export_network(self.task, example, sides, Path(path), overwrite=overwrite)

    def __repr__(self) -> str:
        return _shown(self)

    def save(self, folder: Path) -> None:
        """Write ``model.json``, ``weights.pt`` and, for tables, ``inputs.skops``, for sentences ``sentences``."""
        folder.mkdir(parents=True, exist_ok=True)
        parts = {"encoder": self.task.encoder, "head": self.task.head, "scaler": self.task.scaler}
        torch.save({name: part.state_dict() for name, part in parts.items()}, folder / _WEIGHTS)
        if self.preprocessor is not None:
            self.preprocessor.save(folder / (_INPUTS if "columns" in self.about else _SENTENCES))
        write_json(folder / ABOUT, self.about)

    @classmethod
    def load(cls, folder: Path, about: dict[str, Any]) -> Self:
        """Read what `save` wrote."""
        encoder = _ENCODERS[_check.known(about["encoder"], _ENCODERS, "encoder")](**about["encoder_config"])
        head = _HEADS[_check.known(about["head"], _HEADS, "head")](**about["head_config"])
        scaler = TargetScaler()
        state = torch.load(folder / _WEIGHTS, map_location="cpu", weights_only=True)
        for name, part in {"encoder": encoder, "head": head, "scaler": scaler}.items():
            part.load_state_dict(state[name])
        preprocessor = None
        if "columns" in about:
            preprocessor = _inputs(folder, about)
        elif "sentences" in about:
            from evenreg.training._pair_kinds import load_pair_inputs  # and so what transformers needs

            preprocessor = load_pair_inputs(folder / _SENTENCES)
        return cls(RegressionTask(encoder, head, L1Loss(), scaler=scaler), preprocessor, about)


@final
class TrainedTrees(AbstractTrainedModel):
    """Gradient-boosted trees, with what turns raw rows into their matrix.

    Args:
        trees: A fitted scikit-learn model.
        preprocessor: Fitted on the training rows.
        about: Plain facts; ``log`` tells whether the trees predict the logarithm.
    """

    def __init__(
        self, trees: "HistGradientBoostingRegressor", preprocessor: TablePreprocessor, about: dict[str, Any]
    ) -> None:
        self.trees, self.preprocessor = trees, preprocessor
        self.about = {**about, "evenreg": evenreg.__version__, "kind": "trees"}

    def predict(
        self, inputs: "DataFrame | NDArray[np.float32]", *, rows: NDArray[np.integer] | int = 0
    ) -> NDArray[np.float64]:
        """Predictions ``(rows,)`` in label units for a DataFrame with the training columns.

        Args:
            inputs: As for `TrainedNetwork.predict`; tables only.
            rows: As there.
        """
        return self.predict_matrix(
            self.preprocessor.transform_for_trees(table_of(inputs), rows=rows).features
        )

    def export(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Refused: `torch.export` is for networks.

        Raises:
            InputError: Always.
        """
        del path, overwrite
        raise InputError(
            f"export: expected a network, got the trees of {self.about.get('method', 'hgb')}; they are stored with "
            "skops (save, load_model), or train a network."
        )

    def __repr__(self) -> str:
        return _shown(self)

    def predict_matrix(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """The same for rows that are a matrix already."""
        raw = self.trees.predict(matrix)
        return np.exp(raw) if self.about.get("log") else raw

    def save(self, folder: Path) -> None:
        """Write ``model.json``, ``trees.skops`` and ``inputs.skops``."""
        import skops.io

        folder.mkdir(parents=True, exist_ok=True)
        skops.io.dump(self.trees, folder / _TREES)
        self.preprocessor.save(folder / _INPUTS)
        write_json(folder / ABOUT, self.about)

    @classmethod
    def load(cls, folder: Path, about: dict[str, Any]) -> Self:
        """Read what `save` wrote."""
        import skops.io

        trees = skops.io.load(folder / _TREES, trusted=list(_TRUSTED_TREES))
        return cls(trees, _inputs(folder, about), about)


def load_model(folder: str | Path) -> TrainedNetwork | TrainedTrees:
    """Read a model that `compare` or `train` kept, for instance ``runs/sales/best``.

    Nothing in the folder is executed: weights are read as tensors only, trees and columns with skops. An encoder of
    your own is imported by the path of its class, as any module of yours is.

    Args:
        folder: A folder with a ``model.json``.

    Raises:
        MissingFileError: No such folder, or no model in it.
        CheckpointError: Something else's folder, a damaged one, or a model of a newer version.
    """
    about = read_about(folder)
    path = Path(folder)
    try:
        kinds = {"network": TrainedNetwork, "trees": TrainedTrees}
        return kinds[_check.known(about["kind"], kinds, "kind of model")].load(path, about)
    except Exception as error:
        raise unreadable(path, error) from error


def _inputs(folder: Path, about: dict[str, Any]) -> TablePreprocessor:
    """The stored preprocessor, if it is that of this model."""
    preprocessor = TablePreprocessor.load(folder / _INPUTS)
    if list(preprocessor.columns) != list(about["columns"]):
        raise InputError(f"{_INPUTS} is of a table with other columns")
    return preprocessor


def _shown(model: TrainedNetwork | TrainedTrees) -> str:
    """Which model it is, in one line."""
    about = model.about
    return f"{type(model).__name__}({about.get('method', '?')}, predicts {about.get('target', '?')})"
