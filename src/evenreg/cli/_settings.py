"""The settings of a training: a config file, one of its rows, and what was said beside it, which has the last word."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, final

from evenreg import _check
from evenreg._words import parse
from evenreg.errors import InputError, MissingFileError

_MAPPINGS = {
    "trainer": ("arguments of Lightning's Trainer", "devices: 2"),
    "encoder_arguments": ("arguments of the encoder", "width: 32"),
    "second_stage": ("settings of a second stage", "epochs: 30"),
}
_CHOICES = {
    "select": ("bmae", "mae", "mse"),
    "optimizer": ("adamw", "adam", "sgd"),
    "schedule": ("constant", "one-cycle", "cosine", "steps"),
    "augmentation": ("light", "heavy", "none"),
}
#: Settings that are attributes of `evenreg.training.Optimizer`.
OF_OPTIMIZER = (
    "optimizer",
    "learning_rate",
    "head_learning_rate",
    "weight_decay",
    "momentum",
    "schedule",
    "milestones",
)
_DESCRIBING = ("about", "rows", "variants", "sweeps")


@final
@dataclass(frozen=True)
class Settings:
    """All that decides what `evenreg.train` trains; None where data or method decide.

    The attributes are the arguments of `evenreg.train`, which explains them, and the keys of a config file.
    """

    data: Any = None
    target: str | None = None
    method: str | None = None
    cost: str = "l1"
    split: str | None = None
    bin_width: float | None = None
    many: float | None = None
    few: float | None = None
    drop_missing: bool = False
    seed: int = 0
    epochs: int | None = None
    patience: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    weight_decay: float | None = None
    optimizer: str | None = None
    momentum: float | None = None
    head_learning_rate: float | None = None
    schedule: str | None = None
    milestones: Sequence[int] | None = None
    second_stage: Mapping[str, Any] = field(default_factory=dict)
    units: str | float = "sd"
    select: str | None = None
    encoder: str | None = None
    encoder_arguments: Mapping[str, Any] = field(default_factory=dict)
    augmentation: str | None = None
    recipe_class: str | None = None
    checkpoint_seconds: float = 10.0
    trainer: Mapping[str, Any] = field(default_factory=dict)

    @staticmethod
    def of(
        config: str | Path | Mapping[str, Any] | None,
        row: str | None,
        said: Mapping[str, Any],
        variant: str | None = None,
    ) -> "Settings":
        """Resolve settings.

        Args:
            config: A YAML file, the name of a recipe, or what `read_config` found there; None for ``said`` alone.
            row: One of its rows.
            said: Settings that win over the file's; None counts as not said.
            variant: One of its variants; None for the first, where there are any.

        Raises:
            MissingFileError: No such file or recipe.
            UnknownNameError: A key or row that does not exist; the nearest is offered.
            InputError: A file that is no mapping, a value of the wrong kind, or no method.

        Example:
            >>> settings = Settings.of("digits-rotation", "BMC", {"epochs": 3})
            >>> settings.method, settings.epochs, settings.batch_size
            ('bmc', 3, 128)
        """
        if row is not None and said.get("method") is not None:
            raise InputError(
                f"expected one of row and method, got row {row!r} and method {said['method']!r}; leave one out."
            )
        read = {} if config is None else config if isinstance(config, Mapping) else read_config(config)
        where = "these settings" if isinstance(config, Mapping) else config
        rows, variants = read.get("rows") or {}, read.get("variants") or {}
        found = {name: value for name, value in read.items() if name not in _DESCRIBING}
        if variant is not None and not variants:
            told = "there is no config" if config is None else f"{where} has no variants"
            raise InputError(f"recipe: expected none, as {told}, got {variant!r}; leave it out.")
        if variants:
            name = next(iter(variants)) if variant is None else _check.known(variant, variants, "variant")
            found = _over(found, variants[name] or {})
        if row is not None:
            found = _over(found, _row(row, rows, where))
        given = {name: value for name, value in {**found, **_told(said)}.items() if value is not None}
        for name in ("trainer", "encoder_arguments"):
            if isinstance(found.get(name), dict):
                given[name] = found[name] | dict(said.get(name) or {})
        if said.get("epochs") is not None:  # of every stage
            stage = dict(given.get("second_stage") or {})
            given["second_stage"] = {name: value for name, value in stage.items() if name != "epochs"}
            if said.get("patience") is None and found.get("patience") == found.get("epochs"):
                given.pop("patience", None)  # it never stops early, however many there are
        if "method" not in given:
            offer = (
                f"add --row with one of {', '.join(rows)}"
                if rows
                else "add --method, for instance 'sqinv + lds'"
            )
            raise InputError(f"method: expected what to train, got nothing; {offer}.")
        return _checked(given)


def _over(found: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with others in their place; milestones go with the schedule that they belong to."""
    return {k: v for k, v in found.items() if k != "milestones" or "schedule" not in own} | dict(own)


def _checked(given: Mapping[str, Any]) -> Settings:
    """Settings of raw values: numbers as numbers, each in its range."""
    values = _ranged(given)
    _check.known(values.get("cost", "l1"), ("l1", "mse", "huber"), "cost")
    if not isinstance(values.get("drop_missing", False), bool):
        raise InputError(f"drop_missing: expected true or false, got {values['drop_missing']!r}.")
    for name, (what, example) in _MAPPINGS.items():
        if not isinstance(values.get(name, {}), Mapping):
            raise InputError(
                f"{name}: expected {what} by name, got {values[name]!r}; for instance {example}."
            )
    stage = {name: value for name, value in values.get("second_stage", {}).items() if value is not None}
    _known_keys(stage, ("epochs", *OF_OPTIMIZER), "second_stage")
    values["second_stage"] = _ranged(stage)
    if values.get("units", "sd") not in ("sd", "label"):
        values["units"] = _check.positive(values["units"], "units")
    for name in values.keys() & {"target", "split"}:
        values[name] = str(values[name])
    values["method"] = " + ".join(map(str, parse(str(values["method"]))))
    return Settings(**values)


