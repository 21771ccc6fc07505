"""A CSV a block of rows at a time, every row also as the text that it is in the file."""

import csv
import io
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evenreg.data._csv import (
    SAMPLE_TEXT,
    decode,
    is_blank,
    open_quote,
    read_header,
    refuse_uneven,
    sniff_decimal,
    sniff_delimiter,
    typed,
)
from evenreg.data._rows import AbstractBlock, AbstractRows
from evenreg.data._source import check_header, check_rows
from evenreg.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS = 50_000  # of a block, where nobody asks for a size
_GAPS = ("", "NA", "NaN", "nan", "null", "NULL")  # a missing number; in a column of text only "" is missing


class _Part(NamedTuple):
    lines: list[int]  # the number of each row's first line
    cells: list[list[str]]
    text: list[str]  # each row with its line ending
    share: float = 0.0  # of the file, read so far


@final
@dataclass(frozen=True, eq=False)
class CsvBlock(AbstractBlock):
    rows: NDArray[np.int64] | int
    features: pd.DataFrame
    share: float
    text: list[str]
    table: "CsvRows"

    def csv(self, values: NDArray[np.float64]) -> str:
        delimiter, newline, decimal = self.table.delimiter, self.table.newline, self.table.decimal
        written = [repr(value) for value in values.tolist()]
        if decimal != ".":
            written = [value.replace(".", decimal) for value in written]
        rows = zip([row.rstrip("\r\n") for row in self.text], written, strict=True)
        return "".join([f"{row}{delimiter}{value}{newline}" for row, value in rows])

    def arrow(self, column: str, values: NDArray[np.float64]) -> "pa.Table":
        import pyarrow as pa

        kinds = {"int64": pa.int64(), "float64": pa.float64(), "str": pa.string()}
        schema = pa.schema([(name, kinds[kind]) for name, kind in self.table.types.items()])
        own = pa.Table.from_pandas(self.table.typed_text("".join(self.text)), schema, preserve_index=False)
        return own.append_column(column, pa.array(values))


