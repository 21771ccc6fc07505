"""Resampling: tables with more rare rows and fewer frequent ones, before anything is trained on them.

Samplers are scikit-learn estimators with imbalanced-learn's ``fit_resample(X, y)`` and work in its pipelines,
where they act on training folds only. Which labels are rare a `evenreg.labels.Relevance` says.

    RandomUnder     fewer frequent rows
    RandomOver      rare rows repeated
    GaussianNoise   rare rows repeated with noise
    SMOTER          rows between a rare row and one of its neighbours
    SMOGN           the same where the neighbour is close, noise where it is far
    WERCS           rows drawn and dropped by relevance, without a threshold

Importing this package loads nothing; the first use of a name loads scikit-learn and never torch (PEP 562).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evenreg.resampling._base import AbstractSampler as AbstractSampler
    from evenreg.resampling._columns import blendable as blendable
    from evenreg.resampling._columns import dense as dense
    from evenreg.resampling._columns import joined as joined
    from evenreg.resampling._from_words import sampler_from as sampler_from
    from evenreg.resampling._from_words import told_in_words as told_in_words
    from evenreg.resampling._gaussian_noise import GaussianNoise as GaussianNoise
    from evenreg.resampling._random_over import RandomOver as RandomOver
    from evenreg.resampling._random_under import RandomUnder as RandomUnder
    from evenreg.resampling._regions import Region as Region
    from evenreg.resampling._smogn import SMOGN as SMOGN
    from evenreg.resampling._smoter import SMOTER as SMOTER
    from evenreg.resampling._wercs import WERCS as WERCS

_LATE = {
    "SMOGN": "_smogn",
    "SMOTER": "_smoter",
    "WERCS": "_wercs",
    "AbstractSampler": "_base",
    "GaussianNoise": "_gaussian_noise",
    "RandomOver": "_random_over",
    "RandomUnder": "_random_under",
    "Region": "_regions",
    "blendable": "_columns",
    "dense": "_columns",
    "joined": "_columns",
    "sampler_from": "_from_words",
    "told_in_words": "_from_words",
}

__all__ = [
    "SMOGN",
    "SMOTER",
    "WERCS",
    "AbstractSampler",
    "GaussianNoise",
    "RandomOver",
    "RandomUnder",
    "Region",
]


def __getattr__(name: str) -> Any:
    if name in _LATE:
        return getattr(import_module(f"evenreg.resampling.{_LATE[name]}"), name)
    raise AttributeError(f"module 'evenreg.resampling' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
