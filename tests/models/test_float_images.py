"""Pixels to images: values, layout, and what is refused."""

import pytest
import torch

from evenreg.errors import InputError, ShapeError
from evenreg.models import channels_first, float_images

PIXELS = torch.randint(0, 256, (3, 8, 6, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def test_pixels_become_numbers_from_0_to_1_with_channels_first():
    images = float_images(PIXELS)
    assert images.shape == (3, 3, 8, 6)
    assert images.dtype == torch.float32
    for row, channel, y, x in [(0, 0, 0, 0), (1, 2, 7, 5), (2, 1, 3, 4)]:
        assert images[row, channel, y, x].item() == pytest.approx(PIXELS[row, y, x, channel].item() / 255)
    extremes = torch.tensor([0, 128, 255], dtype=torch.uint8).reshape(1, 1, 1, 3)
    assert float_images(extremes).flatten().tolist() == [0.0, torch.tensor(128 / 255).item(), 1.0]


def test_channels_stay_last_in_memory():
    assert float_images(PIXELS).is_contiguous(memory_format=torch.channels_last)


def test_floats_pass_untouched():
    images = torch.rand(2, 1, 5, 5)
    assert float_images(images) is images
    assert channels_first(images) is images


def test_a_view_of_pixels_copies_nothing():
    view = channels_first(PIXELS)
    assert view.data_ptr() == PIXELS.data_ptr()
    assert view.dtype == torch.uint8
    assert torch.equal(view[:, 1], PIXELS[..., 1])


@pytest.mark.parametrize("convert", [channels_first, float_images])
def test_other_batches_are_refused(convert):
    with pytest.raises(
        ShapeError,
        match=r"pixels: expected shape \(batch, height, width, 3\), got \(3, 3, 8, 6\); whole numbers have",
    ):
        convert(PIXELS.movedim(-1, 1))
    with pytest.raises(
        ShapeError, match=r"expected shape \(batch, channels, height, width\), got \(3, 8, 6\)"
    ):
        convert(torch.rand(3, 8, 6))
    with pytest.raises(
        InputError,
        match=r"pixels: expected uint8 from 0 to 255 or floats from 0 to 1, got torch.int64; convert",
    ):
        convert(PIXELS.long())
