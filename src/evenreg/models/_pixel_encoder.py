"""An encoder of images that takes pixels as they lie in a cache."""

from collections.abc import Mapping
from typing import Any, Self, final

from jaxtyping import Float, Shaped
from torch import Tensor, nn

from evenreg import _check
from evenreg.errors import InputError
from evenreg.models._float_images import float_images
from evenreg.models._imported_encoder import ImportedEncoder
from evenreg.models._resnet import ResNet
from evenreg.models._small_cnn import SmallCNN

_BACKBONES: dict[str, type[nn.Module]] = {
    "ResNet": ResNet,
    "SmallCNN": SmallCNN,
    "ImportedEncoder": ImportedEncoder,
}


@final
class PixelEncoder(nn.Module):
    """Takes uint8 pixels or floats, and hands floats to a network.

    Why: uint8 is a quarter of the bytes on the way to a GPU and what a cache holds, while whatever augments or blends
    images makes floats of them; the network behind it need not know which it was.

    Args:
        backbone: `ResNet`, `SmallCNN` of three channels, or what `encoder_from_path` gives.

    Attributes:
        out_features: Of the backbone.
        config: The backbone's class and its config, the arguments of `from_config`.

    Shape:
        (batch, height, width, 3) uint8, or (batch, 3, height, width) floats in [0, 1], to (batch, out_features).

    Raises:
        InputError: Another network; batches of other numbers.
        ShapeError: Batches of another shape.

    >>> import torch
    >>> encoder = PixelEncoder(SmallCNN(in_channels=3))
    >>> encoder(torch.zeros(2, 32, 32, 3, dtype=torch.uint8)).shape
    torch.Size([2, 128])
    """

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        kind = type(backbone).__name__
        if _BACKBONES.get(kind) is not type(backbone):
            raise InputError(
                f"backbone: expected {', '.join(_BACKBONES)}, got {kind}; name it by the path of its class in "
                "encoder_from_path, so that it can be built again."
            )
        self.backbone: Any = backbone
        self.out_features: int = self.backbone.out_features
        self.config: dict[str, Any] = {"backbone": kind, "config": self.backbone.config}

    @classmethod
    def from_config(cls, backbone: str, config: Mapping[str, Any]) -> Self:
        """The encoder that has this ``config``, with fresh weights.

        A path of a class in it is imported.

        Args:
            backbone: Name of the backbone's class.
            config: Its arguments.

        Raises:
            UnknownNameError: No such backbone.
        """
        return cls(_BACKBONES[_check.known(backbone, _BACKBONES, "backbone")](**config))

    @property
    def hidden_layers(self) -> tuple[str, ...]:
        """The backbone's layers whose outputs may be blended."""
        return tuple(f"backbone.{layer}" for layer in self.backbone.hidden_layers)

    def forward(self, pixels: Shaped[Tensor, "..."]) -> Float[Tensor, "batch features"]:
        """Features of a batch."""
        weights = next((p for p in self.backbone.parameters() if p.is_floating_point()), None)
        images = float_images(pixels)
        return self.backbone(
            images if weights is None else images.to(weights.dtype)
        )  # perhaps half precision
