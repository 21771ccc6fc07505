"""``evenreg diagnose``: is imbalance your problem at all?"""

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evenreg import _check
from evenreg.cli._compare_rows import DEFAULT_METHODS
from evenreg.cli._diagnosis import Diagnosis, rare_stretches, region_facts, shot_names
from evenreg.cli._diagnosis_text import stretch_text
from evenreg.cli._label_facts import (
    WeightEffect,
    density_ratio,
    find_gaps,
    find_outliers,
    find_spikes,
    is_skewed,
    lattice_unit,
    weight_effect,
)
from evenreg.cli._number_text import edge_step
from evenreg.cli._verdict import Evidence, judge
from evenreg.errors import InputError, ShapeError, TargetError

if TYPE_CHECKING:
    from evenreg.cli._parser import Parser
    from evenreg.labels import LabelSpace

_WEIGHTINGS = ("inv", "inv+lds", "sqinv", "sqinv+lds")


def diagnose(
    data: Any,
    target: str | int | None = None,
    *,
    split: str | int | None = None,
    bin_width: float | None = None,
    drop_missing: bool = False,
) -> Diagnosis:
    """Tells whether rare target values are a problem, from the labels alone.

    Why: much of what is blamed on imbalance is noise, too little data, a pile of zeros or a classification in
    disguise; a look at the labels tells which, before anything is trained.

    Args:
        data: A CSV or Parquet file, a DataFrame, or labels ``(n,)``.
        target: Name of the target column; None for labels.
        split: Name of a column that says train, val or test; test rows are then not counted.
        bin_width: Width of a bin in label units; None for the rule of `evenreg.Bins.fit`.
        drop_missing: Whether rows without a label are left out.

    Returns:
        A `Diagnosis`; ``print`` it.

    Raises:
        MissingFileError: No such file.
        UnknownNameError: No such column; nearest names offered.
        TargetError: Text, NaN, infinite or constant labels, or fewer than 60 (with a split column: fewer than 40
            that are not held out).
        ShapeError: Labels of several dimensions.
        InputError: A file that is no table, or a width not above 0.

    Example:
        >>> import numpy as np
        >>> found = diagnose(np.random.default_rng(0).exponential(size=5000))
        >>> found.verdict.kind, found.space.n, found.by_region["few"].rows > 0
        ('imbalanced', 5000, True)
        >>> diagnose(np.arange(1000)).verdict.kind
        'even'
    """
    from evenreg.labels import LDS, Bins, LabelSpace, ShotRegions

    bin_width = None if bin_width is None else _check.positive(bin_width, "bin_width")
    y, name, source, dropped, held_out = _labels(data, target, split, drop_missing)
    space = LabelSpace.fit(y, Bins.fit(y, bin_width))
    regions = ShotRegions.relative()
    facts = region_facts(regions, space)
    smoothed = LDS(boundary="renormalize").smooth(space.counts)
    populated = space.counts[space.counts > 0]
    unit = lattice_unit(y, space.bins.edges)
    distinct, spikes, ratio = len(np.unique(y)), find_spikes(y), density_ratio(space.counts, smoothed)
    gaps = find_gaps(space.bins.edges, space.counts, longer_than=regions.gap)
    seen = Evidence(
        distinct=distinct,
        bins=len(space.bins),
        density_ratio=ratio,
        few_rows=facts["few"].rows,
        medium_rows=facts["medium"].rows,
        rare_range=facts["few"].range_share + facts["zero"].range_share,
        medium_range=facts["medium"].range_share,
        rare_where=stretch_text(rare_stretches(facts), edge_step(space.bins.edges), unit),
        spikes=spikes,
        outliers=find_outliers(y, gaps),
        log_helps=is_skewed(y),
    )
    return Diagnosis(
        target=name,
        source=source,
        space=space,
        regions=regions,
        unit=unit,
        distinct=distinct,
        median=float(np.median(y)),
        dropped=dropped,
        held_out=held_out,
        density_ratio=ratio,
        imbalance=float(populated.max() / populated.min()),
        gaps=tuple(gaps),
        spikes=tuple(spikes),
        by_region=facts,
        weights=_effects(space, shot_names(regions, space) == "few"),
        verdict=judge(seen, _command(data, target, split, bin_width, drop_missing) if source else ""),
    )


def _labels(
    data: Any, target: str | int | None, split: str | int | None, drop_missing: bool
) -> tuple[NDArray[np.float64], str, str, int, int]:
    """Labels to count, their name and source, rows dropped and rows held out."""
    if isinstance(data, str | Path) or hasattr(data, "columns"):
        y, name, source, dropped, held_out = _from_table(data, target, split, drop_missing)
    else:
        if split is not None:
            raise InputError(
                f"split: expected a file or a DataFrame to read the column from, got a {type(data).__name__}; pass "
                "the labels to train on instead."
            )
        y, name, source, dropped, held_out = *_from_memory(data, target, drop_missing), 0
        _check.enough_rows(len(y), name)
    told = f"{name} of {source}" if source else name
    _check.squares_fit(y, told)
    if y.min() == y.max():
        raise TargetError(
            f"{told}: expected values that differ, got {y[0]:g} in all {len(y):,} rows; name another column."
        )
    return y, name, source, dropped, held_out


