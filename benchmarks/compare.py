"""The main job: ``evenreg compare`` with seven methods and three seeds on a table of Abalone's size.

    python benchmarks/compare.py [TABLE.csv TARGET]

Without a table it makes one: 4,177 rows, 7 numbers, a nominal column, a skewed whole-number target. The plain
reference is the same number of gradient-boosting fits by scikit-learn in the same run.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor

METHODS = "vanilla; sqinv; sqinv+lds; focal-r; bmc; gai; bni"
EVENREG = "import sys; from evenreg.cli import main; sys.exit(main())"


def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    n = 4177
    size = rng.beta(4, 3, n)
    numbers = np.stack([size + rng.normal(0, 0.03, n) * (i + 1) for i in range(7)], axis=1)
    rings = np.clip(np.round(np.exp(1.2 + 1.8 * size + rng.normal(0, 0.25, n))), 1, 29)
    frame = pd.DataFrame(numbers, columns=[f"x{i}" for i in range(7)])
    return frame.assign(sex=rng.choice(["M", "F", "I"], n), rings=rings)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        if len(sys.argv) == 3:
            path, target = Path(sys.argv[1]), sys.argv[2]
        else:
            path, target = Path(folder) / "table.csv", "rings"
            table().to_csv(path, index=False)
        words = ["compare", str(path), "--target", target, "--methods", METHODS, "--seeds", "3"]
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "-c", EVENREG, *words, "--out", f"{folder}/run", "--quiet"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        took = time.perf_counter() - start

        frame = pd.read_csv(path)
        features = pd.get_dummies(frame.drop(columns=target)).to_numpy(np.float32)
        cells = len(list(Path(folder, "run", "rows").glob("*/seed-*")))
        start = time.perf_counter()
        for seed in range(cells):
            HistGradientBoostingRegressor(random_state=seed).fit(features, frame[target])
        plain = time.perf_counter() - start
        bound = "" if took <= 300 else "  ABOVE"
        print(f"compare, {cells} trainings on {len(frame):,} rows: {took:.0f} s, bound 300 s{bound}")
        print(f"as many gradient-boosting fits: {plain:.1f} s, ratio {took / plain:.1f}")


if __name__ == "__main__":
    main()
