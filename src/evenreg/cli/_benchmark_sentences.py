"""What training on a benchmark comes to, and what to know before its numbers are compared with the papers'."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from evenreg.data import BENCHMARKS
from evenreg.evaluation import Evaluation, tradeoff_sentence

if TYPE_CHECKING:
    from evenreg.cli._benchmark_result import BenchmarkResult

_ENCODERS = {"sts-b-dir": "BiLSTM + GloVe", "agedb-dir": "ResNet-50", "imdb-wiki-dir": "ResNet-50"}
_ROWS = {"sts-b-dir": "pairs", "agedb-dir": "images", "imdb-wiki-dir": "images"}


def heading(result: "BenchmarkResult") -> str:
    """What was trained on what."""
    train, validation = result.split or BENCHMARKS[result.benchmark].rows[:2]
    rows, seeds, kind = len(result.methods), result.seeds, _ROWS[result.benchmark]
    subset = "" if result.subset == "dir" else f", {result.subset}"
    return (
        f"{result.benchmark}{subset}: {rows} row{'s' * (rows > 1)}, {seeds} seed{'s' * (seeds > 1)}; encoder: "
        f"{result.encoder}; recipe: {result.recipe}; {train:,} {kind} to train, {validation:,} to validate, "
        f"{len(result.target):,} to test."
    )


def sentences(result: "BenchmarkResult") -> Iterator[str]:
    """Everything below the tables of a benchmark."""
    table = result.table()
    scores = {row: f"{np.mean(values):#.4g}".rstrip(".") for row, values in result.validation.items()}
    beside = "" if result.vanilla in (None, result.best) else f", {result.vanilla} {scores[result.vanilla]}"
    yield f"Chosen on validation: {result.best} ({result.selection} {scores[result.best]}{beside})."
    if result.comparison is not None:
        yield tradeoff_sentence(result.comparison, result.best, metric=result.metric.upper())
    shown = dict.fromkeys(row for row in (result.best, result.vanilla) if row is not None)
    few = {row: result.evaluations[row] for row in shown}
    yield few_note(result.benchmark, few, result.metric, table.digits)
    notes = (
        encoder_note(result.benchmark, result.encoder),
        recipe_note(result.recipe),
        split_note(result.benchmark, result.subset, table.counts)
        if result.subset == "dir" or any(row.source for row in table.rows)
        else None,
    )
    yield from filter(None, notes)
    yield result.evaluations[result.best][0].thresholds + "."
    yield from result.notes
    yield f"{sum(map(sum, result.seconds.values())):,.0f} s of training."


def encoder_note(benchmark: str, encoder: str) -> str | None:
    """What to say where the encoder is another than the papers'; None where it is theirs.

    Example:
        >>> encoder_note("sts-b-dir", "all-MiniLM-L6-v2, frozen")
        "The papers' numbers are of BiLSTM + GloVe, ours of all-MiniLM-L6-v2, frozen: row by row they do not compare."
        >>> encoder_note("agedb-dir", "ResNet-50 from scratch")
    """
    theirs = _ENCODERS[benchmark]
    if _bare(encoder.removesuffix("from scratch")) == _bare(theirs):
        return None
    return f"The papers' numbers are of {theirs}, ours of {encoder}: row by row they do not compare."


def recipe_note(recipe: str) -> str | None:
    """What to say of a recipe class that gains more than methods do; an encoder that was trained before is told anyway.

    Example:
        >>> recipe_note("heavy")
        "The papers' numbers are of light augmentation, ours of heavy: no fair comparison, row by row or otherwise."
        >>> recipe_note("light")
    """
    if recipe != "heavy":
        return None
    return "The papers' numbers are of light augmentation, ours of heavy: no fair comparison, row by row or otherwise."


def _bare(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))


def split_note(benchmark: str, subset: str, counts: Sequence[int]) -> str | None:
    """What to say where ours are other test rows than the papers'; None where many, medium and few have theirs.

    Example:
        >>> split_note("sts-b-dir", "dir", (1000, 775, 175, 50))
        "Not the papers' test rows: 775 / 175 / 50 of many, medium and few shots, the papers' are 756 / 170 / 74."
    """
    facts = BENCHMARKS[benchmark]
    if subset != "dir":
        return f"The papers' numbers are of another draw of {subset}."
    if counts[0] != facts.rows[2]:
        return f"Not the papers' test rows: {counts[0]:,}, the papers' are {facts.rows[2]:,}."
    if facts.test_regions is None or tuple(counts[1:4]) == facts.test_regions:
        return None
    ours, papers = (" / ".join(f"{n:,}" for n in three) for three in (counts[1:4], facts.test_regions))
    return f"Not the papers' test rows: {ours} of many, medium and few shots, the papers' are {papers}."


def few_note(benchmark: str, found: Mapping[str, Sequence[Evaluation]], metric: str, digits: int) -> str:
    """The few-shot error of rows, and what other test rows could give.

    The interval of a seed takes its model as given; over seeds its ends are averaged, which is at least as wide as
    the interval of the mean.

    Args:
        benchmark: Its name.
        found: Name of a row to its evaluations.
        metric: ``mse`` or ``mae``.
        digits: Decimals.
    """
    n = next(iter(found.values()))[0]["few"].n
    if not n:
        return f"Few: no {_ROWS[benchmark]}."
    told = []
    for name, evaluations in found.items():
        scores = [evaluation["few"] for evaluation in evaluations]
        mean = np.mean([score[metric] for score in scores])
        low, high = np.mean([score.interval(metric) for score in scores], axis=0)
        span = "" if np.isnan(low) else f" [{low:.{digits}f}, {high:.{digits}f}]"
        told.append(f"{name} {mean:.{digits}f}{span}")
    return (
        f"Few, on {n:,} {_ROWS[benchmark] if n > 1 else _ROWS[benchmark].removesuffix('s')}: {', '.join(told)} "
        "(in brackets 95 % of what other test rows could give)."
    )
