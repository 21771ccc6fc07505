"""How far predictions are, on stderr: a bar for a person, a line now and then for a file."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_SECONDS_BETWEEN_LINES = 10.0

Tell = Callable[[int, float], None]


@contextmanager
def row_progress(*, quiet: bool) -> Iterator[Tell]:
    """A function that is told the rows that are done, and their share of all.

    Args:
        quiet: Say nothing.
    """
    if quiet:
        yield lambda rows, share: None
    elif sys.stderr.isatty():
        with _bar() as tell:
            yield tell
    else:
        yield _lines()


@contextmanager
def _bar() -> Iterator[Tell]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("loading the model", total=1.0)
        yield lambda rows, share: progress.update(task, completed=share, description=f"{rows:,} rows")


def _lines() -> Tell:
    told_at = time.monotonic()

    def tell(rows: int, share: float) -> None:
        nonlocal told_at
        if time.monotonic() - told_at > _SECONDS_BETWEEN_LINES and share < 1.0:
            print(f"predicted {rows:,} rows, {share:.0%}", file=sys.stderr, flush=True)
            told_at = time.monotonic()

    return tell
