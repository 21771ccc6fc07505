"""The papers' other training and test sets: what each leaves out, and which regions that makes."""

import csv
from dataclasses import replace

import numpy as np
import pytest

from evenreg.data import BENCHMARKS, VARIANTS, ImageCache, benchmark_rows, prepare_images
from evenreg.errors import InputError, ShapeError, TargetError, UnknownNameError
from evenreg.evaluation import published
from evenreg.labels import Bins, LabelSpace, ShotRegions, balanced_split
from standins import face_files

IMDB = BENCHMARKS["imdb-wiki-dir"]
PEAKS = [("1-peak", False), ("2-peaks", True), ("3-peaks", False), ("4-peaks", True)]


def drawn(y, bins, cap=100):
    """A split with balanced validation and test rows."""
    parts, rows = np.full(len(y), "train", dtype="<U5"), balanced_split(y, bins, cap=cap, pool_rows=1)
    parts[rows.val], parts[rows.test] = "val", "test"
    return parts


@pytest.fixture(scope="module")
def ages():
    """60,000 ages to 120, most of them about 40, as many as 1,700 of one; and their split."""
    rng = np.random.default_rng(0)
    y = np.concatenate([rng.normal(40, 15, 58_000), rng.uniform(0, 120, 2_000)]).round()
    y = rng.permutation(y[(y >= 0) & (y <= 120)])
    return y, drawn(y, IMDB.bins)


def counts(y, rows, bins=IMDB.bins):
    return np.bincount(bins.index(y[rows]), minlength=len(bins))


def regions_of(y, split, bins, regions):
    space = LabelSpace.fit(y[split == "train"], bins)
    return regions.assign(y[split == "test"], space)


def test_variants_are_those_of_the_published_tables():
    assert {row.split for row in published("imdb-wiki-dir").rows} == set(VARIANTS)


@pytest.mark.parametrize("variant", VARIANTS)
def test_nothing_changes_its_part_and_nothing_given_is_changed(ages, variant):
    y, split = ages
    before = split.copy()
    made = benchmark_rows(y, split, variant, bins=IMDB.bins)
    np.testing.assert_array_equal(split, before)
    left = made != ""
    np.testing.assert_array_equal(made[left], split[left])
    assert made is not split
    assert left.all() == (variant == "dir")
    np.testing.assert_array_equal(made, benchmark_rows(y, split.tolist(), variant, bins=IMDB.bins))


@pytest.mark.parametrize("variant", sorted(set(VARIANTS) - {"dir"}))
def test_the_seed_draws_other_rows(ages, variant):
    y, split = ages
    made = [benchmark_rows(y, split, variant, bins=IMDB.bins, random_state=seed) for seed in (0, 1)]
    assert (made[0] != made[1]).any()
    parts = ("test",) if variant == "skewed-test" else ("train",)
    for part in {"train", "val", "test"} - {*parts}:
        np.testing.assert_array_equal(made[0] == part, made[1] == part)


def test_rows_in_no_part_stay_there(ages):
    y, split = ages
    split = np.where(np.arange(len(y)) % 10, split, "")
    for variant in VARIANTS:
        assert set(benchmark_rows(y, split, variant, bins=IMDB.bins)[::10].tolist()) == {""}


class TestSubsampled:
    def test_keeps_the_shape_with_five_hundred_in_the_fullest_bin(self, ages):
        y, split = ages
        made = benchmark_rows(y, split, "subsampled", bins=IMDB.bins)
        young = y < 99.5
        whole, kept = (counts(y, (parts == "train") & young) for parts in (split, made))
        assert kept.max() in (500, 501)
        assert np.abs(kept - whole * 500 / whole.max()).max() <= 1.01
        assert y[made != ""].max() == 99
        for part in ("val", "test"):
            np.testing.assert_array_equal(made[young] == part, split[young] == part)

    def test_with_no_fuller_bin_only_the_range_is_cut(self, ages):
        y, split = (column[:10_000] for column in ages)
        made = benchmark_rows(y, split, "subsampled", bins=IMDB.bins)
        np.testing.assert_array_equal(made, np.where(y < 99.5, split, ""))


