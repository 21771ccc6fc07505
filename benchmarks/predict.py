"""``evenreg predict`` on 1 million rows of 10 numbers, as a command, from the CSV to the CSV: 30 s at most.

    python benchmarks/predict.py

The plain reference is what anybody would write: pandas reads the whole table, scikit-learn's gradient boosting
predicts it, pandas writes it. Below them the parts of ours one after the other, in one process.
"""

import os
import pickle
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from sklearn.ensemble import HistGradientBoostingRegressor

import evenreg
from evenreg.data import open_rows

ROWS, BLOCK, BOUND = 1_000_000, 20_000, 30.0
FEATURES = [f"x{i}" for i in range(10)]
EVENREG = "import sys; from evenreg.cli import main; sys.exit(main())"
PLAIN = """
import pickle, sys
import pandas as pd
trees = pickle.load(open(sys.argv[1], "rb"))
frame = pd.read_csv(sys.argv[2])
frame["predicted_y"] = trees.predict(frame[trees.feature_names_in_])
frame.to_csv(sys.argv[3], index=False)
"""


def table(n: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n, len(FEATURES))), columns=FEATURES)
    return frame.assign(y=np.exp(frame["x0"] / 2) + frame["x1"] * frame["x2"])


def command(*words: str) -> tuple[float, float, float]:
    """Seconds, seconds of processor time and largest memory in MB of a command."""
    start = time.perf_counter()
    child = subprocess.Popen([sys.executable, *words], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    took = time.perf_counter() - start
    if status:
        raise SystemExit(f"{words[:2]} failed")
    return took, used.ru_utime + used.ru_stime, used.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def parts(model: Path, new: Path, out: Path) -> dict[str, float]:
    """Seconds of each part over all blocks."""
    torch.set_num_threads(1)  # as the command does
    loaded, rows = evenreg.load_model(model), open_rows(new)
    took = dict.fromkeys(("read", "transform", "network", "write"), 0.0)
    with out.open("w", newline="") as file:
        file.write(rows.csv_header("predicted_y"))
        blocks = rows.blocks(FEATURES, BLOCK)
        while True:
            times = [time.perf_counter()]
            block = next(blocks, None)
            if block is None:
                return took
            times.append(time.perf_counter())
            loaded.preprocessor.transform(block.features)
            times.append(time.perf_counter())
            values = loaded.predict(block.features)
            times.append(time.perf_counter())
            file.write(block.csv(values))
            times.append(time.perf_counter())
            spent = np.diff(times)
            spent[2] -= spent[1]  # predict transforms once more
            took = {part: took[part] + float(s) for part, s in zip(took, spent, strict=True)}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        train, new = table(5_000, 0), here / "new.csv"
        trained = evenreg.train(train, "y", "sqinv", epochs=2, out=here / "run")
        trees = HistGradientBoostingRegressor(random_state=0).fit(train[FEATURES], train["y"])
        (here / "trees.pickle").write_bytes(pickle.dumps(trees))
        table(ROWS, 1)[FEATURES].to_csv(new, index=False)
        best, out = trained.folder / "best", here / "p.csv"

        took, busy, memory = command(
            "-c", EVENREG, "predict", str(best), str(new), "--out", str(out), "--quiet"
        )
        with out.open() as file:
            assert sum(1 for _ in file) == ROWS + 1
        plain = command("-c", PLAIN, *(str(here / name) for name in ("trees.pickle", "new.csv", "q.csv")))
        print(
            f"evenreg predict, {ROWS:,} rows x {len(FEATURES)}, {new.stat().st_size / 1e6:.0f} MB: {took:.1f} s, bound "
            f"{BOUND:.0f} s{'' if took <= BOUND else '  ABOVE'} ({busy:.1f} s of processor); at most {memory:.0f} MB"
        )
        print(
            f"pandas and gradient boosting: {plain[0]:.1f} s ({plain[1]:.1f} s), ratio {took / plain[0]:.2f}; at most "
            f"{plain[2]:.0f} MB"
        )
        found = parts(best, new, here / "r.csv")
        print("of ours " + ", ".join(f"{part} {1e3 * seconds:.0f} ms" for part, seconds in found.items()))


if __name__ == "__main__":
    main()
