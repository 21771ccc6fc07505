"""Whether a row of a table differs from the reference beyond noise."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evenreg import _check
from evenreg.errors import InputError, ShapeError, TargetError
from evenreg.evaluation._paired import holm, paired_test

ALPHA = 0.05
"""A difference counts as beyond noise when its adjusted p-value is below this."""

COMPARED = ("all", "many", "medium", "few", "zero", "own")
"""What is compared, in the order of the tables' columns; `zero` and `own` only where there is such."""


@final
@dataclass(frozen=True)
class Difference:
    """A row against the reference in one region.

    Attributes:
        row: Name of the row.
        region: One of `all many medium few zero own`.
        n: Test rows in the region.
        reference_mean: Mean error of the reference over seeds and rows, in the errors' unit.
        mean: The same of this row.
        low: Lower end of the 95 % interval of ``mean - reference_mean``; None where it cannot be told.
        high: Upper end.
        p: Two-sided p-value.
        p_row: ``p`` with Holm's correction over the regions of this row.
        p_table: ``p`` with Holm's correction over all rows and regions.
    """

    row: str
    region: str
    n: int
    reference_mean: float
    mean: float
    low: float | None
    high: float | None
    p: float | None
    p_row: float | None
    p_table: float | None

    @property
    def difference(self) -> float:
        """``mean - reference_mean``: below 0 where the row is better."""
        return self.mean - self.reference_mean

    @property
    def verdict(self) -> str:
        """``better`` or ``worse`` than the reference beyond noise (``p_row`` < 0.05), else empty."""
        if self.p_row is None or self.p_row >= ALPHA:
            return ""
        return "better" if self.difference < 0 else "worse"

    @property
    def strong(self) -> bool:
        """Whether the verdict holds with correction over the whole table too."""
        return self.p_table is not None and self.p_table < ALPHA


