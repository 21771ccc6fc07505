"""What settings say of a source, in place of its own."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from evenreg.cli._settings import OF_OPTIMIZER, Settings

if TYPE_CHECKING:
    from evenreg.training import AbstractSource


def set_recipe(source: "AbstractSource", settings: Settings) -> None:
    """Batch size, optimizer, units and the rest of a recipe in place of the source's own, where they are said.

    Raises:
        InputError: Settings of an optimizer that contradict each other, in a first or a second stage.
    """
    from evenreg.training._optimizer import Optimizer, updated

    if settings.batch_size is not None:
        source.batch_size = settings.batch_size
    source.optimizer = updated(source.optimizer, _told(settings))
    source.second_stage = dict(settings.second_stage)
    for stage in ({}, source.second_stage):  # told before the first is trained
        stated = updated(source.optimizer, stage)
        Optimizer(**{name: value for name, value in stated.items() if name != "epochs"})
    source.unit = {"sd": None, "label": 1.0}.get(str(settings.units), settings.units)  # pyright: ignore
    source.select = settings.select or source.select


def _told(settings: Settings) -> Mapping[str, Any]:
    told = {name: getattr(settings, name) for name in OF_OPTIMIZER}
    return {k: tuple(v) if k == "milestones" else v for k, v in told.items() if v is not None}
