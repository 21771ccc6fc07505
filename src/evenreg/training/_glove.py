"""read_glove: the vectors of a vocabulary out of a file of word vectors."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evenreg.errors import InputError, MissingFileError


def read_glove(
    path: str | Path, words: Sequence[str], dim: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Vectors of the words, in one pass over the file, which holds millions of others.

    A line is a word and its numbers between blanks, as GloVe's and fastText's text files have them; a first line of two
    whole numbers, how many words and how wide, is passed over. Of a word that is there twice the first line counts.

    Args:
        path: Text file in UTF-8.
        words: To look for, case and all.
        dim: Numbers of a vector.

    Returns:
        Vectors ``(words, dim)``, 0 where there is none, and ``(words,)`` which were found.

    Raises:
        MissingFileError: No such file.
        InputError: Vectors of another width, a line that is cut short or holds something else than numbers, or none of
            the words.
    """
    path = Path(path)
    if not path.is_file():
        raise MissingFileError(f"glove: expected a text file of word vectors, got {path}, which is none.")
    wanted = {word.encode(): row for row, word in enumerate(words)}
    vectors, found = np.zeros((len(words), dim), np.float32), np.zeros(len(words), np.bool_)
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            line = line.rstrip()
            blanks = line.count(b" ")
            if number == 1 and blanks != dim:
                if blanks == 1 and line.replace(b" ", b"").isdigit():
                    continue
                raise InputError(
                    f"glove: expected vectors of {dim} numbers, got {blanks} in line 1 of {path}; take a file of that "
                    "width, or give dim the file's."
                )
            if line and blanks < dim:
                raise InputError(
                    f"glove: expected a word and {dim} numbers in every line, got {blanks} numbers in line {number} of "
                    f"{path}; the file is cut short or no file of word vectors: fetch it again."
                )
            row = wanted.get(line.split(b" ", 1)[0])
            # More blanks than numbers: GloVe 840B has some words that hold blanks, such as ". . .".
            if row is None or blanks > dim or found[row]:
                continue
            with suppress(ValueError), np.errstate(over="ignore"):
                vectors[row] = [float(value) for value in line.split(b" ")[1:]]
                found[row] = np.isfinite(vectors[row]).all()
            if not found[row]:
                raise InputError(
                    f"glove: expected finite numbers behind the word, got something else in line {number} of {path}; "
                    "fetch the file again."
                )
    if not found.any():
        raise InputError(
            f"glove: expected vectors of some of the {len(words):,} words, got none of them in {path}; is it of "
            "another language, or all in lower case?"
        )
    return vectors, found
