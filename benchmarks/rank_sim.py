"""Time of RankSim with its backward at 256 x 2048, against normalising and one Gram matrix in the same run.

Bounds: at most 1.8 times the plain reference with 75 distinct labels, 2.5 times with 256; an exponent of at
most 2.2 of the cost in the batch size.  Run: python benchmarks/rank_sim.py
"""

from collections.abc import Callable

import numpy as np
import torch
from torch.nn.functional import normalize
from torch.utils.benchmark import Timer

from evenreg.features import RankSim

BATCH, WIDTH = 256, 2048
BOUNDS = {75: 1.8, 256: 2.5}
SIZES = (64, 128, 256, 512, 1024)
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def milliseconds(*calls: Callable[[], None], rounds: int = 15) -> list[float]:
    """Median time of each call, in turns, so that a busy machine is busy for all of them."""
    timers = [Timer("call()", globals={"call": call}, num_threads=torch.get_num_threads()) for call in calls]
    times = [[1e3 * timer.timeit(5).mean for timer in timers] for _ in range(rounds)]
    return np.median(times, axis=0).tolist()


def plain(features: torch.Tensor) -> Callable[[], None]:
    """Normalising and one Gram matrix, forward and backward with a given gradient."""
    gradient = torch.randn(len(features), len(features), device=features.device)

    def call() -> None:
        unit = normalize(features)
        (unit @ unit.T).backward(gradient)

    return call


def regularized(features: torch.Tensor, target: torch.Tensor) -> Callable[[], None]:
    regularizer = RankSim()
    return lambda: regularizer(features, target).backward()


def encoded(batch: int, labels: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Features behind a ReLU that follow the label in part, and ``labels`` distinct integer labels."""
    target = (torch.randperm(batch) % labels).float()
    angle = target / labels * 3
    signal = torch.stack([angle.cos(), angle.sin()], 1) @ torch.randn(2, WIDTH)
    features = torch.relu(signal + torch.randn(batch, WIDTH))
    return features.to(DEVICE).requires_grad_(), target.to(DEVICE)


def main() -> None:
    torch.manual_seed(0)
    where = f"{torch.get_num_threads()} threads" if DEVICE == "cpu" else torch.cuda.get_device_name()
    print(f"{BATCH} x {WIDTH}, float32, {where}, forward and backward, eager")
    for labels, bound in BOUNDS.items():
        features, target = encoded(BATCH, labels)
        drawn = features.detach()[:labels].clone().requires_grad_()
        time, whole, own = milliseconds(regularized(features, target), plain(features), plain(drawn))
        verdict = "within" if time <= bound * whole else "ABOVE"
        print(
            f"{labels:4} distinct labels: {time:6.2f} ms, normalising and one Gram {whole:6.2f} ms: "
            f"{time / whole:4.2f} x, {verdict} the bound of {bound} x; "
            f"{time / own:4.2f} x the {own:.2f} ms of the drawn rows alone"
        )
    times = milliseconds(*(regularized(*encoded(size, size)) for size in SIZES), rounds=5)
    exponent = float(np.polyfit(np.log(SIZES), np.log(times), 1)[0])
    told = ", ".join(f"{size}: {time:.1f} ms" for size, time in zip(SIZES, times, strict=True))
    verdict = "within" if exponent <= 2.2 else "ABOVE"
    print(f"batch size, all labels distinct: {told}; exponent {exponent:.2f}, {verdict} the bound of 2.2")


if __name__ == "__main__":
    main()
