"""Tables and evaluations in notebooks."""

import builtins
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from evenreg.evaluation import ResultCell, ResultRow, ResultTable, evaluate, to_html
from evenreg.labels import LabelSpace

VOID = {"br", "img"}


class Reader(HTMLParser):
    """Collects text and tags, and fails on a tag that is not closed."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.cells = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag in ("td", "th"):
            self.cells.append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if {"td", "th"} & set(self.open):
            self.cells[-1] += data


def read(text):
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    assert not {"script", "link", "style", "iframe"} & {tag for tag, _ in reader.tags}
    for _, attributes in reader.tags:
        assert not any(name.startswith("on") for name in attributes)
        assert attributes.get("src", "data:image/png;base64,").startswith("data:image/png;base64,")
    return reader


TABLE = ResultTable(
    "MAE of <price>",
    ("Many", "Few"),
    (60, 0),
    (
        ResultRow("vanilla", (ResultCell(1.25, 0.05), ResultCell(None))),
        ResultRow("a<b> & c", (ResultCell(1.2, 0.06, "++", best=True), ResultCell(2.0, None, "-"))),
    ),
    ("A <note>.",),
)


def test_cells_marks_and_notes():
    text = to_html(TABLE)
    reader = read(text)
    assert reader.cells == [
        "", "Manyn = 60", "Fewn = 0", "vanilla", "1.25 ± 0.05", "–", "a<b> & c", "1.20 ± 0.06++", "2.00-",
    ]  # fmt: skip
    assert "<b>1.20 ± 0.06</b>" in text
    assert "A &lt;note&gt;." in text
    assert "Bold: best of its column, beyond noise or not." in text
    assert "MAE of &lt;price&gt;" in text
    assert TABLE._repr_html_() == text


def test_marks_of_a_column_take_the_same_room():
    rows = [
        ResultRow(name, (ResultCell(1.0, None, mark),)) for name, mark in (("a", "++"), ("b", ""), ("c", "-"))
    ]
    text = to_html(ResultTable("MAE", ("All",), (3,), tuple(rows)))
    assert len(set(re.findall(r"inline-block;width:([\d.]+)em", text))) == 1
    assert len(re.findall(r"inline-block", text)) == 3
    assert "inline-block" not in to_html(ResultTable("MAE", ("All",), (3,), (rows[1],)))


def test_numbers_are_scaled_as_on_the_terminal():
    table = ResultTable("MAE", ("All",), (3,), (ResultRow("a", (ResultCell(2.5e6),)),))
    assert "in units of 10^6" in to_html(table)
    assert "2.50" in to_html(table)


@pytest.fixture
def evaluation():
    rng = np.random.default_rng(0)
    target = rng.integers(0, 60, 200).astype(float)
    space = LabelSpace.fit(rng.gamma(4, 6, 1000).round())
    return evaluate(target, target + rng.normal(size=200), space)


def test_an_evaluation_shows_regions_and_figure(evaluation):
    text = evaluation._repr_html_()
    reader = read(text)
    assert reader.cells[:6] == ["", "rows", "MAE", "95 %", "RMSE", "b-MAE"]
    assert reader.cells[6:8] == ["All", "200"]
    assert "many: more than" in text
    pytest.importorskip("matplotlib")
    assert [tag for tag, _ in reader.tags].count("img") == 1


def test_without_matplotlib_the_table_stands_alone(evaluation, monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.split(".")[0] == "matplotlib":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    text = evaluation._repr_html_()
    assert "<img" not in text
    assert "<table" in text
