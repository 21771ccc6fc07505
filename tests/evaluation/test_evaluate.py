"""evaluate and what it returns."""

import inspect
import json
import math
import pickle
import subprocess
import sys
from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from evenreg.errors import InputError, ShapeError, TargetError, UnknownNameError
from evenreg.evaluation import Evaluation, evaluate, own_weight
from evenreg.labels import LDS, REGIONS, Bins, LabelSpace, Relevance, ShotRegions
from reference import metrics as slow

METRICS = ["mae", "mse", "rmse", "gm", "pearson", "spearman", "bmae", "brmse", "sera"]


@pytest.fixture(scope="module")
def case():
    """Labels 0 to 19 with many, medium and few bins, a gap from 12 to 17, and test rows beyond 19."""
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(12), [200, 200, 200, 200, 60, 50, 40, 30, 10, 8, 5, 3])
    space = LabelSpace.fit(np.append(y, [18, 19]), Bins.uniform(-0.5, 19.5, 1))
    t = np.append(np.tile(np.arange(20), 5), [24, 25]).astype(float)
    return t, t + rng.normal(0, 1, len(t)), space, ShotRegions()


def test_regions_partition_the_rows_and_equal_loops(case):
    t, p, space, regions = case
    ev = evaluate(t, p, space, regions)
    assert tuple(ev.regions) == REGIONS
    assigned = regions.assign(t, space)
    index = space.index(t)
    for name in ("many", "medium", "few", "interpolation", "extrapolation"):
        mask = assigned == name
        assert ev[name].n == mask.sum() > 0
        assert ev[name]["mae"] == pytest.approx(slow.mae(t[mask], p[mask]))
        assert ev[name]["gm"] == pytest.approx(slow.gm(t[mask], p[mask]))
        assert ev[name]["bmae"] == pytest.approx(slow.bmae(t[mask], p[mask], index[mask]))
        assert ev[name]["spearman"] == pytest.approx(slow.spearman(t[mask], p[mask]))
    assert ev["zero"].n == ev["interpolation"].n + ev["extrapolation"].n
    assert ev["all"].n == len(t) == sum(ev[name].n for name in ("many", "medium", "few", "zero"))
    assert ev["all"]["rmse"] == pytest.approx(math.sqrt(slow.mse(t, p)))
    assert list(ev["all"].values) == METRICS
    assert all(isinstance(ev["all"][m], float) for m in METRICS)
    assert ev.thresholds == regions.describe(space)


def test_default_regions_are_relative(case):
    t, p, space, _ = case
    assert evaluate(t, p, space) == evaluate(t, p, space, ShotRegions.relative())


def test_zero_can_count_as_few(case):
    t, p, space, regions = case
    ev = evaluate(t, p, space, ShotRegions(few_includes_zero=True))
    apart = evaluate(t, p, space, regions)
    assert ev["few"].n == apart["few"].n + apart["zero"].n
    assert ev["zero"].n == 0


def test_empty_region():
    space = LabelSpace.fit([1.0] * 50 + [2.0] * 50)
    ev = evaluate([1.0, 2.0], [1.5, 2.0], space)
    assert ev["few"].n == ev["zero"].n == 0
    assert all(math.isnan(ev["few"][m]) for m in METRICS)
    assert all(math.isnan(v) for v in ev["few"].interval("mae"))
    assert json.loads(ev.to_json())["regions"][3]["values"]["mae"] is None


def test_bins(case):
    t, p, space, regions = case
    bins = evaluate(t, p, space, regions).bins
    assert len(bins) == 20
    np.testing.assert_array_equal(bins.low, np.arange(20) - 0.5)
    np.testing.assert_array_equal(bins.high, np.arange(20) + 0.5)
    np.testing.assert_array_equal(bins.center, np.arange(20))
    np.testing.assert_array_equal(bins.training, space.counts)
    index, inside = space.index(t), space.bins.contains(t)
    assert not inside.all()
    for b in range(20):
        mask = (index == b) & inside
        assert bins.n[b] == mask.sum() > 0
        assert bins.mae[b] == pytest.approx(slow.mae(t[mask], p[mask]))
        assert bins.bias[b] == pytest.approx((p - t)[mask].mean())


def test_own_distribution_is_the_weighted_error(case):
    t, p, space, regions = case
    ev = evaluate(t, p, space, regions)
    w = own_weight(t, space)
    assert ev.own["mae"] == pytest.approx(np.average(np.abs(p - t), weights=w))
    assert ev.own["rmse"] ** 2 == pytest.approx(ev.own["mse"])
    assert ev.own["mse"] == pytest.approx(np.average((p - t) ** 2, weights=w))
    assert ev.own.n == (w > 0).sum() < len(t)
    low, high = ev.own.interval("mae")
    assert low < ev.own["mae"] < high


