"""CSV: delimiter, decimal mark and line numbers found out, uneven rows refused."""

import csv
import io
import re
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from evenreg import _check
from evenreg.data._frame import is_unknown
from evenreg.data._source import Source, check_header, check_rows
from evenreg.errors import InputError

_DELIMITERS = ",;\t|"
_SAMPLE, SAMPLE_TEXT = 100, 1 << 22  # rows, and characters, that delimiter and decimal mark are judged by


def open_csv(path: Path, columns: Sequence[str]) -> Source:
    """Read a CSV file: header, line numbers and the raw cells of ``columns``; features when asked for."""
    text = decode(path.read_bytes(), path.name)
    delimiter = sniff_delimiter(text)
    decimal = sniff_decimal(text, delimiter)
    stream = io.StringIO(text, newline="")
    reader = csv.reader(stream, delimiter=delimiter, skipinitialspace=True)
    try:
        header = read_header(reader, path.name)
        check_header(header, columns, path.name)
        picked, body = [header.index(column) for column in columns], stream.tell()
        lines, uneven, cells = [], [], [[] for _ in columns]
        line, width = reader.line_num + 1, len(header)
        for row in reader:
            if len(row) != width:
                if not is_blank(row):
                    uneven.append((line, len(row)))
            elif width == 1 or len(row) > 1:
                lines.append(line)
                for values, i in zip(cells, picked, strict=True):
                    values.append(row[i])
            line = reader.line_num + 1
    except csv.Error:
        raise open_quote(path.name, reader.line_num) from None
    refuse_uneven(uneven, width, delimiter, path.name)
    check_rows(len(lines), path.name)

    def features(without: Collection[str]) -> pd.DataFrame:
        kept = [column for column in header if column not in without]
        return typed(text[body:], header, kept, delimiter, decimal, lines, path.name)

    rows = np.asarray(lines, dtype=np.int64)
    return Source(path.name, header, rows, dict(zip(columns, cells, strict=True)), decimal, features)


def read_header(reader: Iterator[list[str]], name: str) -> list[str]:
    """The column names: the first row that is not blank."""
    names = next((row for row in reader if any(cell.strip() for cell in row)), None)
    if names is None:
        raise InputError(f"{name}: expected a table, got only blank lines.")
    # An empty name is written as pandas does, so that such a column can be named at all.
    return [" ".join(cell.splitlines()).strip() or f"Unnamed: {i}" for i, cell in enumerate(names)]


def is_blank(row: Sequence[str]) -> bool:
    """Whether a row of the wrong width is a blank line: csv gives [] for it; pandas skips lines of blanks, too."""
    return len(row) <= 1 and not any(cell.strip() for cell in row)


def refuse_uneven(uneven: Sequence[tuple[int, int]], width: int, delimiter: str, name: str) -> None:
    """Refuse rows, given as line and width, that are not as wide as the header."""
    if uneven:
        at = _check.rows_text([line for line, _ in uneven])
        raise InputError(
            f"{name}: expected {width} values in every row as in the header, got {uneven[0][1]} in {at}; add what is "
            f"missing, or quote values that hold {delimiter!r}."
        )


def decode(content: bytes, name: str) -> str:
    """The text of a file.

    Raises:
        InputError: Binary, or text in another encoding.
    """
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    if encoding == "utf-8-sig" and b"\0" in content:
        raise InputError(
            f"{name}: expected a CSV or Parquet file, got a binary file; export the table as CSV."
        )
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{name}: expected text in UTF-8, got byte {content[error.start]:#04x} in line {line}; save the "
            "file as 'CSV UTF-8', or convert it with iconv -f WINDOWS-1252 -t UTF-8."
        ) from None


def sniff_delimiter(text: str) -> str:
    r"""The delimiter that splits the header into several names, and most rows into as many cells.

    Why not `csv.Sniffer`: it guesses from letter frequencies, takes 'e' for a delimiter on short files, and
    raises on one column.

    >>> sniff_delimiter("name;size, cm;price\na;1,5;20\n")
    ';'
    """

    def fit(delimiter: str) -> tuple[float, int]:
        widths = [len(row) for row in _sample(text, delimiter)]
        if not widths or widths[0] < 2:
            return (0.0, 0)
        return (sum(w == widths[0] for w in widths[1:]) / max(len(widths) - 1, 1), widths[0])

    return max(_DELIMITERS, key=fit)


def sniff_decimal(text: str, delimiter: str) -> str:
    """The decimal mark: a comma where the delimiter leaves it free and numbers are written so, as in Europe."""
    if delimiter == ",":
        return "."
    cells = [cell.strip() for row in _sample(text, delimiter) for cell in row]
    with_comma = any(re.fullmatch(r"[+-]?\d+,\d+", cell) for cell in cells)
    return "," if with_comma and not any(re.fullmatch(r"[+-]?\d+\.\d+", cell) for cell in cells) else "."


def _sample(text: str, delimiter: str) -> list[list[str]]:
    reader = csv.reader(
        io.StringIO(text[:SAMPLE_TEXT], newline=""), delimiter=delimiter, skipinitialspace=True
    )
    try:
        return [row for row in islice(reader, _SAMPLE) if row]
    except csv.Error:
        return []


def typed(
    body: str,
    header: list[str],
    kept: Sequence[str],
    delimiter: str,
    decimal: str,
    lines: Sequence[int],
    name: str,
    text: Collection[str] | None = None,
) -> pd.DataFrame:
    """Columns of the text of some rows, with the types that pandas finds.

    Args:
        body: The rows.
        header: Names of all columns.
        kept: Those to read.
        delimiter: Between cells.
        decimal: Decimal mark.
        lines: Line number of every row.
        name: The file's.
        text: Columns that are text whatever they hold, all others being numbers or dates; None where that is
            not known.
    """
    if not kept:
        return pd.DataFrame(index=pd.RangeIndex(len(lines)))
    try:
        frame = pd.read_csv(
            io.StringIO(body),
            sep=delimiter,
            decimal=decimal,
            header=None,
            names=header,
            usecols=list(kept),
            dtype=dict.fromkeys(text or (), str),
            index_col=False,
            skipinitialspace=True,
            low_memory=False,
        )
    except pd.errors.ParserError:
        # The widths are known to be right: what is left is a quote that runs to the end of the file.
        raise open_quote(name, lines[-1]) from None
    if len(frame) != len(lines):
        # csv and pandas part ways only over stray quotes.
        raise open_quote(name, lines[min(len(frame), len(lines)) - 1])
    if decimal != ".":  # pandas leaves a whole column as text for a single mark such as "?"
        for column, cells in frame.items():
            if column not in (text or ()) and not is_numeric_dtype(cells.dtype):
                pointed = [_pointed(cell, decimal) for cell in cells]
                if text is not None or all(isinstance(v, float) or is_unknown(v) for v in pointed):
                    frame[column] = pd.Series(pointed, index=frame.index, dtype="object")
    return frame


def _pointed(cell: Any, decimal: str) -> Any:
    """A number written with that decimal mark as a number; anything else as it is."""
    is_number = isinstance(cell, str) and re.fullmatch(rf"\s*[+-]?(\d+\{decimal}?\d*|\{decimal}\d+)\s*", cell)
    return float(cell.replace(decimal, ".")) if is_number else cell


def open_quote(name: str, line: int) -> InputError:
    """The error of a quoted text that does not end."""
    return InputError(
        f"{name}: expected quotes in pairs, got a quoted text near line {line} that does not end; close it, "
        "or double a quote inside quotes."
    )
