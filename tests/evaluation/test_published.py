"""Published numbers against the papers: counts and values read off by hand, and every row against the papers' text."""

import re
from importlib.resources import files
from pathlib import Path

import pytest

from evenreg._words import parse
from evenreg.errors import InputError, UnknownNameError
from evenreg.evaluation import published

BENCHMARKS = ("agedb-dir", "imdb-wiki-dir", "sts-b-dir")
PAPERS = Path(__file__).parents[2].parent / "shared" / "papers"
REGIONS = {"all", "many", "medium", "few", "zero", "interpolation", "extrapolation", "with_data"}
METRICS = {
    "mae",
    "mse",
    "gm",
    "bmae",
    "pearson",
    "spearman",
    "group_accuracy",
    "mae_true_group",
    "gm_true_group",
}
SPLITS = {
    "dir", "ranksim", "vir", "unknown", "subsampled", "skewed-test", "1-peak", "2-peaks", "3-peaks", "4-peaks",
}  # fmt: skip

# Rows of each table, counted in the papers by hand.
COUNTS = {
    "agedb-dir": {
        ("000", "2"): 19, ("000", "9"): 23, ("001", "1"): 16, ("001", "4"): 8, ("001", "5"): 16, ("001", "6"): 10,
        ("003", "2"): 34, ("003", "4"): 5, ("003", "5"): 5, ("003", "6"): 2, ("003", "8"): 32, ("003", "10"): 21,
        ("003", "12"): 5,
    },
    "imdb-wiki-dir": {
        ("000", "1"): 19, ("000", "6"): 5, ("000", "8"): 25, ("000", "13"): 7, ("000", "16"): 19, ("000", "18"): 16,
        ("000", "19"): 4, ("000", "20"): 7, ("001", "2"): 16, ("002", "1"): 5, ("002", "5"): 4, ("002", "6"): 4,
        ("003", "1"): 34, ("003", "4"): 5, ("003", "5"): 5, ("003", "6"): 2, ("003", "7"): 32, ("003", "11"): 21,
    },
    "sts-b-dir": {
        ("000", "3"): 19, ("000", "10"): 22, ("000", "14"): 7, ("000", "15"): 6, ("000", "17"): 19, ("000", "20"): 7,
        ("001", "3"): 16, ("003", "3"): 34, ("003", "6"): 2, ("003", "9"): 32,
    },
}  # fmt: skip

