import numpy as np
import pytest

from evenreg.errors import InputError, TargetError
from evenreg.labels import Bins, LabelSpace, ShotRegions, zero_shot_subset

Y = np.arange(100.0)


def test_rows_outside_all_holes():
    kept = zero_shot_subset(Y, [(20, 39), (95, np.inf), (30, 45.5)])
    assert kept.tolist() == [*range(20), *range(46, 95)]
    assert zero_shot_subset(Y, []).tolist() == list(range(100))


def test_regions_of_the_subset_are_inside_and_outside():
    space = LabelSpace.fit(Y[zero_shot_subset(Y, [(20, 39), (90, np.inf)])], Bins.uniform(-0.5, 99.5, 1))
    regions = ShotRegions(many=2, few=1).assign(Y, space)
    assert set(regions[20:40]) == {"interpolation"}
    assert set(regions[90:]) == {"extrapolation"}
    assert set(regions[:20]) == {"medium"}


@pytest.mark.parametrize("hole", [(5, 3), (1, 2, 3), (1,), (np.nan, 3)])
def test_refuses_what_is_no_interval(hole):
    with pytest.raises(
        InputError, match=r"holes: expected intervals \(low, high\) in label units, low first, got "
    ):
        zero_shot_subset(Y, [hole])


def test_refuses_holes_that_leave_nothing():
    with pytest.raises(TargetError, match="holes: expected some labels outside all of them, got none; leave"):
        zero_shot_subset(Y, [(-np.inf, 50), (50, np.inf)])
    with pytest.raises(TargetError, match="y: expected finite numbers"):
        zero_shot_subset([np.nan], [])


@pytest.mark.parametrize("holes", [None, 3, "40-50"])
def test_holes_are_a_list(holes):
    with pytest.raises(
        InputError, match=r"holes: expected a list of intervals \(low, high\), got .*; give for instance"
    ):
        zero_shot_subset.__wrapped__([1.0, 2.0], holes)  # past the type check
