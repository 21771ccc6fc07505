"""``evenreg predict``: predictions of a trained model beside the rows' own columns."""

import argparse
import shlex
import sys
from array import array
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evenreg import _check
from evenreg.errors import InputError

if TYPE_CHECKING:
    from pandas import DataFrame

    from evenreg.cli._parser import Parser
    from evenreg.cli._predict_outputs import Write
    from evenreg.data import AbstractBlock, AbstractRows
    from evenreg.training import TrainedNetwork, TrainedTrees

_ROWS = 20_000  # of a block: a few megabytes


def predict(
    model: "str | Path | TrainedNetwork | TrainedTrees",
    data: "str | Path | DataFrame",
    out: str | Path | None = None,
    *,
    batch_size: int = _ROWS,
    overwrite: bool = False,
    quiet: bool = True,
) -> "DataFrame":
    r"""Predict new rows and put the predictions beside the rows' own columns.

    Rows come out in order and one for one, with everything that was in them: ids, text, zeros in front of a
    number, columns the model does not know, the target if it is there. Rows with gaps are predicted too, and so is
    a category that training never saw; text where training had numbers or dates is refused with its rows.

    Args:
        model: Folder of a stored model, such as ``runs/sales/best``, or a loaded one.
        data: CSV or Parquet file, or DataFrame, with the columns of training.
        out: File to write, .csv or .parquet; it is there whole or not at all. A CSV of a CSV keeps every row as it is
            written, a Parquet of a CSV has numbers where nothing is lost by it and text otherwise (so that 007 stays
            007).
        batch_size: Rows that are read, predicted and written at a time; more need more memory.
        overwrite: Whether a file there may be replaced.
        quiet: Whether to say nothing about progress on stderr.

    Returns:
        The rows with one more column, ``predicted_`` and the name of the target (``_2``, ``_3``, ... after it where
        the table has that already). From a file, columns have the types told at ``out``; a DataFrame is not changed.

    Raises:
        MissingFileError: No such file or model.
        InputError: A file that is no table, columns of training that are missing, text where training had numbers
            or dates, or a model of images.
        CheckpointError: A model that cannot be read, or of a newer version.
        RunFolderError: ``out`` is there already.
        MissingDependencyError: Parquet without pyarrow.

    Example:
        >>> import tempfile
        >>> import evenreg
        >>> folder = Path(tempfile.mkdtemp())
        >>> rows = [f"{i * 1.5},{i % 7},{i:03}" for i in range(80)]
        >>> _ = (folder / "sales.csv").write_text("\n".join(["price,rooms,id", *rows]))
        >>> trained = evenreg.train(folder / "sales.csv", "price", "sqinv", epochs=1, out=folder / "run")
        >>> _ = (folder / "new.csv").write_text("id,rooms\n007,3\n008,5\n")
        >>> predict(trained.best, folder / "new.csv").columns.tolist()
        ['id', 'rooms', 'predicted_price']
    """
    from evenreg.cli._predict_outputs import open_output

    batch_size = _check.integer(batch_size, "batch_size", 1)
    rows, column, file = _checked(model, data, out, overwrite)
    output = nullcontext(_forget) if file is None else open_output(file, rows, column)
    values = _predicted(model, rows, output, batch_size, quiet)
    frame = rows.frame()
    frame[column] = values
    return frame


def _checked(
    model: Any, data: Any, out: str | Path | None, overwrite: bool
) -> "tuple[AbstractRows, str, Path | None]":
    """Everything that can be checked without torch: the table, the column of predictions, the file to write."""
    from evenreg.cli._predict_outputs import check_output
    from evenreg.data import check_columns, open_rows
    from evenreg.training import read_about

    about = read_about(model) if isinstance(model, (str, Path)) else getattr(model, "about", None)
    if not isinstance(about, dict):
        raise InputError(
            f"model: expected the folder of a stored model or a loaded one, got {type(model).__name__}; give "
            "runs/sales/best, for instance."
        )
    if "columns" not in about:
        raise InputError(
            f"model: expected one that was trained on a table, got one of images ({about.get('target')}); in Python "
            "its predict takes images."
        )
    written = None if out is None else check_output(out, data, overwrite=overwrite)
    rows = open_rows(data)
    check_columns(rows.header, about["columns"], rows.name)
    name = f"predicted_{about['target']}"
    names = [name, *(f"{name}_{i}" for i in range(2, len(rows.header) + 3))]
    return rows, next(n for n in names if n not in rows.header), written


