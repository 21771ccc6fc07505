"""Time of the group head, 25 groups on 2,048 features at batch 256: forward, loss and backward.

Bound: what it takes beyond a linear head with the absolute error is at most 3 % of a step of ResNet-50 at the
same batch, which is not timed here.  Run: python benchmarks/group_head.py
"""

import numpy as np
import torch
from torch.utils.benchmark import Timer

from evenreg.heads import ClassifierHead, GroupHead
from evenreg.labels import Bins, LabelSpace
from evenreg.losses import L1Loss

BATCH, WIDTH, GROUPS, LABELS = 256, 2048, 25, 100
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
STEP = "head.loss(head(x), y, cost=cost).backward()"


def milliseconds(statement: str, **names: object) -> float:
    """The best time of a statement: what the code takes, not what the machine was doing besides."""
    timer = Timer(statement, globals=names, num_threads=torch.get_num_threads())
    return 1e3 * min(timer.blocked_autorange(min_run_time=0.5).times)


def told(name: str, time: float, plain: float) -> None:
    """One line."""
    print(f"{name:48} {time:8.3f} ms  {time / plain:5.2f} x  {time - plain:+8.3f} ms")


def main() -> None:
    torch.manual_seed(0)
    print(f"batch {BATCH} x {WIDTH}, {GROUPS} groups, float32, {DEVICE}, {torch.get_num_threads()} threads")
    space = LabelSpace.fit(np.arange(LABELS), Bins.uniform(-0.5, LABELS - 0.5, 1))
    x = torch.randn(BATCH, WIDTH, device=DEVICE, requires_grad=True)
    y = torch.randint(0, LABELS, (BATCH, 1), device=DEVICE).float()
    names = {"x": x, "y": y, "cost": L1Loss(), "l1": torch.nn.functional.l1_loss}
    layer = torch.nn.Linear(WIDTH, 1).to(DEVICE)
    plain = milliseconds("l1(layer(x), y).backward()", layer=layer, **names)
    told("plain linear layer and L1", plain, plain)
    wide = torch.nn.Linear(WIDTH, 2 * GROUPS).to(DEVICE)
    told(
        "plain linear layer of 50 outputs, its sum",
        milliseconds("wide(x).sum().backward()", wide=wide, **names),
        plain,
    )
    for target in ("soft", "ce", "la"):
        for routing in ("argmax", "soft"):
            head = GroupHead(WIDTH, GROUPS, routing=routing, target=target).fit(space).to(DEVICE)
            told(f"GroupHead, {target}, {routing}", milliseconds(STEP, head=head, **names), plain)
    unbounded = GroupHead(WIDTH, GROUPS, bounded=False).fit(space).to(DEVICE)
    told("GroupHead, soft, argmax, unbounded", milliseconds(STEP, head=unbounded, **names), plain)
    classifier = ClassifierHead(WIDTH, LABELS).fit(space).to(DEVICE)
    told(f"ClassifierHead, {LABELS} bins", milliseconds(STEP, head=classifier, **names), plain)


if __name__ == "__main__":
    main()
