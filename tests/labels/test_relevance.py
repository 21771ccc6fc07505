import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import PchipInterpolator

from evenreg.errors import InputError, ShapeError, TargetError, UnknownNameError
from evenreg.labels import LDS, Bins, KernelDensity, LabelSpace, Relevance
from evenreg.labels._box_plot import box_plot
from reference.relevance import curve

quick = settings(max_examples=50, deadline=None)
SKEWED = np.random.default_rng(0).lognormal(3, 0.6, 2000)
BOTH = np.concatenate([np.random.default_rng(1).normal(50, 5, 500), [5.0, 8.0, 99.0]])


def first(rows):
    return rows[:, 0]


class TestFit:
    def test_is_one_beyond_the_fences_and_zero_at_the_median(self):
        relevance, box = Relevance.fit(BOTH), box_plot(BOTH, 1.5)
        at = relevance([box.low_fence, box.median, box.high_fence, -1e9, 1e9])
        assert at == pytest.approx([1, 0, 1, 1, 1])
        grid = np.linspace(box.low_fence, box.high_fence, 2001)
        values = relevance(grid)
        below = grid < box.median
        assert (np.diff(values[below]) < 0).all()
        assert (np.diff(values[~below]) > 0).all()

    def test_is_smooth_where_it_begins_and_ends(self):
        relevance, box = Relevance.fit(BOTH), box_plot(BOTH, 1.5)
        for label in (box.low_fence, box.median, box.high_fence):
            around = relevance([label - 1e-3, label, label + 1e-3])
            assert abs(np.diff(around)).max() < 1e-6
        half = (box.median + box.high_fence) / 2
        assert relevance([half])[0] == pytest.approx(0.5)  # the cubic with slope 0 at both ends

    @pytest.mark.parametrize(("extremes", "low", "high"), [("both", 1, 1), ("low", 1, 0), ("high", 0, 1)])
    def test_a_side_that_cannot_matter_has_none(self, extremes, low, high):
        assert Relevance.fit(BOTH, extremes)([-1e3, 1e3]).tolist() == [low, high]

    def test_a_side_without_extremes_has_none(self):
        y = np.append(np.arange(1.0, 20), 60)  # the low fence is below all labels
        relevance = Relevance.fit(y)
        assert len(relevance.points) == 2
        assert relevance([-1e3, 1e3]).tolist() == [0, 1]
        assert relevance(y[y < np.median(y)]).max() == 0

    def test_mirrored_labels_have_mirrored_relevance(self):
        at = np.linspace(0, 200, 101)
        assert Relevance.fit(-SKEWED)(-at) == pytest.approx(Relevance.fit(SKEWED)(at), abs=1e-9)

    @pytest.mark.parametrize("scale", [1e-9, 1e9])
    def test_the_unit_does_not_matter(self, scale):
        at = np.linspace(0, 200, 101)
        scaled = Relevance.fit(SKEWED * scale)(at * scale)
        assert scaled == pytest.approx(Relevance.fit(SKEWED)(at), abs=1e-6)

    def test_coef_and_adjusted_move_the_fences(self):
        def mean(**options):
            return Relevance.fit(SKEWED, "high", **options)(SKEWED).mean()

        assert mean(coef=2) < mean() < mean(coef=1)
        assert mean(adjusted=False) > mean()
        box = box_plot(SKEWED, 1.5, adjusted=False)
        assert Relevance.fit(SKEWED, adjusted=False).points[-1, 0] == box.high_fence

    def test_a_space_gives_what_its_labels_give(self):
        assert Relevance.fit(LabelSpace.fit(SKEWED)) == Relevance.fit(SKEWED)

    def test_a_space_beyond_its_sample_is_close(self):
        y = np.random.default_rng(0).lognormal(size=400_000)
        exact, sampled = Relevance.fit(y), Relevance.fit(LabelSpace.fit(y))
        assert exact != sampled
        iqr = np.subtract(*np.quantile(y, [0.75, 0.25]))
        assert abs(sampled.points[:, 0] - exact.points[:, 0]).max() < 0.1 * iqr

    def test_an_extreme_that_the_sample_missed_is_seen(self):
        y = np.append(np.random.default_rng(0).uniform(0, 1, 300_000), 50.0)
        space = LabelSpace.fit(y)
        assert space.sample.max() < 2
        relevance = Relevance.fit(space)
        assert relevance([50.0]).tolist() == [1]
        assert "0.001 % of labels beyond" in relevance.describe()

    def test_labels_of_several_dimensions_have_the_relevance_of_their_coordinate(self):
        rows = np.random.default_rng(0).lognormal(size=(500, 2))
        space = LabelSpace.fit(rows, coordinate=first)
        assert Relevance.fit(space) == Relevance.fit(rows[:, 0])
        assert Relevance.fit(space)(space.scalars(rows)).shape == (500,)


