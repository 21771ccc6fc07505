"""The papers' augmentation of faces, for a whole batch straight from the cache."""

import numpy as np
from numpy.typing import NDArray

from evenreg import _check


def crop_and_flip(
    images: NDArray[np.uint8], rows: NDArray[np.int64], rng: np.random.Generator, *, padding: int = 16
) -> NDArray[np.uint8]:
    """A batch of images, each shifted at random, black where it moved in, and mirrored half of the time.

    Padding with zeros, cropping back to the old size at random and mirroring are one copy: only the pixels that
    stay are read from disk.

    Args:
        images: (n, side, side, channels), in memory or mapped.
        rows: (batch,) row numbers.
        rng: Where shifts and mirrors are drawn.
        padding: Pixels an image moves at most, each way.

    Returns:
        (batch, side, side, channels).

    Papers: papers/000 B.1 (16 pixels of padding).

    >>> crop_and_flip(np.full((1, 4, 4, 3), 9, np.uint8), np.array([0, 0]), np.random.default_rng(0), padding=1).shape
    (2, 4, 4, 3)
    """
    side = images.shape[1]
    padding = _check.integer(padding, "padding", 0)
    shifts = rng.integers(-padding, padding + 1, (len(rows), 2)).tolist()
    mirrored = (rng.random(len(rows)) < 0.5).tolist()
    batch = np.zeros((len(rows), *images.shape[1:]), np.uint8)
    for i, (row, (down, right), mirror) in enumerate(zip(rows.tolist(), shifts, mirrored, strict=True)):
        (top, to_top, height), (left, to_left, width) = (_overlap(shift, side) for shift in (down, right))
        source = images[row, top : top + height, left : left + width]
        if not mirror:
            batch[i, to_top : to_top + height, to_left : to_left + width] = source
            continue
        to_left = side - to_left - width
        target = batch[i, to_top : to_top + height, to_left : to_left + width]
        for channel in range(
            images.shape[3]
        ):  # NumPy turns pixels of several bytes round four times as slowly
            target[..., channel] = source[:, ::-1, channel]
    return batch


def _overlap(shift: int, side: int) -> tuple[int, int, int]:
    """Where the part that stays begins, where it goes, and how long it is."""
    return max(shift, 0), max(-shift, 0), max(side - abs(shift), 0)
