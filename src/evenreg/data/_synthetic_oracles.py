"""What the synthetic benchmark's models are to find: the line, and four curves with a known inverse."""

from abc import ABC, abstractmethod
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class AbstractOracle(ABC):
    """An invertible map of inputs to labels, and the features in which a model of it is linear."""

    @abstractmethod
    def inverse(self, y: Floats) -> Floats:
        """The inputs ``(..., dim)`` of noise-free labels ``(..., dim)``."""

    @abstractmethod
    def features(self, x: Floats) -> Floats:
        """What the model weighs, ``(..., n_features)``; a constant is in their span."""


@final
class Line(AbstractOracle):
    """The identity. A linear model is the same whatever invertible linear map stands in its place."""

    def inverse(self, y: Floats) -> Floats:
        """The labels themselves."""
        return y

    def features(self, x: Floats) -> Floats:
        """One, and the inputs."""
        return np.concatenate([np.ones_like(x[..., :1]), x], axis=-1)


_CENTRE, _HALF = 5.0, 5.0  # labels 0 to 10 are -1 to 1
_KNOTS = np.linspace(-1.0, 1.0, 6)
_BEND, _ROUND = 0.6, 0.1
_CURVES = {
    # t = (x + x³) / 2, by the hyperbolic form of Cardano's formula
    "cubic": lambda t: 2 / np.sqrt(3) * np.sinh(np.arcsinh(3 * np.sqrt(3) * t) / 3),
    # t = sinh(2x) / sinh(2)
    "sinh": lambda t: np.arcsinh(np.sinh(2.0) * t) / 2,
    # t = asinh(3x) / asinh(3)
    "asinh": lambda t: np.sinh(np.arcsinh(3.0) * t) / 3,
    # t = x + .6·(√(x² + .01) - .1): slope .4 below, 1.6 above
    "bend": lambda t: _unbend(t + _BEND * _ROUND),
}
CURVES = tuple(_CURVES)


def _unbend(t: Floats) -> Floats:
    rest = 1 - _BEND**2
    return (t - _BEND * np.sqrt(t**2 + rest * _ROUND**2)) / rest


@final
class Curve(AbstractOracle):
    """An increasing curve over the whole line, y = 5 + 5·t(x), fitted by a natural cubic spline.

    ``cubic`` t = (x + x³)/2; ``sinh`` t = sinh(2x)/sinh(2); ``asinh`` t = asinh(3x)/asinh(3); ``bend`` t = x +
    .6·(√(x² + .01) - .1). The model has six knots from -1 to 1 and goes on straight beyond; it comes within .003 of
    each curve (mean squared error in label units over labels from 0 to 10).

    Args:
        name: One of them.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def inverse(self, y: Floats) -> Floats:
        """The inputs ``(..., 1)`` of labels ``(..., 1)``."""
        return np.asarray(_CURVES[self.name]((y - _CENTRE) / _HALF))

    def features(self, x: Floats) -> Floats:
        """The cardinal splines, ``(..., 6)``."""
        from scipy.interpolate import CubicSpline

        spline: Any = CubicSpline(_KNOTS, np.eye(len(_KNOTS)), bc_type="natural")
        inside = np.clip(x[..., 0], -1.0, 1.0)
        return spline(inside) + spline(inside, 1) * (x[..., 0] - inside)[..., None]
