import json
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from evenreg.errors import InputError, ShapeError, TargetError
from evenreg.labels import Bins
from reference.labels import bin_of

quick = settings(max_examples=40, deadline=None)
floats = st.floats(-1e6, 1e6, allow_subnormal=False)


def searched(bins: Bins, y: np.ndarray) -> np.ndarray:
    return np.clip(np.searchsorted(bins.edges, y, side="right") - 1, 0, len(bins) - 1)


class TestIndex:
    @quick
    @given(
        y=arrays(np.float64, 30, elements=floats), edges=st.lists(floats, min_size=2, max_size=9, unique=True)
    )
    def test_equals_walking_the_edges(self, y, edges):
        edges = sorted(edges)
        on_edges = np.append(y, edges)
        expected = [bin_of(v, edges) for v in on_edges]
        got = Bins(edges).index(on_edges)
        images = np.isin(on_edges, np.float32(edges)) & ~np.isin(on_edges, edges)
        assert (got == expected)[~images].all()

    @pytest.mark.parametrize(
        "bins",
        [
            Bins.uniform(0, 5, 0.1),
            Bins.uniform(-3, 7, 0.7),
            Bins.uniform(1e12, 1e12 + 300, 0.3),
            Bins.uniform(-2e-9, 3e-9, 1e-11),
            Bins.uniform(-1e300, 1e300, 1e298),
            Bins.uniform(0, 1, 1e-4),
            Bins(np.cumsum(np.random.default_rng(0).uniform(0.8, 1.2, 500))),
            Bins(np.cumsum(np.random.default_rng(0).lognormal(size=500))),
            Bins([-1e6, 0, 1e-9, 2e-9, 1, 1e6]),
            Bins([0, 1e-300, 1, 1e300]),
        ],
        ids=repr,
    )
    def test_is_exact_on_and_beside_every_edge(self, bins):
        images = np.float32(bins.edges).astype(float) if abs(bins.edges).max() < 1e38 else bins.edges
        beside = [np.nextafter(bins.edges, -np.inf), bins.edges, np.nextafter(bins.edges, np.inf)]
        y = np.concatenate([*beside, np.random.default_rng(1).uniform(bins.edges[0], bins.edges[-1], 1000)])
        y = y[~np.isin(y, images) | np.isin(y, bins.edges)]
        assert np.array_equal(bins.index(y), searched(bins, y))

    def test_big_arrays_are_worked_on_in_blocks(self):
        bins = Bins.uniform(0, 100, 1)
        y = np.random.default_rng(0).normal(50, 30, 300_001)
        assert np.array_equal(bins.index(y), searched(bins, y))
        tracemalloc.start()
        bins.index(y)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < y.nbytes + 4e6  # the answer and a few blocks

    def test_keeps_the_shape(self):
        bins = Bins.uniform(0, 10, 1)
        assert bins.index(np.float64(3.5)).shape == ()
        assert bins.index(np.full((2, 1, 4, 5), 3)).shape == (2, 1, 4, 5)
        assert bins.index([]).shape == (0,)
        assert bins.index([[1], [2]]).tolist() == [[1], [2]]
        assert bins.index([1]).dtype == np.int64

    def test_right_edge_belongs_to_the_last_bin_and_outside_is_clamped(self):
        bins = Bins.uniform(0, 10, 1)
        assert bins.index([10, 10.1, 1e300, -0.1, -1e300]).tolist() == [9, 9, 9, 0, 0]
        assert bins.contains([0, 10, 10.1, -0.1]).tolist() == [True, True, False, False]

    def test_float32_labels_fall_where_their_text_does(self):
        bins = Bins.uniform(0, 5, 0.1)
        typed = np.array([float(f"{k / 10:.1f}") for k in range(51)])
        expected = [min(k, 49) for k in range(51)]
        assert bins.index(typed).tolist() == expected
        assert bins.index(typed.astype(np.float32)).tolist() == expected
        assert bins.index(typed.astype(np.float32).astype(np.float64)).tolist() == expected
        uneven = Bins(np.append(bins.edges, 100.0))
        assert uneven.index(typed.astype(np.float32)).tolist() == list(range(51))

    def test_float32_rounding_of_the_outer_edges_is_inside(self):
        bins = Bins.uniform(0.7, 1.3, 0.1)
        assert bins.contains(np.float32([0.7, 1.3])).all()
        assert np.float64(np.float32(0.7)) < 0.7  # the case is real

    def test_edges_too_fine_for_float32_stay_exact(self):
        bins = Bins.uniform(1e12, 1e12 + 10, 1)
        y = np.linspace(1e12, 1e12 + 10, 101)
        assert np.array_equal(bins.index(y), searched(bins, y))

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
    def test_refuses_what_is_not_finite(self, bad):
        with pytest.raises(TargetError, match=r"got NaN or infinity in 1 of 3 \(row 1, counted from 0\)"):
            Bins.uniform(0, 1, 0.1).index([0, bad, 1])

    @pytest.mark.data
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_stsb_labels_fall_as_the_papers_do(self, stsb, dtype):
        bins = Bins.uniform(0, 5, 0.1)
        for part in stsb:
            rule = np.floor(np.float32(part) * np.float32(10) + np.float32(1e-4)).clip(0, 49)
            assert np.array_equal(bins.index(part.astype(dtype)), rule)
            assert np.array_equal(bins.index(part.astype(dtype).astype(np.float64)), rule)


