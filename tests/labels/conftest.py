"""Real labels whose answers are known."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest


class Labels(NamedTuple):
    train: np.ndarray
    val: np.ndarray
    test: np.ndarray


@pytest.fixture(scope="session")
def agedb(real_data: Path) -> Labels:
    table = pd.read_csv(real_data / "agedb-dir" / "agedb.csv")
    return Labels(*(table.age[table.split == part].to_numpy(np.float64) for part in Labels._fields))


@pytest.fixture(scope="session")
def stsb(real_data: Path) -> Labels:
    def scores(part: str) -> np.ndarray:
        lines = (real_data / "sts-b-dir" / f"{part}_new.tsv").read_text("utf-8").split("\n")
        return np.array([float(line.split("\t")[9]) for line in lines[1:] if line])

    return Labels(scores("train"), scores("dev"), scores("test"))
