import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenreg.errors import InputError, ShapeError, TargetError
from evenreg.labels import Bins, LabelGroups, LabelSpace

quick = settings(max_examples=50, deadline=None)
RNG = np.random.default_rng(0)
AGES = np.clip(RNG.gamma(4, 8, 3000), 0, 95).round()
KINDS = [LabelGroups.uniform, LabelGroups.equal_mass]


def counted(groups, y):
    return np.bincount(groups.index(y), minlength=len(groups)).tolist()


class TestBoth:
    @quick
    @given(
        st.lists(st.integers(-30, 30), min_size=1, max_size=60),
        st.integers(1, 8),
        st.sampled_from(["uniform", "equal_mass"]),
    )
    def test_cut_the_axis_without_a_gap_and_count_what_they_hold(self, labels, n, kind):
        space = LabelSpace.fit(labels)
        try:
            groups = getattr(LabelGroups, kind)(space, n)
        except InputError:
            return
        assert len(groups) == n
        assert groups.edges.shape == (n + 1,)
        assert (np.diff(groups.edges) > 0).all()
        assert groups.edges[0] <= min(labels)
        assert groups.edges[-1] >= max(labels)
        assert groups.centers == pytest.approx((groups.edges[1:] + groups.edges[:-1]) / 2)
        assert groups.half_widths == pytest.approx(np.diff(groups.edges) / 2)
        assert groups.counts.tolist() == counted(groups, labels)
        assert groups.counts.min() >= 1
        assert groups.counts.sum() == len(labels)
        index = groups.index(np.sort(labels))
        assert index.dtype == np.int64
        assert (np.diff(index) >= 0).all()
        for y, g in zip(np.sort(labels), index, strict=True):
            assert groups.edges[g] <= y < groups.edges[g + 1] or (g == n - 1 and y == groups.edges[-1])

    @pytest.mark.parametrize("make", KINDS)
    def test_one_group_holds_everything(self, make):
        groups = make(LabelSpace.fit(AGES), 1)
        assert groups.counts.tolist() == [3000]
        assert groups.index([-1e9, 5, 1e9]).tolist() == [0, 0, 0]

    @pytest.mark.parametrize("make", KINDS)
    def test_labels_beyond_belong_to_the_end_groups(self, make):
        space = LabelSpace.fit([50, 51, 52, 53, 90], Bins.uniform(0, 200, 1))
        groups = make(space, 2)
        assert groups.index([-10, 0, 49, 91, 150, 500]).tolist() == [0, 0, 0, 1, 1, 1]
        assert groups.edges[[0, -1]].tolist() == [50, 91]

    @pytest.mark.parametrize("make", KINDS)
    def test_training_labels_outside_the_bins_are_counted(self, make):
        space = LabelSpace.fit([-5, 1, 2, 3, 99], Bins.uniform(0.5, 3.5, 1))
        assert make(space, 3).counts.tolist() == [2, 1, 2]

    @pytest.mark.parametrize("make", KINDS)
    def test_float32_labels_are_in_the_group_of_their_bin(self, make):
        edges = np.round(np.arange(0, 51) * 0.1, 1)
        space = LabelSpace.fit(edges[:-1], Bins(edges))
        groups = make(space, 10)
        assert groups.index(edges[:-1].astype(np.float32)).tolist() == groups.index(edges[:-1]).tolist()

    @pytest.mark.parametrize("make", KINDS)
    def test_mirrored_labels_have_mirrored_groups(self, make):
        y = np.array([1.0, 2, 3, 4, 4, 5, 6, 6, 7, 8, 9, 12])
        groups, mirrored = make(LabelSpace.fit(y), 3), make(LabelSpace.fit(-y), 3)
        assert sorted(mirrored.counts.tolist()) == sorted(groups.counts.tolist())

    @pytest.mark.parametrize("make", KINDS)
    def test_a_coordinate(self, make):
        rows = RNG.normal(size=(300, 2))
        space = LabelSpace.fit(rows, coordinate=lambda r: np.hypot(r[:, 0], r[:, 1]))
        groups = make(space, 4)
        assert counted(groups, space.scalars(rows)) == groups.counts.tolist()

    @pytest.mark.parametrize("make", KINDS)
    def test_json_round_trip(self, make):
        groups = make(LabelSpace.fit(AGES), 7)
        again = LabelGroups.from_dict(json.loads(json.dumps(groups.to_dict())))
        assert again == groups
        assert hash(again) == hash(groups)
        assert np.array_equal(again.index(AGES), groups.index(AGES))
        assert groups != make(LabelSpace.fit(AGES), 6)

    @pytest.mark.parametrize("make", KINDS)
    def test_more_groups_than_bins_with_labels(self, make):
        space = LabelSpace.fit([1, 1, 2, 5, 9], Bins.uniform(0.5, 9.5, 1))
        with pytest.raises(
            InputError,
            match=r"n: expected at most 4 groups, one a bin that holds training labels, got 5; take fewer, or finer "
            r"bins \(9 bins, width 1: given\)\.",
        ):
            make(space, 5)

    @pytest.mark.parametrize("make", KINDS)
    @pytest.mark.parametrize("n", [0, -3])
    def test_no_number_of_groups(self, make, n):
        with pytest.raises(InputError, match="n: expected a whole number of at least 1, got"):
            make(LabelSpace.fit(AGES), n)

    @pytest.mark.parametrize("make", KINDS)
    def test_no_labels(self, make):
        with pytest.raises(TargetError, match="space: expected at least one training label, got none"):
            make(LabelSpace(Bins([0, 1])), 1)


