"""``evenreg benchmark``: the papers' benchmarks and the numbers that the papers print for them."""

import argparse
from typing import TYPE_CHECKING

from evenreg.cli._published_list import published_list
from evenreg.errors import InputError
from evenreg.evaluation import published

if TYPE_CHECKING:
    from evenreg.cli._parser import Parser


def add_arguments(parser: "Parser") -> None:
    """The options of ``evenreg benchmark``."""
    parser.description = (
        "The papers' benchmarks: every row of every table of the four papers, with --list. Training on a benchmark is "
        "not in this version; 'evenreg data prepare' makes its data ready."
    )
    parser.add_argument("name", help="agedb-dir, imdb-wiki-dir or sts-b-dir")
    parser.add_argument("--list", action="store_true", help="print the papers' numbers")


def run(args: argparse.Namespace) -> int:
    """Print what the papers print for a benchmark."""
    table = published(args.name)
    if not args.list:
        raise InputError(
            f"benchmark: expected --list, which prints the papers' numbers for {args.name}, got the name alone, "
            "which this version cannot train on; add --list."
        )
    print(published_list(table))
    return 0