class TestFit:
    @pytest.mark.parametrize(
        ("y", "width", "count", "first"),
        [
            (np.arange(1, 102).repeat(20), 1, 101, 0.5),
            (np.arange(0, 396).repeat(20), 2, 198, -0.5),
            (np.arange(0, 101), 10, 11, -0.5),
            (np.arange(20_000, 751_000, 1000).repeat(5), 5000, 147, 19_500),
            (np.arange(0, 101, 10).repeat(500), 10, 11, -5),
            (np.repeat([0, 50], 1000), 1, 51, -0.5),
            (np.array([0] * 9 + [9]), 1, 10, -0.5),
            (np.array([-3, -1, 2]), 1, 6, -3.5),
            (10**9 + np.arange(50), 5, 10, 10**9 - 0.5),
        ],
    )
    def test_whole_numbers(self, y, width, count, first):
        bins = Bins.fit(y)
        assert (len(bins), bins.widths[0], bins.edges[0]) == (count, width, first)
        assert bins.rule == f"width {width:,}: whole-number labels"
        assert not np.isin(y, bins.edges).any()

    def test_width_one_puts_centres_on_the_labels(self):
        assert Bins.fit([3, 4, 6]).centers.tolist() == [3, 4, 5, 6]

    @quick
    @given(
        y=arrays(np.float64, st.integers(2, 200), elements=st.floats(-10, 10, allow_subnormal=False)),
        scale=st.sampled_from([1e-9, 1e-3, 1.0, 1e5, 1e12]),
        offset=st.sampled_from([0.0, 1.0, -100.0]),
    )
    def test_any_labels_get_bins_that_hold_them_and_no_more_than_the_rows_allow(self, y, scale, offset):
        y = (y + offset) * scale
        bins = Bins.fit(y)
        assert bins.contains(y).all()
        assert bins.edges[0] <= y.min() < bins.edges[1]
        assert bins.edges[-2] <= y.max() <= bins.edges[-1] or len(bins) == 1
        assert len(bins) <= 20
        if "Freedman-Diaconis" in bins.rule:
            assert len(bins) >= 8  # a width 2.5 times that of 20 bins, the coarsest of 1, 2, 5

    @pytest.mark.parametrize(
        ("rows", "least", "most"), [(100, 8, 20), (350, 12, 35), (1200, 20, 120), (5000, 20, 200)]
    )
    def test_continuous_labels_get_20_bins_or_more_and_ten_rows_a_bin(self, rows, least, most):
        for seed in range(20):
            y = np.random.default_rng(seed).standard_t(2, rows)
            assert least <= len(Bins.fit(y)) <= most

    @quick
    @given(y=arrays(np.int64, st.integers(1, 300), elements=st.integers(-(10**7), 10**7)))
    def test_any_whole_numbers_get_a_whole_width_and_at_most_200_bins(self, y):
        bins = Bins.fit(y)
        width = bins.edges[1] - bins.edges[0]
        assert len(bins) <= 200
        assert width >= 1
        assert width == int(width)
        assert bins.contains(y).all()
        assert not np.isin(y, bins.edges).any()

    def test_width_is_readable_and_follows_the_spread(self):
        y = np.random.default_rng(0).normal(size=5000)
        assert Bins.fit(y).widths[0] == pytest.approx(0.2)  # 2 · 1.35 / 17.1 = 0.158
        assert Bins.fit(1000 * y).widths[0] == pytest.approx(200)
        assert Bins.fit(y).rule == "width 0.2: Freedman-Diaconis, rounded"

    def test_a_spike_at_zero_hides_nothing(self):
        rest = np.random.default_rng(0).lognormal(size=1000)
        spiked = np.concatenate([np.zeros(9000), rest])
        assert 20 <= len(Bins.fit(spiked)) <= 200
        assert Bins.fit(spiked).widths[0] <= 2 * Bins.fit(rest).widths[0]

    def test_a_spike_that_fills_the_sample(self):
        y = np.zeros(300_000)
        y[:2] = 0.123456, 7.1234567
        assert len(Bins.fit(y)) >= 20

    def test_heavy_tails_are_capped(self):
        assert len(Bins.fit(np.random.default_rng(0).pareto(0.5, 10_000))) <= 200

    def test_decimals_are_no_finer_than_labels(self):
        tenths = np.random.default_rng(0).integers(0, 60, 500_000) / 10
        bins = Bins.fit(tenths.astype(np.float32))
        assert (np.bincount(bins.index(tenths), minlength=len(bins)) > 0).all()
        assert bins.centers[0] == 0
        assert bins.widths[0] == pytest.approx(0.1)

    @pytest.mark.parametrize(
        ("y", "width", "count", "first"),
        [
            (np.arange(1, 5.5, 0.5).repeat(500), "0.5", 9, 1),
            (np.arange(1, 5.5, 0.5).repeat(3), "0.5", 9, 1),  # 27 rows: half stars are few enough
            (np.arange(0, 101).repeat(50) / 100, "0.01", 101, 0),
            (np.arange(0, 101).repeat(6) / 100, "0.02", 51, 0.005),
            (np.arange(0, 101).repeat(5) / 100, "0.05", 21, 0.02),  # 505 rows: at most 50 bins
            (np.arange(-8, 9).repeat(30) * 0.25, "0.25", 17, -2),
            (np.arange(3, 16).repeat(90) / 3, "0.333333", 13, 1),
            (np.round(np.arange(3, 16).repeat(90) / 3, 2), "0.333333", 13, 1),
            (np.arange(0.5, 30).repeat(30), "1", 30, 0.5),  # midpoints
            (
                np.array([1.1, 1.7, 1.7, 2.0]),
                "0.1",
                10,
                1.1,
            ),  # too few values to see a step but their decimal
            (np.array([0.1] * 700 + [9.3, 9.3, 4.8]), "0.2", 47, 0.05),
        ],
    )
    @pytest.mark.parametrize("dtype", [np.float64, np.float32])
    def test_labels_on_a_grid(self, y, width, count, first, dtype):
        bins = Bins.fit(y.astype(dtype))
        assert bins.rule.startswith(f"width {width}: labels in steps of 0.") or width == "1"
        assert len(bins) == count
        assert bins.centers[0] == pytest.approx(first)

    @quick
    @given(
        step=st.sampled_from([0.5, 0.25, 0.1, 0.05, 0.01, 1 / 3, 0.7, 1.5, 2.5, 1e-4, 1e-9, 12.5, 250.5]),
        start=st.sampled_from([0.0, -40.0, 3.0, 0.5, 0.3]),
        places=st.lists(st.integers(0, 150), min_size=5, unique=True),
        dtype=st.sampled_from([np.float64, np.float32]),
    )
    def test_any_filled_grid_has_its_labels_at_bin_centres(self, step, start, places, dtype):
        places = np.sort(places)
        places = np.union1d(places, np.arange(places[0], places[-1], 2))  # half of them, the first and last
        places = np.union1d(places, places[:2] + 1)  # neighbours, so that the step can be seen
        y = ((start + places) * step).astype(dtype).repeat(400)
        if (y == np.rint(y)).all():
            return
        bins = Bins.fit(y)
        assert len(bins) == np.ptp(places) + 1
        off = bins.centers[bins.index(y)] - (start + places.repeat(400)) * step
        assert abs(off).max() <= 0.01 * step
        assert (np.bincount(bins.index(y), minlength=len(bins)) > 0).sum() == len(places)

    @quick
    @given(
        step=st.sampled_from([0.5, 0.1, 0.25, 1 / 3]),
        places=st.integers(60, 200),
        rows=st.integers(210, 590),
    )
    def test_where_rows_are_few_a_bin_holds_several_places(self, step, places, rows):
        y = np.random.default_rng(rows).integers(0, places, rows) * step
        y[:places] = np.arange(places) * step
        bins = Bins.fit(y)
        steps = bins.widths[0] / step
        assert len(bins) <= max(20, rows // 10)
        assert steps == pytest.approx(round(steps))
        places_of_bins = np.bincount(bins.index(np.arange(places) * step), minlength=len(bins))
        assert (places_of_bins[1:-1] == round(steps)).all()

    def test_many_digits_are_no_grid(self):
        rng = np.random.default_rng(0)
        for y in (rng.lognormal(11, 1, 3000).clip(0, 500_000).round(2), rng.normal(size=3000).round(3)):
            bins = Bins.fit(y)
            assert "Freedman-Diaconis" in bins.rule
            assert len(bins) >= 20

    @quick
    @given(seed=st.integers(0, 10**6), rows=st.integers(5, 60))
    def test_few_continuous_labels_are_no_grid(self, seed, rows):
        assert "Freedman-Diaconis" in Bins.fit(np.random.default_rng(seed).normal(size=rows)).rule

    def test_a_stray_label_shows_its_own_decimals(self):
        y = np.append(np.arange(1, 5.5, 0.5).repeat(100), 3.7)
        assert Bins.fit(y).rule == "width 0.1: labels in steps of 0.1"

    def test_odd_whole_numbers_leave_no_bin_empty(self):
        bins = Bins.fit(np.arange(1, 31, 2).repeat(20))
        assert bins.centers.tolist() == list(range(1, 31, 2))

    @pytest.mark.parametrize(
        ("y", "rule"),
        [
            (np.arange(0, 2_500_001, 50_000).repeat(20), "width 50,000: whole-number labels"),
            (np.arange(0, 10**9, 10**7).repeat(20), "width 10,000,000: whole-number labels"),
            (np.arange(1, 40).repeat(20) * 1e-9, "width 1e-09: labels in steps of 1e-09"),
            (np.arange(1, 40).repeat(20) * 1234.5, "width 1,234.5: labels in steps of 1,234.5"),
            (
                np.random.default_rng(0).normal(size=400) * 3e8,
                "width 100,000,000: Freedman-Diaconis, rounded",
            ),
        ],
    )
    def test_the_rule_is_readable(self, y, rule):
        assert Bins.fit(y).rule == rule

    @pytest.mark.parametrize(
        ("value", "width"), [(7, 1), (-3.0, 1), (0, 1), (0.37, 0.1), (-2.5e-9, 1e-9), (1e300, 1e300)]
    )
    def test_one_value_is_one_bin(self, value, width):
        bins = Bins.fit([value] * 4)
        assert len(bins) == 1
        assert bins.edges[0] < value < bins.edges[1]
        assert bins.rule == f"width {width:g}: all labels are {value:g}"

    @pytest.mark.parametrize(
        "y", [[1, np.nextafter(1, 2)], [1e300, -1e300], [2.0**60, 2.0**61], [1e-320, 3e-320], [0.1, 0.2]]
    )
    def test_extremes(self, y):
        bins = Bins.fit(y)
        assert bins.contains(y).all()
        assert len(bins) <= 200

    @pytest.mark.parametrize(
        ("y", "width", "edges"),
        [
            ([1, 2, 4], 1, [0.5, 1.5, 2.5, 3.5, 4.5]),
            ([0, 4], 2, [-0.5, 1.5, 3.5, 5.5]),
            ([1.05, 1.71], 0.3, [0.9, 1.2, 1.5, 1.8]),
            ([1000, 2000], 500, [999.5, 1499.5, 1999.5, 2499.5]),
        ],
    )
    def test_a_given_width(self, y, width, edges):
        bins = Bins.fit(y, width=width)
        assert bins.edges.tolist() == edges
        assert bins.rule == f"width {width:g}: given"

    def test_refuses_bad_input(self):
        with pytest.raises(TargetError, match="y: expected at least one label, got none"):
            Bins.fit([])
        with pytest.raises(TargetError, match="row 1, counted from 0"):
            Bins.fit([1.0, np.nan])
        with pytest.raises(ShapeError, match="expected one label a row to lay bins on, got shape"):
            Bins.fit(np.zeros((3, 2)))
        with pytest.raises(InputError, match="width: expected a number above 0, got 0"):
            Bins.fit([1, 2], width=0)
        with pytest.raises(InputError, match=r"width: expected at most 10,000,000 bins, got 1e-09 on labels"):
            Bins.fit([0, 1], width=1e-9)
        with pytest.raises(TargetError, match="y: expected a range that fits in float64, got -1e"):
            Bins.fit([-1e308, 1e308])


class TestBins:
    def test_edges_are_the_numbers_a_person_types(self):
        assert Bins.uniform(0, 1, 0.1).edges.tolist() == [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
        assert Bins.uniform(-0.05, 0.25, 0.1).edges.tolist() == [-0.05, 0.05, 0.15, 0.25]
        assert len(Bins.uniform(0, 0.7, 0.1)) == 7
        assert len(Bins.uniform(0, 1, 1 / 3)) == 3

    def test_a_width_that_does_not_divide_ends_above(self):
        assert Bins.uniform(0, 1, 0.3).edges.tolist() == [0, 0.3, 0.6, 0.9, 1.2]

    def test_a_million_bins(self):
        bins = Bins.uniform(0, 1, 1e-6)
        assert len(bins) == 1_000_000
        assert bins.index([0.5]).tolist() == [500_000]

    def test_parts(self):
        bins = Bins([0, 1, 3], rule="mine")
        assert (bins.centers.tolist(), bins.widths.tolist(), len(bins), bins.rule) == (
            [0.5, 2],
            [1, 2],
            2,
            "mine",
        )
        assert repr(bins) == "Bins(2 bins from 0 to 3, mine)"
        with pytest.raises(ValueError, match="read-only"):
            bins.edges[0] = 5

    def test_equality_is_that_of_the_edges(self):
        assert Bins([0, 1, 2]) == Bins.uniform(0, 2, 1)
        assert hash(Bins([0, 1, 2])) == hash(Bins.uniform(0, 2, 1))
        assert Bins([0, 1, 2]) != Bins([0, 1, 3])
        assert Bins([0, 1]) != "bins"

    def test_survives_json(self):
        bins = Bins.fit([0.1, 0.75, 2.3])
        again = Bins.from_dict(json.loads(json.dumps(bins.to_dict())))
        assert again == bins
        assert again.rule == bins.rule

    def test_lookup_is_the_table_at_the_index(self):
        bins = Bins.uniform(0, 10, 1)
        table, y = np.arange(10.0) ** 2, np.random.default_rng(0).uniform(-1, 11, (300, 500))
        assert np.array_equal(bins.lookup(table, y), table[bins.index(y)])

    @pytest.mark.parametrize("edges", [[1, 0], [0, 0, 1], [0, np.nan], [0, np.inf], [-1.7e308, 1.7e308]])
    def test_refuses_edges_that_do_not_ascend(self, edges):
        with pytest.raises(InputError, match="edges: expected finite, strictly ascending numbers; sort them"):
            Bins(edges)

    def test_refuses_bad_input(self):
        with pytest.raises(
            ShapeError, match=r"edges: expected at least two in one dimension, got shape \(1,\)"
        ):
            Bins([1])
        with pytest.raises(InputError, match="edges: expected ascending numbers, got"):
            Bins(["a", "b"])
        with pytest.raises(InputError, match=r"high: expected a number above low \(5\), got 5"):
            Bins.uniform(5, 5, 1)
        with pytest.raises(InputError, match="width: expected a number above 0, got -1"):
            Bins.uniform(0, 5, -1)
        with pytest.raises(InputError, match="width: expected at most 10,000,000 bins, got 1e-09 on 0 to 5"):
            Bins.uniform(0, 5, 1e-9)
