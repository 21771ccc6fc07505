import numpy as np
import pytest

from evenreg.labels._box_plot import box_plot
from evenreg.labels._medcouple import medcouple


@pytest.mark.parametrize(("sign", "down", "up"), [(1, -4, 3), (-1, -3, 4)])
def test_fences_by_the_formula(sign, down, up):
    y = sign * np.random.default_rng(0).lognormal(size=500)
    box = box_plot(y, 2.0)
    q1, q2, q3 = np.percentile(y, [25, 50, 75])
    mc = medcouple(y)
    assert sign * mc > 0.2
    assert (box.lower, box.median, box.upper, box.medcouple) == (q1, q2, q3, mc)
    assert box.low_fence == pytest.approx(q1 - 2 * np.exp(down * mc) * (q3 - q1))
    assert box.high_fence == pytest.approx(q3 + 2 * np.exp(up * mc) * (q3 - q1))


def test_mirrored_labels_have_mirrored_fences():
    y = np.random.default_rng(1).gamma(2, size=301)
    box, mirrored = box_plot(y, 1.5), box_plot(-y, 1.5)
    assert mirrored.low_fence == pytest.approx(-box.high_fence)
    assert mirrored.high_fence == pytest.approx(-box.low_fence)


def test_few_labels_are_outside_however_skewed_they_are():
    rng = np.random.default_rng(0)
    shares = {}
    for adjusted in (True, False):
        for name, y in (("normal", rng.normal(size=50_000)), ("log-normal", rng.lognormal(size=50_000))):
            box = box_plot(y, 1.5, adjusted=adjusted)
            shares[name, adjusted] = ((y < box.low_fence) | (y > box.high_fence)).mean()
    assert shares["normal", True] == pytest.approx(0.007, abs=0.002)
    assert shares["normal", False] == pytest.approx(0.007, abs=0.002)
    assert shares["log-normal", True] == pytest.approx(0.017, abs=0.003)
    assert shares["log-normal", False] == pytest.approx(0.078, abs=0.004)
