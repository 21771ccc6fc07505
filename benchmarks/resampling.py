"""Time and memory of resampling tables, against loops over rows and against copies in the same run.

Bounds: SMOGN of 4,499 x 9 numbers in 0.1 s; with 5 % rare rows of 100,000 x 20 mixed columns in 15 s and 1 GB,
of 1,000,000 x 20 numbers in 120 s and 4 GB (both beyond the input); time grows with rows to the power of at most
1.3 up to 8 numeric columns.  The loop over rows is SMOGN as its definition says, scaled where it would take long.
Run: python benchmarks/resampling.py
"""

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from evenreg.labels import Relevance
from evenreg.resampling import SMOGN, SMOTER, WERCS, GaussianNoise, RandomOver, RandomUnder

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from reference.resampling import smogn_rows

FIVE_PERCENT = Relevance.from_points([[0.94, 0], [0.95, 0.8], [0.96, 1]])  # of labels even from 0 to 1


def seconds(call: Callable[[], object], times: int = 3) -> float:
    """The best of three: what the code takes, not what the machine was doing besides."""
    took = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        took.append(time.perf_counter() - start)
    return min(took)


def resident() -> float:
    """Memory of the process, GB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e9


def peak(call: Callable[[], object]) -> tuple[float, float]:
    """Seconds of one call and the most memory it had beyond what was there before, GB, looked at every 5 ms."""
    before, most, over = resident(), [0.0], threading.Event()

    def watch() -> None:
        while not over.wait(0.005):
            most[0] = max(most[0], resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    took = seconds(call, times=1)
    over.set()
    watcher.join()
    return took, max(most[0], resident()) - before


def numbers(n: int, columns: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    X = rng.normal(size=(n, columns))
    return X, rng.permutation(n) / n


def mixed(n: int, rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray]:
    """Ten columns of numbers, two of them integer and one with gaps; ten of categories, one with thousands."""
    X, y = numbers(n, 10, rng)
    frame = pd.DataFrame(X, columns=[f"x{j}" for j in range(10)])
    frame["x1"] = rng.integers(0, 90, n)
    frame["x2"] = rng.integers(0, 9, n)
    frame.loc[rng.random(n) < 0.1, "x3"] = np.nan
    for j in range(9):
        frame[f"c{j}"] = rng.choice([f"level {i}" for i in range(2 + 3 * j)], n)
    frame["text"] = [f"name {i}" for i in rng.integers(0, 5000, n)]
    return frame, y


def verdict(value: float, bound: float, unit: str) -> str:
    return f"{value:7.3g} {unit} ({'within' if value <= bound else 'ABOVE'} {bound:g})"


def main() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(4499, 9)), rng.lognormal(sigma=0.5, size=4499)
    sampler = SMOGN(random_state=0)
    took = seconds(lambda: sampler.fit_resample(X, y))
    region = next(r for r in sampler.regions_ if r.rare)
    some = 200
    start = time.perf_counter()
    smogn_rows(X[region.rows[:some]].tolist(), y[region.rows[:some]].tolist(), some, 5, 0.02, 0)
    loop = (time.perf_counter() - start) * sampler.synthetic_.sum() / min(some, len(region.rows))
    print(
        f"SMOGN, 4,499 x 9 numbers, {len(region.rows)} rare: {verdict(took, 0.1, 's')}; the loop over rows "
        f"{loop:.2g} s for {sampler.synthetic_.sum():,} rows, {loop / took:,.0f} x"
    )

    for name, (X, y), bound, memory in (
        ("100,000 x 20 mixed", mixed(100_000, rng), 15, 1),
        ("1,000,000 x 20 numbers", numbers(1_000_000, 20, rng), 120, 4),
    ):
        copied = seconds(lambda X=X, y=y: RandomOver(relevance=FIVE_PERCENT).fit_resample(X, y), times=1)
        for cls in (SMOGN, SMOTER):
            took, most = peak(
                lambda X=X, y=y, c=cls: c(relevance=FIVE_PERCENT, random_state=0).fit_resample(X, y)
            )
            print(
                f"{cls.__name__:6} {name}, 5 % rare: {verdict(took, bound, 's')}, {verdict(most, memory, 'GB')}, "
                f"{took / copied:.1f} x RandomOver"
            )

    print("growth with rows, 5 % rare:")
    sizes = np.array([50_000, 100_000, 200_000, 400_000])
    for cls in (SMOGN, SMOTER):
        for columns in (2, 4, 8):
            took = []
            for n in sizes:
                X, y = numbers(n, columns, rng)
                call = cls(relevance=FIVE_PERCENT, random_state=0)
                took.append(seconds(lambda X=X, y=y, c=call: c.fit_resample(X, y), times=2))
            power = np.polyfit(np.log(sizes), np.log(took), 1)[0]
            told = ", ".join(f"{t:.2f}" for t in took)
            print(f"{cls.__name__:6} {columns} columns: {told} s; power {verdict(power, 1.3, '')}")

    X, y = numbers(1_000_000, 20, rng)
    print("1,000,000 x 20 numbers, 5 % rare; X[rows] and y[rows] of as many rows alone:")
    rows = rng.integers(len(X), size=len(X))
    plain = seconds(lambda: (X[rows], y[rows]))
    for sampler in (RandomUnder(), RandomOver(), GaussianNoise(), WERCS()):
        sampler.set_params(relevance=FIVE_PERCENT, random_state=0)
        took = seconds(lambda s=sampler: s.fit_resample(X, y), times=2)
        made = len(sampler.sample_indices_)
        print(
            f"{type(sampler).__name__:14} {took:6.2f} s   {took / plain / made * len(X):5.1f} x   {made:,} rows"
        )


if __name__ == "__main__":
    main()
