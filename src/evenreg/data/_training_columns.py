"""The columns that a model was trained on, looked for in another table."""

from collections.abc import Callable, Sequence
from difflib import get_close_matches

from evenreg.errors import InputError


def check_columns(there: Sequence[str], needed: Sequence[str], name: str = "features") -> None:
    """Refuse a table that lacks columns of training.

    Args:
        there: The table's columns.
        needed: The columns of training.
        name: How the error sentence calls the table.

    Raises:
        InputError: With what is missing, and columns there that may be it under another name.

    >>> check_columns(["Size", "city"], ["size", "city"], "new.csv")
    Traceback (most recent call last):
    evenreg.errors.InputError: new.csv: expected the 2 columns of training, got a table without 'size'; rename
    'Size' to 'size'.
    """
    absent = [c for c in needed if c not in there]
    if not absent:
        return
    free = {c.strip().lower(): c for c in reversed(there) if c not in needed}
    alike = {c: get_close_matches(c.strip().lower(), free, n=1, cutoff=0.75) for c in absent}
    renames = [f"{free[near[0]]!r} to {c!r}" for c, near in alike.items() if near]
    way_out = f"rename {_list(renames, str)}" if renames else f"it has {_list(there)}"
    columns = "the column" if len(needed) == 1 else f"the {len(needed)} columns"
    raise InputError(
        f"{name}: expected {columns} of training, got a table without {_list(absent)}; {way_out}."
    )


def _list(names: Sequence[str], write: Callable[[str], str] = repr) -> str:
    shown = ", ".join(write(n) for n in names[:5])
    return shown + (f" and {len(names) - 5} more" if len(names) > 5 else "") if names else "no column"