# Cells drawn at random, three a table, and read off the papers by eye.
SPOT = {
    "agedb-dir": """
000 2 | SMOGN + LDS | gm many 4.68
000 2 | SMOGN + FDS | mae medium 8.75
000 2 | FOCAL-R + FDS | mae all 7.65
000 9 | VANILLA + FDS | mse medium 123.58
000 9 | VANILLA + LDS + FDS | mae many 7.01
000 9 | RRT | mae few 11.99
001 1 | RRT | mae few 11.99
001 1 | SQINV | gm many 4.57
001 1 | LDS + FDS + DER | gm many 4.75
001 4 | 2 groups | gm_true_group all 4.03
001 4 | 15 groups | gm_true_group all 1.20
001 4 | 25 groups | mae all 6.87
001 5 | 5 groups: ReBAT | group_accuracy all 67.04
001 5 | 10 groups: DO | group_accuracy all 38.41
001 5 | 25 groups: NC | group_accuracy all 18.43
001 6 | λ1 = 0.5 | mae all 6.87
001 6 | λ1 = 2 | mae all 7.26
001 6 | λ2 = 5 | mae all 7.24
003 2 | VANILLA + RANKSIM | gm all 4.48
003 2 | VANILLA + LDS + FDS + RANKSIM | mae few 9.92
003 2 | FOCAL-R + LDS | mae few 12.40
003 4 | COSINE DISTANCE | mae all 6.99
003 4 | HUBER | gm all 4.53
003 4 | MSE | gm all 4.28
003 5 | NEGATIVE MAE | gm few 7.89
003 5 | NEGATIVE MSE | mae medium 7.80
003 5 | CORRELATION SIMILARITY | gm all 4.75
003 6 | WITH SAMPLING | mae medium 7.79
003 6 | WITHOUT SAMPLING | gm medium 5.16
003 6 | WITHOUT SAMPLING | mae few 10.17
003 8 | VANILLA + LDS + FDS + RANKSIM | gm many 4.07
003 8 | FOCAL-R | mae few 13.00 (11.68)
003 8 | SQINV + LDS + FDS | mae many 7.01 (6.82)
003 10 | γ = 0.1, λ = 2 | mae few 10.42
003 10 | γ = 100, λ = 4 | gm medium 5.03
003 10 | γ = 100, λ = 32 | mae medium 8.28
003 12 | VANILLA | gm all 5.05
003 12 | SQINV + LDS + FDS | mae all 7.55
003 12 | SQINV + RANKSIM, batch size 128 | mse medium 106.52
""",
    "imdb-wiki-dir": """
000 1 | RRT | mae all 7.81
000 1 | RRT + FDS | mae medium 12.68
000 1 | SQINV | mae many 7.24
000 6 | VANILLA | mae with_data 9.32
000 6 | VANILLA + FDS | mae with_data 8.97
000 6 | VANILLA + LDS + FDS | mae with_data 8.11
000 8 | SMOGN + LDS | mse many 111.79
000 8 | SMOGN + LDS + FDS | gm medium 7.84
000 8 | SQINV | mae all 7.87
000 13 | VANILLA | mse few 964.92
000 13 | FDS: TRIANGULAR KERNEL | mse few 927.99
000 13 | FDS: LAPLACIAN KERNEL | gm all 4.71
000 16 | VANILLA | mse all 138.06
000 16 | LDS: l = 9, σ = 2 | gm medium 7.55
000 16 | FDS: l = 5, σ = 3 | gm few 17.33
000 18 | 2 peaks: VANILLA | gm extrapolation 16.74
000 18 | 4 peaks: VANILLA + FDS | mae medium 9.16
000 18 | 4 peaks: VANILLA + LDS + FDS | mae extrapolation 16.32
000 19 | Balanced: VANILLA | mse many 108.70
000 19 | Balanced: VANILLA + LDS + FDS | mse few 811.82
000 19 | Same as training set: VANILLA | mse few 1350.01
000 20 | CLS-VANILLA | mae medium 18.95
000 20 | CB | mae many 22.32
000 20 | LDS + FDS | mae few 23.87
001 2 | SMOTER | gm few 19.46
001 2 | RRT + LDS | gm few 16.92
001 2 | DER | mae all 7.85
002 1 | RRT | mae all 7.81
002 1 | RRT + LDS | mae medium 13.76
002 1 | Ours (GAI) | bmae many 7.65
002 5 | Fix. (σ = 6) | mae all 7.81
002 5 | Fix. (σ = 7) | bmae medium 12.75
002 5 | Fix. (σ = 8) | bmae many 7.80
002 6 | K = 1 | mae medium 12.47
002 6 | K = 2 | mae many 7.58
002 6 | K = 128 | mae all 8.09
003 1 | VANILLA + LDS + FDS | mae many 7.20
003 1 | SQINV + RANKSIM | gm few 12.78
003 1 | SQINV + FDS + RANKSIM | mae few 21.68
003 4 | COSINE DISTANCE | gm many 3.83
003 4 | L_∞ | mae all 7.57
003 4 | MSE | mae medium 12.12
003 5 | NEGATIVE MSE | mae many 6.87
003 5 | CORRELATION SIMILARITY | mae all 7.78
003 5 | COSINE SIMILARITY | mae all 7.42
003 6 | WITH SAMPLING | gm medium 6.74
003 6 | WITHOUT SAMPLING | mae many 6.85
003 6 | WITHOUT SAMPLING | gm few 15.67
003 7 | RRT + FDS | mae all 7.65
003 7 | RRT + LDS + FDS + RANKSIM | mse medium 287.16
003 7 | SQINV + RANKSIM | mae medium 12.12
003 11 | γ = 100, λ = 0.5 | gm medium 6.43
003 11 | γ = 100, λ = 8 | gm medium 7.09
003 11 | γ = 100, λ = 32 | gm all 4.33
""",
    "sts-b-dir": """
000 3 | VANILLA | pearson few 75.2
000 3 | SMOGN | pearson many 70.4
000 3 | INV | mse few 1.046
000 10 | SMOGN + LDS | pearson medium 65.2
000 10 | FOCAL-R | spearman all 75.0
000 10 | RRT + LDS | mae medium 0.980
000 14 | VANILLA | mae all 0.794
000 14 | LDS: TRIANGULAR KERNEL | mse medium 1.193
000 14 | FDS: GAUSSIAN KERNEL | pearson few 72.8
000 15 | LDS: L1 | mae few 0.758
000 15 | FDS: L1 | mae all 0.762
000 15 | FDS: HUBER LOSS | pearson many 72.9
000 17 | VANILLA | pearson few 75.2
000 17 | LDS: l = 5, σ = 2 | mae all 0.773
000 17 | FDS: l = 9, σ = 1 | mse all 0.927
000 20 | CB | mse few 2.107
000 20 | REG-VANILLA | mse many 0.851
000 20 | LDS | mse few 0.955
001 3 | INV + LDS | pearson all 75.6
001 3 | DER | pearson all 73.2
001 3 | RankSim | mse many 0.908
003 3 | RRT + RANKSIM | mse medium 0.867
003 3 | RRT + LDS + FDS | pearson few 76.7
003 3 | INV + LDS + FDS + RANKSIM | mse few 0.804
003 6 | WITH SAMPLING | pearson many 71.0
003 6 | WITHOUT SAMPLING | pearson many 71.6
003 6 | WITHOUT SAMPLING | mse medium 0.884
003 9 | VANILLA + LDS + FDS + RANKSIM | mse many 0.908
003 9 | FOCAL-R + LDS | mae medium 1.031
003 9 | RRT + LDS | pearson few 76.6
""",
}


