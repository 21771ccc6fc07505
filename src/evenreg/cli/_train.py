"""``evenreg train``: one method, one seed, a model to keep."""

import argparse
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenreg.cli._labelled_rows import EMBEDDED, facts_of, name_of, read_rows, source_of
from evenreg.cli._method_check import check_method
from evenreg.cli._pass_progress import progress_of
from evenreg.cli._processes import first_process
from evenreg.cli._settings import Settings, mapping_from
from evenreg.cli._shot_options import regions_from
from evenreg.cli._source_settings import set_recipe
from evenreg.errors import InputError
from evenreg.training import RunFolder

if TYPE_CHECKING:
    from evenreg.cli._parser import Parser
    from evenreg.cli._train_result import TrainResult
    from evenreg.training import AbstractSource, Budget


def train(
    data: Any = None,
    target: str | int | None = None,
    method: str | None = None,
    *,
    config: str | Path | None = None,
    row: str | None = None,
    recipe: str | None = None,
    out: str | Path | None = None,
    seed: int | None = None,
    cost: str | None = None,
    split: str | int | None = None,
    bin_width: float | None = None,
    many: float | None = None,
    few: float | None = None,
    epochs: int | None = None,
    patience: int | None = None,
    encoder: str | None = None,
    encoder_arguments: Mapping[str, Any] | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    weight_decay: float | None = None,
    checkpoint_seconds: float | None = None,
    drop_missing: bool | None = None,
    trainer: Mapping[str, Any] | None = None,
    resume: bool = False,
    overwrite: bool = False,
    quiet: bool = True,
    trainer_words: Sequence[str] = (),
) -> "TrainResult":
    """Train one method on a table, a prepared folder or the embedded images, and keep the model of the best epoch.

    The best epoch is that of the lowest b-MAE on the validation rows, unless the config's ``select`` says another
    error; of prepared sentence pairs it is the MSE. Without a division of its own, test and validation rows are drawn
    evenly over the labels, as `evenreg.compare` draws them: with the same seed they are the same rows. Anything not
    said here is taken from ``config``, then from the defaults below.

    Args:
        data: A CSV or Parquet file, a DataFrame, a folder that ``evenreg data prepare`` made, or ``digits-rotation``,
            the embedded images.
        target: The column to predict; None for a prepared folder or the embedded images.
        method: For instance ``"sqinv + lds"``.
        config: A YAML file of these arguments, or the name of a recipe (`evenreg.recipes`).
        row: One of the config's rows.
        recipe: One of the config's variants, such as ``heavy`` of ``agedb-dir``; None for its first.
        out: Folder of the run; None for ``runs/`` and the name of the data (a DataFrame's: of the target).
        seed: Of initial weights, order of rows and validation rows; default 0.
        cost: The cost of a network whose method names none: ``l1`` (default), ``mse`` or ``huber``.
        split: Name of a column that says train, val or test.
        bin_width: Width of a bin in label units; None for a rule from the data.
        many: Regions by count: more than this many training rows in a bin. With ``few`` only; None for regions
            relative to the uniform count.
        few: Regions by count: fewer than this many.
        epochs: Most epochs; default 200 on tables, 40 on the embedded images, 90 on prepared images, 100 on sentences.
        patience: Epochs without a better validation error after which training stops; default 16 on tables, 10 on
            sentences, all of the default on images.
        encoder: Of prepared images or sentence pairs; see `evenreg.compare`.
        encoder_arguments: Of the encoder.
        batch_size: Rows of a training batch, over all devices; default 256 on tables and prepared images, 128 on
            others.
        learning_rate: AdamW's, default 0.001 on tables, 0.005 (largest of one cycle) on the embedded images; Adam's,
            default 0.001 (a tenth from epoch 60 on, a hundredth from 80 on) on prepared images, 0.0001 on sentences.
        weight_decay: Of these; default 0.0001, on prepared images 0, on sentences 0.00001.
        checkpoint_seconds: A cut costs at most about this much training; default 10.
        drop_missing: Leave out rows whose target is missing.
        trainer: Arguments of Lightning's ``Trainer``: devices, accelerator, strategy, precision,
            accumulate_grad_batches, logger, callbacks, ...; see its documentation.
        resume: Go on with an earlier run of the same settings in ``out``; the result is that of an uncut run,
            bit-identical on one CPU process.
        overwrite: Delete an earlier run in ``out`` first.
        quiet: Whether to say nothing about progress on stderr.
        trainer_words: Arguments of ``Trainer`` as on the command line; they win over ``trainer``.

    Returns:
        Model, evaluation on the test rows and folder; ``str()`` of it is the report.

    Raises:
        EvenregError: Whatever is wrong with config, file, columns, method or folder, told before training.
        KeyboardInterrupt: After Ctrl-C; the best model so far is in the folder's ``fit/best``.
    """
    said = {
        "data": data, "target": target, "method": method, "seed": seed, "cost": cost, "split": split,
        "bin_width": bin_width, "many": many, "few": few, "epochs": epochs, "patience": patience, "encoder": encoder,
        "encoder_arguments": encoder_arguments, "batch_size": batch_size, "learning_rate": learning_rate,
        "weight_decay": weight_decay, "checkpoint_seconds": checkpoint_seconds, "drop_missing": drop_missing,
        "trainer": trainer,
    }  # fmt: skip
    settings = Settings.of(config, row, said, recipe)
    if settings.data is None:
        raise InputError(f"data: expected a CSV or Parquet file or {EMBEDDED!r}, got none; add --data.")
    if resume and overwrite:
        raise InputError(
            "expected one of resume and overwrite, got both; resume keeps the earlier run, overwrite deletes it."
        )
    regions = regions_from(settings.many, settings.few)
    rows = read_rows(settings.data, settings.target, settings.split, settings.drop_missing)
    check_method(str(settings.method), rows)
    if settings.method is not None and "hgb" in settings.method:
        of_networks = (
            "epochs",
            "patience",
            "batch_size",
            "learning_rate",
            "weight_decay",
            "checkpoint_seconds",
        )
        idle = [name for name in (*of_networks, "trainer") if said[name]] + ["trainer"] * bool(trainer_words)
        if idle:
            raise InputError(
                f"{idle[0]}: {settings.method} is no network, so it has no effect; leave it out."
            )
    is_file = isinstance(settings.data, str | Path)
    folder = (
        Path(out)
        if out is not None
        else Path("runs") / (Path(settings.data).stem if is_file else rows.target)
    )
    if first_process():
        RunFolder.check(folder, resume=resume, overwrite=overwrite)

    # Nearly everything a person can get wrong is behind us: now the slow imports.
    from evenreg.cli._train_result import TrainResult
    from evenreg.cli._trainer_arguments import trainer_arguments
    from evenreg.training import Budget

    arguments = trainer_arguments(settings.trainer, trainer_words)
    source = source_of(
        rows, settings.bin_width, encoder=settings.encoder, arguments=settings.encoder_arguments,
        augmentation=settings.augmentation,
    )  # fmt: skip
    if settings.many is None:
        regions = source.regions or regions
    set_recipe(source, settings)
    epochs, patience = source.budget(settings.epochs, settings.patience)
    plan: dict[str, Any] = asdict(settings) | {
        "command": "train", "data": name_of(settings.data), "epochs": epochs, "patience": patience,
        "batch_size": source.batch_size,
        "optimizer": dict(source.optimizer), "trainer": _plain(settings.trainer), "trainer_words": list(trainer_words),
        **facts_of(source),
    }  # fmt: skip
    lightning = {"default_root_dir": folder, **arguments}
    budget = Budget(epochs, patience, settings.checkpoint_seconds, trainer=lightning)
    first = first_process()
    run = RunFolder.open(folder, plan, resume=resume, overwrite=overwrite) if first else RunFolder(folder)
    if run.done:
        return TrainResult.read(source, folder, settings, regions)
    with run.given_back():
        _train(settings, source, run, budget, quiet)
        result = TrainResult.read(source, folder, settings, regions)
        result.store()
        run.finish()
    return result


