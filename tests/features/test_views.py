"""Second views: how far they are from the first, and what draws them."""

import pytest
import torch

from evenreg.errors import InputError, ShapeError
from evenreg.features import noisy_view, shifted_view


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_noise_is_in_sds_of_the_column():
    x = torch.randn(5000, 3, generator=seeded()) * torch.tensor([1.0, 100.0, 0.0]) + 7
    added = noisy_view(x, 0.1, seeded()) - x
    assert added.std(0).tolist() == pytest.approx([0.1, 10.0, 0.0], rel=0.05)
    assert added.mean(0).abs().max() < 0.5
    assert not noisy_view(x[:1], 0.1).sub(x[:1]).any()


def test_an_image_is_shifted_by_one_pixel_its_edge_repeated():
    images = torch.rand(300, 2, 5, 6, generator=seeded())
    shifted = shifted_view(images, seeded())
    padded = torch.nn.functional.pad(images, (1, 1, 1, 1), mode="replicate")
    seen = set()
    for image, around in zip(shifted, padded, strict=True):
        places = [
            (r, c) for r in range(3) for c in range(3) if torch.equal(image, around[:, r : r + 5, c : c + 6])
        ]
        assert len(places) == 1
        seen.add(places[0])
    assert seen == {(r, c) for r in range(3) for c in range(3)} - {(1, 1)}


@pytest.mark.parametrize(("view", "shape"), [(noisy_view, (6, 3)), (shifted_view, (6, 1, 4, 4))])
def test_the_generator_draws(view, shape):
    x = torch.randn(shape, generator=seeded()).double()
    one, same, other = (view(x, generator=seeded(s)) for s in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert one.dtype == torch.float64
    before = torch.get_rng_state()
    view(x, generator=seeded(1))
    assert torch.equal(torch.get_rng_state(), before)


def test_what_is_refused():
    with pytest.raises(ShapeError, match=r"inputs: .* got \(2, 1, 4, 4\); noise is for tables"):
        noisy_view(torch.zeros(2, 1, 4, 4))
    with pytest.raises(ShapeError, match=r"images: .* got \(2, 4\); tables take noisy_view"):
        shifted_view(torch.zeros(2, 4))
    with pytest.raises(InputError, match=r"noise: expected a number above 0, got 0"):
        noisy_view(torch.zeros(2, 4), 0)
