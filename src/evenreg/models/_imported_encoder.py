"""Any network of images as an encoder, by the path of its class."""

from collections.abc import Mapping
from typing import Any, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from evenreg import _check
from evenreg.errors import InputError
from evenreg.models._class_path import built, class_at


@final
class ImportedEncoder(nn.Module):
    """A network of another package, or of a person's own, with what encoders have.

    Args:
        path: ``package.module.Class`` of a `torch.nn.Module` that maps images ``(batch, 3, height, width)`` in [0, 1]
            to features ``(batch, features)``.
        arguments: Of the class, by name; plain values.
        side: Pixels of a side of the two black images by which the width of its features is found, in eval mode; for
            networks that take images of one size only.

    Shape:
        (batch, 3, height, width) to (batch, features).

    Raises:
        InputError: No such module, something that is no network, arguments that it refuses, or a network that does not
            take images or returns something else than features.
        UnknownNameError: No such class in the module; the nearest are offered.
    """

    def __init__(self, path: str, arguments: Mapping[str, Any] | None = None, side: int = 64) -> None:
        super().__init__()
        side = _check.integer(side, "side", 1)
        self.module, plain = built(class_at(path), path, arguments)
        self.config: dict[str, Any] = {"path": path, "arguments": plain, "side": side}
        self.out_features = _width(self.module, path, side)

    @property
    def hidden_layers(self) -> tuple[str, ...]:
        """The layers whose outputs may be blended, where the class names some as ``hidden_layers``."""
        return tuple(f"module.{layer}" for layer in getattr(self.module, "hidden_layers", ()))

    def forward(
        self, images: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch features"]:
        """Features of a batch."""
        return self.module(images)


def encoder_from_path(
    path: str, arguments: Mapping[str, Any] | None = None, *, side: int = 64
) -> ImportedEncoder:
    """Any network of images as an encoder: ``out_features`` is found by running it.

    Args:
        path: ``package.module.Class`` of a `torch.nn.Module` that maps images ``(batch, 3, height, width)`` in [0, 1]
            to features ``(batch, features)``.
        arguments: Of the class, by name; plain values.
        side: Pixels of a side of the two images it is run on; for networks that take one size only.

    Returns:
        An encoder with ``out_features``, and ``config``, from which it is built again.

    Raises:
        InputError: No such module, something that is no network, arguments that it refuses, or a network that does not
            take images or returns something else than features.
        UnknownNameError: No such class in the module; the nearest are offered.

    >>> encoder_from_path("torch.nn.Flatten", side=4).out_features
    48
    """
    return ImportedEncoder(path, arguments, side)


@torch.no_grad()
def _width(network: nn.Module, path: str, side: int) -> int:
    """The width of a network's features; every module in it gets its mode back."""
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        found: Any = network(torch.zeros(2, 3, side, side))
    except Exception as error:
        raise InputError(
            f"encoder {path!r}: expected a network of images (batch, 3, {side}, {side}), got one that says "
            f"{_check.reason(error)!r}; give side= where it takes another size."
        ) from None
    for module, training in modes:
        module.training = training
    if not isinstance(found, Tensor) or found.ndim != 2 or len(found) != 2 or not found.is_floating_point():
        got = f"{found.dtype} {tuple(found.shape)}" if isinstance(found, Tensor) else type(found).__name__
        raise InputError(
            f"encoder {path!r}: expected features (2, width) of 2 images, got {got}; pool and flatten them in it."
        )
    return found.shape[1]
