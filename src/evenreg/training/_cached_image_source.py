"""Images of a prepared folder as rows to train on."""

from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray

from evenreg.data import ImageCache
from evenreg.labels import Bins
from evenreg.models import PixelEncoder, image_encoder
from evenreg.training._augmentation import Augmentation
from evenreg.training._source import (
    AbstractPrepared,
    AbstractSource,
    Inputs,
    Rows,
    test_rows,
    training_rows,
)

# As the papers write them.
_NAMES = {"resnet50": "ResNet-50", "resnet18": "ResNet-18", "small-cnn": "SmallCNN"}


@final
class PreparedPixels(AbstractPrepared):
    def __init__(
        self, images: NDArray[np.uint8], encoder: str, arguments: Mapping[str, Any], augmentation: str
    ) -> None:
        self._images, self._encoder, self._arguments = torch.from_numpy(images), encoder, arguments
        self.augment = None if augmentation == "none" else Augmentation(augmentation)
        self._view = self.augment or Augmentation("light")  # two equal views would tell a contrast nothing

    @property
    def inputs(self) -> Inputs:
        return (self._images,)

    def second_view(self, inputs: Inputs) -> Inputs:
        return self._view(inputs)

    def encoder(self) -> PixelEncoder:
        return image_encoder(self._encoder, self._arguments, side=self._images.shape[1])


@final
class CachedImageSource(AbstractSource):
    """Images that ``evenreg data prepare`` decoded, or a person's own list of them; read as they are asked for.

    Bins and regions are those of the benchmark, where it is one. A folder without a split column is divided like a
    table.

    Args:
        cache: Decoded images.
        bin_width: In label units; None for the benchmark's, else for the rule of `Bins.fit`.
        encoder: ``resnet50``, ``resnet18``, ``small-cnn``, or the path of a class, ``package.module.Class``.
        arguments: Of the encoder.
        augmentation: ``light``, ``heavy`` or ``none``, of training batches.
        split: ``(rows,)`` "train", "val", "test" or "" in place of the folder's own.
    """

    batch_size = 256
    rows_at_once = 256
    accelerator = "auto"
    epochs, patience = 90, None
    optimizer = MappingProxyType(
        {"optimizer": "adam", "learning_rate": 1e-3, "schedule": "steps", "milestones": (60, 80)}
    )

    def __init__(
        self,
        cache: ImageCache,
        bin_width: float | None = None,
        *,
        encoder: str = "resnet50",
        arguments: Mapping[str, Any] | None = None,
        augmentation: str = "light",
        split: NDArray[Any] | None = None,
    ) -> None:
        self._cache, self._encoder, self._augmentation = cache, encoder, augmentation
        self._arguments = dict(arguments or {})
        self.y, self.target, self.fingerprint = cache.y, cache.target, cache.fingerprint
        self.split = cache.split if split is None else split
        seen = self.y if self.split is None else self.y[np.isin(self.split, ("train", "val"))]
        benchmark = cache.benchmark
        if benchmark is None or bin_width is not None:
            self.bins = Bins.fit(seen, bin_width)
        else:
            self.bins, self.regions = benchmark.bins, benchmark.regions
        self.notes = tuple(f"Images {note}." for note in cache.notes)
        self.row_numbers, self.groups = np.array(cache.paths), np.arange(len(cache))
        self.augments = augmentation != "none"
        self.encoder_name = _NAMES.get(encoder, encoder)
        if self._arguments.get("weights"):
            self.encoder_name += f", from {self._arguments['weights']}"

    @cached_property
    def test(self) -> Rows:  # pyright: ignore[reportIncompatibleMethodOverride]
        return test_rows(self.y, self.split, self.bins)

    @property
    def counted(self) -> Rows:
        """The training rows alone where the papers count them."""
        return super().counted if self.regions is None else np.flatnonzero(self.split == "train")

    def train_and_validation(self, seed: int) -> tuple[Rows, Rows]:
        return training_rows(self.y, self.split, self.bins, seed)

    def prepare(self, train: Rows) -> AbstractPrepared:
        del train  # pixels need no statistics
        return PreparedPixels(self._cache.images, self._encoder, self._arguments, self._augmentation)
