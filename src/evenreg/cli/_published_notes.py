"""What stands below a table of published numbers: failing rows, other numbers for the same, where rows come from."""

import re
import textwrap
from collections.abc import Iterator, Sequence

from evenreg.evaluation import IdentityCheck, PublishedCell, PublishedRow

_WIDTH = 100
_METRICS = {
    "mae": "MAE",
    "mse": "MSE",
    "gm": "GM",
    "bmae": "b-MAE",
    "pearson": "Pearson, %",
    "spearman": "Spearman, %",
    "group_accuracy": "groups right, %",
    "mae_true_group": "MAE, true group",
    "gm_true_group": "GM, true group",
}
_REGIONS = {"with_data": "With data", "interpolation": "Interpol.", "extrapolation": "Extrapol."}
# The one table with brackets: Gong et al. 2022, Table 8.
_BRACKETS = "in brackets: the same with batch size 64 and learning rate 2.5e-4, as the rows with RANKSIM"
_OTHER_NUMBER = re.compile(r"(?P<where>.+ Table \d+): (?P<number>[\d.]+)\Z")


def metric_name(metric: str) -> str:
    """A metric as the head of its columns."""
    return _METRICS[metric]


def region_name(region: str) -> str:
    """A region as the head of a column.

    >>> region_name("few"), region_name("interpolation")
    ('Few', 'Interpol.')
    """
    return _REGIONS.get(region, region.capitalize())


def notes_below(rows: Sequence[PublishedRow], failing: Sequence[IdentityCheck], digits: int) -> Iterator[str]:
    """The lines below a table.

    Args:
        rows: Its rows.
        failing: The checks of them that fail.
        digits: Decimals of errors.
    """
    if failing:
        yield from _wrapped("! the shots give " + "; ".join(_implied(failing, digits)))
    for row in rows:
        if told := "; ".join(_told(row)):
            yield from _wrapped(f"* {row.name}: {told}")
    if any(cell.alternative is not None for row in rows for cell in row.cells):
        yield _BRACKETS
    sources = dict.fromkeys(row.source for row in rows)
    for source in sources:
        if len(sources) > 1 and source != "own":
            names = ", ".join(dict.fromkeys(row.name for row in rows if row.source == source))
            yield from _wrapped(f"{_from(source)}: {names}")


def _implied(failing: Sequence[IdentityCheck], digits: int) -> Iterator[str]:
    for metric in dict.fromkeys(check.metric for check in failing):
        found = ", ".join(
            f"{check.row.name}{' in brackets' * check.bracketed} {check.implied:.{digits}f}"
            for check in failing
            if check.metric == metric
        )
        yield f"{metric_name(metric)} {found}"


def _told(row: PublishedRow) -> Iterator[str]:
    """Its notes; other numbers that one table prints for it are told together."""
    others: dict[str, list[str]] = {}
    for cell in row.cells:
        if match := _OTHER_NUMBER.match(cell.note):
            others.setdefault(match["where"], []).append(f"{_cell_name(cell)} {match['number']}")
        elif cell.note:
            yield cell.note
    for where, numbers in others.items():
        yield f"{where} prints {', '.join(numbers)}"


def _cell_name(cell: PublishedCell) -> str:
    return f"{metric_name(cell.metric)} {region_name(cell.region)}"


def _from(source: str) -> str:
    if source == "not said":
        return "taken from a paper that is not told"
    if source.startswith("own, "):
        return f"{source.removeprefix('own, ').replace('mae of', 'MAE taken from')}"
    return f"taken from {source}"


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, subsequent_indent="  ", break_on_hyphens=False)
