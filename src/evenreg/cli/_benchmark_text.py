"""Our numbers beside the papers' as text of at most 100 columns."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from evenreg.cli._benchmark_cells import REGIONS, BenchmarkCell, BenchmarkRow
from evenreg.cli._benchmark_notes import table_notes
from evenreg.cli._benchmark_table import BenchmarkTable
from evenreg.cli._published_match import cited
from evenreg.cli._published_notes import metric_name, region_name

WIDTH = 100
EMPTY = "–"
_NAME = 12  # columns that a name gets, however wide the numbers are
_GAPS = (4, 3, 2)  # spaces between columns, the most that go on a line


def table_text(table: BenchmarkTable) -> str:
    """Two lines a row, ours and the paper's with the difference, and what there is to say below."""
    title = f"{metric_name(table.metric)}, {_spread(table)}; below it the paper's and the difference, ours - paper"
    columns = [_column(table, c) for c in range(len(REGIONS))]
    labels = [(row.name, _label(row)) for row in table.rows]
    lines = "\n".join([title, "", *_lines(table, labels, columns)])
    return "\n".join([lines, "", *wrapped(table_notes(table))])


def brief_text(table: BenchmarkTable) -> str:
    """One line a row: ours, and the paper's beside it."""
    sources = [row.source for row in table.rows if row.source is not None]
    told = f"the paper's ({cited(*sources)})" if sources else "nothing, as no paper prints it"
    tested = table.main.upper()
    title = f"{metric_name(table.metric)}, {_spread(table)}; beside it {told}. Only the {tested} is tested."
    columns = [_brief_column(table, c) for c in range(len(REGIONS))]
    return "\n".join(
        [*wrapped([title]), "", *_lines(table, [(row.name, None) for row in table.rows], columns)]
    )


def wrapped(texts: Iterable[str]) -> Iterator[str]:
    """Sentences, each on lines of its own."""
    for text in texts:
        yield from textwrap.wrap(text, WIDTH, break_on_hyphens=False)


def number(value: float | None, digits: int, sign: str = "") -> str:
    """A number with the papers' decimals.

    Example:
        >>> number(0.9744, 3), number(-0.0001, 3, "+"), number(None, 2), number(1234567.0, 2)
        ('0.974', '0.000', '–', '1.23e+06')
    """
    if value is None:
        return EMPTY
    if abs(value) >= 1e5:
        return f"{value:{sign}.3g}"
    text = f"{value:{sign}.{digits}f}"
    return text if text.strip("+-0.") else text.lstrip("+-")


def _spread(table: BenchmarkTable) -> str:
    return f"mean ± SD over {table.seeds} seeds" if table.seeds > 1 else "one seed"


def _label(row: BenchmarkRow) -> str:
    if row.source is not None:
        return cited(row.source)
    return "no paper on this split" if row.elsewhere else "no paper"


def _column(table: BenchmarkTable, c: int) -> list[str]:
    """Head and count, then two texts a row; numbers stand under numbers, differences under spreads."""
    cells = [row.cells[c] for row in table.rows]
    ours, spreads = _ours(cells, table.digits)
    papers = [number(cell.paper, table.digits) for cell in cells]
    differences = ["" if cell.paper is None else number(cell.difference, table.digits, "+") for cell in cells]
    size = max(map(len, (*ours, *papers)))
    bang = "!" if any(cell.fails for cell in cells) else ""
    side = max(map(len, (*spreads, *differences)))
    marks = max(len(cell.mark) for cell in cells)
    texts = []
    for i, cell in enumerate(cells):
        first = f"{ours[i]:>{size}}{' ' * len(bang)} {spreads[i] + cell.mark:<{side + marks}}"
        sign = bang if cell.fails else " " * len(bang)
        texts += [first, f"{papers[i]:>{size}}{sign} {differences[i]:>{side}}{' ' * marks}"]
    return [*_head(table, c, size + len(bang) + 1 + side, marks), *texts]


def _brief_column(table: BenchmarkTable, c: int) -> list[str]:
    cells = [row.cells[c] for row in table.rows]
    ours, spreads = _ours(cells, table.digits)
    papers = [number(cell.paper, table.digits) for cell in cells]
    sizes = [max(map(len, texts)) for texts in (ours, spreads, papers)]
    texts = [
        f"{mean:>{sizes[0]}}{spread:<{sizes[1]}} {paper:>{sizes[2]}}"
        for mean, spread, paper in zip(ours, spreads, papers, strict=True)
    ]
    return [*_head(table, c, sum(sizes) + 1, 0), *texts]


def _ours(cells: Sequence[BenchmarkCell], digits: int) -> tuple[list[str], list[str]]:
    spreads = ["" if cell.spread is None else f"±{number(cell.spread, digits)}" for cell in cells]
    return [number(cell.mean, digits) for cell in cells], spreads


def _head(table: BenchmarkTable, c: int, width: int, marks: int) -> list[str]:
    heads = region_name(REGIONS[c]), f"n = {table.counts[c]:,}"
    return [f"{text:>{width}}{' ' * marks}" for text in heads]


def _lines(
    table: BenchmarkTable, labels: Sequence[tuple[str, str | None]], columns: Sequence[list[str]]
) -> Iterator[str]:
    """Two lines of heads, a rule, and every row behind its name; a long name goes on over a line of its own."""
    sizes = [max(map(len, column)) for column in columns]
    longest = max(len(text) for name, label in labels for text in (name, f"  {label}"))
    wide = (gap for gap in _GAPS if longest + sum(sizes) + gap * len(sizes) <= WIDTH)
    gap = next(wide, min(_GAPS))
    room = max(_NAME, WIDTH - sum(sizes) - gap * len(sizes))
    folded = [(_folded(name, room), label and _folded(f"  {label}", room)) for name, label in labels]
    name = max(len(line) for pair in folded for lines in pair for line in lines or ())
    texts = [
        "".join(" " * gap + t.rjust(s) for t, s in zip(line, sizes, strict=True))
        for line in zip(*columns, strict=True)
    ]
    yield from (f"{'':<{name}}{text}".rstrip() for text in texts[:2])
    yield "─" * (name + sum(sizes) + gap * len(sizes))
    rest = iter(texts[2:])
    for pair in folded:
        for lines in pair:
            if lines is not None:
                first, *more = lines
                yield f"{first:<{name}}{next(rest)}".rstrip()
                yield from more


def _folded(name: str, room: int) -> list[str]:
    indent = " " * (len(name) - len(name.lstrip()) + 2)
    return textwrap.wrap(name, room, subsequent_indent=indent, break_on_hyphens=False)