class TestNothingExtreme:
    """Never is every relevance 0 without a word: the sentence has numbers, and every way out of it works."""

    TAIL = np.random.default_rng(0).exponential(2, 300) ** 1.5

    def test_bounded_scores(self):
        with pytest.raises(
            TargetError,
            match=r"^y: expected labels below -1 or above 7, the fences of the box plot \(coef 1.5, medcouple 0\), "
            r"got all from 0 to 5, so that every relevance would be 0; take coef=0.99, "
            r"Relevance.from_density, where rare is relevant, or Relevance.from_points\.$",
        ):
            Relevance.fit(np.repeat(np.arange(6.0), [10, 20, 30, 60, 50, 30]), coef=1.5)

    def test_every_way_out_works(self):
        y = np.concatenate([self.TAIL.clip(0, 20), [20.5]])
        with pytest.raises(TargetError) as refused:
            Relevance.fit(y)
        text = str(refused.value)
        coef = float(text.split("coef=")[1].split(",")[0])
        assert Relevance.fit(y, coef=coef)(y).max() == 1
        with pytest.raises(TargetError):
            Relevance.fit(y, coef=coef + 0.02)
        assert "adjusted=False" in text
        assert Relevance.fit(y, adjusted=False)(y).max() == 1
        assert Relevance.from_density(LabelSpace.fit(y))(y).max() > 0.99

    def test_the_other_side_is_named(self):
        y = np.append(np.arange(30.0), -100)
        with pytest.raises(TargetError, match=r"got all from -100 to 29.*take coef=0.49, extremes='both',"):
            Relevance.fit(y, "high")
        assert Relevance.fit(y, "both")(y).max() == 1

    def test_ways_that_would_not_work_are_not_named(self):
        with pytest.raises(TargetError) as refused:
            Relevance.fit(np.repeat([0.0, 1.0], 20))
        assert "adjusted" not in str(refused.value)
        assert "extremes=" not in str(refused.value)
        assert "coef=" not in str(refused.value)

    @pytest.mark.parametrize(
        ("y", "told"),
        [
            ([0.0] * 70 + [*range(1, 16)] + [*range(-15, 0)], "got 70 of 100 equal to 0,"),
            ([5.0] * 12, "got 12 of 12 equal to 5,"),
            ([3.25], "got 1 of 1 equal to 3.25,"),
        ],
    )
    def test_a_spike(self, y, told):
        with pytest.raises(
            TargetError,
            match=f"y: expected labels whose middle half spreads, {told} so that the box plot has no",
        ):
            Relevance.fit(y)


class TestFromDensity:
    def test_is_one_minus_the_scaled_density(self):
        space = LabelSpace.fit(np.repeat(np.arange(8), [40, 80, 60, 30, 10, 4, 0, 2]))
        lds = LDS("triangular", 3)
        p = lds.smooth(space.counts)
        seen = p[space.counts > 0]
        expected = 1 - (p - seen.min()) / (seen.max() - seen.min())
        at = Relevance.from_density(space, lds)(space.bins.centers)
        assert at == pytest.approx(np.clip(expected, 0, 1))
        assert at[[1, 7]].tolist() == [0, 1]

    def test_rarest_training_label_has_one_and_emptier_bins_too(self):
        space = LabelSpace.fit([1] * 9 + [2] * 5 + [5])
        assert Relevance.from_density(space, LDS(size=1))([1, 2, 3, 4, 5, 99]).tolist() == [
            0,
            0.5,
            1,
            1,
            1,
            1,
        ]

    def test_falls_where_the_density_rises(self):
        space = LabelSpace.fit(SKEWED)
        relevance = Relevance.from_density(space)(space.bins.centers)
        p = LDS(boundary="renormalize").smooth(space.counts)
        assert np.corrcoef(relevance, p)[0, 1] < -0.99

    def test_even_labels_are_not_rarest_at_the_ends(self):
        space = LabelSpace.fit(np.repeat(np.arange(20), 9))
        with pytest.raises(
            TargetError,
            match=r"space: expected labels that are rarer in some bins than in others, got one density in all 20 "
            r"bins that hold any; say what matters with Relevance.from_points\.",
        ):
            Relevance.from_density(space)

    def test_kernel_density(self):
        space = LabelSpace.fit(SKEWED)
        centers = space.bins.centers
        p = KernelDensity(2.0).fit(space).density(centers)
        seen = p[space.counts > 0]
        expected = np.clip((seen.max() - p) / (seen.max() - seen.min()), 0, 1)
        unfitted = KernelDensity(2.0)
        relevance = Relevance.from_density(space, unfitted)
        assert relevance(centers) == pytest.approx(expected)
        assert unfitted.bandwidth_ is None
        assert "KernelDensity(bandwidth=2)" in relevance.describe()

    def test_a_coordinate(self):
        rows = np.random.default_rng(0).lognormal(size=(400, 2))
        space = LabelSpace.fit(rows, coordinate=first)
        plain = LabelSpace.fit(rows[:, 0], space.bins)
        assert Relevance.from_density(space) == Relevance.from_density(plain)
        Relevance.from_density(space, KernelDensity())

    def test_a_million_bins(self):
        space = LabelSpace.fit(SKEWED, Bins.uniform(0, 300, 3e-4))
        assert Relevance.from_density(space)(space.bins.centers).min() == 0


