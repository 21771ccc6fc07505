"""Arguments of Lightning's ``Trainer``, from a mapping and from ``--trainer.NAME VALUE``, checked before training."""

import os
import re
from collections.abc import Mapping, Sequence
from inspect import signature
from typing import Any, get_args

from evenreg import _check
from evenreg._cores import cores
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
    "max_steps": "say --epochs",
    "min_epochs": "leave it out, --patience tells when to stop",
    "min_steps": "leave it out, --patience tells when to stop",
    "limit_val_batches": "leave it out, the best epoch is chosen on all validation rows",
    "check_val_every_n_epoch": "leave it out, every epoch is validated",
    "val_check_interval": "leave it out, every epoch is validated at its end",
    "overfit_batches": "leave it out, rows come a batch at a time in an order of their own",
    "reload_dataloaders_every_n_epochs": "leave it out, rows lie in memory",
}
_OPTION = re.compile(r"--trainer\.(\w+)")
# By these variables the processes of several machines find each other.
_CLUSTER = ("MASTER_ADDR", "SLURM_JOB_ID", "LSB_JOBID")
# What Lightning would import or print only to throw it away.
_SILENT: dict[str, Any] = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}


def trainer_arguments(given: Mapping[str, Any], words: Sequence[str] = ()) -> dict[str, Any]:
    """What to hand to ``Trainer``: exactly the arguments that were given, as objects where they name classes.

    Args:
        given: From a config file or from Python: ``{"devices": 2, "logger": {"class_path": "CSVLogger",
            "init_args": {"save_dir": "logs"}}}``.
        words: From the command line, which has the last word: ``["--trainer.devices", "2"]``.

    Raises:
        UnknownNameError: An argument that ``Trainer`` does not have; the nearest is offered.
        InputError: A value that Lightning does not take, an argument that evenreg sets itself, more processes than
            there are cores.

    Example:
        >>> trainer_arguments({"precision": "bf16-mixed"}, ["--trainer.devices", "2"])
        {'precision': 'bf16-mixed', 'devices': '2'}
    """
    if not given and not words:
        return {}
    _check_words(words)
    asked = {name: None for word in words if (option := _OPTION.match(word)) for name in [option[1]]}
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
    arguments = {name: ready.trainer[name] for name in (*given, *(n for n in asked if n not in given))}
    _try(arguments)
    return arguments


def _check_words(words: Sequence[str]) -> None:
    """Refuse an option without a name, and one without a value."""
    for word, following in zip(words, [*words, "--"][1:], strict=True):
        if not word.startswith("--"):
            continue
        if not _OPTION.match(word):
            raise InputError(
                f"{word}: expected the name of an argument of Lightning's Trainer after the dot, got none; write for "
                "instance --trainer.devices 2."
            )
        if "=" not in word and following.startswith("--"):
            raise InputError(f"{word.removeprefix('--')}: expected a value, got none; write {word} VALUE.")


def _try(arguments: Mapping[str, Any]) -> None:
    """Make a Trainer that is thrown away: what Lightning refuses is told before anything is read or written.

    Objects are left out, since a strategy that was part of a Trainer cannot be part of another.
    """
    plain = {n: v for n, v in arguments.items() if isinstance(v, str | int | float | bool | None)}
    # Lightning lets these through, and trains nothing or divides by them.
    if "accumulate_grad_batches" in plain:
        _check.integer(plain["accumulate_grad_batches"], "trainer.accumulate_grad_batches", 1)
    if plain.get("limit_train_batches") is not None:
        _check.positive(plain["limit_train_batches"], "trainer.limit_train_batches")
    trainer, reason = _made(plain)
    if trainer is None:
        # The one without which it can be made is the one to tell.
        alone = [n for n in plain if _made({k: v for k, v in plain.items() if k != n})[0] is not None]
        name = f"trainer.{alone[0]}" if alone else "trainer"
        got = f" {plain[alone[0]]!r}" if alone else " these arguments together"
        raise InputError(
            f"{name}: Lightning's Trainer does not take{got} ({reason}); see its documentation, or leave it out."
        )
    _check_processes(trainer, plain)


def _made(plain: Mapping[str, Any]) -> tuple[Any, str]:
    """A Trainer, or None and why Lightning makes none."""
    import lightning.pytorch as pl

    from evenreg.training._lightning import quiet_lightning

    with quiet_lightning():
        try:
            return pl.Trainer(**_SILENT | dict(plain)), ""
        except Exception as error:  # it has many: MisconfigurationException, ImportError, TypeError, ...
            return None, _check.reason(error)


def _check_processes(trainer: Any, plain: Mapping[str, Any]) -> None:
    """Refuse processes that would wait for others that never come."""
    if trainer.num_nodes > 1 and not any(name in os.environ for name in _CLUSTER):
        raise InputError(
            f"trainer.num_nodes: expected 1 where nothing tells of other machines, got {trainer.num_nodes}; start "
            "with torchrun or SLURM, or set MASTER_ADDR, MASTER_PORT and NODE_RANK on every machine."
        )
    from lightning.pytorch.accelerators import CPUAccelerator

    if isinstance(trainer.accelerator, CPUAccelerator) and trainer.num_devices > cores():
        raise InputError(
            f"trainer.devices: expected at most {cores()}, the cores there are, got {plain.get('devices')!r}; take "
            "fewer processes."
        )


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
