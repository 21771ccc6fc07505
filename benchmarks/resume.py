"""Runs killed at random moments and resumed: do they end with the weights of a run that was never cut?

Every run is `evenreg.train` in a process of its own, killed by SIGKILL up to three times at a random moment of its
life, and then left to finish. `--runs 100` is the default; a run counts as identical when every weight and every
test prediction has the same bits.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from evenreg.cli import train


def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 3))
    return pd.DataFrame(x, columns=list("abc")).assign(y=np.exp(x[:, 0] + 0.3 * rng.normal(size=500)))


def run(file: Path, folder: Path) -> None:
    train(
        file, "y", "bmc", out=folder, epochs=12, batch_size=32, resume=True, checkpoint_seconds=0.0,
        trainer={"accelerator": "cpu", "devices": 1},
    )  # fmt: skip


def in_a_process(file: Path, folder: Path, killed_after: float | None) -> bool:
    """Whether the run came to its end by itself; a fork, so that nothing has to be imported again."""
    child = os.fork()
    if child == 0:
        try:
            run(file, folder)
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    if killed_after is not None:
        time.sleep(killed_after)
        os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1] == 0


def left_by(folder: Path) -> dict[str, torch.Tensor]:
    """All weights and predictions of a finished run."""
    parts = torch.load(folder / "best" / "weights.pt", weights_only=True)
    found = {
        f"{part}.{k}": v for part, state in parts.items() for k, v in state.items() if torch.is_tensor(v)
    }
    return found | {"prediction": torch.from_numpy(np.load(folder / "prediction.npy"))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=100)
    runs = parser.parse_args().runs
    torch.set_num_threads(1)
    draw = random.Random(0)
    with tempfile.TemporaryDirectory() as root:
        file = Path(root) / "table.csv"
        table().to_csv(file, index=False)
        run(file, Path(root) / "first")  # imports what the processes then have
        straight, began = Path(root) / "straight", time.monotonic()
        assert in_a_process(file, straight, None), "the run that nobody cut failed"
        seconds = time.monotonic() - began
        expected = left_by(straight)
        identical = kills = went_on = 0
        for number in range(runs):
            folder = Path(root) / str(number)
            for _ in range(draw.randint(1, 3)):
                if in_a_process(file, folder, draw.uniform(0, seconds)):
                    break
                kills += 1
                went_on += (folder / "fit" / "last.ckpt").exists()
            finished = (folder / "DONE").exists() or in_a_process(file, folder, None)
            found = left_by(folder) if finished else {}
            identical += found.keys() == expected.keys() and all(
                torch.equal(found[k], expected[k]) for k in found
            )
    print(
        f"{identical} of {runs} runs, killed {kills} times in all ({went_on} times with a checkpoint to go on from), "
        f"ended bit-identical to a run that was not cut ({seconds:.1f} s)"
    )
    sys.exit(identical != runs)


if __name__ == "__main__":
    main()
