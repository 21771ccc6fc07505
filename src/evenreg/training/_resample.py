"""The training rows of a cell, resampled as the words of a method say."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np
from numpy.typing import NDArray

from evenreg.errors import InputError
from evenreg.resampling import blendable, dense, joined, sampler_from, told_in_words
from evenreg.training._method import Method

if TYPE_CHECKING:
    from pandas import DataFrame

    from evenreg.training._cell import Draw


@final
@dataclass(frozen=True, eq=False)
class ResampledRows:
    """What a model is trained on in place of the training rows.

    Attributes:
        features: ``(rows, columns)`` columns as they came, rows kept first, then those repeated or made.
        y: ``(rows,)`` labels, label units.
        observed: ``(rows,)`` whether a row is a training row that comes for the first time: neither made up nor
            repeated.
        before: Number of training rows.
        synthetic: Number of rows made up.
    """

    features: "DataFrame"
    y: NDArray[np.float64]
    observed: NDArray[np.bool_]
    before: int
    synthetic: int

    @property
    def facts(self) -> dict[str, int]:
        """What is kept of it with a trained cell."""
        return {"rows_before": self.before, "rows_after": len(self.y), "synthetic": self.synthetic}


def resampled_rows(method: Method, draw: "Draw") -> ResampledRows | None:
    """The training rows of a seed, resampled; None where no word asks for it.

    The seed decides what is drawn, so that a run goes on after a cut as it began, and methods with the same sampler
    are trained on the same rows. Columns go in as they came, before any preprocessing, as in ``evenreg resample``;
    dates are those of the row that a row was made from. Labels are not rounded.

    Args:
        method: Whose words say how.
        draw: The seed's rows.

    Raises:
        InputError: Images; no column to resample by; what the sampler refuses, such as fewer rare rows than ``k``
            needs; labels made that have no logarithm.
        TargetError: No label is rare, or all are.
    """
    words = method.resampling
    if not words:
        return None
    source, name = draw.source, words[0].name
    frame, y = draw.prepared.columns(draw.train), source.y[draw.train]
    if frame is None:
        raise InputError(
            f"method {str(method)!r}: {name} expects the columns of a table, got {draw.prepared.unresampled}; leave it "
            "out, or resample embeddings with evenreg.resampling."
        )
    own = blendable(frame)
    if not own:
        raise InputError(
            f"method {str(method)!r}: expected columns of numbers or categories to resample by, got dates alone; "
            f"leave {name} out."
        )
    sampler = sampler_from(words, y, f"target {source.target!r}", draw.seed)
    with told_in_words(str(method)):
        made, labels = sampler.fit_resample(dense(frame.iloc[:, own]), y)
    if method.log and labels.min() <= 0:
        raise InputError(
            f"method {str(method)!r}: expected labels above 0, which have a logarithm, got {int((labels <= 0).sum())} "
            f"made by {name} that are not, for it adds noise; write ro, smoter or relevance=high, or leave log out."
        )
    rows, synthetic = sampler.sample_indices_, sampler.synthetic_
    observed = np.zeros(len(rows), dtype=bool)
    real = np.flatnonzero(~synthetic)
    observed[real[np.unique(rows[real], return_index=True)[1]]] = True
    features = joined(frame, rows, own, made, np.empty(0, dtype=np.int64))
    return ResampledRows(features, labels, observed, len(y), int(synthetic.sum()))
