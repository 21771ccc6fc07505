"""A run is a folder: resolved config first, results as they come, ``DONE`` last."""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self, final

from evenreg._files import write_json, write_text
from evenreg.errors import RunFolderError

_FORMAT = "evenreg.RunFolder 1"  # many programs call their settings config.json; these are ours
# What a person calls settings that have another name here, and what makes them differ.
_TOLD = {
    "fingerprint": "content of the data",
    "optimizer": "optimizer settings",
    "test_rows": "choice of test rows",
    "trainer": "trainer arguments",
    "trainer_words": "--trainer arguments",
}
_CAUSES = {
    "bins": {"fingerprint", "bin_width"},
    "test_rows": {"fingerprint", "bins", "split"},
    "optimizer": {
        "learning_rate",
        "head_learning_rate",
        "weight_decay",
        "momentum",
        "schedule",
        "milestones",
    },
}
_TRAINED = ("*.ckpt", "model.json", "result.json")  # what nobody wants to train again


def _cut(value: Any) -> str:
    """A setting in a few characters: of a hash or a long list the beginning."""
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        value = " ".join(value)
    text = repr(value)
    is_hash = isinstance(value, str) and re.fullmatch("[0-9a-f]{16,}", value)
    return f"{text[:9]}…'" if is_hash else text if len(text) <= 60 else f"{text[:57]}…"


def _differing(name: str, old: Any, new: Any) -> str:
    """What differs, by name: of settings inside a setting the first; of other names in it these names."""
    name = _TOLD.get(name, name)
    while isinstance(old, dict) and isinstance(new, dict):
        if old.keys() != new.keys():
            old, new = list(old), list(new)
            break
        inner = next(key for key in old if old[key] != new[key])
        name, old, new = f"{name}.{inner}", old[inner], new[inner]
    return f"{name} (was {_cut(old)}, is {_cut(new)})"


@final
class RunFolder:
    """The folder of one run and the rules for a folder that already holds something.

    Use `open` before anything is computed: it touches nothing unless the folder may be used.

    Example:
        >>> import tempfile
        >>> run = RunFolder.open(Path(tempfile.mkdtemp()) / "new", {"seeds": 3})
        >>> run.done
        False
    """

    def __init__(self, path: Path) -> None:
        self.path, self._new = path, False

    @classmethod
    def open(
        cls, path: Path, config: dict[str, Any], *, resume: bool = False, overwrite: bool = False
    ) -> Self:
        """Take ``path`` for a run with this resolved config.

        Args:
            path: The folder; made if absent.
            config: JSON-able settings that decide the results; written to ``config.json``.
            resume: Go on with what an earlier run of the same settings left there.
            overwrite: Delete an earlier run first (only a folder whose ``config.json`` says that it is one).

        Raises:
            RunFolderError: The folder holds something and neither flag was given, holds something that is no
                run, or holds a run with other settings (which ones is told).
        """
        filled = cls.check(path, resume=resume, overwrite=overwrite)
        if filled and resume:
            cls._check_settings(path, config)
        elif filled:
            shutil.rmtree(path)
        run = cls(path)
        if not (path / "config.json").exists():
            write_json(path / "config.json", {"format": _FORMAT} | config)
            run._new = True
        return run

    @contextmanager
    def given_back(self) -> Iterator[None]:
        """Empty the folder where the ``with`` block fails before anything was trained, for the corrected call.

        Only a folder that this call filled, and never after Ctrl-C.
        """
        try:
            yield
        except Exception:
            if self._new and not any(any(self.path.rglob(kept)) for kept in _TRAINED):
                for path in self.path.iterdir():
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
                with suppress(OSError):  # the folder that somebody is in
                    self.path.rmdir()
            raise

    @classmethod
    def check(cls, path: Path, *, resume: bool, overwrite: bool) -> bool:
        """Whether ``path`` holds an earlier run that the flags allow to use; raises as `open` does, touches nothing."""
        if not path.exists() or (path.is_dir() and not any(path.iterdir())):
            return False
        if cls._settings(path).get("format") != _FORMAT:
            raise RunFolderError(
                f"{path}: expected a new folder or an earlier run's, got something else; choose another --out."
            )
        if not resume and not overwrite:
            raise RunFolderError(
                f"{path} already holds a run; choose another --out, or pass --resume or --overwrite."
            )
        return True

    @staticmethod
    def _settings(path: Path) -> dict[str, Any]:
        """What ``config.json`` holds; nothing where there is no such file, or not one of settings."""
        try:
            settings = json.loads((path / "config.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return settings if isinstance(settings, dict) else {}

    @classmethod
    def _check_settings(cls, path: Path, config: dict[str, Any]) -> None:
        old, config = cls._settings(path), json.loads(json.dumps(config))  # tuples come back as lists
        free = {"format", "versions", "data"}  # the content's fingerprint counts, not how a path is spelled
        differing = {k for k in {*old, *config} - free if old.get(k) != config.get(k)}
        if differing:
            # What follows from something else that differs is not told beside it.
            causes = {k for k in differing if not differing & _CAUSES.get(k, set())}
            told = ", ".join(_differing(k, old.get(k), config.get(k)) for k in sorted(causes)[:3])
            raise RunFolderError(
                f"{path}: expected the settings of the run there, got another {told}; use another --out."
            )

    @property
    def done(self) -> bool:
        """Whether the run was finished."""
        return (self.path / "DONE").exists()

    def finish(self) -> None:
        """Mark the run as finished; the last thing a run does."""
        write_text(self.path / "DONE", "")
