"""Second views of a batch for the contrasts: small noise for tables, a shift by one pixel for small images."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from evenreg import _check

_DIRECTIONS = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1) if (down, right) != (0, 0)]


def noisy_view(
    inputs: Float[Tensor, "..."], noise: float = 0.05, generator: torch.Generator | None = None
) -> Float[Tensor, "batch columns"]:
    """The inputs with Gaussian noise on every column, in proportion to its spread in the batch.

    A view is what may change without the label changing; of a table's columns not much may. A column that is
    constant in the batch stays as it is.

    Args:
        inputs: ``(batch, columns)``.
        noise: SD of the noise in SDs of the column, above 0.
        generator: Draws the noise; None uses torch's global one.

    Example:
        >>> x = torch.randn(4, 3)
        >>> two_views = torch.cat([x, noisy_view(x)])  # with torch.cat([y, y])
        >>> two_views.shape
        torch.Size([8, 3])
    """
    _check.shape(inputs, "inputs", ("batch", "columns"), "noise is for tables; images take shifted_view")
    noise = _check.positive(noise, "noise")
    draws = torch.randn(inputs.shape, generator=generator, device=_device(inputs, generator))
    return inputs + noise * inputs.std(0, correction=0) * draws.to(inputs)


def shifted_view(
    images: Float[Tensor, "..."], generator: torch.Generator | None = None
) -> Float[Tensor, "batch channels height width"]:
    """Each image shifted by one pixel in one of the eight directions, its edge repeated.

    Args:
        images: ``(batch, channels, height, width)``.
        generator: Draws the directions; None uses torch's global one.

    Example:
        >>> image = torch.arange(3.0).expand(1, 1, 3, 3)
        >>> shifted_view(image, torch.Generator().manual_seed(1))[0, 0, 0].tolist()
        [1.0, 2.0, 2.0]
    """
    _check.shape(images, "images", ("batch", "channels", "height", "width"), "tables take noisy_view")
    size, channels, height, width = images.shape
    draws = torch.randint(8, (size,), generator=generator, device=_device(images, generator))
    shift = torch.tensor(_DIRECTIONS, device=images.device)[draws.to(images.device)]
    row = (torch.arange(height, device=images.device) - shift[:, :1]).clamp(0, height - 1)
    column = (torch.arange(width, device=images.device) - shift[:, 1:]).clamp(0, width - 1)
    image = torch.arange(size, device=images.device).view(-1, 1, 1, 1)
    channel = torch.arange(channels, device=images.device).view(1, -1, 1, 1)
    return images[image, channel, row[:, None, :, None], column[:, None, None, :]]


def _device(inputs: Tensor, generator: torch.Generator | None) -> Any:
    return inputs.device if generator is None else generator.device
