"""The only place where error sentences are made: expected what, got what, and the way out."""

import difflib
import math
import warnings
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenreg.errors import (
    InputError,
    LabelRangeWarning,
    NotFittedError,
    ShapeError,
    TargetError,
    UnknownNameError,
)

# Below this a test set of a sixth of the rows holds fewer than ten, and regions cannot be told apart.
MINIMUM_ROWS = 60
# Of labels and predictions: sums of squares of millions of rows are numbers, too.
_LARGEST = 1e150


def number(value: Any, name: str) -> float:
    """A finite real number as ``float``, or an `InputError` naming the argument."""
    try:
        result = float(value)
    except (TypeError, ValueError):
        raise InputError(f"{name}: expected a number, got {value!r}.") from None
    if isinstance(value, bool) or not math.isfinite(result):
        raise InputError(f"{name}: expected a finite number, got {value!r}.")
    return result


def positive(value: Any, name: str, *, zero: bool = False) -> float:
    """A number above zero (``zero=True``: or zero)."""
    result = number(value, name)
    if result < 0 or (result == 0 and not zero):
        raise InputError(f"{name}: expected a number {'of at least' if zero else 'above'} 0, got {value!r}.")
    return result


def in_range(value: Any, name: str, low: float, high: float) -> float:
    """A number in the closed interval ``[low, high]``."""
    result = number(value, name)
    if not low <= result <= high:
        raise InputError(f"{name}: expected a number from {low:g} to {high:g}, got {value!r}.")
    return result


def around_one(values: Any, name: str) -> tuple[float, float]:
    """``(low, high)`` with 0 < low <= 1 <= high, between which a ratio is clamped."""
    limits = tuple(finite_array(values, name).reshape(-1).tolist())
    if len(limits) != 2 or not 0 < limits[0] <= 1 <= limits[1]:
        raise InputError(f"{name}: expected (low, high) with 0 < low <= 1 <= high, got {values!r}.")
    return limits


def integer(value: Any, name: str, minimum: int) -> int:
    """A whole number of at least ``minimum``; ``5.0`` counts as 5."""
    result = number(value, name)
    if result != int(result) or result < minimum:
        raise InputError(f"{name}: expected a whole number of at least {minimum}, got {value!r}.")
    return int(result)


def nearest(name: str, options: Collection[str]) -> str:
    """The way out for an unknown name: the closest known ones, or all of them where nothing is close."""
    close = difflib.get_close_matches(name.lower(), [o.lower() for o in options], n=3, cutoff=0.55)
    matches = [o for c in close for o in options if o.lower() == c]
    if matches:
        return "did you mean " + " or ".join(repr(m) for m in matches[:3]) + "?"
    shown = ", ".join(map(str, list(options)[:20])) + (", …" if len(options) > 20 else "")
    return f"known are: {shown}."


def known(name: str, options: Collection[str], what: str) -> str:
    """``name`` if it is one of ``options``; otherwise an `UnknownNameError` that offers the nearest."""
    if name not in options:
        raise UnknownNameError(f"no {what} named {name!r}; {nearest(str(name), options)}")
    return name


def reason(error: Exception, most: int = 240) -> str:
    """What an error of another library says, on one line and as part of a sentence, cut after ``most`` characters.

    >>> reason(ValueError("No such device.  Try another."))
    'No such device. Try another'
    """
    return " ".join(str(error).split())[:most].rstrip(".") or type(error).__name__


def rows_text(rows: Sequence[int] | NDArray[np.integer], limit: int = 5) -> str:
    """``rows 3, 8 and 12`` for an error sentence, cut after ``limit``."""
    listed = [int(r) for r in rows[:limit]]
    if len(rows) == 1:
        return f"row {listed[0]}"
    if len(rows) > limit:
        return f"rows {', '.join(map(str, listed))} and {len(rows) - limit} more"
    return f"rows {', '.join(map(str, listed[:-1]))} and {listed[-1]}"


