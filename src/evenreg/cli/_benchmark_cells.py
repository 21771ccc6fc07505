"""One trained row beside the papers'."""

from dataclasses import dataclass
from typing import Any, final

from evenreg.evaluation import PublishedRow

REGIONS = ("all", "many", "medium", "few")


@final
@dataclass(frozen=True)
class BenchmarkCell:
    """One number of ours and what the paper prints for it, in the papers' units.

    Attributes:
        mean: Mean over seeds; None where the region is empty or the metric undefined.
        spread: Standard deviation over seeds (divisor seeds - 1); None with one seed.
        mark: ``+`` better or ``-`` worse than vanilla beyond noise, ``++`` and ``--`` over the whole table too.
        paper: What the paper prints; None where it prints none.
        fails: Whether that is an overall error that is not the mean of the errors of its regions.
    """

    mean: float | None
    spread: float | None = None
    mark: str = ""
    paper: float | None = None
    fails: bool = False

    @property
    def difference(self) -> float | None:
        """Ours less the paper's; None where either is missing."""
        return None if self.mean is None or self.paper is None else self.mean - self.paper

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "mean": self.mean,
            "sd": self.spread,
            "mark": self.mark,
            "paper": self.paper,
            "paper_fails": self.fails,
            "difference": self.difference,
        }


@final
@dataclass(frozen=True)
class BenchmarkRow:
    """A trained row.

    Attributes:
        name: As in the table.
        method: In the words of a method.
        cells: One a region.
        source: The row of the paper; None where no paper has one on these rows.
        elsewhere: Then its rows on other splits, none of whose numbers is here.
    """

    name: str
    method: str
    cells: tuple[BenchmarkCell, ...]
    source: PublishedRow | None
    elsewhere: tuple[PublishedRow, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Source and regions as plain values for JSON."""
        source = self.source
        told = {"paper": source.paper, "table": source.table, "row": source.name} if source else None
        regions = {region: cell.to_dict() for region, cell in zip(REGIONS, self.cells, strict=True)}
        return {"source": told, **regions}
