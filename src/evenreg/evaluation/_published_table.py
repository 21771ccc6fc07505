"""Every row that the papers print for a benchmark."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import final

from evenreg._words import Word, parse
from evenreg.errors import UnknownNameError
from evenreg.evaluation._identity_check import Counts, IdentityCheck, check_identity
from evenreg.evaluation._published_row import PublishedRow


@final
@dataclass(frozen=True)
class PublishedTable:
    """Every row that the papers print for a benchmark; from `published`.

    Attributes:
        benchmark: Its name.
        cost: The cost that its methods are trained by where none is named.
        rows: All rows, paper by paper, table by table, in printed order.
        counts: Test rows of many, medium and few shots by split, for `identity`.
        digits: Decimals that errors are printed with.
    """

    benchmark: str
    cost: str
    rows: tuple[PublishedRow, ...] = field(repr=False)
    counts: Mapping[str, tuple[Counts, ...]] = field(repr=False, hash=False)
    digits: int = field(repr=False)

    @property
    def tables(self) -> tuple[tuple[str, str], ...]:
        """Paper and number of its tables, in order."""
        return tuple(dict.fromkeys((row.paper, row.table) for row in self.rows))

    def find(
        self, method: str, table: str | None = None, paper: str | None = None
    ) -> tuple[PublishedRow, ...]:
        """Rows of a method.

        Args:
            method: Words of a method. A word without brackets is found whatever its arguments, ``ranksim``; one with
                brackets where all of them are the same, ``ranksim(gamma=100)``. Case and order do not matter.
            table: Number of a table; None is any.
            paper: ``000`` to ``003``; None is any.

        Returns:
            The rows in order, empty where no paper has that method.

        Raises:
            InputError: Words that cannot be read, or stand beside each other.
            UnknownNameError: No such table or paper has rows of this benchmark.

        Example:
            >>> from evenreg.evaluation import published
            >>> table = published("agedb-dir")
            >>> len(table.find("RankSim + SQINV", table="10"))
            21
            >>> [row.value("mae") for row in table.find("sqinv + ranksim(gamma=100)", table="10")]
            [6.91, 6.91]
        """
        words = _without(self.cost, parse(method))
        exact = {name.lower().replace("_", "-") for name in re.findall(r"([\w-]+)\s*\(", method)}
        for asked, column, what in ((table, 1, "table"), (paper, 0, "paper")):
            there = list(dict.fromkeys(key[column] for key in self.tables))
            if asked is not None and asked not in there:
                raise UnknownNameError(
                    f"{self.benchmark}: no {what} {asked!r} has rows of it; expected one of {', '.join(there)}."
                )
        return tuple(
            row
            for row in self.rows
            if row.method
            and table in (None, row.table)
            and paper in (None, row.paper)
            and _found(words, exact, _without(self.cost, _parsed(row.method)))
        )

    @cached_property
    def _checks(self) -> tuple[IdentityCheck, ...]:
        return tuple(check for row in self.rows for check in check_identity(row, self.counts, self.digits))

    def identity(self) -> tuple[IdentityCheck, ...]:
        """Every printed overall error against what its regions imply, where the test rows of those are known.

        Example:
            >>> from evenreg.evaluation import published
            >>> [(check.row.name, check.printed, round(check.implied, 3))
            ...  for check in published("sts-b-dir").identity() if not check.holds and check.metric == "mse"]
            [('VIR', 0.892, 0.812)]
        """
        return self._checks


_parsed = cache(parse)


def _without(cost: str, words: Sequence[Word]) -> list[Word]:
    """Words without the benchmark's own cost, which need not be named."""
    rest = [word for word in words if str(word) not in (cost, f"vanilla({cost})")]
    return rest or list(parse("vanilla"))


def _found(asked: Sequence[Word], exact: set[str], words: Sequence[Word]) -> bool:
    """Whether ``words`` are those asked for; arguments count for the names in ``exact`` alone."""
    return len(asked) == len(words) and all(
        one.name == other.name and (one.name not in exact or one.args == other.args)
        for one, other in zip(asked, words, strict=True)
    )