@final
class CsvRows(AbstractRows):
    """Rows of a CSV file.

    Args:
        path: The file.

    Raises:
        InputError: Binary or blank, in another encoding than UTF-8 or UTF-16, or with repeated column names.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.name, self._size = path, path.name, path.stat().st_size
        with path.open("rb") as file:
            start = file.read(3)
        utf16 = start[:2] in (b"\xff\xfe", b"\xfe\xff")
        self.encoding = "utf-16" if utf16 else "utf-8-sig" if start == b"\xef\xbb\xbf" else "utf-8"
        try:
            with path.open("rb") as file, self._text(file) as stream:
                sample = stream.read(SAMPLE_TEXT)
        except UnicodeDecodeError:
            raise self._foreign() from None
        if "\0" in sample:
            raise self._foreign()
        self.delimiter = sniff_delimiter(sample)
        self.decimal = sniff_decimal(sample, self.delimiter)
        lines = _Lines(io.StringIO(sample, newline=""))
        reader = self._reader(lines)
        self.header, text = self._header(reader, lines)
        check_header(self.header, [], self.name)
        check_rows(any(len(row) == len(self.header) or not is_blank(row) for row in reader), self.name)
        self._header_text = text.rstrip("\r\n")
        self.newline = text[len(self._header_text) :] or "\n"

    def blocks(
        self, columns: Sequence[str], size: int, *, text: Collection[str] = ()
    ) -> Iterator[AbstractBlock]:
        for part in self._parts(size):
            body, lines = "".join(part.text), part.lines
            features = typed(body, self.header, columns, self.delimiter, self.decimal, lines, self.name, text)
            yield CsvBlock(np.array(lines, dtype=np.int64), features, part.share, part.text, self)

    def csv_header(self, column: str) -> str:
        added = io.StringIO()
        csv.writer(added, delimiter=self.delimiter, lineterminator=self.newline).writerow([column])
        return f"{self._header_text}{self.delimiter}{added.getvalue()}"

    def frame(self) -> pd.DataFrame:
        parts = [self.typed_text("".join(part.text)) for part in self._parts(_ROWS)]
        return pd.concat(parts, ignore_index=True)

    @cached_property
    def types(self) -> dict[str, str]:
        """Per column int64, float64, or str where a number would not say all: 007, more digits than are kept."""
        digits = rf"(0|[1-9]\d{{0,14}}|(0|[1-9]\d*)?{re.escape(self.decimal)}\d+)([eE][+-]?\d+)?"
        fits = {
            "int64": re.compile(r"-?(0|[1-9]\d{0,17})").fullmatch,
            "float64": re.compile(rf"-?{digits}|{'|'.join(_GAPS)}").fullmatch,
        }
        left = {name: list(fits) for name in self.header}
        for part in self._parts(_ROWS):
            for name, column in zip(self.header, zip(*part.cells, strict=True), strict=True):
                left[name] = [kind for kind in left[name] if all(map(fits[kind], column))]
        return {name: (*kinds, "str")[0] for name, kinds in left.items()}

    def typed_text(self, body: str) -> pd.DataFrame:
        """All columns of the text of some rows, with `types`."""
        missing = {name: [""] if kind == "str" else list(_GAPS) for name, kind in self.types.items()}
        types: Any = self.types
        return pd.read_csv(
            io.StringIO(body),
            sep=self.delimiter,
            decimal=self.decimal,
            header=None,
            names=self.header,
            dtype=types,
            na_values=missing,
            keep_default_na=False,
            index_col=False,
            skipinitialspace=True,
        )

    def _parts(self, size: int) -> Iterator[_Part]:
        with self.path.open("rb") as file, self._text(file) as stream:
            lines = _Lines(stream)
            reader = self._reader(lines)
            self._header(reader, lines)
            total, uneven = 0, []
            try:
                part, line = _Part([], [], []), reader.line_num + 1
                for cells in reader:
                    text = lines.take()
                    if len(cells) == len(self.header):
                        part.lines.append(line)
                        part.cells.append(cells)
                        part.text.append(text)
                    elif not is_blank(cells):
                        uneven.append((line, len(cells)))
                    line = reader.line_num + 1
                    if len(part.lines) == size:
                        self._check(part, uneven)
                        total += size
                        yield part._replace(share=file.tell() / self._size)
                        part = _Part([], [], [])
            except csv.Error:
                raise open_quote(self.name, reader.line_num) from None
            except UnicodeDecodeError:
                raise self._foreign() from None
            self._check(part, uneven)
            check_rows(total + len(part.lines), self.name)
            if part.lines:
                yield part._replace(share=1.0)

    def _check(self, part: _Part, uneven: Sequence[tuple[int, int]]) -> None:
        refuse_uneven(uneven, len(self.header), self.delimiter, self.name)
        if any("\0" in row for row in part.text):
            raise self._foreign()

    def _text(self, file: BinaryIO) -> io.TextIOWrapper:
        return io.TextIOWrapper(file, encoding=self.encoding, newline="")

    def _reader(self, lines: "_Lines") -> Any:
        return csv.reader(lines, delimiter=self.delimiter, skipinitialspace=True)

    def _header(self, reader: Any, lines: "_Lines") -> tuple[list[str], str]:
        """Column names, and the text they are written as."""
        text = ""

        def rows() -> Iterator[list[str]]:
            nonlocal text
            for row in reader:
                text = lines.take()
                yield row

        try:
            return read_header(rows(), self.name), text
        except csv.Error:
            raise open_quote(self.name, reader.line_num) from None

    def _foreign(self) -> InputError:
        """What is wrong with a file that is no text, or in another encoding."""
        try:
            decode(self.path.read_bytes(), self.name)
        except InputError as error:
            return error
        return InputError(
            f"{self.name}: expected a file at rest, got one that changes; wait until it is written."
        )


@final
class _Lines:
    """Hands lines to a reader and remembers those that it took."""

    def __init__(self, stream: Iterable[str]) -> None:
        self._stream, self._taken = iter(stream), []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._stream)
        self._taken.append(line)
        return line

    def take(self) -> str:
        """What was taken since the last call."""
        text = "".join(self._taken)
        self._taken.clear()
        return text
