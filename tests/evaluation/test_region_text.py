"""What ``print`` and a notebook show of an evaluation."""

import numpy as np

from evenreg.evaluation import evaluate
from evenreg.labels import Bins, LabelSpace


def found(y):
    space = LabelSpace.fit(np.repeat([1.0, 2.0, 3.0], [50, 50, 5]), Bins.uniform(0.5, 3.5, 1))
    return evaluate(y, np.asarray(y) + 0.25, space)


def test_a_line_a_region_with_its_rows_and_errors():
    lines = str(found([1.0, 1.0, 3.0])).splitlines()
    assert lines[0].split() == ["rows", "MAE", "95", "%", "RMSE", "b-MAE"]
    assert [line.split()[0] for line in lines[1:6]] == ["All", "Many", "Medium", "Few", "Own"]
    assert lines[1].split() == ["All", "3", "0.250", "0.250", "to", "0.250", "0.250", "0.250"]
    assert lines[3].split() == ["Medium", "0", "–", "–", "–", "–"]
    assert lines[4].split() == ["Few", "1", "0.250", "–", "0.250", "0.250"]
    assert len({len(line) for line in lines[:6]}) == 1


def test_zero_where_there_are_such_rows_and_never_wider_than_a_terminal():
    space = LabelSpace.fit(np.random.default_rng(0).exponential(50, 400), Bins.uniform(0, 1000, 5))
    text = str(evaluate([1.0, 2.0, 990.0], [1.5, 2.0, 400.0], space))
    assert "\nZero" in text
    assert max(map(len, text.splitlines())) <= 100


def test_a_notebook_shows_the_same():
    assert repr(found([1.0, 2.0])) == str(found([1.0, 2.0]))
