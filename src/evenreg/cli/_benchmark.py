"""``evenreg benchmark``: the papers' benchmarks, and the numbers that the papers print for them."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from evenreg import _check
from evenreg._cores import cores
from evenreg.errors import InputError

if TYPE_CHECKING:
    from evenreg.cli._parser import Parser
    from evenreg.cli._synthetic_result import SyntheticResult

_RUNS = ("synthetic",)
_LISTED = ("agedb-dir", "imdb-wiki-dir", "sts-b-dir")
_OF_RUNS = ("settings", "methods", "seeds", "mode", "prior", "components", "jobs", "json")


def benchmark(
    name: str,
    *,
    settings: str | Sequence[str] | None = None,
    methods: str | Sequence[str] | None = None,
    seeds: int | None = None,
    mode: str = "converged",
    prior: str = "labels",
    components: int | None = None,
    jobs: int = 1,
    quiet: bool = True,
) -> "SyntheticResult":
    """Runs a benchmark of the papers.

    Args:
        name: ``synthetic``; the others cannot be run by this version, see `evenreg.evaluation.published` for what
            the papers print.
        settings: Names, or the first parts of names (``normal``, ``exponential``, ``mvn``, ``curve``), as a list or
            with commas; None for all.
        methods: Rows: ``vanilla``, ``inv``, ``gai``, ``bmc``, ``bni``, and the last three with ``-true`` noise; None
            for all.
        seeds: Draws of each cell, at least 1; None for 200, or 3 where ``mode`` is ``sgd``.
        mode: ``converged``: models are solved for; ``sgd``: the paper's recipe.
        prior: What GAI and BNI learn the label distribution from: the training ``labels``, or fresh ones of the
            ``generator``, as the released code does; the difference is shown then.
        components: Of GAI's mixture; None for 1 where labels are normal and 16 where they are exponential.
        jobs: Cells at a time, each in a process of its own.
        quiet: No progress on stderr.

    Returns:
        The cells; ``print`` gives the tables beside the paper's.

    Raises:
        UnknownNameError: No such benchmark, setting, method, mode or prior; the nearest is offered.
        InputError: A number that cannot be.

    Example:
        >>> found = benchmark("synthetic", settings="normal-high", methods="vanilla, gai", seeds=4)
        >>> found.cell("normal-high", "vanilla").mean > 100 * found.cell("normal-high", "gai").mean
        True
    """
    _check.known(name, (*_RUNS, *_LISTED), "benchmark")
    if name not in _RUNS:
        raise InputError(
            f"benchmark: expected 'synthetic', got {name!r}, which this version cannot train on; its published "
            f"numbers are in evenreg.evaluation.published({name!r})."
        )
    from evenreg.cli._synthetic import run_synthetic

    return run_synthetic(settings, methods, seeds, mode, prior, components, jobs, quiet)


def add_arguments(parser: "Parser") -> None:
    """The options of ``evenreg benchmark``."""
    parser.description = (
        "The papers' benchmarks. 'synthetic' is run here, beside the paper's numbers; of the others --list prints "
        "every row of every table of the four papers, training on them is not in this version, and 'evenreg data "
        "prepare' makes their data ready."
    )
    add = parser.add_argument
    add("name", help="synthetic, agedb-dir, imdb-wiki-dir or sts-b-dir")
    add("--list", action="store_true", help="print the papers' numbers alone")
    add("--settings", metavar="NAMES", help="synthetic: normal-high, mvn, ... with commas (default: all)")
    add(
        "--methods",
        metavar="ROWS",
        help="synthetic: vanilla, inv, gai, bmc, bni, gai-true, ... (default: all)",
    )
    add("--seeds", type=int, metavar="N", help="draws of each cell (default 200; 3 with --mode sgd)")
    add("--mode", metavar="MODE", help="converged (default) or sgd, the paper's recipe, which takes hours")
    add("--prior", metavar="FROM", help="labels of training (default) or generator, and the difference")
    add("--components", type=int, metavar="K", help="of GAI (default 1; 16 where labels are exponential)")
    add("--jobs", type=int, metavar="N", help="cells at a time (default: one a core)")
    add("--json", metavar="FILE", help="also write all numbers, those of each draw too")
    add("--overwrite", action="store_true", help="replace this file if it is there")
    add("--quiet", action="store_true", help="no progress on stderr")


def run(args: argparse.Namespace) -> int:
    """Run a benchmark and print its tables, or print what the papers print for it."""
    _check.known(args.name, (*_RUNS, *_LISTED), "benchmark")
    given = {key: value for key in _OF_RUNS if (value := getattr(args, key)) is not None}
    if args.list:
        if given:
            raise InputError(
                f"benchmark: expected --list alone, which runs nothing, got --{next(iter(given))} too; leave one out."
            )
        print(_list(args.name))
        return 0
    if args.name not in _RUNS:
        raise InputError(
            f"benchmark: expected --list, which prints the papers' numbers for {args.name}, got "
            f"{'the name alone' if not given else '--' + next(iter(given))}, which this version cannot train on; "
            "add --list."
        )
    json = _checked_json(given.pop("json"), args.overwrite) if args.json else None
    found = benchmark(args.name, quiet=args.quiet, **{"jobs": cores(), **given})
    if json:
        from evenreg._files import write_text

        write_text(json, found.to_json() + "\n")
    print(found)
    return 0


def _list(name: str) -> str:
    if name in _RUNS:
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
