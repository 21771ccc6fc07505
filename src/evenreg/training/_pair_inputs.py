"""AbstractPairInputs: what makes numbers of sentences, and the encoder that takes them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

from torch import Tensor, nn

from evenreg import _check
from evenreg.errors import InputError

#: The file that tells in a folder which inputs were saved there.
ABOUT_INPUTS = "inputs.json"


class AbstractPairInputs(ABC):
    """Pairs of sentences as tensors, and a fresh encoder for them.

    Attributes:
        tell: Called with the number of sentences done and that of all where `inputs` takes long; None tells nobody.
            It does not go along when pickled.
    """

    tell: Callable[[int, int], None] | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Without whom to tell."""
        return {name: value for name, value in self.__dict__.items() if name != "tell"}

    @property
    @abstractmethod
    def name(self) -> str:
        """What the encoder is called in tables, such as "BiLSTM" or "all-MiniLM-L6-v2, frozen"."""

    @property
    @abstractmethod
    def notes(self) -> tuple[str, ...]:
        """Sentences for under a table: what a reader of its numbers must know."""

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """It changes with everything that changes what `inputs` gives for the same sentences, and with the encoder."""

    @property
    def saw_sts_b(self) -> bool:
        """Whether the encoder is known to have been trained on the scores of STS-B; see `trained_on_sts_b`."""
        return False

    @abstractmethod
    def inputs(self, first: Sequence[str], second: Sequence[str]) -> tuple[Tensor, ...]:
        """The encoder's arguments, each ``(pairs, ...)``, for any sentences, in training or later.

        Raises:
            InputError: Unlike numbers of sentences, or something that is no text.
        """

    @abstractmethod
    def encoder(self, train: tuple[Tensor, ...]) -> nn.Module:
        """A fresh encoder, new weights drawn from torch's generator; ``config`` holds its arguments.

        Args:
            train: What `inputs` gave for the training pairs, for scales that are learned from them.
        """

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write into a folder what `inputs` needs to treat new sentences alike."""

    @classmethod
    @abstractmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""


def check_sentences(first: Sequence[Any], second: Sequence[Any]) -> None:
    """An `InputError` unless there are as many second sentences as first ones, all of them text."""
    _check.same_length(first=first, second=second)
    for name, sentences in {"first": first, "second": second}.items():
        if isinstance(sentences, str):
            raise InputError(f"{name}: expected a list of sentences, got one text; give [{name}].")
        for row, sentence in enumerate(sentences):
            if not isinstance(sentence, str):
                raise InputError(
                    f"{name}: expected sentences, got {type(sentence).__name__} in row {row}, counted from 0; make it "
                    "text, or leave the row out."
                )
