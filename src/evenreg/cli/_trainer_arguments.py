"""Arguments of Lightning's ``Trainer``, from a mapping and from ``--trainer.NAME VALUE``, checked by their types."""

import re
from collections.abc import Mapping, Sequence
from inspect import signature
from typing import Any, get_args

from evenreg import _check
from evenreg.errors import InputError, UnknownNameError

# Arguments that would work against what evenreg does itself, and what to do in their place.
_OURS = {
    "max_epochs": "say --epochs",
    "default_root_dir": "say --out",
    "use_distributed_sampler": "leave it out, batches are divided between processes already",
    "enable_checkpointing": "leave it out, the best weights are always kept",
    "fast_dev_run": "say --epochs 1",
    "barebones": "leave it out, it would switch checkpoints off",
    "model_registry": "leave it out",
}
_OPTION = re.compile(r"--trainer\.(\w+)")


def trainer_arguments(given: Mapping[str, Any], words: Sequence[str] = ()) -> dict[str, Any]:
    """What to hand to ``Trainer``: exactly the arguments that were given, as objects where they name classes.

    Args:
        given: From a config file or from Python: ``{"devices": 2, "logger": {"class_path": "CSVLogger",
            "init_args": {"save_dir": "logs"}}}``.
        words: From the command line, which has the last word: ``["--trainer.devices", "2"]``.

    Raises:
        UnknownNameError: An argument that ``Trainer`` does not have; the nearest is offered.
        InputError: A value that is none for its argument, or an argument that evenreg sets itself.

    Example:
        >>> trainer_arguments({"precision": "bf16-mixed"}, ["--trainer.devices", "2"])
        {'precision': 'bf16-mixed', 'devices': '2'}
    """
    asked = {name: None for word in words if (option := _OPTION.match(word)) for name in [option[1]]}
    if not given and not words:
        return {}
    import lightning.pytorch as pl
    from jsonargparse import ArgumentParser

    known = signature(pl.Trainer.__init__).parameters
    for name in (*given, *asked):
        if name in _OURS:
            raise InputError(f"trainer.{name}: expected nothing, evenreg sets it itself; {_OURS[name]}.")
        if name not in known or name == "self":
            options = [option for option in known if option != "self" and option not in _OURS]
            raise UnknownNameError(
                f"Lightning's Trainer has no argument {name!r}; {_check.nearest(name, options)}"
            )
    parser = ArgumentParser(exit_on_error=False)
    parser.add_class_arguments(pl.Trainer, "trainer", skip=set(_OURS), instantiate=False)
    try:
        parsed = parser.parse_args(list(words), namespace=parser.parse_object({"trainer": dict(given)}))
        ready = parser.instantiate(parsed)
    except Exception as error:  # jsonargparse explains in many lines what it tried
        raise _refused(str(error), given, words, known) from None
    return {name: ready.trainer[name] for name in (*given, *(n for n in asked if n not in given))}


def _refused(reason: str, given: Mapping[str, Any], words: Sequence[str], known: Any) -> InputError:
    """One sentence for a value that is none for its argument."""
    found = re.search(r"trainer\.(\w+)", reason)
    name = found[1] if found and found[1] in known else next(iter(given), "")
    value, annotation = given.get(name), known[name].annotation if name in known else None
    for word, following in zip(words, [*words, ""][1:], strict=True):
        if (option := word.partition("="))[0] == f"--trainer.{name}":
            value = option[2] if option[1] else following
    told = f"trainer.{name}: Lightning's Trainer does not take {value!r}"
    if inside := re.search(r"Problem with given class_path '([\w.]+)':\s+(.*)", reason):
        return InputError(
            f"trainer.{name}: {inside[1]} cannot be made ({inside[2].strip()}); see its documentation."
        )
    options = sorted({option for option in _literals(annotation) if isinstance(option, str)})
    if options:
        return UnknownNameError(f"{told}; {_check.nearest(str(value), options)}")
    return InputError(f"{told}; expected {_plain(annotation)}.")


def _literals(annotation: Any) -> list[Any]:
    """All values that a type names one by one."""
    inner = get_args(annotation)
    return [value for part in inner for value in (_literals(part) if get_args(part) else [part])]


def _plain(annotation: Any) -> str:
    """A type as a person reads it: ``int, float or None``."""
    if not get_args(annotation):
        return getattr(annotation, "__name__", str(annotation))
    parts = [
        re.sub(r"\b\w+\.", "", _plain(part) if isinstance(part, type) else str(part))
        for part in get_args(annotation)
    ]
    names = ["nothing" if part == "NoneType" else part for part in parts]
    return " or ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
