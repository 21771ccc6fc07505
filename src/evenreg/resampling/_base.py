"""AbstractSampler: what every sampler shares: checks, relevance, and putting the result together."""

from abc import ABC, abstractmethod
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from evenreg import _check
from evenreg.errors import InputError, ShapeError, TargetError
from evenreg.labels import Relevance
from evenreg.resampling._made import Made, joined
from evenreg.resampling._relevance import relevance_of
from evenreg.resampling._table import Table

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Seed = int | np.random.Generator | np.random.RandomState | None


class Drawn(NamedTuple):
    """What a sampler made of its input: rows kept, ascending, and rows made."""

    kept: Rows
    made: list[Made]


class AbstractSampler(BaseEstimator, ABC):
    """A scikit-learn estimator with imbalanced-learn's ``fit_resample``; arguments are checked in ``fit``.

    A sampler takes tables, fits anywhere in an imbalanced-learn pipeline before the model, and there acts on
    the rows a model is fitted to and never on those it predicts. Its input is left as it was. What comes back
    has X's and y's types: DataFrame in, DataFrame out with names and types of columns (the index is new);
    integer columns and labels are rounded. First the rows kept, in their order, then those made.

    Attributes:
        relevance_: The `Relevance` it went by.
        sample_indices_: ``(n_new,)`` row of the input that each row came from; its seed for one that was made.
        neighbour_indices_: ``(n_new,)`` the other parent of a row made between two, else -1.
        synthetic_: ``(n_new,)`` whether a row was made up; copies are not, they repeat in ``sample_indices_``.
    """

    relevance: Any
    random_state: Seed
    relevance_: Relevance
    sample_indices_: Rows
    neighbour_indices_: Rows
    synthetic_: NDArray[np.bool_]

    @abstractmethod
    def _plan(self, y: Floats, relevance: Floats) -> None:
        """Checks the arguments against labels and their relevance; a bad one is an `InputError`."""

    @abstractmethod
    def _draw(self, table: Table, y: Floats, relevance: Floats, embedding: Floats | None) -> Drawn:
        """Rows to keep and rows to make, by the plan."""

    def fit(self, X: Any, y: Any) -> Self:
        """Checks arguments and input, and finds out which labels are relevant.

        Args:
            X: ``(n, p)`` table.
            y: ``(n,)`` labels.
        """
        self._taken(X, y)
        return self

    def fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        """The table and its labels, resampled.

        Args:
            X: ``(n, p)`` DataFrame or array of numbers, categories or both; missing values are fine.
            y: ``(n,)`` labels.

        Returns:
            ``(n_new, p)`` and ``(n_new,)``, of the types of X and y.

        Raises:
            TargetError: NaN, infinite, text or no labels; no rare labels, or only such.
            ShapeError: X and y of unequal lengths, a table without columns.
            InputError: Infinite, complex, dated or sparse X; arguments out of range.
        """
        return self._resampled(X, y, None)

    def _resampled(self, X: Any, y: Any, embedding: ArrayLike | None) -> tuple[Any, Any]:
        table, labels, relevance = self._taken(X, y)
        space = None if embedding is None else _embedding(embedding, len(table))
        kept, parts = self._draw(table, labels, relevance, space)
        made = joined(parts, table)
        self.sample_indices_ = np.concatenate([kept, made.seed])
        self.neighbour_indices_ = np.concatenate([np.full(len(kept), -1), made.neighbour])
        self.synthetic_ = np.arange(len(self.sample_indices_)) >= (len(kept) if not made.copied else np.inf)
        return table.rebuilt(kept, made.numeric, made.cells), _like(y, kept, made.target)

    def _taken(self, X: Any, y: Any) -> tuple[Table, Floats, Floats]:
        """The input, checked, and its labels' relevance; sets what scikit-learn's estimators know after ``fit``."""
        if y is None:
            raise TargetError(
                f"y: expected labels, got None ({type(self).__name__} requires y to be passed, but the target "
                "y is None); pass them to fit_resample(X, y)."
            )
        table, labels = Table(X), _check.labels(y)
        if labels.ndim != 1:
            raise ShapeError(
                f"y: expected one label a row, got shape {labels.shape}; give one column or one coordinate of them."
            )
        _check.same_length(X=table, y=labels)
        if len(table) == 1:
            raise TargetError(
                "X: expected rare rows and frequent ones, got one sample; give the training rows."
            )
        self.n_features_in_ = table.shape[1]
        if table.names is not None:
            self.feature_names_in_ = np.array(table.names, dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        self.relevance_ = relevance_of(self.relevance, labels)
        relevance = self.relevance_(labels)
        self._plan(labels, relevance)
        return table, labels, relevance

    def _generator(self) -> np.random.Generator:
        """The one generator of a call."""
        seed = self.random_state
        if isinstance(seed, np.random.RandomState):
            return np.random.default_rng(seed.randint(2**31, size=4))
        if seed is None or isinstance(seed, np.random.Generator):
            return np.random.default_rng(seed)
        try:
            return np.random.default_rng(_check.integer(seed, "random_state", 0))
        except InputError:
            raise InputError(
                f"random_state: expected a whole number of at least 0, a NumPy generator or None, got {seed!r}."
            ) from None

    def __sklearn_tags__(self) -> Any:
        """scikit-learn's facts about the estimator: missing values, text and categories are fine."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = tags.input_tags.categorical = tags.input_tags.string = True
        tags.target_tags.required = True
        return tags


def _embedding(embedding: ArrayLike, n: int) -> Floats:
    array = _check.finite_array(embedding, "embedding")
    _check.shape(array, "embedding", (n, "d"), "give one row of numbers for each row of X")
    return array


def _like(y: Any, kept: Rows, made: Floats) -> Any:
    """Labels kept and labels made, of y's type: integers are rounded, a Series keeps its name."""
    if hasattr(y, "iloc"):
        import pandas as pd

        column = y.iloc[:, 0] if y.ndim == 2 else y
        old = column.iloc[kept].reset_index(drop=True)
        if not len(made):
            return old
        whole = pd.api.types.is_integer_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype)
        new = pd.Series(np.rint(made) if whole else made).astype(column.dtype)
        return pd.concat([old, new], ignore_index=True).rename(column.name)
    array = np.asarray(y)
    array = array[:, 0] if array.ndim == 2 else array
    if array.dtype.kind not in "iufb":  # numbers as objects or text
        array = array.astype(np.float64)
    return np.concatenate(
        [array[kept], (np.rint(made) if array.dtype.kind in "iub" else made).astype(array.dtype)]
    )
