"""Mix: how the rows of one batch are blended."""

from dataclasses import dataclass
from typing import Any, final

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from evenreg._torch import layer_of
from evenreg.errors import InputError, ShapeError

#: What the inputs are called where layers are named.
INPUT = "input"


@final
@dataclass(frozen=True, eq=False)
class Mix:
    """The partner of each row of a batch, and the share that the row keeps.

        mix(t)_i = λ_i t_i + (1 − λ_i) t_partner(i)

    Attributes:
        partner: ``(batch,)`` the row that each row is blended with, perhaps itself.
        share: ``(batch,)`` λ, from 0 to 1.
        layer: The layer whose output `run` blends, as ``model.named_modules()`` calls it, or ``"input"``.

    Example:
        >>> mix = Mix(partner=torch.tensor([1, 0]), share=torch.tensor([0.75, 1.0]))
        >>> mix(torch.tensor([[0.0], [4.0]]))
        tensor([[1.],
                [4.]])

    Paper: Zhang et al. 2018 (mixup: Beyond empirical risk minimization) eq. 1 of section 2, with a λ for each row.
    """

    partner: Int[Tensor, " batch"]
    share: Float[Tensor, " batch"]
    layer: str = INPUT

    def __call__(self, rows: Any) -> Tensor:
        """Something that has one row a sample, ``(batch, ...)``, blended; a row that is its own partner stays exact.

        Raises:
            ShapeError: Another number of rows.
            InputError: Whole numbers, such as token ids or pixels from 0 to 255, between which nothing lies.
        """
        if not isinstance(rows, Tensor) or rows.ndim < 1 or len(rows) != len(self.partner):
            got = str(tuple(rows.shape)) if isinstance(rows, Tensor) else type(rows).__name__
            raise ShapeError(
                f"mixing: expected tensors of {len(self.partner)} rows, one a label, got {got}; give what has a row a "
                "sample."
            )
        if not rows.is_floating_point():
            raise InputError(
                f"mixing: expected numbers with a fraction, got {rows.dtype}; turn pixels into floats, and mix token "
                "ids or categories inside the model, by ManifoldMixup with the layer that embeds them."
            )
        share = self.share.to(rows.dtype).reshape(-1, *[1] * (rows.ndim - 1))
        return torch.lerp(rows[self.partner], rows, share)

    def run(self, model: nn.Module, *inputs: Any, **named: Any) -> Any:
        """The model's output for blended rows.

        Args:
            model: Any model that calls ``layer`` once.
            *inputs: Its arguments. Where inputs are blended every tensor of them is, with its first axis of rows.
            **named: Likewise, by name.

        Raises:
            UnknownNameError: No such layer; the nearest names are offered.
            InputError: A layer that the model does not call, or calls more than once.
            ShapeError: A layer whose output is no tensor with a row a sample.
        """
        if self.layer == INPUT:
            blended = {name: self._if_tensor(value) for name, value in named.items()}
            return model(*map(self._if_tensor, inputs), **blended)
        calls = 0

        def blend(layer: nn.Module, args: Any, output: Any) -> Tensor:
            del layer, args
            nonlocal calls
            calls += 1
            return self(output)

        hook = layer_of(model, self.layer).register_forward_hook(blend)
        try:
            output = model(*inputs, **named)
        finally:
            hook.remove()
        if calls != 1:
            raise InputError(
                f"mixing: expected layer {self.layer!r} to be called once in a forward, got {calls} calls; name a "
                "layer that every row passes once (in a compiled model hooks may be passed over)."
            )
        return output

    def _if_tensor(self, value: Any) -> Any:
        return self(value) if isinstance(value, Tensor) else value
