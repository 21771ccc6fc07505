"""Time of a Balanced MSE loss with its backward at batch 256, against `torch.nn.MSELoss` in the same run.

Bound: at most twice the time of `torch.nn.MSELoss` plus 1 ms.  Run: python benchmarks/balanced_mse.py
"""

import numpy as np
import torch
from torch.utils.benchmark import Timer

from evenreg.labels import Bins, LabelSpace
from evenreg.losses import BMCLoss, BNILoss, GAILoss

BATCH, LABELS = 256, 10_000


def losses() -> dict[str, torch.nn.Module]:
    """Every form with a learned noise scale; BNI with the most bins of the default rule, and fewer."""
    y = np.random.default_rng(0).gamma(2.0, size=LABELS)
    y = (y - y.mean()) / y.std()
    spaces = {
        m: LabelSpace.fit(y, Bins.uniform(y.min(), y.max(), (y.max() - y.min()) / m)) for m in (50, 200)
    }
    return {
        "BMC": BMCLoss(0.5),
        "BMC, 64 negatives": BMCLoss(0.5, negatives=64),
        "GAI, 2 components": GAILoss(2, 0.5).fit(spaces[200]),
        "GAI, 16 components": GAILoss(16, 0.5).fit(spaces[200]),
        "BNI, 50 bins": BNILoss(noise_sigma=0.5).fit(spaces[50]),
        "BNI, 200 bins": BNILoss(noise_sigma=0.5).fit(spaces[200]),
        "BNI, 200 centres": BNILoss(integration="centers", noise_sigma=0.5).fit(spaces[200]),
    }


def milliseconds(loss: torch.nn.Module, prediction: torch.Tensor, target: torch.Tensor) -> float:
    """Median time of one forward and backward."""
    timer = Timer(
        "loss(p, y).backward()",
        globals={"loss": loss, "p": prediction, "y": target},
        num_threads=torch.get_num_threads(),
    )
    return 1e3 * timer.adaptive_autorange(min_run_time=0.3).median


def main() -> None:
    torch.manual_seed(0)
    target = torch.randn(BATCH, 1)
    prediction = (target + 0.5 * torch.randn(BATCH, 1)).requires_grad_()
    plain = milliseconds(torch.nn.MSELoss(), prediction, target)
    bound = 2 * plain + 1
    print(f"batch {BATCH}, float32, {torch.get_num_threads()} threads, forward and backward")
    print(f"{'torch.nn.MSELoss':20} {plain:7.3f} ms")
    for name, loss in losses().items():
        time = milliseconds(loss, prediction, target)
        verdict = "within" if time <= bound else "ABOVE"
        print(f"{name:20} {time:7.3f} ms  {time / plain:5.1f} x  {verdict} the bound of {bound:.3f} ms")


if __name__ == "__main__":
    main()