def _ranged(given: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers as numbers, which YAML takes ``1e-3`` for none of, and choices, each checked."""
    values = dict(given)
    for name in values.keys() & {"epochs", "patience", "batch_size", "seed"}:
        least = {"batch_size": 2, "seed": 0}.get(name, 1)
        values[name] = _check.integer(values[name], name, least)
    for name in values.keys() & {"bin_width", "learning_rate", "head_learning_rate"}:
        values[name] = _check.positive(values[name], name)
    for name in values.keys() & {"weight_decay", "checkpoint_seconds", "many", "few"}:
        values[name] = _check.positive(values[name], name, zero=True)
    if "momentum" in values:
        values["momentum"] = _check.in_range(values["momentum"], "momentum", 0.0, 1.0)
    if "milestones" in values:
        if not isinstance(values["milestones"], list | tuple):
            raise InputError(
                f"milestones: expected a list of epochs, got {values['milestones']!r}; for instance [60, 80]."
            )
        values["milestones"] = [_check.integer(epoch, "milestones", 1) for epoch in values["milestones"]]
    for name in values.keys() & _CHOICES.keys():
        _check.known(values[name], _CHOICES[name], name)
    return values


def _told(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if value is not None}


def mapping_from(text: str) -> dict[str, Any]:
    """Names and values of an option that is written as YAML.

    Example:
        >>> mapping_from("weights: my/resnet, depth: 18")
        {'weights': 'my/resnet', 'depth': 18}
    """
    import yaml

    try:
        found = yaml.safe_load(text if text.strip().startswith("{") else text.replace(", ", "\n"))
    except yaml.YAMLError:
        found = None
    if not isinstance(found, dict):
        raise InputError(f"expected names and values such as 'weights: FOLDER', got {text!r}; write it so.")
    return found


def recipe_files() -> dict[str, Path]:
    """The recipes that come with the package, by name."""
    folder = Path(__file__).parents[1] / "recipes"
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def read_config(config: str | Path) -> dict[str, Any]:
    """The keys of a config file or recipe, checked by name."""
    import yaml

    path, recipes = Path(config), recipe_files()
    if not path.is_file():
        # 'recipes/digits-rotation.yaml' and 'digits-rotation' both name the one that comes with the package.
        packaged = str(path.with_suffix("") if path.suffix in (".yaml", ".yml") else path).removeprefix(
            "recipes/"
        )
        if packaged not in recipes:
            raise MissingFileError(
                f"config: no file {str(config)!r}, and no recipe of that name; "
                f"{_check.nearest(path.stem, list(recipes))}"
            )
        path = recipes[packaged]
    try:
        text = path.read_text(encoding="utf-8")
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        _check_keys_once(node, path)
        found = None if node is None else loader.construct_document(node)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "not text"
        raise InputError(f"{path}{where}: expected YAML, got something else ({problem}).") from None
    if not isinstance(found, dict):
        raise InputError(f"{path}: expected settings such as 'data: sales.csv', got {type(found).__name__}.")
    _known_keys(found, (*_DESCRIBING, *_keys()), str(config))
    for name in ("rows", "variants", "sweeps"):
        if not isinstance(found.get(name) or {}, dict):
            raise InputError(f"{path}: expected {name} as names with a colon each, got {found[name]!r}.")
    for name, own in (found.get("variants") or {}).items():
        if not isinstance(own or {}, dict):
            raise InputError(f"{path}: expected settings of variant {name!r}, got {own!r}.")
        _known_keys(own or {}, tuple(_keys()), f"variant {name!r} of {config}")
    return found


def _check_keys_once(node: Any, path: Path) -> None:
    """Refuse a key given twice, of which YAML would take the last without a word."""
    if node is None or node.id == "scalar":
        return
    pairs = node.value if node.id == "mapping" else [(None, inner) for inner in node.value]
    seen: dict[str, int] = {}
    for key, value in pairs:
        if key is not None and key.id == "scalar":
            line = key.start_mark.line + 1
            if key.value in seen:
                raise InputError(
                    f"{path}: expected every setting once, got {key.value!r} in lines {seen[key.value]} and {line}; "
                    "delete one."
                )
            seen[key.value] = line
        _check_keys_once(value, path)


def _keys() -> list[str]:
    return [f.name for f in fields(Settings)]


def _known_keys(found: Mapping[Any, Any], keys: tuple[str, ...], where: str) -> None:
    for key in found:
        _check.known(str(key), keys, f"setting of {where}")


def _row(row: str, rows: Mapping[Any, Any], config: str | Path | None) -> dict[str, Any]:
    """The settings of one row; its method is its name unless it says another."""
    if config is None:
        raise InputError(f"row: expected a config whose row it is, got none for {row!r}; add --config.")
    names = {_plain(str(name)): name for name in rows}
    name = names[_check.known(_plain(row), names, f"row of {config}")]
    own = {"method": rows[name]} if isinstance(rows[name], str) else rows[name] or {}
    if not isinstance(own, dict):
        raise InputError(f"row {name!r} of {config}: expected a method, settings or nothing, got {own!r}.")
    _known_keys(own, tuple(_keys()), f"row {name!r} of {config}")
    return {"method": str(name), **own}


def _plain(name: str) -> str:
    """A row's name without what does not matter in a method: case and spaces."""
    return "".join(name.lower().split())
