"""``evenreg compare``: several methods on one table, held against one, region by region, beyond noise or not."""

import argparse
import sys
import weakref
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from evenreg import _check
from evenreg._words import parse, split_methods
from evenreg.cli._cached_list import cached_list
from evenreg.cli._compare_rows import DEFAULT_METHODS, row_name, rows_for
from evenreg.cli._labelled_rows import EMBEDDED, facts_of, is_table, kind_of, name_of, read_rows, source_of
from evenreg.cli._pass_progress import progress_of
from evenreg.cli._processes import jobs_on
from evenreg.cli._settings import mapping_from
from evenreg.cli._shot_options import regions_from
from evenreg.errors import InputError
from evenreg.training import RunFolder

if TYPE_CHECKING:
    from pandas import DataFrame

    from evenreg.cli._compare_result import CompareResult
    from evenreg.cli._parser import Parser


def compare(
    data: "str | Path | DataFrame" = EMBEDDED,
    target: str | int | None = None,
    methods: str | Sequence[str] = DEFAULT_METHODS,
    *,
    sweep: str | None = None,
    reference: str = "vanilla",
    seeds: int = 5,
    out: str | Path | None = None,
    cost: str = "l1",
    split: str | int | None = None,
    bin_width: float | None = None,
    many: float | None = None,
    few: float | None = None,
    epochs: int | None = None,
    patience: int | None = None,
    drop_missing: bool = False,
    images: str | Path | None = None,
    image_folder: str | Path | None = None,
    cache: str | Path | None = None,
    side: int = 224,
    skip_missing: bool = False,
    encoder: str | None = None,
    encoder_arguments: Mapping[str, Any] | None = None,
    augmentation: str | None = None,
    resume: bool = False,
    overwrite: bool = False,
    jobs: int | None = 1,
    quiet: bool = True,
) -> "CompareResult":
    """Train several methods with several seeds and tell which is better where, beyond noise.

    The test set is drawn once, evenly over the labels; training and validation rows and the initial weights are
    drawn anew for each seed. Vanilla is always there, and so are the rows without which the comparison would
    not be fair: gradient-boosted trees on tables, squared error beside Balanced MSE, a logarithm on skewed
    positive targets. The row with the lowest validation b-MAE is kept in the folder's ``best``.

    Args:
        data: A CSV or Parquet file, a DataFrame, a folder that ``evenreg data prepare`` made, or ``digits-rotation``,
            the embedded images.
        target: The column to predict; None for a prepared folder or the embedded images.
        methods: A list of methods, or text with semicolons between them: ``"vanilla; sqinv + lds; bmc"``.
        sweep: Values of the words' arguments, all combinations of which take the place of the methods that have
            them: ``"lds.size=5,9,15; lds.sigma=1,2"``, or ``"cost=l1,mse"`` for the costs. Rows that come out
            the same are one row. None changes nothing.
        reference: The method that the others are held against, for instance ``"hgb"``; added where ``methods``
            lacks it. It decides marks and sentences, not what is trained.
        seeds: How many times everything is trained, at least 1; 3 can tell only large gains from noise, 1 nothing.
        out: Folder of the run; None for ``runs/`` and the name of the file. Of a DataFrame nothing is kept then
            beyond the life of the result.
        cost: The cost of networks whose row names none: ``l1``, ``mse`` or ``huber``; trees take squared error
            unless theirs says ``hgb + l1``.
        split: Name of a column that says train, val or test.
        bin_width: Width of a bin in label units; None for a rule from the data.
        many: Regions by count: more than this many training rows in a bin. With ``few`` only; None for regions
            relative to the uniform count.
        few: Regions by count: fewer than this many.
        epochs: Most epochs of a network; None for 200 on tables, 40 on the embedded images, 90 on other images,
            100 on sentences.
        patience: Epochs without a better validation error after which a network stops; None for 16 on tables, 10 on
            sentences, all of the default on images.
        drop_missing: Leave out rows whose target is missing.
        images: In place of ``data``: a list of image files, with columns ``path``, ``target`` and perhaps ``split``.
        image_folder: Where the paths begin; None for the folder of the list.
        cache: Folder where these are kept decoded, for the next time; None for ``data/`` and the name of the list.
        side: Pixels of a side that they are resized to.
        skip_missing: Leave out images that are not there, or cannot be read.
        encoder: Of images: ``resnet50`` (default), ``resnet18``, ``small-cnn`` or the path of a class,
            ``package.module.Class``; of prepared sentence pairs: ``frozen`` (default), ``finetuned``, ``bilstm``.
        encoder_arguments: Of the encoder.
        augmentation: Of training images: ``light`` (default: moved by some pixels, and mirrored), ``heavy``, or
            ``none``, where a mirror image has another label, such as an angle.
        resume: Go on with an earlier run of the same settings in ``out``.
        overwrite: Delete an earlier run in ``out`` first.
        jobs: Cells trained at a time, each in a process and on a thread of its own; the numbers do not change
            with it. None for one a core, and for one where they are trained on a GPU. In a script of your own, more
            than 1 needs the ``if __name__ == "__main__":`` guard.
        quiet: Whether to say nothing about progress on stderr.

    Returns:
        ``result.table()`` of any metric, ``result.chosen`` and its trained model ``result.best``, the comparison
        and all evaluations; ``str()`` of it is the report, a notebook shows it as a page.

    Raises:
        EvenregError: Whatever is wrong with file, columns, methods or folder, told before anything is trained.
        KeyboardInterrupt: After Ctrl-C; finished cells and the best checkpoint of the current one are kept.
    """
    methods = _joined(methods)
    for name, value in (("sweep", sweep or ""), ("reference", reference)):
        if not isinstance(value, str):
            raise InputError(f"{name}: expected text, got {value!r}; write it as on the command line.")
    seeds = _check.integer(seeds, "seeds", 1)
    for name, value in (("epochs", epochs), ("patience", patience), ("jobs", jobs)):
        if value is not None:
            _check.integer(value, name, 1)
    _check.known(cost, ("l1", "mse", "huber"), "cost")
    if resume and overwrite:
        raise InputError(
            "expected one of resume and overwrite, got both; resume keeps the earlier run, overwrite deletes it."
        )
    temporary = out is None and not isinstance(data, str | Path)
    if resume and temporary:
        raise InputError("out: expected the folder of the run to go on with, got none; name it.")
    if bin_width is not None:
        _check.positive(bin_width, "bin_width")
    regions = regions_from(many, few)
    of_images = {
        "image_folder": image_folder,
        "cache": cache,
        "skip_missing": skip_missing,
        "side": side != 224,
    }
    idle = [name for name, said in of_images.items() if said]
    if images is None and idle:
        raise InputError(
            f"{idle[0]}: expected none without a list of images, got one; add images, or leave it out."
        )
    if images is not None:
        for method in (*split_methods(methods), reference):
            parse(method)  # a typing error is told before images are decoded, which takes long
        data, target, split = cached_list(
            images, data, target, split, image_folder=image_folder, cache=cache, side=side,
            skip_missing=skip_missing, quiet=quiet,
        )  # fmt: skip
    rows_read = read_rows(data, target, split, drop_missing)
    seen = rows_read.y if rows_read.split is None else rows_read.y[rows_read.split != "test"]
    rows = rows_for(
        methods,
        cost=cost,
        trees=is_table(rows_read),
        kind=kind_of(rows_read),
        y=seen,
        sweep=sweep,
        reference=reference,
    )
    reference = row_name(reference, cost)
    folder = Path(out or Path("runs") / Path(name_of(data)).stem)
    if not temporary:
        RunFolder.check(folder, resume=resume, overwrite=overwrite)

    # Nearly everything a person can get wrong is behind us: now the slow imports.
    from evenreg.cli._compare_cells import train_rows
    from evenreg.cli._compare_result import CompareResult
    from evenreg.cli._progress import progress_for
    from evenreg.training import Budget
    from evenreg.training._fit import device_of

    source = source_of(
        rows_read, bin_width, encoder=encoder, arguments=encoder_arguments, augmentation=augmentation
    )
    if many is None:
        regions = source.regions or regions
    trainer = {"accelerator": source.accelerator, "devices": 1}
    budget = Budget(*source.budget(epochs, patience), trainer=trainer)
    jobs = jobs_on(device_of(budget)) if jobs is None else jobs
    config: dict[str, Any] = {
        "command": "compare", "data": name_of(data), "rows": rows, "sweep": sweep, "seeds": seeds, "cost": cost,
        "epochs": budget.epochs, "patience": budget.patience, "split": split, "many": many, "few": few,
        "encoder": encoder, "encoder_arguments": dict(encoder_arguments or {}),
        "augmentation": augmentation, **facts_of(source),
    }  # fmt: skip
    with progress_of("embedding sentences", quiet=quiet) as tell:
        source.make_ready(tell)
    with ExitStack() as undo:
        if temporary:
            folder = Path(undo.enter_context(TemporaryDirectory(prefix="evenreg-")))
        run = RunFolder.open(folder, config, resume=resume, overwrite=overwrite)
        undo.enter_context(run.given_back())
        if not quiet:
            times = f"{seeds} seed{'s' if seeds > 1 else ''}"
            print(f"{len(rows)} rows x {times}: {len(rows) * seeds} trainings", file=sys.stderr)
        progress = progress_for(len(rows) * seeds, quiet)
        try:
            cells = train_rows(
                source, rows, seeds, run.path, cost=cost, reference=reference, budget=budget, jobs=jobs,
                progress=progress,
            )  # fmt: skip
        except KeyboardInterrupt:
            progress.close()
            kept = "lost; out= keeps it" if temporary else f"kept in {folder}; --resume goes on from there"
            print(f"what was trained is {kept}.", file=sys.stderr)
            raise
        finally:
            progress.close()
        result = CompareResult.of(
            source, cells, regions, folder, cost=cost, reference=reference, temporary=temporary
        )
        result.store()
        run.finish()
        weakref.finalize(result, undo.pop_all().close)
    return result


