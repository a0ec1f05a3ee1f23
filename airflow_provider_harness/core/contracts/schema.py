"""Columns as a contract or a catalog describes them, and how two descriptions differ."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from airflow_provider_harness.core.contracts.contract import Contract

ALIASES = {
    "int": "integer",
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "float4": "real",
    "float8": "double precision",
    "float": "double precision",
    "double": "double precision",
    "bool": "boolean",
    "decimal": "numeric",
    "dec": "numeric",
    "char": "character",
    **dict.fromkeys(("nchar", "national char", "national character"), "character"),
    **dict.fromkeys(("varchar", "char varying", "nchar varying"), "character varying"),
    **dict.fromkeys(("national char varying", "national character varying"), "character varying"),
    "varbit": "bit varying",
    "string": "text",
    "timestamptz": "timestamp with time zone",
    "timestamp": "timestamp without time zone",
    "timetz": "time with time zone",
    "time": "time without time zone",
    **dict.fromkeys(("smallserial", "serial2"), "smallint"),
    **dict.fromkeys(("serial", "serial4"), "integer"),
    **dict.fromkeys(("bigserial", "serial8"), "bigint"),
}
"""Names PostgreSQL accepts -> the name its catalog gives (``format_type``)."""

BUILT_IN = frozenset(
    {
        *ALIASES.values(),
        *(
            "bit",
            "bit varying",
            "box",
            "bpchar",
            "bytea",
            "character varying",
            "cidr",
            "circle",
            "date",
            "inet",
            "interval",
            "json",
            "jsonb",
        ),
        *(
            "jsonpath",
            "line",
            "lseg",
            "macaddr",
            "macaddr8",
            "money",
            "name",
            "oid",
            "path",
            "pg_lsn",
            "point",
            "polygon",
            "text",
        ),
        *(
            "time with time zone",
            "time without time zone",
            "tsquery",
            "tsvector",
            "uuid",
            "xml",
            '"char"',
            "xid",
            "xid8",
        ),
        *("int4range", "int8range", "numrange", "daterange", "tsrange", "tstzrange"),
        *("int4multirange", "int8multirange", "nummultirange", "datemultirange", "tsmultirange", "tstzmultirange"),
        *("smallint", "integer", "bigint", "numeric", "real", "double precision", "boolean"),
    }
)
"""Types that every PostgreSQL has, without their arguments, as its catalog writes them ("Data Types")."""

_TYPE = re.compile(
    r"^(?P<name>[a-z][a-z0-9 ]*?)\s*(?:\((?P<args>[0-9 ]+(?:,\s*-?[0-9 ]+)*)\))?(?P<rest>\s+[a-z ]+)?(?P<array>(\[\])*)$"
)
_ARRAY = re.compile(r"\s*\[\s*\d*\s*\]|\s+array\b(?:\s*\[\d+\])?")
"""How a dimension of an array may be written; PostgreSQL forgets how long it is."""
_WORDS = """
boolean|smallint|integer|bigint|numeric|real|double precision|money|text|character varying|character|bytea|uuid|json|jsonb|xml
|date|interval|inet|cidr|macaddr|macaddr8|bit|bit varying|oid|tsvector|tsquery
|(?:time|timestamp)(?: (?:with|without) time zone)?
|interval (?:year|month|day|hour|minute|second)(?: to (?:month|hour|minute|second))?
|(?:[a-z_][a-z0-9_]*\\.)?[a-z_][a-z0-9_]*
"""
_KNOWN = re.compile(
    rf"(?:{_WORDS.replace(chr(10), '')})(?:\([a-z0-9_ ]{{1,40}}(?:, ?-?[a-z0-9_ ]{{1,40}})?\))?(?: (?:with|without) time zone)?(?:\[\])*",
    re.ASCII,
)
"""What a type is made of: PostgreSQL's words, or the one name of a type of the user's own, and arguments. Nothing else is ever
pasted into a statement as a type."""
PSEUDO = frozenset(
    {"any", "anyarray", "anyelement", "cstring", "internal", "record", "struct", "trigger", "unknown", "void"}
)
"""Words for a type that no column of PostgreSQL's can have ("Pseudo-Types"), and ``struct``, which is BigQuery's."""
_SIZES: Mapping[str, tuple[int, int]] = {
    "numeric": (1, 1000),
    **dict.fromkeys(("character", "bit"), (1, 10_485_760)),
    **dict.fromkeys(("time", "timestamp", "interval"), (0, 6)),
}
"""First word of a type -> the smallest and the largest first argument that PostgreSQL takes."""
_REAL_BITS = 24
"""Up to so many, ``float(n)`` is ``real``."""
_LADDERS = (("smallint", "integer", "bigint"), ("real", "double precision"), ("character varying", "text"))


class Side(StrEnum):
    """Which relation is compared with the contract."""

    SOURCE = "source"
    TARGET = "target"


class Change(StrEnum):
    """Additive: a column more. Widening: the same values and more. Breaking: everything else."""

    ADDITIVE = "additive"
    WIDENING = "widening"
    BREAKING = "breaking"


class Filled(StrEnum):
    """Who gives a column its value where a row that is written has none."""

    NOBODY = ""
    DEFAULT = "default"
    IDENTITY = "identity"
    IDENTITY_ALWAYS = "identity always"
    GENERATED = "generated"


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaColumn:
    """One column as a catalog has it.

    :param type: canonical PostgreSQL type.
    :param position: 1 for the first column.
    :param filled: who gives it a value where none is written.
    """

    name: str
    type: str
    nullable: bool = True
    position: int
    filled: Filled = Filled.NOBODY


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """A relation's columns in order.

    :param spelling: a contract's type -> how the warehouse writes it in DDL; empty in PostgreSQL, whose words they are.
    """

    table: str
    columns: tuple[SchemaColumn, ...]
    spelling: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str) -> SchemaColumn | None:
        """The column of this name, if there is one."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaChange:
    """One difference.

    :param column: the contract's column, or the found one when the contract has none.
    :param renamed_to: the found column that is probably the same one under a new name.
    :param blocking: no row may move while it stands.
    :param ddl: what a person could run in the published database; empty if nothing needs to be run there.
    :param why: why it is in the way, or what to do, where the types alone do not say it.
    """

    kind: Change
    column: str
    expected: str
    found: str
    blocking: bool
    ddl: str = ""
    renamed_to: str = ""
    why: str = ""

    def sentence(self) -> str:
        """The difference as a person would say it."""
        if self.renamed_to:
            return f"{self.kind}: column {self.column} is gone; {self.renamed_to} has its type and place: a rename?"
        said = f"{self.kind}: column {self.column}: expected {self.expected}, found {self.found}"
        return f"{said}: {self.why}" if self.why else said


