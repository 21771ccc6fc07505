"""Similarity to an anchor bin, distance to the smoothed statistics, and the gap between two states."""

import math

import pytest
import torch

from evenreg.errors import InputError, NotFittedError, ShapeError
from evenreg.features import FDS, smoothing_distance, statistics_gap, statistics_similarity
from evenreg.labels import Bins, LabelSpace

SPACE = LabelSpace.fit([0.5, 9.5], Bins.uniform(0, 10, 1))


def learned(z, y, **options):
    fds = FDS(start_update=0, start_smooth=1, **options).fit(SPACE)
    fds.observe(z, y)
    fds.end_epoch()
    return fds


def test_similarity_is_the_cosine_of_each_bin_to_the_anchor():
    generator = torch.Generator().manual_seed(0)
    mean, var = torch.randn(6, 4, generator=generator), torch.rand(6, 4, generator=generator)
    for table, found in zip((mean, var), statistics_similarity(mean, var, 2), strict=True):
        for row, value in zip(table.tolist(), found.tolist(), strict=True):
            anchor = table[2].tolist()
            dot = sum(a * b for a, b in zip(row, anchor, strict=True))
            assert value == pytest.approx(dot / (math.hypot(*row) * math.hypot(*anchor)), rel=1e-5)


def test_borrowed_statistics_show():
    # Features turn with the label; those of the rarest label are those of label 7.
    y = torch.arange(10).repeat_interleave(20) + 0.5
    at = torch.where(y < 1, 7.5, y) * 0.15
    noise = 0.01 * torch.randn(200, 2, generator=torch.Generator().manual_seed(0))
    fds = learned(torch.stack([at.cos(), at.sin()], 1) + noise, y)
    similarity, _ = statistics_similarity(fds.running_mean, fds.running_var, 7)
    assert (similarity[1:8].diff() > 0).all()
    assert similarity[0] > similarity[6]


def test_bins_without_statistics_have_no_similarity():
    fds = learned(torch.ones(3, 2), torch.tensor([1.5, 4.5, 4.5]))
    mean, var = statistics_similarity(fds.running_mean, fds.running_var, 4)
    assert mean.isfinite().nonzero().flatten().tolist() == [1, 4]
    assert var.isnan().all()  # equal rows


@pytest.mark.parametrize("anchor", [-1, 3])
def test_an_anchor_that_is_none(anchor):
    with pytest.raises(InputError, match="anchor: expected a "):
        statistics_similarity(torch.ones(3, 2), torch.ones(3, 2), anchor)


def test_means_and_variances_go_together():
    with pytest.raises(ShapeError, match=r"expected equal shapes, got mean \(3, 2\) and var \(3, 1\)"):
        statistics_similarity(torch.ones(3, 2), torch.ones(3, 1), 0)
    with pytest.raises(
        ShapeError, match=r"mean: expected shape \(bins, features\), got \(3,\); give one row a bin"
    ):
        statistics_similarity(torch.ones(3), torch.ones(3), 0)


def test_the_distance_is_a_loop_over_bins():
    generator = torch.Generator().manual_seed(0)
    y = torch.cat([torch.rand(30, generator=generator) * 5, torch.tensor([8.5])])
    fds = learned(torch.randn(31, 3, generator=generator), y)
    mean, var = [], []
    for b in range(10):
        if fds.counts[b] > 0:
            mean.append(sum(abs(fds.running_mean[b] - fds.smoothed_mean[b]).tolist()))
        if fds.counts[b] > 1:
            var.append(sum(abs(fds.running_var[b] - fds.smoothed_var[b]).tolist()))
    assert len(mean) == len(var) + 1
    expected = (sum(mean) / len(mean), sum(var) / len(var))
    assert smoothing_distance(fds) == pytest.approx(expected, rel=1e-12)


def test_equal_statistics_have_no_distance_and_none_has_no_number():
    y = torch.arange(10).repeat_interleave(2) + 0.5
    z = torch.tensor([[1.0], [3.0]]).repeat(10, 1)
    assert smoothing_distance(learned(z, y)) == pytest.approx((0, 0), abs=1e-12)
    assert all(map(math.isnan, smoothing_distance(FDS().fit(SPACE))))
    with pytest.raises(NotFittedError, match=r"FDS has learned no labels yet; call fit\(space\) first"):
        smoothing_distance(FDS())


def test_drift_within_an_epoch_shows_as_a_gap():
    generator = torch.Generator().manual_seed(0)
    y = torch.randint(0, 3, (300,), generator=generator) + 0.5
    z = torch.randn(300, 4, generator=generator)
    drift = torch.linspace(-1, 1, 300).unsqueeze(1) * 3**0.5 * 2  # variance 4
    streamed, passed = learned(z + drift + 0.5, y), learned(z, y)
    gap = statistics_gap(streamed.state_dict(), passed.state_dict())
    assert gap.mean.isfinite().sum() == 3
    assert gap.mean[:3].tolist() == pytest.approx([0.5] * 3, abs=0.35)
    assert gap.variance[:3].tolist() == pytest.approx([5] * 3, rel=0.3)
    none = statistics_gap(passed.state_dict(), passed.state_dict())
    assert none.mean.nanmedian() == 0
    assert str(none) == (
        "streamed means are off by 0 SD, streamed variances are 1 times those of the pass "
        "(medians over bins, n = 3)"
    )


def test_the_gap_leaves_out_features_without_variance():
    one = {"running_mean": torch.tensor([[1.0, 5.0]]), "running_var": torch.tensor([[4.0, 0.0]])}
    other = {"running_mean": torch.tensor([[3.0, 9.0]]), "running_var": torch.tensor([[1.0, 1.0]])}
    gap = statistics_gap(one, other)
    assert (gap.mean.tolist(), gap.variance.tolist()) == ([2.0], [4.0])


def test_the_gap_needs_states_of_one_shape():
    one, other = (learned(torch.ones(2, d), torch.ones(2)).state_dict() for d in (2, 3))
    with pytest.raises(ShapeError, match=r"got streamed \(10, 2\) and passed \(10, 3\)"):
        statistics_gap(one, other)
