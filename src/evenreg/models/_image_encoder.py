"""Encoders of images by name."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from evenreg import _check
from evenreg.models._class_path import built
from evenreg.models._imported_encoder import encoder_from_path
from evenreg.models._pixel_encoder import PixelEncoder
from evenreg.models._resnet import ResNet
from evenreg.models._small_cnn import SmallCNN

_NAMES: dict[str, tuple[type[nn.Module], dict[str, Any]]] = {
    "resnet50": (ResNet, {"depth": 50}),
    "resnet18": (ResNet, {"depth": 18}),
    "small-cnn": (SmallCNN, {"in_channels": 3}),
}


def image_encoder(name: str, arguments: Mapping[str, Any] | None = None, *, side: int = 64) -> PixelEncoder:
    """A fresh encoder of images, pixels or floats.

    Args:
        name: ``resnet50``, ``resnet18``, ``small-cnn``, or the path of a class, ``package.module.Class``.
        arguments: Further arguments of the class, by name; ``weights`` of a ResNet, for instance.
        side: Pixels of a side of the images, for a class that takes one size only.

    Raises:
        UnknownNameError: No such name, or no such class; the nearest are offered.
        InputError: Arguments that it refuses, and whatever `encoder_from_path` refuses.

    >>> image_encoder("small-cnn", {"width": 8}).out_features
    128
    """
    if name not in _NAMES and "." in name:
        return PixelEncoder(encoder_from_path(name, arguments, side=side))
    kind, fixed = _NAMES[_check.known(name, [*_NAMES, "package.module.Class"], "image encoder")]
    return PixelEncoder(built(kind, name, arguments, **fixed)[0])
