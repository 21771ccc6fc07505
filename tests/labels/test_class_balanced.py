import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from evenreg.errors import InputError
from evenreg.labels import LDS, Bins, ClassBalanced, InverseFrequency, LabelSpace
from evenreg.labels._class_balanced import effective_number
from reference import weightings as reference

quick = settings(max_examples=40, deadline=None)
labels = arrays(np.float64, st.integers(1, 80), elements=st.floats(0, 10))
BINS = Bins.uniform(0, 10, 0.5)


@quick
@given(
    y=labels,
    beta=st.sampled_from([0.0, 0.5, 0.9, 0.999]),
    smoothing=st.sampled_from([None, ("gaussian", 5, 2.0, "zero"), ("laplacian", 3, 1.0, "reflect")]),
    max_ratio=st.sampled_from([None, 1, 1.5, 200]),
)
def test_equals_the_reference_and_averages_one(y, beta, smoothing, max_ratio):
    lds = None if smoothing is None else LDS(*smoothing)
    w = ClassBalanced(beta, lds, max_ratio).fit(LabelSpace.fit(y, BINS))
    assert np.allclose(w.table_, reference.class_balanced(y, BINS.edges, beta, smoothing, max_ratio))
    assert w(y).mean() == pytest.approx(1, rel=1e-12)


def test_effective_numbers():
    counts = np.array([0, 1, 2, 10, 1_000_000])
    assert effective_number(counts, 0.0).tolist() == [0, 1, 1, 1, 1]
    assert effective_number(counts, 0.9).tolist() == pytest.approx([0, 1, 1.9, 6.5132, 10], abs=1e-4)
    # Where 1 - β^n loses its digits: n - n (n - 1) (1 - β) / 2.
    assert effective_number(np.array([0.25, 3.0]), 1 - 2**-50).tolist() == pytest.approx([0.25, 3], rel=1e-12)


def test_zero_weighs_populated_bins_alike_and_towards_one_it_is_inverse_frequency():
    y = np.random.default_rng(0).poisson(4, 500)
    space = LabelSpace.fit(y)
    assert ClassBalanced(0).fit(space)(y).tolist() == pytest.approx([1] * 500)
    assert np.allclose(ClassBalanced(1 - 1e-9).fit(space)(y), InverseFrequency().fit(space)(y), rtol=1e-6)


def test_bins_of_many_more_labels_than_the_limit_weigh_alike():
    w = ClassBalanced(0.99).fit(LabelSpace.fit([0] * 4000 + [1] * 2000 + [2] * 50 + [3]))([0, 1, 2, 3])
    assert w[0] == pytest.approx(w[1], rel=1e-6)
    assert (w[3] / w[0], w[3] / w[2]) == (pytest.approx(100), pytest.approx(39.5, abs=0.1))


def test_empty_bins_get_the_largest_finite_weight():
    w = ClassBalanced().fit(LabelSpace.fit([0] * 9 + [9]))
    assert w.table_ is not None
    assert w.table_[5] == w.table_.max() == w.table_[9]


def test_one_value_weighs_one():
    assert ClassBalanced(0.9, LDS()).fit(LabelSpace.fit([3.7] * 5))([3.7]).tolist() == [1]


def test_repr():
    assert repr(ClassBalanced()) == "ClassBalanced(beta=0.999, smoothing=None, max_ratio=None)"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"beta": 1}, "beta: expected a number below 1, got 1; its limit 1 is InverseFrequency"),
        ({"beta": 1.5}, "beta: expected a number from 0 to 1, got 1.5"),
        ({"beta": -0.1}, "beta: expected a number from 0 to 1, got -0.1"),
        ({"max_ratio": 0}, "max_ratio: expected a number of at least 1, got 0"),
    ],
)
def test_refuses_bad_arguments(arguments, text):
    with pytest.raises(InputError, match=text):
        ClassBalanced(**arguments)
