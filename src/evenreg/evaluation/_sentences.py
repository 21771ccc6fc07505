"""What a comparison says, in one sentence."""

from evenreg import _check
from evenreg.evaluation._comparison import Comparison, Difference
from evenreg.evaluation._numbers import short
from evenreg.evaluation._result_table import COLUMN_NAMES

TAIL = ("zero", "few", "medium")
"""Where labels are rare, rarest first."""
ENOUGH = 5
"""Below this many seeds, Student's t lets only differences of some ten standard errors pass."""


def tradeoff_sentence(comparison: Comparison, row: str | None = None, *, metric: str = "MAE") -> str:
    """What a row gains on rare labels and what that costs on frequent ones, or that nothing here helps.

    Where no row is better than the reference beyond noise on Medium, Few or Zero, the advice is to do
    nothing, whichever row was asked for: a gain not told from noise is no reason to change a model.

    Args:
        comparison: From `compare_to_reference`.
        row: The row to speak of, for instance the one chosen on validation; None, or the reference itself,
            takes the row that gains most, beyond noise, on the rarest labels.
        metric: How the errors are called.

    Raises:
        UnknownNameError: No row of that name.

    >>> import numpy as np
    >>> from evenreg.evaluation import compare_to_reference
    >>> rng = np.random.default_rng(0)
    >>> vanilla = rng.gamma(2, 1, (3, 60))
    >>> errors = {"vanilla": vanilla, "sqinv": vanilla - 0.5 + rng.normal(0, 0.1, (3, 60))}
    >>> tradeoff_sentence(compare_to_reference(errors, ["many"] * 40 + ["few"] * 20))
    'sqinv against vanilla: Few MAE 1.99 -> 1.49 (-25 %, beyond noise), Many 1.85 -> 1.36 (-27 %, beyond noise).'
    """
    if row == comparison.reference:
        row = None
    if row is not None:
        _check.known(row, comparison.rows, "compared row")
    gains = [d for d in comparison.differences if d.region in TAIL and d.verdict == "better"]
    if not comparison.rows:
        return f"There is no row beside {comparison.reference}, so there is nothing to compare."
    if comparison.seeds == 1:
        return _unknown(comparison, row, metric)
    if not any(region in TAIL for region in comparison.regions):
        return f"No test row has a rare label, so there is nothing to gain: keep {comparison.reference}."
    if not gains:
        return _nothing(comparison, row, metric)
    if row is None:
        rarest = min((d.region for d in gains), key=TAIL.index)
        row = min((d for d in gains if d.region == rarest), key=lambda d: d.difference).row
    first, *others = _shown(comparison, row)
    told = ", ".join([_part(first, metric), *(_part(d) for d in others)])
    return f"{row} against {comparison.reference}: {told}."


def _shown(comparison: Comparison, row: str) -> list[Difference]:
    """Tail regions first (Few and Zero, else Medium), then the head (Many, else Medium, else All)."""
    present = comparison.regions
    tail = [region for region in ("few", "zero") if region in present] or ["medium"] * ("medium" in present)
    head = next(region for region in ("many", "medium", "all") if region in present and region not in tail)
    return [comparison[row, region] for region in (*tail, head)]


def _part(d: Difference, metric: str = "") -> str:
    noise = "noise unknown" if d.p is None else "beyond noise" if d.verdict else "not beyond noise"
    return f"{_change(d, metric)} ({_percent(d)}{noise})"


def _change(d: Difference, metric: str = "") -> str:
    return (
        f"{COLUMN_NAMES[d.region]} {metric}{' ' * bool(metric)}{short(d.reference_mean)} -> {short(d.mean)}"
    )


def _percent(d: Difference) -> str:
    if d.reference_mean == 0:
        return ""
    percent = 100 * d.difference / d.reference_mean
    return f"{percent:+.0f} %, " if abs(percent) >= 10 else f"{percent:+.1f} %, "


def _unknown(comparison: Comparison, row: str | None, metric: str) -> str:
    advice = "run at least 3 seeds before changing anything"
    if row is None:
        return f"One seed cannot tell a gain over {comparison.reference} from noise: {advice}."
    first, *others = _shown(comparison, row)
    told = ", ".join([_change(first, metric), *(_change(d) for d in others)])
    return (
        f"{row} against {comparison.reference}: {told}, but one seed cannot tell that from noise: {advice}."
    )


def _nothing(comparison: Comparison, row: str | None, metric: str) -> str:
    """The advice to keep the reference; the row asked for and one that is better elsewhere are named."""
    name = comparison.reference
    elsewhere = [d for d in comparison.differences if d.region not in TAIL and d.verdict == "better"]
    if not elsewhere:
        few = f", or run {ENOUGH} seeds: {comparison.seeds} can tell only large gains from noise"
        advice = f"keep {name} (do nothing){few if comparison.seeds < ENOUGH else ''}"
        # A row chosen on validation stands right above: without its name this would read as a contradiction.
        asked = f", {row} included," if row else ""
        return f"Nothing here{asked} beats {name} beyond noise where labels are rare: {advice}."
    best = min(elsewhere, key=lambda d: (d.region != "all", d.difference))
    return (
        f"Nothing here beats {name} beyond noise where labels are rare (Medium, Few, Zero); "
        f"{best.row} is better elsewhere: {_part(best, metric)}."
    )
