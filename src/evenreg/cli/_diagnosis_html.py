"""A `Diagnosis` as HTML, for notebooks."""

from evenreg._html import Html, html, html_code, html_notes, html_page, html_said, html_table
from evenreg.cli._diagnosis import Diagnosis
from evenreg.cli._diagnosis_text import (
    facts,
    headline,
    histogram,
    region_note,
    region_rows,
    shell_lines,
    weight_rows,
)
from evenreg.plots import inline_figure


def diagnosis_html(diagnosis: Diagnosis) -> str:
    """The page that ``print`` gives, with tables and, where matplotlib is installed, the histogram as a figure."""
    told = [Html(f"<b>{html(name)}</b> {html(text)}") for name, text in facts(diagnosis)]
    figure = inline_figure(diagnosis.plot, alt=f"histogram of {diagnosis.target} with weights")
    command = diagnosis.verdict.command
    return html_page(
        html_said(Html(f"<b>{html(headline(diagnosis))}</b>")),
        html_notes(told),
        html_table(region_rows(diagnosis), left=(0, 1, 5)),
        html_notes([region_note(diagnosis)]),
        html_table(weight_rows(diagnosis)),
        figure or html_code("\n".join(histogram(diagnosis))),
        html_said(diagnosis.verdict.text),
        html_code("\n".join(shell_lines(command))) if command else Html(),
    )
