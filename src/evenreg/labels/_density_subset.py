"""Rows drawn so that their labels follow a given density: as many as there are, or a given number."""

import numpy as np
from numpy.typing import NDArray

from evenreg import _check
from evenreg.errors import InputError, TargetError
from evenreg.labels._draws import Floats, Rows, drawn

_WAY_OUT = "ask where there are labels"


def density_subset(
    index: NDArray[np.int64],
    rows: Rows,
    density: Floats,
    *,
    name: str,
    size: int | None,
    shortfall: float,
    rng: np.random.Generator,
    way_out: str = _WAY_OUT,
) -> Rows:
    """The rows whose label distribution over the bins is ``density``, ascending.

    Of s rows the density asks s · density_b of bin b, which gives at most what it holds. The subset is the
    largest in which no more than a share ``shortfall`` of what is asked is missing: with none missing at all, a
    single bin that chance left empty would leave no rows.

    Args:
        index: ``(n,)`` the bin of each label.
        rows: The row numbers that may be drawn.
        density: ``(m,)`` how many rows are wanted of each bin, to any scale.
        name: The argument that the density comes from, for error sentences.
        size: Rows to draw; None for as many as can be had.
        shortfall: Largest share of the rows asked for that may be missing, from 0 to below 1.
        rng: Where the draw comes from.
        way_out: What to do where there are too few labels, for error sentences.
    """
    held = np.bincount(index[rows], minlength=len(density)).astype(np.float64)
    share = density / density.sum()
    most = int(largest(held, share, shortfall, name, way_out) + 1e-9)
    if size is None:
        size = most
    elif _check.integer(size, "size", 1) > most:
        raise InputError(
            f"size: expected at most {most} rows, all that can be had with this distribution, got {size}; "
            "take fewer, or allow a larger shortfall."
        )
    takes = _whole(_asked(held, share, int(size)), held, int(size), rng)
    narrow = index.astype(np.min_scalar_type(len(density)))
    return np.sort(drawn(narrow, takes, rows, rng))


def largest(held: Floats, share: Floats, shortfall: float, name: str, way_out: str = _WAY_OUT) -> float:
    """Most rows that can be had, ``share`` of them in each bin but for a ``shortfall`` in all.

    Args:
        held: ``(m,)`` rows in each bin.
        share: ``(m,)`` at least 0, with sum 1.
        shortfall: See `density_subset`.
        name: See `density_subset`.
        way_out: See `density_subset`.
    """
    missing = float(share[held == 0].sum())
    if missing > shortfall:
        raise TargetError(
            f"{name}: expected labels under at least {100 - 100 * shortfall:g} % of the density asked for, got them "
            f"under {np.floor(1000 - 1000 * missing) / 10:g} %; {way_out}, or allow a larger shortfall."
        )
    full, given, rest = _steps(held, share)
    enough = given + full * rest >= (1 - shortfall) * full * (1 - 1e-12)
    piece = np.flatnonzero(enough)[-1]
    lacking = 1 - shortfall - rest[piece]
    s = given[piece] / lacking if lacking > 0 else full[piece]
    return float(given[piece] + max(s, full[piece]) * rest[piece])


def _steps(held: Floats, share: Floats) -> tuple[Floats, Floats, Floats]:
    """f(s) = Σ min(held, s · share) in pieces: f = given + s · rest from each of the ascending s ``full``."""
    wanted = share > 0
    ratio = held[wanted] / share[wanted]
    order = np.argsort(ratio, kind="stable")
    given = np.concatenate([[0.0], np.cumsum(held[wanted][order])])
    rest = np.concatenate([np.cumsum(share[wanted][order][::-1])[::-1], [0.0]])
    return np.concatenate([[0.0], ratio[order]]), given, rest


def _asked(held: Floats, share: Floats, size: int) -> Floats:
    """``min(held, s · share)`` for the s at which it adds up to ``size``."""
    full, given, rest = _steps(held, share)
    piece = np.flatnonzero(given + full * rest <= size)[-1]
    s = (size - given[piece]) / rest[piece] if rest[piece] > 0 else full[piece]
    return np.minimum(held, s * share)


def _whole(asked: Floats, held: Floats, size: int, rng: np.random.Generator) -> Rows:
    """Whole numbers that add up to ``size``, each the one below or above ``asked``, on average ``asked``."""
    takes = np.floor(asked + 1e-9).astype(np.int64)
    left = size - int(takes.sum())
    fraction = np.where(takes < held, np.maximum(asked - takes, 0), 0)
    reach = np.cumsum(fraction)
    if left:
        reach *= left / reach[-1]
        np.add.at(takes, np.searchsorted(reach, rng.random() + np.arange(left), side="right"), 1)
    return takes
