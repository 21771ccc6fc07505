"""``evenreg data``: prepares the benchmarks of the papers from their own files, and checks what was prepared."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evenreg.cli._parser import Parser
    from evenreg.data import Verification

# Named here, too: to know them `evenreg.data` would have to be imported before a word was looked at.
_SENTENCES = ("sts-b-dir",)
_IMAGES = ("agedb-dir", "imdb-wiki-dir")


def add_arguments(parser: "Parser") -> None:
    """The words and options of ``evenreg data``."""
    parser.description = (
        "Prepare a benchmark of the papers from its own files, once, for all training; or check what was prepared. "
        "Nothing is downloaded."
    )
    parser.set_defaults(show=parser.print_help)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", title="actions")
    about = "make a folder that training reads: evenreg data prepare sts-b-dir --from FOLDER --to FOLDER"
    prepare = actions.add_parser("prepare", help=about, description=about[0].upper() + about[1:] + ".")
    prepare.set_defaults(show=prepare.print_help)
    names = prepare.add_subparsers(dest="name", metavar="NAME", title="benchmarks")
    for name in _SENTENCES:
        add_sentences(names.add_parser(name, help="pairs of sentences with a similarity from 0 to 5"))
    for name in _IMAGES:
        add_images(names.add_parser(name, help="faces with an age each, decoded once into a cache"))
    about = "look at a prepared folder: checksums, counts, regions, bins, rows in two parts"
    check = actions.add_parser("verify", help=about, description=about[0].upper() + about[1:] + ".")
    check.add_argument("folder", help="what prepare made; exit code 2 where it is not as the papers say")
    check.add_argument("--quiet", action="store_true", help="no progress on stderr")


def add_sentences(parser: "Parser") -> None:
    """The options of a benchmark of sentence pairs."""
    parser.description = "Check and keep the three files of STS-B-DIR."
    files = "folder with train_new.tsv, dev_new.tsv and test_new.tsv"
    parser.add_argument("--from", dest="source", metavar="FOLDER", required=True, help=files)
    _add_common(parser)


def add_images(parser: "Parser") -> None:
    """The options of a benchmark of images."""
    parser.description = (
        "Decode all images once into one file that is mapped into memory. After Ctrl-C or a full disk the same command "
        "goes on where it stopped."
    )
    add = parser.add_argument
    add("--images", metavar="FOLDER", required=True, help="where the paths of the CSV begin")
    rule = "without a split column the papers' rule draws one"
    add(
        "--splits",
        metavar="CSV",
        required=True,
        help=f"columns path, age and split (train, val, test); {rule}",
    )
    add("--side", type=int, default=224, metavar="PIXELS", help="of the square images (default 224)")
    add("--skip-missing", action="store_true", help="leave out images that are missing or cannot be decoded")
    add("--quiet", action="store_true", help="no progress on stderr")
    _add_common(parser)


def _add_common(parser: "Parser") -> None:
    parser.add_argument("--to", metavar="FOLDER", required=True, help="new folder to make")
    parser.add_argument(
        "--stand-in",
        action="store_true",
        help="these are not the papers' data: verify then asks for no counts of theirs",
    )


def run(args: argparse.Namespace) -> int:
    """Prepare or verify, and print the page."""
    if args.action == "verify":
        return _verify(args)
    if args.action is None or args.name is None:
        args.show()
        return 0
    found = _images(args) if args.name in _IMAGES else _sentences(args)
    print(found)
    return 0


def _verify(args: argparse.Namespace) -> int:
    from evenreg.cli._pass_progress import progress_of
    from evenreg.data import verify

    with progress_of("reading", quiet=args.quiet) as tell:
        found = verify(args.folder, tell=tell)
    print(found)
    return 0 if found.passed else 2


def _sentences(args: argparse.Namespace) -> "Verification":
    from evenreg.data import prepare_sentences

    return prepare_sentences(args.source, args.to, stand_in=args.stand_in)


def _images(args: argparse.Namespace) -> "Verification":
    from evenreg.cli._pass_progress import progress_of
    from evenreg.data import prepare_images

    try:
        with progress_of("decoding", quiet=args.quiet) as tell:
            return prepare_images(
                args.name,
                args.images,
                args.splits,
                args.to,
                side=args.side,
                skip_missing=args.skip_missing,
                stand_in=args.stand_in,
                tell=tell,
            )
    except KeyboardInterrupt:
        if Path(args.to).is_dir():
            print(f"{args.to}: what is done is kept; the same command goes on.", file=sys.stderr)
        raise
