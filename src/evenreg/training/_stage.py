"""Stage: one of the trainings that a method is made of."""

from dataclasses import dataclass
from typing import final

from evenreg._words import Word, contrast_first, parse
from evenreg.training._method import Method


@final
@dataclass(frozen=True)
class Stage:
    """One training: a method of its own, on an encoder that is new or on that of the stage before.

    Attributes:
        method: The parts that act in this stage.
        frozen: Whether the encoder is that of the stage before and stands still, in eval mode, under a fresh head.
        balanced_batches: Whether batches hold every bin of the labels alike.
        contrast_only: Whether the encoder alone is trained, by the method's regularizers.
    """

    method: Method
    frozen: bool = False
    balanced_batches: bool = False
    contrast_only: bool = False


def stages_of(method: Method) -> tuple[Stage, ...]:
    """The stages of a method, in the order in which they are trained; one for most.

    - ``rrt`` trains cost, mixing, ``ranksim``, ``fds`` and joint contrasts first, and then a fresh linear head with the
      weighting beside it, INV where none is, or with a Balanced MSE.
    - ``cls + crt`` trains a classifier, and then a fresh one on batches that hold every bin alike.
    - A resampling word stands for a weighting: ``rrt`` trains the fresh head on resampled rows, the encoder on the
      training rows as they are.
    - ``(stage=first)`` of a contrast trains the encoder by contrast and ranking alone, on blended rows where a
      word says so, and then the rest on it; a resampling word acts in both.

    Example:
        >>> for stage in stages_of(Method.parse("rrt + lds + fds")):
        ...     print(stage.method, stage.frozen)
        fds False
        inv + lds True

    Papers: papers/000 section 4 (RRT, of Kang et al. 2020, as is cRT); papers/001, whose heads are trained on an
    encoder of eq. 2.
    """
    words = method.words
    names = {word.name for word in words}
    shared = [w for w in words if w.role in ("transform", "cost")]
    acting = [w for w in words if w.role in ("mixing", "calibration", "ranking", "contrast")]
    against_skew = [w for w in words if w.role in ("resampling", "weighting", "balanced", "smoothing")]
    if "rrt" in names:
        if not any(w.role in ("resampling", "weighting", "balanced") for w in words):
            against_skew = [*parse("inv"), *against_skew]
        return _stage([*shared, *acting]), _stage([*shared, *against_skew], frozen=True)
    if "crt" in names:
        rest = [w for w in words if w.name != "crt"]
        head = [w for w in rest if w.role in ("transform", "head")]
        return _stage(rest), _stage(head, frozen=True, balanced_batches=True)
    if contrast_first(words) is not None:
        rest = [w for w in words if w not in acting]
        return _stage([*shared, *method.resampling, *acting], contrast_only=True), _stage(rest, frozen=True)
    return (Stage(method),)


def _stage(words: list[Word], **how: bool) -> Stage:
    """A stage of these words; none at all is vanilla."""
    return Stage(Method(tuple(words) or parse("vanilla")), **how)
