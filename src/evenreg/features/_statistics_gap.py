"""How far statistics of the batches of training lie from those of a pass of their own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from jaxtyping import Float
from torch import Tensor

from evenreg import _check


@final
@dataclass(frozen=True, eq=False)
class StatisticsGap:
    """What `statistics_gap` found, bin by bin; its text tells the medians.

    Attributes:
        mean: ``(bins,)`` distance of the means, root mean square over features, in SDs of the pass.
        variance: ``(bins,)`` ratio of the variances, streamed over passed, geometric mean over features.
    """

    mean: Float[Tensor, " bins"]
    variance: Float[Tensor, " bins"]

    def __str__(self) -> str:
        known = self.mean.isfinite()
        return (
            f"streamed means are off by {self.mean.nanmedian():.3g} SD, streamed variances are "
            f"{self.variance.nanmedian():.3g} times those of the pass (medians over bins, n = {int(known.sum())})"
        )


def statistics_gap(streamed: Mapping[str, Any], passed: Mapping[str, Any]) -> StatisticsGap:
    """How far two states of `FDS` over the same bins and layer differ: streamed against an extra pass.

    Streamed statistics mix the features of a whole epoch, in which the encoder moves; a pass at its end sees
    one encoder. Let a second FDS with ``statistics="extra_pass"`` observe the same layer now and then, and
    the gap says whether streaming will do.

    Args:
        streamed: State dict of the one.
        passed: State dict of the other, the yardstick.

    Returns:
        The gap; NaN for bins, and features left out, without variance on either side.

    Raises:
        ShapeError: States of different bins or widths.

    Example:
        >>> import torch
        >>> state = {"running_mean": torch.zeros(1, 2), "running_var": torch.ones(1, 2)}
        >>> drifted = {"running_mean": torch.ones(1, 2), "running_var": torch.full((1, 2), 4.0)}
        >>> print(statistics_gap(drifted, state))
        streamed means are off by 1 SD, streamed variances are 4 times those of the pass (medians over bins, n = 1)
    """
    _check.same_shape(streamed=streamed["running_mean"], passed=passed["running_mean"])
    var, yardstick = streamed["running_var"], passed["running_var"]
    both = ((var > 0) & (yardstick > 0)).to(var.dtype)
    n = both.sum(1)
    distance = (streamed["running_mean"] - passed["running_mean"]).square() / yardstick.where(both > 0, 1.0)
    ratio = var.where(both > 0, 1.0) / yardstick.where(both > 0, 1.0)
    return StatisticsGap(((distance * both).sum(1) / n).sqrt(), (ratio.log().sum(1) / n).exp())
