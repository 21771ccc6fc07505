"""Time and memory of counting and weighing 10 million labels, against plain NumPy in the same run.

Bounds: `LabelSpace.fit` with given bins, `InverseFrequency` with LDS and all the weights in 1 s together; one
billion labels in chunks through `LabelSpace.update` in 20 s and under 200 MB, their chunk included.
Run: python benchmarks/label_space.py
"""

import time
import tracemalloc
from collections.abc import Callable

import numpy as np

from evenreg.labels import (
    LDS,
    Bins,
    GaussianMixture,
    InverseFrequency,
    LabelSpace,
    ShotRegions,
    balanced_split,
)

LABELS = 10_000_000
BOUND = 1.0
CHUNKS = 100
STREAM_BOUND, STREAM_MEMORY = 20.0, 200.0


def plain(y: np.ndarray, bins: Bins) -> np.ndarray:
    """The same weights as anybody would write them: histogram, convolution, digitize."""
    counts = np.histogram(y, bins.edges)[0]
    y.mean(), y.std(), y.min(), y.max()
    table = np.convolve(counts, LDS().window(), mode="same") ** -0.5
    weights = table[np.clip(np.digitize(y, bins.edges) - 1, 0, len(bins) - 1)]
    return weights / weights.mean()


def ours(y: np.ndarray, bins: Bins) -> np.ndarray:
    return InverseFrequency(0.5, smoothing=LDS()).fit(LabelSpace.fit(y, bins))(y)


def labels() -> np.ndarray:
    y = np.random.default_rng(0).uniform(0, 10, LABELS)  # squared, the density falls as 1 / sqrt(y)
    return np.square(y, out=y)


def stream() -> None:
    """A billion labels, chunk by chunk; the chunk is made once, so that only counting is timed."""
    tracemalloc.start()
    y, bins = labels(), Bins.uniform(0, 100, 1)
    start = time.perf_counter()
    space = LabelSpace(bins)
    for _ in range(CHUNKS):
        space.update(y)
    took = time.perf_counter() - start
    most = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    assert space.n == CHUNKS * LABELS
    plain_s = CHUNKS * seconds(lambda: (np.histogram(y, bins.edges), y.mean(), y.std(), y.min(), y.max()))
    verdict = "within" if took <= STREAM_BOUND and most <= STREAM_MEMORY else "ABOVE"
    print(
        f"{space.n:,} labels in {CHUNKS} chunks, 100 bins of 1: {took:.1f} s   NumPy, scaled from one chunk, "
        f"{plain_s:.0f} s   {took / plain_s:.2f} x   {most:.0f} MB with the chunk of {y.nbytes / 1e6:.0f} MB   "
        f"{verdict} the bound of {STREAM_BOUND:g} s and {STREAM_MEMORY:g} MB"
    )


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
    y = labels()
    print(
        f"{LABELS:,} float64 labels ({y.nbytes / 1e6:.0f} MB): fit, LDS weighting, a weight for every label"
    )
    cases = {
        "100 bins of 1": Bins.uniform(0, 100, 1),
        "1,000 bins of 0.1": Bins.uniform(0, 100, 0.1),
        "100 unequal bins": Bins(np.linspace(0, 10, 101) ** 2),
        "1,000,000 bins": Bins.uniform(0, 100, 1e-4),
    }
    assert np.allclose(ours(y, cases["100 bins of 1"]), plain(y, cases["100 bins of 1"]))
    for name, bins in cases.items():
        ours_s, plain_s = seconds(lambda b=bins: ours(y, b)), seconds(lambda b=bins: plain(y, b))
        verdict = "within" if ours_s <= BOUND else "ABOVE"
        print(
            f"{name:20} {1e3 * ours_s:7.0f} ms   NumPy {1e3 * plain_s:7.0f} ms   {ours_s / plain_s:5.2f} x   "
            f"{peak(lambda b=bins: ours(y, b)):5.0f} MB   {verdict} the bound of {BOUND:g} s"
        )

    space = LabelSpace.fit(y, cases["100 bins of 1"])
    weighting = InverseFrequency(0.5, smoothing=LDS()).fit(space)
    print("the parts, 100 bins:")
    for name, call in {
        "LabelSpace.fit, given bins": lambda: LabelSpace.fit(y, space.bins),
        "LabelSpace.fit, own bins": lambda: LabelSpace.fit(y),
        "weights": lambda: weighting(y),
        "regions": lambda: ShotRegions.relative().assign(y, space),
        "GaussianMixture(2)": lambda: GaussianMixture(2).fit(space),
        "balanced_split": lambda: balanced_split(y, space.bins),
    }.items():
        print(f"{name:28} {1e3 * seconds(call):7.0f} ms")
    stream()


if __name__ == "__main__":
    main()
