"""What all samplers promise."""

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from evenreg.errors import InputError, ShapeError, TargetError
from evenreg.labels import LDS, Relevance
from evenreg.resampling import SMOGN, SMOTER, WERCS, AbstractSampler, GaussianNoise, RandomOver, RandomUnder

RARE = [[10, 0], [11, 1]]
ALL = (SMOTER, SMOGN, GaussianNoise, RandomOver, RandomUnder, WERCS)
BY_REGION = ALL[:-1]
MAKING = ALL[:3]


def new(cls, **options):
    return cls(**{"relevance": RARE, "random_state": 0, **options})


@pytest.fixture(params=ALL, ids=lambda cls: cls.__name__)
def sampler(request):
    return new(request.param)


class TestResult:
    def test_has_the_types_of_the_input(self, sampler, mixed):
        X, y = mixed
        got, labels = sampler.fit_resample(X, y)
        assert list(got.columns) == list(X.columns)
        assert (got.dtypes == X.dtypes).all()
        assert got.index.equals(labels.index)
        assert (labels.name, labels.dtype) == ("price", np.float64)
        assert len(got) == len(labels) == len(sampler.sample_indices_) == len(sampler.synthetic_)
        assert sampler.n_features_in_ == 8
        assert sampler.feature_names_in_.tolist() == list(X.columns)

    def test_rows_that_are_not_synthetic_are_rows_of_the_input(self, sampler, mixed):
        X, y = mixed
        got, labels = sampler.fit_resample(X, y)
        real = ~sampler.synthetic_
        rows = sampler.sample_indices_[real]
        pd.testing.assert_frame_equal(got[real].reset_index(drop=True), X.iloc[rows].reset_index(drop=True))
        assert labels[real].tolist() == y.iloc[rows].tolist()
        kept = rows[: len(np.unique(rows))]
        assert (np.diff(kept) > 0).all()  # originals first, in their order

    def test_the_input_is_left_as_it_was(self, sampler, mixed):
        X, y = mixed
        X_before, y_before = X.copy(deep=True), y.copy(deep=True)
        got, labels = sampler.fit_resample(X, y)
        got.iloc[:, 0] = labels[:] = 0
        pd.testing.assert_frame_equal(X, X_before)
        pd.testing.assert_series_equal(y, y_before)
        numbers = np.random.default_rng(0).normal(size=(200, 3))
        before = numbers.copy()
        sampler.fit_resample(numbers, y.to_numpy())[0][:] = 0
        assert np.array_equal(numbers, before)

    def test_same_seed_same_rows_other_seed_others(self, sampler, mixed):
        X, y = mixed
        first, again = (clone(sampler).fit_resample(X, y) for _ in range(2))
        pd.testing.assert_frame_equal(first[0], again[0])
        pd.testing.assert_series_equal(first[1], again[1])
        other = clone(sampler).set_params(random_state=1).fit_resample(X, y)
        assert not first[0].equals(other[0])

    def test_a_generator_goes_on(self, sampler, mixed):
        sampler.set_params(random_state=np.random.default_rng(0))
        first, second = (sampler.fit_resample(*mixed)[0] for _ in range(2))
        assert not first.equals(second)
        assert len(sampler.set_params(random_state=np.random.RandomState(0)).fit_resample(*mixed)[0])

    def test_missing_values_are_fine(self, sampler, mixed):
        X, y = mixed
        got, _ = sampler.fit_resample(X, y)
        seeds = X.iloc[sampler.sample_indices_].reset_index(drop=True)
        assert got.isna().equals(seeds.isna())

    @pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16, np.uint8])
    def test_arrays_keep_their_type(self, sampler, dtype, mixed):
        X = np.random.default_rng(0).uniform(0, 100, size=(200, 3)).astype(dtype)
        y = mixed[1].to_numpy()
        for labels in (y.astype(np.float32), np.rint(y).astype(np.int64), y.tolist()):
            got, resampled = sampler.fit_resample(X, labels)
            assert got.dtype == dtype
            assert resampled.dtype == np.asarray(labels).dtype

    def test_whole_labels_stay_whole(self, sampler, mixed):
        X, y = mixed
        for dtype in ("int64", "Int64"):
            _, labels = sampler.fit_resample(X, y.round().astype(dtype))
            assert labels.dtype == dtype

    def test_objects_and_columns_of_labels(self, sampler, mixed):
        X, y = mixed
        got, labels = sampler.fit_resample(X[["size", "town"]].to_numpy(dtype=object), y.to_numpy()[:, None])
        assert got.dtype == object
        assert labels.ndim == 1
        frame, column = sampler.fit_resample(X, y.to_frame())
        assert isinstance(column, pd.Series)
        assert len(frame) == len(column)


