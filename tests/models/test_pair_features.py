"""pair_features: the four blocks, and what is refused."""

import pytest
import torch

from evenreg.errors import ShapeError
from evenreg.models import pair_features


def test_the_four_blocks():
    u, v = torch.randn(5, 3), torch.randn(5, 3)
    features = pair_features(u, v)
    assert features.shape == (5, 12)
    for row in range(5):
        a, b = u[row].tolist(), v[row].tolist()
        expected = [*a, *b]
        expected += [abs(x - y) for x, y in zip(a, b, strict=True)]
        expected += [x * y for x, y in zip(a, b, strict=True)]
        assert features[row].tolist() == pytest.approx(expected)


def test_turned_round_only_the_first_two_blocks_change_places():
    u, v = torch.randn(4, 6), torch.randn(4, 6)
    one, other = pair_features(u, v), pair_features(v, u)
    torch.testing.assert_close(other, torch.cat([one[:, 6:12], one[:, :6], one[:, 12:]], 1), rtol=0, atol=0)


def test_unlike_shapes_are_refused():
    for other in (torch.zeros(2, 4), torch.zeros(1, 3)):
        with pytest.raises(ShapeError, match=r"expected equal shapes, got first \(2, 3\) and second"):
            pair_features(torch.zeros(2, 3), other)
