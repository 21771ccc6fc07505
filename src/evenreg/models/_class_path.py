"""A network's class by its path, built with plain arguments."""

import importlib
import json
from collections.abc import Mapping
from typing import Any

from torch import nn

from evenreg import _check
from evenreg.errors import EvenregError, InputError, UnknownNameError


def class_at(path: str) -> type[nn.Module]:
    """The class at ``package.module.Class``; its module is imported.

    Only classes of `torch.nn.Module`: paths are read back from saved models, where a function called with any
    arguments could do anything.

    Raises:
        InputError: No path, a module that cannot be imported, or something that is no network.
        UnknownNameError: No such class in the module; the nearest are offered.
    """
    module_name, _, name = path.rpartition(".")
    if not module_name or not all(part.isidentifier() for part in path.split(".")):
        raise InputError(f"encoder: expected the path of a class, package.module.Class, got {path!r}.")
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        absent = isinstance(error, ModuleNotFoundError) and f"{module_name}.".startswith(f"{error.name}.")
        way_out = "install it, or put its folder on PYTHONPATH" if absent else "see to it that it imports"
        raise InputError(
            f"encoder {path!r}: expected a module that can be imported, got {_check.reason(error)!r}; {way_out}."
        ) from None
    found = getattr(module, name, None)
    if found is None:
        others = [other for other, thing in vars(module).items() if _is_network(thing)]
        way_out = _check.nearest(name, others) if others else "it has none at all."
        raise UnknownNameError(f"no network named {name!r} in {module_name}; {way_out}")
    if not _is_network(found):
        kind = found.__name__ if isinstance(found, type) else f"a {type(found).__name__}"
        raise InputError(
            f"encoder {path!r}: expected a class of torch.nn.Module, got {kind}; wrap it in one."
        )
    return found


def built(
    kind: type[nn.Module], name: str, arguments: Mapping[str, Any] | None, **fixed: Any
) -> tuple[Any, dict[str, Any]]:
    """A network of a class, and its arguments as plain values.

    Args:
        kind: The class.
        name: What it is called by, for error sentences.
        arguments: By name, of a kind that a JSON file can hold, so that a saved model can be built again.
        **fixed: Arguments that the name stands for already.

    Raises:
        InputError: Arguments that are not plain, or that the class refuses.
    """
    try:
        plain: dict[str, Any] = json.loads(json.dumps(dict(arguments or {})))
    except (TypeError, ValueError):
        raise InputError(
            f"encoder {name!r}: expected arguments by name, each a number, a text, or a list or mapping of them, got "
            f"{arguments!r}."
        ) from None
    try:
        return kind(**fixed, **plain), plain
    except EvenregError:
        raise
    except Exception as error:
        raise InputError(
            f"encoder {name!r}: expected arguments that {kind.__name__} takes, got {plain!r}, to which it says "
            f"{_check.reason(error)!r}."
        ) from None


def _is_network(thing: Any) -> bool:
    return isinstance(thing, type) and issubclass(thing, nn.Module)
