"""LayerHook: the output of one layer, on its way through another person's model."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, final

from torch import Tensor, nn

from evenreg._torch import layer_of
from evenreg.errors import ShapeError


@final
class LayerHook:
    """Shows the output of a layer to a function, which may give another one in its place.

    Nothing of it goes along with the model: it is no submodule, and what a copied or pickled model holds in
    its place is a function of the standard library that does nothing.

    Args:
        model: Any model.
        name: Of the layer, as ``model.named_modules()`` gives it.
        act: Called with the layer's output; what it returns, unless None, takes the output's place.
        first: Act before the hooks that the layer has already.

    Raises:
        UnknownNameError: No such layer; the nearest names are offered.
    """

    def __init__(
        self, model: nn.Module, name: str, act: Callable[[Any], Tensor | None], *, first: bool = False
    ) -> None:
        self.name, self.layer = name, layer_of(model, name)
        self._act = act
        self._registered = self.layer.register_forward_hook(self, prepend=first)

    def __call__(self, layer: nn.Module, inputs: Any, output: Any) -> Tensor | None:
        """What torch calls."""
        del layer, inputs
        return self._act(output)

    def __reduce__(self) -> tuple[Any, ...]:
        # Takes any arguments and returns None, and can be loaded where evenreg is not installed.
        return getattr, (nullcontext(), "__exit__")

    def remove(self) -> None:
        """Leave the layer as it was."""
        self._registered.remove()


def as_features(output: Any, layer: str) -> Tensor:
    """The output of a layer, if it can be features.

    Sequences ``(n, tokens, d)`` are refused, since their second axis would be taken for the features.

    Raises:
        ShapeError: Anything but a tensor ``(n, d)`` or ``(n, c, h, w)``.
    """
    if isinstance(output, Tensor) and output.ndim in (2, 4):
        return output
    raise ShapeError(
        f"layer {layer!r}: expected an output of shape (n, d) or (n, c, h, w), got {_told(output)}; name a "
        "layer that puts out one row of features, or one map, a sample."
    )


def _told(output: Any) -> str:
    if isinstance(output, Tensor):
        return str(tuple(output.shape))
    if isinstance(output, (tuple, list)):
        return f"a {type(output).__name__} of {len(output)}"
    return type(output).__name__
