"""The losses of the package as `Slopes` of many draws at once: value, and derivatives by prediction and noise scale."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.func import grad_and_value, vmap

from evenreg.losses import MSELoss
from evenreg.losses._bmc import bmc_nll
from evenreg.losses._bni import centers_nll
from evenreg.losses._density_nll import density_nll
from evenreg.losses._gai import gai_nll
from evenreg.training._batched_newton import Slopes

_BLOCK = 128  # samples that are held against all labels at a time, so that the square stays in the cache
_CHUNK = 4_000_000  # numbers that draws which go at once may need together


def squared_error(y: Tensor, weight: Tensor | None = None) -> Slopes:
    """`MSELoss`, summed over outputs, halved as a likelihood of noise of SD 1 is; ``weight`` is ``(draws, n)``."""
    loss, out = MSELoss(), y.shape[2]

    def cost(p: Tensor, sigma: Tensor, target: Tensor, w: Tensor | None = None) -> Tensor:
        return loss(p, target, w) * (out / 2) + 0 * sigma

    return _vmapped(cost, [y] if weight is None else [y, weight], len(y))


def batch_prior(y: Tensor) -> Slopes:
    """BMC with all labels of a draw as the batch."""

    def nll(row: int, block: slice, p: Tensor, sigma: Tensor) -> Tensor:
        return bmc_nll(p, y[row, block], sigma, y[row], block.start)

    return _one_by_one(nll, _BLOCK)


def mixture_prior(y: Tensor, mixtures: Sequence[Any]) -> Slopes:
    """GAI; one fitted `GAILoss` a draw."""
    stacked = [torch.stack(parts) for parts in zip(*(m._learned_buffers() for m in mixtures), strict=True)]

    def cost(p: Tensor, sigma: Tensor, target: Tensor, *mixture: Tensor) -> Tensor:
        return gai_nll(p, target, *mixture, sigma).mean()  # pyright: ignore[reportCallIssue]

    components = stacked[0].shape[1]
    return _vmapped(cost, [y, *stacked], max(1, _CHUNK // (y.shape[1] * y.shape[2] * components)))


def histogram_prior(y: Tensor, histograms: Sequence[Any]) -> Slopes:
    """BNI; one fitted `BNILoss` a draw, over bins of constant density."""
    parts = [loss._learned_buffers() for loss in histograms]

    def nll(row: int, block: slice, p: Tensor, sigma: Tensor) -> Tensor:
        edges, densities = parts[row]
        return density_nll(p, y[row, block], edges, densities, sigma)

    return _one_by_one(nll, y.shape[1])


def grid_prior(y: Tensor, grids: Sequence[Any]) -> Slopes:
    """BNI; one `BNILoss.from_bins` a draw, over points of a product grid."""
    parts = [loss._learned_buffers() for loss in grids]

    def nll(row: int, block: slice, p: Tensor, sigma: Tensor) -> Tensor:
        centers, masses = parts[row]
        return centers_nll(p, y[row, block], centers, masses, sigma)

    return _one_by_one(nll, _BLOCK)


def _one_by_one(nll: Callable[[int, slice, Tensor, Tensor], Tensor], size: int) -> Slopes:
    """A draw after the other, in blocks of samples: for what is large, and for a backward that vmap cannot follow."""

    def slopes(rows: Tensor, prediction: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        value, by_sigma = torch.zeros_like(sigma), torch.zeros_like(sigma)
        by_prediction, n = torch.empty_like(prediction), prediction.shape[1]
        for i, row in enumerate(rows.tolist()):
            s = sigma[i].detach().requires_grad_()
            for start in range(0, n, size):
                block = slice(start, min(start + size, n))
                p = prediction[i, block].detach().requires_grad_()
                part = nll(row, block, p, s).sum() / n
                slope, stretch = torch.autograd.grad(part, (p, s))
                value[i] += part.detach()
                by_prediction[i, block] = slope
                by_sigma[i] += stretch
        return value, by_prediction, by_sigma

    return slopes


def _vmapped(cost: Callable[..., Tensor], data: list[Tensor], chunk: int) -> Slopes:
    both = vmap(grad_and_value(cost, argnums=(0, 1)), chunk_size=chunk)

    def slopes(rows: Tensor, prediction: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        (by_prediction, by_sigma), value = both(prediction, sigma, *(part[rows] for part in data))
        return value, by_prediction, by_sigma

    return slopes
