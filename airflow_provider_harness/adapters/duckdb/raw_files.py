"""Files into DuckDB as they are, one after the other: what cannot be read is named with its file and line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import IO, TYPE_CHECKING, Any, cast

from airflow_provider_harness.adapters.duckdb import file_text
from airflow_provider_harness.adapters.duckdb.file_text import Csv, NotRead
from airflow_provider_harness.adapters.sql.checks import column, literal
from airflow_provider_harness.core.errors import MalformedFile

if TYPE_CHECKING:
    import duckdb

PARQUET, CSV, JSON = ".parquet", ".csv", ".json"
_LONG = "[0-9][0-9.]{15}"
"""Of a record that may have a number with more digits than a double keeps."""
MOST_PROBLEMS = 10
"""Problems that are told; of more, how many there are."""
_MAGIC = b"PAR1"
_NUMBERED = re.compile(r"_\d+$")
"""What DuckDB puts behind a name that another one has in another case."""

REJECTED: Mapping[str, str] = {
    "MISSING COLUMNS": "the row is too short for the header",
    "TOO MANY COLUMNS": "the row is too long for the header",
    "UNQUOTED VALUE": "a quote is not closed, or stands within a value without being written twice",
    "LINE SIZE OVER MAXIMUM": "the row is longer than 2 MB, or a quote before it is not closed",
    "INVALID ENCODING": "is not UTF-8",
    "INVALID STATE": "a quote stands within a value without being written twice, or the line ends differ",
}
"""What DuckDB says of a row that it rejects -> what that means."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One file as it was found.

    :param columns: name -> DuckDB's type; of a CSV file, all are texts.
    :param csv: how it is written, if it is CSV.
    """

    file: str
    form: str
    columns: Mapping[str, str]
    csv: Csv | None = None


@dataclass(slots=True, kw_only=True)
class Files:
    """The files of one delivery in a connection of DuckDB.

    :param opened: opens one of them as bytes.
    :ivar spans: rows of ``raw`` that are each file's: the first one's number from 0, and the file.
    """

    connection: duckdb.DuckDBPyConnection
    form: str
    files: Sequence[str]
    opened: Callable[[str], IO[bytes]]
    shapes: dict[str, Shape] = field(default_factory=dict)
    spans: list[tuple[int, str]] = field(default_factory=list)

    def look(self, wanted: Sequence[str]) -> Sequence[Shape]:
        """The columns of each file.

        :param wanted: names of the contract's columns.
        :raises MalformedFile: some cannot be read; each is named.
        """
        problems = []
        for file in self.files:
            try:
                self.shapes[file] = _SHAPES[self.form](self, file, wanted)
            except NotRead as error:
                problems.append(f"{file}: {error}")
        _stop(problems)
        return tuple(self.shapes.values())

    def read(self, wanted: Sequence[str], decimals: Sequence[str] = ()) -> None:
        """Make ``raw``, with the texts of the contract's columns; of Parquet, a view of the typed values.

        Texts are read once: parsing is slow, and DuckDB lets the reader of a file do casts, which then fail as a whole.

        :param decimals: those of them in which every digit counts.
        """
        if self.form == PARQUET:
            named = ", ".join(map(literal, self.files))
            self.connection.execute(f"CREATE VIEW raw AS SELECT * FROM read_parquet([{named}], union_by_name = true)")
            return
        texts = ", ".join(f"{column(name)} VARCHAR" for name in wanted)
        self.connection.execute(f"CREATE TABLE raw ({texts})")
        problems: list[str] = []
        rows = 0
        for file in self.files:
            self.spans.append((rows, file))
            problems += self._insert(self.shapes[file], wanted) or self._no_object(self.shapes[file], wanted, rows)
            self._write_out(self.shapes[file], [name for name in decimals if name in wanted], rows)
            if len(problems) > MOST_PROBLEMS:
                break
            rows = self._count("SELECT count(*) FROM raw")
        problems += self._rejected()
        _stop(problems)

    def places(self, condition: str, most: int = 3) -> list[str]:
        """File and line of the first rows for which a condition over ``raw`` holds."""
        if self.form == PARQUET:
            named = ", ".join(map(literal, self.files))
            source = f"read_parquet([{named}], union_by_name = true, filename = true, file_row_number = true)"
            asked = f"SELECT filename, file_row_number + 1 FROM {source} WHERE {condition} ORDER BY 1, 2 LIMIT {most}"
            return [f"{file} row {row}" for file, row in self.connection.execute(asked).fetchall()]
        found = self.connection.execute(
            f"SELECT rowid FROM raw WHERE {condition} ORDER BY rowid LIMIT {most}"
        ).fetchall()
        return [self._place(int(number)) for (number,) in found]

    def _place(self, number: int) -> str:
        first, file = next(span for span in reversed(self.spans) if span[0] <= number)
        row, shape = number - first + 1, self.shapes[file]
        opened = partial(self.opened, file)
        line = file_text.csv_line(file, opened, shape.csv, row) if shape.csv else file_text.json_line(file, opened, row)
        return f"{file} line {line}" if line else f"{file} row {row}"

    def _insert(self, shape: Shape, wanted: Sequence[str]) -> list[str]:
        """Append a file's rows; what is wrong with it as a whole."""
        import duckdb

        names = ", ".join(map(column, wanted))
        try:
            self.connection.execute(f"INSERT INTO raw ({names}) SELECT {names} FROM {_reader(shape, wanted)}")
        except duckdb.InvalidInputException as error:
            return [f"{shape.file}: {self._why(shape, str(error))}"]
        return []

    def _no_object(self, shape: Shape, wanted: Sequence[str], first: int) -> list[str]:
        """The first ``null`` among a JSON file's objects, which DuckDB reads as a row.

        :param first: number of the file's first row in ``raw``.
        """
        nothing = " AND ".join(f"{column(name)} IS NULL" for name in wanted)
        if shape.form != JSON or not self._count(f"SELECT count(*) FROM raw WHERE rowid >= {first} AND {nothing}"):
            return []
        place = self._count(f"SELECT coalesce(min(place), 0) FROM {_records(shape)} WHERE json_type(json) <> 'OBJECT'")
        return [f"{shape.file}: record {place}: is null, and no object"] if place else []

    def _write_out(self, shape: Shape, names: Sequence[str], first: int) -> None:
        """Put numbers of JSON with many digits into ``raw`` as they are written: DuckDB reads one with a point as a double.

        :param first: number of the file's first row in ``raw``.
        """
        import pyarrow as pa

        names = [name for name in names if shape.form == JSON and name in shape.columns]
        if not names or self._count("SELECT count(*) FROM raw") == first:
            return
        line = f"CASE WHEN regexp_matches(json::VARCHAR, '{_LONG}') THEN json::VARCHAR END"
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE written AS SELECT {line} AS line FROM read_json_objects({literal(shape.file)})"
        )
        found = self.connection.execute("SELECT rowid, line FROM written WHERE line IS NOT NULL").fetchall()
        self.connection.execute("DROP TABLE written")
        rows = [_as_written(line) for _, line in found]
        exact = {name: [one.get(name) for one in rows] for name in names}
        places = pa.array([first + number for number, _ in found], pa.int64())
        self.connection.register(
            "exact",
            pa.table([places, *(pa.array(exact[name], pa.string()) for name in names)], ["harness_place", *names]),
        )
        changes = ", ".join(f"{column(name)} = coalesce(e.{column(name)}, raw.{column(name)})" for name in names)
        self.connection.execute(f"UPDATE raw SET {changes} FROM exact AS e WHERE raw.rowid = e.harness_place")
        self.connection.unregister("exact")

    def _why(self, shape: Shape, said: str) -> str:
        """Why a whole file cannot be read."""
        opened = partial(self.opened, shape.file)
        found = file_text.undecodable(shape.file, opened)
        if not found:
            look = file_text.json_mistake if shape.form == JSON else file_text.other_ending
            found = look(shape.file, opened)
        return found or _short(said)

    def _rejected(self) -> list[str]:
        """The rows that were left out, by file and line."""
        if self.form != CSV or not self._count(
            "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'reject_errors'"
        ):
            return []
        found = self.connection.execute(
            "SELECT s.file_path, e.line_byte_position, min(e.error_type), min(e.error_message) FROM reject_errors AS e "
            "JOIN reject_scans AS s USING (scan_id, file_id) GROUP BY ALL ORDER BY 1, 2"
        ).fetchall()
        told = [self._row(*row) for row in found[:MOST_PROBLEMS]]
        return told + [f"{file}: a row" for file, *_ in found[MOST_PROBLEMS:]]

    def _row(self, file: str, byte: int, kind: str, said: str) -> str:
        """What is wrong with one row.

        :param byte: where it begins, 1 for the file's first.
        """
        opened, told = partial(self.opened, file), REJECTED.get(kind, kind.lower())
        counts = said.partition("Expected Number of Columns: ")[2].partition("\n")[0].split(" Found: ")
        if len(counts) == 2:
            told += f" ({counts[1].strip()} values for {counts[0].strip()} names)"
        if kind == "INVALID ENCODING":
            return f"{file}: {file_text.undecodable(file, opened) or told}"
        return f"{file}: line {file_text.line_of(file, opened, byte)}: {told}"

    def _count(self, sql: str) -> int:
        return int((self.connection.execute(sql).fetchone() or (0,))[0])


