"""Pixels as a cache holds them, and images as networks take them."""

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from evenreg import _check
from evenreg.errors import InputError


def channels_first(pixels: Shaped[Tensor, "..."]) -> Shaped[Tensor, "batch channels height width"]:
    """A view of a batch with its channels before height and width; numbers stay as they are.

    Args:
        pixels: ``(batch, height, width, 3)`` uint8, as `evenreg.data.ImageCache` holds them, or ``(batch, channels,
            height, width)`` floats, which come back as they are.

    Raises:
        ShapeError: Another shape.
        InputError: Numbers of another kind.

    >>> channels_first(torch.zeros(2, 32, 48, 3, dtype=torch.uint8)).shape
    torch.Size([2, 3, 32, 48])
    """
    if pixels.dtype == torch.uint8:
        _check.shape(
            pixels, "pixels", ("batch", "height", "width", 3), "whole numbers have their colours last"
        )
        return pixels.movedim(-1, 1)
    if not pixels.is_floating_point():
        raise InputError(
            f"pixels: expected uint8 from 0 to 255 or floats from 0 to 1, got {pixels.dtype}; convert them."
        )
    _check.shape(
        pixels,
        "pixels",
        ("batch", "channels", "height", "width"),
        "floats have their channels before the sides",
    )
    return pixels


def float_images(pixels: Shaped[Tensor, "..."]) -> Float[Tensor, "batch channels height width"]:
    """Images as networks take them, of pixels or of images, on the device they are on.

    Channels of what were uint8 pixels stay last in memory, which convolutions take as they are.

    Args:
        pixels: ``(batch, height, width, 3)`` uint8, or ``(batch, channels, height, width)`` floats in [0, 1], which
            come back as they are.

    Returns:
        Floats in [0, 1].

    Raises:
        ShapeError: Another shape.
        InputError: Numbers of another kind.

    >>> float_images(torch.full((1, 1, 1, 3), 51, dtype=torch.uint8)).flatten().tolist()
    [0.20000000298023224, 0.20000000298023224, 0.20000000298023224]
    """
    images = channels_first(pixels)
    return images if images.is_floating_point() else images.float().div_(255)
