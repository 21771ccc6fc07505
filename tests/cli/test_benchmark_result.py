"""The table of a benchmark after training: ours, the papers', the difference, and what it says below."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evenreg.cli._benchmark_result import BenchmarkResult
from evenreg.data import BENCHMARKS
from evenreg.errors import InputError, UnknownNameError
from evenreg.evaluation import Comparison, evaluate, published
from evenreg.labels import LabelSpace

# Test labels of many, medium and few shots; within a bin they differ, so that correlations are defined.
PLACES = {"sts-b-dir": (1.05, 2.55, 4.05), "agedb-dir": (30, 50, 80), "imdb-wiki-dir": (30, 50, 80)}
TRAINING = (300, 60, 10)
STS = {
    "VANILLA": "vanilla",
    "INV + LDS": "inv + lds(boundary=reflect)",
    "INV + RankSim": "inv + ranksim(gamma=0.0003)",
    "BMC": "bmc",
}
SIZES = {"VANILLA": (0.9, 1.2, 1.5), "INV + LDS": (0.9, 0.9, 0.8), "INV + RankSim": (1.4, 1.3, 1.4)}


def result(benchmark="sts-b-dir", methods=STS, *, seeds=3, counts=(12, 6, 4), zero=0, **fields):
    """Errors of either sign, of a size by row and region, a little larger from seed to seed."""
    facts = BENCHMARKS[benchmark]
    sts = benchmark == "sts-b-dir"
    labels = [
        place + (np.linspace(-0.04, 0.04, n) if sts else np.zeros(n))
        for place, n in zip(PLACES[benchmark], counts, strict=True)
    ]
    y = np.concatenate([*labels, np.full(zero, facts.high)])
    space = LabelSpace.fit(np.repeat(PLACES[benchmark], TRAINING), facts.bins)
    sign = np.where(np.arange(len(y)) % 2, -1.0, 1.0)
    scale = 1.0 if sts else 8.0
    predictions = {}
    for i, row in enumerate(methods):
        size = np.repeat((*SIZES.get(row, (1.0, 1.0, 1.0)), 1.0), (*counts, zero)) * scale
        predictions[row] = [y + sign * size * (1 + 0.01 * s + 0.002 * i * s) for s in range(seeds)]
    told = {
        "encoder": "all-MiniLM-L6-v2, frozen",
        "recipe": "light",
        "selection": "MSE" if sts else "MAE",
        "validation": {row: [1 - 0.1 * i + 0.01 * s for s in range(seeds)] for i, row in enumerate(methods)},
        "seconds": {row: [20.0] * seeds for row in methods},
    }
    return BenchmarkResult(
        benchmark=benchmark,
        methods=methods,
        evaluations={
            row: [evaluate(y, p, space, facts.regions) for p in of_row] for row, of_row in predictions.items()
        },
        predictions=predictions,
        target=y,
        regions=facts.regions.assign(y, space),
        **{**told, **fields},
    )


@pytest.fixture(scope="module")
def sts():
    return result(
        validation={
            "VANILLA": [1.0, 1.1, 1.2],
            "INV + LDS": [0.9] * 3,
            "INV + RankSim": [0.95] * 3,
            "BMC": [1] * 3,
        },
        notes=("The encoder was trained on STS-B.",),
    )


@pytest.fixture(scope="module")
def ages():
    methods = {"VANILLA": "vanilla", "SMOTER": "smoter", "GAI": "gai", "Con-R": "conr", "RANKSIM": "ranksim"}
    return result("agedb-dir", methods, encoder="ResNet-50 from scratch", seeds=2)


@pytest.fixture(scope="module")
def peaks():
    methods = {"VANILLA": "vanilla", "SQINV": "sqinv", "GAI": "gai"}
    return result("imdb-wiki-dir", methods, seeds=1, subset="2-peaks")


def one_line(found):
    return " ".join(str(found).split())


def lines_of(text, name):
    """The line of a row and the one below it."""
    lines = text.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith(name))
    return lines[at], lines[at + 1]


GOLDEN = """\
sts-b-dir: 4 rows, 3 seeds; encoder: all-MiniLM-L6-v2, frozen; recipe: light; 5,249 pairs to train,
1,000 to validate, 22 to test.

MSE, mean ± SD over 3 seeds; below it the paper's and the difference, ours - paper

                                        All              Many            Medium               Few
                                     n = 22            n = 12             n = 6             n = 4
