"""One mixed table with 30 rare rows of 200, and a relevance that says which."""

import numpy as np
import pandas as pd
import pytest

RARE = [[10, 0], [11, 1]]  # labels from 11 are rare


@pytest.fixture
def mixed():
    rng = np.random.default_rng(0)
    n = 200
    frame = pd.DataFrame(
        {
            "size": rng.normal(size=n),
            "rooms": rng.integers(0, 9, n),
            "floor": rng.normal(size=n).astype(np.float32),
            "gap": np.where(rng.random(n) < 0.2, np.nan, rng.normal(size=n)),
            "town": rng.choice(["a", "b", "c"], n),
            "kind": pd.Categorical(rng.choice(["x", "y", None], n)),
            "new": rng.random(n) < 0.5,
            "beds": pd.array(np.where(rng.random(n) < 0.1, None, rng.integers(0, 50, n)), dtype="Int64"),
        }
    )
    y = pd.Series(np.r_[rng.random(170) * 10, 11 + rng.random(30) * 5], name="price")
    return frame, y
