"""``evenreg compare``: several methods on one table, held against vanilla, region by region, beyond noise or not."""

import argparse
import hashlib
import os
import platform
import sys
from difflib import get_close_matches
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evenreg import _check
from evenreg.cli._compare_rows import DEFAULT_METHODS, rows_for
from evenreg.cli._shot_options import regions_from
from evenreg.errors import InputError, MissingFileError
from evenreg.training import RunFolder

if TYPE_CHECKING:
    from evenreg.cli._compare_result import CompareResult
    from evenreg.cli._parser import Parser
    from evenreg.data import Images, Table
    from evenreg.training import ImageSource, TableSource

EMBEDDED = "digits-rotation"
_LIBRARIES = ("torch", "lightning", "numpy", "scikit-learn", "pandas", "skrub")


def compare(
    data: str | Path = EMBEDDED,
    target: str | None = None,
    methods: str = DEFAULT_METHODS,
    *,
    seeds: int = 5,
    out: str | Path | None = None,
    cost: str = "l1",
    split: str | None = None,
    bin_width: float | None = None,
    many: float | None = None,
    few: float | None = None,
    epochs: int | None = None,
    patience: int | None = None,
    drop_missing: bool = False,
    resume: bool = False,
    overwrite: bool = False,
    jobs: int = 1,
    quiet: bool = True,
) -> "CompareResult":
    """Train several methods with several seeds and tell which is better where, beyond noise.

    The test set is drawn once, evenly over the labels; training and validation rows and the initial weights are
    drawn anew for each seed. Vanilla is always there, and so are the rows without which the comparison would
    not be fair: gradient-boosted trees on tables, squared error beside Balanced MSE, a logarithm on skewed
    positive targets. The row with the lowest validation b-MAE is kept in the folder's ``best``.

    Args:
        data: A CSV or Parquet file, or ``digits-rotation``, the embedded images.
        target: The column to predict; None for the embedded images only.
        methods: Methods separated by semicolons, for instance ``"vanilla; sqinv + lds; bmc"``.
        seeds: How many times everything is trained, at least 1; 3 can tell only large gains from noise, 1 nothing.
        out: Folder of the run; None for ``runs/`` and the name of the data.
        cost: The cost of networks whose row names none: ``l1``, ``mse`` or ``huber``; trees take squared error
            unless theirs says ``hgb + l1``.
        split: Name of a column that says train, val or test.
        bin_width: Width of a bin in label units; None for a rule from the data.
        many: Regions by count: more than this many training rows in a bin. With ``few`` only; None for regions
            relative to the uniform count.
        few: Regions by count: fewer than this many.
        epochs: Most epochs of a network; None for 200 on tables, 40 on the embedded images.
        patience: Epochs without a better validation b-MAE after which a network stops; None for 16 on tables,
            all on images.
        drop_missing: Leave out rows whose target is missing.
        resume: Go on with an earlier run of the same settings in ``out``.
        overwrite: Delete an earlier run in ``out`` first.
        jobs: Cells trained at a time, each in a process and on a thread of its own; the numbers do not change
            with it. In a script of your own, more than 1 needs the ``if __name__ == "__main__":`` guard.
        quiet: Whether to say nothing about progress on stderr.

    Returns:
        Table, comparison, evaluations and the chosen row; ``str()`` of it is the report.

    Raises:
        EvenregError: Whatever is wrong with file, columns, methods or folder, told before anything is trained.
        KeyboardInterrupt: After Ctrl-C; finished cells and the best checkpoint of the current one are kept.
    """
    if not isinstance(data, str | Path):
        raise InputError(
            f"data: expected a CSV or Parquet file, got {type(data).__name__}; write it to one first (data.to_csv)."
        )
    if not isinstance(methods, str):
        raise InputError(
            f"methods: expected text such as 'vanilla; sqinv + lds', got {type(methods).__name__}; join methods by ';'."
        )
    seeds = _check.integer(seeds, "seeds", 1)
    for name, value in (("epochs", epochs), ("patience", patience), ("jobs", jobs)):
        if value is not None:
            _check.integer(value, name, 1)
    _check.known(cost, ("l1", "mse", "huber"), "cost")
    if resume and overwrite:
        raise InputError(
            "expected one of resume and overwrite, got both; resume keeps the earlier run, overwrite deletes it."
        )
    if bin_width is not None:
        _check.positive(bin_width, "bin_width")
    regions = regions_from(many, few)
    rows_read = _read(data, target, split, drop_missing)
    seen = rows_read.y if rows_read.split is None else rows_read.y[rows_read.split != "test"]
    rows = rows_for(methods, cost=cost, trees=not _is_embedded(data), y=seen)
    folder = Path(out) if out is not None else Path("runs") / Path(data).stem
    RunFolder.check(folder, resume=resume, overwrite=overwrite)

    # Nearly everything a person can get wrong is behind us: now the slow imports.
    from evenreg.cli._compare_cells import train_rows
    from evenreg.cli._compare_result import CompareResult
    from evenreg.cli._progress import progress_for
    from evenreg.training import Budget

    source = _source(rows_read, bin_width)
    # Rows that lie in memory and models this small are faster on the processor than on the way to a GPU.
    budget = Budget(
        epochs or source.epochs, patience or source.patience, trainer={"accelerator": "cpu", "devices": 1}
    )
    config: dict[str, Any] = {
        "command": "compare", "data": str(data), "fingerprint": source.fingerprint, "target": source.target,
        "rows": rows, "seeds": seeds, "cost": cost, "epochs": budget.epochs, "patience": budget.patience,
        "split": split, "bins": source.bins.rule, "many": many, "few": few, "test_rows": _digest(source),
        "versions": {"python": platform.python_version()} | {name: version(name) for name in _LIBRARIES},
    }  # fmt: skip
    run = RunFolder.open(folder, config, resume=resume, overwrite=overwrite)
    progress = progress_for(len(rows) * seeds, quiet)
    try:
        cells = train_rows(
            source, rows, seeds, run.path, cost=cost, budget=budget, jobs=jobs, progress=progress
        )
    except KeyboardInterrupt:
        progress.close()
        print(f"what was trained is kept in {folder}; --resume goes on from there.", file=sys.stderr)
        raise
    finally:
        progress.close()
    result = CompareResult.of(source, cells, regions, folder, cost=cost)
    result.store()
    run.finish()
    return result


