"""ResNet: layer by layer the published network, built again from its config, with parts that may be blended."""

import json
import sys

import pytest
import torch
from torch.nn import functional as F

from evenreg.errors import InputError, MissingDependencyError, ShapeError
from evenreg.mixing import ManifoldMixup
from evenreg.models import ResNet

BLOCKS = {18: (2, 2, 2, 2), 50: (3, 4, 6, 3)}


@pytest.fixture(scope="module", params=[18, 50])
def encoder(request):
    torch.manual_seed(0)
    made = ResNet(request.param).eval()
    for name, value in made.state_dict().items():
        if "normalization" in name and value.ndim:
            value.copy_(torch.rand_like(value) + 0.5)  # statistics, scales and shifts of no layer are alike
    return made


@pytest.fixture(scope="module")
def small():
    torch.manual_seed(0)
    return ResNet(18).eval()


def reference(encoder, images):
    """The network of the paper's Table 1, from its weights."""
    state, depth = encoder.net.state_dict(), encoder.config["depth"]

    def layer(x, name, stride=1, relu=True):
        kernel = state[f"{name}.convolution.weight"]
        x = F.conv2d(x, kernel, stride=stride, padding=kernel.shape[-1] // 2)
        norm = [state[f"{name}.normalization.{n}"] for n in ("running_mean", "running_var", "weight", "bias")]
        x = F.batch_norm(x, *norm)
        return x.relu() if relu else x

    x = layer((images - 0.5) / 0.5, "embedder.embedder", stride=2)
    x = F.max_pool2d(x, 3, stride=2, padding=1)
    for stage, blocks in enumerate(BLOCKS[depth]):
        for block in range(blocks):
            name = f"encoder.stages.{stage}.layers.{block}"
            stride = 2 if stage and not block else 1
            # The stride is in the first 3 x 3 convolution: of two in ResNet-18, behind one of 1 x 1 in ResNet-50.
            strides = (stride, 1) if depth == 18 else (1, stride, 1)
            y = x
            for place, step in enumerate(strides):
                y = layer(y, f"{name}.layer.{place}", step, relu=place < len(strides) - 1)
            if f"{name}.shortcut.convolution.weight" in state:
                x = layer(x, f"{name}.shortcut", stride, relu=False)
            x = (x + y).relu()
    return x.mean((2, 3))


@torch.no_grad()
def test_it_is_the_published_network(encoder):
    images = torch.rand(2, 3, 70, 64)
    features = encoder(images)
    assert features.shape == (2, encoder.out_features)
    expected = reference(encoder, images)
    torch.testing.assert_close(features, expected, rtol=1e-4, atol=1e-4 * expected.abs().max().item())


def test_as_many_parameters_as_published(encoder):
    depth = encoder.config["depth"]
    # torchvision's, less the 1000-class layer of 2,049,000 and 513,000.
    expected = {18: 11_689_512 - 513_000, 50: 25_557_032 - 2_049_000}[depth]
    assert sum(p.numel() for p in encoder.parameters()) == expected
    assert encoder.out_features == {18: 512, 50: 2048}[depth]


def test_weights_start_as_in_the_paper_of_he():
    torch.manual_seed(0)
    kernel = ResNet(18).net.encoder.stages[3].layers[1].layer[0].convolution.weight
    assert kernel.std().item() == pytest.approx((2 / (9 * 512)) ** 0.5, rel=0.01)


def test_a_state_dict_loads_into_one_built_from_the_config(small):
    again = ResNet(**json.loads(json.dumps(small.config))).eval()
    state = {name: value.clone() for name, value in small.state_dict().items()}
    state["mean"] += 0.1  # pretrained weights bring their own
    again.load_state_dict(state)
    images = torch.rand(2, 3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(again(images + 0.1), small(images), rtol=1e-3, atol=1e-4)
    assert again.out_features == small.out_features


def test_images_are_standardised_inside(small):
    seen = []
    hook = small.net.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    try:
        with torch.no_grad():
            small(torch.tensor([0.0, 0.5, 1.0]).reshape(1, 3, 1, 1).expand(1, 3, 32, 32))
    finally:
        hook.remove()
    assert seen[0][0, :, 0, 0].tolist() == [-1.0, 0.0, 1.0]


def test_the_papers_layers_may_be_blended(small):
    assert len(small.hidden_layers) == 3
    assert set(small.hidden_layers) <= {name for name, _ in small.named_modules()}
    images = torch.rand(4, 3, 32, 32)
    with torch.no_grad():
        plain = small(images)
        for layer in small.hidden_layers:
            mixing = ManifoldMixup([layer], alpha=1.0)
            mixing.check(small)
            mix = mixing(torch.rand(4, 1))
            blended = mix.run(small, images)
            assert blended.shape == plain.shape
            assert not torch.allclose(blended, plain, rtol=1e-3)


def test_channels_lie_last_and_every_parameter_gets_a_gradient():
    encoder = ResNet(18)
    assert encoder.net.embedder.embedder.convolution.weight.is_contiguous(memory_format=torch.channels_last)
    encoder(torch.rand(4, 3, 32, 32)).square().sum().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in encoder.parameters())


def test_other_images_are_refused(small):
    with pytest.raises(
        ShapeError,
        match=r"images: expected shape \(batch, 3, height, width\), got \(2, 1, 32, 32\); repeat a lone",
    ):
        small(torch.rand(2, 1, 32, 32))
    with pytest.raises(ShapeError, match=r"got \(3, 32, 32\)"):
        small(torch.rand(3, 32, 32))


def test_other_depths_are_refused():
    with pytest.raises(
        InputError, match=r"depth: expected 50 or 18, got 34; name another network by the path"
    ):
        ResNet(34)
    with pytest.raises(InputError, match="depth: expected a whole number"):
        ResNet(0)


def test_without_transformers_it_says_what_is_needed(monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(
        MissingDependencyError,
        match=r"ResNet needs transformers, which is not installed; pip install 'evenreg",
    ):
        ResNet(18)