class TestUniform:
    def test_equal_widths_where_bins_divide(self):
        space = LabelSpace.fit(np.arange(100), Bins.uniform(-0.5, 99.5, 1))
        groups = LabelGroups.uniform(space, 25)
        assert np.diff(groups.edges) == pytest.approx(np.full(25, 4))
        assert groups.counts.tolist() == [4] * 25

    def test_widths_differ_by_a_bin_at_most_where_they_do_not(self):
        groups = LabelGroups.uniform(LabelSpace.fit(np.arange(102), Bins.uniform(-0.5, 101.5, 1)), 25)
        assert set(np.diff(groups.edges).tolist()) == {4, 5}
        assert groups.edges[0] == -0.5
        assert groups.edges[-1] == 101.5

    def test_uneven_bins_are_cut_near_equal_widths(self):
        edges = np.array([0, 1, 2, 5, 6, 9, 10.0])
        groups = LabelGroups.uniform(LabelSpace.fit(edges[:-1] + 0.5, Bins(edges)), 2)
        assert groups.edges.tolist() == [0, 5, 10]

    @pytest.mark.parametrize("scale", [0.1, 1 / 3, 1e6])
    def test_the_unit_decides_nothing(self, scale):
        y = np.arange(10.0)
        plain = LabelGroups.uniform(LabelSpace.fit(y, Bins(np.arange(11))), 4)
        scaled = LabelGroups.uniform(LabelSpace.fit(y * scale, Bins(np.arange(11) * scale)), 4)
        assert plain.counts.tolist() == scaled.counts.tolist()

    def test_an_empty_group_is_named(self):
        space = LabelSpace.fit([*range(20), 95, 100], Bins.uniform(-0.5, 100.5, 1))
        with pytest.raises(
            InputError,
            match=r"n: expected training labels in each of 5 equal groups, got none in group 1, 19.7 to 39.9 and in "
            r"2 more; take fewer groups, or groups of equal mass \(grouping=equal_mass\)\.",
        ):
            LabelGroups.uniform(space, 5)
        assert len(LabelGroups.equal_mass(space, 5)) == 5

    def test_one_empty_group(self):
        space = LabelSpace.fit([*range(20), *range(45, 60)], Bins.uniform(-0.5, 59.5, 1))
        with pytest.raises(InputError, match=r"got none in group 1, 19.5 to 39.5; take fewer groups"):
            LabelGroups.uniform(space, 3)


