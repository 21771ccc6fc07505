"""compare_to_reference: noise is not marked, effects are, and what it refuses."""

import json

import numpy as np
import pytest

from evenreg.errors import InputError, ShapeError, TargetError, UnknownNameError
from evenreg.evaluation import Comparison, compare_to_reference

REGIONS = np.repeat(["many", "medium", "few", "extrapolation"], [160, 60, 25, 15])
SIZES = {"many": 1.0, "medium": 1.5, "few": 3.0, "extrapolation": 5.0}


def simulated(rng, seeds, *, seed_noise, row_noise, noise, effect=0.0):
    """Errors of two trainings of one method.

    Each training shifts every region as a whole (seed noise, larger where errors are larger, partly common to
    all regions), each method is better or worse on single rows (row noise), and every cell has its own noise.
    Rows are hard or easy for both, and errors are skewed, as absolute errors are.
    """
    size = np.array([SIZES[r] for r in REGIONS])
    hard = rng.gamma(1.2, 1.0, len(REGIONS))
    errors = {}
    for name in ("vanilla", "other"):
        common = rng.normal(0, seed_noise / 2, (seeds, 1))
        shift = np.concatenate(
            [np.repeat(rng.normal(0, seed_noise, (seeds, 1)), (r == REGIONS).sum(), axis=1) for r in SIZES],
            axis=1,
        )
        cell = rng.normal(0, noise, (seeds, len(REGIONS)))
        row = rng.normal(0, row_noise, len(REGIONS))
        gain = effect * (name == "other")
        errors[name] = (1 - gain) * size * np.abs(hard * np.exp(cell) + common + shift + row)
    return errors


def flagged(seeds, trials=200, **noise):
    rng = np.random.default_rng(7)
    count = 0
    for _ in range(trials):
        found = compare_to_reference(simulated(rng, seeds, **noise), REGIONS)
        count += any(d.verdict for d in found.differences)
    return count


NOISE = {
    "seeds above all": {"seed_noise": 0.2, "row_noise": 0.0, "noise": 0.1},
    "rows above all": {"seed_noise": 0.01, "row_noise": 0.3, "noise": 0.1},
    "cells above all": {"seed_noise": 0.0, "row_noise": 0.0, "noise": 0.5},
    "all alike": {"seed_noise": 0.05, "row_noise": 0.3, "noise": 0.3},
}


@pytest.mark.parametrize("seeds", [3, 5])
@pytest.mark.parametrize("noise", NOISE.values(), ids=NOISE)
def test_vanilla_against_vanilla_is_flagged_in_at_most_five_percent(seeds, noise):
    """18 of 200 is the 99 % bound of a true 5 %."""
    assert flagged(seeds, **noise) <= 18


@pytest.mark.parametrize(("seeds", "effect"), [(3, 0.3), (5, 0.15)])
def test_a_real_effect_is_flagged(seeds, effect):
    """A third of the error with 3 seeds, a seventh with 5."""
    noise = {"seed_noise": 0.03, "row_noise": 0.1, "noise": 0.2}
    assert flagged(seeds, trials=60, effect=effect, **noise) >= 50


@pytest.fixture(scope="module")
def case():
    rng = np.random.default_rng(0)
    vanilla = rng.gamma(2, 1, (3, len(REGIONS)))
    small = rng.normal(0, 0.05, (3, len(REGIONS)))
    gain = np.where(REGIONS == "few", 0.6, np.where(REGIONS == "many", -0.5, 0.0))
    return {"vanilla": vanilla, "sqinv": vanilla - gain + small, "same": vanilla.copy()}


def test_verdicts(case):
    c = compare_to_reference(case, REGIONS)
    assert c.rows == ("sqinv", "same")
    assert c.regions == ("all", "many", "medium", "few", "zero")
    assert (c.reference, c.seeds, c.note) == ("vanilla", 3, None)
    assert c["sqinv", "few"].verdict == "better"
    assert c["sqinv", "many"].verdict == "worse"
    assert c["sqinv", "medium"].verdict == ""
    assert {c["same", r].verdict for r in c.regions} == {""}
    assert {c["same", r].p for r in c.regions} == {1.0}
    few = c["sqinv", "few"]
    assert few.n == 25
    assert few.low < -0.6 < few.high < 0
    assert few.difference == pytest.approx(few.mean - few.reference_mean)
    assert few.reference_mean == pytest.approx(case["vanilla"][:, REGIONS == "few"].mean())
    assert c["sqinv", "zero"].n == 15


def test_both_corrections(case):
    c = compare_to_reference(case, REGIONS)
    for d in c.differences:
        assert d.p <= d.p_row <= d.p_table <= 1
    every = sorted(d.p for d in c.differences)
    assert min(d.p_table for d in c.differences) == pytest.approx(10 * every[0])
    assert c["sqinv", "few"].strong
    assert not c["sqinv", "medium"].strong


def test_one_seed_marks_nothing_and_says_why(case):
    c = compare_to_reference({name: e[:1] for name, e in case.items()}, REGIONS)
    assert not any(d.verdict or d.strong for d in c.differences)
    assert all(d.p is d.p_row is d.p_table is d.low is d.high is None for d in c.differences)
    assert c.note == (
        "Nothing is marked: one seed cannot tell how much results vary from training to training; "
        "run at least 3 seeds."
    )


