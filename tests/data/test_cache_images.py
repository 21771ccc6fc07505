"""A person's own image list: decoded once, opened again, refused with a sentence, verified."""

import csv
import json
import mmap
import shutil
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from evenreg.cli import main
from evenreg.data import ImageCache, cache_images, prepare_images, verify
from evenreg.data import _cache_writer as writer
from evenreg.data._image_decode import decode_image
from evenreg.errors import (
    InputError,
    MissingDependencyError,
    MissingFileError,
    RunFolderError,
    TargetError,
    UnknownNameError,
)
from standins import face_files, image_list


@pytest.fixture
def listing(tmp_path):
    return image_list(tmp_path / "raw")


def cached(listing, to, target="depth", **options):
    return cache_images(listing, target, to, **{"side": 8, "split": "split", **options})


def rows_of(table):
    return list(csv.reader(table.read_text().splitlines()))


def rewrite(table, rows):
    with table.open("w", newline="") as file:
        csv.writer(file).writerows(rows)


def never(*_):
    raise AssertionError("an image was decoded")


def test_labels_parts_and_pixels_are_those_of_the_list(listing, tmp_path):
    cache = cached(listing, tmp_path / "to")
    _, *rows = rows_of(listing)
    assert cache.y.tolist() == [float(label) for _, label, _ in rows]
    assert cache.y.min() < 0 < cache.y.max()
    assert cache.split.tolist() == [part for *_, part in rows]
    assert list(cache.paths) == [path for path, *_ in rows]
    assert (cache.target, cache.benchmark, cache.notes, len(cache)) == ("depth", None, (), 40)
    assert cache.rows("test").tolist() == [*range(0, 40, 4)]
    for i in (0, 39):
        with Image.open(listing.parent / rows[i][0]) as image:
            expected = image.resize((8, 8), Image.Resampling.BILINEAR)
        np.testing.assert_array_equal(cache.images[i], np.asarray(expected))
    assert rows_of(tmp_path / "to" / "labels.csv")[0] == ["path", "depth", "split", "pixels"]


def test_labels_come_back_to_the_last_digit(listing, tmp_path):
    rows = rows_of(listing)
    labels = np.random.default_rng(0).normal(0, 1e-3, 40) + 1 / 3
    labels[:4] = [0.1, -0.0, 1e22, 12345678.9]
    rewrite(
        listing,
        [
            rows[0],
            *([path, repr(y), part] for (path, _, part), y in zip(rows[1:], labels.tolist(), strict=True)),
        ],
    )
    np.testing.assert_array_equal(cached(listing, tmp_path / "to").y, labels)


def test_a_list_without_a_split_leaves_it_to_training(tmp_path):
    cache = cached(image_list(tmp_path / "raw", split=False), tmp_path / "to", split=None)
    assert cache.split is None
    assert cache.facts.parts is None
    told = r"split: expected a part for every row to find val rows, got no split; name the column that says it, or draw"
    with pytest.raises(InputError, match=told):
        cache.rows("val")
    with pytest.raises(UnknownNameError, match="no part named 'vla'; did you mean 'val'"):
        cache.rows("vla")


def test_a_split_without_validation_rows_is_fine(listing, tmp_path):
    rewrite(listing, [row for row in rows_of(listing) if row[2] != "val"])
    cache = cached(listing, tmp_path / "to")
    assert [len(cache.rows(part)) for part in ("train", "val", "test")] == [20, 0, 10]


def test_images_may_lie_elsewhere_and_columns_be_called_anything(listing, tmp_path):
    header, *rows = rows_of(listing)
    table = tmp_path / "elsewhere" / "mine.csv"
    table.parent.mkdir()
    rewrite(table, [["Wert", "Datei", "Teil"], *([label, path, part] for path, label, part in rows)])
    for number, images in enumerate((listing.parent, listing.parent / "pictures")):
        to = tmp_path / f"to{number}"
        cache = cached(table, to, "Wert", path="Datei", split="Teil", images=images)
        assert cache.y.tolist() == [float(label) for _, label, _ in rows]
    absolute = [header, *([str(listing.parent / path), *rest] for path, *rest in rows)]
    rewrite(table, absolute)
    assert len(cached(table, tmp_path / "absolute")) == 40


def test_the_same_list_opens_at_once(listing, tmp_path, monkeypatch):
    first = cached(listing, tmp_path / "to")
    monkeypatch.setattr(writer, "decode_image", never)
    monkeypatch.setitem(sys.modules, "PIL.Image", None)  # Pillow is not needed, either
    again = cached(listing, tmp_path / "to")
    assert again.fingerprint == first.fingerprint
    assert ImageCache.open(tmp_path / "to").fingerprint == first.fingerprint


