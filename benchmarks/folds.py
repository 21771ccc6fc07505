"""Time of folds and balanced batches for 1 million rows, against scikit-learn and torch in the same run.

Bound: `StratifiedKFold` on 1 million rows in 2 s.
Run: python benchmarks/folds.py
"""

import time
from collections.abc import Callable

import numpy as np
from sklearn.model_selection import StratifiedKFold as ClassFolds
from torch.utils.data import BatchSampler, RandomSampler

from evenreg.labels import Bins, LabelSpace, StratifiedKFold, matched_subset, skewed_subset, stratified_split
from evenreg.training import BalancedBatchSampler

ROWS = 1_000_000
BATCH = 256
BOUND = 2.0


def seconds(call: Callable[[], object]) -> float:
    """The best of three: what the code takes, not what the machine was doing besides."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def plain_folds(y: np.ndarray) -> list:
    """What people do today: quantile bins as classes."""
    classes = np.digitize(y, np.quantile(y, np.linspace(0, 1, 11)[1:-1]))
    return list(ClassFolds(5, shuffle=True, random_state=0).split(y, classes))


def plain_batches() -> list:
    return list(BatchSampler(RandomSampler(range(ROWS)), BATCH, drop_last=False))


def spread_in_the_tail(y: np.ndarray, folds: list) -> int:
    """Most minus fewest of the 100 largest labels that a fold's test set holds."""
    rare = np.zeros(len(y), dtype=bool)
    rare[np.argsort(y)[-100:]] = True
    return int(np.ptp([rare[test].sum() for _, test in folds]))


def main() -> None:
    y = np.random.default_rng(0).lognormal(sigma=1.5, size=ROWS)
    deciles = Bins(np.quantile(y, np.linspace(0, 1, 11)))
    plain = plain_folds(y)
    plain_s = seconds(lambda: plain_folds(y))
    print(
        f"{ROWS:,} rows, 5 folds; scikit-learn on 10 quantile classes: {1e3 * plain_s:.0f} ms, "
        f"the 100 largest labels over its folds: {spread_in_the_tail(y, plain)} apart"
    )
    for name, folds in {
        "StratifiedKFold": StratifiedKFold(5),
        "StratifiedKFold, shuffle": StratifiedKFold(5, shuffle=True, random_state=0),
        "StratifiedKFold, 10 bins": StratifiedKFold(5, shuffle=True, random_state=0, bins=deciles),
    }.items():
        ours_s = seconds(lambda f=folds: list(f.split(y, y)))
        verdict = "within" if ours_s <= BOUND else "ABOVE"
        print(
            f"{name:28} {1e3 * ours_s:7.0f} ms   {ours_s / plain_s:5.2f} x   {verdict} the bound of {BOUND:g} s   "
            f"{spread_in_the_tail(y, list(folds.split(y, y)))} apart"
        )

    space = LabelSpace.fit(y, Bins.uniform(0, 50, 0.5))
    for name, call in {
        "stratified_split": lambda: stratified_split(y),
        "skewed_subset(3)": lambda: skewed_subset(np.log(y), 3),
        "matched_subset": lambda: matched_subset(y, space),
    }.items():
        print(f"{name:28} {1e3 * seconds(call):7.0f} ms")

    plain_s = seconds(plain_batches)
    print(f"an epoch in batches of {BATCH}; torch's RandomSampler and BatchSampler: {1e3 * plain_s:.0f} ms")
    for name, bins in {"100 bins": space.bins, "100,000 bins": Bins.uniform(0, 50, 5e-4)}.items():
        sampler = BalancedBatchSampler(LabelSpace(bins), y, BATCH)
        ours_s = seconds(lambda s=sampler: list(s))
        print(
            f"BalancedBatchSampler, {name:12} {1e3 * ours_s:7.0f} ms   {ours_s / plain_s:5.2f} x   "
            f"{1e6 * ours_s / len(sampler):5.0f} µs a batch"
        )


if __name__ == "__main__":
    main()
