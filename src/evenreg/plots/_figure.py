"""Figures and their files: made without a display, written whole or not at all."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from evenreg import _check
from evenreg._files import check_new, written_whole
from evenreg.errors import MissingDependencyError

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

_FORMATS = (".pdf", ".png", ".svg")


def need_matplotlib() -> None:
    """Raises a sentence where matplotlib is not installed.

    Raises:
        MissingDependencyError: With the command that installs it.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise MissingDependencyError(
            "plots expect matplotlib, which is not installed; run pip install 'evenreg[all]'."
        ) from None


def new_axes(width: float = 7.0, height: float = 4.0) -> "Axes":
    """Axes on a figure of its own that needs no display and that no window will show.

    Args:
        width: Inches.
        height: Inches.

    Raises:
        MissingDependencyError: matplotlib is not installed.

    Example:
        >>> new_axes().figure.get_size_inches().tolist()
        [7.0, 4.0]
    """
    need_matplotlib()
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained").add_subplot()


def height_for(lines: int) -> float:
    """Inches of a figure that has room for so many bars one above the other; 4 where they are few."""
    return max(4.0, 1.3 + 0.1 * lines)


def given_or_shown(ax: "Axes | None", lines: int = 0) -> "Axes":
    """``ax``, or new axes that a notebook shows, with room for so many bars one above the other."""
    need_matplotlib()
    if ax is not None:
        return ax
    from matplotlib import pyplot

    return pyplot.subplots(figsize=(7.0, height_for(lines)), layout="constrained")[1]


def legend_above(ax: "Axes", handles: "Sequence[Artist]") -> None:
    """A legend above the axes, where it covers nothing; over two lines when it is long."""
    letters = sum(len(str(handle.get_label())) + 6 for handle in handles)
    columns = len(handles) if letters <= 105 else -(-len(handles) // 2)
    ax.legend(
        handles=list(handles), loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=columns,
        frameon=False, fontsize="small", columnspacing=1.2, handlelength=1.4,
    )  # fmt: skip


def thousands(axis: "Axis", *, top: float) -> None:
    """Whole numbers such as 25,000 in full, where they fit; powers of ten beyond ten million."""
    if (top >= 1e4 or axis.get_scale() == "log") and top < 1e7:
        axis.set_major_formatter("{x:,.0f}")


def check_figure_path(path: str | Path, *, overwrite: bool = False) -> Path:
    """Refuse, before anything is computed, a file that a figure cannot become.

    Args:
        path: Where the figure shall go.
        overwrite: Whether a file there may be replaced.

    Raises:
        UnknownNameError: An ending that is not .pdf, .png or .svg.
        RunFolderError: Something is there already.
        MissingDependencyError: matplotlib is not installed.

    Example:
        >>> check_figure_path("labels.pgn")
        Traceback (most recent call last):
            ...
        evenreg.errors.UnknownNameError: no figure format named '.pgn'; did you mean '.png'?
    """
    path = Path(path)
    _check.known(path.suffix.lower(), _FORMATS, "figure format")
    check_new(path, overwrite=overwrite)
    need_matplotlib()
    return path


def save_figure(ax: "Axes", path: str | Path, *, overwrite: bool = False, dpi: int = 200) -> Path:
    """Write the figure of ``ax``; a full disk or a cut never leaves half a file.

    Args:
        ax: Axes of the figure.
        path: A file that ends in .pdf, .png or .svg.
        overwrite: Whether a file there may be replaced (in Python; ``--overwrite`` on the command line).
        dpi: Dots an inch, for .png.

    Raises:
        UnknownNameError: Another ending.
        RunFolderError: Something is there already.

    Example:
        >>> import tempfile
        >>> save_figure(new_axes(), Path(tempfile.mkdtemp()) / "empty.png").stat().st_size > 0
        True
    """
    path = check_figure_path(path, overwrite=overwrite)
    figure = ax.get_figure(root=True)
    assert figure is not None
    with written_whole(path) as part:
        figure.savefig(part, format=path.suffix[1:].lower(), dpi=dpi)
    return path
