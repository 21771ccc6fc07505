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

_BLOCK = 64  # rows of BMC's square of labels that are in the processor's cache together
_CHUNK = 4_000  # numbers a draw's samples may need together, in thousands, for several draws to go at once


def squared_error(y: Tensor, weight: Tensor | None = None) -> Slopes:
    """`MSELoss`, summed over outputs, halved as a likelihood of noise of SD 1 is; ``weight`` is ``(draws, n)``."""
    loss, out = MSELoss(), y.shape[2]

    def cost(p: Tensor, sigma: Tensor, target: Tensor, w: Tensor | None = None) -> Tensor:
        return loss(p, target, w) * (out / 2) + 0 * sigma

    return _vmapped(cost, [y] if weight is None else [y, weight], len(y))


def batch_prior(y: Tensor) -> Slopes:
    """BMC with all labels of a draw as the batch."""

    def cost(p: Tensor, sigma: Tensor, target: Tensor) -> Tensor:
        blocks = zip(p.split(_BLOCK), target.split(_BLOCK), strict=True)
        return torch.cat(
            [bmc_nll(a, b, sigma, target, k * _BLOCK) for k, (a, b) in enumerate(blocks)]
        ).mean()

    return _vmapped(cost, [y], 1)


def mixture_prior(y: Tensor, mixtures: Sequence[Any]) -> Slopes:
    """GAI; one fitted `GAILoss` a draw."""
    stacked = [torch.stack(parts) for parts in zip(*(m._learned_buffers() for m in mixtures), strict=True)]

    def cost(p: Tensor, sigma: Tensor, target: Tensor, *mixture: Tensor) -> Tensor:
        return gai_nll(p, target, *mixture, sigma).mean()  # pyright: ignore[reportCallIssue]

    components = stacked[0].shape[1]
    return _vmapped(cost, [y, *stacked], max(1, _CHUNK * 1000 // (y.shape[1] * y.shape[2] * components)))


def histogram_prior(y: Tensor, histograms: Sequence[Any]) -> Slopes:
    """BNI; one fitted `BNILoss` a draw, over bins of constant density."""
    parts = [loss._learned_buffers() for loss in histograms]

    def slopes(rows: Tensor, prediction: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        value, by_prediction, by_sigma = torch.empty_like(sigma), torch.empty_like(prediction), sigma.clone()
        for i, row in enumerate(rows.tolist()):  # a custom backward that vmap does not go through
            p, s = prediction[i].detach().requires_grad_(), sigma[i].detach().requires_grad_()
            edges, densities = parts[row]
            nll = density_nll(p, y[row], edges, densities, s).mean()
            by_prediction[i], by_sigma[i] = torch.autograd.grad(nll, (p, s))
            value[i] = nll.detach()
        return value, by_prediction, by_sigma

    return slopes


def grid_prior(y: Tensor, grids: Sequence[Any]) -> Slopes:
    """BNI; one `BNILoss.from_bins` a draw, over points of a product grid."""
    parts = [loss._learned_buffers() for loss in grids]
    most = max(len(mass) for _, mass in parts)
    # Points without mass fill up; they count for nothing.
    centers = torch.stack([torch.cat([c, c[:1].expand(most - len(c), -1)]) for c, _ in parts])
    masses = torch.stack([torch.cat([m, m.new_zeros(most - len(m))]) for _, m in parts])

    def cost(p: Tensor, sigma: Tensor, target: Tensor, c: Tensor, mass: Tensor) -> Tensor:
        blocks = zip(p.split(4 * _BLOCK), target.split(4 * _BLOCK), strict=True)
        return torch.cat([centers_nll(a, b, c, mass, sigma) for a, b in blocks]).mean()

    return _vmapped(cost, [y, centers, masses], 1)


def _vmapped(cost: Callable[..., Tensor], data: list[Tensor], chunk: int) -> Slopes:
    both = vmap(grad_and_value(cost, argnums=(0, 1)), chunk_size=chunk)

    def slopes(rows: Tensor, prediction: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        (by_prediction, by_sigma), value = both(prediction, sigma, *(part[rows] for part in data))
        return value, by_prediction, by_sigma

    return slopes
