import numpy as np
import pytest

from evenreg.errors import InputError, TargetError
from evenreg.labels import Bins, GaussianMixture, LabelSpace


def first(rows):
    return rows[:, 0]


def density(mixture, y):
    variances = mixture.covariances_[:, 0, 0]
    terms = np.exp(-((y[:, None] - mixture.means_[:, 0]) ** 2) / (2 * variances)) / np.sqrt(
        2 * np.pi * variances
    )
    return terms @ mixture.weights_


def test_one_component_is_the_exact_moments():
    y = np.random.default_rng(0).normal(3, 2, 150_000)
    mixture = GaussianMixture(1).fit(LabelSpace.fit(y))
    assert mixture.weights_.tolist() == [1]
    assert mixture.means_ == pytest.approx(np.array([[y.mean()]]), rel=1e-12)
    assert mixture.covariances_ == pytest.approx(np.array([[[y.var()]]]), rel=1e-12)


def test_one_component_of_three_dimensions():
    y = np.random.default_rng(0).normal(size=(400, 3)) @ np.array([[1, 0.5, 0], [0, 2, 1], [0, 0, 3]])
    mixture = GaussianMixture(1).fit(LabelSpace.fit(y, coordinate=first))
    assert np.allclose(mixture.means_, y.mean(0))
    assert np.allclose(mixture.covariances_, np.cov(y.T, ddof=0))


def test_two_components_are_found_in_ascending_order():
    rng = np.random.default_rng(0)
    y = np.concatenate([rng.normal(50, 5, 1000), rng.normal(10, 1, 3000)])
    mixture = GaussianMixture(2).fit(LabelSpace.fit(y))
    assert mixture.weights_ == pytest.approx([0.75, 0.25], abs=0.01)
    assert mixture.means_[:, 0] == pytest.approx([10, 50], abs=0.3)
    assert np.sqrt(mixture.covariances_[:, 0, 0]) == pytest.approx([1, 5], rel=0.1)


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_the_unit_does_not_matter(scale):
    y = np.random.default_rng(0).lognormal(size=2000)
    plain = GaussianMixture(3).fit(LabelSpace.fit(y))
    scaled = GaussianMixture(3).fit(LabelSpace.fit(y * scale))
    assert np.allclose(plain.weights_, scaled.weights_, rtol=1e-6)
    assert np.allclose(plain.means_ * scale, scaled.means_, rtol=1e-6)
    assert np.allclose(plain.covariances_ * scale**2, scaled.covariances_, rtol=1e-6)


def test_shapes_in_two_dimensions():
    y = np.random.default_rng(0).normal(size=(300, 2))
    mixture = GaussianMixture(4).fit(LabelSpace.fit(y, coordinate=first))
    assert (mixture.weights_.shape, mixture.means_.shape, mixture.covariances_.shape) == (
        (4,),
        (4, 2),
        (4, 2, 2),
    )
    assert mixture.weights_.sum() == pytest.approx(1)


def test_fewer_distinct_labels_than_components_keep_shapes_and_density():
    space = LabelSpace.fit([1, 1, 1, 5, 5])
    two, five = GaussianMixture(2).fit(space), GaussianMixture(5).fit(space)
    assert five.weights_.shape == (5,)
    at = np.array([0.999, 1, 3, 5.0])
    assert np.allclose(density(two, at), density(five, at))
    constant = GaussianMixture(3).fit(LabelSpace.fit([2.5] * 4))
    assert constant.weights_.sum() == 1
    assert constant.means_.tolist() == [[2.5]] * 3
    assert not constant.covariances_.any()


def test_the_seed_decides():
    space = LabelSpace.fit(np.random.default_rng(0).lognormal(size=500))
    one, two = (GaussianMixture(4, random_state=3).fit(space) for _ in range(2))
    assert np.array_equal(one.means_, two.means_)


def test_repr():
    assert repr(GaussianMixture(3)) == "GaussianMixture(n_components=3, random_state=0)"


def test_refuses_bad_input():
    with pytest.raises(InputError, match="n_components: expected a whole number of at least 1, got 0"):
        GaussianMixture(0)
    with pytest.raises(TargetError, match="space: expected at least one training label, got none"):
        GaussianMixture(1).fit(LabelSpace(Bins([0, 1])))
