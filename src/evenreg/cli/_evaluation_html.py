"""An `EvaluatedTable` as HTML, for notebooks."""

from evenreg._html import Html, html, html_notes, html_page, html_said, html_table
from evenreg.cli._evaluation_text import (
    EvaluatedTable,
    beyond,
    headline,
    notes,
    reading,
    region_rows,
    worst_rows,
)
from evenreg.plots import inline_figure


def evaluated_html(found: EvaluatedTable) -> str:
    """The page that ``print`` gives, with tables and, where matplotlib is installed, a figure."""
    said = reading(found)
    return html_page(
        html_said(Html(f"<b>{html(headline(found))}</b>")),
        html_table(region_rows(found)),
        html_notes(notes(found)),
        inline_figure(found.plot, alt=f"error and bias of {found.prediction} by {found.target}"),
        html_table(worst_rows(found)),
        html_notes([beyond(found)] if beyond(found) else []),
        html_said(said) if said else Html(),
    )
