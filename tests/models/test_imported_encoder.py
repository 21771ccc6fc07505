"""Any network by the path of its class: its width, its config, and what is refused."""

import json

import pytest
import torch

from evenreg.errors import InputError, UnknownNameError
from evenreg.models import ImportedEncoder, encoder_from_path

MODULE = """
import torch
from torch import nn


class Averages(nn.Module):
    hidden_layers = ("layers.0",)

    def __init__(self, width=4, sizes=()):
        super().__init__()
        self.sizes = sizes
        self.layers = nn.Sequential(nn.Conv2d(3, width, 3), nn.BatchNorm2d(width), nn.AdaptiveAvgPool2d(1))
        self.layers[1].eval()  # a norm that stands still

    def forward(self, images):
        return self.layers(images).flatten(1)


class Lazy(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Flatten(), nn.LazyLinear(5))


class Maps(nn.Conv2d):
    def __init__(self):
        super().__init__(3, 7, 1)


class Pairs(nn.Module):
    def forward(self, images):
        return images, images


class Classes(nn.Module):
    def forward(self, images):
        return images.flatten(1).long()


class Told:
    pass


def made():
    return Averages()
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """The name of a module of a person's own."""
    name = f"own_networks_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(MODULE)
    (tmp_path / f"{name}_broken.py").write_text("1 / 0")
    (tmp_path / f"{name}_needy.py").write_text("import no_such_library")
    (tmp_path / f"{name}_bare.py").write_text("x = 1")
    monkeypatch.syspath_prepend(str(tmp_path))
    return name


def test_its_width_is_found_and_its_modes_are_kept(own):
    encoder = encoder_from_path(f"{own}.Averages", {"width": 6})
    assert encoder.out_features == 6
    assert encoder.module.training
    assert not encoder.module.layers[1].training
    assert encoder.module.layers[1].num_batches_tracked == 0
    images = torch.rand(3, 3, 20, 30)
    assert torch.equal(encoder(images), encoder.module(images))


def test_it_is_built_again_from_its_config(own):
    encoder = encoder_from_path(f"{own}.Averages", {"width": 5, "sizes": (1, 2)}, side=16)
    again = ImportedEncoder(**json.loads(json.dumps(encoder.config)))
    again.load_state_dict(encoder.state_dict())
    images = torch.rand(2, 3, 16, 16)
    assert torch.equal(again.eval()(images), encoder.eval()(images))
    # Both were given what the config holds, a list where there was a tuple.
    assert again.module.sizes == encoder.module.sizes == [1, 2]
    assert again.config == encoder.config


def test_layers_that_it_names_may_be_blended(own):
    encoder = encoder_from_path(f"{own}.Averages")
    assert encoder.hidden_layers == ("module.layers.0",)
    assert "module.layers.0" in dict(encoder.named_modules())
    assert encoder_from_path("torch.nn.Flatten", side=2).hidden_layers == ()


def test_a_network_of_one_size_is_run_at_that_size(own):
    encoder = encoder_from_path(f"{own}.Lazy", side=10)
    assert encoder.out_features == 5
    assert encoder(torch.rand(2, 3, 10, 10)).shape == (2, 5)
    with pytest.raises(
        InputError,
        match=r"encoder 'torch.nn.Linear': expected a network of images \(batch, 3, 64, 64\), got one that says "
        r"'mat1 and mat2 .+'; give side= where it takes another size",
    ):
        encoder_from_path("torch.nn.Linear", {"in_features": 8, "out_features": 2})


def test_global_random_numbers_are_left_alone(own):
    state = torch.get_rng_state()
    encoder_from_path("torch.nn.Flatten")
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("path", ["Averages", "", ".Averages", "a..B", "a b.C", "a.B()"])
def test_what_is_no_path_is_refused(path):
    with pytest.raises(
        InputError, match=r"encoder: expected the path of a class, package.module.Class, got '"
    ):
        encoder_from_path(path)


def test_modules_that_cannot_be_imported_are_told(own):
    for path in ("no_such_package.nets.Net", f"{own}.inner.Net"):
        with pytest.raises(
            InputError,
            match=r"encoder '.+': expected a module that can be imported, got \"No module named .+\"; install it, or "
            "put its folder on PYTHONPATH",
        ):
            encoder_from_path(path)
    with pytest.raises(
        InputError, match=r"got \"No module named 'no_such_library'\"; see to it that it imports"
    ):
        encoder_from_path(f"{own}_needy.Net")
    with pytest.raises(InputError, match=r"got 'division by zero'; see to it that it imports"):
        encoder_from_path(f"{own}_broken.Net")


def test_a_class_that_is_not_there_is_told_with_the_nearest(own):
    with pytest.raises(
        UnknownNameError, match=rf"no network named 'Average' in {own}; did you mean 'Averages'\?"
    ):
        encoder_from_path(f"{own}.Average")
    with pytest.raises(UnknownNameError, match=rf"no network named 'Net' in {own}_bare; it has none at all"):
        encoder_from_path(f"{own}_bare.Net")


@pytest.mark.parametrize(("name", "got"), [("Told", "Told"), ("made", "a function"), ("torch", "a module")])
def test_what_is_no_network_is_refused(own, name, got):
    with pytest.raises(
        InputError,
        match=rf"encoder '{own}.{name}': expected a class of torch.nn.Module, got {got}; wrap it in one",
    ):
        encoder_from_path(f"{own}.{name}")


def test_arguments_that_it_refuses_are_told(own):
    with pytest.raises(
        InputError,
        match=rf"encoder '{own}.Averages': expected arguments that Averages takes, got {{'depth': 3}}, to which it "
        r"says \".+unexpected keyword argument 'depth'\"\.$",
    ):
        encoder_from_path(f"{own}.Averages", {"depth": 3})
    with pytest.raises(InputError, match=r"expected arguments that Averages takes, got {'width': -1}"):
        encoder_from_path(f"{own}.Averages", {"width": -1})
    with pytest.raises(
        InputError,
        match="expected arguments by name, each a number, a text, or a list or mapping of them, got",
    ):
        encoder_from_path(f"{own}.Averages", {"width": torch.tensor(3)})
    # What evenreg's own say stays as it is.
    with pytest.raises(InputError, match=r"^width: expected a whole number of at least 1, got 0"):
        ImportedEncoder("evenreg.models.SmallCNN", {"width": 0})


@pytest.mark.parametrize(
    ("name", "got"),
    [
        ("Maps", r"torch.float32 \(2, 7, 64, 64\)"),
        ("Pairs", "tuple"),
        ("Classes", r"torch.int64 \(2, 12288\)"),
    ],
)
def test_what_is_no_features_is_refused(own, name, got):
    with pytest.raises(
        InputError,
        match=rf"encoder '{own}.{name}': expected features \(2, width\) of 2 images, got {got}; pool and flatten",
    ):
        encoder_from_path(f"{own}.{name}")
