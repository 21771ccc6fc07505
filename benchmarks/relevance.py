"""Time of relevance, groups and SERA on a million labels, and of the medcouple against all pairs.

No bound: the medcouple of n labels by its definition is a median of n²/4 numbers, 2 TB for a million labels.
Run: python benchmarks/relevance.py
"""

import time
from collections.abc import Callable

import numpy as np

from evenreg.labels import Bins, LabelGroups, LabelSpace, Relevance, soft_labels
from evenreg.labels._medcouple import medcouple
from evenreg.metrics import sera

LABELS = 1_000_000
PAIRED = 5_000


def all_pairs(y: np.ndarray) -> float:
    """The medcouple of labels without ties at the median: the median of the kernel over all pairs."""
    centred = np.sort(y) - np.median(y)
    above, below = centred[centred >= 0][:, None], centred[centred <= 0]
    return float(np.median((above + below) / (above - below)))


def seconds(call: Callable[[], object]) -> float:
    """The best of three: what the code takes, not what the machine was doing besides."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    rng = np.random.default_rng(0)
    y = rng.lognormal(3, 0.8, LABELS)
    few = y[:PAIRED]
    assert abs(medcouple(few) - all_pairs(few)) < 1e-11
    ours, plain = seconds(lambda: medcouple(few)), seconds(lambda: all_pairs(few))
    print(
        f"medcouple of {PAIRED:,} labels {1e3 * ours:8.1f} ms   all pairs {1e3 * plain:.0f} ms   {ours / plain:.4f} x"
    )

    space = LabelSpace.fit(y, Bins.uniform(0, y.max() + 1, 1))
    relevance = Relevance.fit(y)
    phi, prediction = relevance(y), y + rng.normal(size=LABELS)
    groups = LabelGroups.equal_mass(space, 25)
    print(f"the parts, {LABELS:,} float64 labels, {len(space.bins):,} bins:")
    for name, call in {
        "medcouple": lambda: medcouple(y),
        "medcouple, whole numbers": lambda: medcouple(np.round(y)),
        "Relevance.fit, labels": lambda: Relevance.fit(y),
        "Relevance.fit, space": lambda: Relevance.fit(space),
        "Relevance.from_density": lambda: Relevance.from_density(space),
        "relevance of every label": lambda: relevance(y),
        "sera": lambda: sera(y, prediction, phi),
        "LabelGroups.equal_mass(25)": lambda: LabelGroups.equal_mass(space, 25),
        "group of every label": lambda: groups.index(y),
        "soft_labels of a batch": lambda: soft_labels(groups.index(y[:256]), 25),
    }.items():
        print(f"{name:28} {1e3 * seconds(call):8.1f} ms")


if __name__ == "__main__":
    main()
