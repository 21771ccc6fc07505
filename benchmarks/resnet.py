"""What the parts add to a step of a ResNet, and what keeping features saves a second stage.

Bounds: FDS (with its observing), RankSim and the mixing of images at most 2 %, the group head at most 3 % of a
ResNet-50 step at batch 256, images of 224 x 224; an epoch of a second stage on kept ResNet-18 features at least 20
times faster than one that passes the encoder again. Without a GPU the ResNet-50 step is timed at batch 8 and multiplied
by 32, since no activations of 256 images fit. Run: python benchmarks/resnet.py
"""

import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from transformers import ResNetConfig, ResNetModel

from evenreg.features import FDS, RankSim
from evenreg.heads import GroupHead, LinearHead
from evenreg.labels import Bins, LabelSpace
from evenreg.losses import L1Loss
from evenreg.mixing import AbstractMixing, CMixup, Mix, Mixup
from evenreg.training import FrozenEncoder, encode

BATCH, WIDTH, BINS = 256, 2048, 100
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
SPACE = LabelSpace.fit(range(BINS), Bins.uniform(-0.5, BINS - 0.5, 1))


class Pooled(nn.Module):
    """A ResNet down to its pooled features."""

    def __init__(self, depths: list[int], layer: str, sizes: list[int]) -> None:
        super().__init__()
        self.net = ResNetModel(ResNetConfig(depths=depths, layer_type=layer, hidden_sizes=sizes))

    def forward(self, images: Tensor) -> Tensor:
        return self.net(images).pooler_output.flatten(1)


def milliseconds(call: Callable[[], object], rounds: int) -> float:
    """Median time of a call, after one that is not counted."""
    times = []
    for _ in range(rounds + 1):
        if DEVICE == "cuda":
            torch.cuda.synchronize()
        start = time.perf_counter()
        call()
        if DEVICE == "cuda":
            torch.cuda.synchronize()
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times[1:])


def resnet50_step() -> float:
    """Forward, backward and Adam of a ResNet-50 at batch 256."""
    at_once = BATCH if DEVICE == "cuda" else 8
    net = nn.Sequential(Pooled([3, 4, 6, 3], "bottleneck", [256, 512, 1024, 2048]), nn.Linear(WIDTH, 1))
    net.to(DEVICE)
    optimizer = torch.optim.Adam(net.parameters(), foreach=True)
    images = torch.randn(at_once, 3, 224, 224, device=DEVICE)

    def step() -> None:
        optimizer.zero_grad()
        net(images).abs().mean().backward()
        optimizer.step()

    return milliseconds(step, 3) * BATCH / at_once


def parts() -> dict[str, tuple[Callable[[], object], float]]:
    """Forward and backward of each part on features of a batch, with its bound in percent of a step."""
    y = torch.randint(0, BINS, (BATCH, 1), device=DEVICE).float()
    x = torch.relu(torch.randn(BATCH, WIDTH, device=DEVICE)).requires_grad_()
    upstream = torch.randn_like(x)
    fds = FDS(start_update=0, start_smooth=1).fit(SPACE).to(DEVICE)
    fds.observe(x, y)
    fds.end_epoch()
    ranksim = RankSim().fit(SPACE)
    group, linear = (h.fit(SPACE).to(DEVICE) for h in (GroupHead(WIDTH, 25), LinearHead(WIDTH)))

    def smooth() -> None:
        fds.observe(x.detach(), y)
        fds(x, y).backward(upstream)

    def head(part: GroupHead | LinearHead) -> Callable[[], None]:
        return lambda: part.loss(part(x), y, cost=L1Loss()).backward()

    images, weight = torch.randn(BATCH, 3, 224, 224, device=DEVICE), torch.ones(BATCH, device=DEVICE)

    def blend(mixing: AbstractMixing) -> None:
        mix = mixing(y)
        mix(images), mix(y), mix(weight)

    def blend_row_by_row() -> None:
        pairs = zip(mix.partner.tolist(), mix.share.tolist(), strict=True)
        torch.stack([s * images[i] + (1 - s) * images[j] for i, (j, s) in enumerate(pairs)])

    mix: Mix = Mixup()(y)
    return {
        "FDS": (smooth, 2),
        "RankSim": (lambda: ranksim(x, y).backward(), 2),
        "Mixup of images": (lambda: blend(Mixup()), 2),
        "C-Mixup of images": (lambda: blend(CMixup()), 2),
        "the same row by row": (blend_row_by_row, 2),
        "GroupHead, 25 groups": (head(group), 3),
        "LinearHead, for comparison": (head(linear), 3),
    }


def second_stage() -> None:
    """An epoch of re-training a head: on kept features, and through the encoder again."""
    encoder = Pooled([2, 2, 2, 2], "basic", [64, 128, 256, 512]).to(DEVICE)
    images, y = torch.randn(512, 3, 64, 64, device=DEVICE), torch.rand(512, 1, device=DEVICE)
    head = LinearHead(512).to(DEVICE)
    optimizer = torch.optim.AdamW(head.parameters())

    def epoch(encoder: nn.Module, inputs: Tensor) -> None:
        for rows in torch.randperm(512).split(128):
            optimizer.zero_grad()
            head.loss(head(encoder(inputs[rows])), y[rows], cost=L1Loss()).backward()
            optimizer.step()

    features = encode(encoder, (images,))
    kept = milliseconds(lambda: epoch(nn.Identity(), features), 20)
    again = milliseconds(lambda: epoch(FrozenEncoder(encoder), images), 3)
    verdict = "within" if again >= 20 * kept else "BELOW"
    print(
        f"second stage, 512 images of 64 x 64, ResNet-18: {kept:.2f} ms an epoch on kept features, {again:.0f} ms "
        f"through the encoder: {again / kept:.0f} x, {verdict} the bound of 20 x"
    )


def main() -> None:
    torch.manual_seed(0)
    step = resnet50_step()
    how = "" if DEVICE == "cuda" else " (32 x one at batch 8)"
    print(
        f"ResNet-50, batch {BATCH}, 224 x 224, {DEVICE}, {torch.get_num_threads()} threads: {step:,.0f} ms{how}"
    )
    for name, (call, bound) in parts().items():
        own = milliseconds(call, 30)
        verdict = "within" if own <= bound / 100 * step else "ABOVE"
        print(f"{name:28} {own:8.2f} ms  {100 * own / step:7.4f} %  {verdict} the bound of {bound} %")
    second_stage()


if __name__ == "__main__":
    main()