def test_own_distribution_without_any_seen_label():
    space = LabelSpace.fit([1, 2], Bins.uniform(0.5, 2.5, 1))
    ev = evaluate([10.0, 11.0], [9.0, 9.0], space)
    assert ev.own.n == 0
    assert math.isnan(ev.own["mae"])


class TestSera:
    def test_is_the_sum_over_each_region_with_the_space_s_relevance(self, case):
        t, p, space, regions = case
        ev = evaluate(t, p, space, regions)
        assert ev.relevance == Relevance.fit(space)
        assigned, phi = regions.assign(t, space), Relevance.fit(space)(t)
        for name in ("many", "medium", "few", "interpolation", "extrapolation"):
            mask = assigned == name
            expected = sum(f * (b - a) ** 2 for a, b, f in zip(t[mask], p[mask], phi[mask], strict=True))
            assert ev[name]["sera"] == pytest.approx(expected)
        parts = sum(ev[name]["sera"] for name in ("many", "medium", "few", "zero"))
        assert ev["all"]["sera"] == pytest.approx(parts)
        assert ev["all"]["sera"] > 0

    def test_interval_holds_the_sum_and_grows_with_the_rows(self, case):
        t, p, space, regions = case
        ev = evaluate(t, p, space, regions)
        low, high = ev["all"].interval("sera")
        assert 0 < low < ev["all"]["sera"] < high
        twice = evaluate(np.tile(t, 2), np.tile(p, 2), space, regions)
        assert twice["all"]["sera"] == pytest.approx(2 * ev["all"]["sera"])
        assert twice["all"].interval("sera")[1] > 1.5 * high

    def test_own_distribution_has_none(self, case):
        assert "sera" not in evaluate(*case).own.values

    def test_relevance_can_be_given(self, case):
        t, p, space, regions = case
        mine = Relevance.from_points([[5, 0], [10, 1]])
        ev = evaluate(t, p, space, regions, relevance=mine)
        assert ev.relevance == mine
        assert ev["all"]["sera"] == pytest.approx(mine(t) @ (p - t) ** 2)

    def test_without_extremes_rare_is_relevant(self):
        y = np.repeat([0.0, 1, 2, 3, 4, 5], [30, 60, 90, 60, 40, 20])
        space = LabelSpace.fit(y)
        ev = evaluate([0.0, 2.0, 5.0], [1.0, 1.0, 3.0], space)
        assert ev.relevance == Relevance.from_density(space, LDS(boundary="renormalize"))
        assert ev["all"]["sera"] == pytest.approx(float(ev.relevance([0.0, 2.0, 5.0]) @ [1, 1, 4]))
        assert "1 - density" in ev.relevance.describe()

    def test_where_no_label_is_rarer_there_is_none(self):
        ev = evaluate([1.0, 2.0], [1.5, 2.0], LabelSpace.fit([1.0] * 50 + [2.0] * 50))
        assert ev.relevance is None
        assert math.isnan(ev["all"]["sera"])
        assert all(math.isnan(v) for v in ev["all"].interval("sera"))
        assert ev["all"]["mae"] == 0.25
        assert Evaluation.from_json(ev.to_json()) == ev

    def test_labels_of_several_dimensions_go_by_their_coordinate(self):
        rng = np.random.default_rng(0)
        rows = rng.lognormal(size=(400, 2))
        space = LabelSpace.fit(rows, coordinate=lambda r: r[:, 0])
        t = rng.lognormal(size=(30, 2))
        ev = evaluate(t, t + 1, space)
        assert ev["all"]["sera"] == pytest.approx(Relevance.fit(rows[:, 0])(t[:, 0]).sum())

    def test_what_older_versions_wrote_still_loads(self, case):
        data = json.loads(evaluate(*case).to_json())
        del data["relevance"]
        for scores in data["regions"]:
            del scores["values"]["sera"]
            scores["intervals"].pop("sera", None)
        old = Evaluation.from_json(json.dumps(data))
        assert old.relevance is None
        assert old["few"]["mae"] == evaluate(*case)["few"]["mae"]
        assert Evaluation.from_json(old.to_json()) == old
        with pytest.raises(UnknownNameError, match="no metric named 'sera'"):
            old["few"]["sera"]