class TestFromPoints:
    POINTS = np.array([[35.0, 1.0], [60.0, 0.2], [100.0, 0.0], [125.0, 0.0], [200.0, 1.0]])

    def test_goes_through_its_points_and_is_constant_outside(self):
        relevance = Relevance.from_points(self.POINTS)
        labels, values = self.POINTS.T
        assert relevance(labels) == pytest.approx(values)
        assert relevance([-1e9, 34, 201, 1e9]).tolist() == [1, 1, 1, 1]

    def test_is_pchip_between_inner_points(self):
        labels, values = self.POINTS.T
        at = np.linspace(60, 125, 99)
        assert Relevance.from_points(self.POINTS)(at) == pytest.approx(PchipInterpolator(labels, values)(at))

    @quick
    @given(
        st.lists(st.tuples(st.integers(1, 50), st.integers(0, 20)), min_size=2, max_size=8).filter(
            lambda rows: any(v for _, v in rows)
        ),
        st.floats(-10, 450),
    )
    def test_stays_between_its_neighbours_and_equals_the_loop(self, steps, y):
        labels = np.cumsum([gap for gap, _ in steps]).astype(float)
        values = np.array([v / 20 for _, v in steps])
        relevance = Relevance.from_points(np.column_stack([labels, values]))
        found = relevance([y])[0]
        assert found == pytest.approx(curve(relevance.points.tolist(), y), abs=1e-12)
        right = min(int(np.searchsorted(labels, y)), len(labels) - 1)
        left = max(right - 1, 0) if labels[0] < y < labels[-1] else right
        low, high = sorted(values[[left, right]])
        assert low - 1e-12 <= found <= high + 1e-12

    def test_given_slopes(self):
        straight = Relevance.from_points([[0, 0, 0.25], [4, 1, 0.25]])
        assert straight([1, 2, 3]) == pytest.approx([0.25, 0.5, 0.75])
        flat = [[0, 0, 0], [4, 1, 0]]
        assert Relevance.from_points(flat) == Relevance.from_points([[0, 0], [4, 1]])

    def test_whole_numbers_in_lists_will_do(self):
        assert Relevance.from_points([[0, 1], [10, 0]])([5]).tolist() == [0.5]


class TestManners:
    def test_any_number_of_labels(self):
        relevance = Relevance.fit(SKEWED)
        assert relevance([]).shape == (0,)
        assert relevance([[1.0], [2.0]]).shape == (2,)
        found = relevance(SKEWED.astype(np.float32))
        assert found.dtype == np.float64
        assert ((found >= 0) & (found <= 1)).all()

    @pytest.mark.parametrize(
        "relevance",
        [
            Relevance.fit(BOTH),
            Relevance.from_density(LabelSpace.fit(SKEWED)),
            Relevance.from_points([[0, 0, 0.7], [1, 0.3, 0.1], [9, 1, 0]]),
        ],
    )
    def test_json_round_trip(self, relevance):
        again = Relevance.from_dict(json.loads(json.dumps(relevance.to_dict())))
        assert again == relevance
        assert hash(again) == hash(relevance)
        assert again.describe() == relevance.describe()

    def test_describe(self):
        assert Relevance.from_points([[36, 0], [37.5, 0], [1234.5678, 1]]).describe() == (
            "0 up to 36, 0 at 37.5, 1 from 1,235 (points given)"
        )
        assert Relevance.fit(BOTH).describe().startswith("1 up to ")
        assert (
            Relevance.fit(BOTH, "high", adjusted=False)
            .describe()
            .endswith("(box plot, 0.99 % of labels beyond)")
        )
        many = Relevance.from_points([[k, k % 3 / 2] for k in range(9)])
        assert many.describe() == "0 up to 0, 1 at 2 (points given)"
        assert repr(many) == "Relevance(0 up to 0, 1 at 2 (points given))"

    def test_points_are_frozen_and_not_the_callers(self):
        mine = np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 0.0]])
        relevance = Relevance(mine)
        mine[:] = 7
        assert relevance([1]).tolist() == [1]
        with pytest.raises(ValueError, match="read-only"):
            relevance.points[0] = 1


