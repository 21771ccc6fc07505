"""A run of the synthetic benchmark as text of at most 100 columns, beside Table 4 of papers/002."""

import textwrap
from collections.abc import Sequence
from itertools import groupby

import numpy as np

from evenreg.cli._synthetic_published import published_synthetic
from evenreg.data import SYNTHETIC
from evenreg.training import SYNTHETIC_METHODS, SyntheticCell

_WIDTH, _LABEL = 100, 15
_FAMILIES = {"normal": "Normal", "exponential": "Exponential", "mvn": "MVN", "curve": "Curves"}
_RECIPES = {
    "converged": "recipe: solved to convergence (ours)",
    "sgd": "recipe: SGD and Adam (papers/002 B.1.2), last epoch",
}


def synthetic_text(
    cells: Sequence[SyntheticCell],
    by_labels: Sequence[SyntheticCell],
    seeds: Sequence[int],
    mode: str,
    prior: str,
    seconds: float,
) -> str:
    """The whole page: what was done, a table a family, the draws, priors compared, and what there is to say."""
    found = {(cell.setting, cell.method): cell for cell in cells}
    labels = {(cell.setting, cell.method): cell for cell in by_labels}
    parts = [_head(seeds, mode, prior)]
    settings = list(dict.fromkeys(cell.setting for cell in cells))
    methods = [method for method in SYNTHETIC_METHODS if any(cell.method == method for cell in cells)]
    for family, group in groupby(settings, _family):
        names = list(group)
        parts.append(_curves(names, methods, found) if family == "curve" else _lines(names, methods, found))
    for family, group in groupby(settings, _family):
        if family in ("normal", "exponential") and len(seeds) > 1:
            parts.append(_draws(list(group), methods, found))
    if labels:
        parts.append(_priors(settings, methods, found, labels))
    return "\n\n".join([*parts, _notes(cells, seconds)])


def _family(setting: str) -> str:
    return setting.split("-")[0]


def _head(seeds: Sequence[int], mode: str, prior: str) -> str:
    draws = f"{len(seeds)} draws (seeds {seeds[0]} to {seeds[-1]})" if len(seeds) > 1 else "1 draw (seed 0)"
    told = (
        f"synthetic: papers/002 Table 4 and Figs. 4 and 7. MSE on labels uniform over the test range, without noise; "
        f"1,024 training rows a draw, {draws}; encoder: none, a linear model; {_RECIPES[mode]}; prior from the "
        f"{'training labels' if prior == 'labels' else 'generator, 10,000 fresh labels'}."
    )
    return textwrap.fill(told, _WIDTH)


def _lines(settings: list[str], methods: list[str], found: dict[tuple[str, str], SyntheticCell]) -> str:
    """A family of Table 4: ours, the paper's, the difference, and ours over reverse regression."""
    printed, blank = published_synthetic(), "–"
    head = _FAMILIES[_family(settings[0])].ljust(_LABEL)
    lines = [
        head + "".join(SYNTHETIC[name].skew.center(28) for name in settings).rstrip(),
        " " * _LABEL + "".join(_row("ours", "paper", "diff", "ratio") for _ in settings),
    ]
    for method in methods:
        texts = []
        for name in settings:
            cell, paper = found[name, method], printed.get((name, method))
            difference = blank if paper is None else f"{cell.mean - float(paper):+.3f}"
            texts.append(_row(error_text(cell.mean), paper or blank, difference, _ratio(cell.ratio)))
        lines.append(method.ljust(_LABEL) + "".join(texts))
    reference = [found[name, methods[0]].reference for name in settings]
    texts = [_row(error_text(float(np.mean(errors))), "", "", "1") for errors in reference]
    lines.append("reverse regr.".ljust(_LABEL) + "".join(texts))
    theory = [_row(error_text(SYNTHETIC[name].reverse_regression_error), "", "", "") for name in settings]
    return "\n".join([*lines, ("  its theory".ljust(_LABEL) + "".join(theory)).rstrip()])


def _row(ours: str, paper: str, difference: str, ratio: str) -> str:
    return f"{ours:>8}{paper:>7}{difference:>7}{ratio:>6}"


