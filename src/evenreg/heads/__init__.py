"""Heads: ``head(features) -> Prediction(value, extras)``, and ``head.loss(...)`` where it brings its own terms.

`LinearHead` is a linear layer. `GroupHead` tells the group of the label and regresses inside it.
`ClassifierHead` takes the bins of the labels for classes. All are used alike: ``fit(space)`` in the units that
the head shall predict in, ``loss(prediction, target, weight, cost=)`` with a loss of `evenreg.losses` as the cost.
"""

from evenreg.heads._base import AbstractHead as AbstractHead
from evenreg.heads._classifier import ClassifierHead as ClassifierHead
from evenreg.heads._group import GroupHead as GroupHead
from evenreg.heads._linear import LinearHead as LinearHead
from evenreg.heads._prediction import Prediction as Prediction

__all__ = ["AbstractHead", "ClassifierHead", "GroupHead", "LinearHead", "Prediction"]
