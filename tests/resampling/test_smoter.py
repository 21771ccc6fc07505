import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenreg.errors import InputError, ShapeError, UnknownNameError
from evenreg.resampling import SMOGN, SMOTER
from reference import resampling as slow

RARE = [[10, 0], [11, 1]]
quick = settings(max_examples=25, deadline=None)


def a_table(seed, numbers, categories, gaps):
    rng = np.random.default_rng(seed)
    n = 60
    frame = pd.DataFrame(rng.normal(size=(n, numbers)), columns=[f"x{j}" for j in range(numbers)])
    frame["whole"] = rng.integers(0, 1000, n)
    for j in range(categories):
        frame[f"c{j}"] = rng.choice(["a", "b", "c"], n).astype(object)
    if gaps:
        frame = frame.mask(rng.random(frame.shape) < 0.15)
        frame["whole"] = rng.integers(0, 1000, n)
    return frame, np.r_[rng.random(40) * 10, 11 + rng.random(20) * 5]


tables = given(
    seed=st.integers(0, 999), numbers=st.integers(1, 3), categories=st.integers(0, 2), gaps=st.booleans()
)


def made_by(sampler, X, y):
    got, labels = sampler.fit_resample(X, y)
    new = sampler.synthetic_
    a, b = sampler.sample_indices_[new], sampler.neighbour_indices_[new]
    return got[new].reset_index(drop=True), np.asarray(labels)[new], a, b


class TestRows:
    @quick
    @tables
    def test_lie_between_their_parents_and_are_none_of_the_input(self, seed, numbers, categories, gaps):
        X, y = a_table(seed, numbers, categories, gaps)
        new, labels, a, b = made_by(SMOTER(k=4, relevance=RARE, random_state=seed), X, y)
        assert len(new) == 10
        for name in X:
            mine, from_a, from_b = new[name], X[name].iloc[a].to_numpy(), X[name].iloc[b].to_numpy()
            lost = pd.isna(from_a) | pd.isna(from_b)
            same_as_a = (mine == from_a) | (pd.isna(mine) & pd.isna(from_a))
            assert same_as_a[lost].all()
            if name[0] == "c":
                assert (same_as_a | (mine == from_b))[~lost].all()
            else:
                there = mine[~lost].to_numpy()
                assert (there >= np.minimum(from_a, from_b)[~lost]).all()
                assert (there <= np.maximum(from_a, from_b)[~lost]).all()
        old = {tuple(row) for row in X.iloc[:, :numbers].to_numpy().tolist()}
        if not gaps:
            assert not any(tuple(row) in old for row in new.iloc[:, :numbers].to_numpy().tolist())
        assert ((labels >= np.minimum(y[a], y[b])) & (labels <= np.maximum(y[a], y[b]))).all()

    @quick
    @tables
    @pytest.mark.parametrize("scale", ["range", "sd", "none"])
    def test_parents_are_neighbours_and_labels_follow_the_rule(self, scale, seed, numbers, categories, gaps):
        X, y = a_table(seed, numbers, categories, gaps)
        new, labels, a, b = made_by(SMOTER(k=4, relevance=RARE, scale=scale, random_state=seed), X, y)
        rows, made = X.to_numpy(dtype=object).tolist(), new.to_numpy(dtype=object).tolist()
        names = range(numbers + 1, X.shape[1])
        scales = slow.ranges(rows, names)
        if scale != "range":
            sds = [
                None if j in names else slow.deviation(column)
                for j, column in enumerate(zip(*rows, strict=True))
            ]
            scales = sds if scale == "sd" else [s and 1 for s in sds]
        ((_, _), (rare, region)) = slow.regions(y.tolist(), [v >= 11 for v in y], 0.8)
        assert rare
        for i, (row, label) in enumerate(zip(made, labels, strict=True)):
            assert {a[i], b[i]} <= set(region)
            assert slow.heom(rows[a[i]], rows[b[i]], scales) <= (
                slow.neighbour_distances(rows, region, a[i], scales)[3] + 1e-6
            )
            expected = slow.target(row, rows[a[i]], rows[b[i]], y[a[i]], y[b[i]], scales)
            assert label == pytest.approx(expected, abs=1e-9)

    def test_lie_on_a_line(self):
        X, y = a_table(0, 3, 0, False)
        new, labels, a, b = made_by(SMOTER(relevance=RARE, random_state=0), X[["x0", "x1", "x2"]], y)
        x, x_a, x_b = new.to_numpy(), X.to_numpy()[a, :3], X.to_numpy()[b, :3]
        u = (x - x_a) / (x_b - x_a)
        assert u == pytest.approx(np.repeat(u[:, :1], 3, axis=1))
        assert labels == pytest.approx(y[a] + u[:, 0] * (y[b] - y[a]))

    def test_every_seed_is_used_equally_often_and_every_neighbour_has_its_turn(self):
        X, y = a_table(0, 2, 1, False)
        _, _, a, b = made_by(SMOTER(k=3, relevance=RARE, sampling={"rare": 1250}, random_state=0), X, y)
        times = np.bincount(a)[40:]
        assert set(times) == {61, 62}
        pairs = pd.DataFrame({"a": a, "b": b}).value_counts()
        assert len(pairs) == 60
        assert pairs.min() > 8

    def test_never_from_both_tails(self):
        rng = np.random.default_rng(0)
        X, y = rng.normal(size=(200, 2)), np.r_[rng.random(20) - 5, rng.random(160), rng.random(20) + 5]
        sampler = SMOTER(relevance=[[-3, 1], [0, 0], [1, 0], [3, 1]], random_state=0)
        _, labels = sampler.fit_resample(X, y)
        assert sampler.sizes_ == [66, 67, 67]
        assert (
            ((labels < -3) | (labels > 3)) == (np.arange(200) >= 67)[np.argsort(np.argsort(abs(labels)))]
        ).all()


