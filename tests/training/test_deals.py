"""Which bins and rows a balanced batch holds: even bins, rows dealt like cards."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenreg.training._deals import bins_of_batches, rows_of_bins
from reference import deals

quick = settings(max_examples=40, deadline=None)


def dealt(sizes, batches, size, *, seed=0, epoch=0):
    """Bins, rows, and the rows that each bin has, for bins of these sizes with their rows scattered."""
    sizes = np.array(sizes)
    by_bin = np.random.default_rng(1).permutation(sizes.sum())
    members = np.split(by_bin, np.cumsum(sizes)[:-1])
    bins = bins_of_batches(len(sizes), batches, size, np.random.default_rng(epoch))
    return bins, rows_of_bins(bins, sizes, by_bin, seed=seed, epoch=epoch), members


class TestBins:
    @quick
    @given(m=st.integers(1, 30), batches=st.integers(1, 40), size=st.integers(1, 70), seed=st.integers(0, 9))
    def test_bins_are_even_in_every_batch_and_after_any_number_of_batches(self, m, batches, size, seed):
        bins = bins_of_batches(m, batches, size, np.random.default_rng(seed))
        assert bins.shape == (batches, size)
        counts = np.array([np.bincount(batch, minlength=m) for batch in bins])
        assert set(np.unique(counts)) <= {size // m, -(-size // m)}
        assert np.ptp(np.cumsum(counts, axis=0), axis=1).max() <= 1
        changes = (np.diff(bins, axis=1) != 0).sum(axis=1) + 1
        assert np.array_equal(changes, (counts > 0).sum(axis=1))  # copies side by side

    def test_every_bin_is_as_likely_as_any_other_to_come_once_more(self):
        more = np.zeros(7)
        for seed in range(700):
            more += np.bincount(bins_of_batches(7, 1, 9, np.random.default_rng(seed))[0])
        assert (abs(more - 900) < 5 * np.sqrt(700 * 2 / 7 * 5 / 7)).all()

    def test_other_bins_meet_in_other_batches(self):
        pairs = {
            tuple(sorted(batch)) for batch in bins_of_batches(8, 40, 4, np.random.default_rng(0)).tolist()
        }
        assert len(pairs) > 20


class TestRows:
    @quick
    @given(
        sizes=st.lists(st.integers(1, 12), min_size=1, max_size=9),
        batches=st.integers(1, 15),
        size=st.integers(1, 25),
        epoch=st.integers(0, 5),
        seed=st.integers(0, 3),
    )
    def test_equal_the_slow_reference(self, sizes, batches, size, epoch, seed):
        bins, rows, members = dealt(sizes, batches, size, seed=seed, epoch=epoch)
        salt = int(np.random.default_rng(seed).integers(2**64, dtype=np.uint64))
        expected = deals.rows_of_bins(bins.tolist(), [m.tolist() for m in members], salt, epoch)
        assert rows.tolist() == expected

    @quick
    @given(
        sizes=st.lists(st.integers(1, 40), min_size=1, max_size=6),
        size=st.integers(1, 60),
        epoch=st.integers(0, 4),
    )
    def test_a_batch_repeats_no_row_that_it_need_not(self, sizes, size, epoch):
        bins, rows, members = dealt(sizes, 12, size, epoch=epoch)
        for of_bin, batch in zip(bins, rows, strict=True):
            for b, held in enumerate(members):
                drawn = batch[of_bin == b]
                assert np.isin(drawn, held).all()
                times = np.bincount(np.searchsorted(np.sort(held), drawn), minlength=len(held))
                assert np.ptp(times) <= 1

    def test_one_row_a_batch_deals_each_row_once_before_any_comes_again(self):
        _, rows, members = dealt([7, 30], 70, 2)
        for held in members:
            drawn = rows[np.isin(rows, held)]
            for start in range(0, 70 - len(held) + 1, len(held)):
                assert sorted(drawn[start : start + len(held)]) == sorted(held)

    def test_epochs_go_on_where_the_last_one_ended(self):
        drawn = np.concatenate([dealt([500, 3], 10, 20, epoch=e)[1].ravel() for e in range(5)])
        _, _, (common, _) = dealt([500, 3], 10, 20)
        assert np.array_equal(np.sort(drawn[np.isin(drawn, common)]), np.sort(common))

    def test_a_deal_is_any_order_as_often_as_any_other(self):
        orders = {}
        for seed in range(2400):
            bins = np.zeros((4, 1), dtype=np.int64)
            order = tuple(
                rows_of_bins(bins, np.array([4]), np.arange(4), seed=seed, epoch=0).ravel().tolist()
            )
            orders[order] = orders.get(order, 0) + 1
        assert len(orders) == 24
        assert max(abs(count - 100) for count in orders.values()) < 5 * 10

    @pytest.mark.parametrize("c", [2, 3, 4])
    def test_rows_of_a_small_bin_are_drawn_alike_although_deals_end_within_batches(self, c):
        # One bin of 5 rows, c a batch: deals end within batches nearly always.
        bins = np.zeros((3000, c), dtype=np.int64)
        times = np.bincount(rows_of_bins(bins, np.array([5]), np.arange(5), seed=0, epoch=0).ravel())
        assert (abs(times - 600 * c) < 5 * np.sqrt(600 * c)).all()
