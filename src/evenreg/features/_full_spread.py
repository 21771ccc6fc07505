"""FullSpread: whole covariances, whitened and re-coloured."""

from typing import Any, final

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from evenreg._torch import float32_island
from evenreg.features._spread import AbstractSpread, noise_of

_CELLS = 2**22  # numbers of gathered matrices at a time: the temporaries stay small


@final
class FullSpread(AbstractSpread):
    """A covariance a bin; A = Σ̃^½ Σ^-½ carries one to the other (papers/000 Algorithm 2).

    The squared singular values of A are the variance ratios along the directions in which both covariances
    are diagonal; they are clamped as the ratios of variances are. Directions in which a bin has no variance
    keep their scale. A bin with no more rows than features has no covariance of full rank: its estimate is
    shrunk towards equal variances by oracle approximating shrinkage (Chen, Wiesel, Eldar and Hero 2010,
    eq. 23), which needs nothing but the estimate and n. With diagonal covariances it does what `DiagonalSpread`
    does.

    Cost: batch × width² for sums and calibration, and three decompositions of a matrix a populated bin at the
    end of an epoch (0.16 s a bin on one CPU core at width 512).
    """

    names = ("running_covariance", "smoothed_covariance")

    def shape(self, width: int) -> tuple[int, ...]:
        """A matrix."""
        return (width, width)

    def add(
        self,
        total: Float[Tensor, "bins width width"],
        index: Int[Tensor, " n"],
        rows: Float[Tensor, "n width"],
    ) -> None:
        """Outer products."""
        total.index_add_(0, index, rows.unsqueeze(2) * rows.unsqueeze(1))

    def estimate(
        self,
        count: Int[Tensor, " bins"],
        mean: Float[Tensor, "bins width"],
        products: Float[Tensor, "bins width width"],
    ) -> Float[Tensor, "bins width width"]:
        """(Σ z zᵀ - n · mean meanᵀ) / (n - 1), exactly 0 for features where that is noise; shrunk for small n."""
        n = count.view(-1, 1, 1)
        scatter = products - n * mean.unsqueeze(2) * mean.unsqueeze(1)
        noise = n[:, 0] * mean.square() * noise_of(mean.dtype)
        varies = scatter.diagonal(dim1=1, dim2=2) > noise
        scatter = scatter * varies.unsqueeze(2) * varies.unsqueeze(1)
        covariance = scatter / (n - 1).clamp(min=1)
        shrunk = shrink(covariance, n.to(covariance.dtype))
        return torch.where(n > mean.shape[1], covariance, shrunk)

    def variances(self, spread: Float[Tensor, "bins width width"]) -> Float[Tensor, "bins width"]:
        """The diagonals."""
        return spread.diagonal(dim1=1, dim2=2).clone()

    def scale(
        self,
        own: Float[Tensor, "bins width width"],
        smoothed: Float[Tensor, "bins width width"],
        limits: tuple[float, float],
    ) -> Float[Tensor, "bins width width"]:
        """Σ̃^½ Σ^-½ with clamped singular values; the identity without a covariance of its own."""
        result = torch.eye(own.shape[1], dtype=own.dtype, device=own.device).repeat(len(own), 1, 1)
        known = own.diagonal(dim1=1, dim2=2).any(1)
        at_once = max(1, _CELLS // own.shape[1] ** 2)
        for bins in known.nonzero().flatten().split(at_once):
            result[bins] = recolouring(own[bins], smoothed[bins], limits)
        return result

    def scaled(
        self, scale: Float[Tensor, "bins width width"], rows: Float[Tensor, "bins width"]
    ) -> Float[Tensor, "bins width"]:
        """Matrix times row."""
        return (scale @ rows.unsqueeze(2)).squeeze(2)

    def calibrate(
        self,
        features: Float[Tensor, "batch width *pixels"],
        index: Int[Tensor, "batch *pixels"],
        scale: Float[Tensor, "bins width width"],
        shift: Float[Tensor, "bins width"],
    ) -> Float[Tensor, "batch width *pixels"]:
        """scale[bin] · features + shift[bin]."""
        dtype = torch.promote_types(features.dtype, scale.dtype)
        last = features.movedim(1, -1).to(dtype)
        flat = index.reshape(-1)
        with float32_island():
            rows: Any = _MatrixOfRow.apply(last.reshape(-1, scale.shape[1]), flat, scale.to(dtype))
        rows = rows + functional.embedding(flat, shift)
        result = rows.reshape(last.shape).movedim(-1, 1)
        return result.contiguous() if features.is_contiguous() else result


def shrink(
    covariance: Float[Tensor, "bins width width"], n: Float[Tensor, "bins 1 1"]
) -> Float[Tensor, "bins width width"]:
    """Oracle approximating shrinkage: (1 - ρ) S + ρ · tr(S)/p · I.

    ρ = min(1, ((1 - 2/p) tr(S²) + tr²(S)) / ((n + 1 - 2/p) (tr(S²) - tr²(S)/p)))
    """
    width = covariance.shape[1]
    trace = covariance.diagonal(dim1=1, dim2=2).sum(1).view(-1, 1, 1)
    square = covariance.square().sum((1, 2), keepdim=True)
    over = (n + 1 - 2 / width) * (square - trace**2 / width)
    share = ((1 - 2 / width) * square + trace**2) / over.clamp(min=torch.finfo(over.dtype).tiny)
    share = share.clamp(max=1)
    target = trace / width * torch.eye(width, dtype=covariance.dtype, device=covariance.device)
    return (1 - share) * covariance + share * target


def recolouring(
    own: Float[Tensor, "bins width width"],
    smoothed: Float[Tensor, "bins width width"],
    limits: tuple[float, float],
) -> Float[Tensor, "bins width width"]:
    """Σ̃^½ Σ^-½ with its squared singular values clamped, no change along directions without variance."""
    values, vectors = torch.linalg.eigh(own)
    top = values[:, -1:]
    floor = torch.where(top > 0, noise_of(own.dtype) * top, 1.0)
    live = values > floor
    values = torch.where(live, values, floor)
    kept = _from_eigen(live.to(own.dtype), vectors)
    idle = _from_eigen((~live) * floor, vectors)
    white = _from_eigen(values.rsqrt(), vectors)
    smoothed_values, smoothed_vectors = torch.linalg.eigh(kept @ smoothed @ kept + idle)
    colour = _from_eigen(torch.maximum(smoothed_values, floor).sqrt(), smoothed_vectors)
    both = colour @ white
    # Not by svd(both): LAPACK's fails on the many equal singular values that shrinking makes.
    ratios, axes = torch.linalg.eigh(both.mT @ both)
    ratios = torch.maximum(ratios, ratios[:, -1:] * torch.finfo(own.dtype).eps)
    return both @ _from_eigen((ratios.clamp(*limits) / ratios).sqrt(), axes)


def _from_eigen(
    values: Float[Tensor, "bins width"], vectors: Float[Tensor, "bins width width"]
) -> Float[Tensor, "bins width width"]:
    return (vectors * values.unsqueeze(1)) @ vectors.mT


class _MatrixOfRow(torch.autograd.Function):
    """matrices[index] times each row, without all gathered matrices in memory at once, then or in backward."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, index: Tensor, matrices: Tensor) -> Tensor:
        ctx.save_for_backward(index, matrices)
        at_once = max(1, _CELLS // matrices[0].numel())
        parts = [
            (part.unsqueeze(1) @ matrices.index_select(0, i).mT).squeeze(1)
            for i, part in zip(index.split(at_once), rows.split(at_once), strict=True)
        ]
        return torch.cat(parts) if len(parts) > 1 else parts[0]

    @staticmethod
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Any, *gradients: Tensor
    ) -> tuple[Tensor, None, None]:
        index, matrices = ctx.saved_tensors
        result: Any = _MatrixOfRow.apply(gradients[0], index, matrices.mT)
        return result, None, None