def _stop(problems: Sequence[str]) -> None:
    if problems:
        more = len(problems) - MOST_PROBLEMS
        raise MalformedFile((*problems[:MOST_PROBLEMS], *([f"and {more} more"] if more > 0 else [])))


def _csv_shape(files: Files, file: str, wanted: Sequence[str]) -> Shape:
    found = file_text.csv_of(file_text.head(file, partial(files.opened, file)), wanted)
    return Shape(file=file, form=CSV, columns=dict.fromkeys(found.names, "VARCHAR"), csv=found)


def _json_shape(files: Files, file: str, wanted: Sequence[str]) -> Shape:
    import duckdb

    file_text.head(file, partial(files.opened, file))
    shape = Shape(file=file, form=JSON, columns={})
    try:
        columns = _described(files, f"read_json({literal(file)}, sample_size = -1)")
    except duckdb.InvalidInputException as error:
        raise NotRead(files._why(shape, str(error))) from error
    if set(columns) == {"json"} and "json" not in wanted:
        if files.connection.execute(f"SELECT 1 FROM {_records(shape)} LIMIT 1").fetchone():
            raise NotRead("holds no objects with the contract's columns")
        columns = dict.fromkeys(wanted, "JSON")  # an empty list has no row that lacks one
    _refuse_other_case(files, shape, columns, wanted)
    return Shape(file=file, form=JSON, columns=columns)


