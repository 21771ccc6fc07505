"""An epoch of face images from the cache against opening, resizing and transforming every file anew.

    python benchmarks/image_cache.py

2,000 generated JPEGs of 400 x 400, batches of 64 in random order, 224 pixels, padded by 16, cropped and mirrored at
random, in [-1, 1]. Both on one core, as a loader's worker is; then what preparing costs with one and with two threads.
"""

import csv
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps

from evenreg.data import ImageCache, crop_and_flip, prepare_images

IMAGES, BATCH, SIDE, PADDING, BOUND = 2000, 64, 224, 16, 8.0


def generate(folder: Path) -> tuple[Path, Path]:
    """Images with coarse and fine structure, about as large on disk as photographs of the size."""
    rng = np.random.default_rng(0)
    (images := folder / "AgeDB").mkdir()
    rows = [["age", "path", "split"]]
    for i in range(IMAGES):
        coarse, fine = (
            np.asarray(
                Image.fromarray(rng.integers(0, 256, (n, n, 3), np.uint8)).resize(
                    (400, 400), Image.Resampling.BICUBIC
                )
            )
            for n in (8, 100)
        )
        Image.fromarray((0.75 * coarse + 0.25 * fine).astype(np.uint8)).save(images / f"{i}.jpg", quality=90)
        rows.append([str(20 + i % 50), f"{i}.jpg", ("train", "train", "val", "test")[i % 4]])
    with (folder / "faces.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return images, folder / "faces.csv"


def from_files(paths: list[Path], rng: np.random.Generator) -> torch.Tensor:
    """The plain way: one image after the other through Pillow."""
    batch = []
    for path in paths:
        with Image.open(path) as opened:
            image = opened.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
        image = ImageOps.expand(image, PADDING)
        left, top = rng.integers(0, 2 * PADDING + 1, 2).tolist()
        image = image.crop((left, top, left + SIDE, top + SIDE))
        if rng.random() < 0.5:
            image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1).float().div_(255)
        batch.append(pixels.sub_(0.5).div_(0.5))
    return torch.stack(batch)


def from_cache(
    cache: ImageCache, rows: np.ndarray, rng: np.random.Generator, floats: torch.Tensor
) -> torch.Tensor:
    """One copy a batch, then floats into memory that is kept: fresh pages cost more than all the rest.

    Channels stay last in memory, which convolutions take as they are.
    """
    batch = torch.from_numpy(crop_and_flip(cache.images, rows, rng, padding=PADDING))
    return floats[: len(rows)].copy_(batch.permute(0, 3, 1, 2)).mul_(2 / 255).sub_(1)


def epoch(load: Callable[[np.ndarray, np.random.Generator], torch.Tensor]) -> float:
    """Seconds of one pass in random order."""
    rng = np.random.default_rng(1)
    order = rng.permutation(IMAGES)
    began = time.perf_counter()
    for start in range(0, IMAGES, BATCH):
        batch = load(order[start : start + BATCH], rng)
        assert batch.shape[1:] == (3, SIDE, SIDE)
        assert batch.dtype == torch.float32
    return time.perf_counter() - began


def check(cache: ImageCache, paths: list[Path], floats: torch.Tensor) -> None:
    """Both ways give the same pixels where nothing is drawn: all that differs below is time."""
    still = torch.from_numpy(cache.images[:8].copy()).permute(0, 3, 1, 2).float() / 127.5 - 1
    for row, path in enumerate(paths[:8]):
        with Image.open(path) as opened:
            image = np.array(opened.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR))
        torch.testing.assert_close(
            still[row], (torch.from_numpy(image).permute(2, 0, 1).float() / 255 - 0.5) / 0.5
        )
    drawn = from_cache(cache, np.arange(8), np.random.default_rng(0), floats)
    assert drawn.min() >= -1
    assert drawn.max() <= 1


def main() -> None:
    torch.set_num_threads(1)
    folder = Path(tempfile.mkdtemp())
    try:
        images, table = generate(folder)
        size = sum(path.stat().st_size for path in images.iterdir()) / IMAGES / 1e3
        print(f"{IMAGES:,} JPEGs of 400 x 400, {size:.0f} kB each")
        for workers in (1, 2):
            began = time.perf_counter()
            prepare_images(
                "agedb-dir", images, table, folder / f"by{workers}", stand_in=True, workers=workers
            )
            took = time.perf_counter() - began
            name = f"preparing, {workers} thread{'s' * (workers > 1)}"
            print(f"{name:24}{took:7.2f} s  {1e3 * took / IMAGES:6.2f} ms an image")
        cache, paths = ImageCache.open(folder / "by2"), [images / f"{i}.jpg" for i in range(IMAGES)]
        floats = torch.empty(BATCH, 3, SIDE, SIDE).to(memory_format=torch.channels_last)
        check(cache, paths, floats)
        plain = min(epoch(lambda rows, rng: from_files([paths[i] for i in rows], rng)) for _ in range(2))
        ours = min(epoch(lambda rows, rng: from_cache(cache, rows, rng, floats)) for _ in range(3))
        ratio = plain / ours
        print(f"an epoch from files     {plain:7.2f} s  {1e3 * plain / IMAGES:6.2f} ms an image")
        told = f"{ratio:.1f} x   bound {BOUND:g} x{'' if ratio >= BOUND else '  BELOW'}"
        print(f"an epoch from the cache {ours:7.2f} s  {1e3 * ours / IMAGES:6.2f} ms an image  {told}")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
