"""Images a second that a training of ResNet-50 sees at 224 pixels, plain and with four parts of a method.

Bound: with `SQINV + LDS + FDS + RankSim` at least 0.95 of what `vanilla` sees, each with the papers' augmentation. With
a GPU in bf16 and compiled, then in float32 and not compiled, batches of 256; without one in float32, batches of 4,
which takes less than a minute. Then what augmentation alone takes an image, beside the same row by row and by kornia.
Run: python benchmarks/image_training.py
"""

import statistics
import time
from collections.abc import Callable
from contextlib import nullcontext

import numpy as np
import torch
from kornia.augmentation import RandomCrop, RandomHorizontalFlip
from torch import Tensor, nn
from torch.nn.functional import pad

from evenreg.labels import Bins, LabelSpace
from evenreg.models import float_images, image_encoder
from evenreg.training import Augmentation, Batch, Method, RegressionTask, TargetScaler

METHODS, BOUND, SIDE = ("vanilla", "SQINV + LDS + FDS + RankSim"), 0.95, 224
CUDA = torch.cuda.is_available()
DEVICE, BATCH, ROUNDS = ("cuda", 256, 20) if CUDA else ("cpu", 4, 6)
# Ages of about the spread of AgeDB's.
AGES = np.random.default_rng(0).gamma(8, 6, 12_208).round().clip(0, 101)


def seconds(*calls: Callable[[], object], rounds: int) -> list[float]:
    """Median time of each call, in turns, so that a busy machine is busy for all of them."""
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):
        for call, told in zip(calls, times, strict=True):
            start = time.perf_counter()
            call()
            if CUDA:
                torch.cuda.synchronize()
            told.append(time.perf_counter() - start)
    return [statistics.median(told) for told in times]


def training_step(words: str, *, fast: bool) -> Callable[[], None]:
    """Augmentation, forward, backward and Adam of a method, past the epochs after which FDS acts."""
    torch.manual_seed(0)
    method, scaler = Method.parse(words), TargetScaler().fit(AGES)
    bins = Bins.uniform(0, 102, 1)
    space, standardized = LabelSpace.fit(AGES, bins), scaler.standardize(AGES)
    encoder = image_encoder("resnet50")
    head = method.head(encoder.out_features, len(bins)).fit(
        LabelSpace.fit(standardized, Bins(scaler.standardize(bins.edges)))
    )
    calibration, regularizers, weighting = method.calibration(), method.regularizers(), method.weighting()
    for part in (calibration, weighting, *regularizers):
        if part is not None:
            part.fit(space)
    task = RegressionTask(
        encoder,
        head,
        method.loss(),
        scaler=scaler,
        bins=len(bins),
        calibration=calibration,
        regularizers=regularizers,
        augment=Augmentation("light"),
    ).to(DEVICE)
    task.log = lambda *_, **__: None  # there is no trainer to log to
    task.train()
    y = AGES[:BATCH]
    weight = np.ones(BATCH) if weighting is None else weighting(y)
    batch = Batch(
        (torch.randint(0, 256, (BATCH, SIDE, SIDE, 3), dtype=torch.uint8, device=DEVICE),),
        torch.from_numpy(y)[:, None].to(DEVICE),
        torch.from_numpy(weight).float().to(DEVICE),
        torch.from_numpy(bins.index(y)).to(DEVICE),
    )
    optimizer = torch.optim.Adam(task.parameters(), lr=1e-3, fused=CUDA)
    if fast:
        task.encoder = torch.compile(encoder)

    def step() -> None:
        optimizer.zero_grad()
        with torch.autocast("cuda", torch.bfloat16) if fast else nullcontext():
            loss = task.training_step(batch, 0)
        loss.backward()
        optimizer.step()

    for _ in range(2):  # also what compiles
        step()
        if calibration is not None:
            calibration.end_epoch()
    return step


def compare(*, fast: bool) -> float:
    """Print images a second of both methods; seconds of a plain step."""
    plain, whole = seconds(*(training_step(words, fast=fast) for words in METHODS), rounds=ROUNDS)
    how = "bf16, compiled" if fast else "float32, not compiled"
    print(f"ResNet-50, {SIDE} x {SIDE}, batch {BATCH}, {how}, {where()}")
    for words, took in zip(METHODS, (plain, whole), strict=True):
        print(f"{words:28} {1e3 * took:9.1f} ms a step  {BATCH / took:8.1f} images a second")
    verdict = "within" if plain / whole >= BOUND else "BELOW"
    print(f"{'ratio':28} {plain / whole:9.3f}  {verdict} the bound of {BOUND}")
    return plain


def row_by_row(pixels: Tensor) -> Tensor:
    """The papers' augmentation, one image after the other."""
    batch = []
    for image in pixels:
        top, left, mirrored = (int(torch.randint(n, ())) for n in (33, 33, 2))
        image = pad(image, (0, 0, 16, 16, 16, 16))[top : top + SIDE, left : left + SIDE]
        batch.append(image.flip(1) if mirrored else image)
    return float_images(torch.stack(batch))


def augmentation(step: float) -> None:
    """Print what augmentation takes an image, and of a plain step's time an image."""
    rows = 256 if CUDA else 64
    pixels = torch.randint(0, 256, (rows, SIDE, SIDE, 3), dtype=torch.uint8, device=DEVICE)
    crop = nn.Sequential(RandomCrop((SIDE, SIDE), padding=16), RandomHorizontalFlip())
    light, heavy = Augmentation("light"), Augmentation("heavy")
    calls: dict[str, Callable[[], object]] = {
        "light": lambda: light((pixels,)),
        "the same row by row": lambda: row_by_row(pixels),
        "the same by kornia": lambda: crop(float_images(pixels).contiguous()),
        "heavy": lambda: heavy((pixels,)),
    }
    for call in calls.values():
        call()
    print(f"augmentation, batch {rows}, {where()}")
    for name, took in zip(calls, seconds(*calls.values(), rounds=5), strict=True):
        print(
            f"{name:28} {1e3 * took / rows:9.3f} ms an image  {100 * took / rows * BATCH / step:6.2f} % of a step"
        )


def where() -> str:
    return torch.cuda.get_device_name() if CUDA else f"{torch.get_num_threads()} threads"


def main() -> None:
    if CUDA:
        compare(fast=True)
    augmentation(compare(fast=False))


if __name__ == "__main__":
    main()