_OF_FILES = "let the files be written with the contract's type, or give the contract theirs"


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaDiff:
    """All differences between a contract and one relation.

    :param published: the table that the suggested DDL is for.
    """

    side: Side
    table: str
    published: str
    changes: tuple[SchemaChange, ...]

    @property
    def blocking(self) -> bool:
        """Whether no row may move."""
        return any(change.blocking for change in self.changes)

    @property
    def ddl(self) -> tuple[str, ...]:
        """The statements that would make the published table follow; never run by the harness."""
        return tuple(change.ddl for change in self.changes if change.ddl)

    def of_files(self) -> SchemaDiff:
        """The same where files were looked at: what shape a file has is no reason to touch a table, and no query reads it."""
        return replace(self, changes=tuple(replace(c, ddl="", why=_OF_FILES if c.why else "") for c in self.changes))

    def as_dict(self) -> dict[str, Any]:
        """The difference as JSON-ready values."""
        return {
            "side": str(self.side),
            "table": self.table,
            "published": self.published,
            "blocking": self.blocking,
            "sentence": self.sentence(),
            "ddl": list(self.ddl),
            "changes": [
                {
                    "kind": str(change.kind),
                    "column": change.column,
                    "expected": change.expected,
                    "found": change.found,
                    "blocking": change.blocking,
                    "ddl": change.ddl,
                    "renamed_to": change.renamed_to,
                    "why": change.why,
                }
                for change in self.changes
            ],
        }

    def sentence(self) -> str:
        """The differences in one paragraph."""
        head = f"{self.side} {self.table} and the contract of {self.published} disagree"
        said = "; ".join(change.sentence() for change in self.changes)
        advice = f". Either undo the change, or change the contract and run: {' '.join(self.ddl)}" if self.ddl else ""
        return f"{head}: {said}{advice}"


def canonical(name: str) -> str:
    """A type as PostgreSQL's catalog writes it.

    >>> canonical("VARCHAR(3)"), canonical("timestamptz"), canonical("decimal(12, 2)")
    ('character varying(3)', 'timestamp with time zone', 'numeric(12,2)')
    >>> canonical("float(24)"), canonical("float(53)"), canonical("dec(5,1)")
    ('real', 'double precision', 'numeric(5,1)')
    >>> canonical("timetz(3)"), canonical("bpchar(3)"), canonical("bpchar"), canonical("int array[3]"), canonical("pg_catalog.int4")
    ('time(3) with time zone', 'character(3)', 'bpchar', 'integer[]', 'integer')
    """
    written = " ".join(name.strip().lower().split())
    found = _TYPE.match(_ARRAY.sub("[]", written).removeprefix("pg_catalog."))
    if not found:
        return written
    base = found["name"].strip()
    rest = (found["rest"] or "").rstrip()
    if not found["args"]:
        base, rest = base + rest, ""
    elif base == "bpchar":  # without a length it is no character, which has one
        base = "character"
    if base == "float" and found["args"]:
        return f"{'real' if int(found['args'].split(',')[0]) <= _REAL_BITS else 'double precision'}{found['array']}"
    if not rest:
        base = ALIASES.get(base, base)
    if found["args"] and base.startswith("time"):
        word, _, zone = base.partition(" ")
        return f"{word}({found['args'].strip()}){' ' + zone if zone else ''}{rest}{found['array']}"
    args = "(" + ",".join(part.strip() for part in found["args"].split(",")) + ")" if found["args"] else ""
    return f"{base}{args}{rest}{found['array']}"


