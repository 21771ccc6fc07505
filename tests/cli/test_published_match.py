"""Which published row stands beside a trained one, and that none of another split ever does."""

import re

import pytest

from evenreg.cli._published_match import cited, other_arguments, published_match
from evenreg.evaluation import PublishedCell, PublishedRow, PublishedTable, published

BENCHMARKS = (("agedb-dir", "mae"), ("imdb-wiki-dir", "mae"), ("sts-b-dir", "mse"))


def row_of(
    paper, table, name="VANILLA", method="vanilla", *, split="dir", source="own", kind="score", value=1.0
):
    return PublishedRow(
        paper, table, name, method, split, source, kind, (PublishedCell("mae", "all", value),)
    )


def chosen(*rows, name="VANILLA", method="vanilla", metric="mae"):
    return published_match(PublishedTable("agedb-dir", "l1", rows, {}, 2), name, method, metric)


class TestChoice:
    def test_own_numbers_before_those_of_another_paper(self):
        own = row_of("001", "5")
        assert chosen(row_of("003", "2", source="Yang et al. 2021"), own).row is own

    def test_then_the_oldest_paper(self):
        by_age = [row_of(paper, "1") for paper in ("000", "002", "003", "001")]
        for i, oldest in enumerate(by_age):
            assert chosen(*reversed(by_age[i:])).row is oldest

    def test_then_its_first_table_by_number(self):
        main = row_of("000", "2")
        assert chosen(row_of("000", "10"), row_of("000", "9"), main).row is main

    def test_a_row_that_lacks_the_metric_or_is_a_difference_is_passed_over(self):
        assert chosen(row_of("000", "1"), metric="gm").row is None
        assert chosen(row_of("000", "1", kind="gain")).row is None

    def test_a_metric_taken_from_another_paper_is_not_its_own(self):
        taken = row_of("002", "1", source="own, mae of Yang et al. 2021")
        own = row_of("003", "1")
        assert chosen(taken, own).row is own
        table = published("imdb-wiki-dir")
        assert published_match(table, "", "vanilla", "mae").row.paper == "000"
        assert published_match(table, "", "vanilla", "bmae").row.paper == "002"

    def test_arguments_of_a_recipe_keep_a_row_that_is_named_as_the_papers(self):
        published_row = row_of("000", "2", "SQINV + LDS", "sqinv + lds")
        method = "sqinv + lds(boundary=reflect)"
        assert chosen(published_row, name="Sqinv  + lds", method=method).row is published_row
        assert chosen(published_row, name=method, method=method).row is None
        # Another method under the same name is another row.
        assert chosen(published_row, name="SQINV + LDS", method="inv + lds(size=9)").row is None

    def test_a_row_with_the_same_arguments_goes_before_one_of_the_same_name(self):
        plain = row_of("000", "2", "SQINV + LDS", "sqinv + lds")
        wide = row_of("000", "16", "LDS: l = 9", "sqinv + lds(size=9)")
        assert chosen(plain, wide, name="SQINV + LDS", method="sqinv + lds(size=9)").row is wide


class TestSplits:
    def test_rows_of_another_split_are_told_and_never_chosen(self):
        other, first = row_of("001", "3", split="ranksim"), row_of("003", "3", split="ranksim")
        found = chosen(other, first)
        assert found.row is None
        assert found.elsewhere == (first, other)
        here = row_of("003", "9", source="Yang et al. 2021")
        assert chosen(other, first, here) == (here, ())

    @pytest.mark.parametrize(("benchmark", "metric"), BENCHMARKS)
    def test_every_published_method_gets_a_row_of_the_common_split_or_none(self, benchmark, metric):
        table = published(benchmark)
        methods = {re.sub(r"\([^()]*\)", "", row.method) for row in table.rows if row.method}
        found = [published_match(table, "", method, metric) for method in sorted(methods)]
        assert sum(match.row is not None for match in found) > 15
        for row, elsewhere in found:
            assert row is None or (row.split, row.kind) == ("dir", "score")
            assert not (row and elsewhere)
            assert all(other.split != "dir" for other in elsewhere)

    def test_no_row_with_ranksim_has_a_number_on_sts_b_dir(self):
        table = published("sts-b-dir")
        methods = {row.method for row in table.rows if "ranksim" in row.method}
        assert len(methods) == 15
        for method in methods:
            found, elsewhere = published_match(table, "", method, "mse")
            assert found is None
            assert {row.split for row in elsewhere} == {"ranksim"}


def test_where_rows_stand():
    assert cited(row_of("003", "10"), row_of("000", "9"), row_of("003", "2"), row_of("003", "6")) == (
        "Yang et al. 2021, Table 9; Gong et al. 2022, Tables 2, 6 and 10"
    )


def test_arguments_that_only_the_paper_states():
    row = row_of("000", "3", "FOCAL-R + LDS", "focal-r(beta=20, cost=mse) + lds")
    assert other_arguments(row, "focal-r + lds") == ["focal-r(beta=20, cost=mse)"]
    assert other_arguments(row, "focal-r(beta=20) + lds") == ["focal-r(beta=20, cost=mse)"]
    # What ours has beyond it is what reproduces the paper's number.
    assert other_arguments(row, "focal-r(beta=20, cost=mse) + lds(boundary=reflect)") == []
