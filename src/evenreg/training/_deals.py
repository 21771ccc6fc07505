"""What a balanced batch holds: which bins, and which of their rows, as pure functions of seed and epoch."""

import math

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Bits = NDArray[np.uint64]


def bins_of_batches(bins: int, batches: int, size: int, rng: np.random.Generator) -> Integers:
    """The bin of each place of each batch, ``(batches, size)``, copies of a bin side by side.

    Each bin comes ⌊size / bins⌋ times in each batch and once more in some. These are the next so many bins of a
    random circle; each time it ends together with a batch another circle follows. So no bin comes once more
    twice in a batch, and after any number of batches no bin has come more than once more than another.

    Args:
        bins: Number of bins.
        batches: Number of batches.
        size: Rows a batch.
        rng: Where circles and the order of bins come from.
    """
    each, more = divmod(size, bins)
    together = bins // math.gcd(bins, more) if more else batches  # batches until the circle ends with one
    circles = rng.permuted(np.tile(np.arange(bins), (-(-batches // together), 1)), axis=1)
    batch = np.arange(batches)[:, None]
    extra = circles[batch // together, ((batch % together) * more + np.arange(more)) % bins]
    base = np.broadcast_to(np.repeat(np.arange(bins), each), (batches, each * bins))
    return rng.permutation(bins)[np.sort(np.concatenate([base, extra], axis=1), axis=1)]


def rows_of_bins(bins: Integers, sizes: Integers, by_bin: Integers, *, seed: int, epoch: int) -> Integers:
    """A row for each place of ``(batches, size)`` bins, each bin's rows dealt like cards.

    A deal of a bin is a random order of its rows. Draws go through one deal after another, through epochs too,
    with one exception: where a deal ends within a batch, all the batch's draws of this bin come from the next
    deal, at the places they have, since two deals might give the same row. Up to so many rows are then missing
    in one deal or come twice in the other, far apart.

    Args:
        bins: The bin of each place, copies in a batch side by side.
        sizes: ``(m,)`` rows in each bin, at least 1.
        by_bin: Row numbers, those of bin 0 first.
        seed: Seed of the deals.
        epoch: Number of the epoch, from 0.
    """
    flat, m = bins.ravel(), len(sizes)
    order = np.argsort(flat.astype(np.min_scalar_type(m)), kind="stable")  # 16 bits sort in linear time
    bin_, batch = flat[order], order // bins.shape[1]
    # Each draw's number among those of its bin since the first epoch; every epoch has as many set aside for it,
    # one more than it draws of some bins.
    drawn = np.bincount(flat, minlength=m)
    number = np.arange(len(flat)) - np.repeat(np.cumsum(drawn) - drawn, drawn)
    number += epoch * -(-len(flat) // m)
    last, runs = _runs(bin_, batch)
    deal = np.repeat((number // sizes[bin_])[last], runs)
    last, runs = _runs(bin_, deal)
    dealt, start = _deals(bin_[last], deal[last], sizes, by_bin, seed)
    rows = np.empty_like(flat)
    rows[order] = dealt[np.repeat(start, runs) + number % sizes[bin_]]
    return rows.reshape(bins.shape)


def _runs(a: Integers, b: Integers) -> tuple[Integers, Integers]:
    """Last place and length of each run of places where neither ``a`` nor ``b`` changes."""
    last = np.flatnonzero(np.concatenate([(a[1:] != a[:-1]) | (b[1:] != b[:-1]), [True]]))
    return last, np.diff(last, prepend=-1)


def _deals(
    bin_: Integers, deal: Integers, sizes: Integers, by_bin: Integers, seed: int
) -> tuple[Integers, Integers]:
    """The rows of ``bin_[i]`` in the order of ``deal[i]``, one i after another, and where each begins."""
    size = sizes[bin_]
    start = np.cumsum(size) - size
    first = (np.cumsum(sizes) - sizes)[bin_]
    rows = by_bin[np.arange(size.sum()) + np.repeat(first - start, size)]
    # A generator would have to pass through all earlier deals; this gives any deal at once.
    salt = np.random.default_rng(seed).integers(2**64, dtype=np.uint64)
    key = _mixed(np.repeat(_mixed(deal.astype(np.uint64) + salt), size) + rows.astype(np.uint64))
    bits = np.uint64(len(deal).bit_length())
    place = np.arange(len(deal), dtype=np.uint64) << (np.uint64(64) - bits)
    return rows[np.argsort(np.repeat(place, size) | key >> bits)], start


def _mixed(x: Bits) -> Bits:
    """Random-looking bits for each number: SplitMix64 of Steele, Lea and Flood (2014)."""
    x = x * np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ x >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ x >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return x ^ x >> np.uint64(31)
