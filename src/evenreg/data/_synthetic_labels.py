"""Label distributions of the synthetic benchmark: how skewed training labels are drawn, and how likely they are."""

import math
from abc import ABC, abstractmethod
from typing import final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class AbstractLabelLaw(ABC):
    """A distribution of labels with ``dim`` dimensions, its mean and its covariance."""

    mean: Floats
    covariance: Floats

    @property
    def dim(self) -> int:
        """Number of dimensions."""
        return len(self.mean)

    @abstractmethod
    def sample(self, rng: np.random.Generator, n: int) -> Floats:
        """``(n, dim)`` independent labels."""

    @abstractmethod
    def log_density(self, y: Floats) -> Floats:
        """Log density of ``(..., dim)`` labels, ``(...)``."""


@final
class NormalLaw(AbstractLabelLaw):
    """Normal labels of one or more dimensions.

    Args:
        mean: ``(dim,)``.
        covariance: ``(dim, dim)``.
    """

    def __init__(self, mean: list[float], covariance: Floats) -> None:
        self.mean, self.covariance = np.array(mean), np.array(covariance, dtype=np.float64)

    def sample(self, rng: np.random.Generator, n: int) -> Floats:
        """``(n, dim)`` labels."""
        return self.mean + rng.normal(size=(n, self.dim)) @ np.linalg.cholesky(self.covariance).T

    def log_density(self, y: Floats) -> Floats:
        """``(...)`` log densities."""
        off = y - self.mean
        squares = np.einsum("...i,ij,...j->...", off, np.linalg.inv(self.covariance), off)
        return -(squares + self.dim * math.log(2 * math.pi) + np.linalg.slogdet(self.covariance)[1]) / 2


@final
class ExponentialLaw(AbstractLabelLaw):
    """Labels of density rate·exp(-rate·y), most frequent at 0.

    Args:
        rate: Above 0; mean and SD are 1 / rate.
    """

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.mean, self.covariance = np.array([1 / rate]), np.array([[1 / rate**2]])

    def sample(self, rng: np.random.Generator, n: int) -> Floats:
        """``(n, 1)`` labels."""
        return rng.exponential(1 / self.rate, (n, 1))

    def log_density(self, y: Floats) -> Floats:
        """``(...)`` log densities; -inf below 0."""
        return np.where(y[..., 0] >= 0, math.log(self.rate) - self.rate * y[..., 0], -np.inf)