class TestRegions:
    @pytest.fixture(params=BY_REGION, ids=lambda cls: cls.__name__)
    def cls(self, request):
        return request.param

    def test_sizes_hold_and_rare_rows_stay(self, cls, mixed):
        X, y = mixed
        for sampling in ("balance", {"rare": 77} if cls is not RandomUnder else {"frequent": 77}):
            sampler = new(cls, sampling=sampling)
            sampler.fit_resample(X, y)
            rows = sampler.sample_indices_
            assert [int(np.isin(rows, r.rows).sum()) for r in sampler.regions_] == sampler.sizes_
            assert set(np.flatnonzero(y >= 11)) <= set(rows[~sampler.synthetic_])
            assert 77 in sampler.sizes_ or sampling == "balance"

    def test_a_size_a_region(self, cls, mixed):
        sizes = [100 if cls is not RandomOver else 170, 50 if cls is not RandomUnder else 30]
        sampler = new(cls, sampling=sizes)
        assert len(sampler.fit_resample(*mixed)[0]) == sum(sizes)

    def test_no_side_hangs_on_the_other(self, cls):
        """Two tails: what one is given is the same whatever the other is."""
        rng = np.random.default_rng(0)
        X, y = rng.normal(size=(300, 2)), np.r_[np.full(40, -20.0), rng.random(200), np.full(60, 20.0)]
        relevance = [[-10, 1], [0, 0], [1, 0], [10, 1]]
        more = [[80, 200, 90], [55, 200, 90]] if cls is not RandomUnder else [[40, 100, 60]] * 2
        made = []
        for sizes in more:
            sampler = new(cls, relevance=relevance, sampling=sizes)
            got, labels = sampler.fit_resample(X, y)
            made.append(got[labels > 10])
        assert np.array_equal(*made)

    @pytest.mark.parametrize("n", [30, 200])
    def test_originals_are_kept_where_asked(self, cls, n, mixed):
        if cls in (RandomOver, RandomUnder):
            return
        X, y = (part[-n:].reset_index(drop=True) for part in mixed)
        if n == 30:
            y = y - np.linspace(0, 5, 30)
        sampler = new(cls, keep_originals=True)
        got, _ = sampler.fit_resample(X, y)
        assert sampler.sample_indices_[:n].tolist() == list(range(n))
        assert not sampler.synthetic_[:n].any()
        pd.testing.assert_frame_equal(got[:n], X)

    def test_the_density_can_say_what_is_rare(self, cls, mixed):
        rng = np.random.default_rng(0)
        X, y = rng.normal(size=(2000, 2)), rng.normal(size=2000)
        for relevance in ("density", LDS()):
            sampler = new(cls, relevance=relevance)
            sampler.fit_resample(X, y)
            assert [r.rare for r in sampler.regions_] == [True, False, True]
            assert abs(sampler.regions_[1].low + sampler.regions_[1].high) < 0.5

    def test_progress_is_told(self, cls, mixed):
        if cls is RandomUnder:  # makes no rows
            return
        said = []
        sampler = new(cls, progress=lambda done, total: said.append((done, total)))
        sampler.fit_resample(*mixed)
        made = sampler.sizes_[1] - 30
        assert said == [(made, made)]
        with pytest.raises(InputError, match="progress: expected a function of"):
            new(cls).set_params(progress=3).fit(*mixed)

    def test_all_or_none_rare(self, cls, mixed):
        X, y = mixed
        with pytest.raises(TargetError, match="got none of 170"):
            new(cls).fit_resample(X[:170], y[:170])
        with pytest.raises(TargetError, match="got all 30 rare"):
            new(cls).fit_resample(X[170:], y[170:])
        with pytest.raises(InputError, match="threshold: expected a number from 0 to 1, got 80"):
            new(cls, threshold=80).fit(X, y)


@pytest.fixture(params=MAKING, ids=lambda cls: cls.__name__)
def making(request):
    return new(request.param)


