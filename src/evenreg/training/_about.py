"""What is known of a stored model before it is loaded."""

import json
import re
from pathlib import Path
from typing import Any

import evenreg
from evenreg import _check
from evenreg.errors import CheckpointError, InputError, MissingFileError

ABOUT = "model.json"


def read_about(folder: str | Path) -> dict[str, Any]:
    """The plain facts of a stored model: version, kind, method, target and, for tables, columns. Loads no torch.

    Args:
        folder: A folder with a ``model.json``, for instance ``runs/sales/best``.

    Raises:
        MissingFileError: No such folder, or no model in it.
        CheckpointError: A model of a newer version, or facts that cannot be read.
    """
    if not isinstance(folder, str | Path):
        raise InputError(
            f"folder: expected the folder of a stored model, got {type(folder).__name__}; give runs/sales/best, for "
            "instance."
        )
    path = Path(folder)
    if not (path / ABOUT).is_file():
        best = [path / name for name in ("best", "fit/best") if (path / name / ABOUT).is_file()]
        way_out = f"; did you mean {best[0]}?" if best else "; give a run's best/."
        raise MissingFileError(f"{path}: expected a model folder with a {ABOUT}, got none{way_out}")
    try:
        about = json.loads((path / ABOUT).read_text(encoding="utf-8"))
        version = str(about["evenreg"])
    except Exception as error:
        raise unreadable(path, error) from error
    if _numbers(version) > _numbers(evenreg.__version__):
        raise CheckpointError(
            f"{path}: expected a model of evenreg {evenreg.__version__} or older, got one of {version}; install that "
            "version, or train again with this one."
        )
    return about


def unreadable(path: Path, error: Exception) -> CheckpointError:
    """The error of a folder that holds something else than evenreg stored, or only part of it."""
    reason = _check.reason(error, 160)
    if isinstance(error, KeyError) and error.args:
        reason = f"it lacks {error.args[0]!r}: an older version stored it, or it is incomplete"
    return CheckpointError(
        f"{path}: expected a model that evenreg stored, got one that cannot be read ({reason}); train again."
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