class TestEqualMass:
    def test_counts_are_near_equal(self):
        groups = LabelGroups.equal_mass(LabelSpace.fit(AGES), 10)
        assert groups.counts.min() > 250
        assert groups.counts.max() < 350
        assert LabelGroups.uniform(LabelSpace.fit(AGES), 10).counts.min() < 20

    def test_a_gap_is_cut_in_its_middle(self):
        groups = LabelGroups.equal_mass(LabelSpace.fit([0] * 5 + [10] * 5, Bins.uniform(-0.5, 10.5, 1)), 2)
        assert groups.edges.tolist() == [-0.5, 4.5, 10.5]

    def test_a_spike_is_a_group_of_its_own(self):
        y = np.concatenate([np.zeros(900), np.arange(1, 101)])
        groups = LabelGroups.equal_mass(LabelSpace.fit(y, Bins.uniform(-0.5, 100.5, 1)), 5)
        assert groups.counts.tolist() == [900, 25, 25, 25, 25]

    def test_a_million_bins(self):
        y = RNG.gamma(2, 10, 200_000)
        groups = LabelGroups.equal_mass(LabelSpace.fit(y, Bins.uniform(0, y.max() + 1, 1e-4)), 20)
        assert abs(groups.counts - 10_000).max() < 500


def test_repr():
    space = LabelSpace.fit(np.repeat([1, 2, 3], [1000, 500, 600]))
    assert repr(LabelGroups.equal_mass(space, 2)) == (
        "LabelGroups(2 groups from 0.5 to 3.5, 1,000 to 1,100 labels each)"
    )


def test_arrays_are_frozen():
    with pytest.raises(ValueError, match="read-only"):
        LabelGroups.uniform(LabelSpace.fit(AGES), 3).edges[0] = 1


@pytest.mark.parametrize("cuts", [[0], [1, 1], [2, 1], [-1, 2], [0, 4], [[0, 1]]])
def test_cuts_that_are_none(cuts):
    with pytest.raises(InputError, match="cuts: expected two or more ascending bin numbers from 0 to 3, got"):
        LabelGroups(Bins([0, 1, 2, 3]), cuts, [1])


def test_counts_of_other_groups():
    with pytest.raises(ShapeError, match=r"counts: expected one a group, shape \(2,\), got shape \(3,\)"):
        LabelGroups(Bins([0, 1, 2, 3]), [0, 1, 3], [1, 1, 1])


def test_the_groups_of_the_paper(agedb):
    """25 groups of four ages of AgeDB-DIR, from 0: 5 and 13 training images in the lowest, 16 and 9 on top."""
    space = LabelSpace.fit(agedb.train, Bins.uniform(-0.5, 99.5, 1))
    cuts = np.arange(0, 101, 4)
    groups = LabelGroups(space.bins, cuts, np.add.reduceat(space.counts, cuts[:-1]))
    assert groups.counts[[0, 1, 23, 24]].tolist() == [5, 13, 16, 9]
    assert groups.index(agedb.test).tolist() == np.clip(agedb.test // 4, 0, 24).astype(int).tolist()
    assert groups.centers[:2].tolist() == [1.5, 5.5]


def test_groups_of_real_ages(agedb):
    space = LabelSpace.fit(agedb.train)
    uniform, even = LabelGroups.uniform(space, 25), LabelGroups.equal_mass(space, 25)
    assert uniform.edges[[0, 1, -1]].tolist() == [0.5, 4.5, 101.5]  # the first age there is 1
    assert (uniform.counts.min(), uniform.counts.max()) == (6, 1220)
    assert (even.counts.min(), even.counts.max()) == (353, 597)  # one age alone holds up to 353
    assert uniform.counts.sum() == even.counts.sum() == len(agedb.train)
