"""Tables and evaluations as HTML, for notebooks and web pages."""

from typing import TYPE_CHECKING

import evenreg
from evenreg._html import Html, html, html_notes, html_page, html_said, html_table
from evenreg.evaluation._region_text import region_rows
from evenreg.evaluation._render import cell_texts, count_texts, file_notes, unit_title
from evenreg.evaluation._result_table import ResultCell, ResultTable

if TYPE_CHECKING:
    from evenreg.evaluation._evaluation import Evaluation

# Greens and reds that can be read on white and on black.
_COLOURS = {"+": "#2b9a4b", "-": "#d9534f"}


def to_html(table: ResultTable) -> str:
    """The table as HTML: counts in the header, the best of each column bold, marks beside it, notes below.

    It stands by itself: no script, no style sheet, no other file; text takes the colours of the page around it.

    >>> from evenreg.evaluation import ResultCell, ResultRow
    >>> row = ResultRow("a<b", (ResultCell(1.2, 0.05, "+", best=True), ResultCell(None)))
    >>> text = to_html(ResultTable("MAE", ("Many", "Few"), (60, 0), (row,)))
    >>> "a&lt;b" in text, "<b>1.20 ± 0.05</b>" in text, "Many<br>n = 60" in text
    (True, True, True)
    """
    heads = [
        Html(f"{html(name)}<br>{html(count)}")
        for name, count in zip(table.columns, count_texts(table), strict=True)
    ]
    widest = [max(len(row.cells[c].mark) for row in table.rows) for c in range(len(table.columns))]
    rows: list[list[str]] = [["", *heads]]
    for row, texts in zip(table.rows, cell_texts(table), strict=True):
        cells = [_cell(*parts) for parts in zip(row.cells, texts, widest, strict=True)]
        rows.append([row.name, *cells])
    title = html_said(Html(f"<b>{html(unit_title(table))}</b>"))
    return html_page(title, html_table(rows), html_notes(file_notes(table)))


def _cell(cell: ResultCell, text: tuple[str, str], widest: int) -> Html:
    mean, spread = text
    value = html(f"{mean} ± {spread}" if spread else mean)
    value = f"<b>{value}</b>" if cell.best else value
    if not widest:
        return Html(value)
    # As wide in every cell of the column, so that numbers stay under each other.
    colour = f";color:{_COLOURS[cell.mark[0]]}" if cell.mark else ""
    style = f"display:inline-block;width:{widest * 0.65:g}em;margin-left:.15em;text-align:left;font-weight:bold{colour}"
    return Html(f'{value}<span style="{style}">{html(cell.mark)}</span>')


def evaluation_html(evaluation: "Evaluation") -> str:
    """Errors by region, and over the label range as a figure where matplotlib is installed."""
    # Figures stand on a floor above this one: they are asked for by name when a notebook draws, never imported.
    plots = evenreg.plots
    figure = plots.inline_figure(lambda ax: plots.error_by_bin(evaluation, ax), alt="error and bias by label")
    return html_page(html_table(region_rows(evaluation)), html_notes([evaluation.thresholds]), figure)