def is_type(kind: str) -> bool:
    """Whether a canonical type is one that a statement may name.

    >>> is_type("numeric(12,2)"), is_type("timestamp(3) with time zone"), is_type("app.mood[]")
    (True, True, True)
    >>> is_type("text default 1"), is_type("text); drop table x; --")
    (False, False)
    >>> is_type("record"), is_type("record[]")
    (False, False)
    >>> is_type("character varying(0)"), is_type("timestamp(9) without time zone"), is_type("numeric(5,-2)"), is_type("numeric(1001)")
    (False, False, True, False)
    """
    if _KNOWN.fullmatch(kind) is None or kind.rstrip("[]") in PSEUDO:
        return False
    plain, args = _split(kind)
    least, most = _SIZES.get(plain.removesuffix("[]").split(" ")[0], (None, None))
    return not args or least is None or most is None or least <= args[0] <= most


def fits(narrow: str, wide: str) -> bool:
    """Whether every value of type ``narrow`` is a value of type ``wide``."""
    (low, low_args), (high, high_args) = _split(narrow), _split(wide)
    if low == high or {low, high} == {"text", "character varying"}:
        return not high_args or (bool(low_args) and _args_fit(low, low_args, high_args))
    return any(
        low in ladder and high in ladder and ladder.index(low) < ladder.index(high) and not high_args
        for ladder in _LADDERS
    )


def compare(contract: Contract, found: Schema, side: Side) -> SchemaDiff:
    """What differs between the contract and a relation, with each difference's kind and suggested migration."""
    expected = {column.name: canonical(column.physical_type) for column in contract.columns}
    places = {name: place for place, name in enumerate(expected, start=1)}
    treated = contract.treated
    extra = [column for column in found.columns if column.name not in expected]
    if side is Side.SOURCE:
        extra = [column for column in extra if column.name not in contract.dropped]
    changes: list[SchemaChange] = []
    for name, kind in expected.items():
        there = found.get(name)
        if there is not None and side is Side.SOURCE and name in treated:
            continue  # whatever its type there, it leaves as text
        if there is not None:
            retyped = _retyped(contract.table, name, kind, there.type, side)
            changes += retyped or (_computed(contract.table, name, there) if side is Side.TARGET else [])
            continue
        twin = _rename(kind, places[name], extra)
        if twin is not None:
            extra.remove(twin)
        changes.append(_gone(contract.table, name, kind, twin, side))
    changes += [_added(contract.table, column, side) for column in extra]
    told = tuple(replace(change, ddl=_spelled(change.ddl, found.spelling)) for change in changes)
    return SchemaDiff(side=side, table=found.table, published=contract.table, changes=told)


def _spelled(ddl: str, spelling: Mapping[str, str]) -> str:
    """A statement in the words of a warehouse that is not PostgreSQL; its type stands at the end."""
    if not spelling:
        return ddl
    text = ddl.removesuffix(";").replace(" TYPE ", " SET DATA TYPE ")
    kind = next((kind for kind in sorted(spelling, key=len, reverse=True) if text.endswith(f" {kind}")), "")
    return f"{text.removesuffix(kind)}{spelling[kind]};" if kind else ddl


def _retyped(table: str, name: str, expected: str, found: str, side: Side) -> list[SchemaChange]:
    giver, taker = (found, expected) if side is Side.SOURCE else (expected, found)
    if giver == taker or fits(giver, taker):
        return []
    kind = Change.WIDENING if fits(taker, giver) else Change.BREAKING
    ddl = f"ALTER TABLE {table} ALTER COLUMN {quoted(name)} TYPE {giver};"
    foreign = side is Side.SOURCE and not everywhere(giver)
    reread = foreign or (side is Side.SOURCE and kind is Change.BREAKING)
    why = f"where the contract shall stay, let the task read it with a cast, by sql=: {cast(name, expected)}" * reread
    why += _OWN.format(found=found, expected=expected) * (side is Side.TARGET and not everywhere(found))
    ddl = ddl * (not foreign)
    return [SchemaChange(kind=kind, column=name, expected=expected, found=found, blocking=True, ddl=ddl, why=why)]


