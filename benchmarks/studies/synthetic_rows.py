"""Synthetic samples beside vanilla, by five folds: resampling and mixing, for a network and for boosted trees.

Fixed before any of it was run: the tables given, five stratified folds (`StratifiedKFold`, seed 0), the words' own
defaults, seed 0 for a fold's validation rows, initialisation and samples. Training folds alone are resampled; a network
is selected on validation rows of the training folds, drawn evenly over the labels, which trees do not see either. Test
rows and regions are those of the labels as they are. For MAE, SERA, balanced MAE and few-shot MAE the table tells
vanilla's mean over folds, and the mean difference of each row with a 95 % interval: Student's t over folds, the
variance enlarged since training folds overlap (Nadeau and Bengio 2003, "Inference for the generalization error").
Nothing is corrected for the number of rows: one in twenty intervals leaves out 0 by chance.

Run: python benchmarks/studies/synthetic_rows.py FILE:TARGET ... [--jobs N]
"""

import argparse
import math
import sys
import tempfile
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pandas as pd
from scipy import stats

FOLDS = 5
ROWS = {
    "vanilla": (
        "smoter", "smogn", "gn", "smoter + lds", "smogn + lds", "smogn + lds + fds", "mixup", "manifold-mixup",
        "c-mixup",
    ),
    "hgb": ("hgb + smoter", "hgb + smogn", "hgb + gn", "hgb + smoter + lds", "hgb + smogn + lds"),
}  # fmt: skip
SCORES = {"MAE": ("all", "mae"), "SERA": ("all", "sera"), "b-MAE": ("all", "bmae"), "few MAE": ("few", "mae")}


def fold_of(file: str, target: str, fold: int) -> tuple[str, int, dict[str, dict[str, float] | str]]:
    """All rows on one fold: their scores, or why there are none."""
    from evenreg import evaluate
    from evenreg.data import table_from_frame
    from evenreg.errors import EvenregError
    from evenreg.labels import LabelSpace, StratifiedKFold
    from evenreg.training import Budget, Draw, Method, TableSource, train_cell

    frame = pd.read_csv(file)
    train, test = list(StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(frame, frame[target]))[fold]
    frame["part of the study"] = np.where(np.isin(np.arange(len(frame)), test), "test", "train")
    source = TableSource(table_from_frame(frame, target, split="part of the study"))
    draw = Draw(source, seed=0)
    space = LabelSpace.fit(source.y[train], source.bins)
    budget = Budget(source.epochs, source.patience, trainer={"accelerator": "cpu", "devices": 1})
    found: dict[str, dict[str, float] | str] = {}
    for row in [row for plain, others in ROWS.items() for row in (plain, *others)]:
        try:
            with tempfile.TemporaryDirectory() as folder:
                cell = train_cell(Method.parse(row), draw, folder, budget=budget)
        except EvenregError as error:
            found[row] = str(error)
            continue
        scores = evaluate(source.y[source.test], cell.prediction, space)
        found[row] = {name: scores[region][metric] for name, (region, metric) in SCORES.items()}
    return file, fold, found


def interval(differences: list[float]) -> tuple[float, float]:
    """Mean difference and half the width of its interval."""
    n = len(differences)
    spread = math.sqrt(np.var(differences, ddof=1) * (1 / n + 1 / (FOLDS - 1)))
    return float(np.mean(differences)), float(stats.t.ppf(0.975, n - 1)) * spread


def report(file: str, target: str, folds: list[dict[str, dict[str, float] | str]]) -> None:
    """One table as markdown; an interval that leaves out 0 has a + (better) or - (worse)."""
    print(
        f"\n**{target} of {file.rpartition('/')[2]}**\n\n| row | {' | '.join(SCORES)} |\n|---|{'---|' * len(SCORES)}"
    )
    refused: dict[str, list[str]] = defaultdict(list)
    for plain, others in ROWS.items():
        base = [fold[plain] for fold in folds]
        print(f"| {plain} | " + " | ".join(f"{np.nanmean([b[s] for b in base]):.4g}" for s in SCORES) + " |")
        for row in others:
            refused[row] += [fold[row] for fold in folds if isinstance(fold[row], str)]
            if refused[row]:
                continue
            cells = []
            for score in SCORES:
                pairs = [fold[row][score] - b[score] for fold, b in zip(folds, base, strict=True)]
                mean, half = interval([p for p in pairs if not math.isnan(p)])
                mark = "" if abs(mean) <= half else ("+" if mean < 0 else "-")
                cells.append(f"{mean:+.3g} [{mean - half:.3g}, {mean + half:.3g}]{mark}")
            print(f"| {row} | {' | '.join(cells)} |")
    for row, told in refused.items():
        if told:
            print(f"\n{row}: refused in {len(told)} of {len(folds)} folds: {told[0]}")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="+", metavar="FILE:TARGET")
    parser.add_argument("--jobs", type=int, default=1)
    args = parser.parse_args()
    tables = [text.rpartition(":")[::2] for text in args.tables]
    with ProcessPoolExecutor(args.jobs, get_context("spawn")) as pool:
        futures = {t: [pool.submit(fold_of, *t, fold) for fold in range(FOLDS)] for t in tables}
        for (file, target), running in futures.items():
            report(file, target, [future.result()[2] for future in running])


if __name__ == "__main__":
    main()