def _curves(settings: list[str], methods: list[str], found: dict[tuple[str, str], SyntheticCell]) -> str:
    """Curves have no number in the paper and no reverse regression: mean and 95 % of draws."""
    lines = [
        "Curves".ljust(_LABEL) + "".join(SYNTHETIC[name].skew.center(20) for name in settings).rstrip(),
        " " * _LABEL + "".join(f"{'ours':>10}{'95 %':>10}" for _ in settings),
    ]
    for method in methods:
        cells = [found[name, method] for name in settings]
        texts = [f"{error_text(c.mean):>10}{error_text(*_quantiles(c, 0.95)):>10}" for c in cells]
        lines.append(method.ljust(_LABEL) + "".join(texts))
    best = [f"{error_text(SYNTHETIC[name].test().best_error):>10}{'':>10}" for name in settings]
    return "\n".join([*lines, ("best spline".ljust(_LABEL) + "".join(best)).rstrip()])


def _draws(settings: list[str], methods: list[str], found: dict[tuple[str, str], SyntheticCell]) -> str:
    """The seed study: what a single draw may give."""
    lines = [
        f"{_FAMILIES[_family(settings[0])]}, draws".ljust(_LABEL + 6)
        + "".join(SYNTHETIC[name].skew.center(26) for name in settings).rstrip(),
        " " * _LABEL + "".join(f"{'5 %':>10}{'median':>8}{'95 %':>8}" for _ in settings),
    ]
    for method in methods:
        texts = []
        for name in settings:
            low, middle, high = _quantiles(found[name, method], 0.05, 0.5, 0.95)
            texts.append(f"{error_text(low):>10}{error_text(middle):>8}{error_text(high):>8}")
        lines.append(method.ljust(_LABEL) + "".join(texts))
    return "\n".join(lines)


def _quantiles(cell: SyntheticCell, *levels: float) -> list[float]:
    """Errors of single draws; between two of them, one of which may be infinite, there is no mean."""
    return np.quantile(cell.errors, levels, method="nearest").tolist()


def _priors(
    settings: list[str],
    methods: list[str],
    found: dict[tuple[str, str], SyntheticCell],
    labels: dict[tuple[str, str], SyntheticCell],
) -> str:
    """What it changes that GAI and BNI learn from fresh labels of the generator."""
    held = [method for method in methods if (settings[0], method) in labels]
    lines = [
        "MSE with the prior from the generator less that from the training labels",
        " " * 22 + "".join(method.rjust(12) for method in held),
    ]
    for name in settings:
        texts = (f"{found[name, m].mean - labels[name, m].mean:+.4f}".rjust(12) for m in held)
        lines.append(name.ljust(22) + "".join(texts))
    return "\n".join(lines)


def _notes(cells: Sequence[SyntheticCell], seconds: float) -> str:
    unsolved = sum(cell.unsolved for cell in cells)
    total = sum(len(cell.errors) for cell in cells)
    components = sorted({cell.components for cell in cells if cell.method.startswith("gai")})
    held = (
        {1: "gai: 1 component."}.get(components[0], f"gai: {components[0]} components.") if components else ""
    )
    if len(components) > 1:
        held = f"gai: {components[0]} component, {components[1]} where labels are exponential."
    told = [
        "ratio: ours over reverse regression on the same draws, which knows neither prior nor noise scale; its theory "
        "is (1 + E (y - m)ᵀ S⁻¹ (y - m)) / 1024. The paper's numbers are of one draw each, as far as it tells."
        if any(cell.reference for cell in cells)
        else "",
        "-true: the noise scale that the data were made with; elsewhere it is learned. inv: weights 1 / true density."
        + (" " + held if held else ""),
        _outcome(unsolved, total, cells[0].mode),
        f"{seconds:.0f} s.",
    ]
    return textwrap.fill(" ".join(filter(None, told)), _WIDTH)


def _outcome(unsolved: int, total: int, mode: str) -> str:
    """A recipe's last epoch is no minimum: of it is told only whether training diverged."""
    if mode == "sgd":
        return f"Training diverged in {unsolved} of {total:,} fits."
    return (
        f"{unsolved} of {total:,} fits did not come to rest."
        if unsolved
        else f"All {total:,} fits came to rest."
    )


def error_text(value: float) -> str:
    """An error with the digits that count.

    Example:
        >>> error_text(18.2993), error_text(5.3301), error_text(0.02523), error_text(float("inf"))
        ('18.30', '5.330', '0.0252', 'inf')
    """
    if value >= 1e6:
        return f"{value:.1e}"
    return f"{value:.4f}" if value < 0.1 else f"{value:.3f}" if value < 10 else f"{value:.2f}"


def _ratio(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"
