"""What a person is told to do, on labels whose answer is known."""

import numpy as np
import pytest

from evenreg.cli import diagnose


def draw(kind, n=3000):
    rng = np.random.default_rng(0)
    labels = {
        "uniform": lambda: rng.uniform(0, 10, n),
        "whole even": lambda: rng.integers(0, 30, n).astype(float),
        "exponential": lambda: rng.exponential(size=10 * n),
        "gaussian": lambda: rng.normal(size=20 * n),
        "two values": lambda: rng.integers(0, 2, n) * 3.0,
        "one stray label": lambda: np.r_[rng.normal(size=n), 1e9],
        "thin tail": lambda: np.r_[rng.normal(size=n), rng.normal(40, 3, 15)],
        "zeros": lambda: np.where(rng.random(10 * n) < 0.95, 0, rng.gamma(2, 5, 10 * n)),
        "prices": lambda: np.exp(rng.normal(12, 0.8, 10 * n)).round(),
    }
    return labels[kind]()


@pytest.mark.parametrize(
    ("kind", "verdict", "words"),
    [
        ("uniform", "even", "Do nothing about imbalance"),
        ("whole even", "even", "that is noise in the data, which no weighting cures"),
        ("exponential", "imbalanced", "The target is clearly imbalanced"),
        ("gaussian", "imbalanced", "That is a risk, not yet a harm"),
        ("two values", "classes", "this is classification"),
        ("one stray label", "outliers", "Look at 1 row first: the label 1e+09 lies beyond an empty"),
        ("thin tail", "scarce", "Collect data:"),
        ("zeros", "imbalanced", "% of rows are exactly 0: two questions in one"),
        ("prices", "imbalanced", "Labels are positive and skewed"),
    ],
)
def test_verdict(kind, verdict, words):
    found = diagnose(draw(kind)).verdict
    assert found.kind == verdict
    assert words in found.text
    assert found.command == ""  # an array has no file to compare on


def test_no_log_for_labels_below_zero_and_no_spike_advice_without_one():
    text = diagnose(draw("gaussian")).verdict.text
    assert "logarithm" not in text
    assert "two questions" not in text


def test_a_mild_imbalance_is_called_mild():
    y = np.random.default_rng(0).triangular(0, 5, 10, 20_000)
    assert "mildly imbalanced" in diagnose(y).verdict.text


def test_an_empty_stretch_without_few_shot_rows_is_named():
    rng = np.random.default_rng(0)
    text = diagnose(np.r_[rng.uniform(0, 30, 300), rng.uniform(70, 100, 300)]).verdict.text
    assert text.startswith(
        "Collect data: 40.0 % of the label range is empty; nothing can be learned or tested there, whatever "
        "the weights. Every further row at 30 to 70 helps more than a method."
    )


def test_few_shot_and_empty_stretches_are_named_together():
    assert "Every further row at -4.0 to -3.0, 3.0 to 46.5 helps" in diagnose(draw("thin tail")).verdict.text


def test_bins_too_wide_to_tell_are_named():
    found = diagnose(draw("exponential"), bin_width=100).verdict
    assert found.kind == "coarse"
    assert "Nothing can be told from 1 bin" in found.text


def test_where_no_bin_can_be_few_shot_a_width_is_offered():
    page = str(diagnose(np.random.default_rng(0).normal(size=80), bin_width=0.1))
    assert "So few that no bin can be few-shot: try --bin-width" in page.replace("\n", " ")
