"""Time and memory of Rank-N-Contrast with its backward, against a cdist and a row sort in the same run.

Bounds at 512 x 512: at most 2.5 times `torch.cdist` (forward and backward) plus one sort of the rows of the
label distances, under 64 MB beyond what the batch holds; the exponent of the cost in the batch size at most
2.2. Group contrast and ConR are shown beside it.  Run: python benchmarks/contrast.py
"""

import math
import os
import time
from itertools import accumulate

import torch
from torch import Tensor
from torch.utils.benchmark import Timer

from evenreg.features import AbstractRegularizer, ConR, GroupContrast, RankNContrast

BATCH, WIDTH, SIZES = 512, 512, (128, 256, 512, 1024, 2048)


def batch(size: int) -> tuple[Tensor, Tensor, Tensor]:
    """Features, labels without ties and predictions."""
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(size, WIDTH, generator=generator).requires_grad_()
    target = torch.randn(size, 1, generator=generator)
    return features, target, target + torch.randn(size, 1, generator=generator)


def milliseconds(statement: str, **names: object) -> float:
    """Median processor time of a statement on one thread, which other processes hardly change."""
    timer = Timer(statement, globals=names, timer=time.process_time)
    return 1e3 * timer.adaptive_autorange(min_run_time=0.5).median


def plain(features: Tensor, target: Tensor) -> float:
    """What cannot be avoided: distances of the features with their gradient, label distances in order."""
    seed = torch.ones(len(features), len(features))
    distances = milliseconds("cdist(z, z).backward(g)", cdist=torch.cdist, z=features, g=seed)
    return distances + milliseconds("(y - y.T).abs().sort(1)", y=target)


def step(part: AbstractRegularizer, size: int) -> float:
    """One forward and backward."""
    features, target, prediction = batch(size)
    labels = (target, prediction) if part.needs_prediction else (target,)
    return milliseconds("part(z, *labels).backward()", part=part, z=features, labels=labels)


def peak(size: int) -> float:
    """Megabytes that a step holds at most beyond the batch and its gradient, as PyTorch allocates them."""
    features, target, _ = batch(size)
    features.grad = torch.zeros_like(features)
    part = RankNContrast()
    part(features, target).backward()
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # the profiler tells when it starts and stops
    with torch.profiler.profile(profile_memory=True) as profile:
        part(features, target).backward()
    events = profile.profiler.kineto_results.events()
    changes = sorted((e.start_ns(), e.nbytes()) for e in events if e.name() == "[memory]")
    return max(accumulate(change for _, change in changes)) / 1e6


def exponent(times: list[float]) -> float:
    """Slope of log time over log size, by least squares."""
    x, y = [math.log(s) for s in SIZES], [math.log(t) for t in times]
    mx, my = sum(x) / len(x), sum(y) / len(y)
    return sum((a - mx) * (b - my) for a, b in zip(x, y, strict=True)) / sum((a - mx) ** 2 for a in x)


def verdict(value: float, bound: float) -> str:
    return "within" if value <= bound else "ABOVE"


def main() -> None:
    torch.manual_seed(0)
    parts = {
        "RankNContrast": RankNContrast(),
        "GroupContrast": GroupContrast(None),
        "ConR": ConR(),
    }
    print(f"batch {BATCH}, {WIDTH} features, float32, forward and backward, processor time of one thread")
    reference = plain(*batch(BATCH)[:2])
    print(f"{'cdist + sort':16} {reference:8.2f} ms")
    for name, part in parts.items():
        time = step(part, BATCH)
        bound = f"  {verdict(time / reference, 2.5)} the bound of 2.5 x" if name == "RankNContrast" else ""
        print(f"{name:16} {time:8.2f} ms {time / reference:5.2f} x{bound}")
    memory = peak(BATCH)
    print(f"{'extra memory':16} {memory:8.1f} MB  {verdict(memory, 64)} the bound of 64 MB (RankNContrast)")
    for name, part in parts.items():
        times = [step(part, size) for size in SIZES]
        slope = exponent(times)
        shown = ", ".join(f"{size}: {time:.1f}" for size, time in zip(SIZES, times, strict=True))
        print(f"{name:16} {shown} ms; exponent {slope:.2f}, {verdict(slope, 2.2)} the bound of 2.2")


if __name__ == "__main__":
    main()
