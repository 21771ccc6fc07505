"""Generated data in the real formats of the papers' benchmarks, so that prepare and verify run without any download."""

import csv
from pathlib import Path

import numpy as np
from PIL import Image

COLUMNS = [
    "index",
    "genre",
    "filename",
    "year",
    "old_index",
    "source1",
    "source2",
    "sentence1",
    "sentence2",
    "score",
]
_NOUNS = ["woman", "man", "dog", "child", "guitar", "potato", "horse", "train", "market", "minister"]
_VERBS = ["is slicing", "is playing", "is chasing", "is holding", "says it will visit", "watches"]


def sts_b_files(folder: Path, sizes=(600, 100, 100), seed=0) -> Path:
    """``train_new.tsv``, ``dev_new.tsv``, ``test_new.tsv``: skewed training scores, even ones to test on.

    As in the real files some sentences hold quotes, one of them never closed, and scores are written 5, 0.0 and 3.667.
    """
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    number = 0
    for name, size in zip(("train", "dev", "test"), sizes, strict=True):
        scores = 5 * (rng.beta(4, 2, size) if name == "train" else rng.random(size))
        rows = []
        for i, score in enumerate(scores):
            first, second = (
                f"A {rng.choice(_NOUNS)} {rng.choice(_VERBS)} the {rng.choice(_NOUNS)} {number + k}."
                for k in (0, 1)
            )
            number += 2
            if i % 7 == 0:
                first = f'"{first}' if i % 2 else f'He said: "{first}", twice.'
            text = (f"{score:.3f}", f"{score:.1f}", f"{score:.0f}")[i % 3]
            rows.append(
                [
                    str(i),
                    "main-captions",
                    "MSRvid",
                    "2012test",
                    f"{i:04}",
                    "none",
                    "none",
                    first,
                    second,
                    text,
                ]
            )
        lines = ["\t".join(row) for row in [COLUMNS, *rows]]
        (folder / f"{name}_new.tsv").write_bytes(("\n".join(lines) + "\n").encode())
    return folder


def face_files(folder: Path, n=300, size=(40, 48), *, split=True, seed=0, ages=(1, 90)) -> tuple[Path, Path]:
    """A folder ``AgeDB`` of JPEGs and a CSV ``age,path,split`` with paths that begin with its name.

    An image is noise about a grey level that follows the age; one is grey, one a PNG. Every part has rows.
    """
    rng = np.random.default_rng(seed)
    images = folder / "AgeDB"
    images.mkdir(parents=True, exist_ok=True)
    y = np.clip(rng.normal(40, 15, n).round(), *ages).astype(int)
    rows = []
    for i, age in enumerate(y.tolist()):
        noise = rng.integers(0, 40, (size[1] // 8 + 1, size[0] // 8 + 1, 3)) + 2 * age
        image = Image.fromarray(noise.clip(0, 255).astype(np.uint8)).resize(size)
        name = f"{i}_Some_One_{age}_f.{'png' if i == 1 else 'jpg'}"
        (image.convert("L") if i == 2 else image).save(images / name, **({} if i == 1 else {"quality": 90}))
        rows.append([age, f"AgeDB/{name}", ("val", "test", "train", "train", "train")[i % 5]])
    table = folder / "agedb.csv"
    with table.open("w", newline="") as file:
        csv.writer(file).writerows([row if split else row[:2] for row in (["age", "path", "split"], *rows)])
    return images, table


def image_list(folder: Path, n=40, size=(20, 16), *, split=True, target="depth", seed=0) -> Path:
    """``list.csv`` with columns ``path``, a target of floats below and above zero, and ``split``; images beside it.

    Most labels are small; an image is noise about a grey level that follows the label.
    """
    rng = np.random.default_rng(seed)
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    labels = (rng.gamma(1.0, 2.0, n) - 1.5).round(4)
    rows = []
    for i, label in enumerate(labels.tolist()):
        noise = rng.integers(0, 60, (size[1], size[0], 3)) + 12 * (label + 1.5)
        name = f"pictures/{i}.png"
        Image.fromarray(noise.clip(0, 255).astype(np.uint8)).save(folder / name)
        rows.append([name, label, ("test", "train", "val", "train")[i % 4]])
    table = folder / "list.csv"
    with table.open("w", newline="") as file:
        csv.writer(file).writerows([row if split else row[:2] for row in (["path", target, "split"], *rows)])
    return table
