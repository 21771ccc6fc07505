"""Which row of the papers stands beside a row that was trained."""

import re
from dataclasses import replace
from typing import NamedTuple, final

from evenreg._words import WORDS, parse
from evenreg.evaluation import PublishedRow, PublishedTable

# As they came out.
_PAPERS = {
    "000": "Yang et al. 2021",
    "002": "Ren et al. 2022",
    "003": "Gong et al. 2022",
    "001": "Pu et al. 2025",
}

# Arguments by which a recipe does what the papers' released code did, and of which the papers say nothing.
_AS_RELEASED = {
    "fds": ("start_update", "start_smooth", "statistics", "variance_ratio"),
    "inv": ("clip", "smooth"),
    "sqinv": ("clip", "smooth"),
    "ranksim": ("weight",),
    "huber": ("beta",),
    "smogn": ("relevance",),
    "smoter": ("relevance",),
}


@final
class PublishedMatch(NamedTuple):
    """What the papers print for a row.

    Attributes:
        row: The row to stand beside ours; None where no paper has one on this split.
        elsewhere: Then its rows on other splits, the first choice first. They were trained and tested on other rows:
            no number of theirs may stand beside ours.
    """

    row: PublishedRow | None
    elsewhere: tuple[PublishedRow, ...]


def published_match(
    table: PublishedTable, name: str, method: str, metric: str, split: str = "dir"
) -> PublishedMatch:
    """The published row of a method.

    Of the rows on this split that hold the metric, those whose method, `as_printed`, is found by
    `PublishedTable.find`; else, as a recipe may add arguments that say how a paper's numbers came about, those of the
    same words that are printed under the same name. Of several, as papers print each other's numbers again: numbers of
    the paper's own before those it took from another, then the oldest paper, then its first table, which is its main
    one.

    Args:
        table: From `evenreg.evaluation.published`.
        name: Name of our row; case does not matter.
        method: What it trains, in the words of a method.
        metric: ``mse``, ``mae``, ``gm``, ``bmae``, ``pearson`` or ``spearman``.
        split: Which rows were trained and tested on; ``dir`` is the split of Yang et al. 2021.

    Example:
        >>> from evenreg.evaluation import published
        >>> row, _ = published_match(published("agedb-dir"), "SQINV + LDS", "sqinv + lds(boundary=reflect)", "mae")
        >>> row.paper, row.table, row.value("mae", "few")
        ('000', '2', 10.89)
        >>> row, others = published_match(published("sts-b-dir"), "INV + RankSim", "inv + ranksim", "mse")
        >>> row, {other.split for other in others}
        (None, {'ranksim'})
    """
    named = [
        row
        for row in table.find(re.sub(r"\([^()]*\)", "", method))
        if row.name.casefold().split() == name.casefold().split()
    ]
    there: list[PublishedRow] = []
    elsewhere: list[PublishedRow] = []
    for rows in (table.find(as_printed(method)), named):
        held = [row for row in rows if row.kind == "score" and row.value(metric) is not None]
        there = there or [row for row in held if row.split == split]
        elsewhere = elsewhere or [row for row in held if row.split != split]

    def rank(row: PublishedRow) -> tuple[bool, int, int]:
        return not _own(row, metric), list(_PAPERS).index(row.paper), int(row.table)

    if there:
        return PublishedMatch(min(there, key=rank), ())
    return PublishedMatch(None, tuple(sorted(elsewhere, key=rank)))


def as_printed(method: str) -> str:
    """A method without what only the released code tells of it.

    Example:
        >>> as_printed("sqinv(smooth=powered) + lds(size=9, kernel=folded_gaussian) + fds(statistics=extra_pass)")
        'sqinv + lds(size=9) + fds'
    """
    plain, words = [], parse(method)
    if any(word.role == "balanced" for word in words):
        words = [word for word in words if word.name != "rrt"]  # Ren et al. print the loss alone
    for word in words:
        defaults = {name: argument.default for name, argument in WORDS[word.name][1].items()}
        said = {k: v for k, v in word.args.items() if k not in _AS_RELEASED.get(word.name, ())}
        if said.get("kernel") == "folded_gaussian":  # the papers print a Gaussian
            del said["kernel"]
        plain.append(str(replace(word, args={**defaults, **said})))
    return " + ".join(plain)


def cited(*rows: PublishedRow) -> str:
    """Where rows stand, paper by paper.

    Example:
        >>> from evenreg.evaluation import published
        >>> rows = published("sts-b-dir").rows
        >>> cited(rows[0]), cited(rows[0], *published("sts-b-dir").find("l1 + fds"))
        ('Yang et al. 2021, Table 3', 'Yang et al. 2021, Tables 3 and 15')
    """
    told = []
    for paper, name in _PAPERS.items():
        tables = sorted({int(row.table) for row in rows if row.paper == paper})
        if tables:
            *first, last = map(str, tables)
            told.append(
                f"{name}, Table{'s' if first else ''} {' and '.join([', '.join(first), last][not first :])}"
            )
    return "; ".join(told)


def other_arguments(row: PublishedRow, method: str) -> list[str]:
    """The words of a published row that state arguments which ours do not have.

    Example:
        >>> from evenreg.evaluation import published
        >>> row, _ = published_match(published("agedb-dir"), "", "sqinv + ranksim", "mae")
        >>> other_arguments(row, "sqinv + ranksim"), other_arguments(row, "sqinv + ranksim(gamma=100, weight=1)")
        (['ranksim(gamma=100)'], [])
    """
    ours = {word.name: word.args for word in parse(method)}
    return [
        str(word)
        for word in parse(row.method)
        if any(
            value != WORDS[word.name][1][key].default and ours.get(word.name, {}).get(key) != value
            for key, value in word.args.items()
        )
    ]


def _own(row: PublishedRow, metric: str) -> bool:
    """Whether the paper took this metric's numbers from no other: ``own``, or ``own, mae of Yang et al. 2021``."""
    return row.source == "own" or (row.source.startswith("own, ") and f", {metric} of" not in row.source)
