"""``evenreg resample``: a table with more rare rows and fewer frequent ones, to train on."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evenreg import _check
from evenreg.cli._pass_progress import progress_of
from evenreg.cli._resample_rows import divided_columns, like_ids, put_labels, read_all, region_counts
from evenreg.cli._resample_words import resampling_words
from evenreg.cli._resampled import Resampled
from evenreg.errors import InputError
from evenreg.resampling import dense, joined, sampler_from, told_in_words

if TYPE_CHECKING:
    import pandas as pd

    from evenreg.cli._parser import Parser


def resample(
    data: "str | Path | pd.DataFrame",
    target: str | int,
    method: str = "smogn",
    out: str | Path | None = None,
    *,
    k: int | None = None,
    threshold: float | None = None,
    relevance: Any = None,
    seed: int = 0,
    split: str | int | None = None,
    copy: Sequence[str] = (),
    synthetic_column: str | None = None,
    drop_missing: bool = False,
    overwrite: bool = False,
) -> Resampled:
    """A table with more rare rows and fewer frequent ones, for models that take no weights.

    Resample training rows alone: a row made lies between rows of the table, and a test row among them would be
    known to the model. With ``split`` rows of val and test go through as they are; in cross-validation put a
    sampler of `evenreg.resampling` in imbalanced-learn's pipeline, which resamples inside each fold.

    Args:
        data: CSV or Parquet file, or DataFrame; not changed.
        target: Name of the column to predict.
        method: ``smogn``, ``smoter``, ``gn``, ``ro``, ``ru`` or ``wercs`` with their arguments, such as
            ``"smogn(k=3, threshold=0.9)"``; ``+ lds`` has its density say what is rare.
        out: File to write, .csv or .parquet; it is there whole or not at all.
        k: Neighbours of ``smogn`` and ``smoter``, in place of the word's argument.
        threshold: Relevance, 0 to 1, from which a label is rare, in place of the word's argument.
        relevance: A `Relevance`, or control points ``(label, relevance)``, that say what is rare in place of the
            words.
        seed: Of all that is drawn.
        split: Name of a column that says train, val or test; only train is resampled.
        copy: Columns that rows made take from the row they were made from, such as ids; they have no part in
            distances. Dates are always taken so, and a nameless first column that counts the rows.
        synthetic_column: Name of a column to add that is true for rows made.
        drop_missing: Whether rows without a target are left out.
        overwrite: Whether a file there may be replaced.

    Returns:
        A `Resampled`: ``frame``, ``synthetic``, ``sample_indices``, counts ``before`` and ``after``; ``print`` it.

    Raises:
        MissingFileError: No such file.
        UnknownNameError: A column, word or argument nobody knows; the nearest is offered.
        TargetError: Text, missing, infinite or constant targets; no rare label, or only such.
        InputError: A file that is no table; arguments out of range; fewer rare rows than ``k`` needs; another
            ending of ``out``.
        RunFolderError: ``out`` is there already.

    Example:
        >>> import pandas as pd
        >>> price = [*range(1, 95), *range(200, 206)]
        >>> frame = pd.DataFrame({"rooms": [p % 7 for p in price], "price": price})
        >>> found = resample(frame, "price", "smogn(k=3, rare=300%)")
        >>> found.before, found.after
        ({'all': 100, 'rare': 6, 'frequent': 94}, {'all': 112, 'rare': 18, 'frequent': 94})
        >>> int(found.synthetic.sum()), found.frame.columns.tolist()
        (12, ['rooms', 'price'])
    """
    words = resampling_words(method, {"k": k, "threshold": threshold}, relevance)
    seed = _check.integer(seed, "seed", 0)
    file = _checked_output(out, data, overwrite)
    table, frame, place = read_all(data, target, split, drop_missing)
    if synthetic_column is not None and str(synthetic_column) in ("", *map(str, frame.columns)):
        raise InputError(
            f"synthetic_column: expected a name that {table.name} has not, got {synthetic_column!r}; take another."
        )
    learned = np.ones(len(table), dtype=bool) if table.split is None else table.split == "train"
    y = table.y[learned]
    own, copied = divided_columns(frame, table, copy)
    told = f"target {table.target!r} of {table.name}"
    sampler = sampler_from(words, y, told, seed, relevance=relevance, points=True)
    features = dense(frame.iloc[place[learned], own].reset_index(drop=True))
    with told_in_words(method, points=True), progress_of("making rows", quiet=False) as tell:
        if "progress" in sampler.get_params():
            sampler.set_params(progress=tell)
        made, labels = sampler.fit_resample(features, y)
    seeds, held = sampler.sample_indices_, place[~learned]
    rows = np.concatenate([place[learned][seeds], held])
    synthetic = np.concatenate([sampler.synthetic_, np.zeros(len(held), dtype=bool)])
    result = joined(frame, rows, own, made, held)
    put_labels(result, table, labels, synthetic)
    if synthetic_column is not None:
        result[synthetic_column] = synthetic
    regions, total, rule = region_counts(sampler, y)
    found = Resampled(
        frame=result,
        synthetic=synthetic,
        sample_indices=rows,
        regions=regions,
        total=total,
        target=table.target,
        source=table.name,
        method=" + ".join(map(str, words)),
        seed=seed,
        rule=rule,
        copied=copied,
        like_ids=like_ids(features),
        unlabelled=table.dropped,
        held_out=len(held),
    )
    if file is not None:
        from evenreg.cli._resample_output import write_table

        write_table(file, found.frame, data)
    return found


def _checked_output(out: str | Path | None, data: Any, overwrite: bool) -> Path | None:
    if out is None:
        return None
    from evenreg.cli._predict_outputs import check_output

    return check_output(out, data, overwrite=overwrite)


def _points(text: str) -> list[list[float]]:
    """``30:0,60:1`` as control points."""
    points = []
    for part in text.split(","):
        label, colon, value = (t.strip() for t in part.rpartition(":"))
        if not colon:
            raise InputError(
                f"--relevance: expected LABEL:RELEVANCE separated by commas, such as 30:0,60:1, got {text!r}."
            )
        points.append([_check.number(label, "--relevance"), _check.in_range(value, "--relevance", 0, 1)])
    return points


def add_arguments(parser: "Parser") -> None:
    """The options of ``evenreg resample``."""
    parser.description = (
        "Make a table with more rare rows and fewer frequent ones, for models that take no weights. Resample training "
        "rows only: a test row that was resampled is known to the model. Methods: smogn, smoter, gn (noise), ro and "
        "ru (repeat, drop), wercs; '+ lds' has a smoothed density say what is rare, without it extreme labels are."
    )
    add = parser.add_argument
    add("data", help="CSV or Parquet file")
    add("--target", metavar="COLUMN", required=True, help="column to predict")
    add("--method", metavar="WORDS", default="smogn", help="for instance 'smogn(k=3, threshold=0.9) + lds'")
    add(
        "--out",
        metavar="FILE",
        help=".csv or .parquet, written whole or not at all; without it only the report",
    )
    add("--k", type=int, metavar="N", help="neighbours of smogn and smoter (default 5)")
    add(
        "--threshold",
        type=float,
        metavar="R",
        help="relevance, 0 to 1, from which a label is rare (default 0.8)",
    )
    add("--relevance", metavar="POINTS", help="what is rare, as LABEL:RELEVANCE points such as 30:0,60:1")
    add("--split", metavar="COLUMN", help="column of train, val and test; only train is resampled")
    add(
        "--copy",
        metavar="COLUMN",
        action="append",
        default=[],
        help="an id: rows made take it over; repeatable",
    )
    add("--synthetic-column", metavar="NAME", help="add a column that is true for rows made")
    add("--seed", type=int, default=0, metavar="N", help="of all that is drawn (default 0)")
    add("--drop-missing", action="store_true", help="leave out rows without a target")
    add("--overwrite", action="store_true", help="replace FILE if it is there")


def run(args: argparse.Namespace) -> int:
    """Resample one file."""
    found = resample(
        args.data,
        args.target,
        args.method,
        args.out,
        k=args.k,
        threshold=args.threshold,
        relevance=None if args.relevance is None else _points(args.relevance),
        seed=args.seed,
        split=args.split,
        copy=args.copy,
        synthetic_column=args.synthetic_column,
        drop_missing=args.drop_missing,
        overwrite=args.overwrite,
    )
    print(found)
    if args.out:
        print(f"\n{args.out}: {len(found.frame):,} rows.")
    else:
        print("\nNothing is written; add --out FILE, which ends in .csv or .parquet.")
    return 0
