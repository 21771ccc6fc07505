"""Files that are written: refused before the work when they are there, written whole or not at all."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from evenreg.errors import InputError, RunFolderError


def check_new(path: str | Path, *, overwrite: bool) -> Path:
    """Refuse a file that is there already.

    Args:
        path: Where the file shall go.
        overwrite: Whether a file there may be replaced; a folder never.

    Raises:
        RunFolderError: Something is there already.

    Example:
        >>> check_new("no-such-file.json", overwrite=False).name
        'no-such-file.json'
    """
    path = Path(path)
    if path.is_dir() or (path.exists() and not overwrite):
        raise RunFolderError(f"{path} exists; expected a new file: name another one, or add --overwrite.")
    return path


def check_other(path: str | Path, name: str, *read: Any) -> None:
    """Refuse to write to a file that is read.

    Args:
        path: Where the file shall go.
        name: How the sentence calls it.
        read: What is read: paths, or anything else, which is passed over.

    Raises:
        InputError: One of them is the file.
    """
    for data in read:
        if not isinstance(data, str | Path):
            continue
        with suppress(OSError):  # no such file: the reader tells
            if Path(path).samefile(data):
                raise InputError(
                    f"{name}: expected another file than the one that is read, got {path} for both; name a new one."
                )


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """The path to write to: what is there when the block ends replaces ``path`` at once.

    A full disk or a cut never leaves half a file. Folders on the way are made.

    Raises:
        OSError: What the operating system refused, of ``path``.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "new" / "a.txt"
        >>> with written_whole(path) as part:
        ...     _ = part.write_text("all of it")
        >>> path.read_text(), len(list(path.parent.iterdir()))
        ('all of it', 1)
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None  # not the name of a file never seen
    finally:
        part.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a whole text file in UTF-8; see `written_whole`."""
    with written_whole(path) as part:
        part.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """`write_text` of strict JSON (NaN is refused: it would not be JSON)."""
    write_text(path, json.dumps(value, indent=2, allow_nan=False) + "\n")