class TestEmbedding:
    def test_says_who_is_near(self):
        X, y = a_table(0, 2, 1, False)
        place = np.random.default_rng(1).permutation(60).astype(float)
        sampler = SMOTER(k=1, relevance=RARE, random_state=0)
        got, labels = sampler.fit_resample(X, y, embedding=place[:, None])
        new = sampler.synthetic_
        a, b = sampler.sample_indices_[new], sampler.neighbour_indices_[new]
        apart = abs(place[a][:, None] - place[40:])
        apart[apart == 0] = np.inf
        assert abs(place[a] - place[b]).tolist() == apart.min(axis=1).tolist()
        u = ((got.x0[new] - X.x0.to_numpy()[a]) / (X.x0.to_numpy()[b] - X.x0.to_numpy()[a])).to_numpy()
        assert labels[new] == pytest.approx(y[a] + u * (y[b] - y[a]))

    def test_images(self):
        rng = np.random.default_rng(0)
        X = rng.integers(0, 256, size=(60, 4, 5, 3), dtype=np.uint8)
        y = np.r_[rng.random(40) * 10, 11 + rng.random(20)]
        for cls in (SMOTER, SMOGN):
            got, _ = cls(relevance=RARE, random_state=0).fit_resample(
                X, y, embedding=rng.normal(size=(60, 8))
            )
            assert (got.shape, got.dtype) == ((60, 4, 5, 3), np.uint8)

    @pytest.mark.parametrize(
        ("embedding", "error", "text"),
        [
            (
                np.zeros((59, 2)),
                ShapeError,
                r"embedding: expected shape \(60, d\), got \(59, 2\); give one row",
            ),
            (np.zeros(60), ShapeError, "embedding: expected shape"),
            (np.full((60, 2), np.nan), InputError, "embedding: expected finite numbers"),
        ],
    )
    def test_that_does_not_fit(self, embedding, error, text):
        with pytest.raises(error, match=text):
            SMOTER(relevance=RARE).fit_resample(*a_table(0, 2, 1, False), embedding=embedding)


@pytest.mark.parametrize("cls", [SMOTER, SMOGN])
class TestArguments:
    def test_more_neighbours_than_rows(self, cls):
        X, y = a_table(0, 2, 0, False)
        text = (
            "k: expected at most 19 neighbours, as the 20 rare rows with labels from .* have no more in their region, "
            "got 20; take k=19, a lower threshold than 0.8, small_regions='keep'"
        )
        with pytest.raises(InputError, match=text):
            cls(k=20, relevance=RARE).fit(X, y)
        sampler = cls(k=20, relevance=RARE, small_regions="keep")
        assert len(sampler.fit_resample(X, y)[0]) == 50
        assert sampler.sizes_ == [30, 20]
        assert len(cls(k=19, relevance=RARE).fit_resample(X, y)[0]) == 60
        assert len(cls(k=20, relevance=RARE, sampling={"frequent": 5}).fit_resample(X, y)[0]) == 25

    def test_one_rare_row(self, cls):
        X, y = a_table(0, 2, 0, False)
        text = "expected at most 0 neighbours, as the 1 rare row with label .* has no more .*; take a lower threshold"
        with pytest.raises(InputError, match=text):
            cls(k=1, relevance=RARE).fit_resample(X[:41], y[:41])

    @pytest.mark.parametrize(
        ("options", "error", "text"),
        [
            ({"k": 0}, InputError, "k: expected a whole number of at least 1, got 0"),
            ({"scale": "ranges"}, UnknownNameError, "no scale named 'ranges'; did you mean 'range'"),
            (
                {"small_regions": "drop"},
                UnknownNameError,
                "no way with small_regions named 'drop'; known are: raise",
            ),
            ({"perturbation": 0.0}, InputError, "perturbation: expected a number above 0"),
        ],
    )
    def test_out_of_range(self, cls, options, error, text):
        if "perturbation" in options and cls is SMOTER:
            return
        with pytest.raises(error, match=text):
            cls(relevance=RARE, **options).fit(*a_table(0, 2, 0, False))

    def test_ranges_beyond_64_bits(self, cls):
        X, y = np.full((60, 1), 1.7e308), a_table(0, 2, 0, False)[1]
        X[::2] *= -1
        with pytest.raises(InputError, match="whose range fits in 64 bits"):
            cls(relevance=RARE).fit_resample(X, y)
