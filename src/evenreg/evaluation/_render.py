"""A `ResultTable` as text: terminal, Markdown, LaTeX."""

import io
import re
import textwrap
from typing import TYPE_CHECKING

from evenreg import _check
from evenreg.evaluation._numbers import decimals, fixed, power_of_ten
from evenreg.evaluation._result_table import ResultCell, ResultTable

if TYPE_CHECKING:
    from rich.table import Table

EMPTY = "–"
WIDTH = 100
_NAME = 12  # columns that a name of a row gets, however narrow the terminal is
_BOLD = "Bold: best of its column, beyond noise or not."


def _scale(table: ResultTable) -> int:
    return power_of_ten([c.mean for row in table.rows for c in row.cells if c.mean is not None])


def unit_title(table: ResultTable) -> str:
    """The title, with the power of ten that the numbers were divided by."""
    power = _scale(table)
    return f"{table.title}, in units of 10^{power}" if power else table.title


def cell_texts(table: ResultTable) -> list[list[tuple[str, str]]]:
    """``(mean, spread)`` of each row and column as text; the decimals of a column are those of its means."""
    unit = 10.0 ** _scale(table)
    columns = []
    for c in range(len(table.columns)):
        cells = [row.cells[c] for row in table.rows]
        places = decimals([cell.mean / unit for cell in cells if cell.mean is not None])
        columns.append([_cell(cell, unit, places) for cell in cells])
    return [list(row) for row in zip(*columns, strict=True)]


def _cell(cell: ResultCell, unit: float, places: int) -> tuple[str, str]:
    if cell.mean is None:
        return EMPTY, ""
    spread = "" if cell.spread is None else f"{cell.spread / unit:.{places}f}"
    return fixed(cell.mean / unit, places), spread


def count_texts(table: ResultTable) -> list[str]:
    """Test rows of each column, nothing where a count says nothing."""
    return ["" if n is None else f"n = {n}" for n in table.counts]


def file_notes(table: ResultTable) -> list[str]:
    """What stands under a table in a file, where the best of a column is bold."""
    bold = any(cell.best for row in table.rows for cell in row.cells)
    return [_BOLD] * bold + list(table.notes)


def to_terminal(table: ResultTable, width: int | None = None, *, styled: bool = False) -> str:
    """The table as text with aligned numbers, its notes wrapped under it.

    Nothing is ever cut off: where the table is wider than ``width``, long names of rows go on over a second
    line, indented, and where the numbers alone are wider, so is the text.

    Args:
        table: What to draw.
        width: Characters of the terminal; default 100, for output that is piped too.
        styled: Whether to add ANSI colours: best of a column bold, better green, worse red.

    Raises:
        InputError: A width below 20.

    >>> from evenreg.evaluation import ResultCell, ResultRow, ResultTable
    >>> rows = (ResultRow("vanilla", (ResultCell(1.2, 0.05), ResultCell(3.91, 0.2))),
    ...         ResultRow("sqinv", (ResultCell(1.27, 0.06), ResultCell(2.8, 0.11, "+"))))
    >>> print(to_terminal(ResultTable("MAE of Rings", ("Many", "Few"), (60, 12), rows)))
    MAE of Rings
    <BLANKLINE>
                   Many         Few
                 n = 60      n = 12
    ───────────────────────────────
    vanilla   1.20±0.05   3.91±0.20
    sqinv     1.27±0.06   2.80±0.11+
    """
    from rich.console import Console
    from rich.measure import Measurement
    from rich.text import Text

    width = WIDTH if width is None else _check.integer(width, "width", 20)
    stream = io.StringIO()
    console = Console(
        file=stream,
        width=width,
        force_terminal=styled,
        color_system="standard" if styled else None,
        legacy_windows=False,
        force_jupyter=False,
    )
    console.print(Text(unit_title(table) + "\n"))
    # Two spaces between columns where they fit (the slot of a mark is one more), else one.
    for gap in (2, 1):
        drawn = _rich_table(table, gap)
        least, most = Measurement.get(console, console.options.update(max_width=10_000), drawn)
        if most <= width:
            break
    else:
        room = width - most + max(len(row.name) for row in table.rows)
        drawn = _rich_table(table, 1, max(_NAME, room))
    console.width = max(width, least)
    console.print(drawn)
    console.width = width
    if table.notes:
        console.print(Text("\n" + "\n".join(table.notes)))
    return "\n".join(line.rstrip() for line in stream.getvalue().rstrip("\n").split("\n"))