class TestPeaks:
    @pytest.mark.parametrize(("variant", "gap"), PEAKS)
    def test_regions_are_those_of_table_18(self, ages, variant, gap):
        y, split = ages
        made = benchmark_rows(y, split, variant, bins=IMDB.bins)
        np.testing.assert_array_equal(made == "test", split == "test")
        np.testing.assert_array_equal(made == "val", split == "val")
        found = regions_of(y, made, IMDB.bins, IMDB.regions)
        test, train = y[made == "test"], y[made == "train"]
        for region in ("many", "medium", "few", "extrapolation"):
            assert (found == region).sum() > 20, region
        assert ((found == "interpolation").mean() > 0.1) == gap
        assert ((found == "extrapolation") == ((test < train.min()) | (test > train.max()))).all()
        assert test.min() < train.min()
        assert train.max() < 90 < test.max()

    @pytest.mark.parametrize(("variant", "gap"), PEAKS)
    def test_on_labels_of_any_kind(self, variant, gap):
        bins, rng = Bins.uniform(-3.0, 2.0, 0.05), np.random.default_rng(1)
        y = rng.normal(-0.5, 0.9, 30_000)
        y = y[bins.contains(y)]
        made = benchmark_rows(y, drawn(y, bins), variant, bins=bins)
        found = regions_of(y, made, bins, ShotRegions())
        assert (found == "extrapolation").any()
        assert (found == "interpolation").any() == gap


class TestSkewedTest:
    def test_test_labels_are_distributed_as_the_training_labels(self, ages):
        y, split = ages
        made = benchmark_rows(y, split, "skewed-test", bins=IMDB.bins)
        np.testing.assert_array_equal(made == "train", split == "train")
        np.testing.assert_array_equal(made == "val", split == "val")
        train, test = (counts(y, made == part) for part in ("train", "test"))
        assert test.sum() > 2000
        assert np.abs(train / train.sum() - test / test.sum()).sum() / 2 < 0.03
        assert (np.bincount(IMDB.bins.index(y[split == "test"]), minlength=len(test)) >= test).all()


class TestRefuses:
    @pytest.mark.parametrize(
        ("change", "error", "sentence"),
        [
            ({"variant": "2-peak"}, UnknownNameError, "no variant named '2-peak'; did you mean '2-peaks'"),
            (
                {"split": ["train", "train"]},
                InputError,
                "to make 2-peaks of, got no test row; give the split of",
            ),
            ({"split": ["val", ""]}, InputError, "got no train and no test row"),
            ({"split": None}, InputError, "got no train and no test row"),
            ({"split": ["train", "test", ""]}, ShapeError, "got 2 of y and 3 of split"),
            ({"y": [1.0, np.nan]}, TargetError, "y: expected finite numbers"),
            (
                {"y": [1.0, 90.0]},
                TargetError,
                r"2-peaks: expected labels wherever it needs some, got too few \(peaks\[0\]: expected .*\); take an",
            ),
            ({"random_state": -1}, InputError, "random_state: expected a whole number of at least 0, got -1"),
        ],
    )
    def test_in_a_sentence(self, change, error, sentence):
        words = {
            "y": [1.0, 2.0],
            "split": ["train", "test"],
            "variant": "2-peaks",
            "bins": IMDB.bins,
            **change,
        }
        with pytest.raises(error, match=sentence):
            benchmark_rows(**words)


def test_a_cache_takes_the_split_of_a_variant(tmp_path):
    faces = face_files(tmp_path / "raw", 400, (8, 8), ages=(36, 40))
    prepare_images("agedb-dir", *faces, tmp_path / "to", side=8, stand_in=True)
    cache = ImageCache.open(tmp_path / "to")
    made = benchmark_rows(cache.y, cache.split, "skewed-test", bins=cache.benchmark.bins)
    variant = replace(cache, split=made)
    assert len(variant.rows("test")) == variant.facts.rows[2] < cache.facts.rows[2]
    assert variant.facts.rows[:2] == cache.facts.rows[:2]


@pytest.mark.data
@pytest.mark.parametrize(
    ("variant", "zero", "train"),
    [
        ("dir", set(), 12_208),
        ("subsampled", set(), 12_205),
        ("1-peak", {"extrapolation"}, 7_436),
        ("2-peaks", {"interpolation", "extrapolation"}, 2_389),
        ("3-peaks", {"extrapolation"}, 4_144),
        ("4-peaks", {"interpolation", "extrapolation"}, 3_697),
        ("skewed-test", set(), 12_208),
    ],
)
def test_regions_of_agedb(real_data, variant, zero, train):
    with (real_data / "agedb-dir" / "agedb.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    y, split = np.array([float(row["age"]) for row in rows]), np.array([row["split"] for row in rows])
    benchmark = BENCHMARKS["agedb-dir"]
    made = benchmark_rows(y, split, variant, bins=benchmark.bins)
    found = regions_of(y, made, benchmark.bins, benchmark.regions)
    assert set(found.tolist()) == {"many", "medium", "few", *zero}
    assert (made == "train").sum() == train
    for region in zero:
        assert (found == region).sum() > 50
