"""A `Diagnosis` as a page of text for a terminal of 100 columns; the same when it is piped."""

import math
import textwrap
from collections.abc import Iterable, Sequence
from itertools import zip_longest

from evenreg.cli._bars import bars
from evenreg.cli._diagnosis import REGIONS, Diagnosis
from evenreg.cli._label_facts import Spike
from evenreg.cli._number_text import (
    count_text,
    edge_step,
    label_text,
    percent,
    ratio_text,
    rows_of,
    span_text,
)

WIDTH = 100
_INDENT = 12


def page(diagnosis: Diagnosis) -> str:
    """The whole report."""
    parts = [
        [headline(diagnosis)],
        [line for name, text in facts(diagnosis) for line in _item(name, text)],
        [*_columns(region_rows(diagnosis), left=(0, 1, 5)), *textwrap.wrap(region_note(diagnosis), WIDTH)],
        _columns(weight_rows(diagnosis), left=(0,)),
        histogram(diagnosis),
        _verdict(diagnosis),
    ]
    return "\n\n".join("\n".join(line.rstrip() for line in part) for part in parts)


def stretch_text(
    stretches: Iterable[tuple[float, float]],
    step: float,
    unit: float,
    *,
    most: int = 3,
    room: int = WIDTH,
) -> str:
    """Where in the label range: the widest stretches, in the order of the axis, as many as fit into ``room``.

    Example:
        >>> stretch_text([(0.5, 2.5), (9.5, 10.5)], step=1.0, unit=1.0)
        '1 to 2, 10'
        >>> stretch_text([(0.5, 2.5), (9.5, 10.5)], step=1.0, unit=1.0, room=8)
        '1 to 2 and 1 more'
    """
    listed = list(stretches)
    shown = sorted(sorted(listed, key=lambda s: s[0] - s[1])[:most])
    text = ", ".join(span_text(low, high, step, unit) for low, high in shown)
    text += f" and {len(listed) - len(shown)} more" if len(listed) > len(shown) else ""
    if len(text) > room and most > 1:
        return stretch_text(listed, step, unit, most=most - 1, room=room)
    return text


def headline(d: Diagnosis) -> str:
    """What was counted."""
    left_out = [
        f"{d.dropped:,} without a label left out" if d.dropped else "",
        f"{d.held_out:,} test rows not counted" if d.held_out else "",
    ]
    more = "; ".join(filter(None, left_out))
    of = f" of {d.source}" if d.source else ""
    return f"{d.target}{of}: {d.space.n:,} rows" + (f" ({more})" if more else "")


def _item(name: str, text: str) -> list[str]:
    body = textwrap.wrap(text, WIDTH - _INDENT, break_long_words=False, break_on_hyphens=False)
    return [f"{head:<{_INDENT}}{line}" for head, line in zip_longest([name], body, fillvalue="")]


def facts(d: Diagnosis) -> list[tuple[str, str]]:
    """What the labels are like, by name."""
    space, step = d.space, _step(d)
    low, high, median = (_value(d, v) for v in (space.low, space.high, d.median))
    mean, std = (label_text(float(v), step / 100) for v in (space.mean[0], space.std[0]))
    populated = space.counts[space.counts > 0]
    gaps = [(gap.low, gap.high) for gap in d.gaps]
    empty = sum(high - low for low, high in gaps) / float(space.bins.edges[-1] - space.bins.edges[0])
    gap_text = f"none wider than {d.regions.gap} bins"
    if gaps:
        where = stretch_text(gaps, edge_step(space.bins.edges), d.unit)
        gap_text = f"{percent(empty)} of the range is empty: {where}"
    return [
        (
            "range",
            f"{low} to {high}; median {median}, mean {mean}, SD {std}; {d.distinct:,} distinct values",
        ),
        ("bins", f"{len(space.bins):,} {'bin' if len(space.bins) == 1 else 'bins'}, {space.bins.rule}"),
        (
            "imbalance",
            f"{ratio_text(d.imbalance)} : 1, {rows_of(int(populated.max()))} in the fullest bin and "
            f"{int(populated.min()):,} in the emptiest populated one",
        ),
        (
            "density",
            f"{ratio_text(d.density_ratio)} : 1, density of labels near the typical row to that near the rarest 1 %",
        ),
        ("gaps", gap_text),
        ("spikes", "; ".join(_spike(d, s) for s in d.spikes[:3]) or "none"),
    ]


def _step(d: Diagnosis) -> float:
    return float(d.space.bins.widths.min())


