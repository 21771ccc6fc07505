"""Start-up: what a person waits for before anything happens, against Python's own start.

    python benchmarks/start_up.py

Prints the median of several runs in milliseconds and as a ratio to ``python -c pass`` in the same run.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

RUNS = 5
EVENREG = "import sys; from evenreg.cli import main; sys.exit(main())"


def milliseconds(*words: str) -> float:
    """Median wall time of a command."""
    times = []
    for _ in range(RUNS + 1):  # the first fills caches
        start = time.perf_counter()
        subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times[1:])


def table(path: Path, megabytes: float) -> None:
    """A CSV of about that size: a skewed target, numbers and two nominal columns."""
    rng = np.random.default_rng(0)
    n = int(megabytes * 1e6 / 100)
    numbers = rng.normal(size=(n, 9))
    price, city, kind = rng.lognormal(4, 1, n), rng.integers(0, 40, n), rng.integers(0, 5, n)
    with path.open("w") as file:
        file.write("price," + ",".join(f"x{i}" for i in range(9)) + ",city,kind\n")
        for i in range(n):
            cells = ",".join(f"{v:.6f}" for v in numbers[i])
            file.write(f"{price[i]:.2f},{cells},city{city[i]},kind{kind[i]}\n")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sales.csv"
        table(path, 10)
        size = path.stat().st_size / 1e6
        plain = milliseconds("-c", "pass")
        print(f"{'python -c pass':<36}{plain:8.0f} ms")
        for name, bound, words in (
            ("import evenreg", 200, ["-c", "import evenreg"]),
            ("evenreg --help", 500, ["-c", EVENREG, "--help"]),
            (
                f"evenreg diagnose, {size:.0f} MB CSV",
                3000,
                ["-c", EVENREG, "diagnose", str(path), "--target", "price"],
            ),
        ):
            took = milliseconds(*words)
            print(
                f"{name:<36}{took:8.0f} ms {took / plain:6.1f} x   bound {bound} ms{'' if took <= bound else '  ABOVE'}"
            )


if __name__ == "__main__":
    main()
