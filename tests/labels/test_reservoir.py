import numpy as np
import pytest
from scipy import stats

from evenreg.labels._reservoir import Reservoir, _smallest_uniforms


def drawn(parts: list[int], capacity: int, seed: int, *, merged: bool) -> np.ndarray:
    """Which of the rows 0, 1, ... stay when they come in chunks of these sizes."""
    chunks = np.split(np.arange(sum(parts), dtype=float)[:, None], np.cumsum(parts)[:-1])
    if not merged:
        reservoir = Reservoir(capacity, seed)
        for chunk in chunks:
            reservoir.update(chunk)
        return reservoir.rows[:, 0].astype(int)
    reservoir, *others = (Reservoir(capacity, seed) for _ in chunks)
    for part, chunk in zip((reservoir, *others), chunks, strict=True):
        part.update(chunk)
    for other in others:
        reservoir.merge(other)
    return reservoir.rows[:, 0].astype(int)


@pytest.mark.parametrize("merged", [False, True])
@pytest.mark.parametrize("parts", [[60], [3, 57], [20, 20, 20], [6] * 10, [59, 1]])
def test_every_row_is_as_likely_to_stay(parts, merged):
    kept = np.zeros(60)
    for seed in range(600):
        rows = drawn(parts, 10, seed, merged=merged)
        assert len(np.unique(rows)) == 10
        kept[rows] += 1
    # 100 expected each, binomial variance 100 · 5/6, negatively correlated: chi-squared on 59 degrees.
    assert stats.chi2.sf((((kept - 100) ** 2) / (100 * 50 / 59)).sum(), 59) > 1e-4


def test_rows_stay_independently_of_their_neighbours():
    pairs = sum(len({4, 5} & set(drawn([12], 6, seed, merged=False))) == 2 for seed in range(2000))
    assert abs(pairs - 2000 * (6 / 12) * (5 / 11)) < 4 * np.sqrt(2000 * 0.227 * 0.773)


def test_keeps_everything_while_there_is_room():
    assert sorted(drawn([5, 0, 4], 10, 0, merged=False)) == list(range(9))


def test_two_shards_draw_different_keys():
    a, b = Reservoir(10, 0), Reservoir(10, 0)
    a.update(np.zeros((10, 1)))
    b.update(np.ones((10, 1)))
    assert not np.isin(a.keys, b.keys).any()


def test_the_same_seed_gives_the_same_sample():
    assert np.array_equal(drawn([50, 50], 10, 7, merged=False), drawn([50, 50], 10, 7, merged=False))
    assert not np.array_equal(drawn([50, 50], 10, 7, merged=False), drawn([50, 50], 10, 8, merged=False))


def test_smallest_uniforms_have_the_law_of_order_statistics():
    rng = np.random.default_rng(0)
    draws = np.array([_smallest_uniforms(20, 5, rng) for _ in range(3000)])
    assert stats.kstest(draws.max(axis=1), stats.beta(5, 16).cdf).pvalue > 1e-4
    assert stats.kstest(draws.min(axis=1), stats.beta(1, 20).cdf).pvalue > 1e-4
    assert (
        stats.kstest(
            draws[:, 0], lambda x: np.mean([stats.beta(i, 21 - i).cdf(x) for i in range(1, 6)], 0)
        ).pvalue
        > 1e-4
    )
