"""HTML for notebooks: tables and lines that need no script and no file, in the colours of the page around them."""

from collections.abc import Collection, Iterable, Sequence
from html import escape
from typing import final

_TABLE = (
    "border-collapse:collapse;margin:.4em 0;color:inherit;font-size:inherit;font-variant-numeric:tabular-nums"
)
_CELL = "padding:.15em .6em;vertical-align:top;"
_NOTE = "margin:.3em 0;max-width:60em;font-size:.9em"
_SAID = "margin:.6em 0;max-width:60em"


@final
class Html(str):
    """Text that is HTML already; every other text is escaped before it is shown."""

    __slots__ = ()


def html(text: str) -> Html:
    """``text`` as HTML.

    Example:
        >>> html("a < b"), html(Html("<b>a</b>"))
        ('a &lt; b', '<b>a</b>')
    """
    return text if isinstance(text, Html) else Html(escape(text))


def html_table(rows: Sequence[Sequence[str]], *, left: Collection[int] = (0,)) -> Html:
    """A table: the first row is its head, the first cell of each row names it.

    Args:
        rows: Cells, escaped unless they are `Html`; as many in each row.
        left: Numbers of the columns aligned to the left, the others to the right.
    """

    def line(row: Sequence[str], head: bool) -> str:
        cells = []
        for i, cell in enumerate(row):
            tag = ' scope="col"' if head else ' scope="row"' if i == 0 else ""
            weight = "" if head else "font-weight:normal;" if i == 0 else ""
            wrap = f"white-space:{'pre-wrap' if i in left else 'nowrap'};"
            style = f"{_CELL}{weight}{wrap}text-align:{'left' if i in left else 'right'}"
            name = "th" if tag else "td"
            cells.append(f'<{name}{tag} style="{style}">{html(cell)}</{name}>')
        return f"<tr>{''.join(cells)}</tr>"

    head, *body = rows
    return Html(
        f'<div style="overflow-x:auto"><table style="{_TABLE}">'
        f'<thead style="border-bottom:1px solid">{line(head, True)}</thead>'
        f"<tbody>{''.join(line(row, False) for row in body)}</tbody></table></div>"
    )


def html_notes(texts: Iterable[str]) -> Html:
    """What stands under a table, in small letters, a line each."""
    return Html("".join(f'<div style="{_NOTE}">{html(text)}</div>' for text in texts))


def html_said(text: str) -> Html:
    """A sentence or a heading."""
    return Html(f'<div style="{_SAID}">{html(text)}</div>')


def html_code(text: str) -> Html:
    """Text with its line breaks, as on a terminal."""
    return Html(f'<pre style="margin:.6em 0;line-height:1.25;overflow-x:auto">{html(text)}</pre>')


def html_page(*parts: Html) -> Html:
    """Parts of a page as one, none of which spills into its neighbours."""
    return Html(f"<div>{''.join(parts)}</div>")