def _joined(methods: Any) -> str:
    """Methods as one text, whether they came so or as a list."""
    if isinstance(methods, str):
        return methods
    if isinstance(methods, Sequence) and all(isinstance(method, str) for method in methods):
        return "; ".join(methods)
    raise InputError(
        f"methods: expected text such as 'vanilla; sqinv + lds' or a list of such, got {methods!r}; write each "
        "method as text."
    )


def add_arguments(parser: "Parser") -> None:
    """Declare the options of ``evenreg compare``."""
    parser.description = (
        "Train several methods with several seeds on a table (or on the embedded digits-rotation) and print error by "
        "region, mean ± spread, with what is better or worse than vanilla, or another --reference, beyond noise "
        "marked."
    )
    add = parser.add_argument
    add(
        "data",
        nargs="?",
        default=EMBEDDED,
        help=f"CSV or Parquet file, prepared folder, or {EMBEDDED} (the default)",
    )
    add("--images", metavar="FILE", help="in place of it: list of images, with columns path and the target")
    add("--image-folder", metavar="FOLDER", help="where its paths begin (default: the folder of the list)")
    add("--target", metavar="COLUMN", help="column to predict (needed for a file)")
    add(
        "--methods",
        default=DEFAULT_METHODS,
        metavar="LIST",
        help=f"separated by semicolons; default: '{DEFAULT_METHODS}'",
    )
    add(
        "--sweep",
        metavar="LIST",
        help="every combination of these values in the methods that have the words, such as "
        "'lds.size=5,9,15; lds.sigma=1,2', or 'cost=l1,mse' in those that may have the cost",
    )
    add(
        "--reference",
        default="vanilla",
        metavar="METHOD",
        help="what the others are held against, such as hgb (default vanilla); another one can be tried on a finished "
        "run with --resume, without training",
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
    add(
        "--epochs",
        type=int,
        metavar="N",
        help="most epochs of a network (default 200, images 40 or 90, sentences 100)",
    )
    add(
        "--patience",
        type=int,
        metavar="N",
        help="epochs without gain before stopping (default 16, images all, sentences 10)",
    )
    add("--jobs", type=int, metavar="N", help="trainings at a time (default: one a core; one on a GPU)")
    add("--drop-missing", action="store_true", help="leave out rows whose target is missing")
    add(
        "--cache",
        metavar="FOLDER",
        help="where listed images are kept decoded (default data/ and the list's name)",
    )
    add("--side", type=int, default=224, metavar="N", help="pixels of a side of listed images (default 224)")
    add("--skip-missing", action="store_true", help="leave out images that are not there or cannot be read")
    add(
        "--encoder",
        metavar="NAME",
        help="images: resnet50 (default), resnet18, small-cnn or package.module.Class; sentences: frozen (default), "
        "finetuned, bilstm",
    )
    add(
        "--encoder-arguments",
        metavar="YAML",
        help="of the encoder, such as 'weights: FOLDER' of a ResNet, or 'model: FOLDER' of sentences",
    )
    add("--augmentation", metavar="NAME", help="images: light (default), heavy, or none, such as for angles")
    add("--resume", action="store_true", help="go on with an earlier run in the folder")
    add("--overwrite", action="store_true", help="delete an earlier run in the folder first")
    add("--quiet", action="store_true", help="no progress on stderr")


def run(args: argparse.Namespace) -> int:
    """Run ``evenreg compare`` and print the report."""
    options = {k: v for k, v in vars(args).items() if k not in ("verb", "data")}
    if args.encoder_arguments is not None:
        options["encoder_arguments"] = mapping_from(args.encoder_arguments)
    print(compare(args.data, **options))
    return 0
