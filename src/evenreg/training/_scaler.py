"""Label units to the units a network learns in, and back."""

from typing import Any, Self, final

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor, nn

from evenreg import _check
from evenreg.errors import InputError
from evenreg.mixing import Mix

# One wild prediction on a log scale must not make every mean infinite: exp(80) is 5e34, within float32.
_LARGEST_EXPONENT = 80.0


@final
class TargetScaler(nn.Module):
    """Standardise targets by the mean and SD of the training labels, per dimension.

    Betas, noise scales and learning rates then count in standard deviations, so that one default serves ages,
    prices and millimetres. With ``log=True`` the logarithm of a positive target is standardised, and
    predictions come back through ``exp`` (the median of a log-normal error, not its mean).

    The numbers are kept as Python floats and saved as the module's extra state: a float32 buffer would lose a
    label such as a time stamp, a float64 buffer cannot live on every device.

    Args:
        dim: Label dimensions.
        log: Whether to take the logarithm first.
        unit: So many label units (of the logarithm, where one is taken) count as one, and nothing is taken off, as in
            the papers; None standardises.

    Example:
        >>> scaler = TargetScaler().fit(np.array([1.0, 3.0]))
        >>> scaler.inverse(scaler(torch.tensor([[5.0]])))
        tensor([[5.]], dtype=torch.float64)
    """

    def __init__(self, dim: int = 1, log: bool = False, unit: float | None = None) -> None:
        super().__init__()
        self.log = log
        self.unit = None if unit is None else _check.positive(unit, "unit")
        self.mean = [0.0] * dim
        self.std = [1.0] * dim

    def fit(self, y: NDArray[np.float64]) -> Self:
        """Learn mean and SD (divisor n) of training labels ``(n,)`` or ``(n, dim)``; a constant column keeps SD 1."""
        columns = self._logged(np.asarray(y, dtype=np.float64).reshape(len(y), -1))
        if self.unit is not None:
            self.mean, self.std = [0.0] * columns.shape[1], [self.unit] * columns.shape[1]
            return self
        self.mean = columns.mean(axis=0).tolist()
        self.std = [s if s > 0 else 1.0 for s in columns.std(axis=0).tolist()]
        return self

    def _logged(self, y: NDArray[np.float64]) -> NDArray[np.float64]:
        if not self.log:
            return y
        if np.min(y) <= 0:
            raise InputError(
                f"log: expected a target above 0, got {np.min(y):g}; leave the method 'log' out."
            )
        return np.log(y)

    def standardize(self, y: NDArray[np.float64]) -> NDArray[np.float64]:
        """The same map on NumPy labels ``(n,)`` or ``(n, dim)`` in float64, for priors and mixtures."""
        columns = (self._logged(y.reshape(len(y), -1)) - np.array(self.mean)) / np.array(self.std)
        return columns.reshape(y.shape)

    def forward(self, target: Float[Tensor, "batch out"]) -> Float[Tensor, "batch out"]:
        """Label units to standard deviations, float32."""
        logged = target.log() if self.log else target
        return ((logged - target.new_tensor(self.mean)) / target.new_tensor(self.std)).float()

    def inverse(self, prediction: Float[Tensor, "batch out"]) -> Float[Tensor, "batch out"]:
        """Standard deviations to label units, float64 where the device has it: float32 ends at every 128th second."""
        wide = prediction.to(torch.float32 if prediction.device.type == "mps" else torch.float64)
        labels = wide * wide.new_tensor(self.std) + wide.new_tensor(self.mean)
        return labels.clamp(max=_LARGEST_EXPONENT).exp() if self.log else labels

    def blended(self, target: Float[Tensor, "batch out"], mix: Mix) -> Float[Tensor, "batch out"]:
        """Labels blended on a straight line in the units the network learns in; label units in and out."""
        return mix(target.log()).exp() if self.log else mix(target)

    def get_extra_state(self) -> dict[str, Any]:
        """Mean, SD and transform, for the state dict."""
        return {"mean": self.mean, "std": self.std, "log": self.log}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Take mean, SD and transform from a state dict."""
        self.mean, self.std, self.log = list(state["mean"]), list(state["std"]), bool(state["log"])
