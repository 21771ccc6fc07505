"""One image file as pixels."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenreg import _check
from evenreg.errors import MissingDependencyError


def require_pillow(task: str) -> None:
    """Refuse early where Pillow is not installed.

    Raises:
        MissingDependencyError: It is not there.
    """
    try:
        import PIL.Image  # noqa: F401
    except ImportError:
        raise MissingDependencyError(
            f"{task} needs Pillow, which is not installed; pip install 'evenreg[all]'."
        ) from None


def decode_image(path: Path, side: int) -> NDArray[np.uint8] | str:
    """The pixels of an image file, or what is wrong with it.

    Grey, palette and CMYK images become RGB, and of 16 bits a pixel the upper 8 stay; the whole image is resized to a
    square, whatever its shape, by Pillow's bilinear filter, which averages where it shrinks. A rotation noted in the
    file is not applied: the papers' code does not, either.

    Args:
        path: The file.
        side: Pixels of a side of the result.

    Returns:
        (side, side, 3), or the reason as part of a sentence.
    """
    from PIL import Image

    # What Pillow's readers raise on files that are cut, of another kind, or far too large.
    broken: tuple[Any, ...] = (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError)
    try:
        with Image.open(path) as opened:
            image = opened
            if opened.mode in ("I", "F"):
                return "32 bits a pixel, of no known range; save it with 8 or 16"
            if opened.mode.startswith("I;16"):  # Pillow would clip it to 255: all white
                image = Image.fromarray((np.asarray(opened) >> 8).astype(np.uint8))
            small = image.convert("RGB").resize((side, side), Image.Resampling.BILINEAR)
            return np.asarray(small, dtype=np.uint8)
    except broken as error:
        return _check.reason(error).replace(f" {str(path)!r}", "")
