"""The three files of STS-B-DIR: tab-separated, a header, ten columns, and quotes that are part of a sentence."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from evenreg import _check
from evenreg.data._benchmark import BENCHMARKS
from evenreg.data._csv import decode
from evenreg.data._parts import PARTS
from evenreg.data._sentence_pairs import SentencePairs
from evenreg.errors import InputError, MissingFileError, TargetError

FILES = dict(zip(PARTS, ("train_new.tsv", "dev_new.tsv", "test_new.tsv"), strict=True))
_COLUMNS = 10
_FIRST, _SECOND, _SCORE = 7, 8, 9

Row = tuple[str, str, float]


def read_sts_b(folder: str | Path) -> SentencePairs:
    """STS-B-DIR from a folder that holds ``train_new.tsv``, ``dev_new.tsv`` and ``test_new.tsv``.

    No CSV reader takes part: a quote opens nothing, and lines end at a line feed only.

    Args:
        folder: Where the three files are.

    Raises:
        MissingFileError: A file that is not there.
        InputError: A row without ten columns or with an empty sentence, or text that is not UTF-8.
        TargetError: A score that is no number from 0 to 5.

    Papers: papers/000 B.3. The released code drops rows it cannot read without a word; here they are refused.
    """
    folder = Path(folder)
    missing = [name for name in FILES.values() if not (folder / name).is_file()]
    if missing:
        raise MissingFileError(
            f"{folder}: expected {', '.join(FILES.values())}, got no {' and no '.join(missing)}; name the folder that "
            "holds all three."
        )
    rows = {part: _read(folder / name) for part, name in FILES.items()}
    split = np.array([part for part in PARTS for _ in rows[part]], dtype=np.str_)
    return SentencePairs.of([row for part in PARTS for row in rows[part]], split, BENCHMARKS["sts-b-dir"])


def _read(path: Path) -> list[Row]:
    lines = [line.removesuffix("\r") for line in decode(path.read_bytes(), path.name).split("\n")]
    # Line numbers as a person sees them; a line feed at the end makes an empty last line.
    cells = [(number, line.split("\t")) for number, line in enumerate(lines, start=1) if line]
    wrong = [(number, len(row)) for number, row in cells if len(row) != _COLUMNS]
    if wrong:
        raise InputError(
            f"{path.name}: expected {_COLUMNS} columns between tabs in every row, got {wrong[0][1]} in "
            f"{_rows(wrong)}; is it the file of STS-B-DIR?"
        )
    if len(cells) < 2 or _number(cells[0][1][_SCORE]) is not None:
        raise InputError(
            f"{path.name}: expected a header and rows, got no {'rows' if len(cells) < 2 else 'header'}."
        )
    rows = [(number, row[_FIRST], row[_SECOND], _number(row[_SCORE])) for number, row in cells[1:]]
    empty = [(number, 0) for number, first, second, _ in rows if not first.strip() or not second.strip()]
    if empty:
        raise InputError(
            f"{path.name}: expected two sentences in every row, got an empty one in {_rows(empty)}."
        )
    outside = [number for number, *_, score in rows if score is None or not 0 <= score <= 5]
    if outside:
        shown = next(row[_SCORE] for number, row in cells if number == outside[0])
        raise TargetError(
            f"{path.name}: expected a score from 0 to 5 in every row, got {shown!r} in {_check.rows_text(outside)}; "
            "correct or delete it."
        )
    return [(first, second, score) for _, first, second, score in rows if score is not None]


def _rows(found: Sequence[tuple[int, int]]) -> str:
    return _check.rows_text([number for number, _ in found])


def _number(cell: str) -> float | None:
    try:
        number = float(cell)
    except ValueError:
        return None
    return number if math.isfinite(number) and "_" not in cell else None
