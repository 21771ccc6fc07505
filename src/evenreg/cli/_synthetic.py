"""Runs the synthetic benchmark: cells in processes of their own, or in this one, with the same numbers."""

import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future, as_completed
from typing import TYPE_CHECKING, NamedTuple, final

from evenreg import _check
from evenreg.cli._processes import open_pool, process_context
from evenreg.data import SYNTHETIC
from evenreg.errors import InputError
from evenreg.training import SYNTHETIC_METHODS, SYNTHETIC_MODES, SYNTHETIC_PRIORS

if TYPE_CHECKING:
    from evenreg.cli._synthetic_result import SyntheticResult
    from evenreg.training import SyntheticCell

_FAMILIES = tuple(dict.fromkeys(name.split("-")[0] for name in SYNTHETIC))
_DRAWS = {"converged": 200, "sgd": 3}
# What learns the prior, and so what an option about it can change.
_LEARNS_PRIOR = ("gai-true", "gai", "bni-true", "bni")


@final
class _Task(NamedTuple):
    setting: str
    method: str
    seeds: tuple[int, ...]
    mode: str
    prior: str
    components: int | None

    def __call__(self) -> "SyntheticCell":
        from evenreg.training import solve_synthetic

        return solve_synthetic(
            self.setting,
            self.method,
            self.seeds,
            mode=self.mode,
            prior=self.prior,
            components=self.components,
        )


def run_synthetic(
    settings: str | Sequence[str] | None,
    methods: str | Sequence[str] | None,
    seeds: int | None,
    mode: str,
    prior: str,
    components: int | None,
    jobs: int,
    quiet: bool,
) -> "SyntheticResult":
    """Every cell of the settings and methods; see `evenreg.benchmark` for the arguments."""
    names = _settings(settings)
    rows = _words(methods, SYNTHETIC_METHODS, "method of the synthetic benchmark")
    _check.known(mode, SYNTHETIC_MODES, "mode")
    _check.known(prior, SYNTHETIC_PRIORS, "prior")
    draws = tuple(range(_check.integer(_DRAWS[mode] if seeds is None else seeds, "seeds", 1)))
    components = None if components is None else _check.integer(components, "components", 1)
    jobs = _check.integer(jobs, "jobs", 1)
    _check_effect(rows, prior, components)

    from evenreg.cli._pass_progress import progress_of
    from evenreg.cli._synthetic_result import SyntheticResult

    tasks = [_Task(name, row, draws, mode, prior, components) for name in names for row in rows]
    again = [task._replace(prior="labels") for task in tasks if task.method in _LEARNS_PRIOR]
    again = again if prior == "generator" else []
    began = time.monotonic()
    with progress_of("solving" if mode == "converged" else "training", quiet=quiet) as tell:
        cells = _solve([*tasks, *again], min(jobs, len(tasks) + len(again)), tell)
    seconds = time.monotonic() - began
    return SyntheticResult(
        draws, mode, prior, tuple(cells[: len(tasks)]), tuple(cells[len(tasks) :]), seconds
    )


def _check_effect(rows: Sequence[str], prior: str, components: int | None) -> None:
    """An `InputError` for an option that no row has a use for."""
    told = ", ".join(rows)
    if prior != "labels" and not set(rows) & set(_LEARNS_PRIOR):
        raise InputError(
            f"prior: expected a method that learns one, which are {', '.join(_LEARNS_PRIOR)}, got {told}; add one, or "
            "leave prior out."
        )
    if components is not None and not any(row.startswith("gai") for row in rows):
        raise InputError(
            f"components: expected a method with a mixture, gai or gai-true, got {told}; add one, or leave components "
            "out."
        )


def _settings(settings: str | Sequence[str] | None) -> list[str]:
    """Names of settings, where the first part of a name stands for all that begin with it; in order."""
    asked = _words(settings, (*SYNTHETIC, *_FAMILIES), "setting of the synthetic benchmark")
    return [name for name in SYNTHETIC if name in asked or name.split("-")[0] in asked]


def _words(asked: str | Sequence[str] | None, known: Collection[str], what: str) -> list[str]:
    if asked is None:
        return [*known]
    parts = asked.replace(";", ",").split(",") if isinstance(asked, str) else asked
    found = [str(part).strip().lower() for part in parts if str(part).strip()]
    for name in found or [""]:
        _check.known(name, known, what)
    return [name for name in known if name in found]


def _solve(tasks: Sequence[_Task], jobs: int, tell: Callable[[int, int], None]) -> "list[SyntheticCell]":
    tell(0, len(tasks))
    if jobs == 1:
        cells = []
        for task in tasks:
            cells.append(task())
            tell(len(cells), len(tasks))
        return cells
    with open_pool(jobs, process_context(), _one_thread) as pool:
        # BMC takes longest, and what is long must not come last.
        order = sorted(range(len(tasks)), key=lambda i: "bmc" not in tasks[i].method)
        futures: dict[int, Future[SyntheticCell]] = {i: pool.submit(tasks[i]) for i in order}
        for done, future in enumerate(as_completed(futures.values()), start=1):
            future.result()
            tell(done, len(tasks))
        return [futures[i].result() for i in range(len(tasks))]


def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)
