"""What settings say of a source, in place of its own."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from evenreg.cli._settings import Settings

if TYPE_CHECKING:
    from evenreg.training import AbstractSource

_OF_OPTIMIZER = (
    "optimizer",
    "learning_rate",
    "head_learning_rate",
    "weight_decay",
    "momentum",
    "schedule",
    "milestones",
)


def set_recipe(source: "AbstractSource", settings: Settings) -> None:
    """Batch size, optimizer, units and the rest of a recipe in place of the source's own, where they are said."""
    from evenreg.training._optimizer import updated

    if settings.batch_size is not None:
        source.batch_size = settings.batch_size
    source.optimizer = updated(source.optimizer, _told(settings))
    source.second_stage = dict(settings.second_stage)
    source.unit = {"sd": None, "label": 1.0}.get(str(settings.units), settings.units)  # pyright: ignore
    source.select = settings.select or source.select


def _told(settings: Settings) -> Mapping[str, Any]:
    told = {name: getattr(settings, name) for name in _OF_OPTIMIZER}
    return {k: tuple(v) if k == "milestones" else v for k, v in told.items() if v is not None}
