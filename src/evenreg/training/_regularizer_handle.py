"""RegularizerHandle: a regularizer on a layer of somebody's model."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, final

from torch import Tensor, nn

from evenreg.errors import InputError
from evenreg.training._handle import AbstractHandle


@final
class RegularizerHandle(AbstractHandle):
    """A regularizer on a layer, from `attach`: it keeps the features of a forward, and `loss` gives their term.

    The layer's output stays as it is. Where FDS is attached to the same layer, the features are those before
    it, whichever was attached first.

        for x, y in batches:
            with handle.target(y):
                prediction = model(x)
            loss = cost(prediction, y) + handle.loss()
    """

    _first = True  # before FDS: a regularizer acts on uncalibrated features

    def __init__(
        self,
        part: Callable[..., Tensor],
        model: nn.Module,
        layer: str,
        target: Callable[[Any], Any] | None = None,
    ) -> None:
        super().__init__(part, model, layer, target)
        self._kept: tuple[Tensor, Tensor] | None = None
        self._owed = False

    @contextmanager
    def target(self, batch: Any) -> Iterator[None]:
        """Labels for the one forward inside, see `AbstractHandle.target`.

        Raises:
            InputError: The term of the forward before was never asked for.
        """
        if self._owed:
            raise InputError(
                f"{self._name}: expected loss() after each forward in training mode, got the next one before "
                "it; add handle.loss() to the loss."
            )
        self._kept = None
        try:
            with super().target(batch):
                yield
        except BaseException:
            self._kept, self._owed = None, False
            raise

    def loss(self, prediction: Tensor | None = None) -> Tensor:
        """The term of the last forward, its weight inside; to be added to the loss.

        Args:
            prediction: For parts that compare predictions too, such as `ConR`: those of the forward, as many a
                sample as there are labels.

        Raises:
            InputError: No forward since the last call, or no prediction where the part needs one.
        """
        if self._kept is None:
            raise InputError(
                f"{self._name}: expected a forward inside `with handle.target(y):` before each loss(), got none "
                "since the last."
            )
        needed = needs_prediction(self.part)
        if needed and prediction is None:
            raise InputError(
                f"{self._name}: expected predictions too, got none; give handle.loss(prediction)."
            )
        (features, labels), self._kept, self._owed = self._kept, None, False
        if not needed:
            return self.part(features, labels)
        assert prediction is not None
        # Labels (n,) beside predictions (n, 1) are what most models have; the part itself broadcasts nothing.
        if len(labels) == len(prediction) and labels.numel() == prediction.numel():
            labels = labels.reshape(prediction.shape)
        return self.part(features, labels, prediction)

    @property
    def _name(self) -> str:
        return part_name(self.part)

    def _act(self, features: Tensor, labels: Tensor) -> None:
        self._kept, self._owed = (features, labels), self.layer.training


def needs_prediction(part: Any) -> bool:
    """Whether a regularizer takes predictions as its third argument."""
    return getattr(part, "needs_prediction", False)


def part_name(part: Any) -> str:
    """The name of a regularizer's class, or of the function it is."""
    return getattr(part, "__name__", type(part).__name__)