def _refuse_other_case(files: Files, shape: Shape, columns: Collection[str], wanted: Sequence[str]) -> None:
    """Refuse objects that name a column in another case: DuckDB numbers such a key, and its value would be nobody's.

    :raises NotRead: with the first line of one.
    """
    lower = {name.lower(): name for name in wanted}
    others = [name for name in columns if name not in wanted and _NUMBERED.sub("", name.lower()) in lower]
    if not others:
        return
    keys = f"SELECT place, unnest(json_keys(json)) AS key FROM {_records(shape)}"
    asked = f"SELECT key, min(place) FROM ({keys}) GROUP BY key ORDER BY 2, 1"
    for key, place in files.connection.execute(asked).fetchall():
        if key not in wanted and key.lower() in lower:
            line = file_text.json_line(shape.file, partial(files.opened, shape.file), int(place))
            where = f"line {line}" if line else f"object {place}"
            raise NotRead(
                f"{where}: has the key {key} where the column is {lower[key.lower()]}; let it be written alike"
            )


def _records(shape: Shape) -> str:
    """What a JSON file lists, each with its place, 1 for the first."""
    read = f"read_json_objects({literal(shape.file)}, maximum_object_size = 104857600)"
    return f"(SELECT row_number() OVER () AS place, json FROM {read})"


def _parquet_shape(files: Files, file: str, wanted: Sequence[str]) -> Shape:
    import duckdb

    try:
        columns = _described(files, f"read_parquet({literal(file)})")
    except duckdb.Error as error:
        with files.opened(file) as handle:
            whole = handle.read(len(_MAGIC)) == _MAGIC
        if whole and not isinstance(error, duckdb.InvalidInputException):
            raise
        raise NotRead(f"is not a {'whole ' if whole else ''}Parquet file ({_short(str(error))})") from error
    return Shape(file=file, form=PARQUET, columns=columns)


def _described(files: Files, source: str) -> dict[str, str]:
    found = files.connection.sql(f"SELECT * FROM {source} LIMIT 0")
    return dict(zip(found.columns, map(str, found.types), strict=True))


def _reader(shape: Shape, wanted: Sequence[str]) -> str:
    if shape.csv is None:
        texts = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in shape.columns if name in wanted)
        return f"read_json({literal(shape.file)}, columns = {{{texts}}})"
    texts = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in shape.csv.names)
    marks = {"delim": shape.csv.delimiter, "quote": shape.csv.quote, "escape": shape.csv.quote}
    told = ", ".join(f"{name} = {literal(mark)}" for name, mark in marks.items())
    return (
        f"read_csv({literal(shape.file)}, columns = {{{texts}}}, {told}, auto_detect = false, header = true, "
        "strict_mode = true, null_padding = false, store_rejects = true)"
    )


def _as_written(line: str) -> dict[str, str]:
    """The texts and numbers of an object of JSON by name, with all their digits."""
    found = json.loads(line, parse_float=str, parse_int=str, strict=False)
    return {name: value for name, value in found.items() if isinstance(value, str)} if isinstance(found, dict) else {}


def _short(said: str) -> str:
    """The first sentence of what DuckDB says, without a line of the file."""
    return " ".join(said.partition("\n")[0].removeprefix("Invalid Input Error: ").split())[:200]


_SHAPES: Mapping[str, Callable[[Files, str, Sequence[str]], Shape]] = {
    PARQUET: _parquet_shape,
    CSV: _csv_shape,
    JSON: _json_shape,
}
"""Format -> what tells a file's columns."""


def opener(filesystem: Any) -> Callable[[str], IO[bytes]]:
    """What opens a file by the name that DuckDB knows.

    :param filesystem: of fsspec; None for this machine's.
    """
    if filesystem is None:
        return lambda name: cast("IO[bytes]", open(name, "rb"))
    return lambda name: cast("IO[bytes]", filesystem.open(name, "rb"))