def add_arguments(parser: "Parser") -> None:
    """Declare the options of ``evenreg compare``."""
    parser.description = (
        "Train several methods with several seeds on a table (or on the embedded digits-rotation) and print error by "
        "region, mean ± spread, with what is better or worse than vanilla beyond noise marked."
    )
    add = parser.add_argument
    add("data", nargs="?", default=EMBEDDED, help=f"CSV or Parquet file, or {EMBEDDED} (the default)")
    add("--target", metavar="COLUMN", help="column to predict (needed for a file)")
    add(
        "--methods",
        default=DEFAULT_METHODS,
        metavar="LIST",
        help=f"separated by semicolons; default: '{DEFAULT_METHODS}'",
    )
    add(
        "--seeds",
        type=int,
        default=5,
        metavar="N",
        help="trainings of each method (default 5; 3 can tell only large gains from noise)",
    )
    add("--out", metavar="FOLDER", help="folder of the run (default runs/ and the name of the data)")
    add("--cost", default="l1", help="cost of networks whose row names none: l1 (default), mse, huber")
    add(
        "--split",
        metavar="COLUMN",
        help="column that says train, val or test (default: drawn evenly over the labels)",
    )
    add("--bin-width", type=float, metavar="W", help="in label units (default: a rule from the data)")
    add("--many", type=float, metavar="N", help="many: bins with more than N training rows; goes with --few")
    add("--few", type=float, metavar="N", help="few: bins with fewer than N training rows")
    add("--epochs", type=int, metavar="N", help="most epochs of a network (default 200, embedded images 40)")
    add(
        "--patience",
        type=int,
        metavar="N",
        help="epochs without gain before stopping (default 16, embedded images all)",
    )
    add("--jobs", type=int, default=_cores(), metavar="N", help="trainings at a time (default: one a core)")
    add("--drop-missing", action="store_true", help="leave out rows whose target is missing")
    add("--resume", action="store_true", help="go on with an earlier run in the folder")
    add("--overwrite", action="store_true", help="delete an earlier run in the folder first")
    add("--quiet", action="store_true", help="no progress on stderr")


def run(args: argparse.Namespace) -> int:
    """Run ``evenreg compare`` and print the report."""
    options = {k: v for k, v in vars(args).items() if k not in ("verb", "data")}
    print(compare(args.data, **options))
    return 0


def _cores() -> int:
    """Cores this process may use, which in a container are fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _is_embedded(data: str | Path) -> bool:
    return str(data) == EMBEDDED


def _read(data: str | Path, target: str | None, split: str | None, drop_missing: bool) -> "Table | Images":
    from evenreg.data import check_trainable, column_names, digits_rotation, read_table

    if _is_embedded(data):
        for name, value in (("target", target), ("split", split)):
            if value is not None:
                raise InputError(
                    f"{name}: {EMBEDDED} has its own, got {value!r}; leave it out, or give a file."
                )
        return digits_rotation()
    if not Path(data).exists() and get_close_matches(str(data), [EMBEDDED], cutoff=0.8):
        raise MissingFileError(f"{data}: no such file; did you mean {EMBEDDED!r}?")
    if target is None:
        columns = column_names(data)
        told = ", ".join(map(repr, columns[:8])) + (", …" if len(columns) > 8 else "")
        raise InputError(
            f"target: expected the column of {data} to predict, got none; add --target with one of {told}."
        )
    table = read_table(data, target, split=split, drop_missing=drop_missing)
    check_trainable(table)
    return table


def _source(data: "Table | Images", bin_width: float | None) -> "TableSource | ImageSource":
    from evenreg.data import Table
    from evenreg.training import ImageSource, TableSource

    return TableSource(data, bin_width) if isinstance(data, Table) else ImageSource(data, bin_width)


def _digest(source: "TableSource | ImageSource") -> str:
    """Hash of the test rows' numbers, so that a resumed run is known to be tested on the same rows."""
    return hashlib.sha256(np.ascontiguousarray(source.test, dtype=np.int64).tobytes()).hexdigest()[:16]
