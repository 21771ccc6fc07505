"""How much likelier each support point is than the target itself: what BMC and BNI at bin centres sum."""

import torch
from jaxtyping import Float
from torch import Tensor


def log_density_ratio(
    prediction: Float[Tensor, "batch out"],
    target: Float[Tensor, "batch out"],
    support: Float[Tensor, "points out"],
    sigma: Float[Tensor, ""],
) -> Float[Tensor, "batch points"]:
    """Log N(support; prediction, sigma²·I) − log N(target; prediction, sigma²·I), for every sample and point.

    With e = prediction − target and δ = support − target this is (e·δ − |δ|²/2) / sigma². The squared
    distances from the prediction, which lose all digits where it is far away, never appear, and neither do
    the normalisers.
    """
    error = prediction - target
    if prediction.shape[1] == 1:
        delta = support.T - target
        return delta * (error - delta / 2) / sigma**2
    # |δ|² from differences, not from products: labels that nearly agree must keep their distance.
    distance = torch.cdist(target, support, compute_mode="donot_use_mm_for_euclid_dist")
    center = support.mean(0)
    product = error @ (support - center).T - (error * (target - center)).sum(1, keepdim=True)
    return (product - distance**2 / 2) / sigma**2
