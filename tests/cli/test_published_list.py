"""The printed list of published numbers."""

import pytest

from evenreg.cli._published_list import published_list
from evenreg.evaluation import published

BENCHMARKS = ("agedb-dir", "imdb-wiki-dir", "sts-b-dir")


def parts(benchmark):
    top, *tables = published_list(published(benchmark)).split("\n\n")
    return top, {part.splitlines()[0]: part.splitlines()[1:] for part in tables}


@pytest.mark.parametrize("benchmark", BENCHMARKS)
def test_no_line_is_wider_than_100_columns_or_ends_in_spaces(benchmark):
    for line in published_list(published(benchmark)).splitlines():
        assert len(line) <= 100
        assert line == line.rstrip()


@pytest.mark.parametrize("benchmark", BENCHMARKS)
def test_every_row_and_every_number_is_printed(benchmark):
    table = published(benchmark)
    _, printed = parts(benchmark)
    assert len(printed) == len(table.tables)
    for (paper, number), lines in zip(table.tables, printed.values(), strict=True):
        for row in (row for row in table.rows if (row.paper, row.table) == (paper, number)):
            texts = [line.removeprefix(row.name) for line in lines if line.startswith(row.name)]
            numbers = " ".join(texts).replace("!", " ").split()
            assert {cell.value for cell in row.cells} <= {float(n) for n in numbers if n[-1].isdigit()}, (
                row.name
            )


@pytest.mark.parametrize("benchmark", BENCHMARKS)
def test_every_block_has_the_columns_all_many_medium_few(benchmark):
    for lines in parts(benchmark)[1].values():
        assert lines[1].split()[:4] == ["All", "Many", "Medium", "Few"]


def test_rows_that_fail_are_marked_and_told_below():
    lines = parts("agedb-dir")[1]["Yang et al. 2021 (LDS and FDS), Table 2"]
    assert "8.16!" in next(line for line in lines if line.startswith("SMOTER"))
    assert "!" not in next(line for line in lines if line.startswith("VANILLA"))
    assert lines[-2] == (
        "! the shots give MAE SMOTER 8.02, SMOGN + LDS 8.02, SMOGN + FDS 8.11, SMOGN + LDS + FDS 7.86,"
    )


def test_as_many_marks_as_checks_that_fail():
    for benchmark in BENCHMARKS:
        body = "\n".join(
            line for lines in parts(benchmark)[1].values() for line in lines if not line.startswith("!")
        )
        assert body.count("!") == sum(not check.holds for check in published(benchmark).identity())


def test_numbers_in_brackets_are_a_line_of_their_own():
    lines = parts("agedb-dir")[1]["Gong et al. 2022 (RankSim), Table 8"]
    at = next(i for i, line in enumerate(lines) if line.startswith("VANILLA"))
    assert lines[at + 1].split()[:5] == ["in", "brackets", "7.35", "6.56", "8.23"]
    assert any(line.startswith("in brackets: ") for line in lines)


def test_rows_of_another_split_stand_together_under_a_line_that_says_so():
    lines = parts("sts-b-dir")[1]["Gong et al. 2022 (RankSim), Table 3"]
    at = lines.index("on RankSim's own split, other rows than those of Yang et al. 2021:")
    below = next(i for i, line in enumerate(lines) if line.startswith(("*", "taken from")))
    assert not any("RANKSIM" in line for line in lines[:at])
    assert all("RANKSIM" in line or line.startswith("OURS") for line in lines[at + 1 : below])


def test_other_numbers_and_sources_are_told():
    lines = parts("agedb-dir")[1]["Pu et al. 2025 (Group-DIR), Table 1"]
    assert "* RRT: Yang et al. 2021 Table 9 prints GM Many 4.50" in lines
    assert "taken from ConR (ICLR 2024): Con-R" in lines
    lines = parts("imdb-wiki-dir")[1]["Ren et al. 2022 (Balanced MSE), Table 1"]
    assert lines[-1] == "MAE taken from Yang et al. 2021: Vanilla, RRT, RRT + LDS"


def test_an_empty_region_shows_a_dash():
    lines = parts("agedb-dir")[1]["Pu et al. 2025 (Group-DIR), Table 4"]
    assert next(line for line in lines if line.startswith("2 groups")).split()[2:6] == ["7.11", "–", "–", "–"]
    lines = parts("imdb-wiki-dir")[1]["Yang et al. 2021 (LDS and FDS), Table 18"]
    assert lines[1].split() == ["All", "Many", "Medium", "Few", "Zero", "Interpol.", "Extrapol."]
    assert next(line for line in lines if line.startswith("1 peak: VANILLA ")).split()[-2:] == ["–", "22.67"]
