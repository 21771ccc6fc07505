"""``evenreg benchmark``: the papers' benchmarks, and the numbers that the papers print for them."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenreg import _check
from evenreg._cores import cores
from evenreg.errors import InputError

if TYPE_CHECKING:
    from evenreg.cli._benchmark_result import BenchmarkResult
    from evenreg.cli._parser import Parser
    from evenreg.cli._synthetic_result import SyntheticResult

_TRAINED = ("agedb-dir", "imdb-wiki-dir", "sts-b-dir")
# What only the one kind of benchmark, or the other, has a use for.
_OF_SYNTHETIC = ("settings", "methods", "mode", "prior", "components")
_OF_TRAINED = (
    "rows", "data", "recipe", "encoder", "model", "glove", "sweep", "subset", "epochs", "devices", "precision", "out",
)  # fmt: skip
_OF_SENTENCES = ("model", "glove")


def benchmark(
    name: str,
    *,
    rows: str | Sequence[str] | None = None,
    data: str | Path | None = None,
    recipe: str | None = None,
    encoder: str | None = None,
    model: str | Path | None = None,
    glove: str | Path | None = None,
    sweep: str | None = None,
    subset: str | None = None,
    epochs: int | None = None,
    devices: int | None = None,
    precision: str | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    settings: str | Sequence[str] | None = None,
    methods: str | Sequence[str] | None = None,
    seeds: int | None = None,
    mode: str | None = None,
    prior: str | None = None,
    components: int | None = None,
    jobs: int | None = 1,
    quiet: bool = True,
) -> "SyntheticResult | BenchmarkResult":
    """Runs a benchmark of the papers.

    Args:
        name: ``synthetic``; or ``sts-b-dir``, ``agedb-dir``, ``imdb-wiki-dir``, whose data ``evenreg data prepare``
            makes ready. `evenreg.evaluation.published` has what the papers print.
        rows: All but synthetic: ``"all"`` (default) of the recipe (`evenreg.recipes`), or names of its rows or methods
            in words, as a list or with semicolons. Vanilla is always trained.
        data: The prepared folder; None for ``data/`` and the name.
        recipe: A variant of the recipe: ``light`` (default) or ``heavy`` of images; ``frozen`` (default), ``finetuned``
            or ``bilstm`` of sentences.
        encoder: Images: ``resnet50``, ``resnet18``, ``small-cnn`` or the path of a class, ``package.module.Class``;
            None for the recipe's. Sentences: the same as ``recipe``.
        model: Sentences: folder or hub name of the sentence encoder.
        glove: Sentences, ``bilstm``: a text file of word vectors.
        sweep: One of the recipe's sweeps, an ablation of the papers, in place of rows.
        subset: Images: ``dir`` (default), ``subsampled``, ``1-peak`` to ``4-peaks``, ``skewed-test``.
        epochs: Most epochs; None for the recipe's.
        devices: Devices that train together.
        precision: Of Lightning, such as ``"bf16-mixed"``.
        out: Folder of the run; None for ``runs/`` and the name.
        resume: Go on with an earlier run of the same settings in ``out``.
        overwrite: Delete an earlier run in ``out`` first.
        settings: Synthetic: names, or the first parts of names (``normal``, ``exponential``, ``mvn``, ``curve``), as a
            list or with commas; None for all.
        methods: Synthetic: ``vanilla``, ``inv``, ``gai``, ``bmc``, ``bni``, and the last three with ``-true`` noise;
            None for all.
        seeds: Trainings of each row, at least 1; None for 3. Synthetic: draws of each cell; None for 200, or 3 where
            ``mode`` is ``sgd``.
        mode: Synthetic: ``converged`` (default): models are solved for; ``sgd``: the paper's recipe.
        prior: Synthetic: what GAI and BNI learn the label distribution from: the training ``labels`` (default), or
            fresh ones of the ``generator``, as the released code does; the difference is shown then.
        components: Synthetic: of GAI's mixture; None for 1 where labels are normal and 16 where they are exponential.
        jobs: Cells at a time, each in a process of its own; None for one a core, and for one where they are trained on
            a GPU.
        quiet: No progress on stderr.

    Returns:
        The cells; ``print`` gives the tables beside the papers'.

    Raises:
        UnknownNameError: No such benchmark, row, recipe, sweep, setting, method, mode or prior; the nearest is offered.
        InputError: A number that cannot be, or an argument that this benchmark has no use for.
        MissingFileError: No prepared folder.

    Example:
        >>> found = benchmark("synthetic", settings="normal-high", methods="vanilla, gai", seeds=4)
        >>> found.cell("normal-high", "vanilla").mean > 100 * found.cell("normal-high", "gai").mean
        True
    """
    given = {key: value for key, value in locals().items() if key not in ("name", "seeds", "quiet")}
    _check_arguments(name, _said(given))
    if name not in _TRAINED:
        from evenreg.cli._synthetic import run_synthetic

        return run_synthetic(
            settings, methods, seeds, mode or "converged", prior or "labels", components,
            cores() if jobs is None else jobs, quiet,
        )  # fmt: skip
    from evenreg.cli._benchmark_run import run_rows

    if name == "sts-b-dir":  # its recipes are its encoders
        recipe, encoder = recipe or encoder, None
    trainer = {"devices": devices, "precision": precision}
    arguments = {
        "model": None if model is None else str(model),
        "glove": None if glove is None else str(glove),
    }
    said = {
        "encoder": encoder,
        "epochs": epochs,
        "trainer": {key: value for key, value in trainer.items() if value is not None},
        "encoder_arguments": {key: value for key, value in arguments.items() if value is not None},
    }
    return run_rows(
        name, rows if isinstance(rows, str) else "all" if rows is None else "; ".join(rows), data=data,
        variant=recipe, sweep=sweep, subset=subset or "dir", seeds=3 if seeds is None else seeds, out=out, said=said,
        jobs=jobs, resume=resume, overwrite=overwrite, quiet=quiet,
    )  # fmt: skip


def _said(options: Mapping[str, Any]) -> dict[str, Any]:
    """What was said, a 0 included."""
    return {key: value for key, value in options.items() if value is not None and value is not False}


def _check_arguments(name: str, given: Mapping[str, Any]) -> None:
    """Refuse what this benchmark has no use for."""
    _check.known(name, ("synthetic", *_TRAINED), "benchmark")
    idle = (*_OF_TRAINED, "resume", "overwrite") if name == "synthetic" else _OF_SYNTHETIC
    idle += _OF_SENTENCES if name != "sts-b-dir" else ("subset",)
    for key in given:
        if key in idle:
            raise InputError(f"{key}: {name} has no use for it, got {given[key]!r}; leave it out.")
    if given.get("encoder") and given.get("recipe") and name == "sts-b-dir":
        raise InputError(
            "expected one of recipe and encoder, which are the same for sts-b-dir; leave one out."
        )
    if given.get("jobs", 1) > 1 and given.get("devices", 1) > 1:
        raise InputError(
            "expected one of jobs and devices above 1, got both; devices train one cell together."
        )


def add_arguments(parser: "Parser") -> None:
    """The options of ``evenreg benchmark``."""
    parser.description = (
        "The papers' benchmarks, ours beside the papers' numbers. 'synthetic' needs no data; for the others 'evenreg "
        "data prepare' makes them ready, and 'evenreg recipes NAME' prints what is trained how. --list prints every "
        "row of every table of the four papers."
    )
    add = parser.add_argument
    add("name", help="synthetic, agedb-dir, imdb-wiki-dir or sts-b-dir")
    add("--list", action="store_true", help="print the papers' numbers alone")
    add("--seeds", type=int, metavar="N", help="trainings of each row (default 3; synthetic: draws, 200)")
    add("--jobs", type=int, metavar="N", help="cells at a time (default: one a core; one on a GPU)")
    add("--json", metavar="FILE", help="also write all numbers")
    add("--overwrite", action="store_true", help="replace this file, or an earlier run, if it is there")
    add("--quiet", action="store_true", help="no progress on stderr")
    add = parser.add_argument_group("all but synthetic").add_argument
    add("--rows", metavar="ROWS", help="names of rows or methods in words, with semicolons (default: all)")
    add("--data", metavar="FOLDER", help="the prepared folder (default data/NAME)")
    add("--recipe", metavar="NAME", help="images: light (default) or heavy; sentences: as --encoder")
    add(
        "--encoder",
        metavar="NAME",
        help="images: resnet50, resnet18, small-cnn or package.module.Class; sentences: frozen (default), finetuned, "
        "bilstm",
    )
    add("--model", metavar="FOLDER", help="sentences: folder or hub name of the sentence encoder")
    add("--glove", metavar="FILE", help="sentences, bilstm: word vectors as text")
    add("--sweep", metavar="NAME", help="an ablation of the papers in place of rows (see 'evenreg recipes')")
    add("--subset", metavar="NAME", help="images: dir (default), subsampled, 1-peak ... 4-peaks, skewed-test")
    add("--epochs", type=int, metavar="N", help="most epochs (default: the recipe's)")
    add("--devices", type=int, metavar="N", help="devices that train together")
    add("--precision", metavar="NAME", help="such as bf16-mixed (default: 32-true)")
    add("--out", metavar="FOLDER", help="folder of the run (default runs/NAME)")
    add("--resume", action="store_true", help="go on with an earlier run in the folder")
    add = parser.add_argument_group("synthetic").add_argument
    add("--settings", metavar="NAMES", help="normal-high, mvn, ... with commas (default: all)")
    add("--methods", metavar="ROWS", help="vanilla, inv, gai, bmc, bni, gai-true, ... (default: all)")
    add("--mode", metavar="MODE", help="converged (default) or sgd, the paper's, which takes hours")
    add("--prior", metavar="FROM", help="labels of training (default) or generator, and the difference")
    add("--components", type=int, metavar="K", help="of GAI (default 1; 16 where labels are exponential)")


def run(args: argparse.Namespace) -> int:
    """Run a benchmark and print its tables, or print what the papers print for it."""
    _check.known(args.name, ("synthetic", *_TRAINED), "benchmark")
    options = {
        k: v for k, v in vars(args).items() if k not in ("verb", "name", "list", "json", "quiet", "overwrite")
    }
    given = _said(options)
    if args.list:
        if given or args.json:
            raise InputError(
                f"benchmark: expected --list alone, which runs nothing, got --{next(iter([*given, 'json']))} too; "
                "leave one out."
            )
        print(_list(args.name))
        return 0
    json = _checked_json(args.json, args.overwrite) if args.json else None
    trained = args.name in _TRAINED
    jobs = None if args.devices is None else 1
    found = benchmark(
        args.name, quiet=args.quiet, overwrite=args.overwrite and trained, **{"jobs": jobs, **given}
    )
    if json:
        from evenreg._files import write_text

        write_text(json, found.to_json() + "\n")
    print(found)
    return 0


def _list(name: str) -> str:
    if name not in _TRAINED:
        from evenreg.cli._synthetic_published import synthetic_list

        return synthetic_list()
    from evenreg.cli._published_list import published_list
    from evenreg.evaluation import published

    return published_list(published(name))


def _checked_json(name: str, overwrite: bool) -> Path:
    """Where the numbers go, refused before any work."""
    from evenreg._files import check_new

    path = Path(name)
    if path.suffix.lower() != ".json":
        raise InputError(f"json: expected a file name that ends in .json, got {path.name!r}; rename it.")
    return check_new(path, overwrite=overwrite)
