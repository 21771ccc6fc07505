"""Ranking matrices, cosine curves and the correlation of neighbours against loops over pairs."""

import math

import numpy as np
import pytest
import torch

from evenreg.errors import InputError, ShapeError
from evenreg.features import cosine_curves, neighbour_rank_correlation, ranking_matrices
from evenreg.labels import Bins
from reference import rank_sim as reference


def batch(n: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, 5, generator=generator), torch.rand(n, generator=generator)


def arc(labels: torch.Tensor) -> torch.Tensor:
    return torch.stack([labels.cos(), labels.sin()], 1)


# -------------------------------------------------------------------------------------------- ranking matrices


def test_ranking_matrices_are_the_ranks_of_each_row():
    features, target = batch(9)
    found = ranking_matrices(features, target)
    order = target.argsort()
    z, y = features[order].double().tolist(), target[order].double().tolist()
    assert found.labels.tolist() == y
    for i in range(9):
        assert found.by_label[i].tolist() == reference.ranks([-abs(y[i] - v) for v in y])
        assert found.by_feature[i].tolist() == reference.ranks([reference.cosine(z[i], v) for v in z])


def test_the_papers_average_over_batches():
    """Appendix C.3: [1, 3, 4, 2] and [1, 2, 4, 3] give [1, 2.5, 4, 2.5]."""
    angles = torch.tensor([[0.0, 0.3, 0.4, 0.2], [0.0, 0.1, 0.3, 0.2]])
    labels = torch.tensor([[1.0, 21.0, 25.0, 70.0], [5.0, 10.0, 40.0, 56.0]])
    found = [ranking_matrices(arc(a), y).by_feature for a, y in zip(angles, labels, strict=True)]
    assert torch.stack(found).mean(0)[0].tolist() == [1, 2.5, 4, 2.5]


def test_bins_are_ranked_by_their_means():
    features, target = batch(60)
    bins = Bins.uniform(0, 1, 0.2)
    found = ranking_matrices(features, target, bins)
    index = bins.index(target.numpy())
    z = np.stack([features.double().numpy()[index == b].mean(0) for b in range(5)])
    y = [target.double().numpy()[index == b].mean() for b in range(5)]
    assert found.labels.tolist() == pytest.approx(y)
    for i in range(5):
        assert found.by_feature[i].tolist() == reference.ranks([reference.cosine(z[i], v) for v in z])
    ordered = ranking_matrices(arc(target), target, Bins.uniform(0, 3, 0.1))
    assert len(ordered.labels) == 10  # empty bins have no row
    assert ordered.by_label.equal(ordered.by_feature)


def test_equally_spaced_labels_tie_in_both_matrices():
    labels = torch.arange(20, dtype=torch.float64) / 10
    found = ranking_matrices(arc(labels), labels.float())
    assert found.by_label.equal(found.by_feature)
    assert found.by_label[3].tolist()[:7] == [6, 4, 2, 1, 2, 4, 6]


# ----------------------------------------------------------------------------------------------- cosine curves


def test_cosine_curves_are_means_over_pairs():
    features, _ = batch(25)
    target = torch.randint(0, 5, (25,), generator=torch.manual_seed(0)).float()
    target[0] = 9.0  # a label with one sample
    curves = cosine_curves(features, target, anchors=[2, 9.0])
    assert curves.labels.tolist() == [0, 1, 2, 3, 4, 9]
    assert curves.counts.tolist() == [int((target == label).sum()) for label in curves.labels]
    z, y = features.double().numpy(), target.numpy()
    for anchor, curve in zip((2, 9), curves.similarity.tolist(), strict=True):
        expected = [reference.mean_cosine(z, y, anchor, label) for label in curves.labels.tolist()]
        assert curve == pytest.approx(expected, rel=1e-9, nan_ok=True)
        assert math.isnan(curve[-1]) == (anchor == 9)


def test_curves_of_an_arc_fall_on_both_sides_of_the_anchor():
    target = (torch.arange(300) % 30) / 10
    curve = cosine_curves(arc(target), target, anchors=[target[14].item()]).similarity[0]
    assert curve.argmax() == 14
    assert (curve[:15].diff() > 0).all()
    assert (curve[14:].diff() < 0).all()


def test_bins_pool_labels():
    features, target = batch(60)
    bins = Bins.uniform(0, 1, 0.25)
    index = torch.from_numpy(bins.index(target.numpy()))
    pooled, plain = cosine_curves(features, target, [0.3, 0.9], bins), cosine_curves(features, index, [1, 3])
    assert pooled.similarity.allclose(plain.similarity)
    assert pooled.labels[1].item() == pytest.approx(target[index == 1].mean().item())


def test_an_anchor_without_a_sample_is_refused_with_the_nearest():
    features, target = batch(4)[0], torch.tensor([20, 21, 23, 23])
    for anchor, bins in [(22.4, None), (20.5, None), (60.0, Bins.uniform(0, 80, 1))]:
        with pytest.raises(
            InputError,
            match=rf"anchors: expected labels that some sample has, got {anchor:g}; the nearest is 2\d\.",
        ):
            cosine_curves(features, target, [21, anchor], bins)


# -------------------------------------------------------------------------------------------- rank correlation


def test_rank_correlation_is_the_mean_of_spearmans():
    features, target = batch(15)
    for y in (target, (6 * target).round()):
        expected = reference.neighbour_rank_correlation(features.double().numpy(), y.double().numpy())
        assert neighbour_rank_correlation(features, y).item() == pytest.approx(expected, rel=1e-9)


def test_rank_correlation_knows_order_reversal_and_chance():
    target = 3 * batch(200)[1]
    assert neighbour_rank_correlation(arc(target), target).item() == pytest.approx(1)
    shuffled = target[torch.randperm(200, generator=torch.manual_seed(0))]
    assert abs(neighbour_rank_correlation(arc(target), shuffled).item()) < 0.05
    # Of three points on a line whose ends are alike and whose middle is not, two have their order reversed.
    features = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.9, 0.1]])
    ends = neighbour_rank_correlation(features, torch.tensor([0.0, 1.0, 2.0])).item()
    assert ends == pytest.approx(-1)  # the middle is as far from both and does not count


def test_what_does_not_go_together():
    features, target = batch(6)
    for function in (ranking_matrices, neighbour_rank_correlation):
        with pytest.raises(ShapeError, match=r"got 6 of features and 5 of target"):
            function(features, target[:5])
    with pytest.raises(ShapeError, match=r"got 6 of features and 5 of target"):
        cosine_curves(features, target[:5], [0])
    with pytest.raises(
        InputError, match=r"neighbour_rank_correlation: expected a batch of at least 3 samples, got 2"
    ):
        neighbour_rank_correlation(features[:2], target[:2])