@final
@dataclass(frozen=True)
class Comparison:
    """All rows against one reference, from `compare_to_reference`.

    ``comparison["sqinv", "few"]`` is a `Difference`.

    Attributes:
        reference: Name of the row the others are held against.
        seeds: Number of seeds.
        differences: Row by row, in the order of the table's columns.
        note: One sentence why nothing is marked, None where marks are possible.
    """

    reference: str
    seeds: int
    differences: tuple[Difference, ...]
    note: str | None

    def __getitem__(self, key: tuple[str, str]) -> Difference:
        row, region = key
        _check.known(row, self.rows, "compared row")
        _check.known(region, self.regions, "compared region")
        return next(d for d in self.differences if d.row == row and d.region == region)

    @property
    def rows(self) -> tuple[str, ...]:
        """Names of the rows held against the reference."""
        return tuple(dict.fromkeys(d.row for d in self.differences))

    @property
    def regions(self) -> tuple[str, ...]:
        """Regions that hold test rows."""
        return tuple(dict.fromkeys(d.region for d in self.differences))

    def mark(self, row: str, region: str) -> str:
        """``+`` better or ``-`` worse beyond noise, twice where that holds over the whole table too; else nothing."""
        if row not in self.rows or region not in self.regions:
            return ""
        found = self[row, region]
        sign = {"better": "+", "worse": "-", "": ""}[found.verdict]
        return sign * 2 if found.strong else sign

    @property
    def legend(self) -> str:
        """What marks say, or why there are none."""
        return self.note or (
            f"+ better, - worse than {self.reference} beyond noise (p < .05 over seeds and test rows, Holm's "
            "correction within the row); ++, -- over the whole table too; no mark: not told from noise."
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; `from_dict` gives an equal comparison back."""
        return {
            "reference": self.reference,
            "seeds": self.seeds,
            "note": self.note,
            "differences": [asdict(d) for d in self.differences],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Comparison":
        """The comparison that `to_dict` wrote.

        Raises:
            InputError: ``data`` is something else.
        """
        try:
            differences = tuple(Difference(**d) for d in data["differences"])
            return cls(data["reference"], data["seeds"], differences, data["note"])
        except (KeyError, TypeError):
            raise InputError("expected what Comparison.to_dict() wrote, got something else.") from None


def _errors_of(name: str, errors: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(errors, dtype=np.float64)
    if array.ndim != 2 or array.size == 0:
        raise ShapeError(
            f"errors of {name!r}: expected absolute errors of shape (seeds, n), got shape {array.shape}; "
            "a single seed is errors[None, :]."
        )
    if not np.isfinite(array).all():
        bad = np.unique(np.nonzero(~np.isfinite(array))[1])
        raise TargetError(
            f"errors of {name!r}: expected finite numbers, got NaN or infinity in {_check.rows_text(bad)} "
            "(counted from 0); find out why that model predicts them."
        )
    return array


def _weights(regions: ArrayLike, own: ArrayLike | None, n: int) -> dict[str, NDArray[np.float64]]:
    """Row weights of each compared region that holds test rows, in the order of `COMPARED`."""
    names = np.asarray(regions).astype(str)
    for name in np.unique(names):
        _check.known(str(name), ("many", "medium", "few", "interpolation", "extrapolation"), "region")
    masks = {name: names == name for name in ("many", "medium", "few")}
    masks["zero"] = np.isin(names, ("interpolation", "extrapolation"))
    weights = {"all": np.ones(n)} | {k: m.astype(np.float64) for k, m in masks.items() if m.any()}
    if own is not None:
        weights["own"] = _check.labels(own, "own")
        _check.same_length(regions=names, own=weights["own"])
    return weights


def compare_to_reference(
    errors: Mapping[str, ArrayLike],
    regions: ArrayLike,
    reference: str = "vanilla",
    *,
    own: ArrayLike | None = None,
    groups: ArrayLike | None = None,
) -> Comparison:
    """Every row of a table against the reference, region by region: which differences are more than noise.

    A single table of means invites reading noise: over seeds, few-shot errors of one and the same method
    vary by a tenth and more. Here a difference must stand out from the variation between seeds and between
    test rows (`evenreg.evaluation._paired.paired_test`), with Holm's correction over the regions of a row
    for a mark, and over the whole table for a strong one. Two trainings of the same method are marked, in
    any region, in at most 5 % of comparisons. With one seed nothing is marked, and ``note`` says why.

    Args:
        errors: Name of a row to its absolute errors ``(seeds, n)``. Seed s of two rows must share split and
            test
            rows: they are compared pair by pair.
        regions: ``(n,)`` of `many medium few interpolation extrapolation`, as from ``ShotRegions.assign``.
        reference: Name of the row that the others are held against.
        own: Row weights ``(n,)`` from `own_weight`, to compare the error on the person's own distribution
            too.
        groups: ``(n,)`` what rows come from (a person, an image): rows of one group are one observation, since
            their errors rise and fall together. None: every row for itself.

    Raises:
        UnknownNameError: No row named ``reference``, or a region nobody knows.
        ShapeError: Rows of different seeds or lengths.
        TargetError: Errors that are not finite.

    >>> rng = np.random.default_rng(0)
    >>> vanilla = rng.gamma(2, 1, (3, 60))
    >>> errors = {"vanilla": vanilla, "sqinv": vanilla - 0.5 + rng.normal(0, 0.1, (3, 60))}
    >>> c = compare_to_reference(errors, ["many"] * 40 + ["few"] * 20)
    >>> c["sqinv", "few"].verdict
    'better'
    """
    _check.known(reference, errors, "row of errors")
    arrays = {name: _errors_of(name, e) for name, e in errors.items()}
    base = arrays[reference]
    for name, array in arrays.items():
        if array.shape != base.shape:
            raise ShapeError(
                f"errors of {name!r}: expected shape {base.shape} as {reference!r} has, got {array.shape}; "
                "compare rows of the same seeds and test rows."
            )
    seeds, n = base.shape
    _check.same_length(errors=range(n), regions=np.asarray(regions))
    weights = _weights(regions, own, n)
    members = np.arange(n) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    _check.same_length(errors=range(n), groups=members)

    found: list[Difference] = []
    for name, array in arrays.items():
        if name == reference:
            continue
        for region, w in weights.items():
            inside = w > 0
            a, b, v = array[:, inside], base[:, inside], w[inside] / w.sum()
            test = paired_test(*_by_group(a - b, v, members[inside]))
            means = float((b @ v).mean()), float((a @ v).mean())
            found.append(Difference(name, region, int(inside.sum()), *means, *test, p_row=None, p_table=None))

    p = np.array([np.nan if d.p is None else d.p for d in found])
    of_row = np.array([d.row for d in found])
    by_row = np.full(len(p), np.nan)
    for name in dict.fromkeys(of_row):
        by_row[of_row == name] = holm(p[of_row == name])
    marked = tuple(
        replace(d, p_row=_told(r), p_table=_told(t)) for d, r, t in zip(found, by_row, holm(p), strict=True)
    )
    note = None
    if seeds == 1:
        note = (
            "Nothing is marked: one seed cannot tell how much results vary from training to training; "
            "run at least 3 seeds."
        )
    return Comparison(reference, seeds, marked, note)


def _by_group(
    difference: NDArray[np.float64], weight: NDArray[np.float64], members: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """One column a group, its weighted mean difference, with the group's whole weight."""
    _, member = np.unique(members, return_inverse=True)
    whole = np.bincount(member, weight).astype(np.float64)
    sums = np.stack([np.bincount(member, row * weight) for row in difference])
    return sums / whole, whole


def _told(p: float) -> float | None:
    return None if np.isnan(p) else float(p)
