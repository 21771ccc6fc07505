"""A `CompareResult` as HTML, for notebooks."""

from evenreg._html import Html, html_page, html_said
from evenreg.cli._compare_result import CompareResult
from evenreg.evaluation import to_html
from evenreg.plots import inline_figure


def compare_html(result: CompareResult) -> str:
    """The report that ``print`` gives, with a table and, where matplotlib is installed, gains and losses drawn."""
    figure = Html()
    if result.comparison.rows:
        figure = inline_figure(
            result.plot,
            alt=f"MAE by row and region against {result.comparison.reference}",
            lines=len(result.comparison.differences),
        )
    return html_page(
        html_said(result.heading),
        Html(to_html(result.table())),
        figure,
        *(html_said(text) for text in (*result.sentences, result.kept)),
    )
