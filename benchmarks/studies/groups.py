"""Group experts, two stages and classification beside vanilla: what each choice does, end groups apart.

Fixed before any of it was run: the data (digits-rotation, a piecewise target with one rare regime, and the tables
given), 8 groups of equal width, 5 seeds, everything else as the words have it. For every row with groups the MAE of
the test rows in end groups and inner groups, as predicted, with true groups told, and with a constant a group (the
median training label), mean over seeds. A run that was cut
goes on from runs/. Run: python benchmarks/studies/groups.py [FILE:TARGET ...] [--seeds N] [--epochs N]
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd

import evenreg
from evenreg.cli import CompareResult

METHODS = (
    "rrt; rrt + lds; group(8); group(8, bounded=false); group(8, routing=soft); group(8, target=ce); "
    "group(8, target=la); group(8) + group-contrast(8, stage=first, views=2); cls; cls + cb; cls + crt"
)


def piecewise() -> pd.DataFrame:
    """Two lines, each in a regime of its own that two noisy columns give away; one row in 25 is in the rare one."""
    rng = np.random.default_rng(0)
    n = 4000
    rare = rng.random(n) < 0.04
    position = rng.random(n)
    y = np.where(rare, 12 - 7 * position, 5 * position) + rng.normal(0, 0.2, n)
    signs = rng.normal(rare[:, None] * 2.5, 1, (n, 2))
    noise = rng.normal(size=(n, 3))
    columns = {"position": position, **{f"sign{i}": signs[:, i] for i in range(2)}}
    return pd.DataFrame({"y": y, **columns, **{f"noise{i}": noise[:, i] for i in range(3)}})


def by_groups(result: CompareResult) -> None:
    """Errors in end groups and inner groups, as predicted, with true groups, and with a constant a group."""
    print(f"{'MAE, mean over seeds':52} {'end groups':^26} {'inner groups':^26}")
    print(f"{'':52} {'told':>8} {'true':>8} {'constant':>8} {'told':>8} {'true':>8} {'constant':>8}")
    for row, seeds in result.routing.items():
        cells: list[float] = []
        for inner in (False, True):
            errors = []
            for routing in seeds:
                last = len(routing.mae_by_group) - 1
                kept = [e for g, e in enumerate(routing.mae_by_group) if (0 < g < last) == inner]
                errors.append(np.mean([e for e in kept if e is not None], axis=0))
            cells += np.mean(errors, axis=0).tolist()
        print(f"{row:52} " + " ".join(f"{cell:8.4g}" for cell in cells))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="*", metavar="FILE:TARGET")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int)
    args = parser.parse_args()
    data: list[tuple[str, object, str | None]] = [
        ("digits-rotation", "digits-rotation", None),
        ("piecewise", piecewise(), "y"),
    ]
    for file, _, target in (text.rpartition(":") for text in args.tables):
        data.append((Path(file).stem, file, target))
    for name, source, target in data:
        print(name, file=sys.stderr)
        result = evenreg.compare(
            source, target, METHODS, seeds=args.seeds, epochs=args.epochs, jobs=2, quiet=False,
            out=f"runs/groups-{name}", resume=True,
        )  # fmt: skip
        print(result, end="\n\n")
        by_groups(result)
        print(flush=True)


if __name__ == "__main__":
    main()
