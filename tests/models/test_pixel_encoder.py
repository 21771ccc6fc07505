"""PixelEncoder: pixels and floats give the same, and it is built again from its config."""

import json

import pytest
import torch
from torch import nn

from evenreg.errors import InputError, ShapeError, UnknownNameError
from evenreg.mixing import ManifoldMixup
from evenreg.models import PixelEncoder, ResNet, SmallCNN, encoder_from_path, float_images

BACKBONES = {
    "ResNet": lambda: ResNet(18),
    "SmallCNN": lambda: SmallCNN(in_channels=3, width=4),
    "ImportedEncoder": lambda: encoder_from_path("torch.nn.Flatten", side=32),
}
PIXELS = torch.randint(0, 256, (3, 32, 32, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("kind", BACKBONES)
class TestEveryBackbone:
    def test_pixels_and_floats_give_what_the_backbone_gives(self, kind):
        encoder = PixelEncoder(BACKBONES[kind]()).eval()
        with torch.no_grad():
            features = encoder(PIXELS)
            assert features.shape == (3, encoder.out_features)
            images = float_images(PIXELS)
            assert torch.equal(encoder(images), features)
            assert torch.equal(encoder.backbone(images), features)

    def test_it_is_built_again_from_its_config(self, kind):
        encoder = PixelEncoder(BACKBONES[kind]()).eval()
        assert encoder.config["backbone"] == kind
        again = PixelEncoder.from_config(**json.loads(json.dumps(encoder.config))).eval()
        again.load_state_dict(encoder.state_dict())
        with torch.no_grad():
            assert torch.equal(again(PIXELS), encoder(PIXELS))
        assert again.config == encoder.config
        assert again.out_features == encoder.out_features

    def test_hidden_layers_are_those_of_the_backbone(self, kind):
        encoder = PixelEncoder(BACKBONES[kind]())
        assert set(encoder.hidden_layers) <= set(dict(encoder.named_modules()))
        assert len(encoder.hidden_layers) == len(encoder.backbone.hidden_layers)
        for layer in encoder.hidden_layers:
            mixing = ManifoldMixup([layer])
            mixing.check(encoder)
            assert mixing(torch.rand(3, 1)).run(encoder, PIXELS).shape == (3, encoder.out_features)


def test_other_networks_are_refused():
    with pytest.raises(
        InputError,
        match=r"backbone: expected ResNet, SmallCNN, ImportedEncoder, got Linear; name it by the path of its class in "
        "encoder_from_path",
    ):
        PixelEncoder(nn.Linear(2, 2))

    class ResNet(nn.Module):
        pass

    with pytest.raises(InputError, match="got ResNet; name it"):
        PixelEncoder(ResNet())
    with pytest.raises(UnknownNameError, match=r"no backbone named 'ResNets'; did you mean 'ResNet'\?"):
        PixelEncoder.from_config("ResNets", {})


def test_other_batches_are_refused():
    encoder = PixelEncoder(SmallCNN(in_channels=3))
    with pytest.raises(
        ShapeError, match=r"pixels: expected shape \(batch, height, width, 3\), got \(3, 3, 32, 32\)"
    ):
        encoder(PIXELS.movedim(-1, 1))
    with pytest.raises(InputError, match=r"got torch.int32; convert them"):
        encoder(PIXELS.int())
    with pytest.raises(ShapeError, match="expected images of 3 channels"):
        encoder(torch.rand(2, 32, 32, 3))


def test_weights_in_half_precision_take_pixels():
    encoder = PixelEncoder(SmallCNN(in_channels=3)).to(torch.bfloat16)
    assert encoder(torch.zeros(2, 32, 32, 3, dtype=torch.uint8)).dtype == torch.bfloat16
