"""StratifiedKFold: folds with the same label distribution, for labels that are numbers."""

import warnings
from collections.abc import Iterator
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike

from evenreg import _check
from evenreg.errors import InputError, TargetError
from evenreg.labels import _bin_rule
from evenreg.labels._bins import Bins
from evenreg.labels._draws import Floats, Rows, Seed, checked_seed, generator, one_column, ordered


@final
class StratifiedKFold:
    """Cross-validation folds that each hold their share of every part of the label range, tails included.

    Random folds differ most where labels are rare: one gets most of the tail, another none, and scores in the
    tail cannot be compared. scikit-learn's class of this name takes classes only. Here rows are sorted by
    label and every ``n_splits`` neighbours are dealt to different folds, so that of the first k labels, of
    the last k, or between any two quantiles, no two folds hold numbers of rows more than two apart. Fold
    sizes differ by at most one row.

    It is a splitter as scikit-learn's are: pass it as ``cv=`` to ``cross_val_score``, ``GridSearchCV``, ....

    Args:
        n_splits: Number of folds, at least 2.
        shuffle: Whether neighbours (and equal labels) are dealt at random. Without, they are dealt in turn,
            every time another fold first, equal labels by row number.
        random_state: Seed or NumPy generator for ``shuffle``; None for other folds every time.
        bins: Strata, where they are wanted exactly: each populated bin is spread over the folds to within
            one row. None for no bins.

    Raises:
        InputError: Fewer than 2 folds, more folds than rows, a ``random_state`` without ``shuffle``.
        TargetError: NaN, infinite, text or no labels; a bin with fewer rows than folds.
        ShapeError: X and y of unequal length, or several labels a row.

    Example:
        >>> y = [1.0, 1.1, 1.2, 1.3, 7.0, 30.0]
        >>> for train, test in StratifiedKFold(2).split(X=None, y=y):
        ...     print([y[i] for i in test])
        [1.0, 1.3, 7.0]
        [1.1, 1.2, 30.0]
    """

    def __init__(
        self,
        n_splits: int = 5,
        *,
        shuffle: bool = False,
        random_state: Seed = None,
        bins: Bins | None = None,
    ) -> None:
        self.n_splits = _check.integer(n_splits, "n_splits", 2)
        if not isinstance(shuffle, bool | np.bool_):
            raise InputError(f"shuffle: expected True or False, got {shuffle!r}.")
        if not shuffle and random_state is not None:
            raise InputError(
                f"random_state: expected None without shuffle, got {random_state!r}, which would have no effect; "
                "set shuffle=True."
            )
        if bins is not None and not isinstance(bins, Bins):
            raise InputError(
                f"bins: expected Bins or None, got {type(bins).__name__}; make them with Bins(edges)."
            )
        self.shuffle, self.random_state, self.bins = bool(shuffle), checked_seed(random_state), bins

    def split(self, X: Any, y: ArrayLike, groups: Any = None) -> Iterator[tuple[Rows, Rows]]:
        """Train and test row numbers of each fold, ascending.

        Args:
            X: ``n`` rows of anything, looked at for its length only; None is fine.
            y: ``(n,)`` labels.
            groups: Not used, as in scikit-learn's class; a warning says so.
        """
        if y is None:
            raise TargetError("y: expected labels to stratify by, got None; pass them to split(X, y).")
        labels = one_column(y)
        if X is not None:
            _check.same_length(X=range(X.shape[0] if hasattr(X, "shape") else len(X)), y=labels)
        if groups is not None:
            warnings.warn(
                "groups: expected None, got some, and StratifiedKFold splits them up; use GroupKFold.",
                UserWarning,
                stacklevel=2,
            )
        fold = self._folds(labels)
        rows = np.arange(len(labels))
        for k in range(self.n_splits):
            held = fold == k
            yield rows[~held], rows[held]

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """The number of folds; the arguments are scikit-learn's and not used."""
        del X, y, groups
        return self.n_splits

    def _folds(self, labels: Floats) -> Rows:
        """The fold in whose test set each row is."""
        if len(labels) < self.n_splits:
            raise InputError(
                f"n_splits: expected at most as many folds as rows, {len(labels)}, got {self.n_splits}; "
                "use fewer folds."
            )
        rng = generator(self.random_state) if self.shuffle else None
        strata = np.array([len(labels)]) if self.bins is None else self._bin_sizes(self.bins, labels)
        fold = np.empty(len(labels), dtype=np.int64)
        fold[ordered(labels, rng)] = _dealt(strata, self.n_splits, rng)
        return fold

    def _bin_sizes(self, bins: Bins, labels: Floats) -> Rows:
        """Rows in each populated bin, none with fewer than folds."""
        counts = np.bincount(bins.index(labels), minlength=len(bins))
        small = np.flatnonzero((counts > 0) & (counts < self.n_splits))
        if len(small):
            first = small[np.argmin(counts[small])]
            low, high = map(_bin_rule.readable, bins.edges[first : first + 2].tolist())
            others = f" (and too few in {len(small) - 1} more)" if len(small) > 1 else ""
            raise TargetError(
                f"bins: expected at least {self.n_splits} rows in every bin that holds any, one a fold, got "
                f"{counts[first]} in the bin from {low} to {high}{others}; use wider bins, fewer folds or no bins."
            )
        return counts[counts > 0]

    def __repr__(self) -> str:
        bins = f", bins={self.bins!r}" if self.bins is not None else ""
        return (
            f"StratifiedKFold(n_splits={self.n_splits}, shuffle={self.shuffle}, "
            f"random_state={self.random_state!r}{bins})"
        )


def _dealt(strata: Rows, folds: int, rng: np.random.Generator | None) -> Rows:
    """The fold of each place, strata one after another: each in blocks of one place a fold.

    What is left over of a stratum goes to the folds next in one ring for all of them: no two places of a
    stratum to the same fold, and as many to each fold in the end.
    """
    size = np.repeat(strata, strata)
    place = np.arange(len(size)) - np.repeat(np.cumsum(strata) - strata, strata)
    whole = place < size - size % folds
    blocks, ring = int(np.count_nonzero(whole)) // folds, np.arange(folds)
    if rng is None:
        table = (ring + np.arange(blocks)[:, None]) % folds
    else:
        table = rng.permuted(np.tile(ring, (blocks, 1)), axis=1)
        ring = rng.permutation(folds)
    fold = np.empty(len(size), dtype=np.int64)
    fold[whole], fold[~whole] = table.ravel(), np.resize(ring, len(size) - blocks * folds)
    return fold
