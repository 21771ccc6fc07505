"""Prediction: what every head returns."""

from typing import NamedTuple, final

from jaxtyping import Float, Shaped
from torch import Tensor


@final
class Prediction(NamedTuple):
    """A head's prediction of a batch.

    Attributes:
        value: ``(batch, out)``, in the units the head predicts in.
        extras: What the value came from, by name, each with the batch axis first; the head's terms need it.
    """

    value: Float[Tensor, "batch out"]
    extras: dict[str, Shaped[Tensor, "batch ..."]]
