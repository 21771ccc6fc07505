"""Augmentation of batches: against a search for each row, shares of what happens, and what is refused."""

import sys
from itertools import product

import numpy as np
import pytest
import torch

from evenreg.errors import InputError, MissingDependencyError, ShapeError, UnknownNameError
from evenreg.models import float_images
from evenreg.training import Augmentation, _augmentation


def pixels(rows, height=16, width=16, seed=0):
    generator = torch.Generator().manual_seed(seed)
    # From 1: zeros are what moved in.
    return torch.randint(1, 256, (rows, height, width, 3), dtype=torch.uint8, generator=generator)


def augment(kind, batch, seed=0):
    torch.manual_seed(seed)
    (images,) = Augmentation(kind)((batch,))
    return images


def crops(image, down, right):
    """Every crop of a padded image (height, width, 3) and of its mirror image, one by one."""
    height, width = image.shape[:2]
    for mirrored, top, left in product((False, True), range(2 * down + 1), range(2 * right + 1)):
        turned = image[:, ::-1] if mirrored else image
        padded = np.pad(turned, ((down, down), (right, right), (0, 0)))
        yield (mirrored, top, left), padded[top : top + height, left : left + width]


def drawn(images, batch, down, right):
    """Which crop of its own image each row is."""
    found = []
    back = (images * 255).round().to(torch.uint8).movedim(1, -1).numpy()
    for row, image in zip(back, batch.numpy(), strict=True):
        same = [how for how, crop in crops(image, down, right) if np.array_equal(crop, row)]
        assert len(same) == 1
        found += same
    return found


class TestLight:
    @pytest.mark.parametrize(
        ("height", "width", "down", "right"), [(28, 28, 2, 2), (28, 42, 2, 3), (16, 8, 1, 1)]
    )
    def test_each_row_is_a_crop_of_its_own_padded_image(self, height, width, down, right):
        batch = pixels(20, height, width)
        images = augment("light", batch)
        assert images.shape == (20, 3, height, width)
        assert images.dtype == torch.float32
        assert images.is_contiguous(memory_format=torch.channels_last)
        drawn(images, batch, down, right)

    def test_every_shift_happens_and_half_the_rows_are_mirrored(self):
        batch = pixels(400)
        found = drawn(augment("light", batch), batch, 1, 1)
        mirrored, tops, lefts = (np.array(one) for one in zip(*found, strict=True))
        assert abs(mirrored.mean() - 0.5) < 0.1  # four standard deviations
        for shifts in (tops, lefts):
            assert np.abs(np.bincount(shifts, minlength=3) / 400 - 1 / 3).max() < 0.1
        # One has nothing to do with the other.
        assert np.abs(np.corrcoef([mirrored, tops, lefts]) - np.eye(3)).max() < 0.2

    def test_16_pixels_at_224(self):
        image = torch.full((64, 224, 224, 3), 255, dtype=torch.uint8)
        black = (augment("light", image)[:, 0] == 0).float()
        rows, columns = black.mean(2).eq(1).sum(1), black.mean(1).eq(1).sum(1)
        assert 12 <= max(rows.tolist()) <= 16
        assert 12 <= max(columns.tolist()) <= 16

    def test_an_image_too_small_for_padding_is_mirrored_alone(self):
        batch = pixels(8, 4, 4)
        drawn(augment("light", batch), batch, 0, 0)