class TestHardInput:
    def test_duplicate_rows(self, making, mixed):
        y = mixed[1].to_numpy()
        for X in (np.ones((200, 2)), np.repeat(np.random.default_rng(0).normal(size=(20, 9)), 10, axis=0)):
            assert np.isfinite(making.fit_resample(X, y)[0]).all()
        assert making.fit_resample(np.ones((200, 2)), y)[0].tolist() == np.ones((100 * 2, 2)).tolist()

    def test_constant_and_empty_columns(self, making, mixed):
        X, y = mixed
        X = X.assign(
            one=1.0, none=np.nan, word="w", nothing=None, some=np.where(np.arange(200) < 170, 1.0, np.nan)
        )
        got, _ = making.fit_resample(X, y)
        assert (got.one == 1).all()
        assert (got.word == "w").all()
        assert got[["none", "nothing"]].isna().all(axis=None)

    def test_thousands_of_categories(self, making):
        rng = np.random.default_rng(0)
        n = 20_000
        X = pd.DataFrame({"name": [f"name {i}" for i in rng.integers(0, 5000, n)], "x": rng.normal(size=n)})
        got, _ = making.fit_resample(X, np.linspace(0, 12, n))
        assert set(got.name) <= set(X.name)

    def test_far_ends_of_64_bits(self, making, mixed):
        y = mixed[1].to_numpy()
        X = (
            np.random.default_rng(0).choice([-1e307, 1e307, 0.0], size=(200, 2))
            * np.linspace(0.5, 1, 200)[:, None]
        )
        with np.errstate(over="ignore"):
            assert not np.isnan(making.fit_resample(X, y)[0]).any()

    def test_no_number_becomes_missing(self, making, mixed):
        X, y = mixed
        X = X[["size", "rooms", "floor", "town", "new"]]
        assert not making.fit_resample(X, y)[0].isna().any(axis=None)


@pytest.mark.parametrize(
    ("X", "y", "error", "text"),
    [
        (
            np.zeros((3, 1)),
            [1, np.nan, 12],
            TargetError,
            "y: expected finite numbers, got NaN or infinity in 1 of 3",
        ),
        (np.zeros((3, 1)), [1, 12], ShapeError, "got 3 of X and 2 of y"),
        (np.zeros((0, 1)), [], TargetError, "X: expected at least one row, got none"),
        (np.full((3, 1), np.inf), [1, 2, 12], InputError, "X: expected finite numbers or missing ones"),
        (sparse.eye(3, format="csr"), [1, 2, 12], InputError, "X: expected a dense table, got the sparse"),
        (np.zeros((1, 1)), [12], TargetError, "expected rare rows and frequent ones, got one sample"),
        (
            np.zeros((3, 1)),
            None,
            TargetError,
            r"y: expected labels, got None .*; pass them to fit_resample\(X, y\)",
        ),
        (np.zeros((3, 1)), np.zeros((3, 2)), ShapeError, "y: expected one label a row, got shape"),
        (np.zeros((3, 1)), ["a", "b", "c"], TargetError, "y: expected numbers, got list that holds text"),
    ],
)
def test_bad_input_is_told_in_one_sentence(sampler, X, y, error, text):
    for call in (sampler.fit, sampler.fit_resample):
        with pytest.raises(error, match=text) as caught:
            call(X, y)
        assert str(caught.value).count("\n") == 0


def test_bad_seeds(sampler, mixed):
    with pytest.raises(InputError, match=r"random_state: expected a whole number .*, got -1"):
        sampler.set_params(random_state=-1).fit(*mixed)


def test_an_estimator_like_others(sampler, mixed):
    assert isinstance(sampler, AbstractSampler)
    assert clone(sampler).get_params() == sampler.get_params()
    sampler.fit(*mixed)
    assert isinstance(sampler.relevance_, Relevance)
    assert not hasattr(sampler, "sample_indices_")
    restored = pickle.loads(pickle.dumps(sampler))
    pd.testing.assert_frame_equal(restored.fit_resample(*mixed)[0], sampler.fit_resample(*mixed)[0])
    assert type(sampler).__name__ in repr(sampler)


# scikit-learn's labels are classes 0, 1, 2 or numbers about 0: above -1 is relevant, and 2 rows suffice.
OPTIONS = {SMOTER: {"k": 1}, SMOGN: {"k": 1}, WERCS: {"under": 0.0}}
CHECKED = [
    cls(relevance=[[-9, 0], [0.1, 0.2], [0.9, 1]], random_state=0, **OPTIONS.get(cls, {})) for cls in ALL
]


FAILING = {
    "check_do_not_raise_errors_in_init_or_set_params": "the hook that checks types under pytest refuses them",
    "check_estimators_dtypes": "its labels are 1 and 2, and all of them rare here",
}


@parametrize_with_checks(
    CHECKED,
    expected_failed_checks=lambda estimator: {
        name: why for name, why in FAILING.items() if "dtypes" not in name or not isinstance(estimator, WERCS)
    },
)
def test_scikit_learn_s_checks(estimator, check):
    check(estimator)
