"""The sentence under a table."""

from dataclasses import replace

import pytest

from evenreg.errors import UnknownNameError
from evenreg.evaluation import Comparison, Difference, tradeoff_sentence


def difference(row, region, before, after, verdict, p=0.5):
    p_row = 0.01 if verdict else p
    d = Difference(row, region, 10, before, after, -1.0, 1.0, p_row, p_row, p_row)
    assert d.verdict == verdict or p is None
    return d


def comparison(*differences, seeds=5):
    return Comparison("vanilla", seeds, differences, None if seeds > 1 else "One seed.")


GAIN = comparison(
    difference("sqinv", "all", 2.1, 1.9, ""),
    difference("sqinv", "many", 1.2, 1.27, ""),
    difference("sqinv", "few", 3.912, 2.8, "better"),
    difference("gai", "all", 2.1, 1.8, "better"),
    difference("gai", "many", 1.2, 1.5, "worse"),
    difference("gai", "few", 3.912, 2.5, "better"),
    difference("bni", "all", 2.1, 2.0, ""),
    difference("bni", "many", 1.2, 1.2, ""),
    difference("bni", "few", 3.912, 3.7, ""),
)


def test_gain_against_cost():
    assert tradeoff_sentence(GAIN, "sqinv") == (
        "sqinv against vanilla: Few MAE 3.91 -> 2.80 (-28 %, beyond noise), "
        "Many 1.20 -> 1.27 (+5.8 %, not beyond noise)."
    )
    assert tradeoff_sentence(GAIN, "bni", metric="RMSE") == (
        "bni against vanilla: Few RMSE 3.91 -> 3.70 (-5.4 %, not beyond noise), "
        "Many 1.20 -> 1.20 (+0.0 %, not beyond noise)."
    )


@pytest.mark.parametrize("row", [None, "vanilla"])
def test_without_a_row_the_largest_gain_speaks(row):
    assert tradeoff_sentence(GAIN, row).startswith(
        "gai against vanilla: Few MAE 3.91 -> 2.50 (-36 %, beyond noise), Many 1.20 -> 1.50"
    )


def test_another_reference_is_named():
    gain = Difference("hgb + sqinv", "few", 10, 4.0, 2.0, -3.0, -1.0, 0.01, 0.01, 0.01)
    for differences, row, sentence in (
        (
            (gain, difference("hgb + sqinv", "many", 1.0, 1.1, "")),
            "hgb + sqinv",
            "hgb + sqinv against hgb: Few MAE",
        ),
        (
            (replace(gain, p_row=0.5), difference("a", "many", 1.0, 1.1, "")),
            None,
            "Nothing here beats hgb beyond",
        ),
        ((replace(gain, p_row=0.5), difference("a", "many", 1.0, 1.1, "")), None, ": keep hgb (do nothing)"),
    ):
        assert sentence in tradeoff_sentence(Comparison("hgb", 5, differences, None), row)
        assert "vanilla" not in tradeoff_sentence(Comparison("hgb", 5, differences, None), row)


def test_zero_is_told_and_comes_first_in_the_choice():
    c = comparison(
        difference("a", "many", 1.0, 1.1, ""),
        difference("a", "few", 4.0, 1.0, "better"),
        difference("a", "zero", 9.0, 8.9, ""),
        difference("b", "many", 1.0, 1.1, ""),
        difference("b", "few", 4.0, 3.9, ""),
        difference("b", "zero", 9.0, 6.0, "better"),
    )
    assert tradeoff_sentence(c).startswith(
        "b against vanilla: Few MAE 4.00 -> 3.90 (-2.5 %, not beyond noise), Zero 9.00 -> 6.00 (-33 %"
    )


def test_without_few_the_medium_speaks_and_without_many_all():
    c = comparison(difference("a", "all", 2.0, 1.9, ""), difference("a", "medium", 3.0, 2.0, "better"))
    assert tradeoff_sentence(c) == (
        "a against vanilla: Medium MAE 3.00 -> 2.00 (-33 %, beyond noise), All 2.00 -> 1.90 (-5.0 %, not beyond noise)."
    )


NOTHING = [
    difference("a", "all", 2.0, 2.0, ""),
    difference("a", "many", 1.0, 1.2, "worse"),
    difference("a", "few", 4.0, 3.7, ""),
]


@pytest.mark.parametrize(("row", "asked"), [(None, ""), ("a", ", a included,"), ("vanilla", "")])
def test_nothing_beats_the_reference(row, asked):
    assert tradeoff_sentence(comparison(*NOTHING), row) == (
        f"Nothing here{asked} beats vanilla beyond noise where labels are rare: keep vanilla (do nothing)."
    )
    assert tradeoff_sentence(comparison(*NOTHING, seeds=3), row) == (
        f"Nothing here{asked} beats vanilla beyond noise where labels are rare: keep vanilla (do nothing), "
        "or run 5 seeds: 3 can tell only large gains from noise."
    )


def test_a_row_that_is_better_elsewhere_is_not_hidden():
    c = comparison(difference("hgb", "all", 2.0, 1.5, "better"), difference("hgb", "few", 4.0, 3.9, ""))
    assert tradeoff_sentence(c) == (
        "Nothing here beats vanilla beyond noise where labels are rare (Medium, Few, Zero); "
        "hgb is better elsewhere: All MAE 2.00 -> 1.50 (-25 %, beyond noise)."
    )


def test_no_rare_test_rows():
    c = comparison(difference("a", "all", 2.0, 1.0, "better"), difference("a", "many", 2.0, 1.0, "better"))
    assert tradeoff_sentence(c) == "No test row has a rare label, so there is nothing to gain: keep vanilla."


def test_one_seed_tells_no_gain_from_noise():
    untold = [difference("a", "many", 1.0, 1.2, "", None), difference("a", "few", 4.0, 3.0, "", None)]
    c = comparison(*untold, seeds=1)
    assert tradeoff_sentence(c) == (
        "One seed cannot tell a gain over vanilla from noise: run at least 3 seeds before changing anything."
    )
    assert tradeoff_sentence(c, "a") == (
        "a against vanilla: Few MAE 4.00 -> 3.00, Many 1.00 -> 1.20, but one seed cannot tell that from noise: "
        "run at least 3 seeds before changing anything."
    )


def test_only_the_reference():
    assert (
        tradeoff_sentence(comparison()) == "There is no row beside vanilla, so there is nothing to compare."
    )


def test_a_perfect_reference_has_no_percentage():
    c = comparison(difference("a", "many", 0.0, 0.1, ""), difference("a", "few", 4.0, 2.0, "better"))
    assert tradeoff_sentence(c).endswith("Many 0 -> 0.100 (not beyond noise).")


def test_a_region_of_one_row_has_unknown_noise():
    single = Difference("a", "zero", 1, 4.0, 3.0, None, None, None, None, None)
    c = comparison(difference("a", "many", 1.0, 1.1, ""), difference("a", "few", 4.0, 2.0, "better"), single)
    assert "Zero 4.00 -> 3.00 (-25 %, noise unknown)" in tradeoff_sentence(c)


def test_unknown_row():
    with pytest.raises(UnknownNameError, match="no compared row named 'sqinw'; did you mean 'sqinv'"):
        tradeoff_sentence(GAIN, "sqinw")