def labels(y: ArrayLike, name: str = "y", *, empty: bool = False) -> NDArray[np.float64]:
    """Finite float64 labels of shape ``(n,)`` or ``(n, d)``; a lone column ``(n, 1)`` becomes ``(n,)``.

    Args:
        y: Anything NumPy can read as numbers.
        name: How the error sentence calls it.
        empty: Whether zero rows are fine.

    Raises:
        TargetError: Text, NaN or infinite values (row numbers given, counted from 0), or no rows.
        ShapeError: More than two dimensions.
    """
    try:
        array = np.asarray(y, dtype=np.float64)
    except (TypeError, ValueError):
        raise TargetError(
            f"{name}: expected numbers, got {type(y).__name__} that holds text or uneven rows."
        ) from None
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim not in (1, 2):
        raise ShapeError(f"{name}: expected labels of shape (n,) or (n, d), got shape {array.shape}.")
    if array.size == 0 and not empty:
        raise TargetError(f"{name}: expected at least one label, got none.")
    # One fast pass: a sum is finite unless some entry is not (or it overflows, which the slow path clears).
    with np.errstate(over="ignore"):
        total = float(array.sum())
    if not math.isfinite(total):
        finite = np.isfinite(array) if array.ndim == 1 else np.isfinite(array).all(axis=1)
        if not finite.all():
            bad = np.flatnonzero(~finite)
            raise TargetError(
                f"{name}: expected finite numbers, got NaN or infinity in {len(bad)} of {len(array)} "
                f"({rows_text(bad)}, counted from 0); drop or fill them first."
            )
    return array


def squares_fit(y: NDArray[np.float64], name: str, *, tiny: bool = False) -> None:
    """A `TargetError` unless the squares of checked labels are numbers (``tiny=True``: but may be rounded to 0)."""
    largest = float(max(y.max(), -y.min())) if y.size else 1.0
    if largest > _LARGEST or (0 < largest < 1 / _LARGEST and not tiny):
        raise TargetError(
            f"{name}: expected numbers whose squares float64 can hold, from {1 / _LARGEST:g} to {_LARGEST:g} in size, "
            f"got a largest size of {largest:.3g}; divide all by it."
        )


def labels_inside(outside: NDArray[np.bool_], low: float, high: float, *, coordinate: bool = False) -> None:
    """A `LabelRangeWarning` for weights of labels outside the training bins, told to the caller's caller.

    Args:
        outside: ``(n,)`` which labels are outside, at least one.
        low: Lower outer edge of the bins.
        high: Upper outer edge of the bins.
        coordinate: Whether bins lie on a coordinate of the labels, which cannot be clipped as they can.
    """
    rows = np.flatnonzero(outside)
    name = "coordinate(y)" if coordinate else "y"
    way_out = "leave them out" if coordinate else f"np.clip(y, {low!r}, {high!r}) says so on purpose"
    warnings.warn(
        f"{name}: expected labels inside the training bins, {low:,.6g} to {high:,.6g}, got {len(rows)} of "
        f"{len(outside)} outside ({rows_text(rows)}, counted from 0), which weigh as the edge bins do; "
        f"{way_out}.",
        LabelRangeWarning,
        stacklevel=3,
    )


def enough_rows(n: int, name: str) -> None:
    """A `TargetError` when there are fewer labels than anything about their rarity can be told from."""
    if n < MINIMUM_ROWS:
        raise TargetError(
            f"{name}: expected at least {MINIMUM_ROWS} rows with a label, got {n}; with fewer, rarity cannot "
            "be told from chance: collect more."
        )


def same_length(**arrays: Any) -> int:
    """The common length of the named arrays, or a `ShapeError` that gives each length."""
    lengths = {name: len(a) for name, a in arrays.items()}
    # Compared, not put in a set: a hash would make torch.compile compile anew for every batch size.
    first, *others = lengths.values()
    if any(n != first for n in others):
        told = " and ".join(f"{n} of {name}" for name, n in lengths.items())
        raise ShapeError(
            f"expected the same number of rows everywhere, got {told}; they must be row by row the same data."
        )
    return first


def same_shape(**arrays: Any) -> None:
    """A `ShapeError` unless all named arrays or tensors have one shape (nothing is ever broadcast)."""
    shapes = {name: tuple(a.shape) for name, a in arrays.items()}
    first, *others = shapes.values()  # compared as in `same_length`
    if any(shape != first for shape in others):
        told = " and ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise ShapeError(
            f"expected equal shapes, got {told}; reshape one of them (scalar targets are (batch, 1))."
        )


def fitted(part: Any, attribute: str) -> None:
    """A `NotFittedError` when ``part`` has no ``attribute`` yet."""
    if getattr(part, attribute, None) is None:
        raise NotFittedError(f"{type(part).__name__} has learned no labels yet; call fit(space) first.")


