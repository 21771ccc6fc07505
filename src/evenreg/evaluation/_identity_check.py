"""Whether a printed overall error is the mean of the printed errors of the regions, weighted by their test rows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import final

from evenreg.evaluation._published_row import PublishedRow

Counts = tuple[int, int, int]

_SHOTS = ("many", "medium", "few")
# Errors that are means over test rows. A geometric mean or a correlation of all rows is none of its parts' means.
_MEANS = ("mae", "mse")
# Rounding of All and of the three shots moves All by at most one unit of the last digit. Means over seeds keep the
# identity, and are a second rounding where a log of rounded numbers is averaged.
_UNITS = 2


@final
@dataclass(frozen=True)
class IdentityCheck:
    """One number for all test rows against what the numbers of their regions imply.

    ``All = sum_s n_s error_s / sum_s n_s`` holds for a mean error of test rows, and for its mean over seeds. Where it
    fails, the row is not one run, or one mean of runs, on these test rows: a misprint, cells of different runs, another
    split. Which cell is wrong it cannot say.

    Attributes:
        row: The row of the paper.
        metric: ``mae`` or ``mse``.
        bracketed: Whether the numbers are those in brackets.
        printed: The number for all rows.
        implied: What many, medium and few imply, of several known splits on the one that is nearest.
        holds: Whether ``implied``, rounded as the paper rounds, is within two units of the last printed digit.
    """

    row: PublishedRow
    metric: str
    bracketed: bool
    printed: float
    implied: float
    holds: bool


def check_identity(
    row: PublishedRow, counts: Mapping[str, tuple[Counts, ...]], digits: int
) -> Iterator[IdentityCheck]:
    """Check every mean error of a row whose split has known counts.

    Args:
        row: The row of the paper.
        counts: Test rows of many, medium and few shots by split; several where either may be meant.
        digits: Decimals that the paper prints.

    Example:
        >>> from evenreg.evaluation import published
        >>> (row,) = published("agedb-dir").find("smoter", table="2")
        >>> (check,) = check_identity(row, {"dir": ((1530, 448, 162),)}, digits=2)
        >>> check.printed, round(check.implied, 2), check.holds
        (8.16, 8.02, False)
    """
    if row.kind != "score" or row.split not in counts:
        return
    for metric in _MEANS:
        for bracketed in (False, True):
            printed = row.value(metric, "all", bracketed=bracketed)
            shots = [row.value(metric, shot, bracketed=bracketed) for shot in _SHOTS]
            known = [shot for shot in shots if shot is not None]
            if printed is not None and len(known) == len(_SHOTS):
                implied = _nearest([_mean(known, count) for count in counts[row.split]], printed)
                units = abs(round(implied * 10**digits) - round(printed * 10**digits))
                yield IdentityCheck(row, metric, bracketed, printed, implied, units <= _UNITS)


def _nearest(values: list[float], to: float) -> float:
    return min(values, key=lambda value: abs(value - to))


def _mean(shots: list[float], count: Counts) -> float:
    return sum(n * shot for n, shot in zip(count, shots, strict=True)) / sum(count)
