"""From the columns of a person's table to the numbers a model takes."""

import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenreg import _check
from evenreg.data._frame import forgive, named, readable, refuse_unread
from evenreg.data._inputs import TableInputs, TreeInputs
from evenreg.data._training_columns import check_columns
from evenreg.data._trusted import TRUSTED_TYPES
from evenreg.errors import CheckpointError, InputError, MissingFileError

_FORMAT = "evenreg.TablePreprocessor 2"


@final
class TablePreprocessor:
    r"""Dirty columns in, numbers out: dates, booleans, numbers written as text, categories, free text, gaps.

    Why: tables come as they are. What a column means is found by skrub's ``TableVectorizer``, fitted on
    training rows only. Then, for networks, every numeric column x with training median m and quartiles a, b
    becomes

    .. math::

        z = \frac{u}{\sqrt{1 + (u/3)^2}}, \qquad u = \frac{x - m}{b - a},

    which keeps the order of outliers and bounds them by 3 (skrub's ``SquashingScaler``; where the quartiles
    coincide the range takes their place). A missing value becomes the median, z = 0, with a mark of its own.
    Columns of two values become 0 and 1, categories one-hot (an unknown one is all zeros), text of 40 or more
    different values 30 latent components of its character 3- and 4-grams. Columns that never vary are left
    out. What a column held in training it must hold afterwards: text where numbers or dates were is refused
    with its rows, while a category that training never saw is fine.

    The transform is that of RealMLP (Holzmüller, Grinsztajn and Steinwart, "Better by default: strong
    pre-tuned MLPs and boosted trees on tabular data", NeurIPS 2024). Unlike the noisy quantile transform of
    the rtdl papers it needs no noise on repeated values and no number of quantiles, and values beyond the
    training range keep their order.

    Args:
        random_state: Seed of the text encoding.

    >>> import pandas as pd
    >>> frame = pd.DataFrame({"area": [50, 80, None, 120], "city": ["Ulm", "Bonn", "Ulm", None]})
    >>> inputs = TablePreprocessor().fit(frame).transform(frame)
    >>> inputs.numeric.shape, inputs.other.shape
    ((4, 1), (4, 4))
    """

    def __init__(self, random_state: int = 0) -> None:
        self.random_state = _check.integer(random_state, "random_state", 0)
        self._state: dict[str, Any] | None = None

    def fit(self, frame: pd.DataFrame) -> "TablePreprocessor":
        """Learn types, categories and scales from training rows.

        Args:
            frame: (n, columns) features of the training rows.

        Raises:
            InputError: Repeated column names, no rows, or no column that varies.
        """
        from sklearn.preprocessing import OneHotEncoder
        from skrub import DatetimeEncoder, SquashingScaler, StringEncoder, TableVectorizer

        frame = named(frame)
        if not len(frame):
            raise InputError("features: expected training rows, got none; fit on at least one row.")
        given = {c: "category" for c in frame.columns if isinstance(frame[c].dtype, pd.CategoricalDtype)}
        ready = readable(frame, given, forgive)
        vectorizer = TableVectorizer(
            # skrub drops one of two categories; an unknown one would then pass for the dropped one.
            low_cardinality=OneHotEncoder(handle_unknown="ignore", sparse_output=False),
            high_cardinality=StringEncoder(random_state=self.random_state),
            datetime=DatetimeEncoder(),
            n_jobs=1,
        )
        with np.errstate(over="ignore"):  # numbers beyond float32 become infinite, and are then bounded
            vectors = vectorizer.fit_transform(ready)
        kinds = _kinds(ready, vectorizer.kind_to_columns_, given)
        values, origin = vectors.to_numpy(dtype=np.float32), vectorizer.output_to_input_
        origins = [origin[str(name)] for name in vectors.columns]
        is_measured = np.array([kinds[c] not in ("category", "text") for c in origins], dtype=bool)
        state: dict[str, Any] = {
            "format": _FORMAT,
            "columns": list(frame.columns),
            "kinds": kinds,
            "origins": origins,
            "vectorizer": vectorizer,
        }
        low, high = _range(values)
        several = np.array([len(np.unique(v[~np.isnan(v)])) > 2 for v in values.T], dtype=bool)
        varies = low < high
        state["numeric"] = np.flatnonzero(is_measured & several)
        state["two"] = np.flatnonzero(is_measured & varies & ~several)
        state["encoded"] = np.flatnonzero(~is_measured & varies)
        state["gaps"] = np.flatnonzero(is_measured & np.isnan(values).any(axis=0))
        state["low"], state["high"] = low, high
        if not sum(len(state[part]) for part in ("numeric", "two", "encoded", "gaps")):
            raise InputError(
                "features: expected at least one column that varies, got none; add columns to learn from."
            )
        # float64: the square of a number near the end of float32 would overflow.
        wide = _bounded(values[:, state["numeric"]]).astype(np.float64)
        state["scaler"] = SquashingScaler().fit(wide) if len(state["numeric"]) else None
        self._state = state
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns a table must have."""
        return tuple(self._fitted()["columns"])

    @property
    def kinds(self) -> dict[str, str]:
        """What each column held in training: category, text, number, date, date as text, duration, nothing."""
        return dict(self._fitted()["kinds"])

    def transform(
        self, frame: pd.DataFrame, *, rows: NDArray[np.integer] | int = 0, lenient: bool = False
    ) -> TableInputs:
        """Rows as a network takes them.

        Args:
            frame: (n, columns) with at least the columns of `fit`, at least one row; other columns are ignored.
            rows: (n,) numbers that a person finds the rows by, such as the lines of a file, for error sentences;
                or the place of the first one, counted from 0.
            lenient: Whether text where training had numbers or dates counts as a gap instead of being refused, as it
                must in rows of the training table itself that were held out.

        Raises:
            NotFittedError: Before `fit`.
            InputError: No rows, columns of `fit` that are not there, or text where training had numbers or
                dates.
        """
        state = self._fitted()
        values = self._vectors(frame, rows, lenient)
        numeric = values[:, state["numeric"]].astype(np.float64)
        if state["scaler"] is not None:
            numeric = np.nan_to_num(state["scaler"].transform(numeric), nan=0.0)
        two, low = state["two"], state["low"]
        span = (state["high"] - low)[two]
        binary = np.nan_to_num(np.clip((values[:, two] - low[two]) / span, 0.0, 1.0), nan=0.0)
        encoded = np.nan_to_num(values[:, state["encoded"]], nan=0.0)
        gaps = np.isnan(values[:, state["gaps"]])
        other = np.concatenate([binary, encoded, gaps], axis=1)
        return TableInputs(numeric.astype(np.float32), other.astype(np.float32))

    def transform_for_trees(
        self, frame: pd.DataFrame, *, rows: NDArray[np.integer] | int = 0, lenient: bool = False
    ) -> TreeInputs:
        """Rows as trees take them: unscaled, gaps kept as NaN, which trees split on by themselves.

        Args:
            frame: As for `transform`.
            rows: As for `transform`.
            lenient: As for `transform`.
        """
        state = self._fitted()
        used = np.unique(np.concatenate([state[part] for part in ("numeric", "two", "encoded", "gaps")]))
        return TreeInputs(self._vectors(frame, rows, lenient)[:, used])

    def save(self, path: str | Path) -> None:
        """Store everything learnt in one file, without pickle: reading it back runs no code from the file.

        Args:
            path: File to write; the usual ending is ``.skops``.
        """
        from zipfile import ZIP_DEFLATED

        import skops.io

        skops.io.dump(
            self._fitted() | {"random_state": self.random_state}, Path(path), compression=ZIP_DEFLATED
        )

    @classmethod
    def load(cls, path: str | Path) -> "TablePreprocessor":
        """Read what `save` wrote.

        Raises:
            MissingFileError: No such file.
            CheckpointError: Not a file of `save`, one of other library versions, or one that was tampered
                with.
        """
        import skops.io

        path = Path(path)
        if not path.is_file():
            raise MissingFileError(f"{path}: no such file; give the file that TablePreprocessor.save wrote.")
        try:
            state = skops.io.load(path, trusted=list(TRUSTED_TYPES))
            is_ours = isinstance(state, dict) and state.get("format") == _FORMAT
        except Exception as error:  # a foreign file can fail anywhere
            reason = (str(error).strip() or type(error).__name__).splitlines()[0][:160].rstrip(".")
            raise CheckpointError(
                f"{path.name}: expected a stored TablePreprocessor, got a file that cannot be trusted or "
                f"read ({reason}); store it again with the versions installed here."
            ) from error
        if not is_ours:
            raise CheckpointError(
                f"{path.name}: expected a stored TablePreprocessor, got something else; give the file that "
                "its save wrote."
            )
        loaded = cls(random_state=state.pop("random_state"))
        loaded._state = state
        return loaded

    def _fitted(self) -> dict[str, Any]:
        _check.fitted(self, "_state")
        assert self._state is not None
        return self._state

    def _vectors(
        self, frame: pd.DataFrame, rows: NDArray[np.integer] | int, lenient: bool
    ) -> NDArray[np.float32]:
        """(n, outputs) as skrub sees the rows, infinities bounded."""
        state, frame = self._fitted(), named(frame)
        check_columns(list(frame.columns), state["columns"])
        if not len(frame):
            raise InputError("features: expected rows, got a table without any; give at least one.")
        frame = frame.loc[:, state["columns"]]
        judge = forgive if lenient else partial(refuse_unread, rows=rows)
        ready = readable(frame, state["kinds"], judge)
        with np.errstate(over="ignore"), warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # of dates that pandas reads one by one; what is none is judged below
            values = state["vectorizer"].transform(ready).to_numpy(dtype=np.float32)
        for column, series in frame.items():
            if state["kinds"][column] == "date as text":
                parts = [i for i, origin in enumerate(state["origins"]) if origin == column]
                judge(series, np.isnan(values[:, parts]).all(axis=1), "dates")
        return _bounded(values)


def _kinds(
    frame: pd.DataFrame, found: Mapping[str, Sequence[str]], given: Mapping[str, str]
) -> dict[str, str]:
    """What each column holds, as skrub found; see `evenreg.data._frame.readable`."""
    kinds = dict.fromkeys(frame.columns, "nothing")
    for column in found["numeric"]:
        kinds[column] = "duration" if frame[column].dtype.kind == "m" else "number"
    for column in found["datetime"]:
        kinds[column] = "date as text" if any(isinstance(v, str) for v in frame[column]) else "date"
    for column in (*found["low_cardinality"], *found["high_cardinality"]):
        kinds[column] = given.get(column, "text")
    return kinds


def _bounded(values: NDArray[np.float32]) -> NDArray[np.float32]:
    limit = float(np.finfo(np.float32).max)
    return np.clip(values, -limit, limit)


def _range(values: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Smallest and largest value per column, NaN aside; 0 and 0 where there is none."""
    gaps, wide = np.isnan(values), _bounded(values).astype(np.float64)
    low = np.where(gaps, np.inf, wide).min(axis=0)
    high = np.where(gaps, -np.inf, wide).max(axis=0)
    empty = gaps.all(axis=0)
    return np.where(empty, 0.0, low), np.where(empty, 0.0, high)
