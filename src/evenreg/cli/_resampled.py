"""What ``evenreg resample`` found: the table, where its rows come from, and a short report."""

import shlex
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

_HEAD = ("", "labels", "before", "dropped", "repeated", "made", "after")
_WIDTH = 100
_LEFT = (0, 1)


@final
class RegionCounts(NamedTuple):
    """Rows of a stretch of the label range before and after; a row made counts where its seed lies.

    Attributes:
        low: Smallest label before, label units.
        high: Largest label before.
        rare: Whether the labels are rare.
        before: Rows before.
        dropped: Rows left out.
        repeated: Rows that are there once more.
        made: Rows made up.
    """

    low: float
    high: float
    rare: bool
    before: int
    dropped: int
    repeated: int
    made: int

    @property
    def after(self) -> int:
        """Rows after."""
        return self.before - self.dropped + self.repeated + self.made


@final
@dataclass(frozen=True, eq=False)
class Resampled:
    """A resampled table; ``print`` it for a short report.

    Attributes:
        frame: The rows: the input's columns and types (and the synthetic column where one was asked for), first the
            rows kept, then those repeated or made, then those held out.
        synthetic: ``(n,)`` whether a row was made up; repeated ones are not.
        sample_indices: ``(n,)`` the row of the input, counted from 0, that each row is or was made from.
        regions: Counts from the lowest labels to the highest; empty where no label is rare or all are.
        total: Counts of all rows that were resampled.
        target: Name of the target column.
        source: Name of the file, or "the DataFrame".
        method: The words.
        seed: Of all that was drawn.
        rule: What says which labels are rare.
        copied: Columns that rows made take over unchanged.
        like_ids: Columns that differ in every row, as ids do, and had their part in what was made.
        unlabelled: Rows left out because their target was missing.
        held_out: Rows that were not resampled because the split says val or test.
    """

    frame: "pd.DataFrame"
    synthetic: NDArray[np.bool_]
    sample_indices: NDArray[np.int64]
    regions: tuple[RegionCounts, ...]
    total: RegionCounts
    target: str
    source: str
    method: str
    seed: int
    rule: str
    copied: tuple[str, ...] = ()
    like_ids: tuple[str, ...] = ()
    unlabelled: int = 0
    held_out: int = 0
    before: Mapping[str, int] = field(init=False)
    after: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        for name in ("before", "after"):
            counts = {"all": getattr(self.total, name)}
            if self.regions:
                for kind in ("rare", "frequent"):
                    mine = [getattr(r, name) for r in self.regions if r.rare == (kind == "rare")]
                    counts[kind] = sum(mine)
            object.__setattr__(self, name, counts)

    def __str__(self) -> str:
        rows = self._rows()
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(
                cell.ljust(w) if i in _LEFT else cell.rjust(w)
                for i, (cell, w) in enumerate(zip(row, widths, strict=True))
            )
            for row in rows
        ]
        notes = [textwrap.fill(note, _WIDTH, break_on_hyphens=False) for note in self._notes()]
        return "\n".join([self._headline(), "", *map(str.rstrip, lines), "", *notes])

    def __repr__(self) -> str:
        return f"Resampled({self._headline()})"

    def _repr_html_(self) -> str:
        from evenreg._html import Html, html, html_notes, html_page, html_said, html_table

        return html_page(
            html_said(Html(f"<b>{html(self._headline())}</b>")),
            html_table(self._rows(), left=_LEFT),
            html_notes(self._notes()),
        )

    def _headline(self) -> str:
        return (
            f"{self.target} of {self.source} by {self.method}, seed {self.seed}: {self.total.before:,} rows before, "
            f"{self.total.after:,} after, {self.total.made:,} of them synthetic"
        )

    def _rows(self) -> list[tuple[str, ...]]:
        named = [("rare" if region.rare else "frequent", region) for region in self.regions]
        return [
            _HEAD,
            *(
                (name, f"{r.low:,.6g} to {r.high:,.6g}", *(f"{n:,}" for n in (*r[3:], r.after)))
                for name, r in [*named, ("all", self.total)]
            ),
        ]

    def _notes(self) -> list[str]:
        notes = [f"Rare: {self.rule}."]
        if self.copied:
            notes.append(
                f"Rows made have {', '.join(map(repr, self.copied))} of the row they were made from."
            )
        if self.like_ids:
            told, first = ", ".join(map(repr, self.like_ids)), shlex.quote(self.like_ids[0])
            notes.append(
                f"No two rows agree in {told}: of an id no blend makes sense, take it over with --copy {first}."
            )
        if self.unlabelled:
            notes.append(f"{self.unlabelled:,} rows without a target were left out.")
        if self.held_out:
            notes.append(f"{self.held_out:,} rows of val and test went through as they are, at the end.")
        else:
            notes.append("Train on this table only; test on rows that were taken away before it was made.")
        return notes