def _train(
    settings: Settings, source: "AbstractSource", run: RunFolder, budget: "Budget", quiet: bool
) -> None:
    """Train, keep the model and its test predictions; only the first of several processes comes back."""
    from evenreg.cli._train_progress import EpochProgress
    from evenreg.cli._train_result import keep
    from evenreg.training import Draw, Method, train_cell
    from evenreg.training._checkpoints import LAST

    with progress_of("embedding sentences", quiet=quiet or not first_process()) as tell:
        source.make_ready(tell)
    fit = run.path / "fit"
    if not quiet and first_process():
        budget = budget.with_callback(EpochProgress())
    try:
        result = train_cell(
            Method.parse(str(settings.method)),
            Draw(source, settings.seed),
            fit,
            cost=settings.cost,
            budget=budget,
        )
    except KeyboardInterrupt:
        if first_process():
            kept = f"the best model so far is in {fit / 'best'}; " if (fit / "best").exists() else ""
            goes_on = any(fit.rglob(LAST))
            print(f"{kept}--resume {'goes on from here' if goes_on else 'starts again'}.", file=sys.stderr)
        raise
    if not first_process():
        sys.exit(0)  # processes that Lightning started have nothing left to do
    keep(result, run.path)
    shutil.rmtree(fit, ignore_errors=True)


