"""AgeDB-DIR and IMDB-WIKI-DIR: decoded once, resumed after any cut, refused with a sentence, read back."""

import csv
import errno
import json
import pickle
import shutil
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from evenreg.cli import main
from evenreg.data import BENCHMARKS, ImageCache, crop_and_flip, prepare_images, verify
from evenreg.data import _cache_writer as writer
from evenreg.data._benchmark_list import benchmark_image_list
from evenreg.data._image_cache import facts_of_labels
from evenreg.errors import (
    InputError,
    MissingDependencyError,
    MissingFileError,
    RunFolderError,
    TargetError,
    UnknownNameError,
)
from evenreg.evaluation import published
from standins import face_files

AGEDB = BENCHMARKS["agedb-dir"]


@pytest.fixture
def faces(tmp_path):
    return face_files(tmp_path / "raw", 60)


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(writer, "_BLOCK", 8)


def prepare(faces, to, **options):
    return prepare_images("agedb-dir", *faces, to, **{"side": 32, "stand_in": True, **options})


def rows_of(table):
    return list(csv.reader(table.read_text().splitlines()))


def rewrite(table, rows):
    with table.open("w", newline="") as file:
        csv.writer(file).writerows(rows)


def test_the_cache_holds_what_pillow_gives(faces, tmp_path):
    found = prepare(faces, tmp_path / "to")
    cache = ImageCache.open(tmp_path / "to")
    header, *rows = rows_of(faces[1])
    assert header == ["age", "path", "split"]
    assert cache.images.shape == (60, 32, 32, 3)
    assert cache.y.tolist() == [float(age) for age, _, _ in rows]
    assert list(cache.paths) == [path for _, path, _ in rows]
    assert cache.split.tolist() == [part for _, _, part in rows]
    for i in (0, 1, 2, 59):  # JPEG, PNG, grey JPEG
        with Image.open(faces[0].parent / rows[i][1]) as image:
            expected = image.convert("RGB").resize((32, 32), Image.Resampling.BILINEAR)
        np.testing.assert_array_equal(cache.images[i], np.asarray(expected))
    assert [len(cache.rows(part)) for part in ("train", "val", "test")] == [36, 12, 12]
    assert len(cache) == 60
    assert found.facts == verify(tmp_path / "to").facts == cache.facts
    assert sorted(p.name for p in (tmp_path / "to").iterdir()) == [
        "images.npy",
        "labels.csv",
        "manifest.json",
    ]


def cut_after(calls):
    def tell(done, total):
        if done >= calls:
            raise KeyboardInterrupt

    return tell


