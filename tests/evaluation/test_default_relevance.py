"""What SERA weighs by where nobody says."""

import numpy as np
import pandas as pd
import pytest

from evenreg.evaluation._default_relevance import default_relevance
from evenreg.labels import LabelSpace, Relevance


def test_extremes_first_then_rarity_then_nothing():
    tailed = LabelSpace.fit(np.random.default_rng(0).lognormal(size=500))
    assert default_relevance(tailed) == Relevance.fit(tailed)
    bounded = LabelSpace.fit(np.repeat([0, 1, 2, 3, 4, 5], [10, 20, 30, 60, 50, 30]))
    assert default_relevance(bounded) == Relevance.from_density(bounded)
    spike = LabelSpace.fit([0.0] * 80 + list(range(1, 21)))
    assert default_relevance(spike) == Relevance.from_density(spike)
    assert default_relevance(LabelSpace.fit([3.0] * 9)) is None
    assert default_relevance(LabelSpace.fit(np.repeat([1, 2, 3], 30))) is None


@pytest.mark.parametrize(
    ("table", "extremes"),
    [
        ("Abalone", True),
        ("Accel", True),
        ("availPwr", True),
        ("heat", True),
        ("a1", False),
        ("a2", False),
        ("a3", False),
        ("bank8FM", False),
    ],
)
def test_real_tables_always_have_some(real_data, table, extremes):
    y = pd.read_csv(real_data / "tabular" / f"{table}.csv").iloc[:, 0].dropna()
    space = LabelSpace.fit(y)
    relevance = default_relevance(space)
    assert relevance is not None
    assert ("box plot" in relevance.describe()) == extremes
    assert 0 < relevance(y).mean() < 0.6
