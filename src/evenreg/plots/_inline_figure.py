"""A figure inside HTML."""

import base64
import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from evenreg._html import Html, html
from evenreg.errors import MissingDependencyError
from evenreg.plots._figure import height_for, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SHOWN, _DRAWN = 100, 150  # dots an inch on the page, and in the image: sharp on fine screens


def inline_figure(draw: "Callable[[Axes], Any]", *, alt: str, lines: int = 0) -> Html:
    """What ``draw`` puts on new axes, as an image that is part of the page; nothing without matplotlib.

    The figure is its own: pyplot never hears of it, so that a notebook does not show it a second time.

    Args:
        draw: Takes axes and draws on them.
        alt: What the image shows, for those who cannot see it.
        lines: Lines of bars that must find room one above the other.

    Example:
        >>> image = inline_figure(lambda ax: ax.plot([1, 2]), alt="a line")
        >>> image[:32], 'alt="a line"' in image
        ('<img src="data:image/png;base64,', True)
    """
    try:
        ax = new_axes(height=height_for(lines))
    except MissingDependencyError:
        return Html()
    draw(ax)
    figure = ax.get_figure(root=True)
    assert figure is not None
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=_DRAWN)
    data = base64.b64encode(file.getvalue()).decode()
    width = round(_SHOWN * figure.get_figwidth())
    return Html(
        f'<img src="data:image/png;base64,{data}" alt="{html(alt)}" width="{width}" '
        'style="max-width:100%;height:auto;margin:.4em 0">'
    )