_OWN = (
    "{found} is that database's own type (an enum, a domain, one of an extension), and a gate that knows {expected} cannot tell which "
    "of its values that type takes; let the column be {expected} there and give the contract the rule (enum, pattern, range), or "
    "let the contract say physicalType: {found} and publish by PostgresTransferOperator or SQLTransformOperator"
)


def _computed(table: str, name: str, there: SchemaColumn) -> list[SchemaChange]:
    """A column that only the database itself may write."""
    if there.filled is not Filled.GENERATED:
        return []
    return [
        SchemaChange(
            kind=Change.BREAKING,
            column=name,
            expected=there.type,
            found=f"{there.type}, generated",
            blocking=True,
            ddl=f"ALTER TABLE {table} ALTER COLUMN {quoted(name)} DROP EXPRESSION;",
            why="the published table computes it, and takes no value for it; leave it out of the contract, and the database goes "
            "on computing it, or let it be an ordinary column",
        )
    ]


def cast(name: str, kind: str) -> str:
    """How a query gives a column in another type.

    >>> cast("mood", "text")
    'CAST(mood AS text) AS mood'
    """
    return f"CAST({quoted(name)} AS {kind}) AS {quoted(name)}"


def everywhere(kind: str) -> bool:
    """Whether every PostgreSQL has a type of this name, so that a statement may name it; an enum or a domain is one database's own.

    >>> everywhere("timestamp(3) with time zone"), everywhere("numeric(12,2)[]"), everywhere("mood"), everywhere("timestamptz_ns")
    (True, True, False, False)
    """
    return _split(kind)[0].removesuffix("[]") in BUILT_IN


def _gone(table: str, name: str, kind: str, twin: SchemaColumn | None, side: Side) -> SchemaChange:
    if twin is not None:
        old, new = (name, twin.name) if side is Side.SOURCE else (twin.name, name)
        ddl = f"ALTER TABLE {table} RENAME COLUMN {quoted(old)} TO {quoted(new)};"
        return SchemaChange(
            kind=Change.BREAKING,
            column=name,
            expected=kind,
            found=f"{twin.name} {twin.type}",
            blocking=True,
            ddl=ddl,
            renamed_to=twin.name,
        )
    if side is Side.TARGET:
        ddl = f"ALTER TABLE {table} ADD COLUMN {quoted(name)} {kind};"
        return SchemaChange(kind=Change.ADDITIVE, column=name, expected=kind, found="none", blocking=True, ddl=ddl)
    ddl = f"ALTER TABLE {table} DROP COLUMN {quoted(name)};"
    return SchemaChange(kind=Change.BREAKING, column=name, expected=kind, found="none", blocking=True, ddl=ddl)


def _added(table: str, column: SchemaColumn, side: Side) -> SchemaChange:
    addable = side is Side.SOURCE and everywhere(column.type)
    ddl = f"ALTER TABLE {table} ADD COLUMN {quoted(column.name)} {column.type};" if addable else ""
    blocking = side is Side.TARGET and not column.nullable and column.filled is Filled.NOBODY
    kind = Change.BREAKING if blocking else Change.ADDITIVE
    why = (
        "it is NOT NULL in the published table, the contract has no value for it, and nobody else gives it one; give it a default "
        "there, let it be null, or bring it into the contract"
    ) * blocking
    return SchemaChange(
        kind=kind, column=column.name, expected="none", found=column.type, blocking=blocking, ddl=ddl, why=why
    )


def _rename(kind: str, place: int, extra: Sequence[SchemaColumn]) -> SchemaColumn | None:
    """The added column of the same type at the same place, else the only added one of that type."""
    alike = [column for column in extra if column.type == kind]
    same_place = [column for column in alike if column.position == place]
    if same_place:
        return same_place[0]
    return alike[0] if len(alike) == 1 and len(extra) == 1 else None


def quoted(name: str) -> str:
    """A name as an SQL identifier; quoted only where PostgreSQL needs it to be."""
    return name if re.fullmatch(r"[a-z_][a-z0-9_]*", name) else '"' + name.replace('"', '""') + '"'


def _split(kind: str) -> tuple[str, tuple[int, ...]]:
    """A type without its arguments, and these; the catalog does not tell how many dimensions an array has."""
    found = re.search(r"\(([0-9, ]+)\)", kind)
    args = tuple(int(part) for part in found.group(1).split(",")) if found else ()
    return re.sub(r"(\[\])+$", "[]", re.sub(r"\s*\([0-9, ]+\)", "", kind)), args


def _args_fit(base: str, low: tuple[int, ...], high: tuple[int, ...]) -> bool:
    if base.removesuffix("[]") == "numeric":
        (low_p, low_s), (high_p, high_s) = ((*low, 0)[:2], (*high, 0)[:2])
        return low_s <= high_s and low_p - low_s <= high_p - high_s
    return low[0] <= high[0]
