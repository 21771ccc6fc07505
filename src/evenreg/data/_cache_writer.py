"""Decodes images into one file, a block at a time; a cut run goes on where it stopped."""

import hashlib
import io
import json
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import final

import numpy as np

from evenreg._files import write_json
from evenreg.data._image_decode import decode_image
from evenreg.data._image_list import ImageList
from evenreg.data._manifest import FORMAT, Tell
from evenreg.errors import InputError, RunFolderError

PROGRESS = "progress.json"
_BLOCK = 256  # images between two marks of progress: 39 MB at 224 pixels, what a cut costs at most
_MARGIN = 1 << 24


@final
@dataclass
class CutRun:
    """How far a run came: what ``progress.json`` holds.

    Attributes:
        listed: Fingerprint of the image list.
        side: Pixels of a side.
        done: Rows of the list that were looked at.
        skipped: Those of them that could not be decoded.
    """

    listed: str
    side: int
    done: int = 0
    skipped: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, folder: Path, listed: str, side: int) -> "CutRun":
        """What a cut run of the same images left in the folder, or a fresh start.

        Raises:
            RunFolderError: It was a run of other images, of another size or version.
        """
        path = folder / PROGRESS
        if not path.exists():
            return cls(listed, side)
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            known = told.pop("format") == FORMAT
            run = cls(**told) if known else cls("", 0)
        except (ValueError, TypeError, KeyError, AttributeError):
            run = cls("", 0)
        if (run.listed, run.side) != (listed, side):
            raise RunFolderError(
                f"{folder}: expected a cut run of the same images, sizes and version, got another; delete the folder, "
                "or name another."
            )
        return run

    def write(self, folder: Path) -> None:
        """Keep it."""
        write_json(folder / PROGRESS, {"format": FORMAT, **asdict(self)})


def write_images(
    listed: ImageList, path: Path, run: CutRun, *, skip: bool, workers: int, tell: Tell | None
) -> None:
    """Decode all images of a list into ``path``, an ``.npy`` file of (n, side, side, 3) uint8.

    Blocks are appended and reach the disk before progress is marked, so that Ctrl-C, a crash or a full disk costs
    a block. Written with plain writes: a full disk under a memory map would kill the process.

    Args:
        listed: The images.
        path: The file.
        run: How far an earlier run came; it is moved on.
        skip: Leave out images that cannot be decoded.
        workers: Threads; Pillow decodes outside Python's lock.
        tell: Is told images done and images in all.

    Raises:
        InputError: An image that cannot be decoded, or too little room.
        OSError: What the operating system refused, of ``path``.
    """
    folder, n, size = path.parent, len(listed), run.side * run.side * 3
    start = len(_header(n, run.side))
    with _told(path), path.open("r+b" if path.exists() else "w+b") as file:
        if path.stat().st_size < start + (run.done - len(run.skipped)) * size:
            run.done, run.skipped = 0, []  # the file was lost: so is what was done
        _check_room(folder, (n - run.done) * size, path.stat().st_size)
        file.truncate(start + (run.done - len(run.skipped)) * size)
        file.write(_header(n, run.side))
        file.seek(0, os.SEEK_END)
        pool = ThreadPoolExecutor(workers)
        try:
            while run.done < n:
                block = range(run.done, min(run.done + _BLOCK, n))
                decoded = list(
                    pool.map(decode_image, listed.files[block.start : block.stop], [run.side] * len(block))
                )
                bad = {
                    row: found for row, found in zip(block, decoded, strict=True) if isinstance(found, str)
                }
                if bad and not skip:
                    raise _undecodable(listed, bad)
                for image in decoded:
                    if not isinstance(image, str):
                        file.write(np.ascontiguousarray(image).data)
                file.flush()
                os.fsync(file.fileno())
                run.done, run.skipped = block.stop, [*run.skipped, *bad]
                run.write(folder)
                if tell is not None:
                    tell(run.done, n)
        finally:
            pool.shutdown(cancel_futures=True)
        file.seek(0)
        file.write(_header(n - len(run.skipped), run.side))


def pixel_digests(path: Path) -> list[str]:
    """A digest of each image of the file; equal images have equal ones."""
    images = np.load(path, mmap_mode="r", allow_pickle=False)
    return [hashlib.blake2b(image.data, digest_size=8).hexdigest() for image in images]


def _header(n: int, side: int) -> bytes:
    """NumPy's header, which keeps its length while n grows: NumPy leaves room in it."""
    stream = io.BytesIO()
    entries = {"descr": "|u1", "fortran_order": False, "shape": (n, side, side, 3)}
    np.lib.format.write_array_header_1_0(stream, entries)
    return stream.getvalue()


def _check_room(folder: Path, needed: int, there: int) -> None:
    free = shutil.disk_usage(folder).free + there
    if free < needed + _MARGIN:
        raise InputError(
            f"{folder}: expected {needed / 1e9:.2f} GB of free disk for the images, got {free / 1e9:.2f}; make room, "
            "or name another folder."
        )


def _undecodable(listed: ImageList, bad: dict[int, str]) -> InputError:
    row, reason = next(iter(bad.items()))
    others = f" and {len(bad) - 1} more nearby" if len(bad) > 1 else ""
    return InputError(
        f"{listed.files[row]}: expected an image that Pillow can read, got one it cannot ({reason}){others}; replace "
        "it, or add --skip-missing, and the same command goes on."
    )


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """What the system refuses is told with the file's name, and that the work so far is not lost."""
    try:
        yield
    except OSError as error:
        if error.filename is not None or error.errno is None:
            raise
        text = f"{error.strerror}; what is done is kept, the same command goes on"
        raise OSError(error.errno, text, str(path)) from None
