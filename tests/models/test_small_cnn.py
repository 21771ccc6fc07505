"""SmallCNN: shapes, sizes, and features that depend on the place."""

import pytest
import torch

from evenreg.errors import InputError, ShapeError
from evenreg.models import SmallCNN


@pytest.mark.parametrize("side", [16, 20, 28, 32])
@pytest.mark.parametrize("batch", [1, 3])
def test_sizes(side, batch):
    assert SmallCNN(in_channels=3, out_features=10)(torch.rand(batch, 3, side, side)).shape == (batch, 10)


def test_wrong_images_are_refused():
    with pytest.raises(
        ShapeError, match=r"expected images of 1 channels and sides of at least 16 pixels, got \(3, 16, 16\)"
    ):
        SmallCNN()(torch.zeros(2, 3, 16, 16))
    with pytest.raises(ShapeError, match=r"got \(1, 16, 8\)"):
        SmallCNN()(torch.zeros(2, 1, 16, 8))
    for option in ("in_channels", "width", "out_features"):
        with pytest.raises(InputError, match=option):
            SmallCNN(**{option: 0})


def test_a_state_dict_loads_into_one_built_from_the_config():
    encoder = SmallCNN(in_channels=2, width=4, out_features=6)
    again = SmallCNN(**encoder.config)
    again.load_state_dict(encoder.state_dict())
    images = torch.rand(2, 2, 16, 16)
    torch.testing.assert_close(again(images), encoder(images), rtol=0, atol=0)
    assert again.out_features == 6


def test_where_a_stroke_lies_matters():
    torch.manual_seed(0)
    image = torch.zeros(2, 1, 16, 16)
    image[0, 0, 2:4, 2:12] = 1
    image[1, 0, 12:14, 2:12] = 1
    one, two = SmallCNN()(image)
    assert not torch.allclose(one, two, atol=1e-3)


def test_every_parameter_gets_a_gradient():
    encoder = SmallCNN(width=4)
    encoder(torch.rand(8, 1, 16, 16)).sum().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in encoder.parameters())
