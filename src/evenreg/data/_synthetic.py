"""The synthetic benchmark of papers/002: labels that are skewed in training only, under noise that is known."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from evenreg.data._synthetic_labels import AbstractLabelLaw, ExponentialLaw, NormalLaw
from evenreg.data._synthetic_oracles import CURVES, AbstractOracle, Curve, Line

Floats = NDArray[np.float64]
_FRESH = 1  # what tells the stream of a draw's fresh labels from that of its training rows


@final
class SyntheticDraws(NamedTuple):
    """Training rows of several seeds.

    Attributes:
        features: ``(draws, n, n_features)`` what a linear model weighs.
        x: ``(draws, n, dim)`` inputs.
        y: ``(draws, n, dim)`` labels.
    """

    features: Floats
    x: Floats
    y: Floats


@final
class SyntheticTest(NamedTuple):
    """Noise-free points whose weighted mean is that over labels uniform on the test range.

    Attributes:
        features: ``(points, n_features)``.
        y: ``(points, dim)``.
        weight: ``(points,)``, sum 1.
    """

    features: Floats
    y: Floats
    weight: Floats

    def error(self, theta: Floats) -> Floats:
        """Mean squared error over points and dimensions of models ``(..., n_features, dim)``."""
        off = self.features @ theta - self.y
        return np.asarray(np.einsum("...pd,p->...", off**2, self.weight) / self.y.shape[1])

    @property
    def best_error(self) -> float:
        """What the best model leaves: the features cannot do better."""
        root = np.sqrt(self.weight)[:, None]
        best = np.linalg.lstsq(self.features * root, self.y * root, rcond=None)[0]
        return float(self.error(best.astype(np.float64)))


@final
@dataclass(frozen=True)
class SyntheticSetting:
    """Regression whose labels are skewed in training and uniform in the test.

    Labels y are drawn from a skewed distribution, noise ε of SD 1 is taken off, and the inputs are what the oracle
    maps there:

        y ~ law,   ε ~ N(0, I),   x = f⁻¹(y - ε),   so that   y = f(x) + ε

    The test has labels uniform over a box and no noise; its mean is an integral, taken by Gauss-Legendre points,
    exact for lines, rather than a sample.

    Attributes:
        name: Such as ``normal-high``.
        law: Distribution of the training labels.
        oracle: f.
        low: Where the test range begins, in every dimension.
        high: Where it ends.
        n: Training rows of a draw.

    Example:
        >>> setting = SYNTHETIC["normal-high"]
        >>> setting.draw([0, 1]).y.shape
        (2, 1024, 1)
        >>> round(setting.reverse_regression_error, 4)  # what reverse regression leaves, on average over draws
        0.0335

    Paper: papers/002 section B.1.1; Table 4 for the distributions, whose parameters it does not print, nor the curves
    of its Fig. 4. Labels are not trimmed to the test range (the released code trims those of one dimension).
    """

    name: str
    law: AbstractLabelLaw
    oracle: AbstractOracle
    low: float
    high: float
    n: int = 1024

    @property
    def is_line(self) -> bool:
        """Whether reverse regression applies."""
        return isinstance(self.oracle, Line)

    @property
    def is_normal(self) -> bool:
        """Whether the training labels are normal, so that one component of a mixture holds them."""
        return isinstance(self.law, NormalLaw)

    @property
    def skew(self) -> str:
        """The last part of the name."""
        return self.name.partition("-")[2]

    def draw(self, seeds: Sequence[int]) -> SyntheticDraws:
        """Training rows, one draw a seed, whatever the other seeds are."""
        parts = []
        for seed in seeds:
            rng = self._rng(seed)
            y = self.law.sample(rng, self.n)
            parts.append((self.oracle.inverse(y - rng.normal(size=y.shape)), y))
        x, y = (np.stack(part) for part in zip(*parts, strict=True))
        return SyntheticDraws(self.oracle.features(x), x, y)

    def fresh_labels(self, seed: int, n: int = 10_000) -> Floats:
        """``(n, dim)`` labels from the generator that are none of the draw's own."""
        return self.law.sample(self._rng(seed, _FRESH), n)

    def _rng(self, seed: int, *stream: int) -> np.random.Generator:
        return np.random.default_rng([zlib.crc32(self.name.encode()), seed, *stream])

    def test(self) -> SyntheticTest:
        """The test, as an integral."""
        points, weight = np.polynomial.legendre.leggauss(8 if self.is_line else 200)
        axis = self.low + (self.high - self.low) * (points + 1) / 2
        grid = np.meshgrid(*[axis] * self.law.dim, indexing="ij")
        y = np.stack([part.ravel() for part in grid], axis=1)
        joint = np.stack(np.meshgrid(*[weight / 2] * self.law.dim, indexing="ij")).prod(0).ravel()
        return SyntheticTest(self.oracle.features(self.oracle.inverse(y)), y, joint)

    @property
    def reverse_regression_error(self) -> float:
        """(1 + E (y - m)ᵀ S⁻¹ (y - m)) / n over the test: what the error of a line is due to the noise of a draw."""
        inverse = np.linalg.inv(self.law.covariance)
        off = (self.low + self.high) / 2 - self.law.mean
        spread = (self.high - self.low) ** 2 / 12
        return float((1 + off @ inverse @ off + spread * np.trace(inverse)) / self.n)


def reverse_regression(x: Floats, y: Floats) -> Floats:
    """The line of x on y, inverted; it is not shrunk, as the noise is in y alone.

    Args:
        x: ``(draws, n, dim)``.
        y: ``(draws, n, dim)``.

    Returns:
        ``(draws, 1 + dim, dim)``, constants first.

    Example:
        >>> y = np.arange(4.0).reshape(1, 4, 1)
        >>> reverse_regression(2 * y + 1, y).round(6).tolist()
        [[[-0.5], [0.5]]]
    """
    x_mean, y_mean = x.mean(1, keepdims=True), y.mean(1, keepdims=True)
    across = (y - y_mean).swapaxes(1, 2)
    slopes = np.linalg.inv(np.linalg.solve(across @ (y - y_mean), across @ (x - x_mean)))
    return np.concatenate([y_mean - x_mean @ slopes, slopes], axis=1)


def _settings() -> Mapping[str, SyntheticSetting]:
    skews = {"high": (0.5, 2.0), "moderate": (0.75, 1.5), "low": (1.0, 1.0)}
    pair = np.array([[1.0, 0.5], [0.5, 1.0]])
    found = [
        *(
            SyntheticSetting(f"normal-{skew}", _normal(sd), Line(), 0.0, 10.0)
            for skew, (sd, _) in skews.items()
        ),
        *(
            SyntheticSetting(f"exponential-{skew}", ExponentialLaw(rate), Line(), 0.0, 10.0)
            for skew, (_, rate) in skews.items()
        ),
        *(
            SyntheticSetting(f"mvn-{skew}", NormalLaw([0.0, 0.0], sd**2 * pair), Line(), -5.0, 5.0)
            for skew, (sd, _) in skews.items()
        ),
        *(SyntheticSetting(f"curve-{name}", _normal(1.0), Curve(name), 0.0, 10.0) for name in CURVES),
    ]
    return MappingProxyType({setting.name: setting for setting in found})


def _normal(sd: float) -> NormalLaw:
    return NormalLaw([5.0], np.array([[sd**2]]))


SYNTHETIC: Mapping[str, SyntheticSetting] = _settings()
"""The nine settings of papers/002 Table 4, and four curves in place of those that its Fig. 4 does not name."""
