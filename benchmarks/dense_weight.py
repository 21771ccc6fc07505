"""Time and memory of kernel density weights of 1 million labels, against the sum over all pairs in the same run.

Bound: `LabelSpace.fit`, `KernelDensity`, `DenseWeight` and all the weights in 1 s together.  The sum over all
pairs, at 200 of the labels, is scaled to all of them (times 5,000).  Run: python benchmarks/dense_weight.py
"""

import time
import tracemalloc
from collections.abc import Callable

import numpy as np

from evenreg.labels import DenseWeight, KernelDensity, LabelSpace

LABELS = 1_000_000
ASKED = 200
BOUND = 1.0


def plain(y: np.ndarray, asked: np.ndarray, bandwidth: float) -> np.ndarray:
    """The density as its formula says, ten labels at a time."""
    parts = [
        np.exp(-(((x[:, None] - y) / bandwidth) ** 2) / 2).mean(axis=1) for x in np.split(asked, ASKED // 10)
    ]
    return np.concatenate(parts) / (bandwidth * np.sqrt(2 * np.pi))


def ours(y: np.ndarray) -> np.ndarray:
    return DenseWeight(density=KernelDensity()).fit(LabelSpace.fit(y))(y)


def seconds(call: Callable[[], object]) -> float:
    """The best of three: what the code takes, not what the machine was doing besides."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def peak(call: Callable[[], object]) -> float:
    """Most memory in use at once, in MB."""
    tracemalloc.start()
    call()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / 1e6


def main() -> None:
    rng = np.random.default_rng(0)
    cases = {
        "lognormal": rng.lognormal(sigma=1, size=LABELS),
        "heavy tails (t, 1.5)": rng.standard_t(1.5, size=LABELS),
        "half of them 0": np.maximum(rng.normal(size=LABELS), 0),
        "ages": rng.poisson(30, size=LABELS).astype(np.float64),
    }
    print(f"{LABELS:,} float64 labels ({8 * LABELS / 1e6:.0f} MB): a kernel density weight for every label")
    for name, y in cases.items():
        took = seconds(lambda y=y: ours(y))
        density = KernelDensity().fit(LabelSpace.fit(y))
        asked = np.quantile(y, np.linspace(0, 1, ASKED))
        start = time.perf_counter()
        exact = plain(y, asked, density.bandwidth_ or 1)
        scaled = (time.perf_counter() - start) * LABELS / ASKED
        off = np.median(abs(density.density(asked) / exact - 1))
        verdict = "within" if took <= BOUND else "ABOVE"
        print(
            f"{name:20} {1e3 * took:5.0f} ms   all pairs {scaled:6.0f} s, 1 / {scaled / took:,.0f}   "
            f"{peak(lambda y=y: ours(y)):4.0f} MB   density off by {100 * off:.2f} % (median)   "
            f"mean weight {ours(y).mean():.4f}   {verdict} the bound of {BOUND:g} s"
        )

    y = cases["lognormal"]
    space = LabelSpace.fit(y)
    density, weighting = KernelDensity().fit(space), DenseWeight().fit(space)
    print("the parts, lognormal:")
    for name, call in {
        "LabelSpace.fit, own bins": lambda: LabelSpace.fit(y),
        "KernelDensity.fit": lambda: KernelDensity().fit(space),
        "densities": lambda: density.density(y),
        "DenseWeight.fit": lambda: DenseWeight().fit(space),
        "weights": lambda: weighting(y),
    }.items():
        print(f"{name:28} {1e3 * seconds(call):7.0f} ms")


if __name__ == "__main__":
    main()
