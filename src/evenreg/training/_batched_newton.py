"""Newton's method for many small problems at once: linear models under a loss of prediction and noise scale."""

from collections.abc import Callable
from typing import NamedTuple, final

import torch
from jaxtyping import Float, Int
from torch import Tensor

Slopes = Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor, Tensor]]
"""Of problems ``(r,)`` with predictions ``(r, n, out)`` and noise scales ``(r,)``: the value ``(r,)``, and its
derivatives by prediction ``(r, n, out)`` and by noise scale ``(r,)``."""

_STEP = (
    1e-5  # of a difference of exact gradients, in the unit of predictions and in logarithms of noise scales
)
_LONGEST = 0.7  # change of the logarithm of a noise scale in a step


@final
class Solved(NamedTuple):
    """Where every problem came to rest.

    Attributes:
        theta: ``(draws, features, out)``.
        sigma: ``(draws,)`` noise scale.
        converged: ``(draws,)`` whether it did.
    """

    theta: Float[Tensor, "draws features out"]
    sigma: Float[Tensor, " draws"]
    converged: Tensor


def batched_newton(
    slopes: Slopes,
    features: Float[Tensor, "draws n features"],
    theta: Float[Tensor, "draws features out"],
    sigma: Float[Tensor, " draws"],
    *,
    learn_sigma: bool,
    like: Slopes | None = None,
    tolerance: float = 1e-15,
    iterations: int = 100,
) -> Solved:
    """Minimises one small problem a draw: the weights of a linear model, and a noise scale along with them.

    A step costs one evaluation of the loss. The curvature, which only steers, is a difference of exact gradients: one
    more evaluation for each output and for the noise scale, since a sample's loss depends on its own prediction alone;
    near the solution it is kept. Negative curvature is turned round, and a step that does not descend is cut, so each
    problem ends in a minimum near its start. What is solved drops out of the batch; no problem sees another.

    Args:
        slopes: The loss, a mean over samples in units of log likelihood, and its derivatives.
        features: What the models weigh.
        theta: Where weights start.
        sigma: Where noise scales start, or what they are.
        learn_sigma: Whether noise scales are solved for, in logarithms.
        like: A cheaper loss of nearly the same curvature, which is taken until it turns out to differ.
        tolerance: Half the squared Newton step, in units of the loss, at which a problem is solved.
        iterations: Steps after which it is given up.
    """
    shape = (theta.shape[1], theta.shape[2])
    problem = _Problem(slopes, features, shape, learn_sigma)
    point = torch.cat([theta.flatten(1), sigma.log().unsqueeze(1)], 1)
    rows = torch.arange(len(point))
    converged = torch.zeros(len(point), dtype=torch.bool)
    value, slope, parts = problem.at(rows, point)
    if like is None:
        curvature = problem.curvature(rows, point, parts)
    else:
        cheap = _Problem(like, features, shape, learn_sigma)
        curvature = cheap.curvature(rows, point, cheap.at(rows, point)[2])
    scale = torch.ones(len(rows), dtype=point.dtype)
    before = torch.full_like(scale, torch.inf)
    for _ in range(iterations):
        step = _downhill(slope, curvature, learn_sigma)
        decrement = -(slope * step).sum(1) / 2
        done = decrement <= tolerance
        converged[rows[done]] = True
        if done.all():
            break
        kept = ~done
        rows, value, slope, curvature, scale, before, step, decrement = (
            a[kept] for a in (rows, value, slope, curvature, scale, before, step, decrement)
        )
        parts = tuple(part[kept] for part in parts)
        trial = point[rows] + scale.unsqueeze(1) * step
        new_value, new_slope, new_parts = problem.at(rows, trial)
        better = new_value <= value + 1e-12 * (1 + value.abs())
        point[rows[better]] = trial[better]
        value = torch.where(better, new_value, value)
        slope = torch.where(better.unsqueeze(1), new_slope, slope)
        parts = tuple(
            torch.where(better.reshape(-1, *[1] * (old.ndim - 1)), new, old)
            for new, old in zip(new_parts, parts, strict=True)
        )
        cut = scale < 1
        scale = torch.where(better, torch.ones_like(scale), scale / 4)
        # A curvature is good enough while steps are taken whole and make the decrement far smaller.
        far = decrement > 1e-4 if like is None else torch.zeros_like(better)
        stale = better & (far | cut | (decrement > 0.03 * before))
        before = torch.where(better, decrement, torch.inf)
        if stale.any():
            some = tuple(part[stale] for part in parts)
            curvature[stale] = problem.curvature(rows[stale], point[rows[stale]], some)
    weights = point[:, :-1].reshape(theta.shape)
    return Solved(weights, point[:, -1].exp() if learn_sigma else sigma.clone(), converged)


