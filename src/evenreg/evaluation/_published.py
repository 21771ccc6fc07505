"""The numbers that the papers print for a benchmark, read from the package's tables."""

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from itertools import groupby
from typing import Any

from evenreg import _check
from evenreg.evaluation._identity_check import Counts
from evenreg.evaluation._published_row import PublishedCell, PublishedRow
from evenreg.evaluation._published_table import PublishedTable

_AGEDB: tuple[Counts, ...] = ((1530, 448, 162),)
# IMDB-WIKI's are in no paper. Of all counts that sum to its 11,022 test rows these fit the printed numbers best: they
# give 146 of 173 different overall errors within rounding, the next best counts 135.
_IMDB: tuple[Counts, ...] = ((10023, 888, 111),)
_STSB: tuple[Counts, ...] = ((756, 170, 74),)
_STSB_RANKSIM: tuple[Counts, ...] = ((775, 175, 50),)

# Cost, decimals, and test rows of many, medium and few shots by split. Without counts: training or test rows that were
# drawn anew for one table.
_BENCHMARKS: Mapping[str, tuple[str, int, Mapping[str, tuple[Counts, ...]]]] = {
    "agedb-dir": ("l1", 2, {"dir": _AGEDB, "vir": _AGEDB, "unknown": _AGEDB}),
    "imdb-wiki-dir": ("l1", 2, {"dir": _IMDB}),
    "sts-b-dir": ("mse", 3, {"dir": _STSB, "ranksim": _STSB_RANKSIM, "unknown": _STSB + _STSB_RANKSIM}),
}
_ROW = ("paper", "table", "row", "method", "split", "source", "kind")


@cache
def published(benchmark: str) -> PublishedTable:
    """Every row of every table of the four papers for a benchmark.

    The papers are Yang et al. 2021 (LDS, FDS), Pu et al. 2025 (Group-DIR), Ren et al. 2022 (Balanced MSE) and Gong et
    al. 2022 (RankSim); their main tables and those of their appendices. Where two tables print different numbers for
    the same, both are here, and a note says so.

    Rows of different splits do not compare: Gong et al. trained and tested RankSim on another draw of STS-B-DIR
    (``split="ranksim"``) than the rows beside it.

    Args:
        benchmark: ``agedb-dir``, ``imdb-wiki-dir`` or ``sts-b-dir``.

    Raises:
        UnknownNameError: Another name; the nearest is offered.

    Example:
        >>> table = published("imdb-wiki-dir")
        >>> for row in table.find("gai", table="1"):
        ...     print(row.name, row.value("bmae", "few"), row.value("mae", "few"))
        Ours (GAI) 28.14 23.05
        >>> sum(not check.holds for check in table.identity()), len(table.identity())
        (53, 301)
    """
    cost, digits, counts = _BENCHMARKS[_check.known(benchmark, _BENCHMARKS, "benchmark")]
    text = files("evenreg.evaluation").joinpath("published", f"{benchmark}.csv").read_text(encoding="utf-8")
    lines = csv.DictReader(text.splitlines())
    rows = (
        _row(key, list(group)) for key, group in groupby(lines, lambda line: tuple(line[k] for k in _ROW))
    )
    return PublishedTable(benchmark, cost, tuple(rows), counts, digits)


def _row(key: tuple[str, ...], lines: list[dict[str | Any, str | Any]]) -> PublishedRow:
    return PublishedRow(*key, cells=tuple(map(_cell, lines)))


def _cell(line: dict[str | Any, str | Any]) -> PublishedCell:
    alternative = float(line["alternative"]) if line["alternative"] else None
    return PublishedCell(line["metric"], line["region"], float(line["value"]), alternative, line["note"])