def _plain(value: Any) -> Any:
    """Arguments of the trainer as values for JSON; an object is told by its class."""
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value if isinstance(value, str | int | float | None) else type(value).__name__


def add_arguments(parser: "Parser") -> None:
    """The options of ``evenreg train``."""
    parser.description = (
        "Train one method and keep the model of the best epoch on validation rows, for 'evenreg predict'. Whatever is "
        "not said here comes from the config."
    )
    parser.epilog = (
        "--trainer.NAME VALUE hands any argument to Lightning's Trainer, for instance --trainer.devices 2, "
        "--trainer.precision bf16-mixed, --trainer.accumulate_grad_batches 4, --trainer.logger true."
    )
    parser.hand_on("trainer")
    add = parser.add_argument
    add("--data", metavar="FILE", help=f"CSV or Parquet file, prepared folder, or {EMBEDDED}")
    add("--target", metavar="COLUMN", help="column to predict (needed for a file)")
    add("--method", metavar="WORDS", help="for instance 'sqinv + lds'")
    add("--config", metavar="FILE", help="YAML of these options, or a recipe's name (see 'evenreg recipes')")
    add("--row", metavar="NAME", help="row of the config")
    add(
        "--recipe",
        metavar="NAME",
        help="variant of the config, such as heavy of agedb-dir (default: its first)",
    )
    add("--out", metavar="FOLDER", help="folder of the run (default runs/ and the name of the data)")
    add("--seed", type=int, metavar="N", help="of weights, order and validation rows (default 0)")
    add("--cost", help="cost of a network whose method names none: l1 (default), mse, huber")
    add(
        "--split",
        metavar="COLUMN",
        help="column that says train, val or test (default: drawn evenly over labels)",
    )
    add("--bin-width", type=float, metavar="W", help="in label units (default: a rule from the data)")
    add("--many", type=float, metavar="N", help="many: bins with more than N training rows; goes with --few")
    add("--few", type=float, metavar="N", help="few: bins with fewer than N training rows")
    add("--epochs", type=int, metavar="N", help="most epochs (default 200, images 40 or 90, sentences 100)")
    add(
        "--patience",
        type=int,
        metavar="N",
        help="epochs without gain before stopping (default 16, images all, sentences 10)",
    )
    add("--encoder", metavar="NAME", help="of a prepared folder, as in 'evenreg compare'")
    add("--encoder-arguments", metavar="YAML", help="of the encoder, likewise")
    add(
        "--batch-size",
        type=int,
        metavar="N",
        help="over all devices (default 256; embedded images, sentences 128)",
    )
    add(
        "--learning-rate",
        type=float,
        metavar="X",
        help="default 0.001, embedded images 0.005, sentences 0.0001",
    )
    add(
        "--weight-decay", type=float, metavar="X", help="default 0.0001, prepared images 0, sentences 0.00001"
    )
    add("--checkpoint-seconds", type=float, metavar="S", help="most training a cut can cost (default 10)")
    add("--drop-missing", action="store_true", default=None, help="leave out rows whose target is missing")
    add("--resume", action="store_true", help="go on with an earlier run in the folder")
    add("--overwrite", action="store_true", help="delete an earlier run in the folder first")
    add("--quiet", action="store_true", help="no progress on stderr")


def run(args: argparse.Namespace) -> int:
    """Train and print the report."""
    options = {k: v for k, v in vars(args).items() if k not in ("verb", "trainer")}
    if args.encoder_arguments is not None:
        options["encoder_arguments"] = mapping_from(args.encoder_arguments)
    print(train(**options, trainer_words=args.trainer))
    return 0