@pytest.mark.parametrize("benchmark", BENCHMARKS)
def test_every_table_has_as_many_rows_as_the_paper_prints(benchmark):
    table = published(benchmark)
    found = {key: sum((row.paper, row.table) == key for row in table.rows) for key in table.tables}
    assert found == COUNTS[benchmark]
    assert list(table.tables) == sorted(table.tables, key=lambda key: (key[0], int(key[1])))


def spots():
    for benchmark, text in SPOT.items():
        for line in text.strip().splitlines():
            key, name, cell = line.split(" | ")
            yield pytest.param(benchmark, *key.split(), name, *cell.split(), id=f"{benchmark} {line}")


@pytest.mark.parametrize("spot", [param.values for param in spots()], ids=[param.id for param in spots()])
def test_a_cell_is_what_the_paper_prints(spot):
    benchmark, paper, table, name, metric, region, value, *bracketed = spot
    rows = [r for r in published(benchmark).rows if (r.paper, r.table, r.name) == (paper, table, name)]
    assert {row.value(metric, region) for row in rows} == {float(value)}
    if bracketed:
        assert rows[0].value(metric, region, bracketed=True) == float(bracketed[0].strip("()"))


def test_three_cells_of_every_table_are_spotted():
    for benchmark, text in SPOT.items():
        keys = [tuple(line.split(" | ")[0].split()) for line in text.strip().splitlines()]
        assert {key: keys.count(key) for key in keys} == dict.fromkeys(COUNTS[benchmark], 3)


def runs(paper):
    """The numbers of every line of a paper that holds tab-separated cells, a run of them each."""
    (path,) = PAPERS.glob(f"{paper}_*.txt")
    for line in path.read_text(encoding="utf-8").splitlines():
        if "\t" in line:
            cells = re.sub(r"</?b>", "", line).split("\t")
            yield [n for cell in cells for n in re.findall(r"[+-]?\d+(?:\.\d+)?", cell)]


@pytest.mark.skipif(not PAPERS.is_dir(), reason="the papers' text is not beside this project")
@pytest.mark.parametrize("benchmark", BENCHMARKS)
def test_every_row_stands_in_its_paper_in_one_line(benchmark):
    lines = {
        paper: [" ".join(str(float(n)) for n in run) + " " for run in runs(paper)] for paper in COUNTS_PAPERS
    }
    for row in published(benchmark).rows:
        numbers = [n for cell in row.cells for n in (cell.value, cell.alternative) if n is not None]
        text = " ".join(map(str, numbers)) + " "
        assert any(f" {text}" in f" {line}" for line in lines[row.paper]), (row.paper, row.table, row.name)


