"""Pretrained weights of a ResNet: from a folder, from the cache, and what is refused."""

import json
import shutil

import huggingface_hub
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import ResNetConfig, ResNetForImageClassification
from transformers.utils import logging

from evenreg.errors import InputError, MissingFileError
from evenreg.models import ResNet

WEIGHTS = "model.safetensors"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A ResNet-18 with a classifier, as such weights come, in half precision."""
    torch.manual_seed(0)
    to = tmp_path_factory.mktemp("pretrained")
    layout = ResNetConfig(layer_type="basic", depths=[2, 2, 2, 2], hidden_sizes=[64, 128, 256, 512])
    logging.disable_progress_bar()
    ResNetForImageClassification(layout).half().save_pretrained(to)
    logging.enable_progress_bar()
    return to


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """No network, and a cache of its own."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def copy(folder, to, weights=None, **config):
    """The folder with other weights, or another configuration."""
    shutil.copytree(folder, to)
    if weights is not None:
        save_file(weights, to / WEIGHTS, metadata={"format": "pt"})
    held = json.loads((to / "config.json").read_text())
    (to / "config.json").write_text(json.dumps(held | config))
    return str(to)


def check(encoder, folder):
    stored = load_file(folder / WEIGHTS)
    kernel = encoder.net.embedder.embedder.convolution.weight
    assert torch.equal(kernel, stored["resnet.embedder.embedder.convolution.weight"].float())
    assert all(p.dtype == torch.float32 for p in encoder.parameters())
    assert all(module.training for module in encoder.modules())
    assert encoder.mean.flatten().tolist() == pytest.approx([0.485, 0.456, 0.406])
    assert encoder.std.flatten().tolist() == pytest.approx([0.229, 0.224, 0.225])
    assert encoder.config == {"depth": 18}  # a state dict brings the rest


def test_a_folder_is_loaded_without_a_word(folder, capfd):
    encoder = ResNet(18, weights=str(folder))
    check(encoder, folder)
    assert capfd.readouterr() == ("", "")
    assert logging.is_progress_bar_enabled()
    assert encoder(torch.rand(2, 3, 32, 32)).shape == (2, 512)


def test_the_cache_comes_before_the_network(folder, offline, monkeypatch):
    kept = offline / "models--somebody--faces"
    shutil.copytree(folder, kept / "snapshots" / "1")
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text("1")
    monkeypatch.setattr(huggingface_hub, "model_info", lambda *_, **__: pytest.fail("the hub was asked"))
    check(ResNet(18, weights="somebody/faces"), folder)


@pytest.mark.parametrize("name", ["somebody/no-such-thing", "no/such/folder", "no-such-folder"])
def test_what_is_nowhere_is_told_in_a_sentence(name, offline):
    with pytest.raises(
        MissingFileError,
        match=rf"^weights: expected a folder or a cached hub name of a ResNet-18 in transformers' format, got "
        rf"'{name}' \(.+\); download it where there is a network and give the folder\.$",
    ):
        ResNet(18, weights=name)


def test_the_network_is_asked_once(offline, monkeypatch):
    asked = []

    def model_info(name, timeout):
        asked.append((name, timeout <= 10))
        raise ConnectionError("Name or service not known.")

    monkeypatch.setattr(huggingface_hub, "model_info", model_info)
    with pytest.raises(
        MissingFileError, match=r"got 'somebody/faces' \(Name or service not known\); download"
    ):
        ResNet(18, weights="somebody/faces")
    assert asked == [("somebody/faces", True)]


def test_another_depth_is_refused(folder):
    with pytest.raises(
        InputError,
        match=r"^weights: expected a ResNet-50 with the stride in its 3 x 3 convolutions, got '.+', which holds a "
        r"'resnet' of \[2, 2, 2, 2\] blocks and \[64, 128, 256, 512\] channels; give another, or another depth\.$",
    ):
        ResNet(50, weights=str(folder))


@pytest.mark.parametrize("change", [{"downsample_in_first_stage": True}, {"model_type": "vit"}])
def test_another_network_is_refused(folder, tmp_path, change):
    with pytest.raises(InputError, match=r"which holds a '(resnet|vit)'"):
        ResNet(18, weights=copy(folder, tmp_path / "other", **change))


def test_half_of_the_weights_are_refused(folder, tmp_path):
    some = {k: v for k, v in load_file(folder / WEIGHTS).items() if "stages.3.layers.1.layer.1" not in k}
    with pytest.raises(
        InputError,
        match=r"expected all weights of a ResNet-18, got '.+' without \d of them \(encoder\.stages\.3\.layers\.1\..+ "
        r"is the first\); download it again\.$",
    ):
        ResNet(18, weights=copy(folder, tmp_path / "some", some))


def test_damaged_folders_are_refused(folder, tmp_path):
    broken = copy(folder, tmp_path / "broken")
    (tmp_path / "broken" / WEIGHTS).write_bytes(b"no weights")
    (tmp_path / "empty").mkdir()
    for where in (broken, str(tmp_path / "empty")):
        with pytest.raises(
            InputError,
            match=r"weights: expected a ResNet-18 in transformers' format, got '.+', which cannot be read \(.+\); "
            r"download it again\.$",
        ):
            ResNet(18, weights=where)
