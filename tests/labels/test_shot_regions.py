import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenreg.errors import InputError, TargetError
from evenreg.labels import REGIONS, Bins, LabelSpace, ShotRegions
from reference.labels import regions

quick = settings(max_examples=60, deadline=None)


def space_of(counts) -> LabelSpace:
    """A space whose bin ``b`` is around ``b`` and holds ``counts[b]`` labels."""
    bins = Bins(np.arange(len(counts) + 1) - 0.5)
    return LabelSpace.fit(np.repeat(np.arange(len(counts)), counts), bins)


def tally(assigned) -> dict[str, int]:
    return {str(k): int(n) for k, n in zip(*np.unique(assigned, return_counts=True), strict=True)}


class TestBinRegions:
    @quick
    @given(
        counts=st.lists(
            st.sampled_from([0, 0, 0, 1, 5, 19, 20, 100, 101, 300]), min_size=1, max_size=30
        ).filter(any),
        gap=st.integers(0, 6),
    )
    def test_equal_the_walk_over_neighbours(self, counts, gap):
        got = ShotRegions(gap=gap).bin_regions(space_of(counts))
        assert got.tolist() == regions(counts, 100, 20, gap)
        assert set(got.tolist()) <= set(REGIONS)

    def test_thresholds_are_strict_on_both_sides(self):
        got = ShotRegions(many=100, few=20).bin_regions(space_of([101, 100, 20, 19]))
        assert got.tolist() == ["many", "medium", "medium", "few"]

    def test_a_chance_gap_counts_as_its_neighbours_and_a_real_one_is_zero_shot(self):
        assert ShotRegions(gap=2).bin_regions(space_of([200, 0, 0, 20])).tolist() == ["many"] * 3 + ["medium"]
        assert (
            ShotRegions(gap=1).bin_regions(space_of([200, 0, 0, 20]))[1:3].tolist() == ["interpolation"] * 2
        )

    def test_beyond_the_populated_bins_is_extrapolation_however_near(self):
        assert ShotRegions().bin_regions(space_of([0, 5, 0]))[[0, 2]].tolist() == ["extrapolation"] * 2


class TestAssign:
    def test_the_range_is_tested_before_clamping(self):
        space = LabelSpace.fit([0.2, 9.7] * 30, Bins.uniform(0, 10, 1))
        assigned = ShotRegions().assign([-0.1, 0.0, 10.0, 10.1, 1e9], space)
        assert assigned.tolist() == ["extrapolation", "medium", "medium", "extrapolation", "extrapolation"]

    def test_training_labels_outside_the_bins_were_seen(self):
        space = LabelSpace.fit([1] * 30 + [150], Bins.uniform(0, 100, 50))
        assert ShotRegions().assign([130, 150, 151], space).tolist() == ["few", "few", "extrapolation"]

    def test_training_labels_are_never_zero_shot(self):
        y = np.random.default_rng(0).lognormal(size=3000)
        space = LabelSpace.fit(y)
        for part in (y, y.astype(np.float32)):
            assert not set(ShotRegions.relative().assign(part, space)) & {"interpolation", "extrapolation"}

    def test_zero_can_fold_into_few(self):
        space = space_of([200, 0, 0, 0, 0, 0, 0, 200])
        assert ShotRegions().assign([3, 9], space).tolist() == ["interpolation", "extrapolation"]
        assert ShotRegions(few_includes_zero=True).assign([3, 9], space).tolist() == ["few", "few"]

    def test_coordinates(self):
        y = np.array([[0.0, 1]] * 30)
        space = LabelSpace.fit(y, coordinate=lambda rows: rows[:, 1])
        assert ShotRegions().assign([[9.0, 1.0], [0.0, 7.0]], space).tolist() == ["medium", "extrapolation"]

    def test_nothing_to_assign(self):
        assert ShotRegions().assign([], space_of([1])).shape == (0,)

    @pytest.mark.data
    def test_agedb(self, agedb):
        for bins in (None, Bins.uniform(-0.5, 120.5, 1)):
            space = LabelSpace.fit(agedb.train, bins)
            assert tally(ShotRegions().assign(agedb.test, space)) == {"many": 1530, "medium": 448, "few": 162}

    @pytest.mark.data
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_stsb(self, stsb, dtype):
        space = LabelSpace.fit(stsb.train.astype(dtype), Bins.uniform(0, 5, 0.1))
        assigned = ShotRegions(many=100, few=30).assign(stsb.test.astype(dtype), space)
        assert tally(assigned) == {"many": 756, "medium": 170, "few": 74}


class TestRelative:
    def test_thresholds_are_in_uniform_counts(self):
        space = space_of([30, 8, 2, 0])  # 40 rows in 4 bins: 10 a bin
        assert ShotRegions.relative().thresholds(space) == (10, 2)
        assert ShotRegions.relative().bin_regions(space).tolist() == [
            "many",
            "medium",
            "medium",
            "extrapolation",
        ]
        assert ShotRegions.relative(0.7, 0.3).bin_regions(space)[:3].tolist() == ["many", "many", "few"]

    def test_a_copy_of_the_data_changes_nothing(self):
        once, twice = space_of([30, 8, 2, 1]), space_of([60, 16, 4, 2])
        assert (
            ShotRegions.relative().bin_regions(once).tolist()
            == ShotRegions.relative().bin_regions(twice).tolist()
        )

    def test_describe_gives_rows(self):
        assert ShotRegions.relative().describe(space_of([30, 8, 2, 0])) == (
            "many: more than 10 rows in a bin; medium: 2 to 10; few: fewer than 2 (4 bins, given)"
        )
        told = (
            "many: more than 26000000 rows in a bin; medium: 10000000 to 26000000; few: fewer than 10000000"
        )
        assert ShotRegions(2.6e7, 1e7).describe(space_of([1])).startswith(told)


class TestDict:
    @pytest.mark.parametrize(
        "made",
        [ShotRegions(), ShotRegions(100, 30, few_includes_zero=True, gap=2), ShotRegions.relative(2, 0.1)],
    )
    def test_survives_json(self, made):
        again = ShotRegions.from_dict(json.loads(json.dumps(made.to_dict())))
        assert again == made
        assert hash(again) == hash(made)

    def test_different_regions_differ(self):
        assert ShotRegions(1, 1) != ShotRegions.relative(1, 1)
        assert ShotRegions() != "regions"

    def test_repr(self):
        assert repr(ShotRegions()) == "ShotRegions(many=100, few=20, gap=5)"
        assert repr(ShotRegions.relative(few_includes_zero=True)) == (
            "ShotRegions.relative(many=1, few=0.2, few_includes_zero=True, gap=5)"
        )


def test_refuses_bad_input():
    with pytest.raises(InputError, match=r"many: expected at least few \(20\), got 10; swap them"):
        ShotRegions(many=10, few=20)
    with pytest.raises(InputError, match="few: expected a number of at least 0, got -1"):
        ShotRegions(few=-1)
    with pytest.raises(InputError, match="gap: expected a whole number of at least 0, got -1"):
        ShotRegions(gap=-1)
    with pytest.raises(TargetError, match="space: expected at least one training label, got none"):
        ShotRegions().assign([1], LabelSpace(Bins([0, 1])))
    with pytest.raises(TargetError, match="y: expected finite numbers"):
        ShotRegions().assign([np.nan], space_of([1]))