def test_a_region_of_one_row_is_not_tested_and_not_counted(case):
    regions = REGIONS.copy()
    regions[regions == "extrapolation"] = "many"
    without = compare_to_reference(case, regions)
    regions[0] = "interpolation"
    c = compare_to_reference(case, regions)
    assert c["sqinv", "zero"].p is None
    assert c["sqinv", "zero"].verdict == ""
    assert c["sqinv", "few"].p_row == pytest.approx(without["sqinv", "few"].p_row)


def test_own_distribution(case):
    c = compare_to_reference(case, REGIONS, own=np.where(REGIONS == "many", 1.0, 0.0))
    assert c.regions[-1] == "own"
    own, many = c["sqinv", "own"], c["sqinv", "many"]
    assert (own.n, own.mean, own.p) == pytest.approx((many.n, many.mean, many.p))


def test_another_reference(case):
    c = compare_to_reference(case, REGIONS, "sqinv")
    assert c["vanilla", "few"].verdict == "worse"
    for d in compare_to_reference(case, REGIONS, "vanilla").differences:
        if d.row == "sqinv":
            turned = c["vanilla", d.region]
            assert (turned.difference, turned.p) == pytest.approx((-d.difference, d.p))
            assert (turned.low, turned.high) == pytest.approx((-d.high, -d.low))


def test_only_the_reference():
    c = compare_to_reference({"vanilla": np.ones((3, 4))}, ["many"] * 4)
    assert c.differences == c.rows == c.regions == ()


def test_json_round_trip(case):
    for seeds in (1, 3):
        c = compare_to_reference({name: e[:seeds] for name, e in case.items()}, REGIONS)
        assert Comparison.from_dict(json.loads(json.dumps(c.to_dict(), allow_nan=False))) == c


@pytest.mark.parametrize(
    "data", [{}, {"reference": "v", "seeds": 3, "note": None, "differences": [{"row": 1}]}]
)
def test_json_of_something_else(data):
    with pytest.raises(InputError, match=r"expected what Comparison.to_dict\(\) wrote, got something else"):
        Comparison.from_dict(data)


class TestBadInput:
    def test_unknown_reference(self, case):
        with pytest.raises(UnknownNameError, match="no row of errors named 'vanila'; did you mean 'vanilla'"):
            compare_to_reference(case, REGIONS, "vanila")

    def test_unknown_region(self, case):
        with pytest.raises(UnknownNameError, match="no region named 'zero'"):
            compare_to_reference(case, np.where(REGIONS == "few", "zero", REGIONS))

    def test_one_seed_as_a_vector(self):
        with pytest.raises(
            ShapeError, match=r"errors of 'vanilla': expected .*\(seeds, n\), got shape \(4,\)"
        ):
            compare_to_reference({"vanilla": np.ones(4)}, ["many"] * 4)

    def test_other_seeds(self, case):
        with pytest.raises(
            ShapeError, match=r"errors of 'bmc': expected shape \(3, 260\) as 'vanilla' has, got \(2, 260\)"
        ):
            compare_to_reference(case | {"bmc": case["vanilla"][:2]}, REGIONS)

    def test_regions_of_other_rows(self, case):
        with pytest.raises(ShapeError, match="got 260 of errors and 259 of regions"):
            compare_to_reference(case, REGIONS[1:])

    def test_own_of_other_rows(self, case):
        with pytest.raises(ShapeError, match="got 260 of regions and 3 of own"):
            compare_to_reference(case, REGIONS, own=[1.0, 2.0, 3.0])

    def test_errors_that_are_not_finite(self, case):
        broken = case["vanilla"].copy()
        broken[1, 17] = np.nan
        with pytest.raises(
            TargetError, match=r"errors of 'bmc': expected finite numbers, got NaN or infinity in row 17 "
        ):
            compare_to_reference(case | {"bmc": broken}, REGIONS)

    def test_names(self, case):
        c = compare_to_reference(case, REGIONS)
        with pytest.raises(UnknownNameError, match="no compared row named 'vanilla'"):
            c["vanilla", "few"]
        with pytest.raises(UnknownNameError, match="no compared region named 'fw'; did you mean 'few'"):
            c["sqinv", "fw"]


def test_rows_of_one_group_are_one_observation(case):
    """Rows written down three times teach nothing new: grouped they give the same answer as once."""
    thrice = {name: np.repeat(e, 3, axis=1) for name, e in case.items()}
    groups = np.repeat(np.arange(len(REGIONS)), 3)
    once = compare_to_reference(case, REGIONS)
    grouped = compare_to_reference(thrice, np.repeat(REGIONS, 3), groups=groups)
    naive = compare_to_reference(thrice, np.repeat(REGIONS, 3))
    for region in once.regions:
        a, b, c = (found["sqinv", region] for found in (once, grouped, naive))
        assert (b.low, b.high, b.p) == pytest.approx((a.low, a.high, a.p))
        assert c.high - c.low < a.high - a.low
    with pytest.raises(ShapeError):
        compare_to_reference(case, REGIONS, groups=groups)
