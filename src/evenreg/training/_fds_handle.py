"""FDSHandle: FDS on a layer of somebody's model."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, final

from torch import Tensor, nn

from evenreg.features import FDS
from evenreg.training._handle import AbstractHandle


@final
class FDSHandle(AbstractHandle):
    """FDS on a layer, from `attach`: in training mode the layer puts out calibrated features.

    The features of each forward are observed before they are calibrated. A layer in eval mode puts out what
    it would without FDS, and needs no labels. Maps of one pixel, ``(n, c, 1, 1)``, are rows of features when
    each has one label.

        for x, y in batches:
            with handle.target(y):
                loss = cost(model(x), y)
            ...
        handle.end_epoch()
    """

    part: FDS

    def __init__(
        self, part: FDS, model: nn.Module, layer: str, target: Callable[[Any], Any] | None = None
    ) -> None:
        super().__init__(part, model, layer, target)
        self._model = model
        self._in_extra_pass = False

    def end_epoch(self) -> None:
        """Smooth the epoch's statistics, see `FDS.end_epoch`; all processes must call it together."""
        self.part.end_epoch()

    @property
    def wants_extra_pass(self) -> bool:
        """Whether `end_epoch` needs an `extra_pass` before it now, see `FDS`."""
        return self.part.wants_extra_pass

    @contextmanager
    def extra_pass(self) -> Iterator[None]:
        """A pass over the training data before `end_epoch`, for ``FDS(statistics="extra_pass")``.

        Inside, the model is in eval mode, nothing has a gradient and the layer's outputs are observed, each
        forward in its ``with handle.target(y):`` as before.

        Raises:
            InputError: ``statistics="stream"``.
        """
        with self.part.extra_pass(self._model):
            self._in_extra_pass = True
            try:
                yield
            finally:
                self._in_extra_pass = False

    def _wants_labels(self) -> bool:
        return self._in_extra_pass or self.layer.training

    def _act(self, features: Tensor, labels: Tensor) -> Tensor | None:
        if not self._wants_labels():
            return None
        one_pixel = features.ndim == 4 and features.shape[2:] == (1, 1) and labels.ndim < 3
        rows = features.flatten(1) if one_pixel else features
        self.part.observe(rows, labels)
        return self.part(rows, labels).reshape(features.shape)
