"""The training recipe of papers/002 B.1.2 for the synthetic benchmark, all draws at once."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from evenreg.data import SyntheticSetting
from evenreg.training._batched_newton import Solved
from evenreg.training._synthetic_losses import SyntheticLosses
from evenreg.training._synthetic_methods import SyntheticMethod

BATCH = 256
_LINE_EPOCHS, _OTHER_EPOCHS = 2_000, 10_000


def sgd_recipe(
    data: SyntheticSetting,
    losses: SyntheticLosses,
    row: SyntheticMethod,
    features: Tensor,
    y: Tensor,
    seeds: Sequence[int],
    epochs: int | None = None,
) -> Solved:
    """Trains by mini-batches of 256; the models after the last epoch.

    Lines of one dimension: 2,000 epochs of SGD, learning rate .001, momentum .9. Lines of two, and curves: 10,000
    epochs of Adam, learning rate .2. Where the paper is silent: weights start at 0, a learned noise scale at the RMSE
    of least squares on the training rows (1 would give the answer away) and is learned in logarithms, and the
    learning rate goes to 0 along a cosine, as in the released code. Losses are those of the package, times 2·sigma².

    Args:
        data: The setting.
        losses: Its losses.
        row: Loss, and whether the noise scale is learned.
        features: ``(draws, n, n_features)``.
        y: ``(draws, n, dim)``.
        seeds: ``(draws,)``, which give the order of each draw's batches.
        epochs: Instead of the paper's.
    """
    draws, n, dim = y.shape
    theta = features.new_zeros(draws, features.shape[2], dim).requires_grad_()
    start = least_squares_rmse(features, y) if row.learn else features.new_ones(draws)
    log_sigma = start.log().requires_grad_(row.learn)
    parameters = [theta, log_sigma] if row.learn else [theta]
    by_sgd = data.is_line and dim == 1
    epochs = epochs or (_LINE_EPOCHS if by_sgd else _OTHER_EPOCHS)
    optimizer: torch.optim.Optimizer = (
        torch.optim.SGD(parameters, lr=1e-3, momentum=0.9) if by_sgd else torch.optim.Adam(parameters, lr=0.2)
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    orders = [np.random.default_rng([seed, n, dim]) for seed in seeds]
    each, every = torch.arange(draws).unsqueeze(1), torch.arange(draws)
    for _ in range(epochs):
        order = torch.from_numpy(np.stack([rng.permutation(n) for rng in orders]))
        for batch in order.split(BATCH, dim=1):
            f, target = features[each, batch], y[each, batch]
            sigma = log_sigma.detach().exp()
            _, by_prediction, by_sigma = losses(row.loss, target)(every, f @ theta.detach(), sigma)
            factor = 2 * sigma**2
            theta.grad = factor[:, None, None] * (f.transpose(1, 2) @ by_prediction)
            if row.learn:
                log_sigma.grad = factor * by_sigma * sigma
            optimizer.step()
        schedule.step()
    theta, sigma = theta.detach(), log_sigma.detach().exp()
    return Solved(theta, sigma, theta.isfinite().all((1, 2)) & sigma.isfinite())


def least_squares_rmse(features: Tensor, y: Tensor) -> Tensor:
    """``(draws,)`` what least squares leaves on the training rows."""
    plain = torch.linalg.lstsq(features, y).solution
    return (features @ plain - y).square().mean((1, 2)).sqrt()
