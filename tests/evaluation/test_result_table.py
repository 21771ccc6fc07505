"""The numbers of a results table."""

import numpy as np
import pytest

from evenreg.errors import InputError, UnknownNameError
from evenreg.evaluation import (
    ResultCell,
    ResultRow,
    ResultTable,
    compare_to_reference,
    evaluate,
    own_weight,
    to_terminal,
)
from evenreg.labels import Bins, LabelSpace, ShotRegions

SPACE = LabelSpace.fit(np.repeat([1, 2, 3], [200, 50, 10]), Bins.uniform(0.5, 5.5, 1))
TARGET = np.repeat([1.0, 2.0, 3.0], [40, 30, 20])
REGIONS = ShotRegions()


def runs(target=TARGET, seeds=3):
    """Vanilla and a row that is better where labels are rare and worse where they are frequent."""
    rng = np.random.default_rng(0)
    sign, evaluations, errors = rng.choice([-1, 1], len(target)), {}, {}
    for name, size in (("vanilla", [1.0, 2.0, 4.0, 8.0, 8.0]), ("sqinv", [1.5, 2.0, 2.0, 4.0, 4.0])):
        scale = np.array(size)[SPACE.index(target)]
        error = [scale + rng.normal(0, 0.02) + rng.normal(0, 0.05, len(target)) for _ in range(seeds)]
        evaluations[name] = [evaluate(target, target + sign * e, SPACE, REGIONS) for e in error]
        errors[name] = np.array(error)
    own = own_weight(target, SPACE)
    return evaluations, compare_to_reference(errors, REGIONS.assign(target, SPACE), own=own)


def cells(table, name):
    row = next(r for r in table.rows if r.name == name)
    return dict(zip(table.columns, row.cells, strict=True))


def test_columns_counts_and_numbers():
    evaluations, comparison = runs()
    table = ResultTable.from_evaluations(evaluations, comparison, target="Rings", notes=["A note."])
    assert table.columns == ("All", "Many", "Medium", "Few", "Own")
    assert table.counts == (90, 40, 30, 20, None)
    assert [row.name for row in table.rows] == ["vanilla", "sqinv"]
    assert table.title == "MAE of Rings, mean ± standard deviation over 3 seeds"
    few = [ev["few"]["mae"] for ev in evaluations["sqinv"]]
    cell = cells(table, "sqinv")["Few"]
    assert (cell.mean, cell.spread) == pytest.approx((np.mean(few), np.std(few, ddof=1)))
    own = [ev.own["mae"] for ev in evaluations["vanilla"]]
    assert cells(table, "vanilla")["Own"].mean == pytest.approx(np.mean(own))


def test_marks_and_best():
    evaluations, comparison = runs()
    table = ResultTable.from_evaluations(evaluations, comparison)
    sqinv, vanilla = cells(table, "sqinv"), cells(table, "vanilla")
    assert {c: sqinv[c].mark for c in ("Many", "Medium", "Few")} == {"Many": "--", "Medium": "", "Few": "++"}
    assert sqinv["Own"].mark.startswith("-")
    assert all(cell.mark == "" for cell in vanilla.values())
    assert sqinv["Few"].best
    assert not sqinv["Many"].best
    assert vanilla["Many"].best


def test_notes_explain_marks_own_and_thresholds():
    evaluations, comparison = runs()
    notes = ResultTable.from_evaluations(evaluations, comparison, notes=["A note."]).notes
    assert notes[0].startswith(
        "+ better, - worse than vanilla beyond noise (p < .05 over seeds and test rows"
    )
    assert notes[1] == "Own: test rows weighted to the distribution of your own training rows."
    assert notes[2] == REGIONS.describe(SPACE)
    assert notes[3] == "A note."
    assert not any("better" in note for note in ResultTable.from_evaluations(evaluations).notes)


def test_one_seed_has_no_spread_and_says_why_nothing_is_marked():
    evaluations, comparison = runs(seeds=1)
    table = ResultTable.from_evaluations(evaluations, comparison)
    assert table.title == "MAE, one seed"
    assert all(cell.spread is None and cell.mark == "" for row in table.rows for cell in row.cells)
    assert table.notes[0] == comparison.note
    assert ResultTable.from_evaluations(evaluations).title == "MAE"  # of one prediction file, say


def test_empty_regions_keep_their_column():
    evaluations, comparison = runs(np.repeat([1.0, 3.0], [40, 20]))
    table = ResultTable.from_evaluations(evaluations, comparison)
    assert table.columns[:4] == ("All", "Many", "Medium", "Few")
    assert table.counts[2] == 0
    assert cells(table, "vanilla")["Medium"] == ResultCell(None)


def test_zero_has_a_column_where_there_are_such_rows():
    evaluations, comparison = runs(np.repeat([1.0, 3.0, 5.0], [40, 20, 7]))
    table = ResultTable.from_evaluations(evaluations, comparison)
    assert table.columns == ("All", "Many", "Medium", "Few", "Zero", "Own")
    assert table.counts[4] == 7
    assert cells(table, "sqinv")["Zero"].mark.startswith("+")


def test_other_metrics():
    evaluations, _ = runs()
    table = ResultTable.from_evaluations(evaluations, metric="spearman")
    assert table.columns == ("All", "Many", "Medium", "Few")
    assert table.title.startswith("Spearman, ")
    top = max(table.rows, key=lambda row: row.cells[0].mean)
    assert top.cells[0].best
    assert cells(table, "vanilla")["Few"] == ResultCell(None)  # one label in the region: no correlation
    assert ResultTable.from_evaluations(evaluations, metric="rmse").columns[-1] == "Own"


def test_one_row_has_no_best():
    evaluations, _ = runs()
    table = ResultTable.from_evaluations({"vanilla": evaluations["vanilla"]})
    assert not any(cell.best for cell in table.rows[0].cells)


class TestBadInput:
    def test_unknown_metric(self):
        with pytest.raises(UnknownNameError, match=r"no metric named 'mea'; did you mean .*'mae'"):
            ResultTable.from_evaluations(runs()[0], metric="mea")

    def test_no_rows(self):
        for nothing in ({}, {"vanilla": []}):
            with pytest.raises(
                InputError, match="evaluations: expected at least one row, each with one Evaluation"
            ):
                ResultTable.from_evaluations(nothing)

    def test_other_test_rows(self):
        mixed = {"vanilla": runs()[0]["vanilla"], "hgb": runs(TARGET[1:])[0]["vanilla"]}
        with pytest.raises(
            InputError, match="evaluations of 'hgb': expected the same test rows in every row"
        ):
            ResultTable.from_evaluations(mixed)

    def test_marks_of_another_metric(self):
        with pytest.raises(InputError, match="metric: expected 'mae' beside a comparison, got 'rmse'; leave"):
            ResultTable.from_evaluations(*runs(), metric="rmse")

    def test_ragged_rows(self):
        row = ResultRow("vanilla", (ResultCell(1.0),))
        with pytest.raises(InputError, match=r"rows: expected one or more, .* got 1 and lengths \[1, 2\]"):
            ResultTable("MAE", ("All", "Few"), (3, 1), (row,))
        with pytest.raises(InputError, match=r"rows: expected one or more, .* got 0"):
            ResultTable("MAE", ("All",), (3,), ())


def test_print_shows_it_as_a_terminal_does():
    table = ResultTable("MAE", ("All",), (60,), (ResultRow("vanilla", (ResultCell(1.2),)),))
    assert str(table) == repr(table) == to_terminal(table)
