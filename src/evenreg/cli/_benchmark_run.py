"""Train rows of a benchmark of the papers and set them beside the papers' numbers."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenreg import _check
from evenreg.cli._benchmark_rows import planned_rows
from evenreg.cli._labelled_rows import facts_of, read_rows, source_of
from evenreg.cli._method_check import check_method
from evenreg.cli._pass_progress import progress_of
from evenreg.cli._processes import first_process, jobs_on
from evenreg.cli._settings import Settings, read_config
from evenreg.cli._source_settings import set_recipe
from evenreg.errors import InputError
from evenreg.training import RunFolder

if TYPE_CHECKING:
    from evenreg.cli._benchmark_result import BenchmarkResult
    from evenreg.cli._compare_cells import Cells
    from evenreg.training import AbstractSource

_SIDE = 224  # of the papers' images


def run_rows(
    name: str,
    rows: str = "all",
    *,
    data: str | Path | None = None,
    variant: str | None = None,
    sweep: str | None = None,
    subset: str = "dir",
    seeds: int = 3,
    out: str | Path | None = None,
    said: Mapping[str, Any] | None = None,
    jobs: int | None = 1,
    resume: bool = False,
    overwrite: bool = False,
    quiet: bool = True,
) -> "BenchmarkResult":
    """Train rows of a benchmark and set them beside the papers'; the arguments are those of `evenreg.benchmark`.

    Args:
        name: ``sts-b-dir``, ``agedb-dir`` or ``imdb-wiki-dir``.
        rows: Which rows.
        data: The prepared folder; None for ``data/NAME``.
        variant: Of the recipe; None for its first.
        sweep: Of the recipe.
        subset: Of the rows to train and test on.
        seeds: Trainings of each row, at least 1.
        out: Folder of the run; None for ``runs/NAME``.
        said: Settings that win over the recipe's; None counts as not said.
        jobs: Cells at a time; None for one a core, and for one where it is trained on a GPU.
        resume: Go on with an earlier run.
        overwrite: Delete an earlier run first.
        quiet: No progress on stderr.
    """
    recipe = read_config(name)
    plans = planned_rows(recipe, rows, variant, sweep, said or {})
    first = next(iter(plans))
    seeds = _check.integer(seeds, "seeds", 1)
    jobs = None if jobs is None else _check.integer(jobs, "jobs", 1)
    if resume and overwrite:
        raise InputError(
            "expected one of resume and overwrite, got both; resume keeps the earlier run, overwrite deletes it."
        )
    labelled = read_rows(_folder_of(name, data), None, None, False)
    found = getattr(labelled, "benchmark", None)
    if found is None or found.name != name:
        raise InputError(
            f"data: expected a folder of {name}, got one of {'something else' if found is None else found.name}; name "
            "another."
        )
    for plan in plans.values():
        check_method(str(plan.method), labelled)
    folder = Path(out or Path("runs") / name)
    if first_process():
        RunFolder.check(folder, resume=resume, overwrite=overwrite)

    # Nearly everything a person can get wrong is behind us: now the slow imports.
    from evenreg.cli._compare_cells import train_rows
    from evenreg.cli._progress import progress_for
    from evenreg.cli._trainer_arguments import trainer_arguments
    from evenreg.data import benchmark_rows
    from evenreg.training import Budget
    from evenreg.training._fit import device_of

    base = plans[first]
    trainer = trainer_arguments(base.trainer)
    split = None if subset == "dir" else benchmark_rows(labelled.y, labelled.split, subset, bins=found.bins)
    source = source_of(
        labelled, None, encoder=base.encoder, arguments=base.encoder_arguments, augmentation=base.augmentation,
        split=split,
    )  # fmt: skip
    set_recipe(source, base)
    config: dict[str, Any] = {
        "command": "benchmark", "benchmark": name, "rows": {row: asdict(plan) for row, plan in plans.items()},
        "seeds": seeds, "subset": subset, **facts_of(source),
    }  # fmt: skip
    one = {"accelerator": source.accelerator, "devices": 1}
    budget = Budget(
        checkpoint_seconds=base.checkpoint_seconds, trainer={"default_root_dir": folder, **one, **trainer}
    )
    jobs = jobs_on(device_of(budget)) if jobs is None else jobs
    is_first = first_process()
    run = (
        RunFolder.open(folder, config, resume=resume, overwrite=overwrite) if is_first else RunFolder(folder)
    )
    if not quiet and is_first:
        print(f"{len(plans)} rows x {seeds}: {len(plans) * seeds} trainings", file=sys.stderr)
    with run.given_back():
        with progress_of("embedding sentences", quiet=quiet or not is_first) as tell:
            source.make_ready(tell)
        progress = progress_for(len(plans) * seeds, quiet or not is_first)
        try:
            cells = train_rows(
                source, list(plans), seeds, run.path, cost=base.cost, reference=first, budget=budget, jobs=jobs,
                progress=progress, settings=plans,
            )  # fmt: skip
        except KeyboardInterrupt:
            progress.close()
            if is_first:
                print(f"what was trained is kept in {folder}; --resume goes on from there.", file=sys.stderr)
            raise
        finally:
            progress.close()
        if not is_first:
            sys.exit(0)  # processes that Lightning started have nothing left to do
        own = Settings.of(recipe, next(iter(recipe["rows"])), {}, variant)
        departures = _departures(own, base, getattr(labelled, "images", None))
        result = _result(name, source, plans, cells, subset, tuple(departures))
        result.store(folder)
        run.finish()
    return result


def _folder_of(name: str, data: str | Path | None) -> Path:
    folder = Path(data or Path("data") / name)
    if folder.is_dir():
        return folder
    raise InputError(
        f"data: expected a folder that 'evenreg data prepare {name}' made, got {folder}, which is none; prepare it, or "
        "name another."
    )


def _departures(recipe: Settings, trained: Settings, images: Any) -> Iterator[str]:
    """How training went another way than the recipe and the papers, where nothing else tells it."""
    if trained.epochs != recipe.epochs:
        epochs = f"{trained.epochs} epoch{'' if trained.epochs == 1 else 's'}"
        yield f"Trained for {epochs} at most, the recipe says {recipe.epochs}."
    if images is not None and images.shape[1] != _SIDE:
        yield f"Images of {images.shape[1]} pixels a side, the papers' have {_SIDE}."


def _result(
    name: str, source: "AbstractSource", plans: Mapping[str, Settings], cells: "Cells", subset: str,
    departures: tuple[str, ...],
) -> "BenchmarkResult":  # fmt: skip
    """Trained cells evaluated on the test rows, whose regions count training rows."""
    from evenreg.cli._benchmark_result import BenchmarkResult
    from evenreg.evaluation import evaluate
    from evenreg.labels import LabelSpace

    train, val = source.train_and_validation(0)
    space = LabelSpace.fit(source.y[train], source.bins)
    y, regions = source.y[source.test], source.regions
    assert regions is not None
    scores = {"bmae": lambda c: c.val_bmae, "mae": lambda c: c.val_mae, "mse": lambda c: c.val_rmse**2}
    score, names = scores[source.select], {"bmae": "b-MAE", "mae": "MAE", "mse": "MSE"}
    return BenchmarkResult(
        benchmark=name,
        methods={row: str(plans[row].method) for row in cells.rows},
        evaluations={
            row: [evaluate(y, cell.prediction, space, regions) for cell in trained]
            for row, trained in cells.rows.items()
        },
        predictions={row: [cell.prediction for cell in trained] for row, trained in cells.rows.items()},
        validation={row: [score(cell) for cell in trained] for row, trained in cells.rows.items()},
        seconds={row: [cell.seconds for cell in trained] for row, trained in cells.rows.items()},
        target=y,
        regions=regions.assign(y, space),
        encoder=source.encoder_name,
        recipe=next(iter(plans.values())).recipe_class or "own",
        selection=names[source.select],
        notes=(*departures, *source.notes, *cells.failed.values()),
        split=(len(train), len(val)),
        subset=subset,
    )
