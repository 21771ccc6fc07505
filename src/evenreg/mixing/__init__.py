"""Mixing: rows of a batch blended with other rows of it, inputs and labels by the same shares, in every batch anew.

    Mixup           any two rows, blended as inputs
    ManifoldMixup   any two rows, blended as inputs or inside the model
    CMixup          rows of similar labels, blended as inputs

A mixing is called with the labels of a batch and gives a `Mix`, which runs the model on blended rows and blends
whatever else has a row a sample:

    mix = mixing(target)
    prediction = mix.run(model, images)
    loss = cost(prediction, mix(target), mix(weight))

None of the three is made for imbalance (papers/000 Table 8 has the first two as baselines): rows come as often as
before, and rare labels at the ends of the range are drawn inwards.
"""

from evenreg.mixing._base import AbstractMixing as AbstractMixing
from evenreg.mixing._c_mixup import CMixup as CMixup
from evenreg.mixing._manifold_mixup import ManifoldMixup as ManifoldMixup
from evenreg.mixing._mix import INPUT as INPUT
from evenreg.mixing._mix import Mix as Mix
from evenreg.mixing._mixup import Mixup as Mixup

__all__ = ["INPUT", "AbstractMixing", "CMixup", "ManifoldMixup", "Mix", "Mixup"]
