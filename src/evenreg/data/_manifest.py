"""What a prepared folder says about itself, and whether its files are still those that were written."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import evenreg
from evenreg import _check
from evenreg._files import write_json
from evenreg.data._benchmark import BENCHMARKS, Benchmark
from evenreg.errors import InputError, MissingFileError, RunFolderError

MANIFEST = "manifest.json"
FORMAT = 1
_BLOCK = 1 << 22

Tell = Callable[[int, int], None]


@final
@dataclass(frozen=True)
class Manifest:
    """``manifest.json``, the last file that is written: a folder without it is not prepared.

    Attributes:
        benchmark: What the papers say about what the folder holds; None for a person's own data.
        target: Name of the label.
        stand_in: Whether its maker said that it is not the papers' data.
        files: Per file its size in bytes and its SHA-256 as ``sha256sum`` prints it.
        facts: Anything else that is told about the preparation, as plain values.
    """

    benchmark: Benchmark | None
    target: str
    stand_in: bool
    files: Mapping[str, Mapping[str, Any]]
    facts: Mapping[str, Any]

    @property
    def title(self) -> str:
        """How sentences call what the folder holds."""
        return "own images" if self.benchmark is None else self.benchmark.title

    @property
    def notes(self) -> tuple[str, ...]:
        """What the preparation left to tell."""
        return tuple(map(str, self.facts.get("notes", ())))

    @classmethod
    def of(
        cls, what: Benchmark | str, folder: Path, names: tuple[str, ...], *, stand_in: bool, **facts: Any
    ) -> "Manifest":
        """The manifest of files just written.

        Args:
            what: The benchmark, or the name of the label of a person's own data.
            folder: Where the files are.
            names: The files.
            stand_in: See above.
            **facts: See above.
        """
        files = {
            name: {"bytes": (folder / name).stat().st_size, "sha256": sha256_of(folder / name)}
            for name in names
        }
        benchmark, target = (None, what) if isinstance(what, str) else (what, what.target)
        return cls(benchmark, target, stand_in, files, facts)

    def write(self, folder: Path) -> None:
        """Write it, whole or not at all."""
        told = {
            "format": FORMAT,
            "made_by": f"evenreg {evenreg.__version__}",
            "benchmark": None if self.benchmark is None else self.benchmark.name,
            "stand_in": self.stand_in,
            "target": self.target,
            **({} if self.benchmark is None else _counting(self.benchmark)),
            **self.facts,
            "files": self.files,
        }
        write_json(folder / MANIFEST, told)

    @classmethod
    def read(cls, folder: str | Path) -> "Manifest":
        """The manifest of a folder.

        Raises:
            MissingFileError: No such folder, or one that was not prepared to the end.
            InputError: Not a manifest, or one of another format.
        """
        folder = Path(folder)
        path = folder / MANIFEST
        if not path.is_file():
            way_out = "make it with evenreg data prepare; a cut preparation goes on with the same command"
            raise MissingFileError(
                f"{folder}: expected a prepared folder, got no {MANIFEST} there; {way_out}."
            )
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            found = told["format"]
        except (ValueError, KeyError, TypeError):
            raise InputError(
                f"{path}: expected a manifest, got something else; prepare the folder again."
            ) from None
        if found != FORMAT:
            raise InputError(
                f"{path}: expected format {FORMAT}, got {found!r}, which another version of evenreg wrote; prepare the "
                "folder again."
            )
        try:
            name = told.pop("benchmark")
            benchmark = None if name is None else BENCHMARKS[_check.known(name, BENCHMARKS, "benchmark")]
            target, stand_in, files = (
                str(told.pop("target")),
                bool(told.pop("stand_in")),
                dict(told.pop("files")),
            )
            if not [(int(mark["bytes"]), str(mark["sha256"])) for mark in files.values()]:
                raise KeyError
        except (KeyError, TypeError, AttributeError):
            raise InputError(
                f"{path}: expected what data prepare writes, got entries missing; prepare it again."
            ) from None
        return cls(benchmark, target, stand_in, files, told)

    def damaged(self, folder: Path, tell: Tell | None = None) -> list[str]:
        """What is not as it was written, a sentence a file.

        Args:
            folder: The prepared folder.
            tell: Is told bytes read and bytes in all.
        """
        total, before, found = sum(int(mark["bytes"]) for mark in self.files.values()), 0, []
        for name, mark in self.files.items():
            path, size = folder / name, int(mark["bytes"])
            if not path.is_file():
                found.append(f"{name} is missing")
            elif (there := path.stat().st_size) != size:
                found.append(f"{name} has {there:,} bytes where {size:,} were written")
            elif sha256_of(path, tell and (lambda done, b=before: tell(b + done, total))) != mark["sha256"]:
                found.append(f"{name} was changed: its checksum is another")
            before += size
        return found


def _counting(benchmark: Benchmark) -> dict[str, Any]:
    """Where the papers count, and what they call many and few."""
    low, high = benchmark.bins.edges[[0, -1]].tolist()
    return {
        "bins": {"low": low, "high": high, "width": benchmark.width},
        "thresholds": {"many": benchmark.many, "few": benchmark.few},
    }


def sha256_of(path: Path, tell: Callable[[int], None] | None = None) -> str:
    """SHA-256 of a file, a block at a time."""
    digest, done = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            done += len(block)
            if tell is not None:
                tell(done)
    return digest.hexdigest()


def check_empty(folder: Path, own: tuple[str, ...]) -> None:
    """Refuse a folder that holds anything but what a cut preparation leaves.

    Args:
        folder: Where to prepare.
        own: Names that a cut preparation of the same kind may leave.

    Raises:
        RunFolderError: A prepared folder, another file, or a folder with something else.
    """
    if (folder / MANIFEST).exists():
        raise RunFolderError(
            f"{folder} is prepared already; look at it with evenreg data verify, or name another folder."
        )
    if folder.exists() and not folder.is_dir():
        raise RunFolderError(f"{folder} is a file; expected a new folder: name another.")
    # What a write that was cut in the middle leaves ends in .part.
    foreign = (
        [p.name for p in folder.iterdir() if p.name.removesuffix(".part") not in (*own, MANIFEST)]
        if (folder.exists())
        else []
    )
    if foreign:
        raise RunFolderError(
            f"{folder}: expected a new or empty folder, got one that holds {sorted(foreign)[0]!r}; name another."
        )
