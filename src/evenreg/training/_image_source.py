"""The embedded images as rows to train on."""

from functools import cached_property
from types import MappingProxyType
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray

from evenreg.data import Images
from evenreg.features import shifted_view
from evenreg.labels import Bins
from evenreg.models import SmallCNN
from evenreg.training._source import AbstractPrepared, AbstractSource, Inputs, Rows


@final
class PreparedImages(AbstractPrepared):
    def __init__(self, images: NDArray[np.float32]) -> None:
        self._images = torch.from_numpy(images)

    @property
    def inputs(self) -> Inputs:
        return (self._images,)

    def second_view(self, inputs: Inputs) -> Inputs:
        return (shifted_view(inputs[0]),)

    def encoder(self) -> SmallCNN:
        return SmallCNN(self._images.shape[1])


@final
class ImageSource(AbstractSource):
    """Images with a fixed test set and a pool from which each seed draws its validation images.

    Args:
        images: For instance `evenreg.data.digits_rotation`.
        bin_width: In label units; None for the rule of `Bins.fit`.
    """

    batch_size = 128
    epochs, patience = 40, None
    optimizer = MappingProxyType({"learning_rate": 5e-3, "weight_decay": 1e-4, "schedule": "one-cycle"})
    encoder_name = "SmallCNN"

    def __init__(self, images: Images, bin_width: float | None = None) -> None:
        self.images, self.y, self.target, self.fingerprint = (
            images,
            images.y,
            images.target,
            images.fingerprint,
        )
        self.row_numbers, self.groups = np.arange(len(images)), images.group
        self.bins = Bins.fit(images.y[images.split == "pool"], bin_width)

    @cached_property
    def test(self) -> Rows:  # pyright: ignore[reportIncompatibleMethodOverride]
        return np.flatnonzero(self.images.split == "test")

    def train_and_validation(self, seed: int) -> tuple[Rows, Rows]:
        held = self.images.holdout(self.bins, random_state=seed)
        return np.setdiff1d(np.flatnonzero(self.images.split == "pool"), held), held

    def prepare(self, train: Rows) -> AbstractPrepared:
        del train  # pixels need no statistics
        return PreparedImages(self.images.images)