def _loaded(model: Any) -> Any:
    if not isinstance(model, (str, Path)):
        return model
    from evenreg.training import load_model

    return load_model(model)


def _forget(block: "AbstractBlock", values: NDArray[np.float64]) -> None:
    """An output that goes nowhere."""


def _predicted(
    model: Any, rows: "AbstractRows", output: "AbstractContextManager[Write]", batch_size: int, quiet: bool
) -> NDArray[np.float64]:
    """Predictions of all rows, each block handed on as soon as it is predicted."""
    from evenreg.cli._predict_progress import row_progress

    # One growing buffer: arrays kept among the blocks' memory would keep it from being used again.
    found = array("d")
    with row_progress(quiet=quiet) as tell:
        loaded = _loaded(model)
        kinds = loaded.preprocessor.kinds
        text = [column for column, kind in kinds.items() if kind != "number"]
        with _one_thread(), output as write:
            for block in rows.blocks(list(kinds), batch_size, text=text):
                values = loaded.predict(block.features, rows=block.rows)
                write(block, values)
                found.frombytes(values.tobytes())
                tell(len(found), block.share)
    return np.array(found)


@contextmanager
def _one_thread() -> Iterator[None]:
    """One thread: reading takes longer than a small model, and more of them wait for each other on a busy machine."""
    import torch
    from threadpoolctl import threadpool_limits

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(threads)


def add_arguments(parser: "Parser") -> None:
    """The options of ``evenreg predict``."""
    parser.description = (
        "Predict new rows with a model that compare or train kept. Every row comes out as it went in, in the same "
        "order, with its prediction as one more column, predicted_TARGET. Gaps, and categories that training never "
        "saw, are fine."
    )
    add = parser.add_argument
    add("model", help="folder of the model, such as runs/sales/best")
    add("data", help="CSV or Parquet file with the columns of training; others are kept")
    add(
        "--out", metavar="FILE", help=".csv or .parquet, written whole or not at all (default: CSV on stdout)"
    )
    add(
        "--batch-size",
        type=int,
        default=_ROWS,
        metavar="N",
        help=f"rows at a time (default {_ROWS:,}); more need more memory",
    )
    add("--overwrite", action="store_true", help="replace FILE if it is there")
    add("--quiet", action="store_true", help="no progress on stderr")


def run(args: argparse.Namespace) -> int:
    """Predict one file."""
    from evenreg.cli._predict_outputs import open_output
    from evenreg.training import read_about

    batch_size = _check.integer(args.batch_size, "--batch-size", 1)
    rows, column, file = _checked(args.model, args.data, args.out, args.overwrite)
    # Rows that scroll by are progress enough.
    quiet = args.quiet or (file is None and sys.stdout.isatty())
    values = _predicted(args.model, rows, open_output(file, rows, column), batch_size, quiet)
    if file is not None:
        low, middle, high = (f"{v:.4g}" for v in np.quantile(values, [0, 0.5, 1]))
        told = f"{len(values):,} rows of {rows.name} with {column} (from {low} to {high}, median {middle})"
        print(f"{file}: {told}.")
        target = read_about(args.model)["target"]
        if target in rows.header:
            words = ["evenreg", "evaluate", str(file), "--target", target, "--prediction", column]
            print(f"Error by region: {shlex.join(words)} --train FILE")
    return 0
