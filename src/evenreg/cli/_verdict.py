"""From the facts of a label distribution to what a person should do: rules, asked in this order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from evenreg.cli._label_facts import Outliers, Spike
from evenreg.cli._number_text import percent, ratio_text, rows_of

# A factor of 3 between the densities around typical and rare rows is what chance makes of 60 even labels.
EVEN_RATIO, EVEN_RANGE = 3.0, 0.1
LEAST_BINS = 5
# Of 30 rows ten are held out for testing: the least that an error can be told from.
SCARCE_ROWS, SCARCE_RANGE = 30, 0.2
MILD_RATIO, MILD_RANGE = 10.0, 0.3


@final
@dataclass(frozen=True)
class Verdict:
    """What to make of a label distribution.

    Attributes:
        kind: ``classes`` (two values), ``coarse`` (bins too wide to tell), ``outliers`` (look at them first),
            ``even`` (do nothing), ``scarce`` (collect data) or ``imbalanced`` (compare).
        text: Why, and what to do, in plain words.
        command: A command to go on with; empty where none makes sense.
    """

    kind: str
    text: str
    command: str = ""


@final
@dataclass(frozen=True)
class Evidence:
    """What a verdict rests on.

    Attributes:
        distinct: Different values.
        bins: Bins they were counted in.
        density_ratio: See `evenreg.cli._label_facts.density_ratio`.
        few_rows: Rows in few-shot bins.
        medium_rows: Rows in medium-shot bins.
        rare_range: Share of the label range that is few-shot or empty, 0 to 1.
        medium_range: Share of the label range that is medium-shot, 0 to 1.
        rare_where: The few-shot and empty stretches, in words.
        spikes: Exact values that hold far more rows than their neighbours, the highest first.
        outliers: Labels far from all others, if any.
        log_helps: Whether labels are positive and skewed.
    """

    distinct: int
    bins: int
    density_ratio: float
    few_rows: int = 0
    medium_rows: int = 0
    rare_range: float = 0.0
    medium_range: float = 0.0
    rare_where: str = ""
    spikes: Sequence[Spike] = ()
    outliers: Outliers | None = None
    log_helps: bool = False


def judge(seen: Evidence, command: str = "") -> Verdict:
    """The verdict on labels.

    Args:
        seen: What is known of them.
        command: A ``compare`` command for their table; empty where there is none.

    Example:
        >>> judge(Evidence(distinct=500, bins=50, density_ratio=1.4)).kind
        'even'
    """
    if seen.distinct == 2:
        return Verdict(
            "classes",
            "The target takes two values only: this is classification. Use a classifier, with class weights "
            "if one of them is rare.",
        )
    if seen.bins < LEAST_BINS and seen.distinct > seen.bins:
        return Verdict(
            "coarse",
            f"Nothing can be told from {seen.bins} {'bin' if seen.bins == 1 else 'bins'} for "
            f"{seen.distinct:,} different values: take a smaller --bin-width, or leave it to the rule.",
        )
    if seen.outliers:
        return Verdict("outliers", _outliers(seen.outliers))
    if seen.density_ratio < EVEN_RATIO and seen.rare_range < EVEN_RANGE:
        return Verdict("even", _spike(seen) + _EVEN)
    if seen.few_rows < SCARCE_ROWS and seen.rare_range >= SCARCE_RANGE:
        return Verdict("scarce", _spike(seen) + _scarce(seen) + _log(seen), command)
    return Verdict("imbalanced", _spike(seen) + _imbalanced(seen) + _log(seen), command)


_EVEN = (
    "Do nothing about imbalance: labels are about equally frequent over their range. If predictions are "
    "pulled towards the middle all the same, that is noise in the data, which no weighting cures."
)


def _outliers(found: Outliers) -> str:
    verb, them, they = ("lies", "it", "it is") if found.rows == 1 else ("lie", "them", "they are")
    return (
        f"Look at {rows_of(found.rows)} first: {found.where} {verb} beyond an empty "
        f"{percent(found.gap_share)} of the range. A slip, or another unit? Correct or remove {them} and "
        f"diagnose again: bins, regions and weights mean little with {them} in. If {they} real, rows like "
        f"{them} are what to collect."
    )


def _extent(seen: Evidence) -> str:
    if seen.rare_range and not seen.few_rows:
        return f"{percent(seen.rare_range)} of the label range is empty"
    if seen.rare_range:
        return (
            f"{percent(seen.rare_range)} of the label range is few-shot or empty and rests on "
            f"{rows_of(seen.few_rows)}"
        )
    return (
        f"{percent(seen.medium_range)} of the label range is medium-shot and rests on "
        f"{rows_of(seen.medium_rows)}"
    )


def _scarce(seen: Evidence) -> str:
    if seen.few_rows:
        why = ", too few to learn from and to test on, whatever the weights"
        read = "its few-shot column with the spread"
    else:
        why = "; nothing can be learned or tested there, whatever the weights"
        read = "it with the spread"
    return (
        f"Collect data: {_extent(seen)}{why}. Every further row at {seen.rare_where} helps more than a method. "
        f"A comparison tells what can be had until then; read {read}."
    )


def _imbalanced(seen: Evidence) -> str:
    mild = seen.density_ratio < MILD_RATIO and seen.rare_range < MILD_RANGE
    return (
        f"The target is {'mildly' if mild else 'clearly'} imbalanced: near the rarest 1 % of rows labels "
        f"are {ratio_text(seen.density_ratio)} times rarer than near the typical row; {_extent(seen)}. That "
        "is a risk, not yet a harm: compare shows whether rare labels are predicted worse for it, and what a "
        "remedy costs where data is plentiful."
    )


def _log(seen: Evidence) -> str:
    if not seen.log_helps:
        return ""
    return (
        " Labels are positive and skewed: where errors matter in proportion to the label, a logarithm may do "
        "as much as any weighting, and has its row in the comparison."
    )


def _spike(seen: Evidence) -> str:
    """Advice on the one spike that half of all rows sit in, before the rest."""
    if not seen.spikes or seen.spikes[0].share < 0.5:
        return ""
    value = f"{seen.spikes[0].value:g}"
    return (
        f"{percent(seen.spikes[0].share)} of rows are exactly {value}: two questions in one. First try a "
        f"classifier for 'is it {value}?' and a regression on the other rows. "
    )
