"""How much smoothing over bins changes feature statistics."""

from jaxtyping import Bool, Float
from torch import Tensor

from evenreg import _check
from evenreg.features._fds import FDS


def smoothing_distance(fds: FDS) -> tuple[float, float]:
    """L1 distance between running and smoothed means, and variances, averaged over the bins that have them.

    Taken after each `FDS.end_epoch` it shows how features of nearby labels become alike while training.

    Args:
        fds: After an epoch that it observed.

    Returns:
        The distance of the means and that of the variances, each summed over features; NaN where no bin has
        any (a variance takes two rows).

    Raises:
        NotFittedError: Before `FDS.fit`.

    Example:
        >>> import torch
        >>> from evenreg.labels import LabelSpace
        >>> y = torch.tensor([0.0, 1.0, 2.0])
        >>> fds = FDS(start_update=0, start_smooth=1, kernel="triangular", size=3).fit(LabelSpace.fit(y))
        >>> fds.observe(torch.tensor([[0.0], [3.0], [0.0]]), y)
        >>> fds.end_epoch()
        >>> mean, _ = smoothing_distance(fds)  # smoothed means 1, 1.5, 1
        >>> round(mean, 6)
        1.166667

    Paper: papers/000 Fig. 8 (c).
    """
    _check.fitted(fds, "_fitted")
    return (
        _l1(fds.running_mean, fds.smoothed_mean, fds.counts > 0),
        _l1(fds.running_var, fds.smoothed_var, fds.counts > 1),
    )


def _l1(
    running: Float[Tensor, "bins features"],
    smoothed: Float[Tensor, "bins features"],
    known: Bool[Tensor, " bins"],
) -> float:
    return (running - smoothed).abs().sum(1)[known].mean().item()
