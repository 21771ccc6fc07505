"""How the features of a bin scatter, and the map from one scatter to another."""

from abc import ABC, abstractmethod
from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional


def noise_of(dtype: torch.dtype) -> float:
    """The share of a sum of squares that rounding alone may leave of a difference of two of them."""
    return 2**13 * torch.finfo(dtype).eps


class AbstractSpread(ABC):
    """What FDS needs of second moments; diagonal or full."""

    names: tuple[str, str]
    """Names of the buffers of the running and the smoothed spread."""

    @abstractmethod
    def shape(self, width: int) -> tuple[int, ...]:
        """Shape of one bin's spread."""

    @abstractmethod
    def add(
        self, total: Float[Tensor, "bins *spread"], index: Int[Tensor, " n"], rows: Float[Tensor, "n width"]
    ) -> None:
        """Add the products of each row with itself to the total of its bin, in place; rows may be spoilt."""

    @abstractmethod
    def estimate(
        self,
        count: Int[Tensor, " bins"],
        mean: Float[Tensor, "bins width"],
        products: Float[Tensor, "bins *spread"],
    ) -> Float[Tensor, "bins *spread"]:
        """The spread of each bin (Eq. 3, divisor n - 1) from sums; meaningless where n < 2."""

    @abstractmethod
    def variances(self, spread: Float[Tensor, "bins *spread"]) -> Float[Tensor, "bins width"]:
        """The variance of each feature."""

    @abstractmethod
    def scale(
        self,
        own: Float[Tensor, "bins *spread"],
        smoothed: Float[Tensor, "bins *spread"],
        limits: tuple[float, float],
    ) -> Float[Tensor, "bins *spread"]:
        """What carries deviations of the own spread to the smoothed one; no change where the own is 0."""

    @abstractmethod
    def scaled(
        self, scale: Float[Tensor, "bins *spread"], rows: Float[Tensor, "bins width"]
    ) -> Float[Tensor, "bins width"]:
        """A row a bin, scaled."""

    @abstractmethod
    def calibrate(
        self,
        features: Float[Tensor, "batch width *pixels"],
        index: Int[Tensor, "batch *pixels"],
        scale: Float[Tensor, "bins *spread"],
        shift: Float[Tensor, "bins width"],
    ) -> Float[Tensor, "batch width *pixels"]:
        """Scale and shift of each feature's bin applied to it, in the precision of the tables or better."""


@final
class DiagonalSpread(AbstractSpread):
    """A variance a feature; what the papers' results use (papers/000 appendix C.1).

    The scale is √(smoothed / own), the ratio clamped. A feature without variance in its bin keeps its scale.
    """

    names = ("running_var", "smoothed_var")

    def shape(self, width: int) -> tuple[int, ...]:
        """One variance a feature."""
        return (width,)

    def add(
        self, total: Float[Tensor, "bins width"], index: Int[Tensor, " n"], rows: Float[Tensor, "n width"]
    ) -> None:
        """Squares."""
        total.index_add_(0, index, rows.square_())

    def estimate(
        self,
        count: Int[Tensor, " bins"],
        mean: Float[Tensor, "bins width"],
        products: Float[Tensor, "bins width"],
    ) -> Float[Tensor, "bins width"]:
        """(Σ z² - n · mean²) / (n - 1), and exactly 0 where that is rounding noise."""
        n = count.unsqueeze(1)
        square = mean.square().mul_(n)
        scatter = products - square
        noise = square.mul_(noise_of(mean.dtype))
        return scatter.masked_fill_(scatter <= noise, 0.0).div_((n - 1).clamp_(min=1))

    def variances(self, spread: Float[Tensor, "bins width"]) -> Float[Tensor, "bins width"]:
        """The spread itself."""
        return spread

    def scale(
        self,
        own: Float[Tensor, "bins width"],
        smoothed: Float[Tensor, "bins width"],
        limits: tuple[float, float],
    ) -> Float[Tensor, "bins width"]:
        """√(smoothed / own) with the ratio clamped; 1 without a variance of its own."""
        return (smoothed / own).clamp_(*limits).sqrt_().masked_fill_(own == 0, 1.0)

    def scaled(
        self, scale: Float[Tensor, "bins width"], rows: Float[Tensor, "bins width"]
    ) -> Float[Tensor, "bins width"]:
        """Feature by feature."""
        return scale * rows

    def calibrate(
        self,
        features: Float[Tensor, "batch width *pixels"],
        index: Int[Tensor, "batch *pixels"],
        scale: Float[Tensor, "bins width"],
        shift: Float[Tensor, "bins width"],
    ) -> Float[Tensor, "batch width *pixels"]:
        """One multiplication and one addition: features · scale[bin] + shift[bin]."""
        by, plus = (functional.embedding(index, table).movedim(-1, 1) for table in (scale, shift))
        return (features * by).add_(plus)
