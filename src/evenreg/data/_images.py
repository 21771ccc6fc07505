"""Labelled images held in memory."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from evenreg.labels import Bins, balanced_holdout


@final
@dataclass(frozen=True, eq=False)
class Images:
    """Images, one real label each, and where each came from.

    Attributes:
        images: (n, channels, height, width) float32 in [0, 1].
        y: (n,) float64 labels.
        split: (n,) "pool" or "test"; training and validation rows are drawn from the pool by `holdout`.
        group: (n,) int64 source image; rows of one source look alike, so a source is never in two parts.
        target: Name of the label, with its unit.
        fingerprint: SHA-256 of images, labels and split.
    """

    images: NDArray[np.float32]
    y: NDArray[np.float64]
    split: NDArray[Any]
    group: NDArray[np.int64]
    target: str
    fingerprint: str

    def __len__(self) -> int:
        return len(self.y)

    def holdout(self, bins: Bins, *, random_state: int = 0) -> NDArray[np.int64]:
        """Rows of the pool for validation: whole sources, balanced over the labels.

        Why: an image seen in training at another angle is no new image; a validation set that holds it picks
        models that remember. A source is drawn by the largest label among its rows, so that rare labels are
        drawn as evenly as `evenreg.labels.balanced_holdout` draws rows.

        Args:
            bins: Bins of the training space.
            random_state: Seed of the draw.

        Returns:
            Sorted row numbers; at most 15 % of the sources with all their rows.

        >>> from evenreg.data import digits_rotation
        >>> from evenreg.labels import Bins
        >>> data = digits_rotation()
        >>> rows = data.holdout(Bins.uniform(0, 60, 2))
        >>> set(data.split[rows].tolist())
        {'pool'}
        """
        pool = np.flatnonzero(self.split == "pool")
        sources, member = np.unique(self.group[pool], return_inverse=True)
        rarest = np.full(len(sources), -np.inf)
        np.maximum.at(rarest, member, self.y[pool])
        drawn = balanced_holdout(rarest, bins, random_state=random_state)
        return pool[np.isin(member, drawn)]
