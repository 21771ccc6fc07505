"""Balanced MSE under a density that is constant within each bin: exact, at any distance from the bins, and cheap."""

import math
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

_SQRT_PI = math.sqrt(math.pi)


def density_nll(
    prediction: Float[Tensor, "batch 1"],
    target: Float[Tensor, "batch 1"],
    edges: Float[Tensor, " cuts"],
    densities: Float[Tensor, " bins"],
    sigma: Float[Tensor, ""],
) -> Float[Tensor, " batch"]:
    """Eq. 3.6 a sample: log Σ_b density_b · (Φ((e_{b+1} − p) / sigma) − Φ((e_b − p) / sigma)) − log N(y; p, sigma²).

    Neighbouring bins must differ in density and the outer ones must have some: each edge then bounds a bin with
    density, which keeps all scaled terms finite. Differentiable once, in prediction, target and sigma.
    """
    result: Any = _DensityNLL.apply(prediction, target, sigma, edges, densities)
    return result


class _DensityNLL(torch.autograd.Function):
    """The likelihood and its gradient in one pass.

    Far from the bins every term underflows, so the Gaussian factor of the nearest point that has density (the
    anchor) is taken out of all of them. The gradient of the integral I is written out, because autograd's would
    cancel and cost more. With z = (e − p) / sigma:

        ∂/∂p     log I = −(1 / sigma) Σ_b density_b · (φ(z_{b+1}) − φ(z_b)) / I
        ∂/∂sigma log I = −(1 / sigma) Σ_b density_b · (z_{b+1}·φ(z_{b+1}) − z_b·φ(z_b)) / I
    """

    @staticmethod
    def forward(
        ctx: Any, prediction: Tensor, target: Tensor, sigma: Tensor, edges: Tensor, densities: Tensor
    ) -> Tensor:
        position = torch.bucketize(prediction.contiguous(), edges)
        anchor = _nearest_with_density(prediction, position, edges, densities)
        # Lengths in units of √2·sigma, so that the Gaussian is exp(−t²) and its tail erfc(t).
        unit = math.sqrt(0.5) / sigma
        error, offset = (prediction - target) * unit, (anchor - prediction) * unit
        back, width = (anchor - edges) * unit, edges.diff() * unit
        t = offset - back
        # exp(offset² − t²), the exponent as a product of differences: squares would leave no digits far away.
        height = torch.exp(back * (t + offset))
        lower, upper = height[:, :-1], height[:, 1:]

        # upper − lower and t·upper − t·lower without cancellation; expm1 of what is negative does not overflow.
        rise = (t[:, :-1] + t[:, 1:]) * -width
        gentle = -rise.abs()
        change = torch.copysign(torch.maximum(lower, upper) * torch.expm1(gentle), rise)
        spread = torch.addcmul(upper * width, t[:, :-1], change)

        # Tails keep their digits on both sides; the whole of the Gaussian is added where a bin holds the prediction.
        tail = torch.copysign(_scaled_tail(t.abs(), offset, height), t)
        # Narrow bins: tails nearly agree; the trapezoid rule with end correction does not care.
        trapezoid = torch.addcmul(spread * (width**2 / 6), lower + upper, width / 2)
        limit = 0.07 if t.dtype == torch.float32 else 0.007
        narrow = width < limit
        mass = torch.where(gentle > torch.where(narrow, -limit, torch.inf), trapezoid, tail[:, :-1] - tail[:, 1:])
        mass = mass @ densities + _SQRT_PI * functional.pad(densities.masked_fill(narrow, 0), (1, 1))[position[:, 0]]

        if any(ctx.needs_input_grad):
            pull = 2 * error[:, 0]
            slope = (pull - change @ densities / mass) * unit
            stretch = (1 - pull * error[:, 0] - spread @ densities / mass) / sigma
            ctx.save_for_backward(pull * -unit, slope, stretch)
        # error² − offset², again as a product of differences.
        between = (anchor - target) * unit
        return (between * (2 * error - between))[:, 0] + torch.log(mass * (math.sqrt(2) * sigma))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        to_target, slope, stretch = (gradients[0] * derivative for derivative in ctx.saved_tensors)
        return slope.unsqueeze(1), to_target.unsqueeze(1), stretch.sum(), None, None


def _nearest_with_density(prediction: Tensor, position: Tensor, edges: Tensor, densities: Tensor) -> Tensor:
    """The prediction itself where the density is above 0, otherwise the nearest edge."""
    inside = functional.pad(densities, (1, 1))[position] > 0
    lower = edges[(position - 1).clamp(min=0)]
    upper = edges[position.clamp(max=len(edges) - 1)]
    nearest = torch.where(prediction - lower < upper - prediction, lower, upper)
    return torch.where(inside, prediction, nearest)


def _scaled_tail(size: Tensor, offset: Tensor, height: Tensor) -> Tensor:
    """√π / 2 · exp(offset²) · erfc(size), beyond the reach of erfc by five levels of its continued fraction.

    `torch.special.erfcx` would do for both, ten times slower on a CPU. The fraction's error, 4 / size¹⁰, is below the
    rounding error from where it is used on.
    """
    reach = 5.0 if size.dtype == torch.float32 else 22.0
    near = torch.erfc(size) * (torch.exp(offset**2) * (_SQRT_PI / 2))
    square = size * size
    far = ((square + 4.5) * square + 2) / (((square + 5) * square + 3.75) * (2 * size)) * height
    return torch.where(offset.abs() < reach, near, far)