@final
class _Problem:
    """The loss as a function of ``(draws, features · out + 1)`` weights and logarithm of the noise scale."""

    def __init__(self, slopes: Slopes, features: Tensor, shape: tuple[int, int], learn_sigma: bool) -> None:
        self.slopes, self.features, self.learn_sigma = slopes, features, learn_sigma
        self.shape = shape

    def at(
        self, rows: Int[Tensor, " r"], point: Float[Tensor, "r size"]
    ) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        """Value, gradient, and what the curvature is a difference of."""
        prediction = self.features[rows] @ point[:, :-1].reshape(len(rows), *self.shape)
        value, *parts = self._parts(rows, prediction, point[:, -1].exp())
        return value, self._gradient(rows, *parts), (prediction, *parts)

    def _parts(self, rows: Tensor, prediction: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        value, by_prediction, by_sigma = self.slopes(rows, prediction, sigma)
        return value, by_prediction, by_sigma * sigma

    def _gradient(self, rows: Tensor, by_prediction: Tensor, by_log: Tensor) -> Tensor:
        by_theta = self.features[rows].transpose(1, 2) @ by_prediction
        return torch.cat([by_theta.flatten(1), by_log.unsqueeze(1)], 1)

    def curvature(
        self, rows: Tensor, point: Tensor, parts: tuple[Tensor, ...]
    ) -> Float[Tensor, "r size size"]:
        """Second derivatives, ``(r, size, size)``; the noise scale is held by a one where it is not learned."""
        prediction, by_prediction, by_log = parts
        features, size = self.features[rows], point.shape[1]
        full = torch.zeros(len(rows), size, size, dtype=point.dtype)
        out = self.shape[1]
        within = torch.empty(*by_prediction.shape, out, dtype=point.dtype)
        for k in range(out):
            moved = prediction.clone()
            moved[..., k] += _STEP
            within[..., k] = (self._parts(rows, moved, point[:, -1].exp())[1] - by_prediction) / _STEP
        by_weights = torch.einsum("rna,rnij,rnb->raibj", features, within, features)
        full[:, :-1, :-1] = by_weights.reshape(len(rows), size - 1, size - 1)
        if self.learn_sigma:
            sigma = (point[:, -1] + _STEP).exp()
            _, moved, moved_log = self._parts(rows, prediction, sigma)
            full[:, :-1, -1] = full[:, -1, :-1] = (
                features.transpose(1, 2) @ (moved - by_prediction) / _STEP
            ).flatten(1)
            full[:, -1, -1] = (moved_log - by_log) / _STEP
        else:
            full[:, -1, -1] = 1
        return (full + full.transpose(1, 2)) / 2


def _downhill(slope: Tensor, curvature: Tensor, learn_sigma: bool) -> Tensor:
    """Newton's step with every curvature made positive; the noise scale stands still or moves a little."""
    if not learn_sigma:
        slope = torch.cat([slope[:, :-1], torch.zeros_like(slope[:, -1:])], 1)
    # Scaled to a unit diagonal first: features may be of any size.
    size = curvature.diagonal(dim1=1, dim2=2).abs().clamp(min=1e-300).sqrt()
    values, axes = torch.linalg.eigh(curvature / size.unsqueeze(2) / size.unsqueeze(1))
    values = values.abs().clamp(min=1e-9)
    scaled = (axes.transpose(1, 2) @ (slope / size).unsqueeze(2)).squeeze(2) / values
    step = -(axes @ scaled.unsqueeze(2)).squeeze(2) / size
    longest = step[:, -1:].abs() / _LONGEST
    return step / longest.clamp(min=1)
