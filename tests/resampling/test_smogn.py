import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenreg.resampling import SMOGN, GaussianNoise
from reference import resampling as slow

RARE = [[10, 0], [11, 1]]


def a_table(seed, n=60):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({"x": rng.normal(size=n), "z": rng.normal(size=n), "c": rng.choice(["a", "b"], n)})
    X.loc[rng.random(n) < 0.1, "z"] = np.nan
    return X, np.r_[rng.random(n - 20) * 10, 11 + rng.random(20) * 5]


class TestSMOGN:
    @settings(max_examples=30, deadline=None)
    @given(seed=st.integers(0, 999), perturbation=st.sampled_from([0.02, 0.5]))
    def test_close_neighbours_interpolate_and_others_make_noise(self, seed, perturbation):
        X, y = a_table(seed)
        sampler = SMOGN(
            k=6, perturbation=perturbation, relevance=RARE, sampling={"rare": 80}, random_state=seed
        )
        got, labels = sampler.fit_resample(X, y)
        new = sampler.synthetic_
        a, b = sampler.sample_indices_[new], sampler.neighbour_indices_[new]
        rows, made = X.to_numpy(dtype=object).tolist(), got[new].to_numpy(dtype=object).tolist()
        scales, region = slow.ranges(rows, [2]), range(40, 60)
        sds = [slow.deviation([rows[i][j] for i in region]) for j in range(2)]
        sd_y = slow.deviation(y[40:].tolist())
        for i, (row, label) in enumerate(zip(made, labels[new], strict=True)):
            seed_row, safe = rows[a[i]], slow.max_distance(rows, region, a[i], scales)
            if b[i] >= 0:
                assert slow.heom(seed_row, rows[b[i]], scales) < safe + 1e-9
                assert label == pytest.approx(
                    slow.target(row, seed_row, rows[b[i]], y[a[i]], y[b[i]], scales)
                )
                continue
            bound = 6 * min(safe, perturbation)
            for j in range(2):
                assert slow.missing(row[j]) == slow.missing(seed_row[j])
                assert slow.missing(row[j]) or 0 < abs(row[j] - seed_row[j]) < bound * sds[j]
            assert abs(label - y[a[i]]) < bound * sd_y
            assert row[2] in "ab"

    def test_a_seed_without_close_neighbours_only_has_noise(self):
        """Rows all as far from each other as can be: none is within half the median."""
        X, y = np.eye(60), np.arange(60.0)
        sampler = SMOGN(relevance=[[40, 0], [41, 1]], random_state=0)
        sampler.fit_resample(X, y)
        assert (sampler.neighbour_indices_ == -1).all()
        assert sampler.synthetic_.any()

    def test_a_cluster_only_has_rows_between(self):
        rng = np.random.default_rng(0)
        X = np.r_[
            rng.normal(size=(40, 2)),
            np.repeat([[0, 0], [9, 9.0], [0, 9]], 10, axis=0) + rng.random((30, 2)) / 99,
        ]
        sampler = SMOGN(relevance=[[39, 0], [40, 1]], random_state=0)
        sampler.fit_resample(X, np.arange(70.0))
        assert (sampler.neighbour_indices_[sampler.synthetic_] >= 0).all()

    def test_noise_is_as_wide_as_said(self):
        X, y = np.eye(300), np.arange(300.0)
        sampler = SMOGN(
            perturbation=0.1, relevance=[[199, 0], [200, 1]], sampling={"rare": 20_100}, random_state=0
        )
        got, labels = sampler.fit_resample(X, y)
        new, seeds = sampler.synthetic_, sampler.sample_indices_
        assert (labels - y[seeds])[new].std() == pytest.approx(0.1 * y[200:].std(ddof=1), rel=0.03)
        noise = (got - X[seeds])[new]
        assert (noise[:, :200] == 0).all()  # columns that do not vary among the rare
        assert noise[:, 200:].std() == pytest.approx(0.1 * X[200:, 200].std(ddof=1), rel=0.01)


class TestGaussianNoise:
    def test_noise_is_as_wide_as_said_and_categories_as_frequent(self):
        X, y = a_table(0, n=200)
        X["c"] = np.r_[np.full(180, "never"), np.full(15, "often"), np.full(5, "seldom")]
        sampler = GaussianNoise(0.25, relevance=RARE, sampling={"rare": 20_020}, random_state=0)
        got, labels = sampler.fit_resample(X, y)
        new, seeds = sampler.synthetic_, sampler.sample_indices_
        assert (sampler.neighbour_indices_ == -1).all()
        assert (labels - y[seeds])[new].std() == pytest.approx(0.25 * y[180:].std(ddof=1), rel=0.02)
        for name in ("x", "z"):
            noise = (got[name] - X[name].iloc[seeds].to_numpy())[new]
            assert noise.std() == pytest.approx(0.25 * X[name][180:].std(), rel=0.03)
            assert abs(noise.mean()) < 0.01
        share = got.c[new].value_counts(normalize=True)
        assert share["often"] == pytest.approx(0.75, abs=0.02)
        assert set(share.index) == {"often", "seldom"}

    def test_copies_no_row(self):
        X, y = a_table(0)
        sampler = GaussianNoise(relevance=RARE, random_state=0)
        got, _ = sampler.fit_resample(X, y)
        assert not set(got.x[sampler.synthetic_]) & set(X.x)
