"""Tables as text."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenreg.errors import InputError
from evenreg.evaluation import ResultCell, ResultRow, ResultTable, to_latex, to_markdown, to_terminal
from evenreg.evaluation._numbers import decimals, fixed, power_of_ten, short

COLUMNS = ("All", "Many", "Medium", "Few", "Zero", "Own")
NAMES = [
    "vanilla",
    "sqinv",
    "sqinv + lds",
    "focal-r",
    "bmc",
    "gai(n=2)",
    "bni",
    "vanilla(mse)",
    "hgb",
    "hgb + sqinv + lds",
]


def table(scale=1.0, names=NAMES, seeds=3, mark="+"):
    rng = np.random.default_rng(0)
    rows = []
    for name in names:
        means = np.array([2.1, 1.2, 2.5, 3.9, 9.1, 1.4]) * rng.uniform(0.7, 1.1, 6) * scale
        spreads = means * rng.uniform(0.01, 0.1, 6)
        marks = ["" if name == "vanilla" else mark] * 6
        rows.append(
            ResultRow(
                name, tuple(cell(m, s, k, seeds) for m, s, k in zip(means, spreads, marks, strict=True))
            )
        )
    return ResultTable("MAE of Rings", COLUMNS, (500, 141, 49, 254, 56, None), tuple(rows), ("A note " * 30,))


def cell(mean, spread, mark, seeds):
    return ResultCell(float(mean), float(spread) if seeds > 1 else None, mark)


@pytest.mark.parametrize("mark", ["", "+", "--"])
@pytest.mark.parametrize("scale", [1e-6, 1e-3, 1.0, 37.0, 1e5, 1e9])
def test_ten_rows_fit_a_hundred_columns_aligned(scale, mark):
    text = to_terminal(table(scale, mark=mark))
    assert max(map(len, text.splitlines())) <= 100
    body = [line for line in text.splitlines() if "±" in line]
    assert len(body) == 10
    for at in zip(*([m.start() for m in re.finditer("±", line)] for line in body), strict=True):
        assert len(set(at)) == 1  # every sign of a column stands in one place
    # No number with fewer than three significant digits, none cut.
    means = [m for line in body for m in re.findall(r"([\d.]+)±", line)]
    assert len(means) == 60
    assert all(len(m.replace(".", "").lstrip("0")) >= 3 for m in means)


@pytest.mark.parametrize(("scale", "power"), [(1e-6, "10^-6"), (1e5, "10^3"), (1e9, "10^9"), (1.0, None)])
def test_the_title_tells_the_unit(scale, power):
    first = to_terminal(table(scale)).splitlines()[0]
    assert first == "MAE of Rings" + (f", in units of {power}" if power else "")


@settings(max_examples=20, deadline=None)
@given(
    st.integers(20, 140), st.lists(st.text("abcdef +()=.,", min_size=1, max_size=70), min_size=1, max_size=4)
)
def test_nothing_is_ever_cut_off(width, names):
    text = to_terminal(table(names=names, seeds=1), width)
    assert "…" not in text
    for row in table(names=names, seeds=1).rows:
        assert all(f"{c.mean:.3f}+" in text or f"{c.mean:.2f}+" in text for c in row.cells)
    letters = "".join(names)  # folded, not shortened
    body = "".join(text.split("─\n")[1].split("\n\n")[0].split())
    assert sum(body.count(x) for x in "abcdef") == sum(letters.count(x) for x in "abcdef")


def test_narrow_terminals_wrap_notes_but_not_numbers():
    lines = to_terminal(table(), 60).splitlines()
    assert max(len(line) for line in lines if "note" in line) <= 60
    assert sum("±" in line for line in lines) == 10


def test_counts_stand_under_the_names():
    head = to_terminal(table()).splitlines()[2:4]
    assert head[0].split() == list(COLUMNS)
    assert re.findall(r"n = (\d+)", head[1]) == ["500", "141", "49", "254", "56"]


def test_empty_region():
    t = ResultTable(
        "MAE", ("Many", "Few"), (9, 0), (ResultRow("vanilla", (ResultCell(1.0, 0.1), ResultCell(None))),)
    )
    assert "n = 0" in to_terminal(t)
    assert to_terminal(t).splitlines()[-1].endswith("–")
    assert to_markdown(t).endswith("| vanilla | 1.00 ± 0.10 | – |")
    assert r"vanilla & $1.00 \pm 0.10$ & -- \\" in to_latex(t)


def test_styles_only_on_request():
    rows = (
        ResultRow("a", (ResultCell(1.0, 0.1, "+", best=True),)),
        ResultRow("b", (ResultCell(2.0, 0.1, "-"),)),
    )
    t = ResultTable("MAE", ("All",), (9,), rows)
    assert "\x1b" not in to_terminal(t)
    styled = to_terminal(t, styled=True)
    assert "\x1b[1m1.00±0.10\x1b[0m\x1b[32m+" in styled
    assert "\x1b[31m-" in styled
    assert re.sub(r"\x1b\[\d+m", "", styled).splitlines()[-1].rstrip() == to_terminal(t).splitlines()[-1]


def test_square_brackets_are_no_markup():
    t = ResultTable(
        "MAE of [red]", ("[b]All",), (9,), (ResultRow("[bold]x", (ResultCell(1.0),)),), ("[i]note",)
    )
    text = to_terminal(t)
    assert all(s in text for s in ("MAE of [red]", "[b]All", "[bold]x", "[i]note"))


def test_markdown():
    rows = (
        ResultRow("a | b", (ResultCell(1.2, 0.05), ResultCell(0.1))),
        ResultRow("c", (ResultCell(1.1, 0.01, "+", True), ResultCell(0.2))),
    )
    lines = to_markdown(
        ResultTable("MAE", ("All", "Own"), (9, None), rows, ("+ better.", "Note."))
    ).splitlines()
    assert lines == [
        "**MAE**",
        "",
        "| | All (n = 9) | Own |",
        "|:--|--:|--:|",
        r"| a \| b | 1.20 ± 0.05 | 0.100 |",
        "| c | **1.10 ± 0.01** + | 0.200 |",
        "",
        "Bold: best of its column, beyond noise or not.",
        "",
        r"\+ better.",
        "",
        "Note.",
    ]


def test_latex_escapes_everything_special():
    name = r"a_b & 100% #1 {x} ~ ^ \ <y> $"
    t = ResultTable(
        "MAE of p%\nq", ("All",), (9,), (ResultRow(name, (ResultCell(1.2, 0.05, "--", True),)),), ("A\nnote",)
    )
    text = to_latex(t)
    assert (
        r"a\_b \& 100\% \#1 \{x\} \textasciitilde{} \textasciicircum{} \textbackslash{} "
        r"\textless{}y\textgreater{} \$ & "
        r"$\mathbf{1.20 \pm 0.05}^{--}$ \\"
    ) in text
    assert text.splitlines()[:3] == [
        "% MAE of p% q",
        "% Bold: best of its column, beyond noise or not.",
        "% A note",
    ]
    assert text.count(r"\begin") == text.count(r"\end") == 1


def test_width_too_small():
    with pytest.raises(InputError, match="width: expected a whole number of at least 20, got 5"):
        to_terminal(table(), 5)


@pytest.mark.parametrize(
    ("values", "power"),
    [
        ([], 0),
        ([0.0], 0),
        ([0.1], 0),
        ([0.099], -3),
        ([9999.0], 0),
        ([10_000.0], 3),
        ([1e-6, 2e-6], -6),
        ([5e9], 9),
    ],
)
def test_power_of_ten(values, power):
    assert power_of_ten(values) == power


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0.1, 1e4), min_size=1, max_size=8))
def test_decimals(values):
    places = decimals(values)
    if max(values) < 50 * min(values):
        assert all(len(f"{v:.{places}f}".replace(".", "").lstrip("0")) >= 2 for v in values)
    assert max(len(f"{v:.{places}f}") for v in values) <= 7


def test_a_value_far_below_its_column_keeps_its_digits():
    assert fixed(0.00012, 2) == "1.2e-04"
    assert fixed(0.0, 2) == "0.00"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.906, "3.91"),
        (0.0312, "0.0312"),
        (74916.0, "74,900"),
        (999.7, "1,000"),
        (1234567.0, "1.23e+06"),
        (-0.5, "-0.500"),
    ],
)
def test_short(value, text):
    assert short(value) == text
