"""Files that a verb writes: refused before the work when they are there, written whole or not at all."""

from pathlib import Path

from evenreg.errors import RunFolderError


def check_new(path: str | Path, *, overwrite: bool) -> Path:
    """Refuse a file that is there already.

    Raises:
        RunFolderError: It is there, and ``overwrite`` was not asked for, or it is a folder.

    Example:
        >>> check_new("no-such-file.json", overwrite=False)
        PosixPath('no-such-file.json')
    """
    path = Path(path)
    if path.is_dir() or (path.exists() and not overwrite):
        raise RunFolderError(f"{path} exists; expected a new file: name another one, or add --overwrite.")
    return path


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a full disk or a cut never leaves half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None  # not the name of a file never seen
    finally:
        part.unlink(missing_ok=True)