class TestHeavy:
    def test_colours_change_and_stay_colours(self):
        batch = pixels(64, 8, 8)
        images = augment("heavy", batch)
        assert images.shape == (64, 3, 8, 8)
        assert 0 <= images.min() < images.max() <= 1
        before, after = (one.mean((2, 3)) for one in (float_images(batch), images))
        assert ((after - before).abs().amax(1) > 0.02).float().mean() > 0.5

    def test_shares_of_coloured_and_of_grey(self):
        """A crop of an image of one colour is that image, so that only colours can change it."""
        colour = torch.tensor([200, 100, 60], dtype=torch.uint8)
        images = augment("heavy", colour.expand(1000, 4, 4, 3))
        assert (images - images[:, :, :1, :1]).abs().max() < 1e-5
        red, green, blue = images[:, :, 0, 0].T
        grey = (red - green).abs().maximum((red - blue).abs()) < 1e-5
        same = (images[:, :, 0, 0] - colour / 255).abs().amax(1) < 1e-5
        assert abs(grey.float().mean() - 0.2) < 0.05
        assert abs(same.float().mean() - 0.2 * 0.8) < 0.05

    def test_a_crop_is_a_part_of_the_image_and_half_are_mirrored(self):
        """Of an image that grows from left to right, what is seen grows, or falls where it was mirrored."""
        ramp = torch.linspace(0.3, 0.6, 32).expand(300, 3, 32, 32)  # grey: hue and saturation change nothing
        images = augment("heavy", ramp)[:, 1, 16]
        steps = images.diff(dim=1)
        rising, falling = (steps > 0).all(1), (steps < 0).all(1)
        assert (rising | falling).all()
        assert abs(falling.float().mean() - 0.5) < 0.12
        # Less than the whole width in nearly all, and never less than 0.2 * 3 / 4 of the area's root would allow.
        contrast = (images[:, -1] - images[:, 0]).abs() / 0.3
        assert contrast.median() < 0.9

    def test_rows_stay_in_their_order(self, monkeypatch):
        monkeypatch.setattr(_augmentation, "_PIXELS_AT_ONCE", 8 * 8 * 3)  # three rows at once
        levels = (
            torch.linspace(0, 1, 10).round().repeat(2)
        )  # black or white, which no colour or crop changes much
        images = augment("heavy", levels[:, None, None, None].expand(20, 3, 8, 8).contiguous())
        assert images.shape == (20, 3, 8, 8)
        assert torch.equal(images.mean((1, 2, 3)) > 0.3, levels > 0.5)

    def test_grey_images_are_refused(self):
        with pytest.raises(
            ShapeError,
            match=r"images: expected shape \(batch, 3, height, width\), got \(2, 1, 8, 8\); colours need",
        ):
            Augmentation("heavy")((torch.rand(2, 1, 8, 8),))

    def test_without_kornia_it_says_what_is_needed(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "kornia", None)
        monkeypatch.setitem(sys.modules, "kornia.augmentation", None)
        with pytest.raises(
            MissingDependencyError,
            match=r"heavy augmentation needs kornia, which is not installed; pip install",
        ):
            Augmentation("heavy")
        Augmentation("light")


@pytest.mark.parametrize("kind", ["light", "heavy"])
class TestBoth:
    def test_one_seed_one_result_and_every_call_another(self, kind):
        batch = pixels(8)
        torch.manual_seed(3)
        view = Augmentation(kind)
        (one,), (two,) = view((batch,)), view((batch,))
        assert not torch.equal(one, two)
        assert torch.equal(augment(kind, batch, seed=3), one)
        assert not torch.equal(augment(kind, batch, seed=4), one)

    def test_pixels_and_floats_give_the_same(self, kind):
        batch = pixels(8)
        floats = float_images(batch).contiguous()
        before = batch.clone(), floats.clone()
        assert torch.equal(augment(kind, batch), augment(kind, floats))
        assert torch.equal(batch, before[0])
        assert torch.equal(floats, before[1])


def test_none_only_converts():
    batch, state = pixels(4), torch.get_rng_state()
    (images,) = Augmentation("none")([batch])  # a loader makes lists of tuples
    assert torch.equal(images, float_images(batch))
    assert torch.equal(torch.get_rng_state(), state)
    assert repr(Augmentation("none")) == "Augmentation('none')"


def test_what_it_cannot_augment_is_refused():
    with pytest.raises(UnknownNameError, match=r"no augmentation named 'lihgt'; did you mean 'light'\?"):
        Augmentation("lihgt")
    for kind in ("light", "heavy", "none"):
        view = Augmentation(kind)
        with pytest.raises(
            ShapeError, match=r"augmentation: expected one tensor of images, got 2; it is for images"
        ):
            view((pixels(2), pixels(2)))
        with pytest.raises(ShapeError, match=r"got \(2, 3, 16, 16\); whole numbers have their colours last"):
            view((pixels(2).movedim(-1, 1),))
        with pytest.raises(InputError, match=r"got torch.int64"):
            view((pixels(2).long(),))


@pytest.mark.parametrize("kind", ["light", "heavy"])
def test_half_precision_of_training_rounds_no_crop(kind):
    batch = pixels(6, 32, 32)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = augment(kind, batch)
    assert torch.equal(inside, augment(kind, batch))
