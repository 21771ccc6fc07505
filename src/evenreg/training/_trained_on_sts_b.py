"""trained_on_sts_b: whether an encoder has seen the scores it would be tested on."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

# stsb, sts-b, sts_b, stsbenchmark, sts-benchmark as a word of a name; not "tests-b" or "stsbay".
_NAME = re.compile(r"(?<![a-z0-9])sts[-_ ]?b(?:enchmark)?(?![a-z])")
# What configurations call the model they come from, and the task they were trained for.
_KEYS = ("_name_or_path", "model_name", "name_or_path", "finetuning_task")


def trained_on_sts_b(model: str | Path) -> bool:
    """Whether a sentence encoder is known to have been trained on the scores of STS-B.

    Why: the test rows of STS-B-DIR come from the training and validation rows of STS-B (papers/000 B.3), so that such
    an encoder has seen what it is tested on. Known by its name, by what its configuration says that it comes from, or
    by the data sets that its model card lists as those of training; that a card reports results on STS-B says nothing.

    Args:
        model: Folder, or name on the hub; nothing is downloaded to find out.

    Example:
        >>> trained_on_sts_b("sentence-transformers/stsb-roberta-base-v2"), trained_on_sts_b("all-mpnet-base-v2")
        (True, False)
    """
    path = Path(model).expanduser()
    if _names_it(path.resolve().name if path.is_dir() else str(model)):
        return True
    folder = path if path.is_dir() else _cached(str(model))
    return folder is not None and (_configured(folder / "config.json") or _carded(folder / "README.md"))


def _cached(name: str) -> Path | None:
    """Where the hub's files of that name lie, if they were downloaded."""
    try:
        import huggingface_hub

        found = huggingface_hub.try_to_load_from_cache(name, "config.json")
    except (ImportError, ValueError):  # not installed, or nothing that could be a name
        return None
    return Path(found).parent if isinstance(found, str) else None


def _names_it(text: Any) -> bool:
    return isinstance(text, str) and _NAME.search(text.lower()) is not None


def _configured(file: Path) -> bool:
    """Whether a configuration names it."""
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(config, dict) and any(_names_it(config.get(key)) for key in _KEYS)


def _carded(file: Path) -> bool:
    """Whether a model card lists it among the data of training."""
    try:
        found = re.match(r"\ufeff?---\s*\n(.*?)\n---\s*(?:\n|$)", file.read_text(encoding="utf-8"), re.DOTALL)
        card = yaml.safe_load(found[1]) if found else None
    except (OSError, ValueError, yaml.YAMLError):
        return False
    if not isinstance(card, dict):
        return False
    datasets, parents = _listed(card.get("datasets")), _listed(card.get("base_model"))
    if any(map(_names_it, [*datasets, *parents])):
        return True
    # A card of GLUE leaves it to its results to say which of the nine tasks was trained.
    glue = any(re.search(r"(?:^|/)glue$", str(name).lower()) for name in datasets)
    return glue and any(map(_names_it, _result_tasks(card.get("model-index"))))


def _listed(value: Any) -> list[Any]:
    """One or many, as cards have it."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _result_tasks(index: Any) -> list[Any]:
    """What results are of, whatever of it is there: names, configurations and arguments of their data sets."""
    models = [model for model in _listed(index) if isinstance(model, dict)]
    results = [result for model in models for result in _listed(model.get("results"))]
    sets = [result.get("dataset") for result in results if isinstance(result, dict)]
    return [d.get(key) for d in sets if isinstance(d, dict) for key in ("name", "config", "args")]
