"""LabelBins: the bin of each row or pixel of a batch, whatever its labels look like."""

from typing import Self, final

import numpy as np
import torch
from jaxtyping import Int, Shaped
from torch import Tensor, nn

from evenreg import _check
from evenreg._torch import BinIndex
from evenreg.labels import LabelSpace


@final
class LabelBins(nn.Module):
    """Bins of scalar labels on their device; those of vector labels through the coordinate of their space.

    A label with NaN gets the place after the last bin. The coordinate, a NumPy function, is computed on the
    host; it is no tensor, so a state dict holds the bins without it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.index = BinIndex()
        self._coordinate: LabelSpace | None = None

    def fit(self, space: LabelSpace) -> Self:
        """Take the bins and the coordinate of ``space``."""
        self.index = BinIndex(space.bins).to(self.index.edges.device)
        self._coordinate = LabelSpace(space.bins, coordinate=space.coordinate) if space.coordinate else None
        return self

    def __len__(self) -> int:
        return self.index.n_bins

    def limits(self, b: int) -> tuple[float, float]:
        """The edges of bin ``b``."""
        low, high = self.index.edges[b : b + 2].tolist()
        return low, high

    def forward(self, target: Shaped[Tensor, "..."], rows: tuple[int, ...]) -> Int[Tensor, "..."]:
        """The bin of each of the rows (or pixels), an array of shape ``rows``.

        Args:
            target: Labels of shape ``rows``, or with one more axis, the second: of length 1, or of the labels'
                dimension where the space has a coordinate.
            rows: ``(batch, *pixels)``.

        Raises:
            ShapeError: Other shapes.
        """
        if self._coordinate is not None:
            target = self._scalars(target, rows, self._coordinate)
        elif target.ndim == len(rows) + 1 and target.shape[1] == 1:
            target = target.squeeze(1)
        way_out = "give each row of features one label, or fit a space with coordinate="
        _check.shape(target, "target", rows, way_out)
        return self.index(target)

    @staticmethod
    def _scalars(target: Tensor, rows: tuple[int, ...], coordinate: LabelSpace) -> Tensor:
        """The coordinate of labels, NaN where any number of a label is."""
        last = target.movedim(1, -1) if target.ndim > len(rows) else target.unsqueeze(-1)
        _check.shape(last, "target", (*rows, "d"), "give each row of features one label")
        labels = last.detach().reshape(-1, last.shape[-1]).double().cpu().numpy()
        result, valid = np.full(len(labels), np.nan), np.isfinite(labels).all(axis=1)
        if valid.any():
            result[valid] = coordinate.scalars(labels[valid])
        return torch.from_numpy(result).reshape(rows).to(target.device)
