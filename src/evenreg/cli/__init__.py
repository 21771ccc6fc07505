"""The verbs of evenreg, on the command line and as functions of the same names.

A verb is one private module ``_<verb>.py`` that holds its function and its arguments; it is imported when its
name is first used (PEP 562), so that ``evenreg --help`` loads no library at all.
"""

from importlib import import_module
from typing import Any

_NAMES = {
    "Diagnosis": "_diagnosis",
    "compare": "_compare",
    "diagnose": "_diagnose",
    "evaluate_table": "_evaluate",
    "main": "_main",
}

__all__ = ["Diagnosis", "compare", "diagnose", "evaluate_table", "main"]


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(import_module(f"evenreg.cli.{_NAMES[name]}"), name)
    raise AttributeError(f"module 'evenreg.cli' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
