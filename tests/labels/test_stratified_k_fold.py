import warnings
from inspect import unwrap

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import config_context
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, KFold, cross_val_predict, cross_val_score

from evenreg.errors import InputError, ShapeError, TargetError
from evenreg.labels import Bins, StratifiedKFold
from reference.folds import folds

quick = settings(max_examples=40, deadline=None)
labels = arrays(np.float64, st.integers(10, 90), elements=st.integers(0, 20).map(float))
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(300, 3)), RNG.lognormal(sigma=1.5, size=300)


def held_by(cv, y):
    return [test for _, test in cv.split(y, y)]


def counts_of(cv, y, index):
    """``(folds, groups)`` rows of each group in each test set."""
    return np.array([np.bincount(index[test], minlength=index.max() + 1) for test in held_by(cv, y)])


class TestFolds:
    @quick
    @given(y=labels, k=st.integers(2, 10), shuffle=st.booleans(), seed=st.integers(0, 3))
    def test_each_row_is_tested_once_and_sizes_differ_by_at_most_one(self, y, k, shuffle, seed):
        cv = StratifiedKFold(k, shuffle=shuffle, random_state=seed if shuffle else None)
        pairs = list(cv.split(None, y))
        assert len(pairs) == cv.get_n_splits() == k
        assert sorted(np.concatenate([test for _, test in pairs]).tolist()) == list(range(len(y)))
        assert np.ptp([len(test) for _, test in pairs]) <= 1
        for train, test in pairs:
            assert np.array_equal(np.sort(np.concatenate([train, test])), np.arange(len(y)))
            assert (np.diff(train) > 0).all()
            assert (np.diff(test) > 0).all()

    @quick
    @given(n=st.integers(10, 90), k=st.integers(2, 10), shuffle=st.booleans(), seed=st.integers(0, 3))
    def test_each_fold_has_its_share_of_every_part_of_the_range(self, n, k, shuffle, seed):
        rank = np.random.default_rng(seed).permutation(n)
        cv = StratifiedKFold(k, shuffle=shuffle, random_state=seed if shuffle else None)
        held = np.zeros((k, n))
        for number, test in enumerate(held_by(cv, np.exp(rank / n))):
            held[number, rank[test]] = 1
        lowest = held.cumsum(axis=1)
        assert np.ptp(lowest, axis=0).max() <= 1
        highest = held[:, ::-1].cumsum(axis=1)
        assert np.ptp(highest, axis=0).max() <= 2
        for start in range(0, n, 7):
            assert np.ptp(lowest[:, start:] - lowest[:, [start]], axis=0).max() <= 2

    @quick
    @given(y=labels, k=st.integers(2, 6))
    def test_without_shuffle_equals_the_slow_reference(self, y, k):
        fold = np.empty(len(y), dtype=int)
        for number, test in enumerate(held_by(StratifiedKFold(k), y)):
            fold[test] = number
        assert fold.tolist() == folds(y.tolist(), [0] * len(y), k)

    @quick
    @given(repeats=st.lists(st.integers(4, 20), min_size=1, max_size=8), shuffle=st.booleans())
    def test_bins_are_stratified_exactly(self, repeats, shuffle):
        index = np.random.default_rng(1).permutation(np.repeat(np.arange(len(repeats)), repeats))
        y = index + np.random.default_rng(2).random(len(index))
        bins = Bins(np.arange(len(repeats) + 1))
        cv = StratifiedKFold(4, shuffle=shuffle, random_state=0 if shuffle else None, bins=bins)
        counts = counts_of(cv, y, index)
        assert np.ptp(counts, axis=0).max() <= 1
        assert np.ptp(counts.sum(axis=1)) <= 1
        if not shuffle:
            fold = folds(y.tolist(), index.tolist(), 4)
            assert [np.flatnonzero(np.array(fold) == k).tolist() for k in range(4)] == [
                test.tolist() for test in held_by(cv, y)
            ]

    def test_shuffled_folds_hang_on_the_seed_and_ties_are_broken_at_random(self):
        def drawn(seed, y=Y):
            return [test.tolist() for test in held_by(StratifiedKFold(shuffle=True, random_state=seed), y)]

        assert drawn(1) == drawn(1) != drawn(2)
        assert drawn(None) != drawn(None)
        assert drawn(np.random.RandomState(3)) == drawn(np.random.RandomState(3))
        old = np.random.RandomState(3)
        StratifiedKFold(shuffle=True, random_state=old)
        assert drawn(old) == drawn(np.random.RandomState(3)) != drawn(old)
        going_on = np.random.default_rng(3)
        assert drawn(going_on) != drawn(going_on)
        assert drawn(1, np.ones(40)) != drawn(2, np.ones(40))

    def test_without_shuffle_no_fold_always_gets_the_smallest_of_a_block(self):
        counts = counts_of(StratifiedKFold(4), np.arange(16.0), np.arange(16) % 4)
        assert (counts == 1).all()

    def test_every_row_is_as_likely_to_be_in_any_fold(self):
        times = np.zeros((7, 3))
        for seed in range(900):
            for k, test in enumerate(held_by(StratifiedKFold(3, shuffle=True, random_state=seed), range(7))):
                times[test, k] += 1
        # The last row is in a block of one, dealt to a random fold.
        assert (abs(times - 300) < 5 * np.sqrt(900 * 2 / 9)).all()

    def test_tails_are_in_every_fold_where_plain_folds_miss_them(self):
        rare = (np.argsort(np.argsort(Y)) >= 290).astype(int)  # the 10 largest
        ours = counts_of(StratifiedKFold(5, shuffle=True, random_state=0), Y, rare)[:, 1]
        plain = [counts_of(KFold(5, shuffle=True, random_state=s), Y, rare)[:, 1] for s in range(20)]
        assert ours.tolist() == [2] * 5
        assert min(map(min, plain)) == 0

    @pytest.mark.data
    def test_agedb_ages_are_in_every_fold(self, agedb):
        y = np.concatenate(agedb)
        counts = np.bincount(y.astype(int))
        held = counts_of(StratifiedKFold(5, shuffle=True, random_state=0), y, y.astype(int))
        assert abs(held - counts / 5).max() < 2


