"""Table 4 of papers/002: what the paper prints for the synthetic benchmark."""

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from evenreg.data import SYNTHETIC
from evenreg.training import SYNTHETIC_METHODS


@cache
def published_synthetic() -> Mapping[tuple[str, str], str]:
    """Its numbers by setting and method, as printed.

    Example:
        >>> published_synthetic()["exponential-high", "vanilla"]
        '18.61'
    """
    text = files("evenreg.evaluation").joinpath("published", "synthetic.csv").read_text(encoding="utf-8")
    names = {row.row: name for name, row in SYNTHETIC_METHODS.items() if row.row}
    return {
        (line["setting"], names[line["row"]]): line["value"] for line in csv.DictReader(text.splitlines())
    }


def synthetic_list() -> str:
    """Table 4 as text, rows in the words of the benchmark and as printed."""
    printed = published_synthetic()
    families: dict[str, list[str]] = {}
    for setting in dict.fromkeys(setting for setting, _ in printed):
        families.setdefault(setting.split("-")[0], []).append(setting)
    lines = [
        "Ren et al. 2022 (Balanced MSE), Table 4: MSE on labels uniform over the test range, without noise",
        " " * 22 + "".join(family.center(26) for family in families).rstrip(),
        " " * 22 + _columns([[SYNTHETIC[name].skew for name in names] for names in families.values()]),
    ]
    for method, row in SYNTHETIC_METHODS.items():
        if row.row:
            cells = [[printed[name, method] for name in names] for names in families.values()]
            lines.append(f"{method:<9}{row.row:<13}" + _columns(cells))
    return "\n".join([*lines, "†: the true noise scale is given; elsewhere it is learned."])


def _columns(families: list[list[str]]) -> str:
    return "".join(f"{high:>8}{moderate:>10}{low:>8}" for high, moderate, low in families)
