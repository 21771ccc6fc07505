import subprocess
import sys

import numpy as np
import pytest

from evenreg._words import parse
from evenreg.errors import InputError, LabelRangeWarning, ShapeError, TargetError, UnknownNameError
from evenreg.labels import Bins, InverseFrequency, LabelSpace, ShotRegions, sample_weight, weighting_from
from reference import weightings as reference
from reference.labels import weights

Y = np.random.default_rng(0).poisson(3, 500)
EDGES = Bins.fit(Y).edges


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("inv", {"max_ratio": 200}),
        ("sqinv", {"power": 0.5}),
        ("sqinv+lds", {"power": 0.5, "smoothing": ("gaussian", 5, 2, "zero")}),
        ("LDS + SqInv", {"power": 0.5, "smoothing": ("gaussian", 5, 2, "zero")}),
        ("lds", {"max_ratio": 200, "smoothing": ("gaussian", 5, 2, "zero")}),
        ("inv + lds(size=9, kernel=laplacian)", {"max_ratio": 200, "smoothing": ("laplacian", 9, 2, "zero")}),
        (
            "lds(size=3, sigma=1, boundary=reflect)",
            {"max_ratio": 200, "smoothing": ("gaussian", 3, 1, "reflect")},
        ),
    ],
)
def test_equals_the_reference(method, arguments):
    assert np.allclose(sample_weight(Y, method), weights(Y, EDGES, **arguments))


def test_default_is_the_root_with_smoothing():
    assert np.array_equal(sample_weight(Y), sample_weight(Y, "sqinv+lds"))


def test_inv_is_cut_at_200_times_the_smallest_weight():
    y = [0] * 100_000 + [1]
    assert sample_weight(y, "inv").max() / sample_weight(y, "inv").min() == pytest.approx(200)
    assert sample_weight(y, "sqinv").max() / sample_weight(y, "sqinv").min() == pytest.approx(100_000**0.5)


def test_max_ratio_and_bin_width_are_the_callers():
    w = sample_weight(Y, "sqinv", max_ratio=2)
    assert w.max() / w.min() == pytest.approx(2)
    assert w.mean() == pytest.approx(1)
    wide = sample_weight(Y, "inv", bin_width=2)
    assert np.allclose(wide, weights(Y, Bins.fit(Y, width=2).edges, max_ratio=200))


@pytest.mark.parametrize("method", ["inv", "sqinv", "lds", "dense", "dense(0.7)", "cb", "cb(0.9) + lds"])
class TestEveryWord:
    def test_averages_one_and_is_capped(self, method):
        w = sample_weight(Y, method, max_ratio=1.8)
        assert w.mean() == pytest.approx(1, rel=1e-9)
        assert w.max() / w.min() == pytest.approx(1.8)

    def test_evaluation_rows_weigh_as_training_rows_of_their_label(self, method):
        asked = np.random.default_rng(1).choice(Y, 90)
        own = dict(zip(Y.tolist(), sample_weight(Y, method).tolist(), strict=True))
        w = sample_weight(asked, method, train=Y)
        assert w.tolist() == [own[label] for label in asked.tolist()]
        assert np.array_equal(sample_weight(Y, method, train=Y), sample_weight(Y, method))
        assert sample_weight([], method, train=Y).shape == (0,)

    def test_evaluation_rows_beyond_the_training_rows_are_told(self, method):
        with pytest.warns(LabelRangeWarning, match=r"got 1 of 2 outside \(row 1, counted from 0\)"):
            w = sample_weight([3, 40], method, train=Y)
        assert w[1] == sample_weight([Y.max() + 0.5], method, train=Y)[0]


def test_dense_and_class_balanced_equal_the_reference():
    h = reference.silverman(Y)
    assert np.allclose(sample_weight(Y, "dense(0.7)"), reference.dense(Y, Y, h, 0.7), rtol=1e-3)
    assert np.allclose(sample_weight(Y, "dense(bandwidth=2)"), reference.dense(Y, Y, 2), atol=1e-3)
    tables = {
        "cb": reference.class_balanced(Y, EDGES, 0.999),
        "cb(0.9, max_ratio=3)": reference.class_balanced(Y, EDGES, 0.9, None, 3),
        "cb + lds": reference.class_balanced(Y, EDGES, 0.999, ("gaussian", 5, 2, "zero")),
    }
    for method, table in tables.items():
        assert np.allclose(sample_weight(Y, method), np.array(table)[Bins.fit(Y).index(Y)])


