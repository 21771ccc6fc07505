"""``evenreg benchmark synthetic``: the table beside the paper's, the numbers as JSON, and what cannot be had."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

import evenreg
from evenreg.cli import _main
from evenreg.cli._synthetic_published import published_synthetic
from evenreg.cli._synthetic_text import synthetic_text
from evenreg.data import SYNTHETIC
from evenreg.errors import InputError, UnknownNameError
from evenreg.training import SYNTHETIC_METHODS, SyntheticCell


def words(*more):
    return ["benchmark", "synthetic", "--quiet", *more]


def test_cells_are_printed_beside_the_papers(capsys, tmp_path):
    few = ("--settings", "normal,curve-bend", "--methods", "vanilla; inv, gai", "--seeds", "3", "--jobs", "1")
    assert _main.main(words(*few, "--json", str(tmp_path / "all.json"))) == 0
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 100
    assert "3 draws (seeds 0 to 2); encoder: none" in printed
    assert "recipe: solved to convergence (ours); prior from the training labels" in " ".join(printed.split())
    vanilla = next(row for row in printed.splitlines() if row.startswith("vanilla"))
    numbers = [float(word) for word in vanilla.split()[1:]]
    assert len(numbers) == 12
    assert numbers[1::4] == [5.521, 3.275, 1.936]
    for ours, paper, difference in zip(numbers[::4], numbers[1::4], numbers[2::4], strict=True):
        assert ours - paper == pytest.approx(difference, abs=0.001)
    gai = next(row for row in printed.splitlines() if row.startswith("gai"))
    assert gai.split()[4::4] == ["1.00"] * 3
    theory = next(row for row in printed.splitlines() if "its theory" in row)
    assert theory.split()[2:] == ["0.0335", "0.0154", "0.0091"]
    assert "All 36 fits came to rest." in " ".join(printed.split())

    told = json.loads((tmp_path / "all.json").read_text())
    assert (told["benchmark"], told["mode"], told["prior"]) == ("synthetic", "converged", "labels")
    first = told["cells"][0]
    assert (first["setting"], first["method"], first["paper"]) == ("normal-high", "vanilla", 5.521)
    assert np.mean(first["mse_of_draws"]) == pytest.approx(first["mse"])
    assert len(told["cells"]) == 12


def test_processes_change_no_number():
    settings, methods = "mvn-low", "vanilla, gai-true"
    one, two = (
        evenreg.benchmark("synthetic", settings=settings, methods=methods, seeds=2, jobs=jobs)
        for jobs in (1, 2)
    )
    for ours, theirs in zip(one.cells, two.cells, strict=True):
        assert ours.errors == pytest.approx(theirs.errors, rel=1e-9)
    assert [c.method for c in two.cells] == ["vanilla", "gai-true"]
    with pytest.raises(UnknownNameError, match=r"no cell of 'mvn-low' and 'bmc' in this run"):
        one.cell("mvn-low", "bmc")


def test_a_prior_of_the_generator_shows_the_difference(capsys):
    few = ("--settings", "exponential-low", "--methods", "gai,bmc-true", "--seeds", "2", "--jobs", "1")
    assert _main.main(words(*few, "--prior", "generator", "--components", "1")) == 0
    printed = capsys.readouterr().out
    assert "prior from the generator, 10,000 fresh" in printed
    head, row = re.search(r"less that from the training labels\n(.*)\n(.*)", printed).groups()
    assert head.split() == ["gai"]
    assert abs(float(row.split()[1])) > 0


def test_the_papers_table_is_listed(capsys):
    assert _main.main(["benchmark", "synthetic", "--list"]) == 0
    printed = capsys.readouterr().out
    assert "bmc-true Ours (BMC)†     0.043     0.004   0.000   0.002     0.000   0.000   0.126" in printed
    assert max(map(len, printed.splitlines())) <= 100


def test_every_number_of_the_table_has_its_setting_and_row():
    table = published_synthetic()
    lines = {name for name, setting in SYNTHETIC.items() if setting.is_line}
    rows = {name for name, method in SYNTHETIC_METHODS.items() if method.row}
    assert set(table) == {(name, row) for name in lines for row in rows}
    # Columns in their order: what least squares should give is within 8 % of what is printed for it.
    for name in lines:
        draws = SYNTHETIC[name].draw(range(50))
        across = draws.features.swapaxes(1, 2)
        errors = SYNTHETIC[name].test().error(np.linalg.solve(across @ draws.features, across @ draws.y))
        assert errors.mean() == pytest.approx(float(table[name, "vanilla"]), rel=0.08)


def test_training_that_diverged_is_told():
    row = ("normal-high", "vanilla", "sgd", "labels", 1)
    cell = SyntheticCell(*row, (5.0, float("inf")), (0.1, 0.1), (1.0, 1.0), 1, 0.1)
    text = synthetic_text([cell], [], (0, 1), "sgd", "labels", 1.0)
    assert "Training diverged in 1 of 2 fits." in " ".join(text.split())
    solved = synthetic_text([replace(cell, mode="converged")], [], (0, 1), "converged", "labels", 1.0)
    assert "1 of 2 fits did not come to rest." in " ".join(solved.split())
    assert "recipe: SGD and Adam (papers/002 B.1.2), last epoch" in " ".join(text.split())


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["synthetc"], "did you mean 'synthetic'?"),
        (
            ["synthetic", "--settings", "normal-hgh"],
            "no setting of the synthetic benchmark named 'normal-hgh'",
        ),
        (["synthetic", "--settings", ","], "no setting of the synthetic benchmark named ''"),
        (["synthetic", "--methods", "gai,bcm"], "did you mean 'bmc'"),
        (["synthetic", "--mode", "convergd"], "no mode named 'convergd'; did you mean 'converged'?"),
        (["synthetic", "--prior", "label"], "did you mean 'labels'?"),
        (["synthetic", "--seeds", "0"], "seeds: expected a whole number of at least 1, got 0"),
        (["synthetic", "--components", "0"], "components: expected a whole number of at least 1, got 0"),
        (["synthetic", "--jobs", "0"], "jobs: expected a whole number of at least 1, got 0"),
        (
            ["synthetic", "--methods", "vanilla, bmc", "--prior", "generator"],
            "prior: expected a method that learns one, which are gai-true, gai, bni-true, bni, got vanilla, bmc",
        ),
        (
            ["synthetic", "--methods", "bmc", "--components", "3"],
            "components: expected a method with a mixture, gai or gai-true, got bmc; add one",
        ),
        (["synthetic", "--json", "a.txt"], "json: expected a file name that ends in .json, got 'a.txt'"),
        (["synthetic", "--list", "--seeds", "3"], "expected --list alone, which runs nothing, got --seeds"),
    ],
)
def test_what_cannot_be_had_is_told(given, told, capsys):
    assert _main.main(["benchmark", *given]) == 2
    assert told in capsys.readouterr().err


def test_a_run_that_leaves_no_folder_has_nothing_to_overwrite():
    with pytest.raises(InputError, match="overwrite: synthetic has no use for it, got True; leave it out"):
        evenreg.benchmark("synthetic", overwrite=True)