def shape(array: Any, name: str, expected: tuple[int | str, ...], way_out: str) -> None:
    """A `ShapeError` unless the shape is ``expected``, where a text such as ``"batch"`` stands for any length."""
    got = tuple(array.shape)
    fits = len(got) == len(expected) and all(
        isinstance(e, str) or e == g for e, g in zip(expected, got, strict=True)
    )
    if not fits:
        told = ", ".join(map(str, expected)) + ("," if len(expected) == 1 else "")
        raise ShapeError(f"{name}: expected shape ({told}), got {got}; {way_out}.")


def batch_size(size: int, least: int, part: str, way_out: str) -> None:
    """An `InputError` when a batch holds fewer samples than the part can work with."""
    if size < least:
        some = "1 sample" if least == 1 else f"{least} samples"
        raise InputError(f"{part}: expected a batch of at least {some}, got {size}; {way_out}.")


def weight_shape(weight: Any, target: Any) -> None:
    """A `ShapeError` unless there is one weight a sample or one an element."""
    got, full, n = tuple(weight.shape), tuple(target.shape), len(target)
    if got not in ((n,), (n, 1), full):  # no set, as in `same_length`
        told = " or ".join(str(s) for s in dict.fromkeys([(n,), (n, 1), full]))
        raise ShapeError(
            f"weight: expected shape {told}, got {got}; give one weight a sample or one an element."
        )


def probabilities(values: Any, name: str, *, total: float | None = None) -> None:
    """An `InputError` unless all values are at least 0 and some above it (``total``: and they add up to it)."""
    smallest, added = float(values.min()), float(values.sum())
    if smallest < 0 or not added > 0:
        raise InputError(
            f"{name}: expected numbers of at least 0, not all 0, got a smallest of {smallest:g}."
        )
    if total is not None and abs(added - total) > 1e-3 * total:
        raise InputError(
            f"{name}: expected numbers that add up to {total:g}, got a sum of {added:g}; divide by it."
        )


def finite_array(values: Any, name: str) -> NDArray[np.float64]:
    """Finite float64 numbers of any shape."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(
            f"{name}: expected numbers, got {type(values).__name__} that holds text or uneven rows."
        ) from None
    if not np.isfinite(array).all():
        raise InputError(f"{name}: expected finite numbers, got NaN or infinity; drop or fill them first.")
    return array


def finite_rows(
    values: NDArray[np.floating], name: str, way_out: str, error: type[InputError] = InputError
) -> None:
    """An ``error`` naming the rows of a batch ``(batch, ...)`` that hold NaN or infinity."""
    # One fast pass, as in `labels`.
    if math.isfinite(float(values.sum())):
        return
    rows = np.flatnonzero(~np.isfinite(values.reshape(len(values), -1)).all(axis=1))
    if len(rows):
        raise error(
            f"{name}: expected finite numbers, got NaN or infinity in {len(rows)} of {len(values)} "
            f"({rows_text(rows)}, counted from 0); {way_out}."
        )


def covariances(array: NDArray[np.float64], name: str) -> None:
    """An `InputError` unless all matrices ``(K, d, d)`` are symmetric without a negative variance."""
    scale = np.abs(array).max(axis=(1, 2), keepdims=True)
    if (np.abs(array - array.transpose(0, 2, 1)) > 1e-6 * scale).any():
        raise InputError(
            f"{name}: expected symmetric matrices, got one that is not; symmetrise it as (C + C.T) / 2."
        )
    smallest = float((np.linalg.eigvalsh(array) / np.maximum(scale[..., 0], 1e-300)).min())
    if smallest < -1e-6:
        raise InputError(
            f"{name}: expected no negative variance, got one along some direction; is it a covariance?"
        )


def one_dimension(dim: int, part: str, way_out: str) -> None:
    """An `InputError` when labels have several dimensions and the part takes one."""
    if dim != 1:
        raise InputError(f"{part}: expected labels of one dimension, got {dim}; {way_out}.")


def occurs(found: bool, label: float, nearest_label: float, name: str) -> None:
    """An `InputError` when a label was named that no sample has."""
    if not found:
        raise InputError(
            f"{name}: expected labels that some sample has, got {label:g}; the nearest is {nearest_label:g}."
        )