@pytest.mark.parametrize(
    ("change", "got"),
    [
        ("side", "one of 8 pixels"),
        ("target", "one with labels 'depth'"),
        ("label", "one of another list, or of images that were changed since"),
        ("part", "one of another list"),
        ("split", "one of another list"),
        ("path", "one of another list"),
        ("row", "one of another list"),
        ("order", "one of another list"),
        ("image", "one of another list, or of images that were changed since"),
    ],
)
def test_a_cache_of_something_else_is_refused(listing, tmp_path, change, got):
    cached(listing, tmp_path / "to")
    header, *rows = rows_of(listing)
    options, target = {}, "depth"
    if change == "side":
        options["side"] = 16
    if change == "target":
        target = header[1] = "height"
    if change == "label":
        rows[3][1] = "1.125"
    if change == "part":
        rows[1][2] = "test"
    if change == "split":
        options["split"] = None
    if change == "path":
        shutil.copy(listing.parent / rows[5][0], listing.parent / "other.png")
        rows[5][0] = "other.png"
    if change == "row":
        rows = rows[:-1]
    if change == "order":
        rows = rows[::-1]
    if change == "image":
        Image.new("RGB", (9, 9)).save(listing.parent / rows[2][0])
    rewrite(listing, [header, *rows])
    side = options.get("side", 8)
    told = f"to: expected a cache of list.csv with labels '{target}' and {side} pixels a side, got {got}"
    with pytest.raises(RunFolderError, match=f"{told}.*; name another folder, or delete this one"):
        cached(listing, tmp_path / "to", target, **options)


def test_a_benchmark_or_another_folder_is_refused(listing, tmp_path):
    faces = face_files(tmp_path / "faces", 30, (8, 8))
    prepare_images("agedb-dir", *faces, tmp_path / "agedb", side=8, stand_in=True)
    with pytest.raises(
        RunFolderError, match=r"expected a cache of agedb.csv .*, got AgeDB-DIR; name another"
    ):
        cached(faces[1], tmp_path / "agedb", "age", images=faces[0])
    with pytest.raises(
        RunFolderError, match=r"expected a new or empty folder, got one that holds 'list.csv'"
    ):
        cached(listing, listing.parent)


def cut_after(calls):
    def tell(done, total):
        if done >= calls:
            raise KeyboardInterrupt

    return tell


