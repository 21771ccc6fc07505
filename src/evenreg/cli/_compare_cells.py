"""Train every row with every seed on all cores, and go on where an earlier run stopped."""

from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import final

from evenreg.cli._progress import AbstractProgress
from evenreg.cli._settings import Settings
from evenreg.cli._trainer import Trained, Trainer, cell_folder, load_cell
from evenreg.cli._workers import open_workers
from evenreg.errors import InputError, TrainingError
from evenreg.training import AbstractSource, Budget


@final
@dataclass(frozen=True)
class Cells:
    """What a comparison trained: per row one `Trained` a seed; rows that failed, with the reason."""

    rows: dict[str, list[Trained]]
    failed: dict[str, str]


def train_rows(
    source: AbstractSource,
    rows: Sequence[str],
    seeds: int,
    run: Path,
    *,
    cost: str,
    reference: str,
    budget: Budget,
    jobs: int,
    progress: AbstractProgress,
    settings: Mapping[str, Settings] | None = None,
) -> Cells:
    """Train all cells, ``jobs`` at a time; the numbers are the same for any ``jobs``.

    Within a seed the first row (vanilla) is trained before the others, whose learned noise scales start at its
    validation RMSE. ``settings`` are those of rows whose name is not their method. A row that diverges with any seed,
    or asks for more than its training rows have (such as groups without labels), is left out and told in ``failed``.

    Raises:
        TrainingError: Vanilla diverged, or the row that the others are held against.
        InputError: That row asks for more than its training rows have.
    """
    first, *others = rows
    done: dict[tuple[str, int], Trained] = {}
    failed: dict[str, str] = {}
    trainer = Trainer(source, run, cost, budget, settings or {})
    with open_workers(trainer, min(jobs, len(rows) * seeds), progress) as workers:
        running: dict[Future[Trained], tuple[str, int]] = {}

        def start(row: str, seed: int, noise: float | None) -> None:
            running[workers.submit(row, seed, noise, loaded=load_cell(cell_folder(run, row, seed)))] = (
                row,
                seed,
            )

        for seed in range(seeds):
            start(first, seed, None)
        while running:
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                row, seed = running.pop(future)
                try:
                    cell = future.result()
                except (TrainingError, InputError) as error:
                    if row in (first, reference):
                        raise
                    failed[row] = f"{row} is left out: {error}"
                    continue
                done[row, seed] = cell
                progress.finish(row, seed, cell.val_bmae, cell.seconds)
                if row == first:
                    for other in others:
                        start(other, seed, cell.val_rmse)
    kept = [row for row in rows if row not in failed]
    return Cells({row: [done[row, seed] for seed in range(seeds)] for row in kept}, failed)
