"""One row of a table of a paper, cell by cell."""

from dataclasses import dataclass
from typing import NamedTuple, final


@final
class PublishedCell(NamedTuple):
    """One number of a table of a paper.

    Attributes:
        metric: ``mae``, ``mse``, ``gm``, ``bmae``; ``pearson`` and ``spearman`` in per cent; ``group_accuracy`` in
            per cent; ``mae_true_group`` and ``gm_true_group`` where the true group chooses the expert.
        region: ``all``, ``many``, ``medium``, ``few``, ``zero``, ``interpolation``, ``extrapolation``, or ``with_data``
            (all regions that training rows lie in).
        value: The number, as printed.
        alternative: The one that stands beside it in brackets, or None.
        note: What there is to know of it; ``"Yang et al. 2021 Table 9: 4.50"`` is another number printed there for
            the same.
    """

    metric: str
    region: str
    value: float
    alternative: float | None = None
    note: str = ""


@final
@dataclass(frozen=True)
class PublishedRow:
    """One row of a table of a paper.

    Attributes:
        paper: ``000`` Yang et al. 2021, ``001`` Pu et al. 2025, ``002`` Ren et al. 2022, ``003`` Gong et al. 2022.
        table: The number of its table there.
        name: The row as printed, without citations, the section it stands in before it.
        method: The same in the words of a method, empty where there are none. Arguments are those that the paper
            states and that are not the word's default; units are the paper's. The benchmark's own cost is left out.
        split: Which rows were trained and tested on: ``dir`` is the split of Yang et al. 2021.
        source: ``own``, or the paper that the numbers were taken from.
        kind: ``score``, or ``gain`` for a difference between rows.
        cells: Its numbers, in the order of the columns.
    """

    paper: str
    table: str
    name: str
    method: str
    split: str
    source: str
    kind: str
    cells: tuple[PublishedCell, ...]

    @property
    def metrics(self) -> tuple[str, ...]:
        """Its metrics, in the order of the columns."""
        return tuple(dict.fromkeys(cell.metric for cell in self.cells))

    def value(self, metric: str, region: str = "all", *, bracketed: bool = False) -> float | None:
        """One number, or None where the paper prints none.

        Args:
            metric: As in `PublishedCell`.
            region: Likewise.
            bracketed: The number in brackets in place of the one before them.

        Example:
            >>> row = PublishedRow("000", "9", "VANILLA", "vanilla", "dir", "own", "score",
            ...                    (PublishedCell("mae", "few", 13.67),))
            >>> row.value("mae", "few"), row.value("mae", "few", bracketed=True)
            (13.67, None)
        """
        for cell in self.cells:
            if (cell.metric, cell.region) == (metric, region):
                return cell.alternative if bracketed else cell.value
        return None
