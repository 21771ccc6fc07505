"""What the papers print for a benchmark, as text of at most 100 columns."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from evenreg.cli._published_notes import metric_name, notes_below, region_name
from evenreg.evaluation import PublishedRow, PublishedTable

_WIDTH = 100
_PAPERS = {
    "000": "Yang et al. 2021 (LDS and FDS)",
    "001": "Pu et al. 2025 (Group-DIR)",
    "002": "Ren et al. 2022 (Balanced MSE)",
    "003": "Gong et al. 2022 (RankSim)",
}
# What rows of a split were trained or tested on; none of them compares with a row of another.
_SPLITS = {
    "dir": "on the split of Yang et al. 2021:",
    "ranksim": "on RankSim's own split, other rows than those of Yang et al. 2021:",
    "vir": "on VIR's own split, other images than those of Yang et al. 2021:",
    "unknown": "on a split that is not told:",
    "subsampled": "trained on a part of the images (Figure 2b):",
    "skewed-test": "tested on rows distributed as the training rows:",
    "1-peak": "trained on labels with 1 peak:",
    "2-peaks": "trained on labels with 2 peaks, none between and beyond:",
    "3-peaks": "trained on labels with 3 peaks:",
    "4-peaks": "trained on labels with 4 peaks:",
}
# The first four always have a column.
_REGIONS = ("all", "many", "medium", "few", "with_data", "zero", "interpolation", "extrapolation")


class _Line(NamedTuple):
    """A line of a table: a row, or the numbers in brackets of one."""

    label: str
    row: PublishedRow
    bracketed: bool


def published_list(table: PublishedTable) -> str:
    r"""Every row that the papers print for a benchmark, by paper and table.

    Args:
        table: From `evenreg.evaluation.published`.

    Example:
        >>> from evenreg.evaluation import published
        >>> print(published_list(published("agedb-dir")).partition("\n\n")[0])
        agedb-dir: 196 rows of 13 tables of 3 papers. ! marks an overall error that is not the mean of the
        errors of its shots, weighted by their test rows: a misprint, or cells of different runs (48 of the
        270 that can be checked).
    """
    papers = {paper for paper, _ in table.tables}
    failing = sum(not check.holds for check in table.identity())
    top = (
        f"{table.benchmark}: {len(table.rows)} rows of {len(table.tables)} tables of {len(papers)} papers. ! marks an "
        "overall error that is not the mean of the errors of its shots, weighted by their test rows: a misprint, or "
        f"cells of different runs ({failing} of the {len(table.identity())} that can be checked)."
    )
    parts = [textwrap.fill(top, _WIDTH)]
    for paper, number in table.tables:
        rows = _by_split([row for row in table.rows if (row.paper, row.table) == (paper, number)])
        parts.append("\n".join([f"{_PAPERS[paper]}, Table {number}", *_table(table, rows)]))
    return "\n\n".join(parts)


def _by_split(rows: Sequence[PublishedRow]) -> list[PublishedRow]:
    """Rows of one split together, as they do not compare with those of another; otherwise in printed order."""
    splits = list(dict.fromkeys(row.split for row in rows))
    return sorted(rows, key=lambda row: splits.index(row.split))


def _table(table: PublishedTable, rows: Sequence[PublishedRow]) -> Iterator[str]:
    """One table, as many metrics side by side as go on a line, and what there is to say below."""
    failing = [
        check for check in table.identity() if not check.holds and any(check.row is row for row in rows)
    ]
    marked = {(id(check.row), check.metric, check.bracketed) for check in failing}
    lines = [line for row in rows for line in _lines(row)]
    width = max(len(line.label) for line in lines)
    blocks = [_block(metric, lines, table.digits, marked) for metric in _metrics(rows)]
    while blocks:
        held = [blocks.pop(0)]
        while blocks and width + sum(len(block[0]) for block in [*held, blocks[0]]) <= _WIDTH:
            held.append(blocks.pop(0))
        yield from _printed(lines, width, ["".join(texts).rstrip() for texts in zip(*held, strict=True)])
    yield from notes_below(rows, failing, table.digits)


def _printed(lines: Sequence[_Line], width: int, texts: Sequence[str]) -> Iterator[str]:
    """Two lines of heads, then every line after its label; what the rows are on, wherever that changes."""
    yield from (" " * width + text for text in texts[:2])
    split = "dir"
    for line, text in zip(lines, texts[2:], strict=True):
        if line.row.split != split:
            split = line.row.split
            yield _SPLITS[split]
        yield line.label.ljust(width) + text


def _lines(row: PublishedRow) -> Iterator[_Line]:
    yield _Line(f"{row.name} *" if any(cell.note for cell in row.cells) else row.name, row, False)
    if any(cell.alternative is not None for cell in row.cells):
        yield _Line("  in brackets", row, True)


def _metrics(rows: Sequence[PublishedRow]) -> list[str]:
    return list(dict.fromkeys(metric for row in rows for metric in row.metrics))


def _block(metric: str, lines: Sequence[_Line], digits: int, marked: set[tuple[int, str, bool]]) -> list[str]:
    """The columns of one metric: its name, the names of its regions, and a text for every line; all of one width."""
    printed = {cell.region for line in lines for cell in line.row.cells if cell.metric == metric}
    columns = []
    for region in (region for i, region in enumerate(_REGIONS) if i < 4 or region in printed):
        marks = region == "all" and metric in ("mae", "mse")
        texts = [region_name(region) + " " * marks]
        for line in lines:
            mark = "!" if marks and (id(line.row), metric, line.bracketed) in marked else " " * marks
            texts.append(_number(line, metric, region, digits) + mark)
        size = max(map(len, texts)) + 2
        columns.append([text.rjust(size) for text in texts])
    rows = ["".join(texts) for texts in zip(*columns, strict=True)]
    return ["  " + metric_name(metric).center(len(rows[0]) - 2), *rows]


def _number(line: _Line, metric: str, region: str, digits: int) -> str:
    value = line.row.value(metric, region, bracketed=line.bracketed)
    if value is None:
        return "–"
    sign = "+" if line.row.kind == "gain" else ""
    return f"{value:{sign}.{1 if metric in ('pearson', 'spearman') else digits}f}"
