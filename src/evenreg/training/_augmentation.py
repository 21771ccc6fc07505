"""Augmentation of a batch of images, on the device that the batch is on."""

from collections.abc import Callable, Sequence
from typing import Any, final

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from evenreg import _check
from evenreg._torch import float32_island
from evenreg.errors import MissingDependencyError, ShapeError
from evenreg.models import channels_first, float_images

_View = Callable[[Tensor], Tensor]
# The papers pad 224 pixels by 16.
_SIDES_A_PADDING = 14
_PIXELS_AT_ONCE = 2**20


@final
class Augmentation:
    """Another version of each image of a training batch, drawn anew at every call.

    Why: on faces a network from scratch learns its training images by heart without; and on the device of the batch
    an augmentation costs a small part of a training step, while it would keep several processes of a loader busy.

    ``light`` is the papers': zeros around the image, 16 pixels of them at 224, a random crop of the old size, and a
    mirror image half of the time. ``heavy`` is that of Rank-N-Contrast and what followed it: a crop of 0.2 to 1 of the
    area at a ratio of 3:4 to 4:3, resized to the old size; a mirror image half of the time; brightness, contrast and
    saturation by 0.6 to 1.4 and hue by up to 0.1 of the circle in 0.8 of the images; 0.2 of them grey. Results of the
    two are no fair comparison: ``heavy`` gains more than most methods do.

    Numbers are drawn from torch's global generators, by ``light`` on the device of the batch, by ``heavy`` on the
    processor. Under autocast images are float32 as well.

    Args:
        kind: ``light``, ``heavy`` or ``none``, which only converts.

    Shape:
        One tensor, (batch, height, width, 3) uint8 or (batch, channels, height, width) floats in [0, 1], to floats
        (batch, channels, height, width) in [0, 1].

    Raises:
        UnknownNameError: Another kind; the nearest is offered.
        MissingDependencyError: ``heavy`` where kornia is not installed.
        ShapeError: Not one tensor, or one of another shape.
        InputError: Pixels of another kind of number.

    Example:
        >>> faces = torch.randint(0, 256, (4, 32, 32, 3), dtype=torch.uint8)
        >>> (images,) = Augmentation("light")((faces,))
        >>> images.shape, images.dtype
        (torch.Size([4, 3, 32, 32]), torch.float32)

    Papers: papers/000 B.1 (light); Zha et al. 2023 (Rank-N-Contrast) appendix (heavy). Crop, colours and grey are
    kornia's.
    """

    def __init__(self, kind: str = "light") -> None:
        self.kind = _check.known(kind, _KINDS, "augmentation")
        self._view = _KINDS[kind]()

    @torch.no_grad()
    def __call__(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """The images of a batch, changed; rows stay in their order."""
        if len(inputs) != 1:
            raise ShapeError(
                f"augmentation: expected one tensor of images, got {len(inputs)}; it is for images alone."
            )
        with float32_island():  # else a crop's corners would be rounded under autocast, by up to a pixel
            return (self._view(inputs[0]),)

    def __repr__(self) -> str:
        return f"Augmentation({self.kind!r})"


def _cropped_and_mirrored(pixels: Shaped[Tensor, "..."]) -> Float[Tensor, "batch channels height width"]:
    """Each image shifted by up to a padding, zeros where it moved in, and mirrored half of the time.

    A view holds every crop of every padded image and of its mirror image; one of them is copied for each row, while the
    numbers are still small.
    """
    images = channels_first(pixels)
    batch, channels, height, width = images.shape
    down, right = round(height / _SIDES_A_PADDING), round(width / _SIDES_A_PADDING)
    # Channels last in memory, as they come from a cache and as convolutions take them.
    padded = images.new_zeros(2, batch, height + 2 * down, width + 2 * right, channels).movedim(-1, 2)
    inner = padded[..., down : down + height, right : right + width]
    inner[0], inner[1] = images, images.flip(-1)
    crops = padded.unfold(3, height, 1).unfold(4, width, 1)
    mirrored, top, left = (
        torch.randint(n, (batch,), device=images.device) for n in (2, 2 * down + 1, 2 * right + 1)
    )
    drawn = crops[mirrored, torch.arange(batch, device=images.device), :, top, left]
    return drawn if drawn.is_floating_point() else float_images(drawn.movedim(1, -1))


@final
class _CroppedAndColoured:
    """Crop, mirror image, colours and grey of `Augmentation`, by kornia."""

    def __init__(self) -> None:
        try:
            import kornia.augmentation  # noqa: F401
        except ImportError:
            raise MissingDependencyError(
                "heavy augmentation needs kornia, which is not installed; pip install 'evenreg[all]'."
            ) from None
        self._by_size: dict[tuple[int, int], Any] = {}

    def __call__(self, pixels: Shaped[Tensor, "..."]) -> Float[Tensor, "batch channels height width"]:
        images = float_images(pixels)
        _check.shape(images, "images", ("batch", 3, "height", "width"), "colours need red, green and blue")
        height, width = images.shape[2:]
        if (height, width) not in self._by_size:
            self._by_size[height, width] = self._for_size(height, width)
        change = self._by_size[height, width]
        # Colours take a hundred passes over the batch; on a processor twice as long where it outgrows the cache.
        rows = max(1, _PIXELS_AT_ONCE // (height * width)) if images.device.type == "cpu" else len(images)
        return torch.cat([change(some) for some in images.split(rows)]).clamp_(0, 1)

    @staticmethod
    def _for_size(height: int, width: int) -> Any:
        from kornia.augmentation import (
            ColorJitter,
            RandomGrayscale,
            RandomHorizontalFlip,
            RandomResizedCrop,
        )

        return torch.nn.Sequential(
            # "resample" is one sampling of the whole batch; "slice" would go row by row.
            RandomResizedCrop((height, width), scale=(0.2, 1.0), cropping_mode="resample"),
            RandomHorizontalFlip(0.5),
            ColorJitter(0.4, 0.4, 0.4, 0.1, p=0.8),
            RandomGrayscale(p=0.2),
        )


_KINDS: dict[str, Callable[[], _View]] = {
    "light": lambda: _cropped_and_mirrored,
    "heavy": _CroppedAndColoured,
    "none": lambda: float_images,
}