def test_a_cut_run_goes_on(listing, tmp_path, monkeypatch):
    monkeypatch.setattr(writer, "_BLOCK", 8)
    cached(listing, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        cached(listing, tmp_path / "cut", tell=cut_after(16))
    seen, decode = [], writer.decode_image
    monkeypatch.setattr(writer, "decode_image", lambda *words: seen.append(1) or decode(*words))
    cached(listing, tmp_path / "cut")
    assert len(seen) == 24
    for name in ("images.npy", "labels.csv"):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_cut_run_does_not_go_on_with_images_of_another_folder(listing, tmp_path, monkeypatch):
    """Whoever noticed that the folder was the wrong one must not get half of its images."""
    monkeypatch.setattr(writer, "_BLOCK", 8)
    shutil.copytree(listing.parent / "pictures", tmp_path / "right" / "pictures")
    with pytest.raises(KeyboardInterrupt):
        cached(listing, tmp_path / "to", tell=cut_after(16))
    with pytest.raises(
        RunFolderError, match="expected a cut run of the same images, sizes and version, got ano"
    ):
        cached(listing, tmp_path / "to", images=tmp_path / "right")


def test_writing_into_the_images_leaves_the_file_alone_and_torch_takes_them(listing, tmp_path):
    cache = cached(listing, tmp_path / "to")
    file = tmp_path / "to" / "images.npy"
    before = file.read_bytes()
    torch.from_numpy(cache.images)[3] = 7  # warnings are errors here
    assert (cache.images[3] == 7).all()
    assert file.read_bytes() == before
    assert not (ImageCache.open(tmp_path / "to").images[3] == 7).all()
    assert verify(tmp_path / "to").passed


@pytest.mark.skipif(sys.platform != "linux", reason="other systems set no memory aside")
def test_without_copy_on_write_images_are_read_only(listing, tmp_path, monkeypatch):
    cache, ordinary = cached(listing, tmp_path / "to"), mmap.mmap

    def refuse(*words, **options):
        if options.get("flags", 0) & mmap.MAP_PRIVATE:
            raise OSError(12, "Cannot allocate memory")
        return ordinary(*words, **options)

    monkeypatch.setattr(mmap, "mmap", refuse)
    images = ImageCache.open(tmp_path / "to").images
    np.testing.assert_array_equal(images, cache.images)
    assert cache.images.flags.writeable
    assert not images.flags.writeable


def test_missing_and_unreadable_images_are_told_or_left_out(listing, tmp_path, monkeypatch):
    _, *rows = rows_of(listing)
    (listing.parent / rows[5][0]).unlink()
    (listing.parent / rows[9][0]).unlink()
    (listing.parent / rows[20][0]).write_bytes(b"no image")
    told = rf"raw: expected an image for every row of list.csv, got none for 2 of 40 \(the first is {rows[5][0]}\)"
    with pytest.raises(MissingFileError, match=f"{told}; complete it, or add --skip-missing"):
        cached(listing, tmp_path / "to")
    cache = cached(listing, tmp_path / "to", skip_missing=True)
    assert list(cache.paths) == [path for i, (path, *_) in enumerate(rows) if i not in (5, 9, 20)]
    assert len(cache.images) == len(cache.y) == len(cache.split) == 37
    missing, unreadable = cache.notes
    assert missing == f"left out, as no file was there: 2 of 40 (the first is {rows[5][0]})"
    assert unreadable == f"left out, as Pillow could not read them: 1 of 38 (the first is {rows[20][0]})"
    monkeypatch.setattr(writer, "decode_image", never)
    assert cached(listing, tmp_path / "to", skip_missing=True).notes == cache.notes
    rewrite(listing, [["path", "depth", "split"], *(row for i, row in enumerate(rows) if i not in (5, 9))])
    told = r"expected all images of list.csv, got a cache without 1 that Pillow could not read; add --skip-missing"
    with pytest.raises(InputError, match=told):
        cached(listing, tmp_path / "to")


def test_an_unreadable_image_is_told(listing, tmp_path):
    path = listing.parent / rows_of(listing)[3][0]
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(
        InputError, match=rf"{path.name}: expected an image that Pillow can read, got one it cannot"
    ):
        cached(listing, tmp_path / "to")


@pytest.mark.parametrize("how", ["missing", "unreadable"])
def test_a_part_may_not_be_left_out_as_a_whole(listing, tmp_path, how):
    for path, _, part in rows_of(listing)[1:]:
        if part == "test":
            (listing.parent / path).write_bytes(b"") if how == "unreadable" else (
                listing.parent / path
            ).unlink()
    with pytest.raises(
        InputError, match=r"list.csv: expected .*train.* images, got no test image; all of these parts"
    ):
        cached(listing, tmp_path / "to", skip_missing=True)


def test_no_readable_image_at_all(listing, tmp_path):
    for path, *_ in rows_of(listing)[1:]:
        (listing.parent / path).write_bytes(b"x")
    with pytest.raises(
        InputError, match="raw: expected images, got none that Pillow can read; check the files"
    ):
        cached(listing, tmp_path / "to", skip_missing=True)
    with pytest.raises(
        MissingFileError, match=r"got none for 40 of 40 .*; is it the folder that their paths begin in"
    ):
        cached(listing, tmp_path / "to", images=tmp_path, skip_missing=True)


@pytest.mark.parametrize(
    ("row", "new", "error", "sentence"),
    [
        (4, [None, "deep", None], TargetError, "column 'depth' of list.csv: expected numbers, got 'deep' in row 5"),
        (4, [None, "", None], TargetError, "expected a number in every row, got empty or NaN in row 5"),
        (4, [None, "inf", None], TargetError, "expected finite numbers, got infinity in row 5"),
        (0, [None, "Depht", None], UnknownNameError, "list.csv: no column named 'depth'; did you mean 'Depht'"),
        (0, ["paths", None, None], UnknownNameError, "list.csv: no column named 'path'; did you mean 'paths'"),
        (0, [None, None, "parts"], UnknownNameError, "list.csv: no column named 'split'"),
        (4, [" ", None, None], InputError, "'path' of list.csv: expected a path in every row, got none in row 5"),
        (4, [None, None, "hold"], InputError, "expected train, val or test in every row, got 'hold' in row 5"),
        (3, ["pictures/0.png", None, None], InputError, "image once, got 'pictures/0.png' in rows 2 and 4 as test and"),
        (5, ["./pictures/0.png", None, None], InputError, "got './pictures/0.png' in rows 2 and 6; delete one of them"),
    ],
)  # fmt: skip
def test_a_list_that_cannot_be_used_is_refused(listing, tmp_path, row, new, error, sentence):
    rows = rows_of(listing)
    rows[row] = [old if cell is None else cell for old, cell in zip(rows[row], new, strict=True)]
    rewrite(listing, rows)
    with pytest.raises(error, match=sentence):
        cached(listing, tmp_path / "to")
    assert not (tmp_path / "to").exists()


def test_other_refusals(listing, tmp_path, monkeypatch):
    header, *rows = rows_of(listing)
    with pytest.raises(
        InputError, match="expected different columns, got 'path', 'depth', 'depth'; name others"
    ):
        cached(listing, tmp_path / "to", split="depth")
    with pytest.raises(MissingFileError, match=r"images: expected the folder of the images, got .*nowhere"):
        cached(listing, tmp_path / "to", images=tmp_path / "nowhere")
    with pytest.raises(MissingFileError, match=r"lists.csv: no such file; did you mean 'list.csv'"):
        cached(listing.with_name("lists.csv"), tmp_path / "to")
    with pytest.raises(InputError, match="side: expected a whole number of at least 8, got 2"):
        cached(listing, tmp_path / "to", side=2)
    with pytest.raises(InputError, match="workers: expected a whole number of at least 1, got 0"):
        cached(listing, tmp_path / "to", workers=0)
    rewrite(listing, [header, *([path, "2", part] for path, _, part in rows)])
    with pytest.raises(
        TargetError, match=r"column 'depth' of list.csv: expected values that differ, got 2 in all 40"
    ):
        cached(listing, tmp_path / "to")
    rewrite(listing, [header, *([path, label, "train"] for path, label, _ in rows)])
    with pytest.raises(InputError, match="expected train and test rows, got no test row"):
        cached(listing, tmp_path / "to")
    rewrite(listing, [header])
    with pytest.raises(InputError, match=r"list.csv: expected rows of data, got a header only"):
        cached(listing, tmp_path / "to")
    listing.write_text("")
    with pytest.raises(InputError, match=r"list.csv: expected a table, got an empty file"):
        cached(listing, tmp_path / "to")
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(MissingDependencyError, match=r"list.csv: decoding images needs Pillow"):
        cached(listing, tmp_path / "to")


class TestVerify:
    def test_tells_what_is_there_and_no_counts_of_papers(self, listing, tmp_path, capsys):
        cache = cached(listing, tmp_path / "to")
        assert main(["data", "verify", str(tmp_path / "to")]) == 0
        out = capsys.readouterr().out
        assert out.startswith(f"{tmp_path / 'to'}: own images, depth\n")
        assert "rows          40, 20/10/10 (train/val/test)" in out
        assert f"labels        {cache.y.min():g} to {cache.y.max():g}" in out
        assert "doubles       every image once" in out
        assert out.endswith("PASS: as it was written.\n")
        assert "Yang" not in out
        assert verify(tmp_path / "to").facts == cache.facts

    def test_equal_pixels_are_told(self, listing, tmp_path):
        _, *rows = rows_of(listing)
        for source, copy in ((1, 4), (1, 5)):  # train; test, train
            shutil.copy(listing.parent / rows[source][0], listing.parent / rows[copy][0])
        cached(listing, tmp_path / "to")
        told = "doubles       2 equal an earlier image, 1 in train and test; told, not taken out"
        assert told in str(verify(tmp_path / "to"))

    def test_a_list_without_split(self, tmp_path):
        cached(image_list(tmp_path / "raw", split=False), tmp_path / "to", split=None)
        assert "rows          40, no split" in str(verify(tmp_path / "to"))

    def test_one_byte_is_noticed(self, listing, tmp_path, capsys):
        cached(listing, tmp_path / "to")
        file = tmp_path / "to" / "images.npy"
        content = bytearray(file.read_bytes())
        content[-1] ^= 1
        file.write_bytes(content)
        assert main(["data", "verify", str(tmp_path / "to")]) == 2
        out = capsys.readouterr().out
        assert "images.npy was changed: its checksum is another" in out
        assert "FAIL: files are not as they were written; prepare the folder again." in out

    def test_the_manifest_names_no_benchmark(self, listing, tmp_path):
        cached(listing, tmp_path / "to")
        told = json.loads((tmp_path / "to" / "manifest.json").read_text())
        assert (told["benchmark"], told["target"], told["side"]) == (None, "depth", 8)
        assert told["rows"] == {"all": 40, "train": 20, "val": 10, "test": 10}
        assert "bins" not in told


class TestPixels:
    def test_of_sixteen_bits_the_upper_eight_stay(self, tmp_path):
        values = (np.arange(64, dtype=np.uint16) * 1040).reshape(8, 8)
        Image.fromarray(values).save(tmp_path / "a.png")
        decoded = decode_image(tmp_path / "a.png", 8)
        np.testing.assert_array_equal(decoded, np.repeat((values >> 8)[..., None], 3, axis=2))

    @pytest.mark.parametrize("dtype", [np.int32, np.float32])
    def test_of_unknown_range_are_refused(self, tmp_path, dtype):
        Image.fromarray(np.zeros((8, 8), dtype)).save(tmp_path / "a.tiff")
        assert (
            decode_image(tmp_path / "a.tiff", 8) == "32 bits a pixel, of no known range; save it with 8 or 16"
        )
