"""What of a method the data cannot have."""

from typing import Any

from evenreg._words import parse
from evenreg.cli._labelled_rows import is_table, kind_of
from evenreg.cli._resampled_note import NOT_OF_IMAGES
from evenreg.errors import InputError


def check_method(method: str, rows: Any) -> None:
    """Refuse, before anything heavy is imported or trained, a method that rows cannot have.

    Args:
        method: In words.
        rows: What `read_rows` gave.

    Raises:
        InputError: Trees without columns, resampled images, a logarithm of labels that are not above 0.
    """
    roles, y = {word.role for word in parse(method)}, rows.y
    if "model" in roles and not is_table(rows):
        raise InputError(
            f"method: {method} expects the columns of a table, got {kind_of(rows)}; leave hgb out."
        )
    if "resampling" in roles and kind_of(rows) == "images":
        raise InputError(f"method: {method} {NOT_OF_IMAGES}; leave the word out.")
    if "transform" in roles and y.min() <= 0:
        raise InputError(
            f"method: log expects a target above 0, got a smallest value of {y.min():g}; leave log out."
        )