class TestBadInput:
    @pytest.mark.parametrize(
        ("points", "error", "text"),
        [
            (
                [[1, 0]],
                ShapeError,
                r"points: expected two or more rows \(label, relevance\) or .*got shape \(1, 2\)",
            ),
            ([1, 0], ShapeError, r"points: .*got shape \(2,\)"),
            ([[1], [2]], ShapeError, r"points: .*got shape \(2, 1\)"),
            (
                [[1, 0], [1, 1]],
                InputError,
                "points: expected ascending labels, got 1 before 1; sort the rows",
            ),
            ([[1, 0], [5, 1], [2000.5, 0], [3, 1]], InputError, "got 2,000.5 before 3; sort the rows"),
            (
                [[1, 0], [2, 1.5]],
                InputError,
                "expected relevances from 0 to 1, not all 0, got 0 to 1.5; rescale",
            ),
            ([[1, -0.1], [2, 1]], InputError, "not all 0, got -0.1 to 1; rescale"),
            ([[1, 0], [2, 0]], InputError, "not all 0, got 0 to 0; rescale"),
            ([[1, 0], [2, np.nan]], InputError, "points: expected finite numbers, got NaN or infinity"),
            ([["a", 0], ["b", 1]], InputError, "points: expected numbers, got list that holds text"),
            (
                [[1, 0, 0], [3, 1, 4]],
                InputError,
                "expected a slope from 0 to 1.5 at label 3, so that the curve stays between its points, got 4;",
            ),
            (
                [[1, 0, -0.1], [3, 1, 0]],
                InputError,
                "a slope from 0 to 1.5 at label 1, .*, got -0.1; leave the",
            ),
            (
                [[1, 1, 0.1], [3, 0, 0]],
                InputError,
                "a slope from -1.5 to 0 at label 1, .*, got 0.1; leave the",
            ),
        ],
    )
    def test_points(self, points, error, text):
        with pytest.raises(error, match=text):
            Relevance.from_points(points)

    @pytest.mark.parametrize(
        ("arguments", "error", "text"),
        [
            (([1.0, np.nan],), TargetError, "y: expected finite numbers, got NaN or infinity in 1 of 2"),
            (([],), TargetError, "y: expected at least one label, got none"),
            (
                (np.ones((5, 2)),),
                ShapeError,
                r"y: expected one label a row, got shape \(5, 2\); give their coord",
            ),
            ((SKEWED, "hihg"), UnknownNameError, "no side of extremes named 'hihg'; did you mean 'high'?"),
            ((SKEWED, "both", 0), InputError, "coef: expected a number above 0, got 0"),
            (
                (LabelSpace(Bins([0, 1])),),
                TargetError,
                "space: expected at least one training label, got none",
            ),
        ],
    )
    def test_fit(self, arguments, error, text):
        with pytest.raises(error, match=text):
            Relevance.fit(*arguments)

    def test_call(self):
        relevance = Relevance.fit(SKEWED)
        with pytest.raises(
            ShapeError, match=r"got shape \(4, 2\); give their coordinate, space.scalars\(y\)"
        ):
            relevance(np.ones((4, 2)))
        with pytest.raises(TargetError, match=r"y: expected finite numbers, .* \(row 1, counted from 0\)"):
            relevance([1, np.inf])

    def test_density_of_nothing(self):
        with pytest.raises(TargetError, match="space: expected at least one training label, got none"):
            Relevance.from_density(LabelSpace(Bins([0, 1])))

    def test_labels_in_place_of_their_space(self):
        with pytest.raises(
            InputError, match="expected the LabelSpace of the training labels, got list; make one"
        ):
            Relevance.from_density.__func__.__wrapped__(Relevance, [1.0, 2.0])  # past the type check


@pytest.mark.data
def test_real_labels(agedb):
    """Of AgeDB's ages only the young are extreme: half of its photographs are of people of 43 and more."""
    relevance = Relevance.fit(agedb.train)
    assert relevance([0, 5, 13]).tolist() == [1, 1, 1]
    assert relevance([43, 60, 101]).tolist() == [0, 0, 0]


@pytest.mark.parametrize("scale", [1e-290, 1e-140, 1e140])
def test_labels_of_any_size_have_the_relevance_of_their_place(scale):
    y = np.random.default_rng(0).gamma(2, 2, 500)
    for make in (Relevance.fit, lambda z: Relevance.from_density(LabelSpace.fit(z))):
        assert make(y * scale)(y * scale) == pytest.approx(make(y)(y), abs=1e-6)