def test_json_round_trip_is_equal(case):
    t, p, space, regions = case
    ev = evaluate(t, p, space, regions)
    again = Evaluation.from_json(ev.to_json())
    assert again == ev
    assert again["few"].interval("bmae", level=0.9) == ev["few"].interval("bmae", level=0.9)
    assert again.bins == ev.bins
    assert again != evaluate(t, p + 0.1, space, regions)
    json.loads(ev.to_json(), parse_constant=pytest.fail)  # no NaN, no Infinity


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": "evenreg.evaluation/1"}', '{"format": "other/1"}', "3"]
)
def test_json_of_something_else(text):
    with pytest.raises(
        InputError, match=r"text: expected JSON of format 'evenreg.evaluation/1' from to_json\(\)"
    ):
        Evaluation.from_json(text)


def test_the_same_seed_gives_the_same_intervals(case):
    t, p, space, regions = case
    a, b = (evaluate(t, p, space, regions, random_state=3) for _ in range(2))
    assert a == b
    assert a["all"].interval("mae") != evaluate(t, p, space, regions, random_state=4)["all"].interval("mae")


def test_frozen_and_picklable(case):
    t, p, space, regions = case
    ev = evaluate(t, p, space, regions)
    with pytest.raises(FrozenInstanceError):
        ev.thresholds = ""
    with pytest.raises(ValueError, match="read-only"):
        ev.bins.mae[0] = 1
    assert pickle.loads(pickle.dumps(ev)) == ev


def test_several_dimensions():
    rng = np.random.default_rng(0)
    y, t = rng.normal(0, 1, (300, 3)), rng.normal(0, 2, (40, 3))
    space = LabelSpace.fit(y, coordinate=lambda v: np.linalg.norm(v, axis=1))
    p = t + rng.normal(0, 1, t.shape)
    ev = evaluate(t, p, space)
    assert ev["all"]["mae"] == pytest.approx(slow.mae(t, p))
    assert ev["all"]["pearson"] == pytest.approx(np.mean([slow.pearson(t[:, k], p[:, k]) for k in range(3)]))
    assert sum(ev[r].n for r in ("many", "medium", "few", "zero")) == 40
    assert Evaluation.from_json(ev.to_json()) == ev


def test_a_column_is_a_row_of_labels(case):
    t, p, space, regions = case
    assert evaluate(t[:, None], p[:, None], space, regions) == evaluate(t, p, space, regions)


class TestBadInput:
    def test_lengths(self, case):
        with pytest.raises(ShapeError, match="got 2 of target and 3 of prediction"):
            evaluate([1.0, 2.0], [1.0, 2.0, 3.0], case[2])

    def test_labels_in_place_of_their_space(self, case):
        with pytest.raises(
            InputError, match=r"expected the LabelSpace of the training labels, got list; make one with"
        ):
            inspect.unwrap(evaluate)([1.0], [1.0], [1.0, 2.0])  # past the type check of the test run

    def test_numbers_in_place_of_a_relevance(self, case):
        with pytest.raises(InputError, match=r"relevance: expected a Relevance, got list; make one with Rel"):
            inspect.unwrap(evaluate)([1.0], [1.0], case[2], relevance=[0.5])

    def test_column_against_row(self, case):
        with pytest.raises(ShapeError, match="expected equal shapes"):
            evaluate(np.ones(3), np.ones((3, 1)), case[2])

    def test_nan_predictions_by_row(self, case):
        with pytest.raises(TargetError, match=r"prediction: .* 2 of 4 \(rows 1 and 3"):
            evaluate([1.0, 2, 3, 4], [1.0, np.nan, 3, np.inf], case[2])

    def test_names(self, case):
        t, p, space, regions = case
        ev = evaluate(t, p, space, regions)
        with pytest.raises(UnknownNameError, match="no region named 'fwe'; did you mean 'few'"):
            ev["fwe"]
        with pytest.raises(UnknownNameError, match=r"no metric named 'mea'; did you mean .*'mae'"):
            ev["few"]["mea"]
        with pytest.raises(UnknownNameError, match="no metric named 'r2'"):
            ev["few"].interval("r2")
        with pytest.raises(InputError, match=r"level: expected one of 0.8, 0.9, 0.95, 0.99, got 0.5"):
            ev["few"].interval("mae", level=0.5)


def test_no_torch():
    code = """
import sys
from evenreg.evaluation import compare_to_reference, evaluate
from evenreg.labels import LabelSpace
evaluate([1, 2, 3], [1, 2, 4], LabelSpace.fit([1, 2, 3]))
compare_to_reference({"vanilla": [[1, 2]], "a": [[1, 2]]}, ["many", "few"])
print([k for k in ("torch", "torchmetrics", "lightning", "pandas", "sklearn") if k in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
