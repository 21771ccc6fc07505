"""From the words of a method to a sampler, and a sampler's sentences in the words that were given."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evenreg._words import Word
from evenreg.errors import InputError, TargetError

if TYPE_CHECKING:
    from evenreg.labels import Relevance
    from evenreg.resampling._base import AbstractSampler

_CLASSES = {
    "smoter": "SMOTER",
    "smogn": "SMOGN",
    "gn": "GaussianNoise",
    "ro": "RandomOver",
    "ru": "RandomUnder",
    "wercs": "WERCS",
}
_OF_WORDS = ("relevance", "sampling", "rare", "frequent", "over", "under")  # what a sampler takes otherwise
# What samplers offer in Python, as it is written in a method.
_SPELLED = {
    "small_regions='keep'": "small_regions=keep",
    "whole numbers are rows and floats are multiples": "whole numbers are rows, shares are written as 50%",
    "RandomOver": "the method ro",
}
_DENSITY = "Relevance.from_density, where rare is relevant, or Relevance.from_points"


def sampler_from(
    words: Sequence[Word],
    y: NDArray[np.float64],
    name: str,
    seed: int,
    *,
    relevance: Any = None,
    points: bool = False,
) -> "AbstractSampler":
    """The sampler that words stand for.

    Args:
        words: One that says how rows are made, and perhaps ``lds``, whose density then says what is rare.
        y: ``(n,)`` labels to be resampled.
        name: How sentences call them.
        seed: Of all that is drawn.
        relevance: A `Relevance` or control points; None for what the words say.
        points: Whether sentences may offer control points, since the caller takes them.

    Raises:
        TargetError: Labels none of which is rare.

    Example:
        >>> from evenreg._words import parse_resampling
        >>> sampler_from(parse_resampling("smogn(k=3, relevance=density)"), np.arange(9.0) ** 2, "y", 0).k
        3
    """
    from evenreg import resampling

    word = words[0]
    given = {key: value for key, value in word.args.items() if key not in _OF_WORDS}
    if word.name == "wercs":
        given |= {key: _amount(word.args[key]) for key in ("over", "under")}
    else:
        sizes = {
            key: _amount(word.args[key]) for key in ("rare", "frequent") if word.args.get(key) is not None
        }
        given["sampling"] = sizes or word.args.get("sampling", "balance")
    if relevance is None:
        relevance = _relevance(words, y, name, points)
    return getattr(resampling, _CLASSES[word.name])(**given, relevance=relevance, random_state=seed)


@contextmanager
def told_in_words(method: str, *, points: bool = False) -> Iterator[None]:
    """A sampler's sentence with what it offers in Python as it is written in a method.

    Args:
        method: The words.
        points: As in `sampler_from`.
    """
    density = "'+ lds', where rare is relevant"
    spelled = _SPELLED | {
        _DENSITY: f"{density}, or control points of your own (--relevance)" if points else density
    }
    try:
        yield
    except InputError as error:
        text = str(error)
        for python, words in spelled.items():
            text = text.replace(python, words)
        raise type(error)(f"method {method!r}: {text}") from None


def _amount(amount: int | str) -> int | float:
    """Rows, or a share as a float."""
    return float(amount.rstrip("%")) / 100 if isinstance(amount, str) else amount


def _relevance(words: Sequence[Word], y: NDArray[np.float64], name: str, points: bool) -> "Relevance":
    from evenreg.labels import LDS, LabelSpace, Relevance

    kind = words[0].args["relevance"]
    try:
        if len(words) > 1:
            return Relevance.from_density(LabelSpace.fit(y), LDS(**words[1].args))
        if kind == "density":
            return Relevance.from_density(LabelSpace.fit(y))
        return Relevance.fit(y, "both" if kind == "extremes" else kind)
    except TargetError as error:
        ways = (
            []
            if len(words) > 1 or kind == "density"
            else [f"'{words[0].name} + lds', where rare is relevant"]
        )
        if points:
            ways.append(
                "control points of your own, --relevance 'LABEL:0,LABEL:1' (in Python relevance=[[label, 0], "
                "[label, 1]])"
            )
        way_out = f"take {', or '.join(ways)}" if ways else f"leave {words[0].name} out"
        reason = str(error).partition(": ")[2].partition("; ")[0]
        raise TargetError(f"{name}: {reason}; {way_out}.") from None