───────────────────────────────────────────────────────────────────────────────────────────────────
VANILLA                        1.269 ±0.025      0.826 ±0.016      1.469 ±0.029      2.295 ±0.045
  Yang et al. 2021, Table 3    0.974 +0.295      0.851 -0.025      1.520 -0.051      0.984 +1.311
INV + LDS                      0.798 ±0.019++    0.830 ±0.020      0.830 ±0.020++    0.656 ±0.016++
  Yang et al. 2021, Table 3    0.914 -0.116      0.819 +0.011      1.319 -0.489      0.955 -0.299
INV + RankSim                  1.940 ±0.054--    2.016 ±0.056--    1.738 ±0.048--    2.016 ±0.056++
  no paper on this split           –                 –                 –                 –
BMC                            1.032 ±0.033      1.032 ±0.033--    1.032 ±0.033++    1.032 ±0.033++
  no paper                         –                 –                 –                 –

+ better, - worse than VANILLA beyond noise (p < .05 over seeds and test rows, Holm's correction
within the row); ++, -- over the whole table too; no mark: not told from noise. Differences from the
papers are not tested.
Printed on RankSim's own split alone (Gong et al. 2022, Table 3), other rows than these, and
therefore not beside ours: INV + RankSim.

Pearson, %, mean ± SD over 3 seeds; beside it the paper's (Yang et al. 2021, Table 3). Only the MSE
is tested.

                           All              Many            Medium               Few
                        n = 22            n = 12             n = 6             n = 4
────────────────────────────────────────────────────────────────────────────────────
VANILLA          71.5±0.3 74.2    -11.8±0.0 72.0    -27.2±0.0 62.7    -43.1±0.0 75.2
INV + LDS        79.0±0.4 75.6    -11.8±0.0 73.4    -26.5±0.0 63.8    -41.7±0.0 76.2
INV + RankSim    63.7±0.5    –    -12.7±0.0    –    -27.4±0.0    –    -43.0±0.0    –
BMC              75.0±0.5    –    -12.1±0.0    –    -26.8±0.0    –    -42.3±0.0    –

