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
    """

    name: str
    about: str
    rows: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        told = [self.about, f"rows: {'; '.join(self.rows)}"]
        return "\n".join([self.name, *(textwrap.indent(textwrap.fill(line, 96), "  ") for line in told)])

    __repr__ = __str__


def recipes() -> list[Recipe]:
    """The recipes that come with the package.

    Example:
        >>> [recipe.name for recipe in recipes()]
        ['digits-rotation', 'table']
    """
    return [_recipe(name) for name in recipe_files()]


def _recipe(name: str) -> Recipe:
    path = recipe_files()[_check.known(name, recipe_files(), "recipe")]
    found = read_config(name)
    return Recipe(name, found["about"], tuple(map(str, found["rows"])), path.read_text(encoding="utf-8"))


def add_arguments(parser: "Parser") -> None:
    """The options of ``evenreg recipes``."""
    parser.description = (
        "List the configs that come with the package, for 'evenreg train --config NAME --row ROW'; with a name, "
        "print that one, to be changed: evenreg recipes table > my.yaml."
    )
    parser.add_argument("name", nargs="?", help="a recipe to print")


def run(args: argparse.Namespace) -> int:
    """Print one recipe, or tell of all."""
    print(_recipe(args.name).text.rstrip() if args.name else "\n\n".join(map(str, recipes())))
    return 0
