"""From the columns of a person's table to the numbers a model takes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenreg import _check
from evenreg.data._frame import named, readable
from evenreg.data._inputs import TableInputs, TreeInputs
from evenreg.data._trusted import TRUSTED_TYPES
from evenreg.errors import CheckpointError, InputError, MissingFileError

_FORMAT = "evenreg.TablePreprocessor 1"


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
    out.

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
        nominal = [c for c in frame if isinstance(frame[c].dtype, pd.CategoricalDtype)]
        vectorizer = TableVectorizer(
            # skrub drops one of two categories; an unknown one would then pass for the dropped one.
            low_cardinality=OneHotEncoder(handle_unknown="ignore", sparse_output=False),
            high_cardinality=StringEncoder(random_state=self.random_state),
            datetime=DatetimeEncoder(),
            n_jobs=1,
        )
        state: dict[str, Any] = {
            "format": _FORMAT,
            "columns": list(frame.columns),
            "nominal": nominal,
            "text": [],
        }
        with np.errstate(over="ignore"):  # numbers beyond float32 become infinite, and are then bounded
            vectors = vectorizer.fit_transform(readable(frame, nominal, []))
        kinds = vectorizer.kind_to_columns_
        state["vectorizer"] = vectorizer
        state["text"] = [*kinds["low_cardinality"], *kinds["high_cardinality"]]
        values, names = vectors.to_numpy(dtype=np.float32), [str(c) for c in vectors.columns]
        origin = vectorizer.output_to_input_
        measured = {*kinds["numeric"], *kinds["datetime"]}
        is_measured = np.array([origin[name] in measured for name in names], dtype=bool)
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

    def transform(self, frame: pd.DataFrame) -> TableInputs:
        """Rows as a network takes them.

        Args:
            frame: (n, columns) with at least the columns of `fit`; others are ignored.

        Raises:
            NotFittedError: Before `fit`.
            InputError: Columns of `fit` that are not there.
        """
        state = self._fitted()
        values = self._vectors(frame)
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

    def transform_for_trees(self, frame: pd.DataFrame) -> TreeInputs:
        """Rows as trees take them: unscaled, gaps kept as NaN, which trees split on by themselves.

        Args:
            frame: As for `transform`.
        """
        state = self._fitted()
        used = np.unique(np.concatenate([state[part] for part in ("numeric", "two", "encoded", "gaps")]))
        return TreeInputs(self._vectors(frame)[:, used])

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

    def _vectors(self, frame: pd.DataFrame) -> NDArray[np.float32]:
        """(n, outputs) as skrub sees the rows, infinities bounded."""
        state, frame = self._fitted(), named(frame)
        absent = [c for c in state["columns"] if c not in frame.columns]
        if absent:
            raise InputError(
                f"features: expected the {len(state['columns'])} columns of training, got a table without "
                f"{_list(absent)}; it has {_list(list(frame.columns))}."
            )
        frame = readable(frame.loc[:, state["columns"]], state["nominal"], state["text"])
        with np.errstate(over="ignore"):
            values = state["vectorizer"].transform(frame).to_numpy(dtype=np.float32)
        return _bounded(values)


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


def _list(names: Sequence[str]) -> str:
    shown = ", ".join(repr(n) for n in names[:5])
    return shown + (f" and {len(names) - 5} more" if len(names) > 5 else "") if names else "no column"