Chosen on validation: INV + LDS (MSE 0.9000, VANILLA 1.100).
INV + LDS against VANILLA: Few MSE 2.30 -> 0.656 (-71 %, beyond noise), Many 0.826 -> 0.830 (+0.4 %,
not beyond noise).
Few, on 4 pairs: INV + LDS 0.656 [0.656, 0.656], VANILLA 2.295 [2.295, 2.295] (in brackets 95 % of
what other test rows could give).
The papers' numbers are of BiLSTM + GloVe, ours of all-MiniLM-L6-v2, frozen: row by row they do not
compare.
Not the papers' test rows: 22, the papers' are 1,000.
many: more than 100 rows in a bin; medium: 30 to 100; few: fewer than 30 (50 bins, width 0.1:
given).
The encoder was trained on STS-B.
240 s of training.
"""


def test_the_whole_report(sts):
    assert str(sts) == repr(sts) == GOLDEN.rstrip("\n")


class TestTable:
    def test_no_line_is_wider_than_100_columns_or_ends_in_spaces(self, sts, ages):
        long = {
            "FOCAL-R(beta=20, cost=mse) + LDS(boundary=reflect) + FDS + RankSim": "focal-r + lds + fds + ranksim"
        }
        folded = result(methods={"VANILLA": "vanilla"} | long, seeds=2)
        for found in (sts, ages, folded):
            for line in str(found).splitlines():
                assert len(line) <= 100
                assert line == line.rstrip()
        first, second = lines_of(str(folded), "FOCAL-R(beta=20,")
        assert len(first) > 80
        assert second.startswith("  ")
        assert "".join(next(iter(long)).split()) in "".join(
            str(folded.table()).replace(first, first[:33]).split()
        )

    def test_numbers_are_means_over_seeds_beside_the_papers(self, sts):
        mse = [evaluation["few"]["mse"] for evaluation in sts.evaluations["VANILLA"]]
        row = sts.table().rows[0]
        few = row.cells[3]
        assert (few.mean, few.spread) == pytest.approx((np.mean(mse), np.std(mse, ddof=1)))
        assert (few.paper, few.difference) == (0.984, pytest.approx(np.mean(mse) - 0.984))
        assert (row.source.paper, row.source.table) == ("000", "3")
        pearson = [evaluation["all"]["pearson"] for evaluation in sts.evaluations["VANILLA"]]
        cell = sts.table("pearson").rows[0].cells[0]
        assert (cell.mean, cell.spread, cell.paper) == pytest.approx(
            (100 * np.mean(pearson), 100 * np.std(pearson, ddof=1), 74.2)
        )
        frame = sts.table().to_frame()
        assert frame["difference"].loc["VANILLA", "few"] == few.difference
        assert np.isnan(frame["paper"].loc["BMC", "all"])

    def test_a_row_no_paper_has(self, sts):
        ours, paper = lines_of(str(sts), "BMC")
        assert ours.split()[1] == "1.032"
        assert paper.split() == ["no", "paper", *"––––"]

    def test_numbers_of_ranksims_split_are_never_shown(self, sts):
        _, paper = lines_of(str(sts), "INV + RankSim")
        assert paper.split() == ["no", "paper", "on", "this", "split", *"––––"]
        brief, _ = lines_of(str(sts).split("Pearson, %", 1)[1], "INV + RankSim")
        assert brief.split()[4::2] == [*"––––"]
        for metric in ("mse", "mae", "pearson", "spearman"):
            row = sts.table(metric).rows[2]
            assert (row.name, row.source) == ("INV + RankSim", None)
            assert {other.split for other in row.elsewhere} == {"ranksim"}
            assert all(cell.paper is cell.difference is None for cell in row.cells)
        assert (
            "Printed on RankSim's own split alone (Gong et al. 2022, Table 3), other rows than these, and therefore "
            "not beside ours: INV + RankSim."
        ) in one_line(sts)

    def test_an_empty_region(self):
        found = result(methods={"VANILLA": "vanilla"}, counts=(12, 6, 0), seeds=1)
        head = str(found).splitlines()
        at = next(i for i, line in enumerate(head) if line.split() == ["All", "Many", "Medium", "Few"])
        assert head[at + 1].split()[-3:] == ["n", "=", "0"]
        ours, paper = lines_of(str(found), "VANILLA")
        assert ours.split()[-1] == "–"
        assert paper.split()[-2:] == ["0.984", "–"]
        assert "Few: no pairs." in one_line(found)
        assert json.loads(found.to_json())["tables"]["mse"]["VANILLA"]["few"]["mean"] is None

    def test_papers_errors_that_fail_the_identity_are_marked(self, ages):
        _, paper = lines_of(str(ages), "SMOTER")
        assert paper.split()[6:8] == ["8.16!", f"{ages.table().rows[1].cells[0].difference:+.2f}"]
        assert "!" not in lines_of(str(ages), "VANILLA")[1]
        assert "the shots give SMOTER 8.02, Con-R 7.07." in one_line(ages)

    def test_other_arguments_and_sources_of_the_papers_are_told(self, ages):
        text = one_line(ages)
        assert (
            "Trained with other arguments than the paper's ranksim(gamma=100) (in its units): RANKSIM."
            in text
        )
        assert "Numbers that a paper took from another: Con-R from ConR (ICLR 2024)." in text

    def test_rows_far_from_all_training_rows_are_in_all_alone(self):
        found = result("agedb-dir", {"VANILLA": "vanilla"}, zero=3, seeds=1)
        assert (
            "3 test rows, whose labels have no training rows nearby (zero-shot), are in All alone."
            in one_line(found)
        )
        assert len(found.table().counts) == len(found.table().rows[0].cells) == 4

    def test_bmae_where_a_paper_prints_it(self, ages):
        assert ages.metrics == ("mae", "gm")
        imdb = result("imdb-wiki-dir", {"VANILLA": "vanilla", "GAI": "gai"}, seeds=1)
        assert imdb.metrics == ("mae", "gm", "bmae")
        below = str(imdb).split("b-MAE, one seed")[1]
        assert "beside it the paper's (Ren et al. 2022, Table 1)" in below
        assert lines_of(below, "GAI")[0].split()[2::2] == ["12.66", "7.65", "12.68", "28.14"]

    def test_metrics(self, sts):
        assert sts.table().metric == sts.metric == "mse"
        assert "Nothing is marked: only the MSE is tested." in str(sts.table("pearson"))
        assert all(cell.mark == "" for row in sts.table("mae").rows for cell in row.cells)
        with pytest.raises(UnknownNameError, match="no metric named 'pearsn'; did you mean 'pearson'"):
            sts.table("pearsn")


class TestSubsets:
    def test_only_numbers_of_the_same_subset_stand_beside_ours(self, peaks):
        vanilla, sqinv, gai = peaks.table().rows
        (theirs,) = published("imdb-wiki-dir").find("vanilla", table="18")[1:2]
        assert (vanilla.source.table, vanilla.source.split, theirs.name) == (
            "6",
            "2-peaks",
            "2 peaks: VANILLA",
        )
        assert vanilla.cells[0].paper == theirs.value("mae") != 8.06
        for row in (sqinv, gai):
            assert row.source is None
            assert all(cell.paper is None for cell in row.cells)

    def test_they_are_told(self, peaks):
        text = one_line(peaks)
        assert peaks.heading.startswith("imdb-wiki-dir, 2-peaks: 3 rows")
        assert "The papers' numbers are of another draw of 2-peaks." in text
        assert (
            "Printed on the split of Yang et al. 2021 alone (Yang et al. 2021, Table 1), other rows than these, and "
            "therefore not beside ours: SQINV."
        ) in text
        assert json.loads(peaks.to_json())["subset"] == "2-peaks"


class TestMarks:
    def test_they_are_those_of_the_comparison_of_squared_errors(self, sts):
        found = sts.comparison["INV + LDS", "few"]
        errors = [np.mean((p[-4:] - sts.target[-4:]) ** 2) for p in sts.predictions["INV + LDS"]]
        assert found.mean == pytest.approx(np.mean(errors))
        marks = {row.name: [cell.mark for cell in row.cells] for row in sts.table().rows}
        assert marks["VANILLA"] == [""] * 4
        assert marks["INV + LDS"] == ["++", "", "++", "++"]
        assert marks["INV + RankSim"] == ["--", "--", "--", "++"]

    def test_ages_are_compared_by_absolute_errors(self, ages):
        few = [np.mean(np.abs(p[-4:] - ages.target[-4:])) for p in ages.predictions["VANILLA"]]
        assert ages.comparison["GAI", "few"].reference_mean == pytest.approx(np.mean(few))

    def test_one_seed_marks_nothing_and_says_why(self):
        found = result(seeds=1)
        assert all(
            cell.mark == "" and cell.spread is None for row in found.table().rows for cell in row.cells
        )
        text = one_line(found)
        assert "4 rows, 1 seed; encoder" in text
        assert "MSE, one seed; below it" in text
        assert (
            "Nothing is marked: one seed cannot tell how much results vary from training to training" in text
        )
        assert "±" not in text

    def test_without_vanilla_nothing_is_marked(self):
        found = result(methods={"BMC": "bmc", "L1": "vanilla(l1)"}, seeds=2)
        assert found.vanilla is found.comparison is None
        text = one_line(found)
        assert (
            "Nothing is marked: no row is vanilla, which the others are held against; add it to the rows."
            in text
        )
        assert "Chosen on validation: L1 (MSE 0.9050)." in text

    @pytest.mark.parametrize("method", ["mse", "VANILLA(mse)", "vanilla"])
    def test_vanilla_by_any_name(self, method):
        assert result(methods={"BMC": "bmc", "plain": method}, seeds=2).vanilla == "plain"

    def test_vanilla_alone(self):
        text = one_line(result(methods={"VANILLA": "vanilla"}, seeds=2))
        assert "There is no row beside VANILLA" in text
        assert "beyond noise" not in text


class TestChoice:
    def test_best_has_the_lowest_mean_validation_score(self, sts):
        assert sts.best == "INV + LDS"
        scores = {
            "VANILLA": [0.1, 3.0],
            "INV + LDS": [1.0, 1.2],
            "INV + RankSim": [1.0, 1.0],
            "BMC": [0.0, 9.0],
        }
        assert result(seeds=2, validation=scores).best == "INV + RankSim"

    def test_test_rows_have_no_say(self, sts):
        swapped = replace(
            sts,
            evaluations=dict.fromkeys(STS, sts.evaluations["VANILLA"]),
            predictions=dict.fromkeys(STS, sts.predictions["VANILLA"]),
        )
        assert swapped.best == sts.best

    def test_training_that_diverged_is_chosen_last_and_is_null_in_json(self):
        scores = {"VANILLA": [np.nan, 0.0], "BMC": [5.0, 5.0]}
        found = result(methods={"VANILLA": "vanilla", "BMC": "bmc"}, seeds=2, validation=scores)
        assert found.best == "BMC"
        assert json.loads(found.to_json())["rows"]["VANILLA"]["validation"] == [None, 0.0]


class TestNotes:
    def test_the_interval_of_the_few_shot_error(self, ages):
        best = [evaluation["few"] for evaluation in ages.evaluations[ages.best]]
        low, high = np.mean([scores.interval("mae") for scores in best], axis=0)
        mean = np.mean([scores["mae"] for scores in best])
        assert f"Few, on 4 images: {ages.best} {mean:.2f} [{low:.2f}, {high:.2f}], VANILLA" in one_line(ages)
        one = result(counts=(12, 6, 1), seeds=1)
        assert "Few, on 1 pair: BMC 1.000, VANILLA 2.250 (in brackets" in one_line(one)

    def test_another_encoder_than_the_papers(self, sts, ages):
        assert (
            "papers' numbers are of BiLSTM + GloVe, ours of all-MiniLM-L6-v2, frozen: row by row"
            in one_line(sts)
        )
        assert "row by row" not in one_line(ages)
        glove = replace(sts, encoder="BiLSTM + GloVe")
        assert "row by row" not in one_line(glove)

    def test_other_test_rows_than_the_papers(self, sts):
        assert "Not the papers' test rows: 22, the papers' are 1,000." in sts.sentences
        counts = result(methods={"VANILLA": "vanilla"}, seeds=1, counts=(775, 175, 50)).sentences
        assert any(
            "775 / 175 / 50 of many, medium and few shots, the papers' are 756 / 170 / 74" in c
            for c in counts
        )
        own = result(methods={"VANILLA": "vanilla"}, seeds=1, counts=(756, 170, 74)).sentences
        assert not any("Not the papers' test rows" in sentence for sentence in own)

    def test_rows_of_the_split(self, sts):
        assert "5,249 pairs to train, 1,000 to validate, 22 to test" in sts.heading
        assert "80 pairs to train, 40 to validate, 22 to test" in replace(sts, split=(80, 40)).heading


def test_json_holds_every_number(sts):
    told = json.loads(sts.to_json())
    assert told == json.loads(json.dumps(sts.to_dict()))
    assert (told["benchmark"], told["best"], told["vanilla"], told["seeds"]) == (
        "sts-b-dir",
        "INV + LDS",
        "VANILLA",
        3,
    )
    assert told["heading"] == sts.heading
    for metric in ("mse", "pearson"):
        for row in sts.table(metric).rows:
            for region, cell in zip(("all", "many", "medium", "few"), row.cells, strict=True):
                assert told["tables"][metric][row.name][region] == cell.to_dict()
    assert told["tables"]["mse"]["INV + LDS"]["source"] == {"paper": "000", "table": "3", "row": "INV + LDS"}
    assert told["tables"]["mse"]["BMC"]["source"] is None
    few = told["rows"]["BMC"]["evaluations"][1]["regions"][3]
    assert (few["name"], few["values"]["mse"]) == ("few", sts.evaluations["BMC"][1]["few"]["mse"])
    assert told["rows"]["VANILLA"]["validation"] == [1.0, 1.1, 1.2]
    assert Comparison.from_dict(told["comparison"]) == sts.comparison


def test_files(sts, tmp_path):
    sts.store(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "predictions.csv",
        "report.txt",
        "result.json",
    ]
    assert (tmp_path / "report.txt").read_text(encoding="utf-8") == GOLDEN
    assert json.loads((tmp_path / "result.json").read_text(encoding="utf-8")) == sts.to_dict()
    frame = pd.read_csv(tmp_path / "predictions.csv", index_col="row")
    assert frame.columns[:3].tolist() == ["target", "region", "VANILLA (seed 0)"]
    assert len(frame.columns) == 2 + 4 * 3
    assert frame["region"].tolist() == sts.regions.tolist()
    np.testing.assert_allclose(frame["BMC (seed 2)"], sts.predictions["BMC"][2])


@pytest.mark.parametrize(
    "fields",
    [
        {"methods": {}},
        {"seconds": {"VANILLA": [1.0, 1.0, 1.0]}},
        {"validation": {row: [1.0] for row in STS}},
        {"target": np.ones(21)},
    ],
)
def test_rows_that_lack_something_are_refused(sts, fields):
    with pytest.raises(
        InputError, match="methods: expected one or more rows, each with an evaluation, predictions of"
    ):
        replace(sts, **fields)


def test_another_benchmark_is_refused(sts):
    with pytest.raises(UnknownNameError, match="no benchmark named 'sts-dir'; did you mean 'sts-b-dir'"):
        replace(sts, benchmark="sts-dir")


@pytest.mark.parametrize("benchmark", PLACES)
def test_every_paper_has_a_name(benchmark):
    named = {"000": "Yang", "001": "Pu", "002": "Ren", "003": "Gong"}
    from evenreg.cli._published_match import cited

    for row in published(benchmark).rows:
        assert cited(row).startswith(f"{named[row.paper]} et al. 20")
