"""What all regularizers of features share."""

from abc import ABC, abstractmethod
from typing import ClassVar, Self

from torch import nn

from evenreg.labels import LabelSpace


class AbstractRegularizer(nn.Module, ABC):
    """A term of the loss that features and labels give, its weight inside.

    `fit` learns from the training labels what there is to learn; calls are ``(features, target)`` to a scalar,
    with predictions as a third argument where ``needs_prediction`` says so.
    """

    needs_prediction: ClassVar[bool] = False
    """Whether a call takes the predictions too, as a third argument."""

    def fit(self, space: LabelSpace) -> Self:
        """Nothing is learned from the training labels; returns itself, as every part does."""
        del space
        return self

    @abstractmethod
    def extra_repr(self) -> str:
        """The arguments, for ``print``."""
