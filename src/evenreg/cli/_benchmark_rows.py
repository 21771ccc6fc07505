"""The rows of a benchmark that a person asks for, with the settings that each is trained by."""

from collections.abc import Mapping
from itertools import product
from typing import Any

from evenreg import _check
from evenreg._words import parse, split_methods
from evenreg.cli._settings import Settings
from evenreg.cli._sweep import swept
from evenreg.errors import InputError

# What all rows of a run have in common.
_OF_RUN = ("encoder", "encoder_arguments", "augmentation", "select", "trainer", "checkpoint_seconds")
_OF_SWEEP = ("about", "methods", "words")


def planned_rows(
    config: Mapping[str, Any], rows: str, variant: str | None, sweep: str | None, said: Mapping[str, Any]
) -> dict[str, Settings]:
    """Names of rows to the settings that each is trained by; the first row of the recipe, vanilla, is always there.

    Args:
        config: A benchmark's recipe, as `read_config` gives it.
        rows: ``"all"``, or rows with semicolons between them: names of the recipe's, or methods in words. A method
            without brackets is the recipe's row of these words, whatever their arguments.
        variant: One of the recipe's variants; None for the first.
        sweep: One of the recipe's sweeps, in place of ``rows``; None for none.
        said: Settings that win over the recipe's; None counts as not said.

    Raises:
        UnknownNameError: No such variant, sweep, word or setting; the nearest is offered.
        InputError: No row at all; words that contradict each other; a sweep beside rows.

    Example:
        >>> config = {"rows": {"VANILLA": "vanilla", "RRT": "rrt", "GAI": "gai(n=8)"}}
        >>> {name: plan.method for name, plan in planned_rows(config, "gai; sqinv+lds", None, None, {}).items()}
        {'VANILLA': 'vanilla', 'GAI': 'gai(n=8)', 'sqinv + lds': 'sqinv + lds'}
    """
    plans = _planned(config, rows, variant, sweep, said)
    first = next(iter(plans.values()))
    for name, plan in plans.items():
        for key in _OF_RUN:
            if getattr(plan, key) != getattr(first, key):
                raise InputError(
                    f"row {name!r}: expected the {key} of the whole benchmark, {getattr(first, key)!r}, got "
                    f"{getattr(plan, key)!r}, which rows of one run share; say it in a variant."
                )
    return plans


def _planned(
    config: Mapping[str, Any], rows: str, variant: str | None, sweep: str | None, said: Mapping[str, Any]
) -> dict[str, Settings]:
    """The same, before what rows share is looked at."""
    known: Mapping[str, Any] = config["rows"]
    first = next(iter(known))

    def settings(name: str | None, own: Mapping[str, Any]) -> Settings:
        return Settings.of(config, name, {**own, **{k: v for k, v in said.items() if v is not None}}, variant)

    plans = {first: settings(first, {})}
    if sweep is not None:
        if rows != "all":
            raise InputError(
                f"expected one of rows and sweep, got rows {rows!r} and sweep {sweep!r}; leave one out."
            )
        sweeps = config.get("sweeps") or {}
        for name, own in _of_sweep(sweeps[_check.known(sweep, sweeps, "sweep")]).items():
            plans[name] = settings(None, own)
        return plans
    asked = list(known) if rows.strip().lower() == "all" else split_methods(rows)
    if not asked:
        raise InputError(
            f"rows: expected 'all' or at least one row, got {rows!r}; for instance 'SQINV + LDS'."
        )
    own_rows = {name: settings(name, {}) for name in known}
    methods = {name: str(plan.method) for name, plan in own_rows.items()}
    for text in asked:
        name = _recipes_row(text, methods)
        if name is None:
            method = " + ".join(map(str, parse(text)))
            plans[method] = settings(None, {"method": method})
        else:
            plans[name] = own_rows[name]
    return plans


def _recipes_row(text: str, methods: Mapping[str, str]) -> str | None:
    """The recipe's row of this name, or of these words where they stand without brackets."""
    plain = "".join(text.lower().split())
    for name in methods:
        if "".join(name.lower().split()) == plain:
            return name
    words = parse(text)
    for name, method in methods.items():
        own = parse(method)
        if words == own or ("(" not in text and [w.name for w in words] == [w.name for w in own]):
            return name
    return None


def _of_sweep(sweep: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Rows of a sweep: every combination of the words' values, and of settings with a list of values."""
    methods = [parse(text) for text in split_methods(sweep["methods"])]
    if sweep.get("words"):
        methods = swept(methods, sweep["words"])
    lists = {name: values for name, values in sweep.items() if name not in _OF_SWEEP}
    rows: dict[str, dict[str, Any]] = {}
    for words, values in product(methods, product(*lists.values())):
        method = " + ".join(map(str, words))
        own = dict(zip(lists, values, strict=True))
        told = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in own.items())
        rows[f"{method}, {told}" if told else method] = {"method": method, **own}
    return rows
