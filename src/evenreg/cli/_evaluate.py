"""``evenreg evaluate``: error by region of any model's predictions."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenreg import _check
from evenreg.cli._shot_options import regions_from
from evenreg.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pandas import DataFrame

    from evenreg.cli._evaluation_text import EvaluatedTable
    from evenreg.cli._parser import Parser


def evaluate_table(
    predictions: "str | Path | DataFrame",
    target: str | int,
    prediction: str | int,
    train: "str | Path | DataFrame | None",
    *,
    train_target: str | int | None = None,
    bin_width: float | None = None,
    many: float | None = None,
    few: float | None = None,
) -> "EvaluatedTable":
    r"""Evaluates predictions of any model, by the training rows near each label.

    Args:
        predictions: CSV or Parquet file, or DataFrame, of test rows with their labels and predictions.
        target: Its column of labels.
        prediction: Its column of predictions, in label units.
        train: The table the model was trained on, file or DataFrame, without the test rows.
        train_target: Its column of labels; None for ``target``.
        bin_width: Width of a bin in label units; None for the rule of `evenreg.Bins.fit`.
        many: Regions by count: more than this many training rows in a bin. With ``few`` only; None for
            regions relative to the uniform count.
        few: Regions by count: fewer than this many.

    Returns:
        All numbers as its ``evaluation``; ``print`` gives the page that ``evenreg evaluate`` prints.

    Raises:
        InputError: No training table: the regions are counts of its rows.
        MissingFileError: No such file.
        UnknownNameError: No such column; nearest names offered.
        TargetError: Text, missing or infinite values; row numbers given.

    Example:
        >>> import pathlib, tempfile
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> _ = (folder / "train.csv").write_text("price\n" + "1\n" * 50 + "2\n" * 30 + "3\n" * 2)
        >>> _ = (folder / "test.csv").write_text("price,yhat\n1,1.1\n2,2.1\n3,2.0\n")
        >>> found = evaluate_table(folder / "test.csv", "price", "yhat", folder / "train.csv")
        >>> found.evaluation["few"]["mae"]
        1.0
    """
    from evenreg.cli._evaluation_text import EvaluatedTable
    from evenreg.cli._label_facts import lattice_unit, slope_of
    from evenreg.evaluation import evaluate
    from evenreg.labels import Bins, LabelSpace

    if train is None:
        raise InputError(
            "train: expected the table the model was trained on, got none; many, medium and few count the "
            "training rows near each label, so add --train FILE (in Python train=)."
        )
    # Columns of a DataFrame may be named by numbers; names are text everywhere else.
    target, prediction = str(target), str(prediction)
    train_target = target if train_target is None else str(train_target)
    if target == prediction:
        raise InputError(f"prediction: expected a column beside the target, got {target!r} for both.")
    bin_width = None if bin_width is None else _check.positive(bin_width, "bin_width")
    regions = regions_from(many, few)
    read = _columns(predictions, "predictions", target, prediction)
    y_train = _columns(train, "train", train_target)[train_target]
    space = LabelSpace.fit(y_train, Bins.fit(y_train, bin_width))
    return EvaluatedTable(
        evaluation=evaluate(read[target], read[prediction], space, regions),
        space=space,
        unit=lattice_unit(y_train, space.bins.edges),
        target=target,
        prediction=prediction,
        source=_file_name(predictions),
        train=_file_name(train),
        slope=slope_of(read[target], read[prediction]),
    )


def _columns(data: Any, name: str, *columns: str) -> "dict[str, NDArray[np.float64]]":
    """Columns of numbers by name, of a file or a DataFrame."""
    if isinstance(data, str | Path):
        from evenreg.data import read_columns

        return read_columns(data, *columns)
    if not hasattr(data, "columns"):
        raise InputError(
            f"{name}: expected a CSV or Parquet file or a DataFrame, got {type(data).__name__}; for arrays there is "
            "evenreg.evaluate."
        )
    frame = data.set_axis([str(column) for column in data.columns], axis=1)
    for column in columns:
        _check.known(column, list(frame.columns), f"column of {name}")
    return {column: _check.labels(frame[column], f"column {column!r} of {name}") for column in columns}


def _file_name(data: Any) -> str:
    return Path(data).name if isinstance(data, str | Path) else ""


def add_arguments(parser: "Parser") -> None:
    """The options of ``evenreg evaluate``."""
    parser.description = "Error of any model's predictions by how many training rows are near each label."
    add = parser.add_argument
    add("data", help="CSV or Parquet file of test rows with their labels and predictions")
    add("--target", metavar="COLUMN", required=True, help="column of labels")
    add("--prediction", metavar="COLUMN", required=True, help="column of predictions, in label units")
    add(
        "--train",
        metavar="FILE",
        required=True,
        help="table the model was trained on, without the test rows; many, medium and few count its rows",
    )
    add("--train-target", metavar="COLUMN", help="its column of labels (default: that of --target)")
    add(
        "--bin-width",
        type=float,
        metavar="W",
        help="in label units (default: a rule from the training labels)",
    )
    add("--many", type=float, metavar="N", help="many: bins with more than N training rows; goes with --few")
    add("--few", type=float, metavar="N", help="few: bins with fewer than N training rows")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true", help="print the MAE by region as a Markdown table")
    form.add_argument("--latex", action="store_true", help="print the MAE by region as a LaTeX table")
    add("--json", metavar="FILE", help="also write all numbers")
    add("--plot", metavar="FILE", help="also draw error and bias over the label range: .png, .pdf or .svg")
    add("--overwrite", action="store_true", help="replace these files if they are there")


def _checked_json(args: argparse.Namespace) -> Path:
    """Where the numbers go, refused before any work."""
    from evenreg._files import check_new, check_other

    path = Path(args.json)
    if path.suffix.lower() != ".json":
        raise InputError(f"json: expected a file name that ends in .json, got {path.name!r}; rename it.")
    check_other(path, "json", args.data, args.train)
    return check_new(path, overwrite=args.overwrite)


def run(args: argparse.Namespace) -> int:
    """Evaluate one file and print the page."""
    from evenreg._files import check_other, write_text

    json = _checked_json(args) if args.json else None
    if args.plot:
        from evenreg.plots import check_figure_path

        check_other(args.plot, "plot", args.data, args.train)
        check_figure_path(args.plot, overwrite=args.overwrite)
    found = evaluate_table(
        args.data,
        args.target,
        args.prediction,
        args.train,
        train_target=args.train_target,
        bin_width=args.bin_width,
        many=args.many,
        few=args.few,
    )
    if json:
        write_text(json, found.evaluation.to_json() + "\n")
    if args.plot:
        from evenreg.plots import new_axes, save_figure

        save_figure(found.plot(new_axes()), args.plot, overwrite=args.overwrite)
    print(found.to_markdown() if args.markdown else found.to_latex() if args.latex else found)
    return 0
