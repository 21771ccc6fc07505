"""One cell of the synthetic benchmark: a row's models of all draws of a setting, and their errors."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from torch import Tensor

from evenreg.data import SYNTHETIC, SyntheticSetting, reverse_regression
from evenreg.training._batched_newton import Solved, batched_newton
from evenreg.training._synthetic_losses import SyntheticLosses
from evenreg.training._synthetic_methods import SYNTHETIC_METHODS
from evenreg.training._synthetic_sgd import sgd_recipe

# Draws that are solved together; more would not be faster and need more memory.
_TOGETHER = 50


@final
@dataclass(frozen=True)
class SyntheticCell:
    """Errors of one row on one setting.

    Attributes:
        setting: Name of the setting.
        method: Name of the row.
        mode: ``converged`` or ``sgd``.
        prior: ``labels`` or ``generator``.
        components: K of GAI on this setting.
        errors: Test MSE of each draw.
        reference: That of reverse regression on the same draw; empty where the model is no line.
        sigma: Noise scale of each draw.
        unsolved: Draws that did not come to rest, or whose training diverged.
        seconds: Time of the cell.
    """

    setting: str
    method: str
    mode: str
    prior: str
    components: int
    errors: tuple[float, ...]
    reference: tuple[float, ...]
    sigma: tuple[float, ...]
    unsolved: int
    seconds: float

    @property
    def mean(self) -> float:
        """Mean test MSE over draws."""
        return float(np.mean(self.errors))

    @property
    def ratio(self) -> float | None:
        """Mean test MSE over that of reverse regression; None where there is none."""
        return self.mean / float(np.mean(self.reference)) if self.reference else None


def solve_synthetic(
    setting: str,
    method: str,
    seeds: Sequence[int],
    *,
    mode: str = "converged",
    prior: str = "labels",
    components: int | None = None,
) -> SyntheticCell:
    """Trains one row on every draw of a setting and tests it.

    Converged, models come to rest in a minimum by Newton's method over all labels of a draw; GAI with one component and
    true noise starts from least squares, learned noise from there, BMC and BNI from GAI. ``sgd`` is the recipe of the
    paper, see `evenreg.training._synthetic_sgd`. All draws go through each step together.

    Args:
        setting: A key of `SYNTHETIC`.
        method: A key of `SYNTHETIC_METHODS`.
        seeds: One draw each.
        mode: ``converged`` or ``sgd``.
        prior: What GAI and BNI learn the label distribution from: the draw's own training ``labels``, or 10,000 fresh
            ones from the ``generator``. BMC's are the labels of its batch and ``inv``'s the true density in either.
        components: K of GAI; None for 1 where labels are normal and 16 where they are not.

    Example:
        >>> cell = solve_synthetic("normal-low", "gai", range(3))
        >>> round(cell.ratio, 4), cell.unsolved  # GAI with one component and learned noise is reverse regression
        (1.0, 0)

    Paper: papers/002 sections 4.1, B.1 and D.
    """
    began = time.perf_counter()
    data, row = SYNTHETIC[setting], SYNTHETIC_METHODS[method]
    test, parts, reference = data.test(), [], []
    size = len(seeds) if mode == "sgd" else _TOGETHER
    used = 1
    for some in (seeds[i : i + size] for i in range(0, len(seeds), size)):
        features, x, y = data.draw(some)
        own = prior == "labels" or row.loss not in ("gai", "bni")
        labels = list(y) if own else [data.fresh_labels(seed) for seed in some]
        losses = SyntheticLosses(data, labels, components)
        used = losses.components
        tensors = torch.from_numpy(features), torch.from_numpy(y)
        if mode == "sgd":
            parts.append(sgd_recipe(data, losses, row, *tensors, some))
        else:
            parts.append(_converged(data, losses, row.loss, row.learn, *tensors))
        if data.is_line:
            reference += test.error(reverse_regression(x, y)).tolist()
    theta, sigma, solved = (torch.cat(part) for part in zip(*parts, strict=True))
    return SyntheticCell(
        setting,
        method,
        mode,
        prior,
        used,
        tuple(test.error(theta.numpy()).tolist()),
        tuple(reference),
        tuple(sigma.tolist()),
        int((~solved).sum()),
        time.perf_counter() - began,
    )


def _converged(
    data: SyntheticSetting, losses: SyntheticLosses, loss: str, learn: bool, features: Tensor, y: Tensor
) -> Solved:
    def solve(name: str, start: Solved, learn: bool) -> Solved:
        return batched_newton(losses(name, y), features, start.theta, start.sigma, learn_sigma=learn)

    draws = len(y)
    zero = features.new_zeros(draws, features.shape[2], y.shape[2])
    start = Solved(zero, features.new_ones(draws), torch.ones(draws, dtype=torch.bool))
    if loss in ("vanilla", "inv"):
        return solve(loss, start, learn=False)
    like = losses.mixture(y, 1 if data.is_line and data.is_normal else 8)
    for slopes, learned in ((losses.mixture(y, 1), False), (like, False), (like, learn)):
        start = batched_newton(slopes, features, start.theta, start.sigma, learn_sigma=learned)
    if loss == "bmc":  # minutes rather than seconds, so its curvature is taken from a mixture's
        return batched_newton(
            losses("bmc", y), features, start.theta, start.sigma, learn_sigma=learn, like=like
        )
    return solve(loss, start, learn)
