"""Losses: ``loss(prediction, target, weight=None) -> scalar``.

`L1Loss`, `MSELoss`, `HuberLoss` and `FocalRLoss` cost every element by itself and take sample weights.
`BMCLoss`, `GAILoss` and `BNILoss` are Balanced MSE: they divide the skew of the training labels out of the
likelihood, so that the model learns as if every value were equally frequent, and need no weights for it.
"""

from evenreg.losses._balanced import AbstractBalancedLoss as AbstractBalancedLoss
from evenreg.losses._base import AbstractLoss as AbstractLoss
from evenreg.losses._bmc import BMCLoss as BMCLoss
from evenreg.losses._bni import BNILoss as BNILoss
from evenreg.losses._focal_r import FocalRLoss as FocalRLoss
from evenreg.losses._gai import GAILoss as GAILoss
from evenreg.losses._huber import HuberLoss as HuberLoss
from evenreg.losses._l1 import L1Loss as L1Loss
from evenreg.losses._mse import MSELoss as MSELoss

__all__ = [
    "AbstractBalancedLoss",
    "AbstractLoss",
    "BMCLoss",
    "BNILoss",
    "FocalRLoss",
    "GAILoss",
    "HuberLoss",
    "L1Loss",
    "MSELoss",
]
