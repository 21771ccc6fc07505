"""What stands below our numbers beside the papers'."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from evenreg.cli._published_match import cited, other_arguments
from evenreg.evaluation import published

if TYPE_CHECKING:
    from evenreg.cli._benchmark_table import BenchmarkTable

_SPLITS = {
    "dir": "the split of Yang et al. 2021",
    "ranksim": "RankSim's own split",
    "vir": "VIR's own split",
    "unknown": "a split that is not told",
    "subsampled": "a part of the training rows",
    "skewed-test": "test rows distributed as the training rows",
}


def table_notes(table: "BenchmarkTable") -> Iterator[str]:
    """What the marks and dashes of a table mean, and what to know of the papers' rows in it."""
    yield from _marks(table)
    yield from _failing(table)
    yield from _elsewhere(table)
    taken = {
        row.name: row.source.source for row in table.rows if row.source and "own" not in row.source.source
    }
    if taken:
        told = "; ".join(f"{name} from {source}" for name, source in taken.items())
        yield f"Numbers that a paper took from another: {told}."
    other: dict[str, list[str]] = {}
    for row in table.rows:
        for word in other_arguments(row.source, row.method) if row.source else ():
            other.setdefault(word, []).append(row.name)
    for word, names in other.items():
        yield f"Trained with other arguments than the paper's {word} (in its units): {', '.join(names)}."
    zero = table.counts[0] - sum(table.counts[1:])
    if zero:
        rows = "test row, whose label has" if zero == 1 else "test rows, whose labels have"
        yield f"{zero:,} {rows} no training rows nearby (zero-shot), {'is' if zero == 1 else 'are'} in All alone."


def _marks(table: "BenchmarkTable") -> Iterator[str]:
    comparison = table.comparison
    if comparison is None:
        yield "Nothing is marked: " + (
            "no row is vanilla, which the others are held against; add it to the rows."
            if table.metric == table.main
            else f"only the {table.main.upper()} is tested."
        )
    elif comparison.note is not None:
        yield comparison.note
    elif comparison.rows:
        yield f"{comparison.legend} Differences from the papers are not tested."


def _failing(table: "BenchmarkTable") -> Iterator[str]:
    told = [
        f"{row.name} {check.implied:.{table.digits}f}"
        for row in table.rows
        for check in published(table.benchmark).identity()
        if row.cells[0].fails
        and check.row is row.source
        and check.metric == table.metric
        and not check.bracketed
    ]
    if told:
        yield (
            "! the paper's overall error is not the mean of those of its shots, weighted by their test rows: a "
            f"misprint, or cells of different runs; the shots give {', '.join(told)}."
        )


def _elsewhere(table: "BenchmarkTable") -> Iterator[str]:
    """Rows that the papers have on other splits alone, by split and table."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in table.rows:
        if row.elsewhere:
            first = row.elsewhere[0]
            found.setdefault((first.split, cited(first)), []).append(row.name)
    for (split, where), names in found.items():
        yield (
            f"Printed on {_SPLITS.get(split, 'another split')} alone ({where}), other rows than these, and therefore "
            f"not beside ours: {', '.join(names)}."
        )
