"""``evenreg recipes``: the configs that come with the package."""

import argparse
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from evenreg import _check
from evenreg.cli._settings import read_config, recipe_files

if TYPE_CHECKING:
    from evenreg.cli._parser import Parser


@final
@dataclass(frozen=True, repr=False)
class Recipe:
    """A config that comes with the package; ``print`` gives its name, what it is for, and its rows.

    Attributes:
        name: What ``--config`` takes.
        about: What it is for, in a sentence.
        rows: Names of its rows, for ``--row``.
        text: The YAML itself.
        variants: Names of its variants, the first of which is taken where none is said; none has some.
        sweeps: Names of its sweeps, ablations of the papers that ``evenreg benchmark`` runs.
    """

    name: str
    about: str
    rows: tuple[str, ...]
    text: str
    variants: tuple[str, ...] = ()
    sweeps: tuple[str, ...] = ()

    def __str__(self) -> str:
        lists = {"variants": self.variants, "rows": self.rows, "sweeps": self.sweeps}
        told = [self.about, *(f"{name}: {'; '.join(held)}" for name, held in lists.items() if held)]
        return "\n".join([self.name, *(textwrap.indent(textwrap.fill(line, 96), "  ") for line in told)])

    __repr__ = __str__


def recipes() -> list[Recipe]:
    """The recipes that come with the package.

    Example:
        >>> [recipe.name for recipe in recipes()]
        ['agedb-dir', 'digits-rotation', 'imdb-wiki-dir', 'sts-b-dir', 'table']
    """
    return [_recipe(name) for name in recipe_files()]


def _recipe(name: str) -> Recipe:
    path = recipe_files()[_check.known(name, recipe_files(), "recipe")]
    found = read_config(name)
    rows, variants, sweeps = (tuple(map(str, found.get(key) or ())) for key in ("rows", "variants", "sweeps"))
    return Recipe(name, found["about"], rows, path.read_text(encoding="utf-8"), variants, sweeps)


def add_arguments(parser: "Parser") -> None:
    """The options of ``evenreg recipes``."""
    parser.description = (
        "List the configs that come with the package, for 'evenreg train --config NAME --row ROW' and 'evenreg "
        "benchmark NAME'; with a name, print that one, to be changed: evenreg recipes table > my.yaml."
    )
    parser.add_argument("name", nargs="?", help="a recipe to print")


def run(args: argparse.Namespace) -> int:
    """Print one recipe, or tell of all."""
    print(_recipe(args.name).text.rstrip() if args.name else "\n\n".join(map(str, recipes())))
    return 0
