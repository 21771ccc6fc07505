"""AbstractHandle: what is attached to a layer, and how it gets its labels."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self

import torch
from torch import Tensor, nn

from evenreg import _check
from evenreg.errors import InputError
from evenreg.training._batch_labels import batch_labels
from evenreg.training._layer_hook import LayerHook, as_features


class AbstractHandle(ABC):
    """A part on a layer of somebody's model, from `attach`; use it in a ``with`` statement or call `remove`.

    Attributes:
        part: What was attached. It is no submodule of the model and goes where the features are.
        layer: The layer's module.
    """

    _first = False  # whether its hook goes before those that the layer has already

    def __init__(
        self, part: Any, model: nn.Module, layer: str, target: Callable[[Any], Any] | None = None
    ) -> None:
        self.part = part
        self._hook = LayerHook(model, layer, self._on_output, first=self._first)
        self.layer = self._hook.layer
        self._find = target
        self._labels: Tensor | None = None
        self._called = False
        self._device: torch.device | None = None

    @contextmanager
    def target(self, batch: Any) -> Iterator[None]:
        """Labels for the one forward inside: ``with handle.target(y): prediction = model(x)``.

        Args:
            batch: The labels, ``(n,)``, ``(n, 1)`` or as the part takes them; or a whole batch that has them,
                see `attach`.

        Raises:
            InputError: A batch without labels; a forward that never came to the layer, or came twice.
            ShapeError: Labels of another number than the features; an output that cannot be features.
        """
        given = self._find is None and isinstance(batch, Tensor)
        self._labels, self._called = batch if given else batch_labels(batch, self._find), False
        try:
            yield
            if not self._called:
                raise InputError(
                    f"layer {self._hook.name!r}: expected one call in each forward, got none inside target(y); "
                    "name a layer that the model calls."
                )
        finally:
            self._labels = None

    def state_dict(self) -> dict[str, Any]:
        """The part's state; the model's holds nothing of it."""
        return part_state(self.part)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take the part's state."""
        load_part_state(self.part, state)

    def remove(self) -> None:
        """Take the hook off the model; the part keeps what it has learned."""
        self._hook.remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()

    def _wants_labels(self) -> bool:
        """Whether a forward without labels is a mistake."""
        return self.layer.training

    @abstractmethod
    def _act(self, features: Tensor, labels: Tensor) -> Tensor | None:
        """What the part does with the layer's output, and what it makes of it."""

    def _on_output(self, output: Any) -> Tensor | None:
        name, labels = self._hook.name, self._labels
        if labels is None:
            if self._wants_labels():
                raise InputError(
                    f"layer {name!r}: expected labels in training mode, got none; call the model inside "
                    "`with handle.target(y):`, or in eval mode (activation checkpointing calls a layer a "
                    "second time, without labels: name one outside it)."
                )
            return None
        if self._called:
            raise InputError(
                f"layer {name!r}: expected one call in each forward, got a second; name a layer that is called "
                "once, or give each forward a `with handle.target(y):` of its own."
            )
        self._called = True
        features = as_features(output, name)
        _check.same_length(**{f"features of layer {name!r}": features, "target": labels})
        if self._device != features.device:
            self._device = features.device
            if isinstance(self.part, nn.Module):
                self.part.to(features.device)
        return self._act(features, labels.to(features.device))


def part_state(part: Any) -> dict[str, Any]:
    """The state of a part, none for a plain function."""
    return dict(part.state_dict()) if isinstance(part, nn.Module) else {}


def load_part_state(part: Any, state: Mapping[str, Any]) -> None:
    """Take the state of a part."""
    if isinstance(part, nn.Module):
        part.load_state_dict(state)