def _value(d: Diagnosis, value: float) -> str:
    """One label: ages stay whole numbers, others get a digit more than the bins have."""
    on_lattice = d.unit > 0 and abs(value / d.unit - round(value / d.unit)) < 1e-6
    return label_text(value, d.unit if on_lattice else (d.unit or _step(d)) / 10)


def _spike(d: Diagnosis, spike: Spike) -> str:
    text = f"{percent(spike.share)} of rows ({spike.rows:,}) are exactly {spike.value:g}"
    if spike.at_end == "high":
        text += ", the largest label: were values above it cut off?"
    elif spike.at_end == "low" and spike.value != 0:
        text += ", the smallest label: were values below it cut off?"
    return text


def _columns(rows: Sequence[Sequence[str]], left: Sequence[int]) -> list[str]:
    """Cells under each other, two spaces apart; the columns numbered in ``left`` aligned to the left."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(
            f"{cell:<{w}}" if i in left else f"{cell:>{w}}"
            for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]


def region_rows(d: Diagnosis) -> list[tuple[str, ...]]:
    """How much each region holds and where it lies, the head first."""
    many, few = (count_text(t) for t in d.regions.thresholds(d.space))
    held = {"many": f"over {many}", "medium": f"{few} to {many}", "few": f"under {few}", "zero": "none"}
    step = edge_step(d.space.bins.edges)
    rows = [("region", "rows per bin", "rows", "", "of range", "where")]
    for name in REGIONS:
        found = d.by_region[name]
        where = stretch_text(found.stretches, step, d.unit, room=WIDTH - 54) if found.bins else "–"
        share = percent(found.rows / d.space.n)
        rows.append((name, held[name], f"{found.rows:,}", share, percent(found.range_share), where))
    return rows


def region_note(d: Diagnosis) -> str:
    """On how few rows the tail rests."""
    few_rows, outside = d.by_region["few"].rows, d.space.n - d.by_region["many"].rows
    note = (
        f"{f'The tail rests on {rows_of(few_rows)} in few-shot bins' if few_rows else 'No bin is few-shot'}; "
        f"{rows_of(outside)} {'lies' if outside == 1 else 'lie'} outside the many-shot ones. "
        f"Even labels would give {count_text(d.space.n / len(d.space.bins))} rows a bin."
    )
    if d.regions.thresholds(d.space)[1] <= 1:
        note += f" So few that no bin can be few-shot: try --bin-width {_wider(d)}."
    return note


def _wider(d: Diagnosis) -> str:
    """A round bin width that gives ten rows a bin or more."""
    wanted = 10 * float(d.space.bins.edges[-1] - d.space.bins.edges[0]) / d.space.n
    power = 10.0 ** math.floor(math.log10(wanted))
    return f"{next(m * power for m in (1, 2, 5, 10) if m * power >= wanted):g}"


def weight_rows(d: Diagnosis) -> list[tuple[str, ...]]:
    """What each weighting would do to the rows, the head first."""
    rows = [("weights", "smallest", "largest", "ratio", "effective rows", "", "weight on few-shot rows")]
    for word, effect in d.weights.items():
        ratio = effect.largest / effect.smallest
        rows.append(
            (
                word,
                f"{effect.smallest:.3g}",
                f"{effect.largest:.3g}",
                ratio_text(ratio),
                f"{effect.effective_rows:,.0f}",
                percent(effect.effective_rows / d.space.n),
                percent(effect.few_share),
            )
        )
    return rows


def histogram(d: Diagnosis) -> list[str]:
    """Rows per bin as bars of text."""
    space = d.space
    return bars(space.bins.edges, space.counts, d.bin_regions.tolist(), unit=d.unit, width=WIDTH)


def _verdict(d: Diagnosis) -> list[str]:
    lines = textwrap.wrap(d.verdict.text, WIDTH, break_long_words=False, break_on_hyphens=False)
    if d.verdict.command:
        lines += ["", *(f"    {line}" for line in shell_lines(d.verdict.command))]
    return lines


def shell_lines(command: str) -> list[str]:
    """A command over several lines that can be copied as they stand: broken before an option only."""
    words, lines = command.split(" --"), []
    for word in [words[0], *(f"--{w}" for w in words[1:])]:
        if lines and len(lines[-1]) + len(word) + 7 <= WIDTH:
            lines[-1] += f" {word}"
        else:
            lines.append(f"  {word}" if lines else word)
    return [f"{line} \\" for line in lines[:-1]] + lines[-1:]
