"""How far a long pass over rows or files is, on stderr: a bar for a person, a line now and then for a file."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_SECONDS_BETWEEN_LINES = 10.0

Tell = Callable[[int, int], None]


@contextmanager
def progress_of(doing: str, *, quiet: bool) -> Iterator[Tell]:
    """A function that is told what is done, and how much there is in all.

    Args:
        doing: What goes on, such as ``"decoding"``.
        quiet: Say nothing.
    """
    if quiet:
        yield lambda done, total: None
    elif sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(doing, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)
    else:
        yield _lines(doing)


def _lines(doing: str) -> Tell:
    told_at = time.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal told_at
        if time.monotonic() - told_at > _SECONDS_BETWEEN_LINES and done < total:
            print(f"{doing}: {done / total:.0%}", file=sys.stderr, flush=True)
            told_at = time.monotonic()

    return tell