def test_weighting_from_words():
    assert weighting_from(parse("focal-r")) is None
    assert weighting_from(parse("bni + lds")) is None
    assert repr(weighting_from(parse("focal-r + sqinv + lds"))) == repr(weighting_from(parse("sqinv + lds")))
    w = weighting_from(parse("inv(max_ratio=3)"))
    assert isinstance(w, InverseFrequency)
    assert (w.power, w.smoothing, w.max_ratio) == (1, None, 3)
    dense = weighting_from(parse("dense(0.5, bandwidth=2, max_ratio=9)"), max_ratio=4)
    assert (
        repr(dense) == "DenseWeight(alpha=0.5, density=KernelDensity(bandwidth=2), eps=1e-06, max_ratio=4.0)"
    )
    assert repr(weighting_from(parse("cb(0.9) + lds(size=3)"))) == (
        "ClassBalanced(beta=0.9, smoothing=LDS(kernel='gaussian', size=3, sigma=2, boundary='zero'), "
        "max_ratio=None)"
    )
    assert w.fit(LabelSpace.fit([1, 1, 2]))([2]).tolist() == [1.5]


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (
            {"method": "sqinv+focal-r"},
            InputError,
            "sample weights come from inv, sqinv, dense, cb and lds, got focal-r; leave it out",
        ),
        ({"method": "vanilla"}, InputError, "got vanilla; leave it out"),
        ({"method": "sqinw"}, UnknownNameError, "'sqinw'; did you mean 'sqinv'"),
        ({"bin_width": 0}, InputError, "width: expected a number above 0, got 0"),
        ({"max_ratio": 0}, InputError, "max_ratio: expected a number of at least 1, got 0"),
        ({"y": [1, np.nan]}, TargetError, "y: expected finite numbers"),
        ({"train": [1, np.nan]}, TargetError, "train: expected finite numbers"),
        ({"train": []}, TargetError, "train: expected at least one label, got none"),
        ({"method": "dense + lds"}, InputError, "dense weighs by a density that is smooth already"),
        ({"method": "cb", "max_ratio": 0.5}, InputError, "max_ratio: expected a number of at least 1"),
        ({"y": np.zeros((3, 2))}, ShapeError, "y: expected one label a row to lay bins on, got shape"),
    ],
)
def test_refuses_bad_input(call, error, text):
    with pytest.raises(error, match=text):
        sample_weight(**{"y": [1, 2, 3], **call})


class TestTrees:
    """The weights as a person passes them to other libraries, and that they do something there."""

    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 4))
    # Skewed, and noisy enough that a plain model predicts too low where labels are high.
    y = np.exp(X[:, 0] + 0.5 * X[:, 1] + rng.normal(0, 0.5, 3000))
    train, val, test = np.split(np.arange(3000), [1200, 1600])
    weights = sample_weight(y[train], "sqinv+lds", max_ratio=20)
    eval_weights = sample_weight(
        np.clip(y[val], y[train].min(), y[train].max()), "sqinv+lds", max_ratio=20, train=y[train]
    )

    def few_shot_mae(self, model):
        assigned = ShotRegions.relative().assign(self.y[self.test], LabelSpace.fit(self.y[self.train]))
        few = self.test[assigned == "few"]
        assert len(few) > 20
        return float(abs(model.predict(self.X[few]) - self.y[few]).mean())

    def check(self, plain, weighted):
        few = self.few_shot_mae(plain), self.few_shot_mae(weighted)
        assert abs(few[1] - few[0]) > 0.01 * few[0]

    def test_scikit_learn(self):
        from sklearn.ensemble import GradientBoostingRegressor
        from sklearn.linear_model import Ridge

        X, y = self.X[self.train], self.y[self.train]
        for make in (lambda: GradientBoostingRegressor(n_estimators=30), Ridge):
            self.check(make().fit(X, y), make().fit(X, y, sample_weight=self.weights))

    def test_lightgbm(self):
        lightgbm = pytest.importorskip("lightgbm")

        def trained(weight, eval_weight):
            model = lightgbm.LGBMRegressor(n_estimators=300, n_jobs=1, random_state=0, verbose=-1)
            return model.fit(
                self.X[self.train],
                self.y[self.train],
                sample_weight=weight,
                eval_X=(self.X[self.val],),
                eval_y=(self.y[self.val],),
                eval_sample_weight=eval_weight,
                callbacks=[lightgbm.early_stopping(20, verbose=False)],
            )

        plain, weighted = trained(None, None), trained(self.weights, [self.eval_weights])
        self.check(plain, weighted)
        assert trained(self.weights, None).best_iteration_ != weighted.best_iteration_

    def test_xgboost(self):
        xgboost = pytest.importorskip("xgboost")

        def trained(weight, eval_weight):
            model = xgboost.XGBRegressor(
                n_estimators=300, learning_rate=0.1, n_jobs=1, random_state=0, early_stopping_rounds=20
            )
            return model.fit(
                self.X[self.train],
                self.y[self.train],
                sample_weight=weight,
                eval_set=[(self.X[self.val], self.y[self.val])],
                sample_weight_eval_set=eval_weight,
                verbose=False,
            )

        plain, weighted = trained(None, None), trained(self.weights, [self.eval_weights])
        self.check(plain, weighted)
        assert trained(self.weights, None).best_iteration != weighted.best_iteration


def test_loads_neither_torch_nor_scikit_learn():
    code = (
        "import sys; from evenreg.labels import sample_weight; sample_weight([1, 1, 2]);"
        "print([m for m in ('torch', 'sklearn', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("method", ["inv", "dense"])
@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_labels_whose_squares_are_no_numbers_are_refused(method, scale):
    with pytest.raises(
        TargetError, match="y: expected numbers whose squares float64 can hold, from 1e-150 to 1e"
    ):
        sample_weight(Y * scale, method)


def test_a_largest_ratio_is_said_once():
    with pytest.raises(
        InputError, match=r"max_ratio: expected it once, got 3 in 'inv\(max_ratio=3\)' and 5 beside it"
    ):
        sample_weight(Y, "inv(max_ratio=3)", max_ratio=5)
