"""What each row of the synthetic benchmark minimises, with the priors that it learns from labels."""

from collections.abc import Sequence
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from evenreg.data import SyntheticSetting
from evenreg.labels import Bins, LabelSpace
from evenreg.losses import BNILoss, GAILoss
from evenreg.training._batched_newton import Slopes
from evenreg.training._linear_losses import (
    batch_prior,
    grid_prior,
    histogram_prior,
    mixture_prior,
    squared_error,
)

Floats = NDArray[np.float64]


@final
class SyntheticLosses:
    """The losses of one setting's draws.

    Args:
        setting: The setting.
        labels: A draw's labels each, ``(n, dim)``, that priors are learned from.
        components: K of GAI; None for 1 where labels are normal and 16 where they are not.
    """

    def __init__(self, setting: SyntheticSetting, labels: Sequence[Floats], components: int | None) -> None:
        self.setting = setting
        self.components = components or (1 if setting.is_normal else 16)
        self._labels = labels
        self._spaces = [LabelSpace.fit(y, coordinate=_first if y.shape[1] > 1 else None) for y in labels]
        self._kept: dict[str | int, list[GAILoss] | list[BNILoss]] = {}

    def __call__(self, loss: str, y: Tensor) -> Slopes:
        """The loss of one row, of labels ``(draws, n, dim)``.

        Args:
            loss: ``vanilla``, ``inv``, ``gai``, ``bmc`` or ``bni``.
            y: All rows of the draws, or a batch of them.
        """
        return {
            "vanilla": lambda: squared_error(y),
            "inv": lambda: squared_error(y, self._inverse_density(y)),
            "gai": lambda: self.mixture(y, self.components),
            "bmc": lambda: batch_prior(y),
            "bni": lambda: self._bins(y),
        }[loss]()

    def mixture(self, y: Tensor, components: int) -> Slopes:
        """GAI with this many components."""
        if components not in self._kept:
            self._kept[components] = [GAILoss(components).fit(space) for space in self._spaces]
        return mixture_prior(y, self._kept[components])

    def _inverse_density(self, y: Tensor) -> Tensor:
        """1 / p(y) of the generator, mean 1 over the samples: "the true p_train(y)" of section 4.1."""
        weight = torch.from_numpy(np.exp(-self.setting.law.log_density(y.numpy())))
        return weight / weight.mean(1, keepdim=True)

    def _bins(self, y: Tensor) -> Slopes:
        if self.setting.law.dim == 1:
            if "bni" not in self._kept:
                self._kept["bni"] = [BNILoss().fit(space) for space in self._spaces]
            return histogram_prior(y, self._kept["bni"])
        if "bni" not in self._kept:
            self._kept["bni"] = [_product_grid(labels) for labels in self._labels]
        return grid_prior(y, self._kept["bni"])


def _first(y: Floats) -> Floats:
    return y[:, 0]


def _product_grid(labels: Floats) -> BNILoss:
    """BNI of several dimensions: the bins of each, crossed; cells without a label have no mass and are left out."""
    bins = [Bins.fit(column) for column in labels.T]
    cells = np.stack([one.index(column) for one, column in zip(bins, labels.T, strict=True)], axis=1)
    filled, counts = np.unique(cells, axis=0, return_counts=True)
    centers = np.stack([one.centers[index] for one, index in zip(bins, filled.T, strict=True)], axis=1)
    return BNILoss.from_bins(centers, counts / counts.sum())
