"""What each word costs in training: processor time of three epochs on digits-rotation, over vanilla's.

One thread and processor time, which other programs hardly change; median of five trainings in turns. An extra pass
of FDS, second views and second stages are in it. Run: python benchmarks/words.py
"""

import statistics
import tempfile
import time
from pathlib import Path

import torch

from evenreg.data import digits_rotation
from evenreg.training import Budget, Draw, ImageSource, Method, train_cell

METHODS = (
    "vanilla", "focal-r", "sqinv", "dense", "sqinv + lds", "bmc", "gai", "bni", "fds", "fds(statistics=extra_pass)",
    "ranksim", "rnc", "rnc(views=2)", "group-contrast", "conr", "group", "rrt", "cls", "cls + crt", "log", "mixup",
    "manifold-mixup", "c-mixup",
)  # fmt: skip


def main() -> None:
    torch.set_num_threads(1)
    draw = Draw(ImageSource(digits_rotation()), seed=0)
    budget = Budget(epochs=3, patience=3, trainer={"accelerator": "cpu", "devices": 1})
    times: dict[str, list[float]] = {method: [] for method in METHODS}
    for turn in range(6):
        for method in METHODS:
            with tempfile.TemporaryDirectory() as folder:
                start = time.process_time()
                train_cell(Method.parse(method), draw, Path(folder), budget=budget)
                if turn:  # the first one imports and warms up
                    times[method].append(time.process_time() - start)
    vanilla = statistics.median(times["vanilla"])
    print(
        f"vanilla: {vanilla:.2f} s of processor for 3 epochs of {len(draw.train):,} images and the predictions"
    )
    for method, found in times.items():
        print(f"{method:28} {statistics.median(found) / vanilla:5.2f} x")


if __name__ == "__main__":
    main()