def _rich_table(table: ResultTable, gap: int, room: int | None = None) -> "Table":
    """The table with names of rows in ``room`` columns, their later lines indented; None: on one line."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    drawn = Table(
        box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 0, 0, gap - 1), header_style=""
    )
    drawn.add_column("", overflow="fold", min_width=min(_NAME, max(len(row.name) for row in table.rows)))
    texts, counts = cell_texts(table), count_texts(table)
    columns = []
    for c, name in enumerate(table.columns):
        # One width for means, spreads and marks of a column aligns signs and points. Padded here and
        # left-justified: rich strips the spaces in place of a mark when it justifies to the right.
        means, spreads = zip(*(line[c] for line in texts), strict=True)
        m, s = max(map(len, means)), max(map(len, spreads))
        number = max(m + s + (s > 0), len(name), len(counts[c]))
        mark = max(1, *(len(row.cells[c].mark) for row in table.rows))
        drawn.add_column(
            Text(f"{name:>{number}}\n{counts[c]:>{number}}"), no_wrap=True, min_width=number + mark
        )
        columns.append([])
        for row, (mean, spread) in zip(table.rows, (line[c] for line in texts), strict=True):
            cell = row.cells[c]
            value = mean.rjust(m) + (f"±{spread.rjust(s)}" if spread else " " * (s and s + 1))
            style, colour = "bold" if cell.best else "", {"+": "green", "-": "red"}.get(cell.mark[:1], "")
            blank = " " * (number - len(value))
            columns[-1].append(Text.assemble(blank, (value, style), (cell.mark.ljust(mark), colour)))
    for row, *cells in zip(table.rows, *columns, strict=True):
        drawn.add_row(Text(row.name if room is None else _folded(row.name, room)), *cells)
    return drawn


def _folded(name: str, room: int) -> str:
    return "\n".join(textwrap.wrap(name, room, subsequent_indent="  ", break_on_hyphens=False))


def to_markdown(table: ResultTable) -> str:
    r"""The table in GitHub's Markdown: counts in the header, the best of each column bold, notes below.

    >>> from evenreg.evaluation import ResultCell, ResultRow, ResultTable
    >>> row = ResultRow("a|b", (ResultCell(1.2, 0.05, "+", best=True), ResultCell(None)))
    >>> print(to_markdown(ResultTable("MAE", ("Many", "Few"), (60, 0), (row,), ("A note.",))))
    **MAE**
    <BLANKLINE>
    | | Many (n = 60) | Few (n = 0) |
    |:--|--:|--:|
    | a\|b | **1.20 ± 0.05** + | – |
    <BLANKLINE>
    Bold: best of its column, beyond noise or not.
    <BLANKLINE>
    A note.
    """
    heads = [
        f"{name} ({n})" if n else name for name, n in zip(table.columns, count_texts(table), strict=True)
    ]
    lines = [f"**{unit_title(table)}**", ""]
    lines += ["| | " + " | ".join(heads) + " |", "|:--|" + "--:|" * len(heads)]
    for row, texts in zip(table.rows, cell_texts(table), strict=True):
        cells = []
        for cell, (mean, spread) in zip(row.cells, texts, strict=True):
            value = f"{mean} ± {spread}" if spread else mean
            cells.append((f"**{value}**" if cell.best else value) + (f" {cell.mark}" if cell.mark else ""))
        lines.append(f"| {row.name.replace('|', chr(92) + '|')} | " + " | ".join(cells) + " |")
    for note in file_notes(table):
        # A sign and a space at the start of a line would make a list of the legend.
        lines += ["", re.sub(r"^([-+*]) ", r"\\\1 ", note)]
    return "\n".join(lines)


def to_latex(table: ResultTable) -> str:
    r"""The table as a LaTeX ``tabular`` with booktabs rules, marks as superscripts, notes as comments.

    Names are escaped; put it into a ``table`` with a caption of your own (``\usepackage{booktabs}``).

    >>> from evenreg.evaluation import ResultCell, ResultRow, ResultTable
    >>> row = ResultRow("a_b", (ResultCell(1.2, 0.05, "+", best=True), ResultCell(None)))
    >>> print(to_latex(ResultTable("MAE", ("Many", "Few"), (60, 0), (row,))))
    % MAE
    % Bold: best of its column, beyond noise or not.
    \begin{tabular}{lrr}
    \toprule
     & Many & Few \\
     & $n = 60$ & $n = 0$ \\
    \midrule
    a\_b & $\mathbf{1.20 \pm 0.05}^{+}$ & -- \\
    \bottomrule
    \end{tabular}
    """
    lines = [f"% {_one_line(text)}" for text in (unit_title(table), *file_notes(table))]
    lines += [rf"\begin{{tabular}}{{l{'r' * len(table.columns)}}}", r"\toprule"]
    lines.append("".join(f" & {_escaped(name)}" for name in table.columns) + r" \\")
    lines.append("".join(f" & ${n}$" if n else " & " for n in count_texts(table)) + r" \\")
    lines.append(r"\midrule")
    for row, texts in zip(table.rows, cell_texts(table), strict=True):
        cells = [_latex_cell(cell, *text) for cell, text in zip(row.cells, texts, strict=True)]
        lines.append(" & ".join([_escaped(row.name), *cells]) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"])


def _latex_cell(cell: ResultCell, mean: str, spread: str) -> str:
    if cell.mean is None:
        return "--"
    value = rf"{mean} \pm {spread}" if spread else mean
    value = rf"\mathbf{{{value}}}" if cell.best else value
    return f"${value}^{{{cell.mark}}}$" if cell.mark else f"${value}$"


_LATEX = {c: rf"\{c}" for c in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
}


def _escaped(text: str) -> str:
    return re.sub(r"[&%$#_{}~^\\<>|]", lambda found: _LATEX[found[0]], _one_line(text))


def _one_line(text: str) -> str:
    return " ".join(text.split())
