"""How many rows each region is to have: balanced, turned round, in multiples or exactly."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evenreg import _check
from evenreg.errors import InputError, ShapeError
from evenreg.resampling._regions import Region

Sampling = str | Mapping[str, float] | Sequence[int]

_STRATEGIES = ("balance", "extreme")
_KINDS = {"rare": True, "frequent": False}


def sizes(regions: list[Region], sampling: Any, *, over: bool = True, under: bool = True) -> list[int]:
    """Rows that each region will have: rare ones at least as many as before, frequent ones at most as many.

    With n rows in B regions of n_i rows each:

        balance   n / B for each; where only rare ones grow, the mean of the frequent; where only frequent
                  ones shrink, the mean of the rare
        extreme   n · (1 / n_i) / Σ_j (1 / n_j): proportions turned round; where only frequent ones shrink,
                  the squared mean of the rare over n_i

    Args:
        regions: From the lowest labels to the highest.
        sampling: ``"balance"``, ``"extreme"``, a mapping of ``rare`` and ``frequent`` to rows in all (whole
            numbers) or multiples (floats), or one whole number a region.
        over: Whether rare regions can grow.
        under: Whether frequent regions can shrink.

    Raises:
        InputError: Sizes that would drop rare rows or add frequent ones.
        UnknownNameError: Another word or key.
        ShapeError: Another number of sizes than of regions.
    """
    have = np.array([len(r.rows) for r in regions])
    rare = np.array([r.rare for r in regions])
    if isinstance(sampling, str):
        _check.known(sampling, _STRATEGIES, "sampling")
        wanted = (
            _balanced(have, rare, over, under) if sampling == "balance" else _extreme(have, rare, over, under)
        )
        wanted = np.where(rare, np.maximum(have, wanted), np.maximum(np.minimum(have, wanted), 1))
        movable = np.where(rare, over, under)
        return np.where(movable, wanted, have).tolist()
    mapped = isinstance(sampling, Mapping)
    wanted = _mapped(have, rare, sampling) if mapped else _listed(regions, sampling)
    for region, size in zip(regions, wanted, strict=True):
        _require_possible(region, size, over, under)
    return wanted


def _balanced(have: np.ndarray, rare: np.ndarray, over: bool, under: bool) -> np.ndarray:
    if over and under:
        return np.diff(np.linspace(0, have.sum(), len(have) + 1).astype(np.int64))
    return np.full(len(have), round(have[~rare].mean() if over else have[rare].mean()))


def _extreme(have: np.ndarray, rare: np.ndarray, over: bool, under: bool) -> np.ndarray:
    if not under:
        raise InputError(
            "sampling: expected 'balance', multiples or sizes where no row is dropped, got 'extreme', which "
            "needs fewer frequent rows; take one of these or a sampler that drops rows."
        )
    if over:
        return np.rint(have.sum() / have / (1 / have).sum()).astype(np.int64)
    return np.rint(have[rare].mean() ** 2 / have).astype(np.int64)


def _mapped(have: np.ndarray, rare: np.ndarray, sampling: Mapping[str, float]) -> list[int]:
    wanted = have.copy()
    for key, amount in sampling.items():
        kind = rare == _KINDS[_check.known(key, tuple(_KINDS), "kind of region")]
        total, name = int(have[kind].sum()), f"sampling[{key!r}]"
        if isinstance(amount, float | np.floating):
            size = max(round(_check.positive(amount, name) * total), 1)
        else:
            size = _check.integer(amount, name, 1)
        shared = np.cumsum(have[kind]) * size / total
        wanted[kind] = np.diff(np.rint(shared), prepend=0).astype(np.int64)
    return wanted.tolist()


def _listed(regions: list[Region], sampling: Any) -> list[int]:
    if not isinstance(sampling, Sequence | np.ndarray):
        raise InputError(
            f"sampling: expected 'balance', 'extreme', a mapping of rare and frequent or one size a region, "
            f"got {sampling!r}."
        )
    if len(sampling) != len(regions):
        told = "; ".join(r.told() for r in regions)
        raise ShapeError(
            f"sampling: expected {len(regions)} sizes, one a region ({told}), got {len(sampling)}; give a "
            "mapping of rare and frequent where you do not know the regions."
        )
    return [_check.integer(size, "sampling", 1) for size in sampling]


def _require_possible(region: Region, size: int, over: bool, under: bool) -> None:
    have = len(region.rows)
    bound = "at least" if region.rare else "at most"
    if (size < have) if region.rare else (size > have):
        raise InputError(
            f"sampling: expected {bound} {have:,} rows for {region.told()}, got {size:,}; rare rows are never "
            "dropped, frequent ones never added, whole numbers are rows and floats are multiples."
        )
    if size != have and not (over if region.rare else under):
        raise InputError(
            f"sampling: expected {have:,} rows for {region.told()}, which this sampler leaves as they are, "
            f"got {size:,}; leave the size out."
        )
