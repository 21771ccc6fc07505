"""What every weighting keeps, whatever its formula: one suite over all public subclasses of AbstractWeighting."""

import copy
import inspect
import pickle

import numpy as np
import pytest

from evenreg import labels
from evenreg._words import parse
from evenreg.errors import InputError, LabelRangeWarning, NotFittedError, TargetError
from evenreg.labels import AbstractWeighting, Bins, LabelSpace, weighting_from

PUBLIC = [getattr(labels, name) for name in labels.__all__]
CONCRETE = [
    c for c in PUBLIC if inspect.isclass(c) and issubclass(c, AbstractWeighting) and not inspect.isabstract(c)
]
Y = np.random.default_rng(0).gamma(2.0, size=300)
SPACE = LabelSpace.fit(Y)

every_weighting = pytest.mark.parametrize("kind", CONCRETE, ids=lambda kind: kind.__name__)


def test_the_abstract_one_cannot_be_made():
    assert len(CONCRETE) == 3
    assert all(getattr(kind, "__final__", False) for kind in CONCRETE)
    with pytest.raises(TypeError, match="abstract"):
        AbstractWeighting()  # pyright: ignore[reportAbstractUsage]


@every_weighting
def test_weights_are_positive_and_average_one(kind):
    w = kind()
    assert w.fit(SPACE) is w
    assert w(Y).mean() == pytest.approx(1, rel=1e-9)
    assert w(Y).shape == (300,)
    assert w(Y).dtype == np.float64
    assert (w(Y) > 0).all()
    assert w.table_.shape == (len(SPACE.bins),)
    assert np.isfinite(w.table_).all()
    assert (w.table_ > 0).all()


@every_weighting
def test_rare_labels_weigh_more(kind):
    w = kind().fit(SPACE)
    assert w(Y[Y > 6]).mean() > 1.2 > w(Y[Y < 2]).mean()


@every_weighting
def test_each_label_weighs_by_itself(kind):
    w = kind().fit(SPACE)
    order = np.random.default_rng(1).permutation(300)
    assert np.array_equal(w(Y[order]), w(Y)[order])
    assert np.array_equal(w(Y[:7]), w(Y)[:7])
    assert w([]).shape == (0,)
    assert w(Y[:, None]).shape == (300,)


@every_weighting
def test_max_ratio_bounds_the_weights_of_training_labels(kind):
    for ratio in (1, 3.5):
        w = kind(max_ratio=ratio).fit(SPACE)(Y)
        assert w.max() / w.min() == pytest.approx(ratio)
        assert w.mean() == pytest.approx(1, rel=1e-9)
    with pytest.raises(InputError, match=r"max_ratio: expected a number of at least 1, got 0\.9; 1"):
        kind(max_ratio=0.9)


@every_weighting
def test_one_value_and_one_label_weigh_one(kind):
    for y in ([2.5], [2.5] * 40):
        assert kind().fit(LabelSpace.fit(y))(y).tolist() == [1] * len(y)


@every_weighting
def test_a_second_fit_forgets_the_first(kind):
    w = kind().fit(LabelSpace.fit(Y * 7 + 100)).fit(SPACE)
    assert np.array_equal(w(Y), kind().fit(SPACE)(Y))


@every_weighting
def test_before_fit_on_an_empty_space_and_on_bad_labels(kind):
    with pytest.raises(
        NotFittedError, match=rf"{kind.__name__} has learned no labels yet; call fit\(space\)"
    ):
        kind()([1.0])
    with pytest.raises(TargetError, match="space: expected at least one training label, got none"):
        kind().fit(LabelSpace(Bins.uniform(0, 1, 0.5)))
    with pytest.raises(TargetError, match="y: expected finite numbers"):
        kind().fit(SPACE)([np.nan])


@every_weighting
def test_labels_outside_the_bins_are_told_and_weigh_as_the_edges(kind):
    w = kind().fit(LabelSpace.fit(np.repeat([1.0, 2.0, 3.0], [50, 9, 2]), Bins.uniform(0.5, 3.5, 1)))
    with pytest.warns(LabelRangeWarning) as caught:
        outside = w([2.0, -4.0, 3.0, 3.6, 1e300])
    assert str(caught[0].message) == (
        "y: expected labels inside the training bins, 0.5 to 3.5, got 3 of 5 outside (rows 1, 3 and 4, counted "
        "from 0), which weigh as the edge bins do; np.clip(y, 0.5, 3.5) says so on purpose."
    )
    clipped = np.clip([2.0, -4.0, 3.0, 3.6, 1e300], 0.5, 3.5)
    assert w(clipped).tolist() == outside.tolist()  # and no warning, which would be an error here


@every_weighting
def test_labels_of_several_dimensions_outside_the_bins(kind):
    rows = np.random.default_rng(0).normal(size=(200, 2))
    space = LabelSpace.fit(rows, Bins.uniform(0, 5, 0.5), coordinate=lambda r: np.abs(r).max(axis=1))
    w = kind().fit(space)
    assert w(rows).mean() == pytest.approx(1, rel=1e-9)
    with pytest.warns(
        LabelRangeWarning, match=r"^coordinate\(y\): expected labels .* edge bins do; leave them out"
    ):
        w([[0.0, 8.0]])


@every_weighting
def test_edges_and_their_float32_roundings_are_inside(kind):
    bins = Bins.uniform(0.7, 1.3, 0.1)
    rounded = bins.edges.astype(np.float32)
    assert float(rounded[0]) < 0.7
    w = kind().fit(LabelSpace.fit([0.75, 0.85, 0.85, 1.25], bins))
    assert np.isfinite(w(rounded)).all()  # a warning would be an error here


@every_weighting
def test_copies_and_pickles(kind):
    w = kind().fit(SPACE)
    for other in (copy.deepcopy(w), pickle.loads(pickle.dumps(w))):
        assert np.array_equal(other(Y), w(Y))


@every_weighting
def test_shows_its_arguments_and_names_its_words(kind):
    assert repr(kind()).startswith(f"{kind.__name__}(")
    assert type(weighting_from(parse(kind().words))) is kind


@pytest.mark.parametrize("text", ["inv", "sqinv", "inv + lds", "sqinv + lds", "dense", "cb", "cb + lds"])
def test_words_there_and_back(text):
    weighting = weighting_from(parse(text))
    assert weighting is not None
    assert weighting.words == text
