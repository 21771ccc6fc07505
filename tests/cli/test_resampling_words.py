"""Resampling words as rows of a comparison, and trained alone: told, kept, left out, refused."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

import evenreg
from evenreg.cli import _trainer
from evenreg.cli._compare_rows import rows_for
from evenreg.cli._resampled_note import resampled_notes
from evenreg.errors import InputError

KEYS = {"rows_before", "rows_after", "synthetic"}
WORDS = "smogn(k=3, small_regions=keep) + lds"
METHODS = "smogn(k=3); hgb + smogn(k=3); rrt + ro; smogn(k=90)"


def sales():
    rng = np.random.default_rng(0)
    size = rng.gamma(1.5, 2.0, 300)
    return pd.DataFrame({"price": np.exp(size / 3), "size": size, "kind": rng.choice([*"ab"], 300)})


def flat(text):
    return " ".join(str(text).split())


def compared(folder, methods, seeds=1, **options):
    return evenreg.compare(
        sales(),
        "price",
        methods,
        seeds=seeds,
        epochs=2,
        bin_width=2.0,
        out=folder,
        jobs=1,
        quiet=True,
        **options,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("runs") / "sales"


@pytest.fixture(scope="module")
def run(folder):
    return compared(folder, METHODS, seeds=2)


class TestCompare:
    def test_every_cell_keeps_how_many_rows_it_was_trained_on(self, run, folder):
        for row in ("smogn(k=3)", "hgb+smogn(k=3)", "rrt+ro"):
            for seed in range(2):
                facts = json.loads((folder / "rows" / row / f"seed-{seed}" / "result.json").read_text())
                assert facts["resampled"].keys() == KEYS
                assert (facts["resampled"]["synthetic"] > 0) == ("smogn" in row)
        assert json.loads((folder / "rows/vanilla/seed-0/result.json").read_text())["resampled"] is None

    def test_the_report_tells_it_once_for_methods_that_agree(self, run):
        told = flat(run)
        assert "smogn(k=3), hgb + smogn(k=3): trained on" in told
        assert "rrt + ro: the head trained on" in told
        assert told.count("rows in place of") == 2

    def test_a_sampler_that_refuses_is_left_out_and_told_in_words(self, run):
        assert "smogn(k=90)" not in run.evaluations
        told = flat(run)
        assert "smogn(k=90) is left out: method 'smogn(k=90)': k: expected at most" in told
        assert "small_regions=keep, which leaves such rows as they are, or the method ro" in told
        assert "RandomOver" not in told

    def test_the_reference_raises(self, tmp_path):
        with pytest.raises(InputError, match="k: expected at most"):
            compared(tmp_path / "run", "sqinv", reference="smogn(k=90)")

    def test_a_resumed_run_reads_them_back(self, run, folder, tmp_path, monkeypatch):
        shutil.copytree(folder, tmp_path / "cut")
        (tmp_path / "cut" / "DONE").unlink()
        train, trained = _trainer.train_cell, []

        def watched(method, draw, *rest, **options):
            trained.append(str(method))
            return train(method, draw, *rest, **options)

        monkeypatch.setattr(_trainer, "train_cell", watched)
        again = compared(tmp_path / "cut", METHODS, seeds=2, resume=True)
        assert set(trained) == {"smogn(k=90)"}  # the row that was left out is tried again
        assert again.notes[:3] == run.notes[:3]

    def test_a_sweep_of_their_arguments(self):
        y = np.array([-1.0, 1.0])
        rows = rows_for("smogn; smogn + lds", trees=True, y=y, sweep="smogn.k=3,7")
        assert rows[1:5] == ["smogn(k=3)", "smogn(k=7)", "smogn(k=3) + lds", "smogn(k=7) + lds"]

    def test_images_are_refused_before_anything_is_trained(self, tmp_path):
        for call in (
            lambda: evenreg.compare("digits-rotation", methods="smogn", out=tmp_path / "r"),
            lambda: evenreg.train("digits-rotation", method="rrt + smogn", out=tmp_path / "r"),
        ):
            with pytest.raises(InputError, match=r"between whose pixels .* evenreg\.resampling takes them"):
                call()
        assert not (tmp_path / "r").exists()


def test_train_tells_and_keeps_it(tmp_path):
    found = evenreg.train(sales(), "price", WORDS, epochs=2, out=tmp_path / "r", quiet=True)
    assert found.resampled is not None
    assert found.resampled.keys() == KEYS
    assert resampled_notes({WORDS: [found.resampled]})[0] in flat(found)
    assert json.loads((tmp_path / "r" / "result.json").read_text())["resampled"] == found.resampled