def test_a_cut_run_goes_on(faces, tmp_path, small_blocks, monkeypatch):
    prepare(faces, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        prepare(faces, tmp_path / "cut", tell=cut_after(24))
    with pytest.raises(MissingFileError, match="a cut preparation goes on with the same command"):
        verify(tmp_path / "cut")
    with (tmp_path / "cut" / "images.npy").open("ab") as file:
        file.write(b"half a block")  # what a crash leaves
    seen, decode = [], writer.decode_image
    monkeypatch.setattr(writer, "decode_image", lambda *words: seen.append(1) or decode(*words))
    prepare(faces, tmp_path / "cut")
    assert len(seen) == 60 - 24
    for name in ("images.npy", "labels.csv"):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_run_cut_between_its_last_files_goes_on(faces, tmp_path, small_blocks, monkeypatch):
    """All is decoded and something stops it before the manifest."""
    prepare(faces, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        prepare(faces, tmp_path / "cut", tell=cut_after(60))
    monkeypatch.setattr(writer, "decode_image", None)  # nothing is left to decode
    prepare(faces, tmp_path / "cut")
    assert (tmp_path / "cut" / "images.npy").read_bytes() == (tmp_path / "whole" / "images.npy").read_bytes()


def test_a_cut_run_without_its_pixels_starts_again(faces, tmp_path, small_blocks):
    with pytest.raises(KeyboardInterrupt):
        prepare(faces, tmp_path / "to", tell=cut_after(24))
    (tmp_path / "to" / "images.npy").unlink()
    prepare(faces, tmp_path / "to")
    assert verify(tmp_path / "to").passed


@pytest.mark.parametrize("change", ["side", "version", "list", "broken"])
def test_a_cut_run_of_something_else_is_refused(faces, tmp_path, small_blocks, change):
    with pytest.raises(KeyboardInterrupt):
        prepare(faces, tmp_path / "to", tell=cut_after(24))
    progress = tmp_path / "to" / "progress.json"
    told = json.loads(progress.read_text())
    if change == "list":
        rewrite(faces[1], rows_of(faces[1])[:-1])
    if change == "broken":
        progress.write_text("{")
    if change == "version":
        progress.write_text(json.dumps({**told, "format": 2}))
    side = 40 if change == "side" else 32
    with pytest.raises(
        RunFolderError, match=r"expected a cut run of the same images, sizes and version, got another"
    ):
        prepare(faces, tmp_path / "to", side=side)


def test_ctrl_c_on_the_command_line_says_that_nothing_is_lost(faces, tmp_path, monkeypatch, capsys):
    def press(*_):
        raise KeyboardInterrupt

    words = ["data", "prepare", "agedb-dir", "--images", str(faces[0]), "--splits", str(faces[1])]
    words += ["--to", str(tmp_path / "to"), "--side", "32", "--stand-in", "--quiet"]
    with monkeypatch.context() as patched:
        patched.setattr(writer, "decode_image", press)
        assert main(words) == 130
    assert "what is done is kept; the same command goes on." in capsys.readouterr().err
    assert main(words) == 0
    assert main(["data", "verify", str(tmp_path / "to")]) == 0
    assert "PASS as a stand-in" in capsys.readouterr().out


def test_a_full_disk_is_told_and_resumed(faces, tmp_path, small_blocks, monkeypatch, capsys):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    words = ["data", "prepare", "agedb-dir", "--images", str(faces[0]), "--splits", str(faces[1])]
    words += ["--to", str(tmp_path / "to"), "--side", "32"]
    with monkeypatch.context() as patched:
        patched.setattr(writer.os, "fsync", full)
        assert main(words) == 2
    path = tmp_path / "to" / "images.npy"
    sentence = f"evenreg: {path}: No space left on device; what is done is kept, the same command goes on.\n"
    assert capsys.readouterr().err == sentence
    assert main(words) == 0


def test_too_little_room_is_told_before_anything_is_decoded(faces, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=10**6)
    monkeypatch.setattr(writer.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(
        InputError, match=r"expected 0.00 GB of free disk for the images, got 0.00; make room"
    ):
        prepare(faces, tmp_path / "to")


def test_missing_images_are_told_or_left_out(faces, tmp_path):
    _, *rows = rows_of(faces[1])
    for i in (3, 7):
        (faces[0].parent / rows[i][1]).unlink()
    told = rf"got none for 2 of 60 \(the first is {rows[3][1]}\); complete it, or add --skip-missing"
    with pytest.raises(MissingFileError, match=told):
        prepare(faces, tmp_path / "to")
    assert not (tmp_path / "to").exists()
    found = prepare(faces, tmp_path / "to", skip_missing=True)
    cache = ImageCache.open(tmp_path / "to")
    assert list(cache.paths) == [path for i, (_, path, _) in enumerate(rows) if i not in (3, 7)]
    assert f"note          left out, as no file was there: 2 of 60 (the first is {rows[3][1]})" in str(found)
    assert str(verify(tmp_path / "to")) == str(found)
    with pytest.raises(MissingFileError, match=r"got none for 60 of 60 .*; is it the folder that their"):
        prepare((tmp_path / "to", faces[1]), tmp_path / "other", skip_missing=True)


@pytest.mark.parametrize("content", [b"", b"no image at all", "half"])
def test_a_corrupt_image_is_told_or_left_out(faces, tmp_path, small_blocks, content):
    path = rows_of(faces[1])[21][1]
    file = faces[0].parent / path
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2] if content == "half" else content)
    told = (
        rf"{file.name}: expected an image that Pillow can read, got one it cannot \(.+\); replace it, or add"
    )
    with pytest.raises(InputError, match=told):
        prepare(faces, tmp_path / "to")
    found = prepare(faces, tmp_path / "to", skip_missing=True)  # the same folder: it goes on
    cache = ImageCache.open(tmp_path / "to")
    assert cache.images.shape == (59, 32, 32, 3)
    assert path not in cache.paths
    assert f"left out, as Pillow could not read them: 1 of 60 (the first is {path})" in str(found)
    with Image.open(faces[0].parent / cache.paths[-1]) as image:
        last = np.asarray(image.convert("RGB").resize((32, 32), Image.Resampling.BILINEAR))
    np.testing.assert_array_equal(cache.images[-1], last)


def test_skipped_images_before_a_cut_are_remembered(faces, tmp_path, small_blocks):
    (faces[0].parent / rows_of(faces[1])[6][1]).write_bytes(b"x")
    prepare(faces, tmp_path / "whole", skip_missing=True)
    with pytest.raises(KeyboardInterrupt):
        prepare(faces, tmp_path / "cut", skip_missing=True, tell=cut_after(24))
    prepare(faces, tmp_path / "cut", skip_missing=True)
    for name in ("images.npy", "labels.csv"):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_without_a_split_the_papers_rule_draws_one(tmp_path):
    faces = face_files(tmp_path / "raw", 400, (8, 8), split=False)
    found = prepare(faces, tmp_path / "to", side=8)
    cache = ImageCache.open(tmp_path / "to")
    ages, counts = np.unique(cache.y, return_counts=True)
    for age, n in zip(ages, counts, strict=True):
        held = [int((cache.split[cache.y == age] == part).sum()) for part in ("val", "test")]
        assert held == [min(n // 3, 30)] * 2
    assert "no split column: drawn by the papers' rule with seed 0, val and test min(n // 3, 30) rows" in str(
        found
    )


def test_imdb_wiki_draws_up_to_120_and_caps_at_150(tmp_path):
    images, table = face_files(tmp_path / "raw", 9, (8, 8))
    name = rows_of(table)[1][1]
    rows = [["age", "path"]]
    for i in range(620):
        copy = f"{i}.jpg"
        (images / copy).hardlink_to(images.parent / name)
        rows.append([150 if i < 20 else 30, copy])
    rewrite(table, rows)
    listed = benchmark_image_list(images, table, BENCHMARKS["imdb-wiki-dir"])
    assert set(listed.split[listed.y == 150].tolist()) == {"train"}
    assert [int((listed.split == part).sum()) for part in ("val", "test")] == [150, 150]


def test_fitted_regions_are_told_and_are_no_difference(tmp_path):
    imdb = BENCHMARKS["imdb-wiki-dir"]
    assert imdb.fitted_regions == published("imdb-wiki-dir").counts["dir"][0]
    assert sum(imdb.fitted_regions) == imdb.rows[2]
    faces = face_files(tmp_path / "raw", 60, (8, 8))
    found = prepare_images("imdb-wiki-dir", *faces, tmp_path / "to", side=8)
    assert "(many/medium/few)" in str(found)
    assert "; 10023/888/111 fit the papers' printed errors best" in str(found)
    assert not any("regions" in told for told in found.differences)


@pytest.mark.parametrize(
    ("row", "new", "error", "sentence"),
    [
        (
            4,
            ["102", None, None],
            TargetError,
            r"expected ages from 0 to 101 as in AgeDB-DIR, got 102 in row 5; correct",
        ),
        (4, ["-1", None, None], TargetError, r"got -1 in row 5"),
        (
            4,
            ["old", None, None],
            TargetError,
            r"column 'age' of agedb.csv: expected numbers, got 'old' in row 5",
        ),
        (
            4,
            [None, None, "holdout"],
            InputError,
            r"expected train, val or test in every row, got 'holdout' in row 5",
        ),
        (0, ["years", None, None], UnknownNameError, r"agedb.csv: no column named 'age'"),
        (0, [None, "file", None], UnknownNameError, r"agedb.csv: no column named 'path'"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused(faces, tmp_path, row, new, error, sentence):
    rows = rows_of(faces[1])
    rows[row] = [old if cell is None else cell for old, cell in zip(rows[row], new, strict=True)]
    rewrite(faces[1], rows)
    with pytest.raises(error, match=sentence):
        prepare(faces, tmp_path / "to")


def test_an_image_in_two_parts_is_refused(faces, tmp_path):
    rows = rows_of(faces[1])
    assert (rows[3][2], rows[6][2]) == ("train", "val")
    rows[6][1] = rows[3][1]
    rewrite(faces[1], rows)
    told = (
        rf"expected every image once, got '{rows[3][1]}' in rows 4 and 7 as train and val; delete one of them"
    )
    with pytest.raises(InputError, match=told):
        prepare(faces, tmp_path / "to")


def test_an_image_without_validation_rows_is_refused(faces, tmp_path):
    rewrite(faces[1], [row for row in rows_of(faces[1]) if row[2] != "val"])
    with pytest.raises(
        InputError, match=r"expected train, val and test images, got no val image; all of these parts"
    ):
        prepare(faces, tmp_path / "to")


def test_equal_pixels_in_two_parts_are_told(faces, tmp_path):
    _, *rows = rows_of(faces[1])
    train, test = (next(path for _, path, part in rows[5:] if part == wanted) for wanted in ("train", "test"))
    shutil.copy(faces[0].parent / train, faces[0].parent / test)
    found = prepare(faces, tmp_path / "to")
    assert found.facts.doubles == {("train", "test"): 1, ("train", "val"): 0, ("val", "test"): 0}


@pytest.mark.parametrize("inside", [True, False])
def test_paths_may_begin_with_the_name_of_the_folder(faces, inside):
    folder = faces[0] if inside else faces[0].parent
    listed = benchmark_image_list(folder, faces[1], AGEDB)
    assert all(file.is_file() for file in listed.files)


def test_other_refusals(faces, tmp_path, monkeypatch):
    with pytest.raises(
        UnknownNameError, match=r"no benchmark of images named 'agedb'; did you mean 'agedb-dir'\?"
    ):
        prepare_images("agedb", *faces, tmp_path / "to")
    with pytest.raises(InputError, match=r"side: expected a whole number of at least 8, got 4"):
        prepare(faces, tmp_path / "to", side=4)
    with pytest.raises(MissingFileError, match=r"images: expected the folder of the images, got .*nowhere"):
        prepare((tmp_path / "nowhere", faces[1]), tmp_path / "to")
    with pytest.raises(MissingFileError, match=r"no such file"):
        prepare((faces[0], tmp_path / "nothing.csv"), tmp_path / "to")
    with pytest.raises(RunFolderError, match=r"expected a new or empty folder"):
        prepare(faces, faces[0])
    monkeypatch.setitem(__import__("sys").modules, "PIL.Image", None)
    with pytest.raises(MissingDependencyError, match=r"AgeDB-DIR: decoding images needs Pillow"):
        prepare(faces, tmp_path / "to")


def test_files_that_do_not_go_together_are_refused(faces, tmp_path):
    prepare(faces, tmp_path / "to")
    labels = tmp_path / "to" / "labels.csv"
    rewrite(labels, rows_of(labels)[:-1])
    with pytest.raises(
        InputError, match=r"expected images.npy and labels.csv as they were prepared, got others"
    ):
        ImageCache.open(tmp_path / "to")
    assert "labels.csv has" in verify(tmp_path / "to").damaged[0]


class TestCropAndFlip:
    IMAGES = np.random.default_rng(0).integers(1, 256, (5, 12, 12, 3)).astype(np.uint8)

    def test_is_padding_cropping_and_mirroring_image_by_image(self):
        rows = np.random.default_rng(1).integers(0, 5, 200)
        batch = crop_and_flip(self.IMAGES, rows, np.random.default_rng(2), padding=4)
        padded = np.pad(self.IMAGES, ((0, 0), (4, 4), (4, 4), (0, 0)))
        found = set()
        for image, row in zip(batch, rows, strict=True):
            matches = [
                (top, left, step)
                for top in range(9)
                for left in range(9)
                for step in (1, -1)
                if np.array_equal(image, padded[row, top : top + 12, left : left + 12][:, ::step])
            ]
            assert len(matches) == 1
            found.update(matches)
        assert {top for top, _, _ in found} == {left for _, left, _ in found} == set(range(9))
        assert {step for _, _, step in found} == {1, -1}

    def test_without_padding_only_mirrors(self):
        batch = crop_and_flip(self.IMAGES, np.arange(5), np.random.default_rng(0), padding=0)
        for image, source in zip(batch, self.IMAGES, strict=True):
            assert np.array_equal(image, source) or np.array_equal(image, source[:, ::-1])

    def test_the_generator_decides_and_the_source_stays(self):
        before = self.IMAGES.copy()
        first, again, other = (
            crop_and_flip(self.IMAGES, np.arange(5), np.random.default_rng(seed)) for seed in (0, 0, 1)
        )
        np.testing.assert_array_equal(first, again)
        assert not np.array_equal(first, other)
        np.testing.assert_array_equal(self.IMAGES, before)


@pytest.mark.data
def test_the_papers_split(real_data, tmp_path, monkeypatch):
    """The released list with one tiny image in every place: counts, regions and draw are those of the papers."""
    table = real_data / "agedb-dir" / "agedb.csv"
    Image.new("RGB", (8, 8)).save(tmp_path / "one.jpg")
    images = tmp_path / "AgeDB"
    images.mkdir()
    for _, path, _ in rows_of(table)[1:]:
        (images / path.removeprefix("AgeDB/")).hardlink_to(tmp_path / "one.jpg")
    found = prepare_images("agedb-dir", images, table, tmp_path / "to", side=8)
    assert found.facts.rows == (12_208, 2_140, 2_140)
    assert found.facts.test_regions == (1530, 448, 162, 0)
    assert (found.facts.fullest, found.facts.sparsest, found.facts.same_draw) == (353, 1, True)
    assert verify(tmp_path / "to").passed
    assert "PASS: as in Yang et al. (2021), Table 7." in str(found)

    rewrite(tmp_path / "bare.csv", [row[:2] for row in rows_of(table)])
    drawn = benchmark_image_list(images, tmp_path / "bare.csv", AGEDB)
    facts = facts_of_labels(AGEDB, drawn.y, drawn.split, drawn.paths)
    assert facts.differences(AGEDB) == []
    assert facts.same_draw is False


def test_a_pickled_cache_is_its_folder(faces, tmp_path):
    prepare(faces, tmp_path / "to")
    cache = ImageCache.open(tmp_path / "to")
    pickled = pickle.dumps(cache)
    assert len(pickled) < 3000 < cache.images.nbytes
    again = pickle.loads(pickled)
    assert np.array_equal(again.images, cache.images)
    assert again.fingerprint == cache.fingerprint
    variant = replace(cache, split=np.where(cache.split == "train", "", cache.split))
    assert (
        pickle.loads(pickle.dumps(variant)).split.tolist() == variant.split.tolist() != cache.split.tolist()
    )
