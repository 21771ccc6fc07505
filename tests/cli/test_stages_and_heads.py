"""Second stages, group experts and classifiers as rows of a comparison, and trained alone."""

import csv
import json
import shutil

import numpy as np
import pandas as pd
import pytest

import evenreg
from evenreg.cli import _trainer
from evenreg.errors import InputError
from evenreg.evaluation import GroupRouting, routing_sentence

ROWS = ["vanilla", "rrt", "group(n=3)", "cls + crt"]


@pytest.fixture(scope="module")
def sales():
    rng = np.random.default_rng(0)
    size = rng.gamma(2.0, 2.0, 150)
    return pd.DataFrame({"price": 3 + 5 * size, "size": size, "noise": rng.normal(size=150)})


def compared(sales, folder, methods="rrt; group(3); cls + crt", seeds=2, **options):
    return evenreg.compare(
        sales, "price", methods, seeds=seeds, epochs=2, bin_width=5.0, out=folder, **options
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("runs") / "sales"


@pytest.fixture(scope="module")
def run(sales, folder):
    return compared(sales, folder)


def flat(text):
    """A report without the breaks of its lines."""
    return " ".join(str(text).split())


class TestCompare:
    def test_the_table_holds_them(self, run, folder):
        assert [row for row in run.evaluations if row != "log" and "hgb" not in row] == ROWS
        markdown = (folder / "table.md").read_text()
        assert all(row in markdown for row in ROWS)
        for evaluations in run.evaluations.values():
            assert len(evaluations) == 2
            assert all(np.isfinite(ev["all"]["mae"]) for ev in evaluations)

    def test_what_routing_costs_is_told_of_groups_alone(self, run):
        assert list(run.routing) == ["group(n=3)"]
        sentence = routing_sentence("group(n=3)", run.routing["group(n=3)"])
        assert sentence in run.notes
        assert sentence in flat(run)
        assert sum("told the group" in note for note in run.notes) == 1
        for routing, evaluation in zip(run.routing["group(n=3)"], run.evaluations["group(n=3)"], strict=True):
            assert routing.mae == pytest.approx(evaluation["all"]["mae"], rel=1e-5)

    def test_the_result_holds_it(self, run, folder):
        rows = json.loads((folder / "result.json").read_text())["rows"]
        assert [GroupRouting.from_dict(r) for r in rows["group(n=3)"]["routing"]] == run.routing["group(n=3)"]
        assert all(facts["routing"] == [] for row, facts in rows.items() if row != "group(n=3)")

    def test_curves_of_every_network(self, run, folder):
        stages = {"vanilla": 1, "rrt": 2, "group(n=3)": 1, "cls+crt": 2}
        for row, n in stages.items():
            for seed in range(2):
                with (folder / "rows" / row / f"seed-{seed}" / "curves.csv").open(encoding="utf-8") as file:
                    told = [(int(line["stage"]), int(line["epoch"])) for line in csv.DictReader(file)]
                assert told == [(stage, epoch) for stage in range(1, n + 1) for epoch in (1, 2)]
        assert not list((folder / "rows" / "hgb").rglob("curves.csv"))
        header = (folder / "rows" / "group(n=3)" / "seed-0" / "curves.csv").read_text().splitlines()[0]
        assert {"regression_loss", "classification_loss", "val_mae_true_group"} <= set(header.split(","))

    def test_a_resumed_run_reads_cells_back_with_their_routing(
        self, run, sales, folder, tmp_path, monkeypatch
    ):
        shutil.copytree(folder, tmp_path / "cut")
        (tmp_path / "cut" / "DONE").unlink()
        monkeypatch.setattr(_trainer, "train_cell", lambda *_, **__: pytest.fail("a cell was trained again"))
        again = compared(sales, tmp_path / "cut", resume=True)
        assert again.routing == run.routing
        assert again.notes == run.notes

    def test_a_cell_of_before_there_was_routing_is_read_too(self, run, folder, tmp_path):
        cell = tmp_path / "seed-0"
        shutil.copytree(folder / "rows" / "vanilla" / "seed-0", cell)
        facts = json.loads((cell / "result.json").read_text())
        assert facts.pop("routing") is None
        (cell / "result.json").write_text(json.dumps(facts))
        assert _trainer.load_cell(cell).routing is None

    def test_more_groups_than_the_labels_fill_are_left_out_and_told(self, sales, tmp_path):
        found = compared(sales, tmp_path / "run", "group(50); group(2)", seeds=1)
        assert "group(n=50)" not in found.evaluations
        assert "group(n=2)" in found.evaluations
        assert "group(n=50) is left out: n: expected at most" in flat(found)
        with pytest.raises(InputError, match="n: expected at most"):
            compared(sales, tmp_path / "other", "group(2)", seeds=1, reference="group(50)")


class TestTrain:
    @pytest.mark.parametrize("method", ["group(3)", "rrt", "hgb"])
    def test_report_and_folder(self, method, sales, tmp_path):
        epochs = None if method == "hgb" else 2
        run = evenreg.train(sales, "price", method, epochs=epochs, bin_width=5.0, out=tmp_path / "run")
        stored = json.loads((tmp_path / "run" / "result.json").read_text())
        curves = tmp_path / "run" / "curves.csv"
        assert curves.exists() == (method != "hgb")
        assert ("result.json, curves.csv." in flat(run)) == (method != "hgb")
        if method == "group(3)":
            assert routing_sentence("group(n=3)", [run.routing]) in flat(run)
            assert routing_sentence("group(n=3)", [run.routing]) in run._repr_html_()
            assert GroupRouting.from_dict(stored["routing"]) == run.routing
        else:
            assert run.routing is None
            assert stored["routing"] is None
            assert "told the group" not in str(run)
