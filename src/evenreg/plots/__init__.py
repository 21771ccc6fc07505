"""Plots: ``(data, ax) -> ax``; matplotlib is optional and imported when something is drawn."""

from evenreg.plots._error_by_bin import error_by_bin as error_by_bin
from evenreg.plots._error_by_region import error_by_region as error_by_region
from evenreg.plots._figure import check_figure_path as check_figure_path
from evenreg.plots._figure import new_axes as new_axes
from evenreg.plots._figure import save_figure as save_figure
from evenreg.plots._inline_figure import inline_figure as inline_figure
from evenreg.plots._label_histogram import label_histogram as label_histogram

__all__ = [
    "check_figure_path",
    "error_by_bin",
    "error_by_region",
    "inline_figure",
    "label_histogram",
    "new_axes",
    "save_figure",
]