def _from_table(
    data: Any, target: str | int | None, split: str | int | None, drop_missing: bool
) -> tuple[NDArray[np.float64], str, str, int, int]:
    from evenreg.data import check_enough_rows, column_names, read_table, table_from_frame

    is_file = isinstance(data, str | Path)
    source = Path(data).name if is_file else ""
    if target is None:
        header = column_names(data) if is_file else [str(column) for column in data.columns]
        raise InputError(
            f"target: expected the name of the column to predict, got none; {source or 'the DataFrame'} has "
            f"{', '.join(map(repr, header[:12]))}{' and more' if len(header) > 12 else ''}."
        )
    target, split = str(target), None if split is None else str(split)  # a DataFrame's may be numbers
    read = read_table if is_file else table_from_frame
    table = read(data, target, split=split, drop_missing=drop_missing)
    check_enough_rows(table)
    counted = np.ones(len(table), dtype=bool) if table.split is None else table.split != "test"
    return table.y[counted], target, source, table.dropped, int((~counted).sum())


def _from_memory(
    data: Any, target: str | int | None, drop_missing: bool
) -> tuple[NDArray[np.float64], str, str, int]:
    name = target or getattr(data, "name", None) or "y"
    values = np.asarray(data)
    if drop_missing:
        missing = np.array([v is None or v != v for v in values.ravel()]).reshape(values.shape)
        values = values[~missing] if values.ndim == 1 else values
    kept = np.asarray(_check.labels(values, str(name)))
    if kept.ndim != 1:
        raise ShapeError(
            f"{name}: expected one label a row to diagnose, got shape {kept.shape}; give one coordinate."
        )
    return kept, str(name), "", len(np.ravel(np.asarray(data))) - len(kept)


def _effects(space: "LabelSpace", few: NDArray[np.bool_]) -> dict[str, WeightEffect]:
    """What no weights, and each weighting as `evenreg.sample_weight` makes it, do to the rows."""
    from evenreg._words import parse
    from evenreg.labels import weighting_from

    found = {"none": weight_effect(np.ones(len(space.bins)), space.counts, few)}
    for method in _WEIGHTINGS:
        weighting = weighting_from(parse(method))
        assert weighting is not None
        table = weighting.fit(space).table_
        assert table is not None
        found[method] = weight_effect(table, space.counts, few)
    return found


def _command(
    path: str | Path,
    target: str | int | None,
    split: str | int | None,
    bin_width: float | None,
    drop_missing: bool,
) -> str:
    """A ``compare`` command for the same table, ready to be copied."""
    words = ["evenreg", "compare", str(path), "--target", str(target)]
    words += ["--split", str(split)] if split is not None else []
    words += ["--bin-width", f"{bin_width:g}"] if bin_width else []
    words += ["--drop-missing"] if drop_missing else []
    words += ["--methods", DEFAULT_METHODS, "--out", f"runs/{Path(path).stem}"]
    return shlex.join(words)


def add_arguments(parser: "Parser") -> None:
    """The options of ``evenreg diagnose``."""
    parser.add_argument("data", help="CSV or Parquet file")
    parser.add_argument(
        "--target", metavar="COLUMN", help="column to predict; without it the columns are listed"
    )
    parser.add_argument(
        "--split", metavar="COLUMN", help="column of train, val and test; test is not counted"
    )
    parser.add_argument("--bin-width", type=float, metavar="W", help="bin width in label units")
    parser.add_argument("--drop-missing", action="store_true", help="leave out rows without a target")
    parser.add_argument("--plot", metavar="FILE", help="also draw the histogram: .png, .pdf or .svg")
    parser.add_argument("--overwrite", action="store_true", help="replace FILE if it is there")


def run(args: argparse.Namespace) -> int:
    """Diagnose one file and print the page."""
    if args.plot:
        from evenreg._files import check_other
        from evenreg.plots import check_figure_path

        check_other(args.plot, "plot", args.data)
        check_figure_path(args.plot, overwrite=args.overwrite)
    found = diagnose(
        args.data, args.target, split=args.split, bin_width=args.bin_width, drop_missing=args.drop_missing
    )
    if args.plot:
        from evenreg.plots import new_axes, save_figure

        save_figure(found.plot(new_axes()), args.plot, overwrite=args.overwrite)
    print(found)
    if args.plot:
        print(f"\nHistogram drawn in {args.plot}.")
    return 0
