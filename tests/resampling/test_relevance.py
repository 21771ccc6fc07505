import numpy as np
import pytest

from evenreg.errors import TargetError, UnknownNameError
from evenreg.labels import LDS, KernelDensity, LabelSpace, Relevance
from evenreg.resampling._relevance import relevance_of

Y = np.random.default_rng(0).lognormal(size=500)


def test_each_way_to_say_what_matters():
    space = LabelSpace.fit(Y)
    points = [[0, 0], [1, 1]]
    given = Relevance.from_points(points)
    assert relevance_of(None, Y) == Relevance.fit(Y)
    assert relevance_of("density", Y) == Relevance.from_density(space)
    assert relevance_of(LDS(size=9), Y) == Relevance.from_density(space, LDS(size=9))
    assert relevance_of(KernelDensity(), Y) == Relevance.from_density(space, KernelDensity())
    assert relevance_of(given, Y) is given
    assert relevance_of(points, Y) == given


def test_degenerate_labels_say_what_to_change():
    with pytest.raises(
        TargetError,
        match=r"every relevance would be 0; .*: here relevance=Relevance.fit\(y, \.\.\.\), relevance='density'",
    ):
        relevance_of(None, np.arange(20.0))
    with pytest.raises(TargetError, match="rarer in some bins than in others"):
        relevance_of("density", np.ones(20))
    with pytest.raises(UnknownNameError, match="did you mean 'density'"):
        relevance_of("densty", Y)
