"""Rows that are made: between two parents, from one with noise, or copied."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evenreg.resampling._distances import heom
from evenreg.resampling._table import Table

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


class Made(NamedTuple):
    """Rows that were made.

    Attributes:
        seed: ``(s,)`` row that each was made from.
        neighbour: ``(s,)`` its other parent, -1 where there is none.
        numeric: ``(s, p)`` its numbers.
        cells: ``(s, q)`` rows that its categories are taken from.
        target: ``(s,)`` its label.
        copied: Whether they are rows of the input.
    """

    seed: Rows
    neighbour: Rows
    numeric: Floats
    cells: Rows
    target: Floats
    copied: bool = False


def copies(table: Table, y: Floats, rows: Rows) -> Made:
    """The rows as they are."""
    cells = np.repeat(rows[:, None], table.codes.shape[1], axis=1)
    return Made(rows, np.full(len(rows), -1), table.numeric[rows], cells, y[rows], copied=True)


def between(
    table: Table, y: Floats, parents: tuple[Rows, Rows], scales: Floats | None, rng: np.random.Generator
) -> Made:
    """A row on the line from each seed a to its neighbour b.

        x = x_a + u (x_b - x_a),  u ~ U(0, 1), one a row;    a category is that of either parent, by a coin
        y = (d_b y_a + d_a y_b) / (d_a + d_b),  d the distance of the new row to a parent; the mean where both are 0

    Where either parent has no value, the seed's is taken: that may be a missing one, and a missing value never
    comes of two that are there.

    Args:
        table: The input.
        y: ``(n,)`` its labels.
        parents: ``(s,)`` seeds and ``(s,)`` neighbours, row numbers.
        scales: ``(p,)`` what numbers are divided by for distances; None where distances are those of an
            embedding, in which the new row lies at u, so that d_a = u and d_b = 1 - u.
        rng: For u and the coins.

    Torgo et al. 2013 (SMOTE for Regression), Algorithm 2, which draws u anew for each column: a row may then
    lie off the line, where columns no longer go together.
    """
    a, b = parents
    u = rng.random(len(a))[:, None]
    x_a, x_b = table.numeric[a], table.numeric[b]
    # Not x_a + u (x_b - x_a), which overflows between far ends; clipped for the last bit.
    numeric = (1 - u) * x_a + u * x_b
    np.clip(numeric, np.minimum(x_a, x_b), np.maximum(x_a, x_b), out=numeric)
    np.copyto(numeric, x_a, where=np.isnan(numeric))
    numeric = table.rounded(numeric)
    heads = rng.random((len(a), table.codes.shape[1])) < 0.5
    heads |= (table.codes[a] < 0) | (table.codes[b] < 0)
    cells = np.where(heads, a[:, None], b[:, None])
    if scales is None:
        to_a, to_b = u[:, 0], 1 - u[:, 0]
    else:
        codes = np.take_along_axis(table.codes, cells, axis=0)
        to_a, to_b = (
            heom(numeric / scales, codes, x / scales, table.codes[rows]) for x, rows in ((x_a, a), (x_b, b))
        )
    apart = to_a + to_b
    share = np.divide(to_a, apart, out=np.full(len(a), 0.5), where=apart > 0)
    target = np.clip((1 - share) * y[a] + share * y[b], np.minimum(y[a], y[b]), np.maximum(y[a], y[b]))
    return Made(a, b, numeric, cells, target)


def noisy(
    table: Table, y: Floats, seeds: Rows, amount: Floats | float, region: Rows, rng: np.random.Generator
) -> Made:
    """Each seed with Gaussian noise.

        x = x_a + N(0, (amount · sd)²),  y alike;  sd of the column, of the labels, in the seed's region

    A category is drawn by the categories' frequencies in the region. A missing value of the seed stays missing.

    Args:
        table: The input.
        y: ``(n,)`` its labels.
        seeds: ``(s,)`` row numbers.
        amount: Standard deviation of the noise in those of the region, one or one a seed.
        region: Row numbers of the region.
        rng: For the noise and the categories.

    Branco et al. 2017 (SMOGN), section 3, after Lee 2000 (Noisy replication in skewed binary classification).
    """
    amount = np.broadcast_to(amount, seeds.shape)
    spread = deviations(table.numeric[region])
    numeric = rng.standard_normal((len(seeds), len(spread)))
    numeric *= amount[:, None] * spread
    numeric = table.rounded(numeric + table.numeric[seeds])
    cells = np.repeat(seeds[:, None], table.codes.shape[1], axis=1)
    for j, codes in enumerate(table.codes.T):
        there = region[codes[region] >= 0]
        filled = np.flatnonzero(codes[seeds] >= 0)
        # The category of a row drawn at random: as frequent as in the region.
        cells[filled, j] = there[rng.integers(max(len(there), 1), size=len(filled))]
    sd = deviations(y[region][:, None])[0]
    target = y[seeds] + rng.standard_normal(len(seeds)) * amount * sd
    return Made(seeds, np.full(len(seeds), -1), numeric, cells, target)


def deviations(values: Floats) -> Floats:
    """Standard deviation of each column over what is there, divisor n - 1; 0 with fewer than two values."""
    there = ~np.isnan(values)
    count = there.sum(axis=0)
    centred = np.where(there, values, 0)
    centred = np.where(there, values - centred.sum(axis=0) / np.maximum(count, 1), 0)
    return np.sqrt(np.square(centred).sum(axis=0) / np.maximum(count - 1, 1))


def joined(parts: list[Made], table: Table) -> Made:
    """Several as one; nothing where there are none."""
    if not parts:
        return copies(table, np.empty(0), np.empty(0, dtype=np.int64))
    fields = zip(*(part[:5] for part in parts), strict=True)
    return Made(*(np.concatenate(field) for field in fields), copied=all(part.copied for part in parts))