COUNTS_PAPERS = sorted({paper for tables in COUNTS.values() for paper, _ in tables})


@pytest.mark.parametrize("benchmark", BENCHMARKS)
def test_regions_metrics_splits_and_kinds_are_known_and_no_cell_stands_twice(benchmark):
    for row in published(benchmark).rows:
        keys = [(cell.metric, cell.region) for cell in row.cells]
        assert len(set(keys)) == len(keys)
        assert {metric for metric, _ in keys} <= METRICS
        assert {region for _, region in keys} <= REGIONS
        assert row.split in SPLITS
        assert row.kind == ("gain" if "vs." in row.name else "score")


@pytest.mark.parametrize("benchmark", BENCHMARKS)
def test_every_method_is_words(benchmark):
    for method in {row.method for row in published(benchmark).rows if row.method}:
        parse(method)
    without = {
        row.name.split(": ")[-1]
        for row in published(benchmark).rows
        if not row.method and row.kind == "score"
    }
    assert without <= {"VAE", "DER", "VIR", "LDS + FDS + DER", "NC", "DO", "ReBAT"}


def test_rows_with_ranksim_of_sts_b_are_of_another_split_than_those_beside_them():
    for row in published("sts-b-dir").rows:
        other = (
            "RANKSIM" in row.name.upper()
            or "SAMPLING" in row.name
            or (row.paper == "003" and row.kind == "gain")
        )
        assert (row.split == "ranksim") == other, row.name


def test_both_numbers_stand_where_the_paper_brackets_one():
    rows = [row for row in published("agedb-dir").rows if any(cell.alternative for cell in row.cells)]
    assert {(row.paper, row.table) for row in rows} == {("003", "8")}
    assert len(rows) == 16
    assert all(cell.alternative is not None for row in rows for cell in row.cells)
    assert not any("RANKSIM" in row.name for row in rows)


def test_another_number_for_the_same_is_told():
    (row,) = published("agedb-dir").find("sqinv + fds", table="8")
    notes = {(cell.metric, cell.region): cell.note for cell in row.cells if cell.note}
    assert notes["mae", "few"] == "Yang et al. 2021 Table 9: 9.98"
    assert len(notes) == 9


def test_a_word_without_brackets_is_found_whatever_its_arguments():
    table = published("agedb-dir")
    assert len(table.find("SQINV + RankSim", table="10")) == 21
    assert [row.name for row in table.find("sqinv+ranksim(0.1)")] == ["γ = 0.1, λ = 2"]
    assert {row.name for row in table.find("sqinv + lds", paper="000")} == {"SQINV + LDS", "VANILLA + LDS"}
    assert table.find("bmc") == ()


def test_the_cost_of_the_benchmark_need_not_be_named():
    table = published("sts-b-dir")
    assert table.find("vanilla") == table.find("vanilla(mse)") == table.find("mse")
    assert {row.table for row in table.find("inv + lds + mse", paper="000")} == {
        "3",
        "10",
        "14",
        "15",
        "17",
        "20",
    }
    assert {row.name for row in table.find("fds + l1")} == {"FDS: L1"}


def test_what_is_not_there_is_refused():
    with pytest.raises(UnknownNameError, match="agedb-dir"):
        published("agedb")
    with pytest.raises(
        UnknownNameError, match=r"agedb-dir: no table '3' has rows of it; expected one of 2, 9, 1, 4"
    ):
        published("agedb-dir").find("vanilla", table="3")
    with pytest.raises(UnknownNameError, match=r"agedb-dir: no paper '002' .* 000, 001, 003"):
        published("agedb-dir").find("vanilla", paper="002")
    with pytest.raises(InputError, match="nosuch"):
        published("agedb-dir").find("nosuch")


def test_the_tables_are_files_of_the_package():
    folder = files("evenreg.evaluation").joinpath("published")
    assert {f"{name}.csv" for name in BENCHMARKS} <= {entry.name for entry in folder.iterdir()}
