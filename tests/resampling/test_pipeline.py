"""In imbalanced-learn's pipelines a sampler acts on the rows a model is fitted to, and on no others."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.preprocessing import StandardScaler

from evenreg.errors import InputError
from evenreg.labels import StratifiedKFold
from evenreg.resampling import SMOGN, SMOTER, WERCS, GaussianNoise, RandomOver, RandomUnder

pipeline = pytest.importorskip("imblearn.pipeline")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 3))
HIGH = [[1, 0], [3, 1]]
Y = np.exp(X[:, 0] + 0.2 * RNG.normal(size=400))


@pytest.mark.parametrize("cls", [SMOTER, SMOGN, GaussianNoise, RandomOver, RandomUnder, WERCS])
def test_each_fits_before_a_model(cls):
    pipe = pipeline.make_pipeline(
        StandardScaler(), cls(relevance=HIGH, random_state=0), HistGradientBoostingRegressor(max_iter=20)
    )
    predicted = cross_val_predict(pipe, X, Y, cv=StratifiedKFold(3))
    assert predicted.shape == (400,)
    plain = HistGradientBoostingRegressor(max_iter=20).fit(X, Y).predict(X)
    assert not np.array_equal(pipe.fit(X, Y).predict(X), plain)


def test_arguments_can_be_searched():
    pipe = pipeline.make_pipeline(
        SMOGN(relevance=HIGH, random_state=0), HistGradientBoostingRegressor(max_iter=5)
    )
    search = GridSearchCV(pipe, {"smogn__k": [3, 4], "smogn__threshold": [0.5, 0.8]}, cv=2).fit(X, Y)
    assert set(search.best_params_) == {"smogn__k", "smogn__threshold"}
    assert "SMOGN" in repr(pipe)
    assert "SMOGN" in pipe._repr_html_()


@pytest.mark.parametrize("cls", [SMOTER, SMOGN])
def test_a_function_of_the_rows_says_who_is_near(cls):
    def first(rows):
        return np.asarray(rows)[:, :1]

    sampler = cls(k=2, relevance=HIGH, random_state=0, embed=first)
    got, y = clone(sampler).fit_resample(X, Y)
    given, same = cls(k=2, relevance=HIGH, random_state=0).fit_resample(X, Y, embedding=first(X))
    plain, _ = cls(k=2, relevance=HIGH, random_state=0).fit_resample(X, Y)
    np.testing.assert_array_equal(got, given)
    np.testing.assert_array_equal(y, same)
    assert not np.array_equal(got, plain)
    pipe = pipeline.make_pipeline(StandardScaler(), sampler, HistGradientBoostingRegressor(max_iter=5))
    assert pipe.fit(X, Y).predict(X).shape == (400,)
    with pytest.raises(InputError, match=r"embed: expected a function of X, .* got str"):
        clone(sampler).set_params(embed="pca").fit_resample(X, Y)
