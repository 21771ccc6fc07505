"""Encoders of images by name."""

import pytest
import torch

from evenreg.errors import InputError, UnknownNameError
from evenreg.models import PixelEncoder, ResNet, SmallCNN, image_encoder


@pytest.mark.parametrize(
    ("name", "kind", "config"),
    [
        ("resnet50", ResNet, {"depth": 50}),
        ("resnet18", ResNet, {"depth": 18}),
        ("small-cnn", SmallCNN, {"in_channels": 3, "width": 16, "out_features": 128}),
    ],
)
def test_names(name, kind, config):
    encoder = image_encoder(name)
    assert type(encoder) is PixelEncoder
    assert type(encoder.backbone) is kind
    assert encoder.config == {"backbone": kind.__name__, "config": config}


def test_further_arguments():
    assert image_encoder("small-cnn", {"out_features": 7}).out_features == 7


def test_a_path_of_a_class():
    encoder = image_encoder("torch.nn.Flatten", {"start_dim": 1}, side=8)
    assert encoder(torch.zeros(2, 8, 8, 3, dtype=torch.uint8)).shape == (2, 192)
    assert encoder.config["config"] == {"path": "torch.nn.Flatten", "arguments": {"start_dim": 1}, "side": 8}


def test_weights_draw_from_the_global_generator():
    torch.manual_seed(0)
    one = image_encoder("small-cnn")
    torch.manual_seed(0)
    two = image_encoder("small-cnn")
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))


def test_unknown_names_are_refused():
    with pytest.raises(UnknownNameError, match=r"no image encoder named 'resnet5'; did you mean 'resnet50'"):
        image_encoder("resnet5")
    with pytest.raises(
        UnknownNameError, match=r"'vgg'; known are: resnet50, resnet18, small-cnn, package.module.Class\."
    ):
        image_encoder("vgg")


def test_arguments_that_it_refuses_are_told():
    with pytest.raises(
        InputError,
        match=r"encoder 'resnet18': expected arguments that ResNet takes, got {'depth': 50}, to which it says "
        r"\".+multiple values for keyword argument 'depth'",
    ):
        image_encoder("resnet18", {"depth": 50})
    with pytest.raises(InputError, match="width: expected a whole number of at least 1, got 0"):
        image_encoder("small-cnn", {"width": 0})
