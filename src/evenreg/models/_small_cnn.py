"""The encoder for small images."""

from typing import Any, final

from jaxtyping import Float
from torch import Tensor, nn

from evenreg import _check
from evenreg.errors import ShapeError


@final
class SmallCNN(nn.Module):
    """Three convolutions and a linear layer, for images of about 16 to 32 pixels.

    Why: enough to see strokes and their direction, small enough to train on one processor core in seconds.
    Features are taken by place (4 x 4 cells), not averaged over the image, since where a stroke runs is what
    a position or an angle is read from. No normalisation layer, so that a batch of one image works.

    Args:
        in_channels: Channels of an image, at least 1.
        width: Channels of the first convolution; the second and third have twice as many.
        out_features: Width of what is returned.

    Shape:
        (batch, in_channels, height, width), sides of at least 16, to (batch, out_features).

    Raises:
        ShapeError: Images that are too small, or of another number of channels.

    >>> import torch
    >>> SmallCNN()(torch.zeros(5, 1, 16, 16)).shape
    torch.Size([5, 128])
    """

    def __init__(self, in_channels: int = 1, width: int = 16, out_features: int = 128) -> None:
        super().__init__()
        channels = _check.integer(in_channels, "in_channels", 1)
        width = _check.integer(width, "width", 1)
        self.out_features = _check.integer(out_features, "out_features", 1)
        self.config: dict[str, Any] = {
            "in_channels": channels,
            "width": width,
            "out_features": self.out_features,
        }
        self.layers = nn.Sequential(
            # Stride first: convolutions at full size, pooled later, take nearly twice the time.
            nn.Conv2d(channels, width, 5, stride=2, padding=2),
            nn.ReLU(),
            nn.Conv2d(width, 2 * width, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(2 * width, 2 * width, 3, stride=2, padding=1),
            nn.ReLU(),
            # The identity for 16 pixels; larger images are averaged to the same 4 x 4 cells.
            nn.AdaptiveAvgPool2d(4),
            nn.Flatten(),
            nn.Linear(2 * width * 16, self.out_features),
            nn.ReLU(),
        )

    @property
    def hidden_layers(self) -> tuple[str, ...]:
        """The layers whose outputs are representations that may be blended."""
        return ("layers.1", "layers.3", "layers.5")

    def forward(
        self, images: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch features"]:
        """Features of a batch."""
        channels = self.config["in_channels"]
        if images.shape[1] != channels or min(images.shape[2:]) < 16:
            raise ShapeError(
                f"expected images of {channels} channels and sides of at least 16 pixels, got "
                f"{tuple(images.shape[1:])}; resize them, or give in_channels."
            )
        return self.layers(images)
