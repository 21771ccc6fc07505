"""A method as a choice of parts: what the words of a method stand for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, final

from evenreg._words import Word, parse
from evenreg.errors import InputError
from evenreg.features import FDS, AbstractRegularizer, ConR, GroupContrast, RankNContrast, RankSim
from evenreg.heads import AbstractHead, ClassifierHead, GroupHead, LinearHead
from evenreg.labels import LDS, AbstractWeighting, weighting_from
from evenreg.losses import (
    AbstractLoss,
    BMCLoss,
    BNILoss,
    FocalRLoss,
    GAILoss,
    HuberLoss,
    L1Loss,
    MSELoss,
)
from evenreg.mixing import INPUT, AbstractMixing, CMixup, ManifoldMixup, Mixup

_REGULARIZERS: Mapping[str, type[AbstractRegularizer]] = {
    "ranksim": RankSim,
    "rnc": RankNContrast,
    "group-contrast": GroupContrast,
    "conr": ConR,
}
_MIXINGS: Mapping[str, type[AbstractMixing]] = {
    "mixup": Mixup,
    "manifold-mixup": ManifoldMixup,
    "c-mixup": CMixup,
}
_OF_TRAINING = ("stage", "views")  # arguments of a contrast that say what it is given, and when


@final
@dataclass(frozen=True)
class Method:
    """The parts that a method's words stand for, built fresh for every run.

    A paper's method is a choice of parts along one line (encoder, head, loss, weights), never a new training
    loop; this class turns the words of that choice into the parts.

    Attributes:
        words: The checked words in writing order.

    Example:
        >>> method = Method.parse("SQINV + LDS(size=9)")
        >>> str(method), type(method.loss()).__name__
        ('sqinv + lds(size=9)', 'L1Loss')
    """

    words: tuple[Word, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a method such as ``"sqinv + lds"`` (any case); errors as in the grammar of the words."""
        return cls(parse(text))

    def __str__(self) -> str:
        return " + ".join(map(str, self.words))

    def _word(self, role: str) -> Word | None:
        return next((word for word in self.words if word.role == role), None)

    @property
    def trees(self) -> bool:
        """Whether gradient-boosted trees are trained in place of a network."""
        return self._word("model") is not None

    @property
    def log(self) -> bool:
        """Whether the model is trained on the logarithm of the target."""
        return self._word("transform") is not None

    @property
    def balanced(self) -> bool:
        """Whether the loss is a Balanced MSE, which corrects for the label distribution itself."""
        return self._word("balanced") is not None

    @property
    def cost(self) -> str | None:
        """The cost that the words name (``l1``, ``mse``, ``huber``, ``focal-r``), None where they name none."""
        word = self._word("cost")
        if word is None:
            return None
        return word.args["cost"] if word.name == "vanilla" else word.name

    @property
    def resampling(self) -> tuple[Word, ...]:
        """The word by which training rows are resampled, with ``lds`` where that says what is rare; empty without."""
        word, lds = self._word("resampling"), self._word("smoothing")
        return () if word is None else (word,) if lds is None else (word, lds)

    def weighting(self) -> AbstractWeighting | None:
        """A fresh weighting to fit on the training labels, or None where rows weigh the same."""
        return None if self.balanced else weighting_from(self.words)

    def calibration(self) -> FDS | None:
        """A fresh calibration of features, to be fitted on the training labels; None where no word asks for one."""
        word = self._word("calibration")
        return None if word is None else FDS(**word.args)

    def regularizers(self) -> list[AbstractRegularizer]:
        """Fresh regularizers of features, to be fitted on the training labels."""
        words = [word for role in ("ranking", "contrast") if (word := self._word(role)) is not None]
        return [
            _REGULARIZERS[word.name](**{k: v for k, v in word.args.items() if k not in _OF_TRAINING})
            for word in words
        ]

    def mixing(self, hidden_layers: Sequence[str]) -> AbstractMixing | None:
        """What blends the rows of a batch; None where no word asks for it.

        Args:
            hidden_layers: Layers of the encoder that may be blended, where the word names none.

        Raises:
            InputError: Neither the word nor the encoder names any.
        """
        word = self._word("mixing")
        if word is None:
            return None
        args = dict(word.args)
        if "layers" in args:
            named = args["layers"]
            if named is None and not hidden_layers:
                raise InputError(
                    f"method {str(self)!r}: expected an encoder that names hidden layers, got one without; write "
                    "manifold-mixup(layers=input/NAME), or mixup, which blends inputs."
                )
            args["layers"] = (INPUT, *hidden_layers) if named is None else named.split("/")
        return _MIXINGS[word.name](**args)

    @property
    def views(self) -> int:
        """How many versions of each row a contrast compares."""
        word = self._word("contrast")
        return 1 if word is None else word.args.get("views", 1)

    def head(self, in_features: int, bins: int) -> AbstractHead:
        """A fresh head, to be fitted on the training labels in the task's units.

        Args:
            in_features: Width of the encoder's features.
            bins: Bins of the label space, the classes of a classifier.
        """
        word = self._word("head")
        if word is None:
            return LinearHead(in_features)
        if word.name == "cls":
            return ClassifierHead(in_features, bins, **word.args)
        return GroupHead(in_features, **word.args)

    def loss(self, cost: str = "l1", noise_sigma: float = 1.0) -> AbstractLoss:
        """A fresh loss.

        Args:
            cost: The cost where the words name none.
            noise_sigma: Where a learned noise scale starts if the words do not say (in the task's units).
        """
        if self.balanced:
            return self._balanced_loss(noise_sigma)
        word = self._word("cost")
        if word is not None and word.name == "focal-r":
            return FocalRLoss(**word.args)
        if word is not None and word.name == "huber":
            return HuberLoss(**word.args)
        return {"l1": L1Loss, "mse": MSELoss, "huber": HuberLoss}[self.cost or cost]()

    def _balanced_loss(self, noise_sigma: float) -> AbstractLoss:
        word = self._word("balanced")
        assert word is not None
        noise: dict[str, Any] = {
            "noise_sigma": word.args["noise_sigma"] or noise_sigma,
            "learn_noise": word.args["learn_noise"],
        }
        if word.name == "gai":
            return GAILoss(n_components=word.args["n"], **noise)
        if word.name == "bni":
            smoothing = self._word("smoothing")
            return BNILoss(smoothing=LDS(**smoothing.args) if smoothing else None, **noise)
        return BMCLoss(**noise)