class TestScikitLearn:
    def test_scores_searches_and_predictions(self):
        cv = StratifiedKFold(4, shuffle=True, random_state=0)
        by_hand = [Ridge().fit(X[tr], Y[tr]).score(X[te], Y[te]) for tr, te in cv.split(X, Y)]
        assert cross_val_score(Ridge(), X, Y, cv=cv).tolist() == by_hand
        search = GridSearchCV(Ridge(), {"alpha": [0.1, 10.0]}, cv=cv).fit(X, Y)
        assert search.n_splits_ == 4
        assert cross_val_predict(Ridge(), X, Y, cv=cv).shape == Y.shape
        with config_context(enable_metadata_routing=True):
            assert cross_val_score(Ridge(), X, Y, cv=cv).tolist() == by_hand

    def test_folds_have_equal_means(self):
        # What a constant model scores is the fold's own mean: stratified folds agree much better.
        def spread(cv):
            return np.std([Y[test].mean() for _, test in cv.split(X, Y)])

        plain = np.mean([spread(KFold(5, shuffle=True, random_state=s)) for s in range(10)])
        ours = np.mean([spread(StratifiedKFold(5, shuffle=True, random_state=s)) for s in range(10)])
        assert ours < 0.6 * plain
        scores = cross_val_score(DummyRegressor(), X, Y, cv=StratifiedKFold(5))
        assert np.isfinite(scores).all()

    def test_columns_tables_and_text_forms(self):
        column = held_by(StratifiedKFold(3), Y[:, None])
        assert all(np.array_equal(a, b) for a, b in zip(column, held_by(StratifiedKFold(3), Y), strict=True))
        assert len(list(StratifiedKFold(3).split(X.tolist(), Y.tolist()))) == 3
        assert len(list(StratifiedKFold(3).split(None, Y))) == 3
        assert repr(StratifiedKFold(3)) == "StratifiedKFold(n_splits=3, shuffle=False, random_state=None)"
        assert "bins=Bins(2 bins from 0 to 2" in repr(StratifiedKFold(bins=Bins([0, 1, 2])))


class TestSentences:
    @pytest.mark.parametrize(
        ("make", "error", "text"),
        [
            (
                lambda: StratifiedKFold(1),
                InputError,
                "n_splits: expected a whole number of at least 2, got 1",
            ),
            (
                lambda: StratifiedKFold(random_state=0),
                InputError,
                "random_state: expected None without shuffle, got 0, which would have no effect; set shuffle",
            ),
            (
                lambda: StratifiedKFold(shuffle=True, random_state=-1),
                InputError,
                "random_state: expected a whole number of at least 0, a NumPy generator or None, got -1",
            ),
            (
                lambda: held_by(StratifiedKFold(5), [1.0, 2.0, 3.0]),
                InputError,
                "n_splits: expected at most as many folds as rows, 3, got 5; use fewer folds",
            ),
            (
                lambda: held_by(StratifiedKFold(3, bins=Bins([0, 10, 20, 30])), [1, 2, 3, 11, 12, 25]),
                TargetError,
                r"bins: expected at least 3 rows in every bin that holds any, one a fold, got 1 in the bin from 20 to "
                r"30 \(and too few in 1 more\); use wider bins, fewer folds or no bins",
            ),
            (
                lambda: list(unwrap(StratifiedKFold.split)(StratifiedKFold(2), X, None)),
                TargetError,
                r"y: expected labels to stratify by, got None; pass them to split\(X, y\)",
            ),
            (
                lambda: held_by(StratifiedKFold(2), [1, np.nan]),
                TargetError,
                "y: expected finite numbers, got NaN or infinity in 1 of 2",
            ),
            (
                lambda: held_by(StratifiedKFold(2), [[1, 2], [3, 4]]),
                ShapeError,
                r"y: expected one label a row, got shape \(2, 2\); give one column or one coordinate",
            ),
            (
                lambda: list(StratifiedKFold(2).split(X, Y[:-1])),
                ShapeError,
                "got 300 of X and 299 of y",
            ),
        ],
    )
    def test_refuses(self, make, error, text):
        with pytest.raises(error, match=text):
            make()

    @pytest.mark.parametrize(
        ("given", "text"),
        [
            ({"shuffle": "yes"}, "shuffle: expected True or False, got 'yes'"),
            ({"bins": 5}, "bins: expected Bins or None, got int; make them with"),
        ],
    )
    def test_refuses_wrong_types_where_nothing_checks_them(self, given, text):
        with pytest.raises(InputError, match=text):
            unwrap(StratifiedKFold.__init__)(object.__new__(StratifiedKFold), **given)

    def test_warns_of_groups(self):
        with pytest.warns(UserWarning, match="groups: expected None, got some, .* use GroupKFold"):
            list(StratifiedKFold(2).split(X, Y, groups=np.zeros(300)))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            list(StratifiedKFold(2).split(X, Y))
