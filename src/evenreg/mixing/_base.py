"""AbstractMixing: draws, for the labels of a batch, who is blended with whom and how much."""

from abc import ABC, abstractmethod

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn
from torch.distributions import Beta

from evenreg import _check
from evenreg._torch import layer_of
from evenreg.mixing._mix import INPUT, Mix


class AbstractMixing(ABC):
    """``mixing(target) -> Mix``: partners and shares for one batch, drawn from torch's global generator.

    In distributed training each process blends its own rows.

    Args:
        alpha: Of Beta(alpha, alpha), of which every row's share is drawn, from 0.01. Below 1 most rows keep nearly
            all or nearly nothing of themselves; at 1 all shares are alike; large ones give halves.
    """

    #: Where rows are blended; one of them is drawn for each batch.
    layers: tuple[str, ...] = (INPUT,)

    def __init__(self, alpha: float) -> None:
        # Below it the two gammas of a beta are 0 in float32, and shares would be halves.
        self.alpha = _check.in_range(alpha, "alpha", 0.01, 1e6)

    def __call__(self, target: Shaped[Tensor, "batch ..."]) -> Mix:
        """How to blend the rows of a batch with these labels ``(batch, ...)``, on the labels' device."""
        _check.batch_size(len(target), 1, type(self).__name__, "skip a batch with nothing in it")
        partner = self._partners(target)
        return Mix(partner, _shares(len(target), self.alpha, target), self._layer())

    def check(self, model: nn.Module) -> None:
        """See before training whether the model has the layers.

        Raises:
            UnknownNameError: No such layer; the nearest names are offered.
        """
        for name in self.layers:
            if name != INPUT:
                layer_of(model, name)

    @abstractmethod
    def _partners(self, target: Shaped[Tensor, "batch ..."]) -> Tensor:
        """``(batch,)`` the row that each row is blended with."""

    def _layer(self) -> str:
        drawn = 0 if len(self.layers) == 1 else int(torch.randint(len(self.layers), ()))
        return self.layers[drawn]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in vars(self).items())})"


def _shares(rows: int, alpha: float, target: Tensor) -> Float[Tensor, " rows"]:
    """Shares of Beta(alpha, alpha), float32."""
    concentration = target.new_full((rows,), alpha, dtype=torch.float32)
    return Beta(concentration, concentration).sample()
